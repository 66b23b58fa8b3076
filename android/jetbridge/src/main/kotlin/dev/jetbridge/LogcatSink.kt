package dev.jetbridge

import android.util.Log

/** The library's log lines in logcat. What reaches it was written to be safe to log. */
internal object LogcatSink : LogSink {
    private const val TAG = "Jetbridge"

    override fun log(
        level: LogLevel,
        target: String,
        text: String,
    ) {
        val priority =
            when (level) {
                LogLevel.ERROR -> Log.ERROR
                LogLevel.WARN -> Log.WARN
                LogLevel.INFO -> Log.INFO
                LogLevel.DEBUG -> Log.DEBUG
                LogLevel.TRACE -> Log.VERBOSE
            }
        Log.println(priority, TAG, "$target: $text")
    }
}
