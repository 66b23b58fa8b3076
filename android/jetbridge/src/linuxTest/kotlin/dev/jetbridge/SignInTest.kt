package dev.jetbridge

import android.app.Activity
import android.app.Activity.RESULT_CANCELED
import android.app.Activity.RESULT_OK
import android.content.ComponentName
import android.content.Intent
import android.content.IntentFilter
import android.content.pm.ActivityInfo
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Bundle
import android.os.Looper
import androidx.browser.auth.AuthTabIntent
import androidx.browser.customtabs.CustomTabsIntent
import androidx.browser.customtabs.CustomTabsService
import dev.jetbridge.ffi.LocalStackOptions
import dev.jetbridge.ffi.LogLevel
import dev.jetbridge.ffi.LoginOptions
import dev.jetbridge.ffi.SessionState
import dev.jetbridge.ffi.SignOutMode
import dev.jetbridge.testing.Browsers
import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack
import dev.jetbridge.testing.await
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowLog
import org.w3c.dom.Element
import java.io.File
import java.time.Duration
import javax.xml.parsers.DocumentBuilderFactory

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestHost::class)
class SignInTest {
    @get:Rule
    val stack = Stack(LocalStackOptions(redirectUri = ANOTHER_CALLBACK))

    private val host get() = RuntimeEnvironment.getApplication() as TestHost
    private val session get() = host.jetbridge

    @After
    fun close() = host.restartProcess()

    /** The app's screen, on which the button is. */
    private val screen by lazy { Robolectric.buildActivity(Activity::class.java).setup().get() }

    /** Presses the button; gives the library's Activity as Android would start it. */
    private fun start(
        options: LoginOptions = LoginOptions(),
        isEphemeral: Boolean = false,
    ): ActivityController<SignInActivity> {
        session.startSignIn(screen, options, isEphemeral)
        val intent = shadowOf(screen).nextStartedActivity
        assertEquals(SignInActivity::class.java.name, intent.component?.className)
        return Robolectric.buildActivity(SignInActivity::class.java, intent).setup()
    }

    private fun browserIntent(controller: ActivityController<SignInActivity>): Intent {
        var intent: Intent? = null
        await("the browser") { shadowOf(controller.get()).nextStartedActivity.also { intent = it } != null }
        return intent!!
    }

    /** The browser is in front. */
    private fun open(controller: ActivityController<SignInActivity>): String {
        val url = browserIntent(controller).dataString!!
        controller.pause().stop()
        return url
    }

    /** What Android does with a redirect: asks the manifest who takes it, and starts that. */
    private fun follow(redirect: String): Intent {
        val intent = Intent(Intent.ACTION_VIEW, Uri.parse(redirect)).addCategory(Intent.CATEGORY_BROWSABLE)
        val found = host.packageManager.resolveActivity(intent, PackageManager.MATCH_DEFAULT_ONLY)!!
        assertEquals(RedirectActivity::class.java.name, found.activityInfo.name)
        val receiver = Robolectric.buildActivity(RedirectActivity::class.java, intent).create()
        assertTrue(receiver.get().isFinishing)
        val next = shadowOf(receiver.get()).nextStartedActivity
        assertEquals(SignInActivity::class.java.name, next.component?.className)
        assertTrue(next.flags and Intent.FLAG_ACTIVITY_CLEAR_TOP != 0 && next.flags and Intent.FLAG_ACTIVITY_SINGLE_TOP != 0)
        return next
    }

    private fun awaitSignedIn() {
        await("signed in") { session.state.value is SessionState.SignedIn && session.signInProgress.value is SignInProgress.Idle }
        assertEquals("Alice Archer", (session.state.value as SessionState.SignedIn).user.displayName)
    }

    private fun awaitFailure(): JetbridgeException {
        await("a failure") { session.signInProgress.value is SignInProgress.Failed }
        return (session.signInProgress.value as SignInProgress.Failed).cause
    }

