package dev.jetbridge

import android.app.Activity
import android.app.Activity.RESULT_CANCELED
import android.app.Activity.RESULT_OK
import android.app.ActivityManager
import android.content.ComponentName
import android.content.Intent
import android.content.IntentFilter
import android.content.pm.ActivityInfo
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Looper
import androidx.browser.auth.AuthTabIntent
import androidx.browser.customtabs.CustomTabsIntent
import androidx.browser.customtabs.CustomTabsService
import dev.jetbridge.testing.Browsers
import dev.jetbridge.testing.await
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowAppTask
import org.w3c.dom.Element
import java.io.File
import java.time.Duration
import javax.xml.parsers.DocumentBuilderFactory

/** The browsers that a phone may have, and the ways by which they come back. */
class SignInBrowserTest : SignInScenario() {
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
        assertFalse("${session.signInProgress.value}", session.signInProgress.value is SignInProgress.Failed)
        signIn.newIntent(follow(stack.signIn(open(signIn))))
        awaitSignedIn()
    }

    @Test
    fun `a redirect in the browser's own task goes back to the app's, one in the app's stays there whatever its affinity`() {
        fun isSentToAnotherTask() = follow("com.okta.local-jetbridge:/callback").flags and Intent.FLAG_ACTIVITY_NEW_TASK != 0

        fun tasksOfApp(vararg ids: Int) {
            val tasks =
                ids.map { id ->
                    val info = ActivityManager.RecentTaskInfo().apply { persistentId = id }
                    ShadowAppTask.newInstance().also { Shadow.extract<ShadowAppTask>(it).setTaskInfo(info) }
                }
            shadowOf(host.getSystemService(ActivityManager::class.java)).setAppTasks(tasks)
        }
        val here = Robolectric.buildActivity(Activity::class.java).get().taskId
        assertTrue("the app has no task any more", isSentToAnotherTask())
        tasksOfApp(here + 1)
        assertTrue("the app's is another one", isSentToAnotherTask())
        // A task that was started by the app's screen, with an affinity of its own: by affinity the flag would miss it.
        tasksOfApp(here + 1, here)
        assertFalse("behind a Custom Tab", isSentToAnotherTask())
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
    fun `a browser with Custom Tabs shows one`() {
        Browsers.install(host, hasCustomTabs = true)
        val intent = browserIntent(start())
        assertEquals(Browsers.PACKAGE, intent.`package`)
        assertTrue(intent.hasExtra(CustomTabsIntent.EXTRA_SESSION))
        assertFalse(intent.hasExtra(AuthTabIntent.EXTRA_LAUNCH_AUTH_TAB))
    }

    private fun toolbarColour(browser: BrowserOptions): Any? {
        session.startSignIn(screen, browser = browser)
        val controller = Robolectric.buildActivity(SignInActivity::class.java, shadowOf(screen).nextStartedActivity).setup()
        return browserIntent(controller).extras!!.get(CustomTabsIntent.EXTRA_TOOLBAR_COLOR)
    }

    @Test
    fun `the bar has the colour that the app wants`() {
        Browsers.install(host, hasCustomTabs = true)
        assertNull("the browser's own", toolbarColour(BrowserOptions()))
        assertEquals(HARBOUR, toolbarColour(BrowserOptions(toolbarColor = HARBOUR)))
        Browsers.install(host, hasCustomTabs = true, hasAuthTab = true)
        assertEquals("Auth Tab too", HARBOUR, toolbarColour(BrowserOptions(toolbarColor = HARBOUR)))
    }

    @Test
    fun `the browser that the app wants is taken if it has Custom Tabs, else the user's`() {
        Browsers.install(host, hasCustomTabs = true)
        Browsers.install(host, hasCustomTabs = true, browser = ANOTHER)

        fun taken(wanted: String?): String? {
            session.startSignIn(screen, browser = BrowserOptions(packageName = wanted))
            val controller = Robolectric.buildActivity(SignInActivity::class.java, shadowOf(screen).nextStartedActivity).setup()
            return browserIntent(controller).`package`
        }
        assertEquals(ANOTHER, taken(ANOTHER))
        assertEquals(Browsers.PACKAGE, taken(Browsers.PACKAGE))
        assertEquals(taken(null), taken("org.example.missing"))
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
        const val HARBOUR = 0x17505C or (0xFF shl 24)
        const val ANOTHER = "org.example.another"
    }
}
