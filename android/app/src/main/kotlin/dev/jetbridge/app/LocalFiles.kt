package dev.jetbridge.app

import android.app.Application
import android.content.ContentResolver
import android.net.Uri
import android.provider.OpenableColumns
import android.webkit.MimeTypeMap
import dev.jetbridge.TransferProgress
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.security.MessageDigest
import java.util.UUID

/*
 * Why this exists: objects have keys and Android has files and Uris. Here is decided which file is whose, what it may be called,
 * and when it goes: what one user has brought to the device is not there for the next.
 */

/**
 * The app's own files: downloads in the cache, where Android may take them when it needs room, and copies of what is uploaded,
 * which it must leave until they are.
 */
internal class LocalFiles(
    private val app: Application,
    private val io: CoroutineDispatcher = Dispatchers.IO,
) {
    private val shared get() = File(app.cacheDir, SHARED_FOLDER)
    private val picked get() = File(app.noBackupFilesDir, "uploads")

    /** Where the library remembers which parts it has sent. */
    val resumeFolder: File get() = File(app.noBackupFilesDir, "unfinished-uploads")

    /** What the library has begun to send, and whose it is. */
    val begun = BegunUploads(File(app.noBackupFilesDir, "begun-uploads"), io)

    /** Where an object goes: for the same user and key always the same file, or no download could go on. */
    suspend fun forDownload(
        owner: String,
        key: String,
    ): File =
        withContext(io) {
            val folder = File(folderOf(owner), digest(key))
            folder.mkdirs()
            File(folder, safeName(key))
        }

    /** Whether something of the object is here. */
    suspend fun isBegun(file: File): Boolean = withContext(io) { !file.parentFile?.list().isNullOrEmpty() }

    /** Bytes that can be written. What `StorageManager` could free of other apps' caches, only a reservation would get. */
    suspend fun freeBytes(): Long = withContext(io) { app.cacheDir.usableSpace }

    suspend fun forget(
        owner: String,
        key: String,
    ) {
        withContext(io) { File(folderOf(owner), digest(key)).deleteRecursively() }
    }

    /** Deletes what was downloaded by others than [owner]; everything, if there is none. */
    suspend fun keepOnly(owner: String?) {
        val kept = owner?.let(::digest)
        withContext(io) {
            shared.listFiles().orEmpty().forEach { if (it.name != kept) it.deleteRecursively() }
        }
    }

    /**
     * Copies what the user has picked: the other app's permission may end with the process, and an upload reads its parts several
     * at once, for which there has to be a file.
     *
     * @throws IOException if it cannot be read, or there is no room for the copy
     */
    suspend fun copy(
        uri: Uri,
        onProgress: (TransferProgress) -> Unit,
    ): PickedFile {
        // A picker is another app: with a path of our own files it could have them uploaded.
        if (uri.scheme != ContentResolver.SCHEME_CONTENT) throw FileNotFoundException("not a content Uri")
        val resolver = app.contentResolver
        val folder = File(picked, UUID.randomUUID().toString())
        try {
            return withContext(io) {
                val type = resolver.getType(uri)
                val (name, size) = nameAndSize(resolver, uri)
                folder.mkdirs()
                val file = File(folder, "content")
                val content = resolver.openAssetFileDescriptor(uri, "r") ?: throw FileNotFoundException("$uri")
                var done = 0L
                content.createInputStream().use { from ->
                    file.outputStream().use { to ->
                        val buffer = ByteArray(BUFFER)
                        while (true) {
                            ensureActive()
                            val read = from.read(buffer)
                            if (read < 0) break
                            to.write(buffer, 0, read)
                            done += read
                            onProgress(TransferProgress(done, size?.takeIf { it >= done }))
                        }
                    }
                }
                // A provider that died in the middle: its stream just ends.
                if (done < content.declaredLength) throw IOException("$uri ended early")
                PickedFile(file, name ?: unnamed(type), type)
            }
        } catch (e: Throwable) {
            // Out here, since one that is cancelled when it is whole reaches nobody either.
            withContext(NonCancellable + io) { folder.deleteRecursively() }
            // What a provider throws is its own affair, and a bug of it must not end this app: it is all "cannot be read".
            throw if (e is RuntimeException && e !is CancellationException) IOException(e) else e
        }
    }

    private fun nameAndSize(
        resolver: ContentResolver,
        uri: Uri,
    ): Pair<String?, Long?> =
        resolver.query(uri, arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE), null, null, null).use { rows ->
            if (rows == null || !rows.moveToFirst()) return null to null

            fun <T> column(
                name: String,
                read: (Int) -> T,
            ) = rows.getColumnIndex(name).takeIf { it >= 0 && !rows.isNull(it) }?.let(read)
            val name = column(OpenableColumns.DISPLAY_NAME, rows::getString)
            name?.substringAfterLast('/')?.takeIf(String::isNotBlank) to column(OpenableColumns.SIZE, rows::getLong)
        }

    private fun unnamed(type: String?) =
        listOfNotNull("upload", type?.let { MimeTypeMap.getSingleton().getExtensionFromMimeType(it) }).joinToString(".")

    suspend fun discard(picked: PickedFile) {
        withContext(io) { picked.file.parentFile?.deleteRecursively() }
    }

    suspend fun has(picked: PickedFile): Boolean = withContext(io) { picked.file.exists() }

    /** Deletes copies that nobody will upload any more: of what was picked in an app that was swiped away. */
    suspend fun keepOnly(kept: List<PickedFile>) {
        val folders = kept.map { it.file.parentFile }
        withContext(io) {
            picked.listFiles().orEmpty().forEach { if (it !in folders) it.deleteRecursively() }
        }
    }

    private fun folderOf(owner: String) = File(shared, digest(owner))

    companion object {
        /** As res/xml/shared_files.xml has it. */
        const val SHARED_FOLDER = "shared"

        private const val BUFFER = 64 * 1024
        private const val LONGEST_NAME = 120
        private const val LONGEST_ENDING = 16

        /** Characters that a file system, or an app that is given the file, may take for something else. */
        private const val RESERVED = "\\/:*?\"<>|"

        private fun digest(text: String) =
            MessageDigest
                .getInstance("SHA-256")
                .digest(text.toByteArray())
                .take(16)
                .joinToString("") { "%02x".format(it) }

        /** A name for the file of an object: its last part, with nothing in it that is not for names. */
        fun safeName(key: String): String {
            val last = key.trimEnd('/').substringAfterLast('/')
            val name =
                last
                    .map { if (it in RESERVED || it.isISOControl() || it.category in Unseen) '_' else it }
                    .joinToString("")
                    .trim { it == '.' || it.isWhitespace() }
            val dot = name.lastIndexOf('.')
            val ending = if (dot > 0 && name.length - dot <= LONGEST_ENDING) name.substring(dot) else ""
            // Room in bytes: the file system's limit is 255, and the library's own ending for what is not whole yet comes behind.
            return name.removeSuffix(ending).shortened(LONGEST_NAME - ending.toByteArray().size).ifEmpty { "object" } + ending
        }

        private val Unseen =
            setOf(CharCategory.FORMAT, CharCategory.LINE_SEPARATOR, CharCategory.PARAGRAPH_SEPARATOR, CharCategory.PRIVATE_USE)

        private fun String.shortened(bytes: Int): String {
            var end = 0
            var used = 0
            while (end < length) {
                val next = end + Character.charCount(codePointAt(end))
                used += substring(end, next).toByteArray().size
                if (used > bytes) break
                end = next
            }
            return substring(0, end)
        }

        /** What the file is, for the apps that are offered it: as the object says, if that is a type at all; else by its name. */
        fun mimeType(
            said: String?,
            name: String,
        ): String {
            val type = said?.substringBefore(';')?.trim()?.lowercase()
            if (type != null && type != UNKNOWN && MIME_TYPE.matches(type)) return type
            return MimeTypeMap.getSingleton().getMimeTypeFromExtension(name.substringAfterLast('.', "").lowercase()) ?: UNKNOWN
        }

        private const val UNKNOWN = "application/octet-stream"

        /** type "/" subtype, RFC 6838, 4.2; no `*`, which in an Intent would mean any. */
        private val MIME_TYPE = Regex("[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
    }
}
