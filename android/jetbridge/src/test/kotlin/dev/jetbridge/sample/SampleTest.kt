package dev.jetbridge.sample

import android.widget.FrameLayout
import android.widget.TextView
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.SignInActivity
import dev.jetbridge.TestHost
import dev.jetbridge.testing.Stack
import dev.jetbridge.testing.await
import dev.jetbridge.url
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.io.File
import java.net.URL

/** The guide's code is this folder's code, and it works. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestHost::class)
class SampleTest {
    @get:Rule
    val stack = Stack()

    @get:Rule
    val folder = TemporaryFolder()

    private val build = File(System.getProperty("jetbridge.android.dir"))
    private val repository = build.parentFile!!

    private val host get() = RuntimeEnvironment.getApplication() as TestHost

    @After
    fun close() = host.restartProcess()

    @Test
    fun `the guide's screen signs in, lists, and says without a network what is missing`() {
        val screen = Robolectric.buildActivity(FilesActivity::class.java).setup()
        val text = screen.get().requireViewById<FrameLayout>(android.R.id.content).getChildAt(0) as TextView
        await("the invitation") { text.text.toString() == "Tap to sign in" }
        text.performClick()
        val controller = Robolectric.buildActivity(SignInActivity::class.java, shadowOf(screen.get()).nextStartedActivity).setup()
        var url: String? = null
        await("the browser") { shadowOf(controller.get()).nextStartedActivity?.dataString.also { url = it } != null }
        controller.newIntent(SignInActivity.redirect(screen.get(), android.net.Uri.parse(stack.signIn(url!!))))
        await("the rows") { "reports/2026/summary.csv" in text.text.lines() }
        screen.destroy()

        stack.network(isUp = false)
        val offline = Robolectric.buildActivity(FilesActivity::class.java).setup()
        val problem = offline.get().requireViewById<FrameLayout>(android.R.id.content).getChildAt(0) as TextView
        await("the problem") { "cannot be reached" in problem.text }
        offline.destroy()
    }

    @Test
    fun `the guide says that an emulator's name for the computer is refused, and it is`() {
        val okta = stack.local.oktaConfigJson().replace(Regex("http://(127\\.0\\.0\\.1|localhost)"), "http://10.0.2.2")
        val refused =
            assertThrows(JetbridgeException.InvalidConfiguration::class.java) {
                JetbridgeSession.config(okta, stack.local.awsExportsJson())
            }
        assertTrue("${refused.message}", refused.problems.any { "loopback" in it.problem })
        val guide = File(repository, "docs/android.md").readText()
        assertTrue("adb reverse" in guide && "10.0.2.2" in guide)
    }

    @Test
    fun `the Kotlin of the guide to AWS moves an object`() =
        runBlocking {
            val session = host.jetbridge
            session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
            val report = folder.newFile().apply { writeText("a report") }
            val copy = File(folder.root, "copy.pdf")
            val shared = moveReport(session, report, copy)
            assertEquals("a report", copy.readText())
            assertEquals("a report", URL(shared.url).readText())
        }

    @Test
    fun `every Kotlin snippet of the guides is compiled`() {
        val guides = listOf("docs/android.md", "docs/aws.md").map { File(repository, it).readText() }
        val snippet = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL)
        val snippets = guides.map { guide -> snippet.findAll(guide).map { it.groupValues[1] }.toList() }
        val compiled =
            listOf(
                "jetbridge/src/test/kotlin/dev/jetbridge/sample/Sample.kt",
                "jetbridge-testing/src/test/kotlin/dev/jetbridge/testing/Sample.kt",
                "jetbridge-okhttp/src/test/kotlin/dev/jetbridge/okhttp/Sample.kt",
                "jetbridge-aws/src/test/kotlin/dev/jetbridge/aws/Sample.kt",
                "app/src/test/kotlin/com/example/myapplication/MainActivity.kt",
                "app/src/test/kotlin/com/example/myapplication/FilesModelTest.kt",
                "app/src/test/kotlin/com/example/myapplication/FilesPreview.kt",
            )
        val sample = compiled.joinToString("\n") { file -> File(build, file).readLines().joinToString("\n") { it.trim() } }
        assertTrue(snippets[0].size >= 10 && snippets[1].size >= 3)
        for (found in snippets.flatten()) {
            val code = found.lines().joinToString("\n") { it.trim() }.trim()
            assertTrue("not compiled:\n$code", code in sample)
            assertEquals("not whole:\n$code", code.count { it == '{' }, code.count { it == '}' })
        }
    }
}
