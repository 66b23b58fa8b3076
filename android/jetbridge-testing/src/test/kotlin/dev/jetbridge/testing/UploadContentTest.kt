package dev.jetbridge.testing

import android.app.Application
import android.content.ContentProvider
import android.content.ContentValues
import android.content.ContextWrapper
import android.net.Uri
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
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.io.ByteArrayInputStream
import java.io.File
import java.io.IOException
import java.io.InputStream

/** What the user has picked, from providers that do as they like. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class UploadContentTest {
    private val app: Application get() = RuntimeEnvironment.getApplication()
    private val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))

    /** Says of its photos that they are photos, and nothing of their size. */
    class Photos : ContentProvider() {
        override fun onCreate() = true

        override fun getType(uri: Uri) = type()

        companion object {
            var type: () -> String? = { "image/webp" }
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

    @After
    fun forgetType() {
        Photos.type = { "image/webp" }
    }

    private fun photo(open: () -> InputStream): Uri {
        Robolectric.setupContentProvider(Photos::class.java, "photos")
        return Uri.parse("content://photos/1").also { shadowOf(app.contentResolver).registerInputStreamSupplier(it, open) }
    }

    private fun copies() = app.cacheDir.list()!!.toList()

    @Test
    fun `what the provider gives is written, with its content type`() =
        runBlocking {
            val uri = photo { ByteArrayInputStream(ByteArray(100_000) { it.toByte() }) }
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
            val uri = photo { ByteArrayInputStream(ByteArray(10)) }
            session.duringTransfer = { awaitCancellation() }
            val upload = async(Dispatchers.IO) { session.uploadContent("photos/1", uri, app) }
            while ("uploadFile" !in session.calls) Thread.sleep(5)
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
            val broken =
                object : InputStream() {
                    override fun read(): Int = throw IOException("EIO")
                }
            for ((open, problem) in listOf<Pair<() -> InputStream, String>>(
                { throw SecurityException("Permission Denial") } to "may not read it any more",
                { broken } to "EIO",
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
    fun `a provider that does not know the type, or makes one up, gives none`() =
        runBlocking {
            val uri = photo { ByteArrayInputStream(ByteArray(10)) }
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
            val uri = photo { ByteArrayInputStream(ByteArray(10)) }
            val full =
                object : ContextWrapper(app) {
                    override fun getCacheDir() = File(super.getCacheDir(), "gone")
                }
            val thrown = runCatching { session.uploadContent("photos/1", uri, full) }.exceptionOrNull()
            assertTrue("$thrown", thrown is JetbridgeException.LocalFile && "gone" in thrown.path)
        }
}
