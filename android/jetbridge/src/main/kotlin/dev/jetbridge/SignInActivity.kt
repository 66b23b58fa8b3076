package dev.jetbridge

import android.app.Activity
import android.content.Context
import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.util.Log
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch

/**
 * Stands between the app and the browser and draws nothing: it opens the sign-in page when that is ready, receives what
 * comes back, and closes the browser's tab, which lies on top of it.
 *
 * It does the same for the page that ends the browser's session, and lies below other pages of Okta's: what comes back closes
 * the tab.
 *
 * It holds no sign-in itself. The session does, and of that, the open request is in the secure store: Android may turn
 * the screen or end the process at any moment.
 */
public class SignInActivity : Activity() {
    private val handler = Handler(Looper.getMainLooper())
    private var follower: CoroutineScope? = null
    private var wasOpened = false
    private var isDone = false
    private var session: LiveSession? = null

    /** Below a page that somebody else opened: there is nothing to open, to follow or to give up. */
    private val isBelow get() = intent.getBooleanExtra(BELOW, false)

    /** The sign-out that this was started for; null if it was for a sign-in. */
    private var signOut: SignOutFlow.Attempt? = null

    /** The user came back without a redirect, it seems; on some devices the redirect comes a moment later. */
    private val giveUp =
        Runnable {
            giveUp()
            leave()
        }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        wasOpened = savedInstanceState?.getBoolean(WAS_OPENED) ?: false
        session = sessionOf(this)
        if (session == null) return leave()
        begin(intent)
        receive(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        // A second tap on a button of the app's: the page of the new request is to be opened.
        if (intent.data == null) {
            wasOpened = false
            setIntent(intent)
            begin(intent)
            // In front, it is not started anew.
            if (follower != null) follow()
        }
        receive(intent)
    }

    /** What it is started for. */
    private fun begin(intent: Intent) {
        signOut = null
        if (!intent.getBooleanExtra(END_OF_SESSION, false)) return
        signOut = session?.signOutFlow?.attempt
        // The process that signed out is no more.
        if (signOut == null) leave()
    }

    override fun onStart() {
        super.onStart()
        val session = session ?: return
        if (isBelow || isFinishing) return
        // Here and nowhere else: a request that comes while this is in front is opened at once, however short its life.
        if (!wasOpened && signOut == null) session.signInFlow.beginAgainIfOver()
        follow()
    }

    private fun follow() {
        val session = session ?: return
        follower?.cancel()
        val scope = CoroutineScope(SupervisorJob() + Dispatchers.Main.immediate)
        follower = scope
        val signOut = signOut
        scope.launch {
            if (signOut == null) session.signInProgress.collect { follow(session, it) } else openEndOfSession(signOut)
        }
    }

    override fun onResume() {
        super.onResume()
        if (isBelow) leave()
        if (wasOpened && !isFinishing) handler.postDelayed(giveUp, RETURN_GRACE_MILLIS)
    }

    override fun onPause() {
        // Off to the browser, to Okta Verify, or away: nobody has given up.
        handler.removeCallbacks(giveUp)
        super.onPause()
    }

    override fun onStop() {
        follower?.cancel()
        follower = null
        super.onStop()
    }

    override fun onDestroy() {
        // The user went back while the page was being prepared.
        if (isFinishing && !isDone && !isBelow) giveUp()
        super.onDestroy()
    }

    private fun giveUp() {
        signOut?.end(hasReturned = false) ?: session?.signInFlow?.giveUp()
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putBoolean(WAS_OPENED, wasOpened)
    }

    @Deprecated("The framework's own way: the library asks no Activity of androidx of an app.")
    override fun onActivityResult(
        requestCode: Int,
        resultCode: Int,
        data: Intent?,
    ) {
        super.onActivityResult(requestCode, resultCode, data)
        // Without one (closed, or a browser that did not do it), onResume follows and waits a moment for the other way.
        if (requestCode == AUTH_TAB && resultCode == RESULT_OK) data?.let(::receive)
    }

