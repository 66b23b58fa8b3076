package dev.jetbridge.app

import android.os.Looper
import androidx.lifecycle.SavedStateHandle
import androidx.lifecycle.ViewModelStore
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.JetbridgeUser
import dev.jetbridge.ListingRequest
import dev.jetbridge.ObjectAddress
import dev.jetbridge.ObjectConditions
import dev.jetbridge.ObjectDetails
import dev.jetbridge.ObjectListing
import dev.jetbridge.SessionState
import dev.jetbridge.testing.FakeJetbridgeSession
import dev.jetbridge.testing.FakeJetbridgeSession.Companion.ALICE
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.io.File
import kotlin.concurrent.thread
import kotlin.coroutines.CoroutineContext

/**
 * What overtakes what. One thing runs at a time, in the order that the test says: what would come in the middle of something comes
 * from within it.
 */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class RacesTest {
    private val app = RuntimeEnvironment.getApplication() as TestApp
    private val fake = FakeJetbridgeSession(SessionState.SignedIn(ALICE))
    private val pictures = Pictures.install()
    private val saved = SavedStateHandle()
    private val screens = ViewModelStore()
    private val scope = CoroutineScope(Dispatchers.Main.immediate)
    private val shown = MutableStateFlow(HomeState())
    private val io = Held()
    private val files = LocalFiles(app, io)
    private var listings = 0
    private val body = ByteArray(4_000)
    private val cut = JetbridgeException.Retryable("cut")
    private val gone = JetbridgeException.NotFound("a")

    private val copies get() = File(app.noBackupFilesDir, "uploads").walk().filter(File::isFile).toList()
    private val downloads get() = File(app.cacheDir, "shared").walk().filter(File::isFile).toList()

    /** Threads whose work waits until the test lets it run. */
    private class Held : CoroutineDispatcher() {
        private val waiting = ArrayDeque<Runnable>()

        override fun dispatch(
            context: CoroutineContext,
            block: Runnable,
        ) {
            waiting.addLast(block)
        }

        /** Whether there was something to run. Not on the main thread: who waits there would go on without being dispatched. */
        fun step(): Boolean {
            val next = waiting.removeFirstOrNull() ?: return false
            thread(block = next::run).join()
            return true
        }

        /** Keeps back what waits now, until the result is called: everything else overtakes it. */
        fun keepBack(): () -> Unit {
            val kept = waiting.toList()
            waiting.clear()
            return { waiting.addAll(kept) }
        }
    }

    private fun idle() = shadowOf(Looper.getMainLooper()).idle()

    private fun runAll() {
        do idle() while (io.step())
    }

    private fun upload() = Upload(app, scope, saved, shown, files) { listings++ }

    private fun opened() = OpenedObject(app, scope, saved, shown, files) { listings++ }

    private fun pick() = pictures.add("me.jpg", body)

    private fun begun(): Upload = upload().apply { begin(fake, ALICE.subject) }.also { runAll() }

    private fun assertNamed() {
        assertTrue("${shown.value.upload}", shown.value.upload is UploadState.Naming)
        assertEquals(1, copies.size)
    }

    @After
    fun leave() {
        scope.cancel()
        screens.clear()
    }

    @Test
    fun `what is picked while the app starts outlives the clean-up of the start`() {
        upload().take(pick())
        runAll()
        assertNamed()
    }

    @Test
    fun `what is picked after somebody has signed out outlives the clean-up of the start, too`() {
        val upload = upload()
        io.step()
        idle()
        val startsCleanUp = io.keepBack()
        upload.forget()
        upload.take(pick())
        runAll()
        startsCleanUp()
        runAll()
        assertNamed()
    }

    @Test
    fun `a copy that fails after it was given up says nothing`() {
        val upload = begun()
        pictures.whenOpened = {
            upload.forget()
            throw SecurityException("the permission has ended")
        }
        upload.take(pick())
        runAll()
        assertNull(shown.value.upload)
    }

    @Test
    fun `a copy that is given up in the moment when it is whole does not stay`() {
        val upload = begun()
        upload.take(pick())
        io.step()
        assertEquals(1, copies.size)
        upload.giveUp()
        runAll()
        assertEquals(emptyList<File>(), copies)
    }

    @Test
    fun `an upload that fails after it was given up says nothing`() {
        for (failure in listOf(cut, JetbridgeException.ConditionNotMet("it is there"))) {
            val upload = begun()
            upload.take(pick())
            runAll()
            fake.duringTransfer = {
                upload.giveUp()
                throw failure
            }
            upload.start(replaces = false)
            runAll()
            assertNull(shown.value.upload)
        }
    }

    @Test
    fun `whoever signs out waits for everything that was given up before`() {
        val settled = CompletableDeferred<Unit>()
        val session =
            object : JetbridgeSession by fake {
                override suspend fun settle() = settled.await()
            }
        val upload = upload()
        upload.begin(session, ALICE.subject)
        upload.take(pick())
        runAll()
        fake.duringTransfer = { throw cut }
        upload.start(replaces = false)
        runAll()
        upload.giveUp()
        upload.take(pick())
        runAll()
        assertNamed()
        val signOut = scope.launch { upload.giveUpNow() }
        runAll()
        assertFalse(signOut.isCompleted)
        settled.complete(Unit)
        runAll()
        assertTrue(signOut.isCompleted)
        assertEquals(emptyMap<String, File>(), fake.unfinished)
    }

    @Test
    fun `two uploads never send the same`() {
        val upload = begun()
        upload.take(pick())
        runAll()
        val sent = CompletableDeferred<Unit>()
        fake.duringTransfer = { withContext(NonCancellable) { sent.await() } }
        // Whoever has to sign in once more may be quicker than what that ended, more than once.
        repeat(3) {
            upload.start(replaces = true)
            runAll()
            assertEquals(1, fake.calls.count { it == "uploadFile" })
            upload.end()
            upload.begin(fake, ALICE.subject)
        }
        upload.goOn()
        sent.complete(Unit)
        runAll()
        assertEquals(2, fake.calls.count { it == "uploadFile" })
        assertEquals(listOf("me.jpg"), fake.content.map { it.key })
        assertNull(shown.value.upload)
    }

    private fun openKnown(
        opened: OpenedObject,
        user: JetbridgeUser = ALICE,
        session: JetbridgeSession = fake,
    ) {
        fake.addObject("a", body)
        opened.begin(session, user.subject)
        opened.open("a")
        runAll()
        assertTrue(shown.value.opened?.facts is FactsState.Known)
    }

    @Test
    fun `a download outlives the clean-up of the user before`() {
        val opened = opened()
        opened.begin(fake, ALICE.subject)
        val earlierCleanUp = io.keepBack()
        opened.forget()
        openKnown(opened, BOB)
        opened.download()
        runAll()
        earlierCleanUp()
        runAll()
        assertTrue("${shown.value.downloads}", shown.value.downloads["a"] is DownloadState.Done)
        assertEquals(1, downloads.size)
    }

    @Test
    fun `two downloads never write into one file`() {
        val opened = opened()
        openKnown(opened)
        val written = CompletableDeferred<Unit>()
        fake.duringTransfer = { withContext(NonCancellable) { written.await() } }
        opened.download()
        runAll()
        opened.cancelDownload()
        opened.download()
        runAll()
        // Whoever has to sign in once more may be quicker than what that ended.
        opened.end()
        openKnown(opened)
        opened.download()
        runAll()
        assertEquals(1, fake.calls.count { it == "downloadObject" })
        written.complete(Unit)
        runAll()
        assertEquals(2, fake.calls.count { it == "downloadObject" })
        assertTrue(shown.value.downloads["a"] is DownloadState.Done)
    }

    @Test
    fun `a download that fails after it was cancelled says nothing`() {
        for (failure in listOf(cut, gone)) {
            val opened = opened()
            openKnown(opened)
            fake.duringTransfer = {
                opened.cancelDownload()
                throw failure
            }
            opened.download()
            runAll()
            assertEquals(emptyMap<String, DownloadState>(), shown.value.downloads)
            assertEquals(0, listings)
        }
    }

    @Test
    fun `a look that fails after the user went back says nothing`() {
        val opened = opened()
        val session =
            object : JetbridgeSession by fake {
                override suspend fun headObject(address: ObjectAddress): ObjectDetails {
                    yield()
                    opened.close()
                    throw gone
                }
            }
        opened.begin(session, ALICE.subject)
        opened.open("a")
        runAll()
        assertEquals(0, listings)
        assertNull(shown.value.news)
    }

    @Test
    fun `a deletion closes nothing that is the next user's`() {
        val opened = opened()
        var answered = CompletableDeferred<Unit>()
        val session =
            object : JetbridgeSession by fake {
                override suspend fun deleteObject(
                    address: ObjectAddress,
                    conditions: ObjectConditions,
                ) = answered.await()
            }
        for (answer in listOf<(CompletableDeferred<Unit>) -> Unit>({ it.complete(Unit) }, { it.completeExceptionally(cut) })) {
            answered = CompletableDeferred()
            openKnown(opened, session = session)
            opened.delete()
            opened.forget()
            openKnown(opened, BOB)
            opened.download()
            runAll()
            answer(answered)
            runAll()
            assertEquals("a", shown.value.opened?.key)
            assertNull(shown.value.opened?.undeleted)
            assertTrue(shown.value.downloads["a"] is DownloadState.Done)
            assertNull(shown.value.news)
            assertEquals(0, listings)
            opened.forget()
        }
    }

    private fun model(session: JetbridgeSession): MainViewModel {
        app.opening = { session }
        return MainViewModel(app, saved).also { screens.put("model", it) }
    }

    @Test
    fun `a list that fails after a newer one was asked for says nothing`() {
        lateinit var model: MainViewModel
        var asked = 0
        val session =
            object : JetbridgeSession by fake {
                override fun listing(request: ListingRequest): ObjectListing {
                    val pages = fake.listing(request)
                    if (asked++ > 0) return pages
                    return object : ObjectListing {
                        override suspend fun nextPage(): Nothing {
                            yield()
                            model.list()
                            throw cut
                        }
                    }
                }
            }
        model = model(session)
        idle()
        model.list()
        idle()
        assertTrue("${model.state.value.listing}", model.state.value.listing is ListingState.Rows)
        assertNull(model.state.value.notice)
    }

    @Test
    fun `a walk that fails after the user went back says nothing`() {
        val model = model(fake)
        idle()
        fake.diagnosis = {
            yield()
            model.closeDiagnosis()
            throw cut
        }
        model.diagnose()
        idle()
        assertNull(model.state.value.notice)
    }

    private companion object {
        val BOB = JetbridgeUser("00u2bob", "bob@example.com", "Bob", "bob@example.com", "Bob")
    }
}
