package dev.jetbridge.sample

import android.widget.FrameLayout
import android.widget.TextView
import dev.jetbridge.SignInActivity
import dev.jetbridge.TestHost
import dev.jetbridge.testing.Stack
import dev.jetbridge.testing.await
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.io.File

/** The guide's code is this folder's code, and it works; versions that stand in two places are the same. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestHost::class)
class SampleTest {
    @get:Rule
    val stack = Stack()

    private val build = File(System.getProperty("jetbridge.android.dir"))
    private val repository = build.parentFile!!

    @Test
    fun `the guide's screen signs in and lists`() {
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
        (RuntimeEnvironment.getApplication() as TestHost).restartProcess()
    }

    @Test
    fun `every Kotlin snippet of the guide is compiled`() {
        val guide = File(repository, "docs/android.md").readText()
        val snippets = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(guide).map { it.groupValues[1] }.toList()
        val sample =
            File(
                build,
                "jetbridge/src/linuxTest/kotlin/dev/jetbridge/sample/Sample.kt",
            ).readText().lines().map { it.trim() }.joinToString("\n")
        assertTrue(snippets.size >= 6)
        for (snippet in snippets) {
            val code = snippet.lines().joinToString("\n") { it.trim() }.trim()
            assertTrue("not in Sample.kt:\n$code", code in sample)
        }
    }

    @Test
    fun `every public function is in the guide`() {
        val guide = File(repository, "docs/android.md").readText()
        val sources = File(build, "jetbridge/src/main/kotlin").walk().filter { it.extension == "kt" }
        val names =
            sources
                .flatMap {
                    Regex(
                        "^ {0,8}public (?:suspend )?(?:fun|val) (?:\\w+\\.)?(\\w+)",
                        RegexOption.MULTILINE,
                    ).findAll(it.readText())
                }.map { it.groupValues[1] }
                .toSet()
        assertTrue(names.size > 25)
        assertEquals(emptyList<String>(), names.filterNot { Regex("\\b$it\\b").containsMatchIn(guide) })
    }

    @Test
    fun `Maven, Gradle and cargo mean the same versions`() {
        val pom = File(build, "pom.xml").readText()
        val catalog = File(build, "gradle/libs.versions.toml").readText()
        val lock = File(repository, "Cargo.lock").readText()

        fun inCatalog(name: String) = Regex("^$name = \"(.+)\"$", RegexOption.MULTILINE).find(catalog)!!.groupValues[1]
        for (name in listOf("kotlin", "coroutines", "jna")) {
            assertEquals(name, Regex("<$name.version>(.+)</").find(pom)!!.groupValues[1], inCatalog(name))
        }
        val androidx = File(build, "maven/androidx/pom.xml").readText()
        for ((name, artifact) in listOf(
            "browser" to "browser",
            "activity" to "activity-compose",
            "lifecycle" to "lifecycle-runtime-android",
        )) {
            assertEquals(name, Regex("<artifactId>$artifact</artifactId><version>(.+?)</").find(androidx)!!.groupValues[1], inCatalog(name))
        }
        val verifier = Regex("name = \"rustls-platform-verifier-android\"\nversion = \"(.+)\"").find(lock)!!.groupValues[1]
        assertEquals(verifier, inCatalog("rustls-platform-verifier"))
    }
}
