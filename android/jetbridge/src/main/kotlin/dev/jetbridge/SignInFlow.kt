package dev.jetbridge

import android.content.Context
import android.content.Intent
import dev.jetbridge.ffi.AuthorizationRequest
import dev.jetbridge.ffi.LoginOptions
import dev.jetbridge.ffi.SessionException
import dev.jetbridge.ffi.SessionState
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/**
 * The sign-in that the session does for the app: from the tap to the browser's answer, and every other way in which it
 * ends.
 *
 * Taps, ways back and redirects come in any order and overtake each other. So each begins an attempt of its own, and only
 * the latest one may say how far things are. One that was overtaken makes the core forget nothing: the core forgets all
 * sign-ins of the process, the next attempt's as well.
 */
internal class SignInFlow(
    private val session: JetbridgeSession,
    private val scope: CoroutineScope,
) {
    private val shown = MutableStateFlow<SignInProgress>(SignInProgress.Idle)
    private var attempt: Job? = null

    /** Until it is done, nothing new is begun that it could take along. */
    private var cancelling: Job? = null

    /** Redirects are finished one after the other, and the last one's end is what stays. */
    private val finishing = Mutex()

    /** How far it has come. */
    val progress: StateFlow<SignInProgress> = shown.asStateFlow()

    /** The request that waits for its browser: in memory only, since its address is not for logs or saved states. */
    @Volatile
    var request: AuthorizationRequest? = null
        private set

    /** See [JetbridgeSession.startSignIn]. */
    @Synchronized
    fun start(
        from: Context,
        options: LoginOptions,
    ) {
        if (shown.value is SignInProgress.Preparing || shown.value is SignInProgress.Finishing) return
        val cancelling = cancelling
        val job =
            scope.launch(start = CoroutineStart.LAZY) {
                cancelling?.join()
                try {
                    tell(SignInProgress.InBrowser, session.beginLogin(options))
                } catch (e: JetbridgeException) {
                    tell(SignInProgress.Failed(e))
                }
            }
        replace(SignInProgress.Preparing, job)
        job.start()
        // At once, while the app is surely in front: Android refuses Activities that are started from the background.
        from.startActivity(Intent(from, SignInActivity::class.java))
    }

    /** The user is back with a redirect, in this process or in one that was started for it. */
    fun deliver(redirect: String) {
        // Undispatched: whoever looks next sees that the user is back.
        scope.launch(start = CoroutineStart.UNDISPATCHED) {
            finishing.withLock {
                val before = replace(SignInProgress.Finishing, coroutineContext.job)
                try {
                    session.completeLogin(redirect)
                    tell(SignInProgress.Idle)
                } catch (e: JetbridgeException) {
                    // The second delivery of a redirect, while somebody is signed in, is not worth a word.
                    val isOld = before is SignInProgress.Idle && session.state.value is SessionState.SignedIn
                    tell(if (isOld) SignInProgress.Idle else SignInProgress.Failed(e))
                }
            }
        }
    }

    /**
     * The user came back without a redirect. Perhaps the browser is still open: a minimised tab, a glance at the app from a
     * browser of its own. So this is what the screen says, and a redirect that comes after all is finished as any other.
     */
    fun giveUp() {
        end()
    }

    /** See [JetbridgeSession.cancelSignIn]. */
    @Synchronized
    fun cancel() {
        val cancelled = end() ?: return
        cancelling =
            scope.launch {
                try {
                    session.cancelLogin()
                } catch (e: JetbridgeException) {
                    shown.compareAndSet(cancelled, SignInProgress.Failed(e))
                }
            }
    }

    /** The page could not be opened. */
    fun fail(cause: JetbridgeException) {
        replace(SignInProgress.Failed(cause))
    }

    /** The session was signed out. */
    fun reset() {
        replace(SignInProgress.Idle)
    }

    /** See [JetbridgeSession.dismissSignInFailure]. */
    fun dismissFailure() {
        val now = shown.value
        if (now is SignInProgress.Failed) shown.compareAndSet(now, SignInProgress.Idle)
    }

    /** Ends an attempt that waits for Okta or the browser; null if there is none. */
    @Synchronized
    private fun end(): SignInProgress.Failed? {
        if (shown.value !is SignInProgress.Preparing && shown.value !is SignInProgress.InBrowser) return null
        return SignInProgress.Failed(JetbridgeException.UserCancelled(SessionException.UserCancelled())).also { replace(it) }
    }

    /** The attempt of before is over; what the core does for it goes on and is nobody's any more. */
    @Synchronized
    private fun replace(
        now: SignInProgress,
        by: Job? = null,
    ): SignInProgress {
        val before = shown.value
        attempt?.cancel()
        attempt = by
        request = null
        shown.value = now
        return before
    }

    /** What has become of the attempt that calls, unless it was replaced. */
    @Synchronized
    private fun CoroutineScope.tell(
        now: SignInProgress,
        begun: AuthorizationRequest? = null,
    ) {
        if (attempt !== coroutineContext.job) return
        request = begun
        shown.value = now
    }
}
