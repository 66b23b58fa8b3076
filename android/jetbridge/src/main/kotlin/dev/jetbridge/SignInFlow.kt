package dev.jetbridge

import android.app.Activity
import android.content.Intent
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.isActive
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/**
 * The sign-in that the session does for the app: from the tap to the browser's answer, and every other way in which it
 * ends.
 *
 * Taps, ways back and redirects come in any order and overtake each other. So each begins an attempt of its own, and only
 * the latest one may say how far things are. One that was overtaken makes the core forget nothing: the core forgets all
 * sign-ins of the process, the next attempt's as well.
 */
internal class SignInFlow(
    private val session: LiveSession,
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

    /** Whether the browser is to forget the sign-in. */
    @Volatile
    var isEphemeral = false
        private set

    /** The one that the app wants. */
    @Volatile
    var browser = BrowserOptions()
        private set

    /** A redirect that a passing fault kept from being finished. In memory only: it holds the code. */
    private var unfinished: Answer? = null

    /** How this process has begun its last sign-in. */
    private var options = LoginOptions()
    private var isAdviceGiven = false

    /** See [JetbridgeSession.startSignIn]. */
    @Synchronized
    fun start(
        from: Activity,
        options: LoginOptions,
        isEphemeral: Boolean,
        browser: BrowserOptions,
    ) {
        if (shown.value is SignInProgress.Preparing || shown.value is SignInProgress.Finishing) return
        if (!isAdviceGiven) LauncherAdvice.tell(from)
        isAdviceGiven = true
        this.options = options
        this.isEphemeral = isEphemeral
        this.browser = browser
        // Who asks for something else, such as the password once more, is not served by the answer to what was asked before.
        unfinished = unfinished?.takeIf { it.options == options }
        val earlier = unfinished
        val cancelling = cancelling
        val job =
            scope.launch(start = CoroutineStart.LAZY) {
                cancelling?.join()
                if (earlier == null || !finishEarlier(earlier)) begin(options)
            }
        val before = replace(SignInProgress.Preparing, job)
        try {
            // At once, while the app is surely in front: Android refuses Activities that are started from the background.
            from.startActivity(Intent(from, SignInActivity::class.java))
        } catch (e: RuntimeException) {
            replace(before)
            throw e
        }
        job.start()
    }

    /** The user has been through all of the browser's pages once. False if that is no longer good, and the only way is again. */
    private suspend fun CoroutineScope.finishEarlier(answer: Answer): Boolean {
        val failure = finishing.withLock { finish(answer, pauses = emptyList()) }
        if (failure != null && failure.recovery != Recovery.RETRY) return false
        tellEnd(answer, failure)
        return true
    }

    private suspend fun CoroutineScope.begin(options: LoginOptions) {
        try {
            val begun = session.manualSignIn.begin(options)
            session.whenSignInBegins()
            tell {
                request = begun
                shown.value = SignInProgress.InBrowser
            }
        } catch (e: JetbridgeException) {
            tell { shown.value = SignInProgress.Failed(e) }
        }
    }

    /**
     * Begins again if the page of [request] was not opened in time, because the user was elsewhere while Okta was asked: the
     * page would only say so. A pushed request is good for "between 5 and 600 seconds" (RFC 9126, section 2.2, as an example),
     * and the answer to any other is not waited for much longer. By the session's clock, which knows when the device's is wrong.
     */
    @Synchronized
    fun beginAgainIfOver() {
        val waiting = request
        if (waiting == null || !scope.isActive) return
        if (session.details().now < listOfNotNull(waiting.openBefore, waiting.expiration).min()) return
        val options = options
        val job = scope.launch(start = CoroutineStart.LAZY) { begin(options) }
        replace(SignInProgress.Preparing, job)
        job.start()
    }

    /** The user is back with a redirect, in this process or in one that was started for it. */
    fun deliver(redirect: String) {
        // Undispatched: whoever looks next sees that the user is back.
        scope.launch(start = CoroutineStart.UNDISPATCHED) {
            finishing.withLock {
                val answer = Answer(redirect, options)
                replace(SignInProgress.Finishing, coroutineContext.job)
                tellEnd(answer, finish(answer, PAUSES))
            }
        }
    }

    /** Gives [answer] to the core, and again after each of [pauses] while it fails in a way that may pass; null when it did. */
    private suspend fun finish(
        answer: Answer,
        pauses: List<Duration>,
    ): JetbridgeException? {
        val start = TimeSource.Monotonic.markNow()
        var failure = complete(answer)
        for (pause in pauses) {
            val wait = (failure as? JetbridgeException.Retryable)?.retryAfter ?: Duration.ZERO
            if (failure?.recovery != Recovery.RETRY || wait > pause || start.elapsedNow() > PATIENCE) break
            delay(pause)
            val again = complete(answer)
            // The redirect itself was the report of a fault, and has told it. What it told stands.
            if (again is JetbridgeException.UnexpectedRedirect) break
            failure = again
        }
        return failure
    }

    private suspend fun complete(answer: Answer): JetbridgeException? =
        try {
            session.manualSignIn.complete(answer.redirect)
            null
        } catch (e: JetbridgeException) {
            e
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
        unfinished = null
        val before = cancelling
        cancelling =
            scope.launch {
                before?.join()
                try {
                    session.manualSignIn.cancel()
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
    @Synchronized
    fun reset() {
        unfinished = null
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

    /** Says what has become of the attempt that calls, unless it was replaced. */
    private inline fun CoroutineScope.tell(news: () -> Unit) =
        synchronized(this@SignInFlow) {
            if (attempt === coroutineContext.job) news()
        }

    /** How [answer] came to its end, and whether it is worth keeping. */
    private fun CoroutineScope.tellEnd(
        answer: Answer,
        failure: JetbridgeException?,
    ) = tell {
        unfinished =
            when {
                failure == null -> null
                failure.recovery == Recovery.RETRY -> answer
                else -> unfinished?.takeIf { it.redirect != answer.redirect }
            }
        shown.value = failure?.let(SignInProgress::Failed) ?: SignInProgress.Idle
    }

    private class Answer(
        val redirect: String,
        val options: LoginOptions,
    )

    private companion object {
        /** Long enough for a phone that changes from one network to another. */
        val PAUSES = listOf(1.seconds, 3.seconds)

        /** Whoever has waited that long for the first answer is asked before it is tried again. */
        val PATIENCE = 10.seconds
    }
}
