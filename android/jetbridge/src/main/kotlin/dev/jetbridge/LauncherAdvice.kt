package dev.jetbridge

import android.content.Context
import android.content.Intent
import android.content.pm.ActivityInfo
import android.content.pm.ApplicationInfo
import android.util.Log

/**
 * Tells the developers of an app, in logcat and in debuggable builds only, what no failure would tell them: that a user who goes
 * home during a sign-in and comes back by the app's icon finds the browser's page gone.
 *
 * The launcher starts the app's first screen by its Intent. Where that screen's launch mode is one of [CLEARING], Android
 * finishes everything above it in the task, which is where the browser's tab is (AOSP, ActivityStarter.complyActivityFlags; seen
 * with another library in microsoft-authentication-library-for-android#2582).
 */
internal object LauncherAdvice {
    private const val TAG = "Jetbridge"

    /** `singleInstancePerTask` is there from Android 12 on; an older device has none. */
    private const val LAUNCH_SINGLE_INSTANCE_PER_TASK = 4
    private val CLEARING =
        mapOf(
            ActivityInfo.LAUNCH_SINGLE_TASK to "singleTask",
            ActivityInfo.LAUNCH_SINGLE_INSTANCE to "singleInstance",
            LAUNCH_SINGLE_INSTANCE_PER_TASK to "singleInstancePerTask",
        )

    /** Looks at the app's launchers; costs a question to the system, so once is enough. */
    fun tell(context: Context) {
        if (context.applicationInfo.flags and ApplicationInfo.FLAG_DEBUGGABLE == 0) return
        val launcher = Intent(Intent.ACTION_MAIN).addCategory(Intent.CATEGORY_LAUNCHER).setPackage(context.packageName)
        for (found in context.packageManager.queryIntentActivities(launcher, 0)) {
            val mode = CLEARING[found.activityInfo.launchMode] ?: continue
            Log.w(
                TAG,
                "${found.activityInfo.name} has android:launchMode=\"$mode\": a user who comes back to a sign-in by the app's icon " +
                    "loses the browser's page. Use singleTop (docs/android.md, \"When something is odd\").",
            )
        }
    }
}
