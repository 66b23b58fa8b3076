package dev.jetbridge.app

import android.content.pm.ActivityInfo
import android.graphics.Insets
import android.view.WindowInsets
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.compose.runtime.key
import androidx.compose.runtime.mutableIntStateOf
import androidx.compose.ui.test.junit4.v2.createAndroidComposeRule
import org.junit.rules.ExternalResource
import org.junit.rules.RuleChain
import org.junit.rules.TestRule
import org.junit.runner.Description
import org.junit.runners.model.Statement
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import java.util.TimeZone

/** The app's screen without the app's Activity, which brings a session with it: any state can be shown. */
class EmptyActivity : TestRule {
    /** What is on the screen. */
    val screen = createAndroidComposeRule<ComponentActivity>()

    private val declared =
        object : ExternalResource() {
            override fun before() {
                TimeZone.setDefault(TimeZone.getTimeZone("UTC"))
                val app = RuntimeEnvironment.getApplication()
                val activity =
                    ActivityInfo().apply {
                        name = ComponentActivity::class.java.name
                        packageName = app.packageName
                        theme = R.style.Theme_JetbridgeDemo
                    }
                shadowOf(app.packageManager).addOrUpdateActivity(activity)
            }
        }

    override fun apply(
        test: Statement,
        description: Description,
    ): Statement = RuleChain.outerRule(declared).around(screen).apply(test, description)

    private val times = mutableIntStateOf(0)

    /** Shows [state], anew each time: nothing is scrolled or remembered. */
    fun show(
        actions: HomeActions = HomeActions(),
        state: () -> HomeState,
    ) {
        times.intValue++
        screen.runOnUiThread {
            screen.activity.enableEdgeToEdge()
            screen.activity.setContent { JetbridgeTheme { key(times.intValue) { HomeScreen(state(), actions) } } }
        }
        screen.waitForIdle()
    }

    /** What a device tells the window about bars, camera and keyboard, in dp. */
    fun insets(
        top: Int = 0,
        bottom: Int = 0,
        cutoutAtLeft: Int = 0,
        keyboard: Int = 0,
    ) {
        val density = screen.activity.resources.displayMetrics.density

        fun px(dp: Int) = (dp * density).toInt()
        val insets =
            WindowInsets
                .Builder()
                .setInsets(WindowInsets.Type.statusBars(), Insets.of(0, px(top), 0, 0))
                .setInsets(WindowInsets.Type.navigationBars(), Insets.of(0, 0, 0, px(bottom)))
                .setInsets(WindowInsets.Type.displayCutout(), Insets.of(px(cutoutAtLeft), 0, 0, 0))
                .setInsets(WindowInsets.Type.ime(), Insets.of(0, 0, 0, px(keyboard)))
                .setVisible(WindowInsets.Type.ime(), keyboard > 0)
                .build()
        screen.runOnUiThread {
            screen.activity.window.decorView
                .dispatchApplyWindowInsets(insets)
        }
        screen.waitForIdle()
    }
}