    private fun follow(
        session: LiveSession,
        progress: SignInProgress,
    ) {
        when (progress) {
            is SignInProgress.Preparing -> Unit

            is SignInProgress.InBrowser -> if (!wasOpened) openPage(session)

            // After a restart of the process nothing is known of a browser that was opened before it.
            is SignInProgress.Idle -> if (!wasOpened) leave()

            is SignInProgress.Finishing, is SignInProgress.Failed -> leave()
        }
    }

    private fun openPage(session: LiveSession) {
        val flow = session.signInFlow
        val request = flow.request ?: return leave()
        wasOpened = true
        val redirectUri = Uri.parse(request.redirectUri)
        try {
            RedirectActivity.check(this, redirectUri)
            JetbridgeBrowser.openSignIn(this, Uri.parse(request.url), redirectUri.scheme, flow.isEphemeral, flow.browser, AUTH_TAB)
        } catch (e: JetbridgeException) {
            flow.fail(e)
            leave()
        }
    }

    private suspend fun openEndOfSession(signOut: SignOutFlow.Attempt) {
        val page = signOut.page.await() ?: return leave()
        if (wasOpened) return
        wasOpened = true
        try {
            JetbridgeBrowser.openAbove(this, page, signOut.browser)
        } catch (e: JetbridgeException) {
            signOut.end(hasReturned = false, e)
            leave()
        }
    }

    private fun receive(intent: Intent) {
        val redirect = intent.dataString ?: return
        handler.removeCallbacks(giveUp)
        // Once is enough; and the address, which holds the code, should not stay with the Activity.
        this.intent = Intent()
        session?.run {
            if (isSignInRedirect(redirect)) {
                signInFlow.deliver(redirect)
            } else if (signOutFlow.isReturn(redirect)) {
                signOutFlow.attempt?.end(hasReturned = true)
            }
        }
        // What else comes has closed the page all the same.
        signOut?.end(hasReturned = false)
        leave()
    }

    private fun leave() {
        handler.removeCallbacks(giveUp)
        if (isFinishing) return
        isDone = true
        // No screen of the app is behind this one: a redirect has started the task. The app's own takes its place, as that with
        // which the task began and by which the list of recent apps knows it: not the redirect, which holds the code.
        if (isTaskRoot) packageManager.getLaunchIntentForPackage(packageName)?.let { startActivity(it.addFlags(NEW_BEGINNING)) }
        finish()
    }

    internal companion object {
        /** Long enough for a redirect that is delivered after the app is in front again, short enough not to be noticed. */
        const val RETURN_GRACE_MILLIS = 1_000L
        private const val WAS_OPENED = "dev.jetbridge.wasOpened"
        private const val NEW_BEGINNING = Intent.FLAG_ACTIVITY_NEW_TASK or Intent.FLAG_ACTIVITY_CLEAR_TASK
        private const val BELOW = "dev.jetbridge.below"
        private const val END_OF_SESSION = "dev.jetbridge.endOfSession"
        private const val AUTH_TAB = 1

        /** The app's session; null if it cannot be opened. The app's own screen then shows why, at its own first use. */
        private fun sessionOf(activity: Activity): LiveSession? {
            val host = activity.application as? JetbridgeHost
            if (host == null) Log.e("Jetbridge", "The app's Application class has to implement JetbridgeHost; see docs/android.md.")
            return try {
                // A fake has no browser to come back from.
                host?.jetbridge as? LiveSession
            } catch (e: JetbridgeException) {
                Log.e("Jetbridge", "The session cannot be opened: ${e.message}")
                null
            }
        }

        /** To be started together with a page on top of it, which is the reason why it is not made before the page is gone. */
        fun below(context: Context): Intent = Intent(context, SignInActivity::class.java).putExtra(BELOW, true)

        /** To wait for the page of [SignOutFlow], and to open it. */
        fun endOfSession(context: Context): Intent = Intent(context, SignInActivity::class.java).putExtra(END_OF_SESSION, true)

        /** Back to the sign-in with what the browser gave; closes the browser's tab on the way. */
        fun redirect(
            context: Context,
            uri: Uri?,
        ): Intent =
            Intent(context, SignInActivity::class.java)
                .setData(uri)
                .addFlags(Intent.FLAG_ACTIVITY_CLEAR_TOP or Intent.FLAG_ACTIVITY_SINGLE_TOP)
    }
}
