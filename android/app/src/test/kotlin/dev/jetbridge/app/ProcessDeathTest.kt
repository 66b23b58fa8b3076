package dev.jetbridge.app

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.provider.MediaStore
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.performClick
import androidx.lifecycle.ViewModelProvider
import dev.jetbridge.SessionState
import dev.jetbridge.testing.FakeJetbridgeSession
import dev.jetbridge.testing.FakeJetbridgeSession.Companion.ALICE
import dev.jetbridge.testing.await
import kotlinx.coroutines.CompletableDeferred
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowActivity.IntentForResult

/** What Android does to the Activity behind a picker or another app: it is turned, or its process dies. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ProcessDeathTest {
    @get:Rule
    val screen = createEmptyComposeRule()

    private val session = FakeJetbridgeSession(SessionState.SignedIn(ALICE), bucket = "holiday-pictures")
    private lateinit var controller: ActivityController<MainActivity>

    @Before
    fun begin() {
        controller = start(null)
    }

    private fun start(kept: Bundle?): ActivityController<MainActivity> {
        Phone.forgetFolders()
        (RuntimeEnvironment.getApplication() as TestApp).opening = { session }
        val new = Robolectric.buildActivity(MainActivity::class.java)
        if (kept == null) new.setup() else new.setup(kept)
        return new
    }

    private val model get() = ViewModelProvider(controller.get())[MainViewModel::class.java]

    private fun awaitThat(
        what: String,
        holds: (HomeState) -> Boolean,
    ) {
        await(what) { holds(model.state.value) }
        screen.waitForIdle()
    }

    /** As Android does it: what the Activity has saved comes to one of another process. */
    private fun die() {
        val kept = Bundle()
        controller.pause().stop().saveInstanceState(kept)
        controller.destroy()
        controller = start(kept)
    }

    private fun ask(place: String): IntentForResult {
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        screen.onNodeWithContentDescription("Upload").performClick()
        screen.waitForIdle()
        screen.onNode(hasText(place) and hasClickAction()).performClick()
        screen.waitForIdle()
        return shadowOf(controller.get()).nextStartedActivityForResult
    }

    private fun answer(
        asked: IntentForResult,
        result: Int,
        data: Intent?,
    ) = controller.get().activityResultRegistry.dispatchResult(asked.requestCode, result, data)

    @Test
    fun `the picker's answer comes to a process that did not ask`() {
        for ((place, action) in listOf("Photo or video" to MediaStore.ACTION_PICK_IMAGES, "File" to Intent.ACTION_OPEN_DOCUMENT)) {
            val asked = ask(place)
            assertEquals(action, asked.intent.action)
            die()
            answer(asked, Activity.RESULT_OK, Intent().setData(Pictures.install().add("me.jpg", ByteArray(9))))
            awaitThat("its name") { it.upload is UploadState.Naming }
            die()
            awaitThat("its name, still") { (it.upload as? UploadState.Naming)?.key == "me.jpg" }
            screen.onNode(hasText("Cancel") and hasClickAction()).performClick()
            awaitThat("nothing") { it.upload == null }
        }
    }

    @Test
    fun `whoever picks nothing uploads nothing`() {
        answer(ask("File"), Activity.RESULT_CANCELED, null)
        screen.waitForIdle()
        assertNull(model.state.value.upload)
    }

    @Test
    fun `the details are open again, and a download goes on while the screen is turned`() {
        session.addObject("a.txt", ByteArray(4_000))
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        model.open("a.txt")
        awaitThat("the details") { it.opened?.facts is FactsState.Known }
        die()
        awaitThat("the details, again") { it.opened?.facts is FactsState.Known }
        val released = CompletableDeferred<Unit>()
        session.duringTransfer = { if (it.done >= 2_000) released.await() }
        screen.onNode(hasText("Download", substring = true) and hasClickAction()).performClick()
        awaitThat("half of it") { (it.downloads["a.txt"] as? DownloadState.UnderWay)?.progress?.done == 2_000L }
        controller.recreate()
        awaitThat("half of it, still") { (it.downloads["a.txt"] as? DownloadState.UnderWay)?.progress?.done == 2_000L }
        released.complete(Unit)
        awaitThat("all of it") { it.downloads["a.txt"] is DownloadState.Done }
        assertEquals(1, session.calls.count { it == "downloadObject" })
        screen.onNode(hasText("Open") and hasClickAction()).performClick()
        assertEquals(Intent.ACTION_VIEW, shadowOf(controller.get()).nextStartedActivity.action)
    }

    @Test
    fun `without an app for the file, the screen says so`() {
        session.addObject("a.txt", ByteArray(4))
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        model.open("a.txt")
        awaitThat("the details") { it.opened?.facts is FactsState.Known }
        model.download()
        awaitThat("all of it") { it.downloads["a.txt"] is DownloadState.Done }
        shadowOf(RuntimeEnvironment.getApplication()).checkActivities(true)
        screen.onNode(hasText("Open") and hasClickAction()).performClick()
        awaitThat("a notice") { it.notice == "No app on this device opens such files. Share it with another one." }
    }
}
