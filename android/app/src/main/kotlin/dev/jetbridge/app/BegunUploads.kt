package dev.jetbridge.app

import android.util.AtomicFile
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.json.JSONException
import org.json.JSONObject
import java.io.File
import java.io.IOException
import java.security.MessageDigest

/*
 * Why this exists: what was sent of an upload lies in the bucket, and is paid for, until it is an object or S3 was told to forget it.
 * Neither a process that dies, nor an app that is swiped away, nor a sign-out without a network may leave it there. So each upload
 * is written down before its first byte goes, and stays so until it has arrived or is forgotten.
 */

/** Whose upload of what to where. */
internal data class BegunUpload(
    val owner: String,
    val picked: PickedFile,
    val key: String,
    val replaces: Boolean,
)

/** The uploads of this device that are neither objects nor forgotten yet: a file for each. */
internal class BegunUploads(
    private val folder: File,
    private val io: CoroutineDispatcher = Dispatchers.IO,
) {
    suspend fun of(owner: String): List<BegunUpload> = all().filter { it.owner == owner }

    suspend fun all(): List<BegunUpload> =
        withContext(io) {
            folder
                .listFiles()
                .orEmpty()
                .filter { it.name.endsWith(ENDING) }
                .mapNotNull(::read)
        }

    /** On a full disk it is not there: a reason to upload something, and none against it. */
    suspend fun add(upload: BegunUpload) =
        withContext(io) {
            val file = fileOf(upload)
            folder.mkdirs()
            try {
                val stream = file.startWrite()
                try {
                    stream.write(text(upload).toByteArray())
                    file.finishWrite(stream)
                } catch (e: IOException) {
                    file.failWrite(stream)
                }
            } catch (e: IOException) {
                file.delete()
            }
        }

    suspend fun remove(upload: BegunUpload) = withContext(io) { fileOf(upload).delete() }

    private fun fileOf(upload: BegunUpload): AtomicFile {
        val place = listOf(upload.owner, upload.picked.file.path, upload.key).joinToString("\n")
        val digest = MessageDigest.getInstance("SHA-256").digest(place.toByteArray())
        return AtomicFile(File(folder, digest.joinToString("", postfix = ENDING) { "%02x".format(it) }))
    }

    private fun text(upload: BegunUpload) =
        JSONObject()
            .put("owner", upload.owner)
            .put("path", upload.picked.file.path)
            .put("name", upload.picked.name)
            .putOpt("type", upload.picked.type)
            .put("key", upload.key)
            .put("replaces", upload.replaces)
            .toString()

    private fun read(file: File): BegunUpload? =
        try {
            JSONObject(AtomicFile(file).readFully().decodeToString()).run {
                val type = if (has("type")) getString("type") else null
                val picked = PickedFile(File(getString("path")), getString("name"), type)
                BegunUpload(getString("owner"), picked, getString("key"), getBoolean("replaces"))
            }
        } catch (e: JSONException) {
            null
        } catch (e: IOException) {
            null
        }

    private companion object {
        const val ENDING = ".json"
    }
}
