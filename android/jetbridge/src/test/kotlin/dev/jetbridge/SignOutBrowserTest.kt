package dev.jetbridge

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.os.Looper
import dev.jetbridge.testing.Browsers
import dev.jetbridge.testing.await
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.async
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import java.time.Duration

/** The sign-out that reaches the browser: one call, whatever becomes of the page and of the app's screen. */
class SignOutBrowserTest : SignInScenario() {
    @Before
    fun registerTheWayBack() {
        host.oktaConfig = stack.local.oktaConfigJson().replaceFirst("{", "{\"okta_logout_url\": \"com.okta.local-jetbridge:/logout\",")
    }

    private fun signIn() {
        val controller = start()
        controller.newIntent(follow(stack.signIn(open(controller))))
        awaitSignedIn()
    }

    /** Presses the button of an app that keeps the answer, as a ViewModel does; gives the library's Activity. */
    @OptIn(kotlinx.coroutines.DelicateCoroutinesApi::class)
    private fun startSignOut(
        from: Activity = screen,
        browser: BrowserOptions = BrowserOptions(),
        beforeItIsShown: () -> Unit = {},
    ): Pair<Deferred<Result<SignOutResult>>, ActivityController<SignInActivity>> {
        // Unconfined: up to the first wait on this thread, as from a tap.
        val answer = GlobalScope.async(Dispatchers.Unconfined) { runCatching { session.signOutEverywhere(from, browser) } }
        val intent = generateSequence { shadowOf(from).nextStartedActivity }.last()
        assertEquals(SignInActivity::class.java.name, intent.component?.className)
        val controller = Robolectric.buildActivity(SignInActivity::class.java, intent)
        beforeItIsShown()
        return answer to controller.setup()
    }

    private fun Deferred<Result<SignOutResult>>.get(): SignOutResult {
        await("the answer") { isCompleted }
        return runBlocking { await().getOrThrow() }
    }

    private fun comeBackWithoutRedirect(controller: ActivityController<SignInActivity>) {
        controller.start().resume()
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(SignInActivity.RETURN_GRACE_MILLIS))
    }

    @Test
    fun `one call signs out here, at Okta and in the browser, and ends when the page comes back`() {
        signIn()
        Browsers.install(host, hasCustomTabs = true)
        val (answer, controller) = startSignOut(browser = BrowserOptions(toolbarColor = 0xFF17505C.toInt()))
        val tab = browserIntent(controller)
        assertEquals(Browsers.PACKAGE, tab.`package`)
        assertTrue("Okta's own page", "/logout?" in tab.dataString!! && "id_token_hint" in tab.dataString!!)
        assertEquals(SessionState.SignedOut, session.state.value)
        assertFalse("the address has a token in it", "id_token" in "${controller.get().intent} ${controller.get().intent.extras}")
        assertFalse(answer.isCompleted)

        controller.pause().stop()
        controller.newIntent(follow("com.okta.local-jetbridge:/logout"))
        assertTrue(controller.get().isFinishing)
        val done = answer.get()
        assertTrue(done.isBrowserSignedOut && done.isRevoked)
        assertNull(done.problem)
        assertNull("it was opened", done.endSessionUrl)
        assertEquals(SignInProgress.Idle, session.signInProgress.value)
    }

    @Test
    fun `a user who comes back without the page is told apart`() {
        signIn()
        val (answer, controller) = startSignOut()
        open(controller)
        comeBackWithoutRedirect(controller)
        val done = answer.get()
        assertFalse(done.isBrowserSignedOut)
        assertTrue(done.isRevoked)
        assertNull(done.problem)
        assertTrue(controller.get().isFinishing)
    }

    @Test
    fun `what is no way back from Okta's page is not taken for one`() {
        signIn()
        val (answer, controller) = startSignOut()
        open(controller)
        controller.newIntent(follow("com.okta.local-jetbridge:/logout-not"))
        assertFalse(answer.get().isBrowserSignedOut)
    }

    @Test
    fun `a turned screen of the app, and a recreated one of the library, change nothing`() {
        signIn()
        stack.local.setLatency(300uL)
        val first = Robolectric.buildActivity(Activity::class.java).setup()
        val (answer, controller) = startSignOut(first.get())
        first.pause().stop().destroy()
        open(controller)
        val kept = Bundle()
        val intent = controller.get().intent
        controller.saveInstanceState(kept).destroy()
        val again = Robolectric.buildActivity(SignInActivity::class.java, intent).create(kept)
        again.newIntent(follow("com.okta.local-jetbridge:/logout"))
        assertTrue(answer.get().isBrowserSignedOut)
        assertNull("the page is not opened twice", shadowOf(again.get()).nextStartedActivity?.takeIf { it.action == Intent.ACTION_VIEW })
    }

    @Test
    fun `whoever stops waiting has signed out all the same`() {
        signIn()
        val (answer, controller) = startSignOut()
        answer.cancel()
        open(controller)
        assertEquals(SessionState.SignedOut, session.state.value)
        controller.newIntent(follow("com.okta.local-jetbridge:/logout"))
        assertTrue(controller.get().isFinishing)
    }

    @Test
    fun `the process dies behind the page`() {
        signIn()
        val (answer, controller) = startSignOut()
        open(controller)
        host.restartProcess()
        assertTrue(runBlocking { answer.await() }.exceptionOrNull() is JetbridgeException.Internal)
        val intent = Intent(controller.get().intent)
        val kept = Bundle().apply { putBoolean("dev.jetbridge.wasOpened", true) }
        val again = Robolectric.buildActivity(SignInActivity::class.java, intent).create(kept)
        assertTrue(again.get().isFinishing)
        await("the store was read") { session.state.value is SessionState.SignedOut }
    }

    @Test
    fun `no browser`() {
        signIn()
        val (answer, controller) = startSignOut { shadowOf(host).checkActivities(true) }
        val done = answer.get()
        assertTrue("${done.problem}", done.problem is JetbridgeException.NoBrowser)
        assertTrue(done.isRevoked && !done.isBrowserSignedOut)
        assertTrue(controller.get().isFinishing)
    }

    @Test
    fun `no network`() {
        signIn()
        stack.network(isUp = false)
        val (answer, controller) = startSignOut()
        // Where Okta's page is, is known from the sign-in: it opens, and the user sees the browser's own words.
        open(controller)
        comeBackWithoutRedirect(controller)
        val done = answer.get()
        assertTrue("${done.problem}", done.problem is JetbridgeException.Retryable)
        assertFalse(done.isRevoked || done.isBrowserSignedOut)
        assertEquals(SessionState.SignedOut, session.state.value)
    }

    @Test
    fun `without okta_logout_url the user comes back alone`() {
        host.oktaConfig = stack.local.oktaConfigJson()
        signIn()
        val (answer, controller) = startSignOut()
        assertFalse("post_logout_redirect_uri" in open(controller))
        controller.newIntent(follow("com.okta.local-jetbridge:/logout"))
        assertFalse("any app could say so", answer.get().isBrowserSignedOut)
    }

    @Test
    fun `a second call takes over, and the first one ends`() {
        signIn()
        val (first, controller) = startSignOut()
        open(controller)
        val (second, again) = startSignOut()
        assertFalse(first.get().isBrowserSignedOut)
        // Nobody is signed in any more: there is no page.
        assertNull(second.get().problem)
        assertTrue(again.get().isFinishing)
    }
}
