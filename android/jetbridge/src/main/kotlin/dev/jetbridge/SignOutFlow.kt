package dev.jetbridge

import android.app.Activity
import android.net.Uri
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Deferred

/**
 * The sign-out that reaches the browser. [SignInActivity] is started at once, while the app is in front, waits for the page,
 * opens it, and lies below it until it comes back: so a turned or recreated screen of the app changes nothing.
 *
 * Nothing of it is stored. When the process dies behind the page, the device is signed out and Okta was told; what comes back
 * only shows the app again.
 */
internal class SignOutFlow(
    private val session: LiveSession,
    private val logoutUrl: String?,
) {
    /** The latest one: what is behind it in the browser is of no interest any more. */
    @Volatile
    var attempt: Attempt? = null
        private set

    /** See [JetbridgeSession.signOutEverywhere]. */
    @Synchronized
    fun start(
        from: Activity,
        browser: BrowserOptions,
    ): Attempt {
        val next = Attempt(browser)
        attempt?.end(hasReturned = false)
        attempt = next
        try {
            from.startActivity(SignInActivity.endOfSession(from))
        } catch (e: RuntimeException) {
            attempt = null
            throw e
        }
        return next
    }

    /** Signs out, hands the page over, and waits for it to come back. */
    suspend fun finish(attempt: Attempt): SignOutResult {
        val done =
            try {
                session.signOut(SignOutMode.END_SESSION).also { attempt.show(it.endSessionUrl) }
            } finally {
                // Whatever happened: nobody waits for a page any more.
                attempt.show(null)
            }
        val hasReturned = done.endSessionUrl != null && attempt.end.await()
        return SignOutResult(
            isRevoked = done.isRevoked,
            isBrowserSignedOut = hasReturned,
            problem = done.problem ?: attempt.problem,
        )
    }

    /** Whether [redirect] is the way back from Okta's page, which may append parameters. */
    fun isReturn(redirect: String): Boolean {
        val address = logoutUrl ?: return false
        return redirect.startsWith(address) && redirect.getOrElse(address.length) { '?' } in "?&#"
    }

    /** One call of [start]. */
    class Attempt(
        val browser: BrowserOptions,
    ) {
        private val shown = CompletableDeferred<Uri?>()
        private val ended = CompletableDeferred<Boolean>()

        /** The page to open, or null if there is none. In memory only: it carries a token. */
        val page: Deferred<Uri?> = shown

        /** Whether it came back by itself. */
        val end: Deferred<Boolean> = ended

        /** Why it could not be opened. */
        @Volatile
        var problem: JetbridgeException? = null
            private set

        fun show(page: Uri?) {
            shown.complete(page)
        }

        fun end(
            hasReturned: Boolean,
            problem: JetbridgeException? = null,
        ) {
            // Before the end, which whoever waits for it reads it after.
            if (!ended.isCompleted) this.problem = problem
            ended.complete(hasReturned)
        }
    }
}