    @Test
    fun `button, browser, redirect, signed in`() {
        val controller = start()
        val intent = browserIntent(controller)
        assertEquals(Intent.ACTION_VIEW, intent.action)
        val url = intent.data!!
        assertTrue(url.path!!.endsWith("/oauth2/default/v1/authorize"))
        assertEquals("com.okta.local-jetbridge:/callback", url.getQueryParameter("redirect_uri"))
        assertEquals("code", url.getQueryParameter("response_type"))
        assertEquals("S256", url.getQueryParameter("code_challenge_method"))
        assertEquals(0, intent.flags and Intent.FLAG_ACTIVITY_NO_HISTORY)
        assertEquals(SignInProgress.InBrowser, session.signInProgress.value)
        controller.pause().stop()

        controller.newIntent(follow(stack.signIn(url.toString())))
        awaitSignedIn()
        assertTrue(controller.get().isFinishing)
        assertNull("the code does not stay with the Activity", controller.get().intent.data)
    }

    @Test
    fun `the process dies behind the browser and the redirect starts a new one`() {
        val controller = start()
        val url = open(controller)
        val saved = Bundle().also { controller.saveInstanceState(it) }
        val redirect = follow(stack.signIn(url))
        host.restartProcess()

        // Android makes the Activity anew from what it saved and hands it the redirect.
        val reborn = Robolectric.buildActivity(SignInActivity::class.java).create(saved).start()
        reborn.newIntent(redirect)
        reborn.resume()
        awaitSignedIn()
    }

    @Test
    fun `the process dies and nothing of the task is left`() {
        val url = open(start())
        val redirect = follow(stack.signIn(url))
        host.restartProcess()
        val launcher = ComponentName(host, "org.example.Launcher")
        shadowOf(host.packageManager).addActivityIfNotPresent(launcher)
        val launch = IntentFilter(Intent.ACTION_MAIN).apply { addCategory(Intent.CATEGORY_LAUNCHER) }
        shadowOf(host.packageManager).addIntentFilterForActivity(launcher, launch)

        val fresh = Robolectric.buildActivity(SignInActivity::class.java, redirect)
        shadowOf(fresh.get()).setIsTaskRoot(true)
        fresh.setup()
        awaitSignedIn()
        assertTrue(fresh.get().isFinishing)
        val next = shadowOf(fresh.get()).nextStartedActivity
        assertEquals(launcher, next.component)
        val flags = Intent.FLAG_ACTIVITY_NEW_TASK or Intent.FLAG_ACTIVITY_CLEAR_TASK
        assertEquals("the task must not go by the redirect's name any more", flags, next.flags and flags)
        val receiver = host.packageManager.getActivityInfo(ComponentName(host, RedirectActivity::class.java), 0)
        assertEquals("or the app would be missing among the recent ones", 0, receiver.flags and ActivityInfo.FLAG_EXCLUDE_FROM_RECENTS)
    }

    @Test
    fun `the screen turns behind the browser`() {
        val controller = start()
        val url = open(controller)
        controller.recreate()
        assertNull("the page is not opened twice", shadowOf(controller.get()).nextStartedActivity)
        controller.newIntent(follow(stack.signIn(url)))
        awaitSignedIn()
    }

    @Test
    fun `the same redirect twice is one exchange`() {
        val controller = start()
        val redirect = stack.signIn(open(controller))
        controller.newIntent(follow(redirect))
        awaitSignedIn()
        Robolectric.buildActivity(SignInActivity::class.java, follow(redirect)).setup()
        await("the second one is through") { session.signInProgress.value is SignInProgress.Idle }
        awaitSignedIn()
        host.restartProcess()
        Robolectric.buildActivity(SignInActivity::class.java, follow(redirect)).setup()
        awaitSignedIn()
        assertEquals(1, stack.count("token"))
    }

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
    fun `a session that the Application does not give out says so before anything is begun`() {
        val other = stack.session(KeystoreSecretStore(host))
        val mistake = assertThrows(IllegalStateException::class.java) { other.startSignIn(screen) }
        assertTrue("JetbridgeHost" in mistake.message!!)
        assertEquals(SignInProgress.Idle, other.signInProgress.value)
        assertNull(shadowOf(screen).nextStartedActivity)
        other.close()
    }

    @Test
    fun `a sign-in whose Activity cannot be started leaves nothing under way`() {
        val barred = Robolectric.buildActivity(BarredActivity::class.java).setup().get()
        assertThrows(SecurityException::class.java) { session.startSignIn(barred) }
        assertEquals(SignInProgress.Idle, session.signInProgress.value)
        val controller = start()
        controller.newIntent(follow(stack.signIn(open(controller))))
        awaitSignedIn()
    }

