package dev.jetbridge.app

import android.content.ContentProvider
import android.content.ContentValues
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import java.io.File

/**
 * Another app that has pictures, as the photo picker and the document picker give them: `openFile`, `getType` and the two
 * columns of `OpenableColumns` (developer.android.com/reference/android/provider/OpenableColumns), either of which may be null.
 */
class Pictures : ContentProvider() {
    private class Picture(
        val name: String?,
        val type: String?,
        val file: File,
    )

    private val pictures = mutableMapOf<String, Picture>()

    /** Runs when one is opened, and may throw, such as for a permission that has ended. */
    var whenOpened: () -> Unit = {}

    fun add(
        name: String?,
        body: ByteArray,
        type: String? = "image/jpeg",
    ): Uri {
        val id = "${pictures.size}"
        val file = File(RuntimeEnvironment.getApplication().filesDir, "picture $id").apply { writeBytes(body) }
        pictures[id] = Picture(name, type, file)
        return Uri.parse("content://$AUTHORITY/$id")
    }

    private fun of(uri: Uri) = pictures.getValue(uri.lastPathSegment!!)

    override fun onCreate() = true

    override fun getType(uri: Uri): String? = of(uri).type

    override fun openFile(
        uri: Uri,
        mode: String,
    ): ParcelFileDescriptor {
        whenOpened()
        return ParcelFileDescriptor.open(of(uri).file, ParcelFileDescriptor.MODE_READ_ONLY)
    }

    override fun query(
        uri: Uri,
        projection: Array<out String>?,
        selection: String?,
        selectionArgs: Array<out String>?,
        sortOrder: String?,
    ) = MatrixCursor(arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE)).apply {
        addRow(arrayOf<Any?>(of(uri).name, null))
    }

    override fun insert(
        uri: Uri,
        values: ContentValues?,
    ) = null

    override fun update(
        uri: Uri,
        values: ContentValues?,
        selection: String?,
        selectionArgs: Array<out String>?,
    ) = 0

    override fun delete(
        uri: Uri,
        selection: String?,
        selectionArgs: Array<out String>?,
    ) = 0

    companion object {
        private const val AUTHORITY = "com.example.pictures"

        fun install(): Pictures = Robolectric.buildContentProvider(Pictures::class.java).create(AUTHORITY).get()
    }
}
