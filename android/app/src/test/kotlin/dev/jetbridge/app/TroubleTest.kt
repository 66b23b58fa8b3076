package dev.jetbridge.app

import android.os.Build
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.isDisplayed
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performScrollToNode
import dev.jetbridge.DiagnosisLink
import dev.jetbridge.DiagnosisMark
import dev.jetbridge.DiagnosisReport
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.KeystoreSecretStore
import dev.jetbridge.SignInActivity
import dev.jetbridge.app.Phone.Companion.ALICE
import dev.jetbridge.broken
import dev.jetbridge.testing.Browsers
import dev.jetbridge.testing.FakeAndroidKeyStore
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TestRule
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.lang.reflect.InvocationTargetException

/** What goes wrong around the app: each time the screen says what to do, and whoever was signed in still is afterwards. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class TroubleTest {
    private val phone = Phone()
    private val stack = phone.stack
    private val screen = phone.screen

    @get:Rule
    val rule: TestRule = phone

    /** Somebody is signed in, and the one exchange of a code was all that it took. */
    private fun assertStillSignedIn() {
        phone.waitForText(ALICE)
        phone.listObjects()
        assertEquals("nobody had to sign in again", 1, stack.count("authorize"))
    }

    private fun assertSays(vararg sentences: String) {
        for (sentence in sentences) {
            phone.waitFor(sentence) {
                screen.onAllNodes(hasText(sentence, substring = true)).fetchSemanticsNodes().isNotEmpty()
            }
            val said = screen.onNodeWithText(sentence, substring = true)
            if (!said.isDisplayed()) screen.onNodeWithTag("home").performScrollToNode(hasText(sentence, substring = true))
            said.assertIsDisplayed()
        }
    }

    @Test
    fun `another app's redirect is told, and the sign-in goes on`() {
        val controller = phone.pressLogin()
        val url = phone.browserUrl(controller)
        deliver("com.okta.local-jetbridge:/callback?code=x&state=y")
        assertSays(FOREIGN_REDIRECT)
        assertEquals(0, stack.count("token"))
        controller.newIntent(phone.redirect(stack.signIn(url)))
        phone.waitForText(ALICE)
        screen.onNodeWithText(FOREIGN_REDIRECT).assertDoesNotExist()
        assertStillSignedIn()
    }

    @Test
    fun `another app's redirect signs nobody out`() {
        phone.signIn()
        deliver("com.okta.local-jetbridge:/callback?code=x&state=y")
        assertSays(FOREIGN_REDIRECT)
        deliver("com.okta.local-jetbridge:/callback?error=access_denied&state=y")
        assertSays(FOREIGN_REDIRECT)
        screen.onNodeWithContentDescription("Dismiss").performClick()
        screen.onNodeWithText(FOREIGN_REDIRECT).assertDoesNotExist()
        assertStillSignedIn()
        phone.restart()
        assertStillSignedIn()
    }

    private fun deliver(redirect: String) {
        Robolectric.buildActivity(SignInActivity::class.java, phone.redirect(redirect)).setup()
    }

    @Test
    fun `a configuration without its keys names each, and the session waits for a better build`() {
        phone.signIn()
        phone.startWith { stack.session(KeystoreSecretStore(it), oktaConfig = "{}") }
        assertSays("Correct these and build the app again", "okta_client_id", "okta_issuer_url", "okta_callback_url")
        phone.startWith { JetbridgeSession.open(it) }
        assertSays("okta-config.json. Put it into the folder src/main/assets and build the app again.")
        phone.startWith { stack.session(KeystoreSecretStore(it)) }
        assertStillSignedIn()
    }

    @Test
    fun `a library for other devices is told, and the session waits for a better build`() {
        phone.signIn()
        phone.startWith { loadLibraryOfAnotherDevice() }
        val abis = Build.SUPPORTED_ABIS.joinToString()
        assertSays("does not fit this device ($abis). Install the version of the app that was made for it.")
        phone.startWith { stack.session(KeystoreSecretStore(it)) }
        assertStillSignedIn()
    }

    /** The library's own loading; it is not for apps, and the JVM of the tests has the library. */
    private fun loadLibraryOfAnotherDevice(): Nothing {
        val loader = Class.forName("dev.jetbridge.NativeLibrary")
        try {
            loader.getMethod("load", String::class.java).invoke(loader.getField("INSTANCE").get(null), "of_another_device")
        } catch (e: InvocationTargetException) {
            throw e.targetException
        }
        error("there is a library of that name")
    }

    @Test
    fun `without a browser the screen says what to install, and then the sign-in works`() {
        shadowOf(phone.app).checkActivities(true)
        phone.pressLogin()
        assertSays(NO_BROWSER)
        Browsers.install(phone.app, hasCustomTabs = true)
        phone.signIn()
        screen.onNodeWithText(NO_BROWSER).assertDoesNotExist()
        assertStillSignedIn()
    }

    @Test
    fun `whoever signs in anew without a browser stays signed in`() {
        phone.signIn()
        shadowOf(phone.app).checkActivities(true)
        phone.pressLogin()
        assertSays(NO_BROWSER)
        assertStillSignedIn()
        phone.restart()
        assertStillSignedIn()
    }

    @Test
    fun `a sign-in without a network says so, and works when it is back`() {
        stack.network(isUp = false)
        phone.pressLogin()
        assertSays(NO_NETWORK)
        stack.network(isUp = true)
        phone.signIn()
        screen.onNodeWithText(NO_NETWORK).assertDoesNotExist()
        assertStillSignedIn()
    }

    @Test
    fun `a network that goes before the redirect comes costs one more tap, and no second visit to the browser`() {
        val controller = phone.pressLogin()
        val redirect = stack.signIn(phone.browserUrl(controller))
        stack.network(isUp = false)
        controller.newIntent(phone.redirect(redirect))
        assertSays(NO_NETWORK)
        stack.network(isUp = true)
        phone.pressLogin()
        phone.waitForText(ALICE)
        phone.listObjects()
    }

    @Test
    fun `a listing without a network says so, and trying again works when it is back`() {
        phone.signIn()
        stack.network(isUp = false)
        phone.press("AWS SDK Call")
        assertSays("The list could not be loaded", NO_NETWORK)
        phone.press("Try again")
        assertSays(NO_NETWORK)
        stack.network(isUp = true)
        phone.press("Try again")
        assertStillSignedIn()
    }

    @Test
    fun `a session that runs out without a network is renewed when it is back`() {
        phone.signIn()
        phone.listObjects()
        stack.network(isUp = false)
        stack.local.advanceClock(TWO_HOURS)
        phone.restart()
        phone.waitForText(ALICE)
        phone.press("AWS SDK Call")
        assertSays(NO_NETWORK)
        stack.network(isUp = true)
        phone.press("Try again")
        assertStillSignedIn()
    }

    @Test
    fun `services that nobody runs any more end no session`() {
        phone.signIn()
        runBlocking { stack.local.shutdown() }
        phone.press("AWS SDK Call")
        assertSays(NO_NETWORK)
        phone.restart()
        phone.waitForText(ALICE)
        phone.press("AWS SDK Call")
        assertSays(NO_NETWORK)
    }

    @Test
    fun `a locked Keystore at the start is told, and the session is there when it opens`() {
        phone.signIn()
        FakeAndroidKeyStore.failures.set(Int.MAX_VALUE)
        phone.restart()
        assertSays("Your session cannot be read now", "Unlock the device and try again.")
        phone.press("Try again")
        assertSays("Unlock the device and try again.")
        FakeAndroidKeyStore.failures.set(0)
        phone.press("Try again")
        assertStillSignedIn()
    }

    @Test
    fun `a Keystore that locks when the session has to be renewed says so, and trying again works when it opens`() {
        phone.signIn()
        FakeAndroidKeyStore.failures.set(Int.MAX_VALUE)
        stack.local.advanceClock(TWO_HOURS)
        phone.press("AWS SDK Call")
        assertSays("The list could not be loaded", LOCKED)
        FakeAndroidKeyStore.failures.set(0)
        phone.press("Try again")
        assertStillSignedIn()
        phone.restart()
        assertStillSignedIn()
    }

    @Test
    fun `a sign-in with a locked Keystore says what to do, and works when it opens`() {
        phone.waitForText("Okta Login")
        FakeAndroidKeyStore.failures.set(Int.MAX_VALUE)
        phone.pressLogin()
        assertSays(LOCKED)
        FakeAndroidKeyStore.failures.set(0)
        phone.signIn()
        assertStillSignedIn()
    }

    @Test
    fun `a session whose key the device has lost is started over`() {
        phone.signIn()
        FakeAndroidKeyStore.keys.clear()
        phone.restart()
        assertSays("If that does not help, start over: the saved session is erased, and you sign in again.")
        phone.press("Start over")
        phone.signIn()
        phone.listObjects()
    }

    /** The answer to "What is wrong?", when it is there. */
    private fun answer(): DiagnosisReport {
        phone.waitFor("an answer") { phone.shown().diagnosis is DiagnosisState.Known }
        return (phone.shown().diagnosis as DiagnosisState.Known).report
    }

    @Test
    fun `a refused listing leads to the link that is broken and what to do, until it is done`() {
        phone.signIn()
        stack.local.injectFault("s3-access-denied", UInt.MAX_VALUE)
        phone.press("AWS SDK Call")
        phone.waitForText("The list could not be loaded")
        phone.press("What is wrong?")
        val broken = answer().broken!!
        assertTrue("$broken", broken.link in DiagnosisLink.BUCKET..DiagnosisLink.PREFIX && "s3:" in broken.fix.orEmpty())
        screen.onNodeWithText("This does not work: ", substring = true).assertIsDisplayed()
        screen.onNodeWithText(broken.fix!!).performScrollTo().assertIsDisplayed()
        phone.picture("real-diagnosis-light")
        phone.turn()
        screen.onNodeWithText(broken.fix!!).performScrollTo().assertIsDisplayed()
        stack.local.injectFault("s3-access-denied", 0u)
        screen.onNodeWithText("Look again").performScrollTo().performClick()
        assertNull(answer().broken)
        screen.onNodeWithContentDescription("Back").performClick()
        phone.press("Try again")
        phone.waitForText(Phone.HEADING)
        // The walk has asked Okta's page about client and redirect URIs, and no code was exchanged.
        assertEquals("nobody had to sign in again", 1, stack.count("token"))
    }

    @Test
    fun `a client that Okta does not know is named before anybody signs in, and what hangs on a sign-in is not known without one`() {
        phone.startWith { stack.session(KeystoreSecretStore(it)) }
        stack.network(isUp = false)
        phone.pressLogin()
        assertSays(NO_NETWORK)
        stack.network(isUp = true)
        screen.onNodeWithText("What is wrong?").performClick()
        val before = answer()
        assertNull(before.broken)
        assertEquals(DiagnosisMark.UNKNOWN, before.findings.single { it.link == DiagnosisLink.SIGN_IN }.mark)

        val config = stack.local.oktaConfigJson()
        val id = Regex("\"okta_client_id\": *\"([^\"]+)\"").find(config)!!.groupValues[1]
        phone.startWith { stack.session(KeystoreSecretStore(it), oktaConfig = config.replace(id, "0oaANOTHERCLIENT0000")) }
        stack.network(isUp = false)
        phone.pressLogin()
        assertSays(NO_NETWORK)
        stack.network(isUp = true)
        screen.onNodeWithText("What is wrong?").performClick()
        val broken = answer().broken!!
        assertEquals(DiagnosisLink.CLIENT, broken.link)
        assertEquals("okta_client_id", broken.setting)
        screen.onNodeWithText("okta_client_id").performScrollTo().assertIsDisplayed()
    }

    private companion object {
        const val TWO_HOURS = 7_500uL
        const val FOREIGN_REDIRECT =
            "An answer arrived that does not belong to a sign-in of this app. Nothing was changed. If you were signing in, start again."
        const val NO_BROWSER = "There is no web browser that can show the sign-in page. Install or enable a browser, then try again."
        const val LOCKED = "The secure storage of this device is not available at the moment. Unlock the device and try again."
        const val NO_NETWORK = "The service cannot be reached right now. Check your connection and try again."
    }
}
