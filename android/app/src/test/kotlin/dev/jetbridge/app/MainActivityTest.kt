package dev.jetbridge.app

import android.content.pm.ApplicationInfo
import android.os.Looper
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.onAllNodesWithContentDescription
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollToNode
import androidx.compose.ui.test.performTouchInput
import androidx.compose.ui.test.swipeDown
import dev.jetbridge.KeystoreSecretStore
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TestRule
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.time.Duration

/** The whole app with the real Rust library and the strict local stack: from the first button to the rows. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class MainActivityTest {
    private val phone = Phone()
    private val stack = phone.stack
    private val screen = phone.screen

    @get:Rule
    val rule: TestRule = phone

    @Test
    fun `two buttons, from nobody to the rows, with a turned screen in between`() {
        val controller = phone.pressLogin()
        val url = phone.browserUrl(controller)
        phone.waitForText("Waiting for you in the browser…")
        phone.turn()
        screen.onNodeWithText("Waiting for you in the browser…").assertIsDisplayed()
        controller.newIntent(phone.redirect(stack.signIn(url)))
        phone.waitForText(Phone.ALICE)

        phone.listObjects()
        screen.onNodeWithTag("home").performScrollToNode(hasContentDescription("reports/2026/summary.csv", substring = true))
        phone.picture("real-list-light")
        phone.turn()
        screen.onNodeWithTag("home").performScrollToNode(hasContentDescription("reports/2026/summary.csv", substring = true))
        assertEquals("turning the screen asks for nothing", 1, stack.count("ListObjectsV2"))
    }

    @Test
    fun `the demo has backups on, as an app may that follows the guide`() {
        assertTrue(RuntimeEnvironment.getApplication().applicationInfo.flags and ApplicationInfo.FLAG_ALLOW_BACKUP != 0)
    }

    @Test
    fun `nothing is loaded on the thread that draws`() {
        phone.waitForText("Okta Login")
        val threads = mutableListOf<Thread>()
        phone.startWith {
            threads += Thread.currentThread()
            stack.session(KeystoreSecretStore(it))
        }
        phone.waitForText("Okta Login")
        assertEquals(1, threads.size)
        assertTrue("opened on ${threads.single()}", threads.single() !== Looper.getMainLooper().thread)
    }

    @Test
    fun `the clocks stand still in the background, and are right at once for whoever comes back`() {
        phone.signIn()
        phone.listObjects()
        phone.leave()
        val before = phone.shown()
        stack.local.advanceClock(1_200uL)
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMinutes(5))
        assertEquals("nobody looks, nothing ticks", before, phone.shown())
        phone.comeBack()
        phone.waitFor("clocks that are right") { phone.shown() != before }
    }

    @Test
    fun `every answer is told apart from the one before, also one without rows`() {
        fun answer() = (phone.shown().listing as ListingState.Rows).answer
        phone.signIn()
        phone.listObjects()
        val first = answer()
        val end = "That is all of them."
        screen.onNodeWithTag("home").performScrollToNode(hasText("Loading more…") or hasText(end))
        phone.waitForText(end)
        assertEquals("the listing's end brings no rows", first + 1, answer())
    }

    @Test
    fun `a refresh that fails says so at the top, and the rows stay`() {
        phone.signIn()
        phone.listObjects()
        stack.network(isUp = false)
        screen.onNodeWithTag("home").performTouchInput { swipeDown(startY = height * 0.3f, endY = height * 0.95f) }
        phone.waitForText("The service cannot be reached right now. Check your connection and try again.")
        screen.onNodeWithText(Phone.HEADING).assertIsDisplayed()
        stack.network(isUp = true)
        phone.press("AWS SDK Call")
        phone.waitFor("the notice goes") { screen.onAllNodesWithContentDescription("Dismiss").fetchSemanticsNodes().isEmpty() }
    }

    @Test
    fun `pulling down lists again`() {
        phone.signIn()
        phone.listObjects()
        screen.onNodeWithTag("home").performTouchInput { swipeDown(startY = height * 0.3f, endY = height * 0.95f) }
        phone.waitFor("a second listing") { stack.count("ListObjectsV2") == 2 }
        phone.waitForText(Phone.HEADING)
    }

    @Test
    fun `a refused listing says what to do, and trying again works`() {
        phone.signIn()
        stack.local.injectFault("s3-access-denied", 1u)
        phone.press("AWS SDK Call")
        phone.waitForText("The list could not be loaded")
        screen.onNodeWithText("Ask your administrator", substring = true).assertIsDisplayed()
        phone.press("Try again")
        phone.waitForText(Phone.HEADING)
    }

    @Test
    fun `coming back without signing in leaves no reproach`() {
        val controller = phone.pressLogin()
        phone.browserUrl(controller)
        phone.waitForText("Cancel")
        screen.onNodeWithText("Cancel").performClick()
        phone.waitForText("Okta Login")
        assertTrue(screen.onAllNodesWithContentDescription("Dismiss").fetchSemanticsNodes().isEmpty())
    }

    @Test
    fun `signing out forgets the rows`() {
        phone.signIn()
        phone.listObjects()
        screen.onNodeWithContentDescription("Sign out").performClick()
        screen.waitForIdle()
        screen.onNode(hasText("Sign out") and hasClickAction()).performClick()
        phone.waitForText("Available after Okta Login")
        screen.onNodeWithContentDescription("readme.txt", substring = true).assertDoesNotExist()
    }
}