    class BarredActivity : Activity() {
        override fun startActivity(intent: Intent) = throw SecurityException("not allowed")
    }

    @Test
    fun `the page that ends Okta's session closes when it comes back`() {
        val first = start()
        first.newIntent(follow(stack.signIn(open(first))))
        awaitSignedIn()
        val page = runBlocking { session.signOut(SignOutMode.END_SESSION) }.endSessionUrl!!
        Browsers.install(host, hasCustomTabs = true)
        JetbridgeBrowser.open(screen, page)
        val started = generateSequence { shadowOf(screen).nextStartedActivity }.toList()
        val below = started.single { it.component?.className == SignInActivity::class.java.name }
        val tab = started.single { it !== below }
        assertEquals(page, tab.data)
        assertEquals(Browsers.PACKAGE, tab.`package`)
        assertFalse("the address has a token in it", "$below ${below.extras}".contains("id_token"))

        val back = Robolectric.buildActivity(SignInActivity::class.java, below).create().start()
        back.newIntent(follow("com.okta.local-jetbridge:/logout"))
        assertTrue(back.get().isFinishing)
        assertEquals(SignInProgress.Idle, session.signInProgress.value)
    }

    @Test
    fun `what lies below a page of Okta goes with the page, and gives no sign-in up`() {
        stack.local.setLatency(300uL)
        val signIn = start()
        val below = Robolectric.buildActivity(SignInActivity::class.java, SignInActivity.below(screen)).setup()
        assertTrue(below.get().isFinishing)
        below.pause().stop().destroy()
        assertEquals(SignInProgress.Preparing, session.signInProgress.value)
        signIn.newIntent(follow(stack.signIn(open(signIn))))
        awaitSignedIn()
    }

    @Test
    fun `two processes of the app take turns by file locks, and exchange a code once`() {
        val config = JetbridgeSession.config(stack.local.oktaConfigJson(), stack.local.awsExportsJson())
        val processes = List(2) { JetbridgeSession.open(host, config) }
        runBlocking {
            val redirect = stack.signIn(processes[0].beginLogin().url())
            processes.map { async { it.completeLogin(redirect) } }.awaitAll().forEach { assertTrue("$it", it is SessionState.SignedIn) }
        }
        assertEquals(1, stack.count("token"))
        val locks = File(host.noBackupFilesDir, "jetbridge/locks").list().orEmpty()
        assertTrue(locks.toList().toString(), locks.any { it.endsWith(".sign-in.lock") } && locks.size == 2)
        processes.forEach { it.close() }
    }

    @Test
    fun `the log goes to logcat until it is ended, and holds no secret`() {
        assertTrue(JetbridgeSession.log(LogLevel.TRACE))
        val controller = start()
        controller.newIntent(follow(stack.signIn(open(controller))))
        awaitSignedIn()
        runBlocking { session.settle() }
        await("a line") { ShadowLog.getLogsForTag("Jetbridge").any { "answered" in it.msg } }
        assertTrue(JetbridgeSession.log(null))
        val text = ShadowLog.getLogsForTag("Jetbridge").joinToString("\n") { it.msg }
        assertEquals(text, 0u, stack.local.countSecretsIn(text))

        ShadowLog.clear()
        runBlocking { session.userInfo() }
        assertEquals(emptyList<String>(), ShadowLog.getLogsForTag("Jetbridge").map { it.msg })
    }

    @Test
    fun `news that comes late does not bring an old state back`() {
        val controller = start()
        controller.newIntent(follow(stack.signIn(open(controller))))
        awaitSignedIn()
        runBlocking { session.settle() }
        session.observer.stateChanged(SessionState.SignedOut)
        awaitSignedIn()
    }

    @Test
    fun `a redirect of another app changes nothing`() {
        val controller = start()
        val url = open(controller)
        Robolectric
            .buildActivity(SignInActivity::class.java, follow("com.okta.local-jetbridge:/callback?code=stolen&state=made-up"))
            .setup()
        assertTrue(awaitFailure() is JetbridgeException.UnexpectedRedirect)
        assertEquals(0, stack.count("token"))
        controller.newIntent(follow(stack.signIn(url)))
        awaitSignedIn()
    }

