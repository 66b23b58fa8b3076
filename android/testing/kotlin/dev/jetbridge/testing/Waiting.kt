package dev.jetbridge.testing

import android.os.Looper
import org.robolectric.Shadows.shadowOf

/** Rust answers on threads of its own: lets the main looper run until [condition] holds, and fails after a minute. */
fun await(
    what: String,
    condition: () -> Boolean,
) {
    val end = System.nanoTime() + LIMIT_NANOS
    while (true) {
        shadowOf(Looper.getMainLooper()).idle()
        if (condition()) return
        check(System.nanoTime() < end) { "waited in vain for: $what" }
        Thread.sleep(PAUSE_MILLIS)
    }
}

private const val LIMIT_NANOS = 60_000_000_000
private const val PAUSE_MILLIS = 5L
