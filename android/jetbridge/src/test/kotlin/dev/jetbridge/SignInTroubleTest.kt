package dev.jetbridge

import android.app.Activity
import android.net.Uri
import android.os.Looper
import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.await
import kotlinx.coroutines.runBlocking
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import java.time.Duration

/** Sign-ins that are given up, cancelled, or meet a fault, and how the next one goes. */
class SignInTroubleTest : SignInScenario() {
    @Test
    fun `a session whose key Android has lost is told, and the way out leads to a new one`() = outOfALostSession { keys.clear() }

    @Test
    fun `a session whose key Android can no longer read is told, and the way out leads to a new one`() =
        outOfALostSession { keys.keys.forEach { unreadable[it] = IllegalStateException() } }

    private fun outOfALostSession(lose: FakeAndroidKeyStore.() -> Unit) {
        val first = start()
        first.newIntent(follow(stack.signIn(open(first))))
        awaitSignedIn()
        // The profile is saved beside the sign-in: with a key that was lost by then, it would be saved under a new one.
        runBlocking { session.settle() }
        FakeAndroidKeyStore.lose()
        host.restartProcess()
        await("the store was read") { session.state.value is SessionState.StorageUnavailable }
        start()
        assertTrue(awaitFailure() is JetbridgeException.SecureStorage)

        runBlocking { session.signOut() }
        assertTrue(session.state.value is SessionState.SignedOut)
        val second = start()
        second.newIntent(follow(stack.signIn(open(second))))
        awaitSignedIn()
    }

