package dev.jetbridge

import android.content.ContentResolver
import android.content.Context
import android.content.res.AssetFileDescriptor
import android.net.Uri
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext
import java.io.File
import java.io.IOException
import java.io.InputStream
import java.util.UUID

/**
 * Writes an object from what the user has picked or taken: a `content://` Uri, as `PickVisualMedia`, `GetContent` and
 * `OpenDocument` give it. Needs no permission. Its content type is the one that the Uri's provider says, unless [headers] have one.
 * Any other Uri is refused: a picker is another app, and by `file:` it could name files that only this one can read. The same holds
 * for Uris of this app's own providers, which are read, as a camera's picture is: give none that another app has made up.
 *
 * It is copied into the app's cache first, and removed from there in the end. A Uri of the photo picker is readable only until the
 * process ends, so that an upload of it does not outlive the process; for one that does, copy it to a file of the app's own and use
 * [JetbridgeSession.uploadFile].
 *
 * @param onProgress how far the upload is; the copy before it is not counted
 * @throws JetbridgeException.LocalFile if the Uri is none of a provider or cannot be read, or the cache has no room
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
    if (uri.scheme != ContentResolver.SCHEME_CONTENT) throw JetbridgeException.LocalFile("$uri", "only a content: Uri is read")
    // "By default, the system grants your app access to media files until the device is restarted or until your app stops"
    // (developer.android.com/training/data-storage/shared/photo-picker, "Persist media file access").
    // Why a copy: the parts of an upload are read several at once and again if one fails, for which there has to be a file of a
    // known size. A provider need not know the size (OpenableColumns.SIZE: "null if unknown"), and what it says may not be what is
    // read: a video is transcoded on the way to apps that cannot play it (developer.android.com/media/platform/transcoding).
    val resolver = context.contentResolver
    val copy = withContext(Dispatchers.IO) { File(context.cacheDir, "upload-${UUID.randomUUID()}") }
    try {
        val contentType =
            withContext(Dispatchers.IO) {
                readable(uri) {
                    val content = resolver.openAssetFileDescriptor(uri, "r") ?: throw IOException("its provider does not answer")
                    content.use { it.copyTo(copy) }
                    headers.contentType ?: resolver.getType(uri)?.takeIf(MEDIA_TYPE::matches)
                }
            }
        return uploadFile(address, copy, headers.copy(contentType = contentType), options, conditions, onProgress)
    } finally {
        withContext(NonCancellable + Dispatchers.IO) { copy.delete() }
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

/** "type/subtype" and what may follow (RFC 9110, section 8.3.1). A provider is another app, and what it says becomes a header. */
private val MEDIA_TYPE = Regex("[!-~]+/[ -~]+")

/**
 * All of it, or an [IOException]. A pipe whose writer dies ends like one that is through; only one that can detect errors says so
 * (android.os.ParcelFileDescriptor, `createReliablePipe`; its AutoCloseInputStream asks at the end). Else the length tells, if the
 * provider has declared one; AssetFileDescriptor's stream ends short of it without a word, and of more than 2 GiB through a pipe reads
 * fewer itself (`mRemaining = (int) fd.getLength()`; AOSP 15 and main).
 */
private suspend fun AssetFileDescriptor.copyTo(file: File) {
    val copied = createInputStream().use { it.copyTo(file) }
    if (copied < declaredLength) throw IOException("it ended after $copied of $declaredLength bytes")
}

private suspend fun InputStream.copyTo(file: File): Long =
    writable(file) { file.outputStream() }.use { out ->
        val buffer = ByteArray(DEFAULT_BUFFER_SIZE)
        var copied = 0L
        while (true) {
            currentCoroutineContext().ensureActive()
            val read = read(buffer)
            if (read < 0) break
            writable(file) { out.write(buffer, 0, read) }
            copied += read
        }
        copied
    }

/**
 * What a provider throws is its own affair, and a bug of it must not end this app: a photo that is gone, an access that was taken
 * back, whatever its process throws, of which Android hands RuntimeExceptions on to whoever asked (android.database.DatabaseUtils,
 * readExceptionFromParcel), and in this app's own process anything at all.
 */
private suspend inline fun <T> readable(
    uri: Uri,
    read: () -> T,
): T =
    try {
        read()
    } catch (e: JetbridgeException) {
        throw e
    } catch (e: Exception) {
        // Not the provider's but ours: the caller has gone.
        currentCoroutineContext().ensureActive()
        val problem = if (e is SecurityException) "the app may not read it any more" else e.message ?: "it cannot be read"
        throw JetbridgeException.LocalFile("$uri", problem, e)
    }

private inline fun <T> writable(
    file: File,
    write: () -> T,
): T =
    try {
        write()
    } catch (e: IOException) {
        throw JetbridgeException.LocalFile(file.path, e.message ?: "it cannot be written", e)
    }
