package dev.jetbridge.app

import android.net.Uri
import androidx.lifecycle.SavedStateHandle
import androidx.lifecycle.ViewModelStore
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeUser
import dev.jetbridge.Leftovers
import dev.jetbridge.RemoteService
import dev.jetbridge.SessionState
import dev.jetbridge.SignInReason
import dev.jetbridge.SignOutMode
import dev.jetbridge.testing.FakeJetbridgeSession
import dev.jetbridge.testing.FakeJetbridgeSession.Companion.ALICE
import dev.jetbridge.testing.await
import kotlinx.coroutines.CompletableDeferred
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.io.File

/** What the model does with single objects: each transfer can be held half-way, fail, be cancelled, and lose its process. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class)
// As the others: Robolectric has a class loader for each mode, and the native library is loaded by one only.
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ObjectModelTest {
    private val app = RuntimeEnvironment.getApplication() as TestApp
    private val session = FakeJetbridgeSession(SessionState.SignedIn(ALICE), bucket = "holiday-pictures")
    private val pictures = Pictures.install()
    private var saved = SavedStateHandle()
    private var screens = ViewModelStore()
    private var model = newModel()

    private val now get() = model.state.value
    private val body = ByteArray(4_000) { it.toByte() }

    private fun newModel(): MainViewModel {
        app.opening = { session }
        return MainViewModel(app, saved).also { screens.put("model", it) }
    }

    @After
    fun leave() = screens.clear()

    /** A new process with what Android has kept of the old one; [state] is what the session finds in its store. */
    private fun die(state: SessionState = session.state.value) {
        val kept = saved.keys().associateWith { saved.get<Any>(it) }
        // Its coroutines end with it, and nobody cleans up.
        screens.clear()
        screens = ViewModelStore()
        session.duringTransfer = {}
        session.show(state)
        saved = SavedStateHandle(kept)
        model = newModel()
    }

    private fun awaitThat(
        what: String,
        holds: (HomeState) -> Boolean,
    ) = await(what) { holds(now) }

    private fun open(key: String) {
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        model.open(key)
    }

    private fun openKnown(key: String = "reports/summary.csv") {
        session.addObject(key, body)
        open(key)
        awaitThat("the details") { it.opened?.facts is FactsState.Known }
    }

    private fun hold(): CompletableDeferred<Unit> {
        val released = CompletableDeferred<Unit>()
        session.duringTransfer = { if (it.done >= 2_000) released.await() }
        return released
    }

    private fun download(key: String = "reports/summary.csv") = now.downloads[key]

    private fun awaitHalf() = awaitThat("half of it") { (download() as? DownloadState.UnderWay)?.progress?.done == 2_000L }

    private inline fun <reified D : DownloadState> awaitDownload(): D {
        awaitThat(D::class.java.simpleName) { download() is D }
        return download() as D
    }

    private inline fun <reified U : UploadState> awaitUpload(): U {
        awaitThat(U::class.java.simpleName) { it.upload is U }
        return now.upload as U
    }

    private fun files(folder: File) = folder.walk().filter(File::isFile).toList()

    private val downloads get() = files(File(app.cacheDir, "shared"))
    private val copies get() = files(File(app.noBackupFilesDir, "uploads"))
    private val begun get() = files(File(app.noBackupFilesDir, "begun-uploads"))

    private val denied =
        JetbridgeException.AccessDenied(RemoteService.S3, "AccessDenied", "4DBK2M6N", "allow s3:GetObject for the role")

    @Test
    fun `a tap shows what S3 knows`() {
        openKnown()
        assertEquals(4_000uL, (now.opened!!.facts as FactsState.Known).details.size)
        model.close()
        assertNull(now.opened)
    }

    @Test
    fun `what the role forbids is explained, and can be tried again`() {
        session.addObject("a", body)
        session.failure = denied
        open("a")
        awaitThat("why") { it.opened?.facts is FactsState.Failed }
        val problem = (now.opened!!.facts as FactsState.Failed).problem
        assertTrue("4DBK2M6N" in problem.text)
        assertEquals("allow s3:GetObject for the role", problem.forAdministrator)
        assertTrue(problem.canRetry)
        session.failure = null
        model.lookAgain()
        awaitThat("the details") { it.opened?.facts is FactsState.Known }
    }

    @Test
    fun `an object that is gone leads back to a fresh list`() {
        session.addObject("b", body)
        open("a")
        awaitThat("the list") { it.opened == null && it.listing is ListingState.Rows }
        assertEquals(listOf("b"), (now.listing as ListingState.Rows).rows.map { it.key })
        assertEquals("a is not there any more. The list is fresh.", now.news)
    }

    @Test
    fun `a download says how far it is, goes on behind the list, and ends as a file`() {
        openKnown()
        val released = hold()
        model.download()
        awaitHalf()
        model.close()
        model.open("reports/summary.csv")
        awaitThat("the details") { it.opened?.facts is FactsState.Known }
        assertTrue(download() is DownloadState.UnderWay)
        released.complete(Unit)
        val done = awaitDownload<DownloadState.Done>()
        assertEquals("summary.csv", done.shared.file.name)
        assertEquals(MIME_OF_CSV, done.shared.type)
        assertArrayEquals(body, done.shared.file.readBytes())
        assertEquals(done.shared, model.shared())
    }

    @Test
    fun `a second tap on a download begins no second one`() {
        openKnown()
        val released = hold()
        model.download()
        awaitHalf()
        model.download()
        released.complete(Unit)
        awaitDownload<DownloadState.Done>()
        assertEquals(1, session.calls.count { it == "downloadObject" })
    }

    @Test
    fun `a cancelled download is over, and can begin again`() {
        openKnown()
        val released = hold()
        model.download()
        awaitHalf()
        model.cancelDownload()
        assertNull(download())
        released.complete(Unit)
        await("nothing comes of it") { downloads.isEmpty() }
        assertNull(download())
        model.download()
        awaitDownload<DownloadState.Done>()
    }

    @Test
    fun `a download that breaks off says why, and goes on with another try`() {
        openKnown()
        session.duringTransfer = { if (it.done >= 2_000) throw JetbridgeException.Retryable("cut") }
        model.download()
        val failed = awaitDownload<DownloadState.Failed>()
        assertEquals("The service cannot be reached right now. Check your connection and try again.", failed.problem.text)
        session.duringTransfer = {}
        model.download()
        awaitDownload<DownloadState.Done>()
        assertEquals("for the same file, or there is nothing to go on with", 1, downloads.size)
    }

    @Test
    fun `what does not fit is not begun`() {
        session.content = listOf(FakeJetbridgeSession.listed("reports/summary.csv", size = 1L shl 60))
        open("reports/summary.csv")
        awaitThat("the details") { it.opened?.facts is FactsState.Known }
        model.download()
        assertTrue("There is not enough room" in awaitDownload<DownloadState.Failed>().problem.text)
        assertFalse("downloadObject" in session.calls)
    }

    @Test
    fun `a file that cannot be written is told`() {
        openKnown()
        File(app.cacheDir, "shared").apply { deleteRecursively() }.writeText("in the way")
        model.download()
        assertTrue("summary.csv cannot be used" in awaitDownload<DownloadState.Failed>().problem.text)
    }

    @Test
    fun `a file that Android has cleared away is not lent`() {
        openKnown()
        model.download()
        awaitDownload<DownloadState.Done>().shared.file.delete()
        assertNull(model.shared())
        assertNull(download())
        assertEquals("Android has cleared the downloaded file to make room. Download it again.", now.notice)
    }

    @Test
    fun `deleting refreshes the list and leaves nothing on the device`() {
        openKnown()
        model.download()
        awaitDownload<DownloadState.Done>()
        model.delete()
        awaitThat("the list") { it.opened == null && it.listing is ListingState.Rows }
        assertEquals(emptyList<ObjectRow>(), (now.listing as ListingState.Rows).rows)
        assertEquals("reports/summary.csv was deleted.", now.news)
        assertEquals(emptyList<File>(), downloads)
        model.dismissNews()
        assertNull(now.news)
    }

    @Test
    fun `a refused deletion says why, and changes nothing`() {
        openKnown()
        session.failure = denied
        model.delete()
        awaitThat("why") { it.opened?.undeleted != null }
        assertFalse(now.opened!!.isDeleting)
        assertEquals("allow s3:GetObject for the role", now.opened!!.undeleted!!.forAdministrator)
        assertEquals(1, session.content.size)
    }

    @Test
    fun `signing out ends downloads and deletes them`() {
        openKnown("other")
        model.download()
        awaitThat("one") { it.downloads["other"] is DownloadState.Done }
        model.close()
        openKnown()
        hold()
        model.download()
        awaitHalf()
        model.signOut(SignOutMode.LOCAL)
        awaitThat("nothing") { it.opened == null && it.downloads.isEmpty() }
        await("no files") { downloads.isEmpty() }
    }

    @Test
    fun `another user finds nothing of the last one`() {
        openKnown()
        model.download()
        awaitDownload<DownloadState.Done>()
        model.list()
        awaitThat("rows") { it.listing is ListingState.Rows }
        session.finishSignIn(BOB)
        awaitThat("nothing") { it.opened == null && it.downloads.isEmpty() && it.listing is ListingState.NotAsked }
        await("no files") { downloads.isEmpty() }
    }

    @Test
    fun `the object is open again after the death of the process, for the same user`() {
        openKnown()
        die()
        awaitThat("the details") { it.opened?.facts is FactsState.Known }
        assertEquals("reports/summary.csv", now.opened!!.key)
        die(SessionState.SignInRequired(SignInReason.NoRefreshToken, null))
        awaitThat("signed out") { it.account is AccountState.SignedOut }
        assertNull(now.opened)
        session.finishSignIn()
        awaitThat("open, after proof") { it.opened?.key == "reports/summary.csv" }
        die(SessionState.SignedIn(BOB))
        awaitThat("bob") { (it.account as? AccountState.SignedIn)?.name == "Bob" }
        assertNull(now.opened)
    }

    private fun take(
        name: String? = "me.jpg",
        type: String? = "image/jpeg",
    ): UploadState.Naming {
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        model.take(pictures.add(name, body, type))
        return awaitUpload()
    }

    @Test
    fun `what was picked gets the folder that is shown, and any other name that the user likes`() {
        session.addObject("users/1/a.txt", body)
        session.addObject("users/1/b/c.txt", body)
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        model.list()
        awaitThat("rows") { it.listing is ListingState.Rows }
        val naming = take()
        assertEquals("users/1/me.jpg", naming.key)
        assertEquals(4_000L, naming.size)
        model.rename("users/1/you.jpg")
        model.upload(replaces = false)
        awaitThat("the list") { it.news != null && (it.listing as? ListingState.Rows)?.rows?.size == 3 }
        assertEquals("users/1/you.jpg was uploaded.", now.news)
        assertEquals(listOf("users/1/a.txt", "users/1/b/c.txt", "users/1/you.jpg"), session.content.map { it.key })
        assertNull(now.upload)
        await("no copy stays") { copies.isEmpty() }
        open("users/1/you.jpg")
        awaitThat("the details") { it.opened?.facts is FactsState.Known }
        assertEquals("image/jpeg", (now.opened!!.facts as FactsState.Known).details.headers.contentType)
    }

    @Test
    fun `what has no name gets one, and a name of another app is no path`() {
        assertEquals("upload.jpg", take(name = null).key)
        assertEquals("upload", take(name = null, type = null).key)
        assertEquals("passwd", take(name = "../../etc/passwd").key)
    }

    @Test
    fun `one that is there is not replaced unasked`() {
        session.addObject("me.jpg", "before".toByteArray())
        take()
        model.upload(replaces = false)
        assertEquals("me.jpg", awaitUpload<UploadState.Taken>().key)
        assertEquals(6uL, session.content.single().size)
        model.chooseAnotherName()
        assertEquals("me.jpg", awaitUpload<UploadState.Naming>().key)
        model.upload(replaces = false)
        awaitUpload<UploadState.Taken>()
        model.upload(replaces = true)
        awaitThat("uploaded") { it.news != null }
        assertEquals(4_000uL, session.content.single().size)
    }

    @Test
    fun `an upload that is given up leaves nothing, here or there`() {
        take()
        val released = hold()
        model.upload(replaces = false)
        awaitThat("half of it") { (it.upload as? UploadState.UnderWay)?.progress?.done == 2_000L }
        model.giveUpUpload()
        assertNull(now.upload)
        released.complete(Unit)
        await("no copy") { copies.isEmpty() }
        assertEquals(0, session.content.size)
        assertNull(now.upload)
    }

    @Test
    fun `an upload that fails says why, and another try needs no second picking`() {
        take()
        session.failure = denied
        model.upload(replaces = false)
        assertEquals("allow s3:GetObject for the role", awaitUpload<UploadState.Failed>().problem.forAdministrator)
        session.failure = null
        model.upload(replaces = false)
        awaitThat("uploaded") { it.news != null }
    }

    @Test
    fun `what was picked is there after the death of the process, by its name, and what was not is not`() {
        take()
        model.rename("you.jpg")
        die()
        assertEquals("you.jpg", awaitUpload<UploadState.Naming>().key)
        saved = SavedStateHandle()
        die()
        await("a copy that nobody knows of goes") { copies.isEmpty() }
        assertNull(now.upload)
    }

    /** Half of what was picked is in the bucket, under [key]. */
    private fun sendHalf(
        key: String,
        replaces: Boolean = false,
    ) {
        take()
        model.rename(key)
        hold()
        model.upload(replaces)
        awaitThat("half of it") { (it.upload as? UploadState.UnderWay)?.progress?.done == 2_000L }
    }

    /** As [die], and the parts that were sent are in the bucket. */
    private fun dieHalfWay(key: String) {
        session.unfinished = mapOf(key to copies.single())
        die()
    }

    @Test
    fun `what the process died of goes on when the user says so, and under the conditions that they chose`() {
        session.addObject("me.jpg", "before".toByteArray())
        sendHalf("me.jpg", replaces = true)
        dieHalfWay("me.jpg")
        assertEquals(UploadState.Interrupted("me.jpg", 4_000), awaitUpload<UploadState.Interrupted>())
        assertEquals("nothing goes by itself", 1, session.calls.count { it == "uploadFile" })
        model.goOnUploading()
        awaitThat("uploaded") { it.news != null }
        assertEquals(4_000uL, session.content.single().size)
        assertEquals(emptyMap<String, File>(), session.unfinished)
        die()
        await("nothing is left to be shown") { begun.isEmpty() && copies.isEmpty() }
        assertNull(now.upload)
    }

    @Test
    fun `what was begun is found by an app that was swiped away, and what is discarded leaves nothing in the bucket`() {
        sendHalf("you.jpg")
        saved = SavedStateHandle()
        dieHalfWay("you.jpg")
        assertEquals("you.jpg", awaitUpload<UploadState.Interrupted>().key)
        model.giveUpUpload()
        assertNull(now.upload)
        await("nothing is left") { session.unfinished.isEmpty() && begun.isEmpty() && copies.isEmpty() }
        assertNull(now.notice)
        assertEquals(emptyList<String>(), session.content.map { it.key })
    }

    @Test
    fun `what cannot be given up without a network is, when the app is opened again`() {
        sendHalf("you.jpg")
        dieHalfWay("you.jpg")
        awaitUpload<UploadState.Interrupted>()
        session.failure = JetbridgeException.Retryable("no network")
        model.giveUpUpload()
        awaitThat("why") { it.notice != null }
        assertTrue(now.notice!!, "What was sent of" in now.notice!! && "Check your connection" in now.notice!!)
        assertEquals(emptyList<File>(), copies)
        session.failure = null
        assertEquals(setOf("you.jpg"), session.unfinished.keys)
        die()
        await("nothing is left") { session.unfinished.isEmpty() && begun.isEmpty() }
        assertNull(now.upload)
        assertNull(now.notice)
    }

    @Test
    fun `an upload that failed and gets another name leaves nothing under the first one`() {
        take()
        session.duringTransfer = { if (it.done >= 2_000) throw JetbridgeException.Retryable("cut") }
        model.upload(replaces = false)
        awaitUpload<UploadState.Failed>()
        assertEquals(setOf("me.jpg"), session.unfinished.keys)
        model.rename("you.jpg")
        session.duringTransfer = {}
        model.upload(replaces = false)
        awaitThat("uploaded") { it.news != null }
        await("nothing is left") { session.unfinished.isEmpty() && begun.isEmpty() }
        assertEquals(listOf("you.jpg"), session.content.map { it.key })
    }

    @Test
    fun `whoever signs out takes along what they had begun, while they still may`() {
        sendHalf("you.jpg")
        dieHalfWay("you.jpg")
        awaitUpload<UploadState.Interrupted>()
        model.signOut(SignOutMode.LOCAL)
        awaitThat("signed out") { it.account is AccountState.SignedOut && it.upload == null }
        assertTrue("${session.calls}", session.calls.indexOf("abortUpload") in 0..<session.calls.indexOf("signOut LOCAL"))
        assertEquals(emptyMap<String, File>(), session.unfinished)
        await("no copies") { copies.isEmpty() && begun.isEmpty() }
    }

    @Test
    fun `nobody goes on with another user's upload, and it is given up when its own user is back`() {
        sendHalf("you.jpg")
        dieHalfWay("you.jpg")
        awaitUpload<UploadState.Interrupted>()
        session.finishSignIn(BOB)
        awaitThat("bob") { (it.account as? AccountState.SignedIn)?.name == "Bob" && it.upload == null }
        await("no copies") { copies.isEmpty() }
        assertEquals("not with Bob's keys", 0, session.calls.count { it == "abortUpload" })
        assertEquals(1, begun.size)
        session.finishSignIn(ALICE)
        await("nothing is left") { session.unfinished.isEmpty() && begun.isEmpty() }
        assertNull(now.upload)
    }

    @Test
    fun `an upload that is stopped in its last moment may be there, which is told`() {
        sendHalf("you.jpg")
        session.left = Leftovers(mayBeWritten = true)
        model.giveUpUpload()
        awaitThat("a notice") { it.notice != null }
        assertTrue(now.notice!!, "you.jpg" in now.notice!! && "may be in the bucket all the same" in now.notice!!)
        awaitThat("a fresh list") { it.listing is ListingState.Rows }
    }

    @Test
    fun `what cannot be read is told`() {
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        val uri = pictures.add("me.jpg", body)
        for (refusal in listOf(SecurityException("the permission has ended"), NullPointerException("a bug"))) {
            pictures.whenOpened = { throw refusal }
            model.take(uri)
            assertNull(awaitUpload<UploadState.Failed>().key)
            assertEquals(emptyList<File>(), copies)
            model.giveUpUpload()
            assertNull(now.upload)
        }
    }

    @Test
    fun `another app cannot name a file of ours`() {
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        val secret = File(app.filesDir, "secret").apply { writeText("secret") }
        model.take(Uri.fromFile(secret))
        awaitUpload<UploadState.Failed>()
        assertEquals(emptyList<File>(), copies)
    }

    @Test
    fun `an upload waits for a session that has to be proved again`() {
        take()
        hold()
        model.upload(replaces = false)
        awaitThat("half of it") { (it.upload as? UploadState.UnderWay)?.progress?.done == 2_000L }
        session.show(SessionState.SignInRequired(SignInReason.NoRefreshToken, null))
        awaitUpload<UploadState.Interrupted>()
        session.duringTransfer = {}
        session.finishSignIn()
        awaitThat("signed in") { it.account is AccountState.SignedIn }
        model.goOnUploading()
        awaitThat("uploaded") { it.news != null }
    }

    private companion object {
        /** Android's own, frameworks/base/mime/java-res/android.mime.types. */
        const val MIME_OF_CSV = "text/comma-separated-values"

        val BOB = JetbridgeUser("00u2bob", "bob@example.com", "Bob", "bob@example.com", "Bob")
    }
}