    @Test
    fun `redirects without any sense do not crash`() {
        fun deliver(redirect: String) {
            val controller = Robolectric.buildActivity(SignInActivity::class.java, follow(redirect)).setup()
            assertTrue(redirect, controller.get().isFinishing)
        }
        for (redirect in listOf("com.okta.local-jetbridge:", "com.okta.local-jetbridge:/logout", "com.okta.local-jetbridge://host/")) {
            deliver(redirect)
            assertEquals(redirect, SignInProgress.Idle, session.signInProgress.value)
        }
        for (redirect in listOf("com.okta.local-jetbridge:/callback", "com.okta.local-jetbridge:/callback?%")) {
            deliver(redirect)
            assertTrue(redirect, awaitFailure() is JetbridgeException.UnexpectedRedirect)
            session.dismissSignInFailure()
        }
        val empty = Robolectric.buildActivity(RedirectActivity::class.java, Intent()).create()
        Robolectric.buildActivity(SignInActivity::class.java, shadowOf(empty.get()).nextStartedActivity).setup()
        assertEquals(SignInProgress.Idle, session.signInProgress.value)
        assertEquals(0, stack.count("token"))
    }

    @Test
    fun `no browser`() {
        shadowOf(host).checkActivities(true)
        session.dismissSignInFailure()
        val controller = Robolectric.buildActivity(SignInActivity::class.java)
        shadowOf(host).checkActivities(false)
        session.startSignIn(screen)
        shadowOf(host).checkActivities(true)
        controller.setup()
        val failure = awaitFailure()
        assertTrue("$failure", failure is JetbridgeException.NoBrowser)
        assertThrows(JetbridgeException.NoBrowser::class.java) { JetbridgeBrowser.open(screen, Uri.parse("https://example.com/")) }
        assertTrue(controller.get().isFinishing)
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

    @Test
    fun `a browser with Custom Tabs shows one`() {
        Browsers.install(host, hasCustomTabs = true)
        val intent = browserIntent(start())
        assertEquals(Browsers.PACKAGE, intent.`package`)
        assertTrue(intent.hasExtra(CustomTabsIntent.EXTRA_SESSION))
        assertFalse(intent.hasExtra(AuthTabIntent.EXTRA_LAUNCH_AUTH_TAB))
    }

    private fun isAskedToForget(isEphemeral: Boolean = true): Boolean =
        browserIntent(start(isEphemeral = isEphemeral)).getBooleanExtra(CustomTabsIntent.EXTRA_ENABLE_EPHEMERAL_BROWSING, false)

    @Test
    fun `a browser that can forget a sign-in is asked to on request only`() {
        Browsers.install(host, hasCustomTabs = true, canForget = true)
        assertFalse(isAskedToForget(isEphemeral = false))
        assertTrue(isAskedToForget())
    }

    @Test
    fun `Auth Tab forgets a sign-in too`() {
        Browsers.install(host, hasCustomTabs = true, hasAuthTab = true, canForget = true)
        assertTrue(isAskedToForget())
    }

    @Test
    fun `a browser that cannot forget a sign-in is not asked to`() {
        Browsers.install(host, hasCustomTabs = true)
        assertFalse(isAskedToForget())
    }

    @Test
    fun `a browser without Custom Tabs serves too`() {
        Browsers.install(host, hasCustomTabs = false)
        val intent = browserIntent(start())
        assertNull(intent.`package`)
        assertTrue(Intent.CATEGORY_BROWSABLE in intent.categories)
    }

    @Test
    fun `Auth Tab answers by a result`() {
        Browsers.install(host, hasCustomTabs = true, hasAuthTab = true)
        val controller = start()
        val intent = browserIntent(controller)
        assertTrue(intent.getBooleanExtra(AuthTabIntent.EXTRA_LAUNCH_AUTH_TAB, false))
        assertEquals("com.okta.local-jetbridge", intent.getStringExtra(AuthTabIntent.EXTRA_REDIRECT_SCHEME))
        val redirect = stack.signIn(intent.dataString!!)
        controller.pause().stop()
        shadowOf(controller.get()).receiveResult(intent, RESULT_OK, Intent().setData(Uri.parse(redirect)))
        awaitSignedIn()
    }

    @Test
    fun `Auth Tab closed without a result`() {
        Browsers.install(host, hasCustomTabs = true, hasAuthTab = true)
        val controller = start()
        val intent = browserIntent(controller)
        controller.pause().stop()
        shadowOf(controller.get()).receiveResult(intent, RESULT_CANCELED, Intent())
        controller.start().resume()
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(SignInActivity.RETURN_GRACE_MILLIS))
        assertTrue(awaitFailure() is JetbridgeException.UserCancelled)
    }

