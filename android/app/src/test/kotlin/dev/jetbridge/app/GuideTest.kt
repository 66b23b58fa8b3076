package dev.jetbridge.app

import android.content.Intent
import android.net.Uri
import android.os.Looper
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.compose.ui.test.hasScrollToNodeAction
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.compose.ui.test.onAllNodesWithText
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollToNode
import com.example.myapplication.FilesPreview
import com.example.myapplication.MainActivity
import dev.jetbridge.KeystoreSecretStore
import dev.jetbridge.RedirectActivity
import dev.jetbridge.SessionState
import dev.jetbridge.SignInActivity
import dev.jetbridge.testing.Stack
import dev.jetbridge.text
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.RuleChain
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.io.File

/** The program at the beginning of docs/android.md is the one that is compiled here, and a person can use it. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class GuideTest {
    private val stack = Stack()
    private val screen = createEmptyComposeRule()

    @get:Rule
    val rules: RuleChain = RuleChain.outerRule(stack).around(screen)

    private val app get() = RuntimeEnvironment.getApplication() as TestApp
    private val android = File(System.getProperty("jetbridge.android.dir")!!)
    private lateinit var activity: ActivityController<MainActivity>

    @After
    fun close() {
        if (::activity.isInitialized) activity.close()
        app.restartProcess()
    }

    private fun waitFor(
        what: String,
        condition: () -> Boolean,
    ) = screen.waitUntil(what, 60_000) {
        shadowOf(Looper.getMainLooper()).idle()
        condition()
    }

    private fun waitForText(text: String) =
        waitFor(text) { screen.onAllNodesWithText(text, substring = true).fetchSemanticsNodes().isNotEmpty() }

    private fun press(text: String) {
        waitForText(text)
        screen.onNodeWithText(text).performClick()
    }

    /** What Android starts for the app; Robolectric keeps one list for all Activities, so others are passed over. */
    private fun started(isIt: (Intent) -> Boolean): Intent {
        var found: Intent? = null
        waitFor("an Activity") {
            shadowOf(app).nextStartedActivity?.takeIf(isIt)?.let { found = it }
            found != null
        }
        return found!!
    }

    private fun startedLibrary() =
        Robolectric
            .buildActivity(
                SignInActivity::class.java,
                started { it.component?.className == SignInActivity::class.java.name },
            ).setup()

    private fun openedPage() = started { it.action == Intent.ACTION_VIEW }.dataString!!

    private fun signIn(
        button: String = "Sign in",
        login: String = stack.local.userLogin(),
    ) {
        press(button)
        val library = startedLibrary()
        val url = openedPage()
        library.pause().stop()
        val redirect = Intent(Intent.ACTION_VIEW, Uri.parse(stack.signIn(url, login)))
        val caught = Robolectric.buildActivity(RedirectActivity::class.java, redirect).create()
        library.newIntent(shadowOf(caught.get()).nextStartedActivity)
    }

    @Test
    fun `sign-in with a change of mind, list, detail, errors in words, sign-out`() {
        activity = Robolectric.buildActivity(MainActivity::class.java).setup()
        press("Sign in")
        startedLibrary()
        press("Cancel")
        waitForText("Sign in")
        assertTrue("no reproach", screen.onAllNodesWithText("cancelled", substring = true).fetchSemanticsNodes().isEmpty())
        signIn()
        waitForText("Files of Alice Archer")
        waitFor("the list") { screen.onAllNodes(hasScrollToNodeAction()).fetchSemanticsNodes().isNotEmpty() }
        screen.onNode(hasScrollToNodeAction()).performScrollToNode(hasText(FILE))
        screen.onNodeWithText(FILE).performClick()
        waitForText("bytes, changed 20")
        press("All files")

        stack.local.injectFault("s3-access-denied", 1u)
        press("Refresh")
        waitForText("Ask your administrator for access")
        screen.onNode(hasScrollToNodeAction()).performScrollToNode(hasText(FILE))

        press("Sign out")
        val library = startedLibrary()
        assertTrue("Okta's page", "/logout?" in openedPage())
        waitForText("Sign in")
        library.pause().stop().destroy()
    }

    @Test
    fun `who may not use the app lets somebody else sign in, and the end of a session is told once`() {
        // Without a refresh token a session ends with its ID token.
        val okta = stack.local.oktaConfigJson().replaceFirst("{", "{\"okta_scopes\": \"openid profile email\",")
        app.opening = { stack.session(KeystoreSecretStore(it), okta) }
        activity = Robolectric.buildActivity(MainActivity::class.java).setup()
        signIn(login = "carol@example.com")
        waitForText("Another user")
        press("Another user")
        val library = startedLibrary()
        val url = openedPage()
        assertTrue("whoever the browser knows", "prompt=login" in url)
        library.pause().stop()
        val redirect = Intent(Intent.ACTION_VIEW, Uri.parse(stack.signIn(url)))
        val caught = Robolectric.buildActivity(RedirectActivity::class.java, redirect).create()
        library.newIntent(shadowOf(caught.get()).nextStartedActivity)
        waitForText("Files of Alice Archer")
        waitFor("the list") { screen.onAllNodes(hasScrollToNodeAction()).fetchSemanticsNodes().isNotEmpty() }

        stack.local.advanceClock(4000uL)
        press("Refresh")
        waitForText("Sign in")
        val state = app.jetbridge.state.value as SessionState.SignInRequired
        assertEquals(1, screen.onAllNodesWithText(state.reason.text(app)).fetchSemanticsNodes().size)
    }

    @Test
    fun `the guide's preview shows the list, without a session`() {
        val empty = Robolectric.buildActivity(ComponentActivity::class.java).setup()
        empty.get().setContent { FilesPreview() }
        waitForText("Files of Alice")
        waitForText(FILE)
        empty.close()
    }

    @Test
    fun `the guide has the same program`() {
        val guide = File(android.parentFile, "docs/android.md").readText()
        val program = File(android, "app/src/test/kotlin/com/example/myapplication/MainActivity.kt").readText()
        assertEquals(
            program.trim(),
            guide
                .substringAfter("```kotlin\npackage")
                .substringBefore("```")
                .let { "package$it" }
                .trim(),
        )
    }

    private companion object {
        const val FILE = "reports/2026/summary.csv"
    }
}
