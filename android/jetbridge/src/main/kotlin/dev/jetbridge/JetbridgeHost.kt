package dev.jetbridge

import android.app.Application
import android.content.Context
import android.os.Handler
import android.os.Looper
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import kotlin.concurrent.thread

/**
 * What the Application of an app implements, so that the library finds the session again: a redirect may arrive in a
 * fresh process, before any screen of the app was shown.
 *
 * ```
 * class MyApp : Application(), JetbridgeHost {
 *     override val jetbridge by jetbridgeSession()
 * }
 * ```
 */
public interface JetbridgeHost {
    /**
     * The app's one session: [jetbridgeSession], or a lazy [JetbridgeSession.open]; what that throws may be thrown here too.
     * Whoever asks while it is being opened waits; [openSession] does so without holding a thread up.
     */
    public val jetbridge: JetbridgeSession

    /** [jetbridge] for a screen that must not wait with its first frame: suspends until the session is open. */
    public suspend fun openSession(): JetbridgeSession = withContext(Dispatchers.IO) { jetbridge }
}

/**
 * The session for [JetbridgeHost.jetbridge], opened once, by [open]. That begins at once and on a thread of its own, because it
 * loads the native library and reads the configuration, for which the app's first frame should not wait.
 *
 * What [open] throws is thrown at each use, and each use tries again.
 */
public fun Application.jetbridgeSession(open: (Context) -> JetbridgeSession = { JetbridgeSession.open(it) }): Lazy<JetbridgeSession> {
    val session = lazy { open(this) }
    // The Application is being made and has no files yet. What is posted now runs when it has: Android makes it, attaches it and
    // calls its onCreate within one message (BIND_APPLICATION; AOSP, ActivityThread.handleBindApplication).
    Handler(Looper.getMainLooper()).post {
        thread(name = "jetbridge-open") {
            // Whoever uses it is told, and shows it to somebody.
            runCatching { session.value }
        }
    }
    return session
}