    @Test
    fun `another Activity asks once more while the browser is open`() {
        val first = start()
        open(first)
        session.startSignIn(screen)
        first.newIntent(shadowOf(screen).nextStartedActivity)
        first.start().resume()
        val url = browserIntent(first).dataString!!
        first.pause().stop()
        first.newIntent(follow(stack.signIn(url)))
        awaitSignedIn()
    }

    @Test
    fun `a sign-in with another redirect URI than the configuration's is finished too`() {
        val controller = start(LoginOptions(redirectUri = ANOTHER_CALLBACK))
        controller.newIntent(follow(stack.signIn(open(controller))))
        awaitSignedIn()
    }

    @Test
    fun `a callback that would not come back is told before the browser opens`() {
        val controller = start(LoginOptions(redirectUri = "com.example.misspelt:/callback"))
        val failure = awaitFailure() as JetbridgeException.Misconfigured
        assertEquals("jetbridgeRedirectScheme", failure.setting)
        assertTrue("com.example.misspelt" in failure.text(screen))
        await("the Activity is gone") { controller.get().isFinishing }
        assertNull(shadowOf(controller.get()).nextStartedActivity)
    }

    @Test
    fun `a placeholder that claims every link is told, an https callback with a host of its own serves`() {
        Browsers.install(host, hasCustomTabs = true, hasAuthTab = true)
        val receiver = ComponentName(host, RedirectActivity::class.java)
        val packages = shadowOf(host.packageManager)

        fun links() =
            IntentFilter(Intent.ACTION_VIEW).apply {
                addCategory(Intent.CATEGORY_DEFAULT)
                addCategory(Intent.CATEGORY_BROWSABLE)
                addDataScheme("https")
            }
        packages.addIntentFilterForActivity(receiver, links().apply { addDataAuthority("app.example.org", null) })
        val intent = browserIntent(start(LoginOptions(redirectUri = "https://app.example.org/callback")))
        assertFalse("Auth Tab would want the domain verified", intent.hasExtra(AuthTabIntent.EXTRA_LAUNCH_AUTH_TAB))

        packages.addIntentFilterForActivity(receiver, links())
        start()
        assertEquals("jetbridgeRedirectScheme", (awaitFailure() as JetbridgeException.Misconfigured).setting)
    }

    @Test
    fun `the manifest says what the sign-in needs`() {
        val activities = host.packageManager.getPackageInfo(host.packageName, PackageManager.GET_ACTIVITIES).activities!!
        val byName = activities.associateBy { it.name }
        assertFalse(byName.getValue(SignInActivity::class.java.name).exported)
        assertTrue(byName.getValue(RedirectActivity::class.java.name).exported)
        // Or Okta Verify, opened in between, would end the sign-in.
        activities.forEach { assertEquals(it.name, 0, it.flags and ActivityInfo.FLAG_NO_HISTORY) }
        // Robolectric shows an app every other; of a phone's packages it sees those that it names.
        val manifest = File(System.getProperty("jetbridge.android.dir"), "jetbridge/src/main/AndroidManifest.xml")
        val queries =
            DocumentBuilderFactory
                .newInstance()
                .newDocumentBuilder()
                .parse(manifest)
                .getElementsByTagName("queries")
                .item(0)
        val actions = (queries as Element).getElementsByTagName("action")
        val named = List(actions.length) { (actions.item(it) as Element).getAttribute("android:name") }
        assertTrue("$named", CustomTabsService.ACTION_CUSTOM_TABS_CONNECTION in named && Intent.ACTION_VIEW in named)
    }

    private companion object {
        const val ANOTHER_CALLBACK = "com.okta.local-jetbridge:/step-up"
    }
}
