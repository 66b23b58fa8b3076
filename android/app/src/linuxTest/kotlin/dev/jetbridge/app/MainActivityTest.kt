package dev.jetbridge.app

import android.content.Intent
import android.net.Uri
import android.os.Looper
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.junit4.v2.createAndroidComposeRule
import androidx.compose.ui.test.onAllNodesWithContentDescription
import androidx.compose.ui.test.onAllNodesWithText
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollToNode
import androidx.compose.ui.test.performTouchInput
import androidx.compose.ui.test.swipeDown
import dev.jetbridge.RedirectActivity
import dev.jetbridge.SignInActivity
import dev.jetbridge.ffi.SessionState
import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack
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

/** The whole app with the real Rust library and the strict local stack: from the first button to the rows. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class MainActivityTest {
    private val stack = Stack()
    private val rule = createAndroidComposeRule<MainActivity>()

    @get:Rule
    val chain: RuleChain = RuleChain.outerRule(stack).around(rule)

    private val app get() = RuntimeEnvironment.getApplication() as TestApp

    private fun waitFor(
        what: String,
        condition: () -> Boolean,
    ) = rule.waitUntil(what, 60_000) {
        // Rust answers on threads of its own; Compose's waiting lets only Compose's part of the main looper run.
        shadowOf(Looper.getMainLooper()).idle()
        condition()
    }

    private fun waitForText(text: String) = waitFor(text) { rule.onAllNodesWithText(text).fetchSemanticsNodes().isNotEmpty() }

    /** Robolectric keeps one list of what was started for all Activities; others than the one waited for are passed over. */
    private fun started(
        what: String,
        isIt: (Intent) -> Boolean,
    ): Intent {
        var found: Intent? = null
        waitFor(what) {
            val next = shadowOf(app).nextStartedActivity
            if (next != null && isIt(next)) found = next
            found != null
        }
        return found!!
    }

    private fun pressLogin(): ActivityController<SignInActivity> {
        waitForText("Okta Login")
        rule.onNodeWithText("Okta Login").performClick()
        val intent = started("the library's Activity") { it.component?.className == SignInActivity::class.java.name }
        return Robolectric.buildActivity(SignInActivity::class.java, intent).setup()
    }

    private fun browserUrl(controller: ActivityController<SignInActivity>): String {
        val page = started("the browser") { it.action == Intent.ACTION_VIEW }
        controller.pause().stop()
        return page.dataString!!
    }

    private fun redirect(uri: String): Intent {
        val caught = Robolectric.buildActivity(RedirectActivity::class.java, Intent(Intent.ACTION_VIEW, Uri.parse(uri))).create()
        return shadowOf(caught.get()).nextStartedActivity
    }

    private fun signIn() {
        val controller = pressLogin()
        val url = browserUrl(controller)
        controller.newIntent(redirect(stack.signIn(url)))
        waitForText("Alice Archer")
    }

    private fun listObjects() {
        rule.onNodeWithText("AWS SDK Call").performClick()
        waitFor("rows") { rule.onAllNodesWithText("Objects in jetbridge-demo").fetchSemanticsNodes().isNotEmpty() }
    }

    @Test
    fun `two buttons, from nobody to the rows, with a turned screen in between`() {
        val controller = pressLogin()
        val url = browserUrl(controller)
        waitForText("Waiting for you in the browser…")
        rule.activityRule.scenario.recreate()
        rule.onNodeWithText("Waiting for you in the browser…").assertIsDisplayed()
        controller.newIntent(redirect(stack.signIn(url)))
        waitForText("Alice Archer")

        listObjects()
        rule.onNodeWithTag("home").performScrollToNode(hasContentDescription("reports/2026/summary.csv", substring = true))
        Screenshots.take(rule.activity, "real-list-light")
        rule.activityRule.scenario.recreate()
        rule.onNodeWithTag("home").performScrollToNode(hasContentDescription("reports/2026/summary.csv", substring = true))
        assertEquals("turning the screen asks for nothing", 1, stack.count("ListObjectsV2"))
    }

    @Test
    fun `pulling down lists again`() {
        signIn()
        listObjects()
        rule.onNodeWithTag("home").performTouchInput { swipeDown(startY = height * 0.3f, endY = height * 0.95f) }
        waitFor("a second listing") { stack.count("ListObjectsV2") == 2 }
        waitForText("Objects in jetbridge-demo")
    }

    @Test
    fun `a refused listing says what to do, and trying again works`() {
        signIn()
        stack.local.injectFault("s3-access-denied", 1u)
        rule.onNodeWithText("AWS SDK Call").performClick()
        waitForText("The list could not be loaded")
        rule.onNodeWithText("Ask your administrator", substring = true).assertIsDisplayed()
        rule.onNodeWithTag("home").performScrollToNode(hasText("Try again"))
        rule.onNodeWithText("Try again").performClick()
        waitForText("Objects in jetbridge-demo")
    }

    @Test
    fun `coming back without signing in leaves no reproach`() {
        val controller = pressLogin()
        browserUrl(controller)
        waitForText("Cancel")
        rule.onNodeWithText("Cancel").performClick()
        waitForText("Okta Login")
        assertTrue(rule.onAllNodesWithContentDescription("Dismiss").fetchSemanticsNodes().isEmpty())
    }

    @Test
    fun `a foreign redirect is told, and the sign-in goes on`() {
        val controller = pressLogin()
        val url = browserUrl(controller)
        Robolectric.buildActivity(SignInActivity::class.java, redirect("com.okta.local-jetbridge:/callback?code=x&state=y")).setup()
        waitFor("a notice") { rule.onAllNodesWithContentDescription("Dismiss").fetchSemanticsNodes().isNotEmpty() }
        controller.newIntent(redirect(stack.signIn(url)))
        waitForText("Alice Archer")
        rule.onNodeWithContentDescription("Dismiss").assertDoesNotExist()
    }

    @Test
    fun `signing out forgets the rows`() {
        signIn()
        listObjects()
        rule.onNodeWithContentDescription("Sign out").performClick()
        rule.waitForIdle()
        rule.onNode(hasText("Sign out") and hasClickAction()).performClick()
        waitForText("Available after Okta Login")
        rule.onNodeWithContentDescription("readme.txt", substring = true).assertDoesNotExist()
    }

    @Test
    fun `a session whose key the device has lost asks to sign in again`() {
        signIn()
        FakeAndroidKeyStore.keys.clear()
        val again = stack.session(dev.jetbridge.KeystoreSecretStore(app))
        waitFor("the store was read") { again.state.value !is SessionState.NotLoaded }
        assertTrue("${again.state.value}", again.state.value is SessionState.StorageUnavailable)
        again.close()
    }
}
