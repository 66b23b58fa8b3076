package dev.jetbridge

import android.content.ComponentName
import android.content.Intent
import android.content.IntentFilter
import android.content.pm.ActivityInfo
import android.content.pm.ApplicationInfo
import android.util.Log
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowLog

/** A launch mode that costs users their sign-in is told to the app's developers, and to nobody else. */
class LauncherAdviceTest : SignInScenario() {
    private val warnings get() = ShadowLog.getLogsForTag("Jetbridge").filter { "launchMode" in it.msg }

    private fun launcher(
        mode: Int,
        isDebuggable: Boolean = true,
    ) {
        val screen =
            ActivityInfo().apply {
                packageName = host.packageName
                name = "org.example.Main"
                launchMode = mode
            }
        val packages = shadowOf(host.packageManager)
        packages.addOrUpdateActivity(screen)
        val launcher = IntentFilter(Intent.ACTION_MAIN).apply { addCategory(Intent.CATEGORY_LAUNCHER) }
        packages.addIntentFilterForActivity(ComponentName(screen.packageName, screen.name), launcher)
        val flag = ApplicationInfo.FLAG_DEBUGGABLE
        host.applicationInfo.flags = host.applicationInfo.flags.let { if (isDebuggable) it or flag else it and flag.inv() }
    }

    @Test
    fun `a launcher that clears what is above it is told once`() {
        launcher(ActivityInfo.LAUNCH_SINGLE_TASK)
        repeat(2) {
            val controller = start()
            open(controller)
            controller.pause().stop().destroy()
        }
        val warning = warnings.single()
        assertEquals(Log.WARN, warning.type)
        assertTrue(warning.msg, "org.example.Main" in warning.msg && "singleTask" in warning.msg && "singleTop" in warning.msg)
    }

    @Test
    fun `a launcher of another kind is nothing to tell`() {
        launcher(ActivityInfo.LAUNCH_SINGLE_TOP)
        start()
        assertTrue(warnings.isEmpty())
    }

    @Test
    fun `users of a release are told nothing`() {
        launcher(ActivityInfo.LAUNCH_SINGLE_INSTANCE, isDebuggable = false)
        start()
        assertTrue(warnings.isEmpty())
    }
}
