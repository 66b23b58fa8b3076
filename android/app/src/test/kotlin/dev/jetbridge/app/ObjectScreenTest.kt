package dev.jetbridge.app

import androidx.activity.BackEventCompat
import androidx.compose.runtime.mutableStateOf
import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.assert
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.assertIsEnabled
import androidx.compose.ui.test.assertIsNotEnabled
import androidx.compose.ui.test.hasAnyAncestor
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasScrollAction
import androidx.compose.ui.test.hasSetTextAction
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performScrollToKey
import androidx.compose.ui.test.performTextReplacement
import dev.jetbridge.TransferProgress
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.io.File
import java.util.Locale

/** What is done with one object, as far as the screen goes: what it says, what it offers, and what it tells TalkBack. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = android.app.Application::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
open class ObjectScreenTest {
    @get:Rule
    val activity = EmptyActivity()
    private val rule get() = activity.screen

    private val key = Screens.details.key
    private val known = ObjectState(key, FactsState.Known(Screens.details))
    private val refused = Problem("You do not have access to this.", "allow s3:GetObject for the role")

    private val done = mutableListOf<String>()
    private val actions =
        HomeActions(
            objects =
                ObjectActions(
                    open = { done += "open $it" },
                    close = {
                        done += "close"
                        state.value = state.value.copy(opened = null)
                    },
                    lookAgain = { done += "look" },
                    download = { done += "download" },
                    cancelDownload = { done += "cancel" },
                    share = { done += "share" },
                    view = { done += "view" },
                    delete = { done += "delete" },
                ),
            upload =
                UploadActions(
                    pickPhoto = { done += "photo" },
                    pickFile = { done += "file" },
                    rename = { done += "rename $it" },
                    start = { done += "start" },
                    replace = { done += "replace" },
                    chooseAnotherName = { done += "another" },
                    goOn = { done += "go on" },
                    giveUp = { done += "give up" },
                ),
        )
    private val state = mutableStateOf(HomeState())

    private fun show(shown: HomeState) {
        Locale.setDefault(Locale.US)
        done.clear()
        state.value = shown
        activity.show(actions) { state.value }
    }

    private fun change(to: HomeState) {
        rule.runOnUiThread { state.value = to }
        rule.waitForIdle()
    }

    private fun opened(download: DownloadState? = null) =
        Screens.list.copy(opened = known, downloads = listOfNotNull(download).associateBy { key })

    /** Presses the one thing of that name, wherever it is on the screen. */
    private fun press(text: String) {
        val button = hasText(text) and hasClickAction()
        val scrolls = hasAnyAncestor(SemanticsMatcher("scrolls") { SemanticsActions.ScrollBy in it.config })
        if (rule.onAllNodes(button and scrolls).fetchSemanticsNodes().isNotEmpty()) rule.onNode(button).performScrollTo()
        rule.onNode(button).performClick()
        rule.waitForIdle()
    }

    private fun readAloud(): List<String> =
        rule
            .onAllNodes(SemanticsMatcher("is read aloud") { SemanticsProperties.LiveRegion in it.config })
            .fetchSemanticsNodes()
            .flatMap { node ->
                val spoken = node.config.getOrElse(SemanticsProperties.ContentDescription) { emptyList() }
                spoken.ifEmpty { node.config.getOrElse(SemanticsProperties.Text) { emptyList() }.map { it.text } }
            }

    @Test
    fun `a row opens its object, and says so`() {
        show(Screens.list)
        rule.onNodeWithTag("home").performScrollToKey("object $key")
        val row = rule.onNodeWithContentDescription("$key,", substring = true)
        row.assert(SemanticsMatcher("says what a tap does") { it.config[SemanticsActions.OnClick].label == "show details" })
        row.performClick()
        assertEquals(listOf("open $key"), done)
    }

    @Test
    fun `all that S3 says is there, and can be selected`() {
        show(opened())
        for (text in listOf(
            key,
            "19 kB (18,902 bytes)",
            "text/csv; charset=utf-8",
            "\"9b2cf535f27731c974343645a3985328\"",
            "STANDARD_IA",
            "Checksum (CRC64NVME)",
            "0QFbzv7OFLs=",
            "Metadata: department",
            "Harbour",
        )) {
            rule.onNode(hasText(text)).performScrollTo().assertIsDisplayed()
        }
        rule.onNodeWithText("Content encoding").assertDoesNotExist()
    }

    @Test
    fun `what cannot be seen in a key is spelled out`() {
        show(Screens.list.copy(opened = ObjectState(" a/b\u202Egpj.exe\n\u200B ")))
        rule.onNodeWithText("\\u0020a/b\\u202Egpj.exe\\u000A\\u200B\\u0020").assertIsDisplayed()
    }

    @Test
    fun `back closes the details, and the list is where it was`() {
        val many = List(60) { ObjectRow("object $it", 1, null) }
        show(Screens.list.copy(listing = ListingState.Rows(many)))
        rule.onNodeWithTag("home").performScrollToKey("object object 40")
        change(state.value.copy(opened = known))
        rule.onNodeWithTag("home").assertDoesNotExist()
        rule.runOnUiThread { rule.activity.onBackPressedDispatcher.onBackPressed() }
        rule.waitForIdle()
        assertEquals(listOf("close"), done)
        rule.onNodeWithContentDescription("object 40,", substring = true).assertIsDisplayed()
    }

    @Test
    fun `a finger that draws the details aside sees the list behind, and may change its mind`() {
        show(opened())
        val back = rule.activity.onBackPressedDispatcher

        fun event(progress: Float) = BackEventCompat(0f, 0f, progress, BackEventCompat.EDGE_LEFT)
        rule.runOnUiThread { back.dispatchOnBackStarted(event(0f)) }
        rule.runOnUiThread { back.dispatchOnBackProgressed(event(0.4f)) }
        rule.waitForIdle()
        rule.onNodeWithTag("home").assertExists()
        rule.onNodeWithTag("details").assertExists()
        rule.runOnUiThread { back.dispatchOnBackCancelled() }
        rule.waitForIdle()
        rule.onNodeWithTag("home").assertDoesNotExist()
        assertEquals(emptyList<String>(), done)
    }

    @Test
    fun `what the role forbids is explained, to the user and for the administrator`() {
        show(Screens.list.copy(opened = ObjectState(key, FactsState.Failed(refused))))
        rule.onNodeWithText("You do not have access to this.").assertIsDisplayed()
        rule.onNodeWithText("For your administrator: allow s3:GetObject for the role").performScrollTo().assertIsDisplayed()
        press("Try again")
        press("Download")
        assertEquals(listOf("look", "download"), done)
    }

    @Test
    fun `a download from its button to the other app`() {
        show(opened())
        press("Download 19 kB")
        change(opened(DownloadState.UnderWay()))
        press("Cancel")
        change(opened(DownloadState.UnderWay(TransferProgress(7_900, 18_902, 4_096))))
        rule.onNodeWithText("7.9 kB of 19 kB · 42%").performScrollTo().assertIsDisplayed()
        rule.onNodeWithText("4.1 kB were there from before.").assertExists()
        rule
            .onNode(SemanticsMatcher("progress") { SemanticsProperties.ProgressBarRangeInfo in it.config })
            .assert(SemanticsMatcher("42 %") { it.config[SemanticsProperties.ProgressBarRangeInfo].current > 0.41f })
        change(opened(DownloadState.Failed(Problem("Check your connection."))))
        press("Try again")
        change(opened(DownloadState.Done(SharedFile(File("x"), "text/csv"))))
        press("Share")
        press("Open")
        press("Download again")
        assertEquals(listOf("download", "cancel", "download", "share", "view", "download"), done)
    }

    @Test
    fun `TalkBack hears quarters of a transfer, and how it ended`() {
        show(opened(DownloadState.UnderWay()))
        assertEquals(listOf("Downloading"), readAloud())
        val heard =
            (0L..100L).map {
                change(opened(DownloadState.UnderWay(TransferProgress(it, 100))))
                readAloud().single()
            }
        assertEquals(
            listOf("Downloading, 0%", "Downloading, 25%", "Downloading, 50%", "Downloading, 75%", "Downloading, 100%"),
            heard.distinct(),
        )
        change(opened(DownloadState.Done(SharedFile(File("x"), "text/csv"))))
        assertEquals(listOf("Downloaded"), readAloud())
        change(opened(DownloadState.Failed(refused)))
        assertEquals(listOf("The download did not finish", "You do not have access to this."), readAloud())
    }

    @Test
    fun `deleting is confirmed, by name`() {
        show(opened())
        rule.onNodeWithContentDescription("Delete this object").performClick()
        rule.waitForIdle()
        rule.onNode(hasText("$key will be deleted from the bucket, for everybody who uses it. This cannot be undone.")).assertIsDisplayed()
        press("Cancel")
        assertEquals(emptyList<String>(), done)
        rule.onNodeWithContentDescription("Delete this object").performClick()
        rule.waitForIdle()
        press("Delete")
        assertEquals(listOf("delete"), done)
        change(state.value.copy(opened = known.copy(isDeleting = true)))
        rule.onNodeWithContentDescription("Delete this object").assertIsNotEnabled()
        assertTrue("Deleting…" in readAloud())
        change(state.value.copy(opened = known.copy(undeleted = refused)))
        assertTrue("It was not deleted" in readAloud())
    }

    @Test
    fun `two places to upload from`() {
        show(Screens.list)
        for ((name, what) in listOf("Photo or video" to "photo", "File" to "file")) {
            rule.onNodeWithContentDescription("Upload").performClick()
            rule.waitForIdle()
            press(name)
            assertEquals(what, done.last())
        }
        change(Screens.list.copy(upload = UploadState.Reading()))
        rule.onNodeWithContentDescription("Upload").assertIsNotEnabled()
    }

    @Test
    fun `the key is shown before anything is sent, and can be changed`() {
        val picked = PickedFile(File("x"), "me.jpg", "image/jpeg")
        show(Screens.list.copy(upload = UploadState.Naming(picked, "photos/me.jpg", 2_000)))
        rule.onNodeWithText("me.jpg, 2.0 kB").assertIsDisplayed()
        rule.onNode(hasText("photos/me.jpg") and hasSetTextAction()).performTextReplacement("photos/you.jpg")
        assertEquals(listOf("rename photos/you.jpg"), done)
        press("Upload")
        assertEquals("start", done.last())
        for (wrong in listOf("", " ", "photos/", "é".repeat(513))) {
            change(Screens.list.copy(upload = UploadState.Naming(picked, wrong, 2_000)))
            rule.onNode(hasText("Upload") and hasClickAction()).assertIsNotEnabled()
        }
        change(Screens.list.copy(upload = UploadState.Naming(picked, "é".repeat(512), 2_000)))
        rule.onNode(hasText("Upload") and hasClickAction()).assertIsEnabled()
        press("Cancel")
        assertEquals("give up", done.last())
    }

    @Test
    fun `one that is there is replaced only when the user says so`() {
        show(Screens.list.copy(upload = UploadState.Taken(key)))
        rule.onNodeWithText("There is an object $key already. What it holds now would be gone.").assertIsDisplayed()
        press("Another name")
        press("Replace")
        assertEquals(listOf("another", "replace"), done)
    }

    @Test
    fun `an upload goes on above the list, and tells how it ended`() {
        show(Screens.list.copy(upload = UploadState.Reading()))
        assertTrue("Reading what you picked…" in readAloud())
        change(Screens.list.copy(upload = UploadState.UnderWay(key, TransferProgress(1_000, 4_000))))
        assertTrue("Uploading, 25%" in readAloud())
        press("Cancel")
        change(Screens.list.copy(upload = UploadState.Failed(key, refused)))
        assertTrue("The upload did not finish" in readAloud())
        press("Try again")
        press("Discard")
        assertEquals(listOf("give up", "go on", "give up"), done)
        change(Screens.list.copy(upload = UploadState.Interrupted(key, 2_000)))
        assertTrue("This upload is not finished" in readAloud())
        rule.onNodeWithText("$key, 2.0 kB").assertIsDisplayed()
        press("Go on")
        press("Discard")
        assertEquals(listOf("go on", "give up"), done.takeLast(2))
        change(Screens.list.copy(news = "$key was uploaded."))
        assertTrue("$key was uploaded." in readAloud())
        rule.onNode(hasScrollAction() and hasContentDescription("home")).assertDoesNotExist()
    }

    @Test
    fun `nothing of it is there when nobody is signed in`() {
        show(opened().copy(account = AccountState.SignedOut(), news = "x was deleted.", upload = UploadState.Taken(key)))
        rule.onNodeWithTag("details").assertDoesNotExist()
        rule.onNodeWithText("x was deleted.").assertDoesNotExist()
        rule.onNodeWithText("Replace").assertDoesNotExist()
    }
}

/** Twice the size, as far as Android's settings go. */
@Config(fontScale = 2f)
class ObjectScreenLargeFontTest : ObjectScreenTest()
