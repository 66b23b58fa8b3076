package dev.jetbridge

import android.app.Activity
import android.app.Application
import android.os.Bundle

/**
 * Tells when the app comes to the screen and when it leaves it: when the first of its Activities is started, and when the last one
 * is stopped and is not about to be made anew (developer.android.com/guide/components/activities/activity-lifecycle, "onStart()",
 * "onStop()"; of two Activities of one app, the second is started before the first is stopped, "Coordinating activities").
 */
internal class Foreground(
    private val app: Application,
    private val entered: () -> Unit,
    private val left: () -> Unit,
) : Application.ActivityLifecycleCallbacks {
    private val started = HashSet<Activity>()

    init {
        app.registerActivityLifecycleCallbacks(this)
    }

    override fun onActivityStarted(activity: Activity) {
        if (started.isEmpty()) entered()
        started += activity
    }

    override fun onActivityStopped(activity: Activity) {
        started -= activity
        if (started.isEmpty() && !activity.isChangingConfigurations) left()
    }

    /** Looks no longer. */
    fun stop() {
        app.unregisterActivityLifecycleCallbacks(this)
    }

    override fun onActivityCreated(
        activity: Activity,
        savedInstanceState: Bundle?,
    ) = Unit

    override fun onActivityResumed(activity: Activity) = Unit

    override fun onActivityPaused(activity: Activity) = Unit

    override fun onActivitySaveInstanceState(
        activity: Activity,
        outState: Bundle,
    ) = Unit

    override fun onActivityDestroyed(activity: Activity) = Unit
}
