package dev.jetbridge.sample

import android.app.Activity
import android.content.Intent
import android.net.Uri
import dev.jetbridge.JetbridgeAccounts
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.RedirectActivity
import dev.jetbridge.SessionState
import dev.jetbridge.SignInActivity
import dev.jetbridge.SignInProgress
import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack
import dev.jetbridge.testing.await
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotSame
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

/** The guide's app of several users, and what Android does to it: its Application loses all that it has in memory. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TeamApp::class)
class TeamAppTest {
    @get:Rule
    val stack = Stack()

    private val app get() = RuntimeEnvironment.getApplication() as TeamApp
    private val screen by lazy { Robolectric.buildActivity(Activity::class.java).setup().get() }

    @Before
    fun start() {
        FakeAndroidKeyStore.install()
        startProcess()
    }

    @After
    fun close() = app.jetbridge.close()

    /** In place of the assets it has the stack's configuration. */
    private fun startProcess() {
        val accounts = JetbridgeAccounts(app, JetbridgeSession.config(stack.local.oktaConfigJson(), stack.local.awsExportsJson()))
        mapOf("accounts\$delegate" to lazyOf(accounts), "shown" to null).forEach { (name, value) ->
            TeamApp::class.java
                .getDeclaredField(name)
                .apply { isAccessible = true }
                .set(app, value)
        }
    }

    private fun restartProcess() {
        app.jetbridge.close()
        startProcess()
    }

    /** The app is behind the browser now. */
    private fun openPage(): String {
        app.jetbridge.startSignIn(screen)
        val library = Robolectric.buildActivity(SignInActivity::class.java, shadowOf(screen).nextStartedActivity).setup()
        var url: String? = null
        await("the browser") { shadowOf(library.get()).nextStartedActivity?.dataString.also { url = it } != null }
        library.pause().stop()
        return url!!
    }

    private fun follow(redirect: String) {
        val caught = Robolectric.buildActivity(RedirectActivity::class.java, Intent(Intent.ACTION_VIEW, Uri.parse(redirect))).create()
        Robolectric.buildActivity(SignInActivity::class.java, shadowOf(caught.get()).nextStartedActivity).setup()
    }

    private fun awaitSignedIn(user: String) {
        await("the end of the sign-in of $user") {
            val progress = app.jetbridge.signInProgress.value
            check(progress !is SignInProgress.Failed) { "$user: ${(progress as SignInProgress.Failed).cause}" }
            progress is SignInProgress.Idle && (app.jetbridge.state.value as? SessionState.SignedIn)?.user?.displayName == user
        }
    }

    @Test
    fun `a process that is killed behind the browser finishes the new user's sign-in, and opens it after a restart`() {
        val first = openPage()
        follow(stack.signIn(first))
        awaitSignedIn("Alice Archer")

        val before = app.addUser("bob")
        val url = openPage()
        restartProcess()
        assertNotSame(before, app.jetbridge)
        follow(stack.signIn(url, "bob@example.com"))
        awaitSignedIn("Bob Baker")

        restartProcess()
        awaitSignedIn("Bob Baker")
        runBlocking {
            assertEquals(listOf("bob", "default"), app.names())
            app.switchTo("default")
        }
        awaitSignedIn("Alice Archer")
    }

    @Test
    fun `only the session that is shown signs in, and a name is no e-mail address`() {
        val other = app.addUser("bob")
        runBlocking { app.switchTo("default") }
        val refused = assertThrows(IllegalStateException::class.java) { other.startSignIn(screen) }
        assertTrue("${refused.message}", "JetbridgeAccounts" in refused.message.orEmpty())
        assertThrows(JetbridgeException.Misconfigured::class.java) { app.addUser("alice@example.com") }
    }
}
