package dev.jetbridge.testing

import android.app.Application
import android.content.ContentProvider
import android.content.ContentValues
import android.content.ContextWrapper
import android.content.res.AssetFileDescriptor
import android.net.Uri
import android.os.ParcelFileDescriptor
import dev.jetbridge.JetbridgeException
import dev.jetbridge.ObjectHeaders
import dev.jetbridge.SessionState
import dev.jetbridge.uploadContent
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException

/** What the user has picked, from providers that do as they like. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class UploadContentTest {
    private val app: Application get() = RuntimeEnvironment.getApplication()
    private val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))

    /**
     * A provider as an app may have one itself: asked in the same process, where whatever it throws comes through, and only what it
     * answers a picker. Of AOSP 15, whose classes Robolectric runs: ContentResolver.openTypedAssetFileDescriptor asks openTypedAssetFile,
     * which asks openAssetFile, which asks openFile and declares no length (android.content.ContentProvider).
     */
    class Photos : ContentProvider() {
        override fun onCreate() = true

        override fun getType(uri: Uri) = type()

        override fun openAssetFile(
            uri: Uri,
            mode: String,
        ): AssetFileDescriptor? {
            assertEquals("r", mode)
            return open()
        }

        companion object {
            var type: () -> String? = { "image/webp" }
            var open: () -> AssetFileDescriptor? = { null }
        }

        override fun query(
            uri: Uri,
            projection: Array<String>?,
            selection: String?,
            selectionArgs: Array<String>?,
            sortOrder: String?,
        ) = null

        override fun insert(
            uri: Uri,
            values: ContentValues?,
        ) = null

        override fun delete(
            uri: Uri,
            selection: String?,
            selectionArgs: Array<String>?,
        ) = 0

        override fun update(
            uri: Uri,
            values: ContentValues?,
            selection: String?,
            selectionArgs: Array<String>?,
        ) = 0
    }

    /**
     * The reading end of a pipe of ParcelFileDescriptor.createReliablePipe whose writer has called closeWithError, or died: "Remote side
     * is dead" (AOSP 15, android.os.ParcelFileDescriptor, `checkError`). Robolectric's pipes are files, and know no errors
     * (shadows-framework 4.17, ShadowParcelFileDescriptor.createReliablePipe).
     */
    private class DeadWriter(
        open: ParcelFileDescriptor,
    ) : ParcelFileDescriptor(open) {
        override fun canDetectErrors() = true

        override fun checkError() = throw IOException("Remote side is dead")
    }

    @After
    fun forget() {
        Photos.type = { "image/webp" }
        Photos.open = { null }
    }

    private fun descriptor(body: ByteArray): ParcelFileDescriptor {
        val file = File.createTempFile("photo", "").apply { writeBytes(body) }
        return ParcelFileDescriptor.open(file, ParcelFileDescriptor.MODE_READ_ONLY)
    }

    /** As `openFile` gives one: [length] is declared by those only that know it. */
    private fun content(
        body: ByteArray,
        length: Long = AssetFileDescriptor.UNKNOWN_LENGTH,
    ) = AssetFileDescriptor(descriptor(body), 0, length)

    private fun photo(open: () -> AssetFileDescriptor?): Uri {
        Robolectric.setupContentProvider(Photos::class.java, "photos")
        Photos.open = open
        return Uri.parse("content://photos/1")
    }

    private fun copies() = app.cacheDir.list()!!.toList()

    @Test
    fun `what the provider gives is written, with its content type`() =
        runBlocking {
            val uri = photo { content(ByteArray(100_000) { it.toByte() }) }
            val told = mutableListOf<Float?>()
            session.uploadContent("photos/1", uri, app) { told += it.fraction }
            assertEquals("image/webp", session.headObject("photos/1").headers.contentType)
            assertTrue(ByteArray(100_000) { it.toByte() } contentEquals session.getObject("photos/1"))
            assertEquals(1f, told.last())
            session.uploadContent("photos/1", uri, app, ObjectHeaders(contentType = "image/png", metadata = mapOf("a" to "b")))
            session.headObject("photos/1").headers.run { assertEquals("image/png" to mapOf("a" to "b"), contentType to metadata) }
            assertEquals(emptyList<String>(), copies())
        }

    @Test
    fun `whatever comes of it, no copy stays behind`() =
        runBlocking {
            val uri = photo { content(ByteArray(10)) }
            session.duringTransfer = { awaitCancellation() }
            val upload = async(Dispatchers.IO) { session.uploadContent("photos/1", uri, app) }
            while ("uploadFile" !in session.calls && upload.isActive) Thread.sleep(5)
            assertEquals(1, copies().size)
            upload.cancelAndJoin()
            assertEquals(emptyList<String>(), copies())

            session.failure = JetbridgeException.Retryable("the network is gone")
            assertTrue(runCatching { session.uploadContent("photos/1", uri, app) }.exceptionOrNull() is JetbridgeException.Retryable)
            assertEquals(emptyList<String>(), copies())
            assertEquals(emptyList<String>(), session.content.map { it.key })
        }

    @Test
    fun `a photo that is gone, or was taken back, is a file that cannot be read`() =
        runBlocking {
            for ((open, problem) in listOf<Pair<() -> AssetFileDescriptor?, String>>(
                { throw SecurityException("Permission Denial") } to "may not read it any more",
                { null } to "does not answer",
                { throw FileNotFoundException("it was deleted") } to "it was deleted",
                // What a provider's bug looks like from here (Parcel.readException hands it on to whoever asked, AOSP 15).
                { throw IllegalStateException("not attached") } to "not attached",
                { throw CancellationException("of the provider's own") } to "of the provider's own",
                { throw UnsupportedOperationException() } to "cannot be read",
            )) {
                val thrown = runCatching { session.uploadContent("photos/1", photo(open), app) }.exceptionOrNull()
                assertTrue("$thrown", thrown is JetbridgeException.LocalFile && problem in thrown.problem)
            }
            assertEquals(emptyList<String>(), copies())
        }

    @Test
    fun `what ends in the middle is not taken for the whole`() =
        runBlocking {
            val whole = ByteArray(100_000) { it.toByte() }
            for ((open, problem) in listOf<Pair<() -> AssetFileDescriptor, String>>(
                { AssetFileDescriptor(DeadWriter(descriptor(whole)), 0, AssetFileDescriptor.UNKNOWN_LENGTH) } to "Remote side is dead",
                { content(whole, length = 100_001) } to "ended after 100000 of 100001 bytes",
            )) {
                val thrown = runCatching { session.uploadContent("photos/1", photo(open), app) }.exceptionOrNull()
                assertTrue("$thrown", thrown is JetbridgeException.LocalFile && problem in thrown.problem)
            }
            assertFalse("uploadFile" in session.calls)
            assertEquals(emptyList<String>(), copies())
            session.uploadContent("photos/1", photo { content(whole, length = 100_000) }, app)
            // Part of a file, as of an asset that is not compressed.
            session.uploadContent("photos/2", photo { AssetFileDescriptor(descriptor(whole), 10, 20) }, app)
            assertTrue(whole contentEquals session.getObject("photos/1"))
            assertTrue(whole.copyOfRange(10, 30) contentEquals session.getObject("photos/2"))
        }

    @Test
    fun `a provider that does not know the type, or makes one up, gives none`() =
        runBlocking {
            val uri = photo { content(ByteArray(10)) }
            for (type in listOf<() -> String?>({ null }, { "" }, { "a\r\nX-Amz-Acl: public-read" }, { "photo" })) {
                Photos.type = type
                session.uploadContent("photos/1", uri, app)
                assertEquals(null, session.headObject("photos/1").headers.contentType)
            }
            Photos.type = { error("a bug") }
            val thrown = runCatching { session.uploadContent("photos/1", uri, app) }.exceptionOrNull()
            assertTrue("$thrown", thrown is JetbridgeException.LocalFile)
            assertEquals(emptyList<String>(), copies())
        }

    /** A picker is another app: it has no access to these, and the app that asks it has. */
    @Test
    fun `what a picker answers cannot name files of the app's own`() =
        runBlocking {
            val secret = File(app.filesDir, "secret").apply { writeText("the app's own") }
            val resource = "android.resource://${app.packageName}/raw/secret"
            for (uri in listOf("file://${secret.path}", "FILE://${secret.path}", secret.path, resource).map(Uri::parse)) {
                val thrown = runCatching { session.uploadContent("photos/1", uri, app) }.exceptionOrNull()
                assertTrue("$uri: $thrown", thrown is JetbridgeException.LocalFile && "content:" in thrown.problem)
            }
            assertEquals(emptyList<String>(), session.calls.filter { it == "uploadFile" })
        }

    @Test
    fun `a cache that takes nothing is a file that cannot be written`() =
        runBlocking {
            val uri = photo { content(ByteArray(10)) }
            val full =
                object : ContextWrapper(app) {
                    override fun getCacheDir() = File(super.getCacheDir(), "gone")
                }
            val thrown = runCatching { session.uploadContent("photos/1", uri, full) }.exceptionOrNull()
            assertTrue("$thrown", thrown is JetbridgeException.LocalFile && "gone" in thrown.path)
        }
}
