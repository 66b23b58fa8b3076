package dev.jetbridge

import android.content.Context
import android.net.Uri
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext
import java.io.File
import java.io.IOException
import java.io.InputStream

/**
 * Writes an object from what the user has picked or taken: a `content://` Uri, as `PickVisualMedia`, `GetContent` and
 * `OpenDocument` give it. Needs no permission. Its content type is the one that the Uri's provider says, unless [headers] have one.
 *
 * It is copied into the app's cache first, and removed from there in the end. A Uri of the photo picker is readable only until the
 * process ends, so that an upload of it does not outlive the process; for one that does, copy it to a file of the app's own and use
 * [JetbridgeSession.uploadFile].
 *
 * @param onProgress how far the upload is; the copy before it is not counted
 * @throws JetbridgeException.LocalFile if the Uri cannot be read, or the cache has no room
 * @throws JetbridgeException as [JetbridgeSession.uploadFile]
 */
public suspend fun JetbridgeSession.uploadContent(
    address: ObjectAddress,
    uri: Uri,
    context: Context,
    headers: ObjectHeaders = ObjectHeaders(),
    options: TransferOptions = TransferOptions(),
    conditions: ObjectConditions = ObjectConditions(),
    onProgress: ((TransferProgress) -> Unit)? = null,
): UploadedObject {
    // "By default, the system grants your app access to media files until the device is restarted or until your app stops"
    // (developer.android.com/training/data-storage/shared/photo-picker, "Persist media file access").
    // Why a copy: the parts of an upload are read several at once and again if one fails, for which there has to be a file of a
    // known size. A provider need not know the size (OpenableColumns.SIZE: "null if unknown"), and what it says may not be what is
    // read: a video is transcoded on the way to apps that cannot play it (developer.android.com/media/platform/transcoding).
    val resolver = context.contentResolver
    val copy = withContext(Dispatchers.IO) { File.createTempFile("upload", null, context.cacheDir) }
    try {
        val contentType =
            withContext(Dispatchers.IO) {
                readable(uri) { resolver.openInputStream(uri) ?: throw IOException("its provider does not answer") }
                    .use { content -> readable(uri) { content.copyTo(copy) { ensureActive() } } }
                headers.contentType ?: resolver.getType(uri)
            }
        return uploadFile(address, copy, headers.copy(contentType = contentType), options, conditions, onProgress)
    } finally {
        copy.delete()
    }
}

/** As the other [uploadContent], into the configuration's bucket. */
public suspend fun JetbridgeSession.uploadContent(
    key: String,
    uri: Uri,
    context: Context,
    headers: ObjectHeaders = ObjectHeaders(),
    options: TransferOptions = TransferOptions(),
    conditions: ObjectConditions = ObjectConditions(),
    onProgress: ((TransferProgress) -> Unit)? = null,
): UploadedObject = uploadContent(ObjectAddress(key), uri, context, headers, options, conditions, onProgress)

private inline fun InputStream.copyTo(
    file: File,
    beforeEach: () -> Unit,
) = file.outputStream().use { out ->
    val buffer = ByteArray(DEFAULT_BUFFER_SIZE)
    while (true) {
        beforeEach()
        val read = read(buffer)
        if (read < 0) break
        out.write(buffer, 0, read)
    }
}

/** What a provider throws is its own affair: a photo that is gone, an access that was taken back, a bug. */
private inline fun <T> readable(
    uri: Uri,
    read: () -> T,
): T =
    try {
        read()
    } catch (e: IOException) {
        throw JetbridgeException.LocalFile("$uri", e.message ?: "it cannot be read", e)
    } catch (e: SecurityException) {
        throw JetbridgeException.LocalFile("$uri", "the app may not read it any more", e)
    }
