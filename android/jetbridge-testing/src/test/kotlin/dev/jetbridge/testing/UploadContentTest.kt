package dev.jetbridge.testing

import android.app.Application
import android.content.ContentProvider
import android.content.ContentValues
import android.net.Uri
import dev.jetbridge.JetbridgeException
import dev.jetbridge.ObjectHeaders
import dev.jetbridge.SessionState
import dev.jetbridge.uploadContent
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.runBlocking
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

        override fun getType(uri: Uri) = "image/webp"

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
            )) {
                val thrown = runCatching { session.uploadContent("photos/1", photo(open), app) }.exceptionOrNull()
                assertTrue("$thrown", thrown is JetbridgeException.LocalFile && problem in thrown.problem)
            }
            assertEquals(emptyList<String>(), copies())
        }
}
