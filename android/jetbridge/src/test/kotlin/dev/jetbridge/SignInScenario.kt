package dev.jetbridge

import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import dev.jetbridge.testing.Stack
import dev.jetbridge.testing.await
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config

/** A phone with an app that has the library, and what its user and Android do with them. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestHost::class)
abstract class SignInScenario {
    @get:Rule
    val stack = Stack(LocalStackOptions(redirectUri = ANOTHER_CALLBACK))

    protected val host get() = RuntimeEnvironment.getApplication() as TestHost
    protected val session get() = host.jetbridge

    @After
    fun close() = host.restartProcess()

    /** The app's screen, on which the button is. */
    protected val screen by lazy { Robolectric.buildActivity(Activity::class.java).setup().get() }

    /** Presses the button; gives the library's Activity as Android would start it. */
    protected fun start(
        options: LoginOptions = LoginOptions(),
        isEphemeral: Boolean = false,
    ): ActivityController<SignInActivity> {
        session.startSignIn(screen, options, isEphemeral)
        val intent = shadowOf(screen).nextStartedActivity
        assertEquals(SignInActivity::class.java.name, intent.component?.className)
        return Robolectric.buildActivity(SignInActivity::class.java, intent).setup()
    }

    protected fun browserIntent(controller: ActivityController<SignInActivity>): Intent {
        var intent: Intent? = null
        await("the browser") { shadowOf(controller.get()).nextStartedActivity.also { intent = it } != null }
        return intent!!
    }

    /** The browser is in front. */
    protected fun open(controller: ActivityController<SignInActivity>): String {
        val url = browserIntent(controller).dataString!!
        controller.pause().stop()
        return url
    }

    /** What Android does with a redirect: asks the manifest who takes it, and starts that. */
    protected fun follow(redirect: String): Intent {
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

    protected fun awaitSignedIn() {
        await("signed in") { session.state.value is SessionState.SignedIn && session.signInProgress.value is SignInProgress.Idle }
        assertEquals("Alice Archer", (session.state.value as SessionState.SignedIn).user.displayName)
    }

    protected fun awaitFailure(): JetbridgeException {
        await("a failure") { session.signInProgress.value is SignInProgress.Failed }
        return (session.signInProgress.value as SignInProgress.Failed).cause
    }

    protected companion object {
        const val ANOTHER_CALLBACK = "com.okta.local-jetbridge:/step-up"
    }
}
