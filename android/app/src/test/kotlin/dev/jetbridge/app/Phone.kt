package dev.jetbridge.app

import android.app.Activity
import android.content.Intent
import android.net.Uri
import android.os.Looper
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.compose.ui.test.onAllNodesWithText
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollToNode
import androidx.core.content.FileProvider
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.ViewModelProvider
import androidx.test.core.app.ActivityScenario
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.RedirectActivity
import dev.jetbridge.SignInActivity
import dev.jetbridge.testing.Stack
import org.junit.rules.RuleChain
import org.junit.rules.TestRule
import org.junit.runner.Description
import org.junit.runners.model.Statement
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

/** The whole app with the real Rust library, on a phone of its own: what a person does with it, and what Android does. */
class Phone : TestRule {
    /** Okta, Cognito and S3. */
    val stack = Stack()

    /** What the person sees. */
    val screen = createEmptyComposeRule()

    /** The app's one object. */
    val app get() = RuntimeEnvironment.getApplication() as TestApp

    private lateinit var scenario: ActivityScenario<MainActivity>

    override fun apply(
        test: Statement,
        description: Description,
    ): Statement {
        val inApp =
            object : Statement() {
                override fun evaluate() {
                    open()
                    try {
                        test.evaluate()
                    } finally {
                        scenario.close()
                        app.restartProcess()
                    }
                }
            }
        return RuleChain.outerRule(stack).around(screen).apply(inApp, description)
    }

    private fun open() {
        forgetFolders()
        scenario = ActivityScenario.launch(MainActivity::class.java)
    }

    /** Ends the process and starts the app anew, as after an update. */
    fun restart() {
        scenario.close()
        app.restartProcess()
        open()
    }

    /** As [restart], with a build of the app that opens its session so. */
    fun startWith(opening: (TestApp) -> JetbridgeSession) {
        app.opening = opening
        restart()
    }

    fun turn() {
        scenario.recreate()
    }

    /** To the home screen: the Activity is stopped. */
    fun leave() {
        scenario.moveToState(Lifecycle.State.CREATED)
        screen.waitForIdle()
    }

    fun comeBack() {
        scenario.moveToState(Lifecycle.State.RESUMED)
    }

    /** What the model has for the screen, whether or not somebody looks. */
    fun shown(): HomeState {
        lateinit var state: HomeState
        scenario.onActivity { state = ViewModelProvider(it)[MainViewModel::class.java].state.value }
        return state
    }

    /** The next screen of another app that the app has started. */
    fun startedByApp(): Intent {
        var started: Intent? = null
        scenario.onActivity { started = shadowOf(it).nextStartedActivity }
        return checkNotNull(started)
    }

    /** The person picks something of another app. */
    fun pick(uri: Uri) =
        scenario.onActivity {
            val asked = shadowOf(it).nextStartedActivityForResult
            shadowOf(it).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
        }

    fun picture(name: String) {
        scenario.onActivity { Screenshots.take(it, name) }
    }

    fun waitFor(
        what: String,
        condition: () -> Boolean,
    ) = screen.waitUntil(what, 60_000) {
        // Rust answers on threads of its own; Compose's waiting lets only Compose's part of the main looper run.
        shadowOf(Looper.getMainLooper()).idle()
        condition()
    }

    fun waitForText(text: String) = waitFor(text) { screen.onAllNodesWithText(text).fetchSemanticsNodes().isNotEmpty() }

    /** Scrolls to a button of the list if need be, and presses it. */
    fun press(text: String) {
        screen.onNodeWithTag("home").performScrollToNode(hasText(text))
        screen.onNodeWithText(text).performClick()
    }

    /** Robolectric keeps one list of what was started for all Activities; others than the one waited for are passed over. */
    private fun started(
        what: String,
        isIt: (Intent) -> Boolean,
    ): Intent {
        var found: Intent? = null
        waitFor(what) {
            val next = shadowOf(app).nextStartedActivity
            if (next != null && isIt(next)) found = next
            found != null
        }
        return found!!
    }

    fun pressLogin(): ActivityController<SignInActivity> {
        waitForText("Okta Login")
        press("Okta Login")
        val intent = started("the library's Activity") { it.component?.className == SignInActivity::class.java.name }
        return Robolectric.buildActivity(SignInActivity::class.java, intent).setup()
    }

    fun browserUrl(controller: ActivityController<SignInActivity>): String {
        val page = started("the browser") { it.action == Intent.ACTION_VIEW }
        controller.pause().stop()
        return page.dataString!!
    }

    /** What Android hands to the library for an address that the browser, or any app, wants to go to. */
    fun redirect(uri: String): Intent {
        val caught = Robolectric.buildActivity(RedirectActivity::class.java, Intent(Intent.ACTION_VIEW, Uri.parse(uri))).create()
        return shadowOf(caught.get()).nextStartedActivity
    }

    fun signIn() {
        val controller = pressLogin()
        val url = browserUrl(controller)
        controller.newIntent(redirect(stack.signIn(url)))
        waitForText(ALICE)
    }

    fun listObjects() {
        press("AWS SDK Call")
        waitForText(HEADING)
    }

    companion object {
        const val ALICE = "Alice Archer"
        const val HEADING = "Objects in jetbridge-demo"

        /**
         * FileProvider keeps an app's folders for as long as its class is there (`sCache`, androidx.core 1.19.1): with a device
         * that is the process, here it is all tests, each of which has folders of its own.
         */
        fun forgetFolders() {
            val cache =
                FileProvider::class.java
                    .getDeclaredField("sCache")
                    .apply { isAccessible = true }
                    .get(null)
            (cache as MutableMap<*, *>).clear()
        }
    }
}