    @Test
    fun `coming back without a redirect counts as given up, but not at once`() {
        val controller = start()
        open(controller)
        controller.start().resume()
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(SignInActivity.RETURN_GRACE_MILLIS - 1))
        assertEquals(SignInProgress.InBrowser, session.signInProgress.value)
        // Off again, to Okta Verify: the wait begins anew.
        controller.pause()
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofHours(1))
        assertEquals(SignInProgress.InBrowser, session.signInProgress.value)
        controller.resume()
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(SignInActivity.RETURN_GRACE_MILLIS))
        assertTrue(awaitFailure() is JetbridgeException.UserCancelled)
        assertTrue(controller.get().isFinishing)
    }

    @Test
    fun `a browser that was only left for a glance at the app can still finish the sign-in`() {
        val controller = start()
        val url = open(controller)
        comeBackWithoutRedirect(controller)
        // Even a second sign-in that is begun and left meanwhile does not take the first one along.
        val second = start()
        open(second)
        comeBackWithoutRedirect(second)

        Robolectric.buildActivity(SignInActivity::class.java, follow(stack.signIn(url))).setup()
        awaitSignedIn()
    }

    private fun comeBackWithoutRedirect(controller: ActivityController<SignInActivity>) {
        controller.start().resume()
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(SignInActivity.RETURN_GRACE_MILLIS))
        assertTrue(awaitFailure() is JetbridgeException.UserCancelled)
        controller.pause().stop().destroy()
    }

    @Test
    fun `a sign-in that was cancelled is over, and its redirect opens nothing`() {
        val controller = start()
        val url = open(controller)
        session.cancelSignIn()
        assertTrue(awaitFailure() is JetbridgeException.UserCancelled)
        session.dismissSignInFailure()
        // The next one begins when the core has forgotten this one, and is not forgotten with it.
        val second = start()
        val secondUrl = open(second)
        second.newIntent(follow(stack.signIn(url)))
        assertTrue(awaitFailure() is JetbridgeException.UnexpectedRedirect)
        assertEquals(0, stack.count("token"))
        Robolectric.buildActivity(SignInActivity::class.java, follow(stack.signIn(secondUrl))).setup()
        awaitSignedIn()
    }

    @Test
    fun `cancelling when no sign-in is under way does nothing`() {
        session.cancelSignIn()
        assertEquals(SignInProgress.Idle, session.signInProgress.value)
        val controller = start()
        controller.newIntent(follow(stack.signIn(open(controller))))
        session.cancelSignIn()
        awaitSignedIn()
    }

    @Test
    fun `a redirect that comes after the app is in front again still counts`() {
        val controller = start()
        val url = open(controller)
        controller.start().resume()
        controller.newIntent(follow(stack.signIn(url)))
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(2 * SignInActivity.RETURN_GRACE_MILLIS))
        awaitSignedIn()
    }

    @Test
    fun `going back while Okta is asked gives up`() {
        stack.local.setLatency(300uL)
        val controller = start()
        assertEquals(SignInProgress.Preparing, session.signInProgress.value)
        controller.get().finish()
        controller.pause().stop().destroy()
        assertTrue(awaitFailure() is JetbridgeException.UserCancelled)
    }

    @Test
    fun `a pushed request whose time is over before the browser opens is begun again`() {
        host.oktaConfig = JSONObject(stack.local.oktaConfigJson()).put("okta_pushed_authorization_requests", true).toString()
        assertTrue(isBegunAgainAfter(seconds = 601uL))
        assertEquals(2, stack.count("par"))
    }

    @Test
    fun `so is one that waited longer than its answer would be waited for`() = assertTrue(isBegunAgainAfter(seconds = 2uL * 3600uL))

    @Test
    fun `a pushed request that is still good is not begun again`() {
        host.oktaConfig = JSONObject(stack.local.oktaConfigJson()).put("okta_pushed_authorization_requests", true).toString()
        assertFalse(isBegunAgainAfter(seconds = 1uL))
        assertEquals(1, stack.count("par"))
    }

    /** The user taps, looks at another app while Okta is asked, and signs in after [seconds]: on another page than at first? */
    private fun isBegunAgainAfter(seconds: ULong): Boolean {
        stack.local.setLatency(300uL)
        val controller = start()
        controller.pause().stop()
        await("the request") { session.signInProgress.value is SignInProgress.InBrowser }
        stack.local.setLatency(0uL)
        val first = (session as LiveSession).signInFlow.request!!.url
        assertNull("nobody is there to see it", shadowOf(controller.get()).nextStartedActivity)
        stack.local.advanceClock(seconds)
        controller.start().resume()
        val second = open(controller)
        controller.newIntent(follow(stack.signIn(second)))
        awaitSignedIn()
        return first != second
    }

    @Test
    fun `going back while Okta is asked, and tapping again, leads to a sign-in that counts`() {
        stack.local.setLatency(300uL)
        val first = start()
        first.get().finish()
        first.pause().stop().destroy()
        assertTrue(awaitFailure() is JetbridgeException.UserCancelled)
        // Both requests are under way now, and whichever answer comes first must not be taken for the other's.
        val second = start()
        second.newIntent(follow(stack.signIn(open(second))))
        awaitSignedIn()
    }

    @Test
    fun `a network fault is told and the next try works`() {
        stack.local.injectFault("discovery-unavailable", 100u)
        val controller = start()
        assertTrue(awaitFailure() is JetbridgeException.Retryable)
        await("the Activity is gone") { controller.get().isFinishing }
        stack.local.injectFault("discovery-unavailable", 0u)
        val again = start()
        again.newIntent(follow(stack.signIn(open(again))))
        awaitSignedIn()
    }

    @Test
    fun `a passing fault after the browser is tried again by itself`() {
        val controller = start()
        val redirect = stack.signIn(open(controller))
        stack.local.injectFault("token-unavailable", 2u)
        controller.newIntent(follow(redirect))
        awaitSignedIn()
        assertEquals(3, stack.count("token"))
    }

    @Test
    fun `a fault that lasts is told, and trying again needs no browser`() {
        val controller = start()
        val redirect = stack.signIn(open(controller))
        stack.local.injectFault("token-unavailable", 100u)
        controller.newIntent(follow(redirect))
        assertTrue(awaitFailure() is JetbridgeException.Retryable)
        val stillDown = start()
        assertTrue(awaitFailure() is JetbridgeException.Retryable)
        await("the Activity is gone") { stillDown.get().isFinishing }

        stack.local.injectFault("token-unavailable", 0u)
        val again = start()
        awaitSignedIn()
        await("the Activity is gone") { again.get().isFinishing }
        assertNull("no browser", shadowOf(again.get()).nextStartedActivity)
    }

    @Test
    fun `a Keystore that fails when the redirect comes costs no second visit to the browser`() {
        val controller = start()
        val redirect = stack.signIn(open(controller))
        FakeAndroidKeyStore.failures.set(Int.MAX_VALUE)
        controller.newIntent(follow(redirect))
        assertTrue((awaitFailure() as JetbridgeException.SecureStorage).mayPass)
        FakeAndroidKeyStore.failures.set(0)
        val again = start()
        awaitSignedIn()
        assertNull("no browser", shadowOf(again.get()).nextStartedActivity)
    }

    @Test
    fun `whoever asks for another sign-in is not given what is left of the one before`() {
        val controller = start()
        val redirect = stack.signIn(open(controller))
        stack.local.injectFault("token-unavailable", 100u)
        controller.newIntent(follow(redirect))
        assertTrue(awaitFailure() is JetbridgeException.Retryable)
        stack.local.injectFault("token-unavailable", 0u)
        val second = start(LoginOptions(maxAgeSeconds = 0uL))
        assertEquals("0", Uri.parse(open(second)).getQueryParameter("max_age"))
    }

    @Test
    fun `a redirect that reports a passing fault itself is told, and the next try opens the browser`() {
        val controller = start()
        val refused = runBlocking { stack.local.deny(open(controller)) }
        controller.newIntent(follow(refused.replace("access_denied", "temporarily_unavailable")))
        assertTrue(awaitFailure() is JetbridgeException.Retryable)
        val again = start()
        again.newIntent(follow(stack.signIn(open(again))))
        awaitSignedIn()
    }
}
