package dev.jetbridge.app

import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import dev.jetbridge.app.Phone.Companion.forgetFolders
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.io.File

/** What other apps are given: one file, for reading; and that they can reach nothing else. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class SharedFilesTest {
    private val app = RuntimeEnvironment.getApplication().also { forgetFolders() }
    private val shared = shared("summary.csv", "a,b")

    private fun shared(
        name: String,
        text: String,
    ) = SharedFile(File(app.cacheDir, "shared/1/$name").apply { parentFile!!.mkdirs() }.apply { writeText(text) }, "text/csv")

    private fun read(uri: Uri) = app.contentResolver.openInputStream(uri)!!.use { it.readBytes().decodeToString() }

    @Test
    fun `it is the app's own provider, closed to whoever was given nothing`() {
        val info = app.packageManager.resolveContentProvider(app.packageName + ".shared", PackageManager.GET_META_DATA)!!
        assertEquals(SharedFiles::class.java.name, info.name)
        assertFalse(info.exported)
        assertTrue(info.grantUriPermissions)
    }

    @Test
    fun `a download has an address, by which it is read`() {
        assertEquals("a,b", read(SharedFiles.uri(app, shared)))
        val awkward = shared(LocalFiles.safeName("a/b\u202Egpj.exe #?%2F..\n"), "x")
        assertEquals("x", read(SharedFiles.uri(app, awkward)))
    }

    @Test
    fun `no other file has one`() {
        for (file in listOf(
            File(app.cacheDir, "other"),
            File(app.cacheDir, "shared/../other"),
            File(app.cacheDir, "shared-too/x"),
            File(app.filesDir, "x"),
            File(app.noBackupFilesDir, "uploads/1/content"),
            File(app.dataDir, "shared_prefs/x.xml"),
            File("/etc/hosts"),
        )) {
            assertThrows(file.path, IllegalArgumentException::class.java) { SharedFiles.uri(app, SharedFile(file, "text/plain")) }
        }
    }

    @Test
    fun `an address that another app makes up leads nowhere`() {
        File(app.cacheDir, "other").writeText("secret")
        File(app.filesDir, "secret").writeText("secret")
        val base = SharedFiles.uri(app, shared).toString().substringBefore("/1/")
        assertEquals("a,b", read(Uri.parse("$base/1/summary.csv")))
        for (path in listOf("../other", "..%2Fother", "1/..%2F..%2Fother", "..%2F..%2Ffiles%2Fsecret", "%2Fetc%2Fhosts")) {
            val thrown = assertThrows(path, Exception::class.java) { read(Uri.parse("$base/$path")) }
            assertFalse(path, "secret" in thrown.message.orEmpty())
        }
    }

    private fun assertLends(
        intent: Intent,
        uri: Uri,
    ) {
        assertTrue("for reading", intent.flags and Intent.FLAG_GRANT_READ_URI_PERMISSION != 0)
        assertEquals("and nothing more", 0, intent.flags and Intent.FLAG_GRANT_WRITE_URI_PERMISSION)
        assertEquals(0, intent.flags and Intent.FLAG_GRANT_PERSISTABLE_URI_PERMISSION)
        // Grants are for what is the Intent's data or in its clip data (Intent.FLAG_GRANT_READ_URI_PERMISSION), not for extras.
        assertTrue(intent.data == uri || intent.clipData!!.getItemAt(0).uri == uri)
    }

    @Test
    fun `sharing asks for an app, and lends it the file`() {
        val uri = SharedFiles.uri(app, shared)
        val chooser = SharedFiles.share(app, shared)
        assertEquals(Intent.ACTION_CHOOSER, chooser.action)
        @Suppress("DEPRECATION")
        val send = chooser.getParcelableExtra<Intent>(Intent.EXTRA_INTENT)!!
        assertEquals(Intent.ACTION_SEND, send.action)
        assertEquals("text/csv", send.type)
        @Suppress("DEPRECATION")
        assertEquals(uri, send.getParcelableExtra(Intent.EXTRA_STREAM))
        assertLends(send, uri)
        assertLends(chooser, uri)
    }

    @Test
    fun `opening lends it, too`() {
        val uri = SharedFiles.uri(app, shared)
        val view = SharedFiles.view(app, shared)
        assertEquals(Intent.ACTION_VIEW, view.action)
        assertEquals("text/csv", view.type)
        assertLends(view, uri)
    }

    @Test
    fun `files get names that are good on every device`() {
        val names =
            mapOf(
                "reports/2026/summary.csv" to "summary.csv",
                "photos/" to "photos",
                "" to "object",
                "/" to "object",
                ".." to "object",
                "a/.." to "object",
                "a/.hidden" to "hidden",
                "a\\b:c*d?.txt" to "a_b_c_d_.txt",
                "a/b\u202Egpj.exe\n" to "b_gpj.exe_",
                "Straße 日本.pdf" to "Straße 日本.pdf",
                "no ending" to "no ending",
                "x." to "x",
            )
        for ((key, name) in names) assertEquals(key, name, LocalFiles.safeName(key))
        val long = LocalFiles.safeName("a/" + "😀".repeat(300) + ".jpeg")
        assertTrue(long, long.endsWith("😀.jpeg"))
        assertTrue(long.toByteArray().size in 110..120)
        assertEquals(120, LocalFiles.safeName("x".repeat(1_024)).length)
    }

    @Test
    fun `a type is the object's own if it is one, else that of the name`() {
        for ((said, type) in listOf(
            "image/PNG" to "image/png",
            "text/plain; charset=utf-8" to "text/plain",
            "application/octet-stream" to "application/pdf",
            "*/*" to "application/pdf",
            "image/*" to "application/pdf",
            "a b/c" to "application/pdf",
            "" to "application/pdf",
            null to "application/pdf",
        )) {
            assertEquals(type, LocalFiles.mimeType(said, "summary.PDF"))
        }
        assertEquals("application/octet-stream", LocalFiles.mimeType(null, "object"))
    }
}
