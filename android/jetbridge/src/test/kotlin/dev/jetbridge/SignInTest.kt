package dev.jetbridge

import android.app.Activity
import android.content.ComponentName
import android.content.Intent
import android.content.IntentFilter
import android.content.pm.ActivityInfo
import android.os.Bundle
import dev.jetbridge.testing.await
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowLog
import java.io.File

/** From the button to a session, whatever Android does in between. */
class SignInTest : SignInScenario() {
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
    fun `backups may stay on, since nothing of a session lies where they look`() {
        val controller = start()
        controller.newIntent(follow(stack.signIn(open(controller))))
        awaitSignedIn()
        runBlocking { session.settle() }
        val files = host.dataDir.walk()
        val kept = files.filter { it.isFile }.toList()
        assertTrue("$kept", kept.isNotEmpty() && kept.all { it.startsWith(host.noBackupFilesDir) })
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
    fun `two processes of the app take turns by file locks, and exchange a code once`() {
        val config = JetbridgeSession.config(stack.local.oktaConfigJson(), stack.local.awsExportsJson())
        val processes = List(2) { JetbridgeSession.open(host, config) }
        runBlocking {
            val redirect = stack.signIn(processes[0].manualSignIn.begin().url)
            processes
                .map {
                    async {
                        it.manualSignIn.complete(
                            redirect,
                        )
                    }
                }.awaitAll()
                .forEach { assertTrue("$it", it is SessionState.SignedIn) }
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
        (session as LiveSession).observer.stateChanged(SessionState.SignedOut)
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
}
