package dev.jetbridge.app

import android.content.ClipboardManager
import android.content.Context
import android.content.Intent
import android.os.Bundle
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.lifecycle.ViewModelProvider
import dev.jetbridge.DiagnosisLink
import dev.jetbridge.DiagnosisMark
import dev.jetbridge.JetbridgeException
import dev.jetbridge.RemoteService
import dev.jetbridge.SessionState
import dev.jetbridge.testing.FakeJetbridgeSession
import dev.jetbridge.testing.FakeJetbridgeSession.Companion.ALICE
import dev.jetbridge.testing.await
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation
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

/** "What is wrong?": from an error to the answer, and back; with a session that finds what the test says. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class DiagnosisTest {
    @get:Rule
    val screen = createEmptyComposeRule()

    private val session = FakeJetbridgeSession(SessionState.SignedIn(ALICE))
    private val broken =
        FakeJetbridgeSession.finding(
            DiagnosisLink.ROLE,
            DiagnosisMark.BROKEN,
            "the role trusts another identity pool",
            "AssumeRolePolicyDocument",
            "Put this statement into the role's trust policy.",
            "{ \"Effect\": \"Allow\" }",
        )
    private lateinit var controller: ActivityController<MainActivity>

    @Before
    fun begin() {
        start(null)
    }

    private fun start(kept: Bundle?) {
        Phone.forgetFolders()
        (RuntimeEnvironment.getApplication() as TestApp).opening = { session }
        controller = Robolectric.buildActivity(MainActivity::class.java)
        if (kept == null) controller.setup() else controller.setup(kept)
    }

    private val model get() = ViewModelProvider(controller.get())[MainViewModel::class.java]

    private fun awaitThat(
        what: String,
        holds: (HomeState) -> Boolean,
    ) {
        await(what) { holds(model.state.value) }
        screen.waitForIdle()
    }

    private fun press(text: String) {
        screen.onNode(hasText(text) and hasClickAction()).performScrollTo().performClick()
        screen.waitForIdle()
    }

    private fun failToList() {
        session.failure = JetbridgeException.AccessDenied(RemoteService.S3, "AccessDenied")
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        model.list()
        awaitThat("an error") { it.listing is ListingState.Failed }
    }

    @Test
    fun `an error leads to the link that is broken, its fix, and a text for a ticket`() {
        val found = CompletableDeferred<Unit>()
        session.diagnosis = {
            found.await()
            FakeJetbridgeSession.report(broken)
        }
        failToList()
        press("What is wrong?")
        screen.onNodeWithText("Looking at everything", substring = true).assertIsDisplayed()
        found.complete(Unit)
        awaitThat("an answer") { it.diagnosis is DiagnosisState.Known }
        for (said in listOf("This does not work: ", broken.detail, broken.setting!!, broken.fix!!, broken.paste!!)) {
            screen.onNodeWithText(said, substring = true).performScrollTo().assertIsDisplayed()
        }
        // What TalkBack reads of three links: one before, the broken one, one after.
        for ((title, mark) in listOf("pool" to "Works", "role" to "Broken", "tags" to "Not reached")) {
            screen.onNode(hasText(title) and hasContentDescription(mark)).assertExists()
        }

        val clipboard = controller.get().getSystemService(Context.CLIPBOARD_SERVICE) as ClipboardManager

        fun copied() =
            clipboard.primaryClip!!
                .getItemAt(0)
                .text
                .toString()
        press("Copy this text")
        assertEquals(broken.paste, copied())
        press("Copy report")
        assertEquals(FakeJetbridgeSession.report(broken).text, copied())
        press("Share")
        val sent = shadowOf(controller.get()).nextStartedActivity
        val inside = sent.getParcelableExtra(Intent.EXTRA_INTENT, Intent::class.java)!!
        assertEquals(Intent.ACTION_SEND, inside.action)
        assertEquals(FakeJetbridgeSession.report(broken).text, inside.getStringExtra(Intent.EXTRA_TEXT))

        session.diagnosis = { FakeJetbridgeSession.report() }
        press("Look again")
        awaitThat("another answer") { (it.diagnosis as? DiagnosisState.Known)?.report == FakeJetbridgeSession.report() }
        screen.onNodeWithText("Everything works.").assertExists()
        screen.onNodeWithContentDescription("Back").performClick()
        awaitThat("the list's error again") { it.diagnosis == null }
        screen.onNodeWithText("The list could not be loaded").assertExists()
    }

    @Test
    fun `whoever leaves ends the walk`() {
        val ended = CompletableDeferred<Unit>()
        session.diagnosis = {
            try {
                awaitCancellation()
            } finally {
                ended.complete(Unit)
            }
        }
        failToList()
        press("What is wrong?")
        awaitThat("the walk") { "diagnose" in session.calls }
        controller.get().onBackPressedDispatcher.onBackPressed()
        screen.waitForIdle()
        awaitThat("no walk") { it.diagnosis == null && ended.isCompleted }
        screen.onNodeWithText("The list could not be loaded").assertExists()
    }

    @Test
    fun `a turned screen walks no second time, and a new process walks anew`() {
        session.diagnosis = { FakeJetbridgeSession.report(broken) }
        failToList()
        press("What is wrong?")
        awaitThat("an answer") { it.diagnosis is DiagnosisState.Known }
        controller.recreate()
        screen.waitForIdle()
        screen.onNodeWithText(broken.detail).performScrollTo().assertIsDisplayed()
        assertEquals(1, session.calls.count { it == "diagnose" })

        val kept = Bundle()
        controller.pause().stop().saveInstanceState(kept)
        controller.destroy()
        // The store is read first: without that nobody would be known to be signed in.
        session.show(SessionState.NotLoaded)
        start(kept)
        awaitThat("the screen again") { it.diagnosis is DiagnosisState.Walking }
        assertEquals(1, session.calls.count { it == "diagnose" })
        session.show(SessionState.SignedIn(ALICE))
        awaitThat("an answer again") { it.diagnosis is DiagnosisState.Known }
        model.closeDiagnosis()
        awaitThat("nothing") { it.diagnosis == null }

        val closed = Bundle()
        controller.pause().stop().saveInstanceState(closed)
        controller.destroy()
        start(closed)
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        assertNull(model.state.value.diagnosis)
    }

    @Test
    fun `a session that was closed is told, and the screen does not wait for ever`() {
        session.diagnosis = { throw JetbridgeException.Internal("the session is closed") }
        failToList()
        press("What is wrong?")
        awaitThat("a notice") { it.diagnosis == null && it.notice != null }
    }
}
