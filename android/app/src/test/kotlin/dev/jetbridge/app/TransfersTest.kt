package dev.jetbridge.app

import android.content.Intent
import android.net.Uri
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performScrollToNode
import androidx.compose.ui.test.performTextReplacement
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TestRule
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import kotlin.random.Random

/** Single objects in the whole app, with the real Rust library and the strict local stack. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class TransfersTest {
    private val phone = Phone()
    private val stack = phone.stack
    private val screen = phone.screen

    @get:Rule
    val rule: TestRule = phone

    private fun pick(uri: Uri) {
        screen.onNodeWithContentDescription("Upload").performClick()
        screen.waitForIdle()
        screen.onNode(hasText("File") and hasClickAction()).performClick()
        phone.pick(uri)
        phone.waitForText("Upload to the bucket")
    }

    private fun confirm(button: String) {
        screen.onNode(hasText(button) and hasClickAction()).performClick()
        screen.waitForIdle()
    }

    private fun open(key: String) {
        screen.onNodeWithTag("home").performScrollToNode(hasContentDescription("$key,", substring = true))
        screen.onNodeWithContentDescription("$key,", substring = true).performClick()
        screen.waitForIdle()
    }

    @Test
    fun `a photo goes up, is listed, looked at, comes down the same, and is deleted`() {
        val body = Random(7).nextBytes(1_000_000)
        phone.signIn()
        phone.listObjects()
        pick(Pictures.install().add("me at the harbour.jpg", body))
        screen.onNodeWithTag("key").performTextReplacement(KEY)
        confirm("Upload")
        phone.waitForText("$KEY was uploaded.")
        assertEquals(1, stack.count("PutObject"))

        phone.waitFor("the new row") { phone.shown().rows().any { it.key == KEY } }
        open(KEY)
        phone.waitForText("Download 1.0 MB")
        screen.onNodeWithText("image/jpeg").performScrollTo().assertIsDisplayed()
        screen.onNode(hasText("Checksum", substring = true)).performScrollTo().assertIsDisplayed()
        phone.turn()
        screen.onNodeWithText("Download 1.0 MB").performScrollTo().performClick()
        phone.waitForText("Downloaded")
        phone.picture("real-downloaded-light")
        screen.onNodeWithText("Share").performScrollTo().performClick()
        val send = phone.startedByApp()
        assertEquals(Intent.ACTION_CHOOSER, send.action)
        val lent =
            phone.app.contentResolver
                .openInputStream(send.clipData!!.getItemAt(0).uri)!!
                .use { it.readBytes() }
        assertArrayEquals(body, lent)

        screen.onNodeWithContentDescription("Delete this object").performClick()
        screen.waitForIdle()
        confirm("Delete")
        phone.waitForText("$KEY was deleted.")
        phone.waitFor("no such row") { phone.shown().rows().let { rows -> rows.isNotEmpty() && rows.none { it.key == KEY } } }
        assertEquals(1, stack.count("DeleteObject"))
    }

    private fun HomeState.rows() = (listing as? ListingState.Rows)?.takeUnless { it.isRefreshing }?.rows.orEmpty()

    @Test
    fun `what is there is replaced only when the user says so`() {
        phone.signIn()
        phone.listObjects()
        pick(Pictures.install().add("readme.txt", "mine".toByteArray(), "text/plain"))
        screen.onNodeWithTag("key").performTextReplacement("readme.txt")
        confirm("Upload")
        phone.waitForText("Replace it?")
        confirm("Replace")
        phone.waitForText("readme.txt was uploaded.")
        open("readme.txt")
        phone.waitForText("Download 4 B")
    }

    @Test
    fun `a refusal of S3 says who can change it, and another try works`() {
        phone.signIn()
        phone.listObjects()
        // A refused HEAD has no words with it, so the library asks once more in another way.
        stack.local.injectFault("s3-access-denied", UInt.MAX_VALUE)
        open("readme.txt")
        phone.waitForText("The details could not be loaded")
        screen.onNode(hasText("Ask your administrator", substring = true)).assertIsDisplayed()
        screen.onNode(hasText("For your administrator:", substring = true)).assertIsDisplayed()
        stack.local.injectFault("s3-access-denied", 0u)
        screen.onNodeWithText("Try again").performClick()
        phone.waitForText("Size")
    }

    private companion object {
        const val KEY = "photos/me at the harbour.jpg"
    }
}
