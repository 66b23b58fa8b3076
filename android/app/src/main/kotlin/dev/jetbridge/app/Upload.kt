package dev.jetbridge.app

import android.app.Application
import android.net.Uri
import androidx.lifecycle.SavedStateHandle
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.ObjectAddress
import dev.jetbridge.ObjectConditions
import dev.jetbridge.ObjectHeaders
import dev.jetbridge.TransferOptions
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import java.io.File
import java.io.IOException

/**
 * A photo or a file on its way into the bucket: copied, named by the user, sent. The copy and its name survive the death of the
 * process, so that the user finds it where it was, and the library sends no part twice.
 */
internal class Upload(
    private val app: Application,
    private val scope: CoroutineScope,
    private val saved: SavedStateHandle,
    private val shown: MutableStateFlow<HomeState>,
    private val files: LocalFiles,
    private val listAgain: () -> Unit,
) {
    private var session: JetbridgeSession? = null
    private var work: Job? = null
    private var picked: PickedFile? = null
    private var key = ""

    init {
        restore()
        val kept = picked
        scope.launch { files.keepOnly(kept) }
    }

    private fun restore() {
        val (path, name, type, key) = saved.get<ArrayList<String>>(UPLOAD) ?: return
        val file = File(path).takeIf(File::exists) ?: return
        picked = PickedFile(file, name, type.ifEmpty { null })
        this.key = key
        name()
    }

    private fun save() {
        val picked = picked
        if (picked == null) {
            saved.remove<ArrayList<String>>(UPLOAD)
        } else {
            saved[UPLOAD] = arrayListOf(picked.file.path, picked.name, picked.type.orEmpty(), key)
        }
    }

    /** Somebody is signed in. */
    fun begin(session: JetbridgeSession) {
        this.session = session
    }

    /** Nobody is signed in, or it has to be proved again: what was under way waits for them, by its name. */
    fun end() {
        session = null
        if (shown.value.upload is UploadState.UnderWay) {
            work?.cancel()
            name()
        }
    }

    /** The user has picked something, perhaps in another process than this one. */
    fun take(uri: Uri) {
        giveUp()
        show(UploadState.Reading())
        work =
            scope.launch {
                val job = coroutineContext.job
                try {
                    val new =
                        files.copy(uri) { progress ->
                            shown.update {
                                val isWanted = job.isActive && it.upload is UploadState.Reading
                                if (isWanted) it.copy(upload = UploadState.Reading(progress)) else it
                            }
                        }
                    picked = new
                    key = shown.value.folder() + new.name
                    save()
                    name()
                } catch (e: IOException) {
                    show(UploadState.Failed(key = null, Problem(app.getString(R.string.upload_unreadable), canRetry = false)))
                }
            }
    }

    private fun show(upload: UploadState?) = shown.update { it.copy(upload = upload) }

    private fun name() {
        val picked = picked ?: return show(null)
        show(UploadState.Naming(picked, key, picked.file.length()))
    }

    /** The user corrects what it will be called. */
    fun rename(key: String) {
        this.key = key
        save()
        name()
    }

    /** Back from "there is one already". */
    fun chooseAnotherName() = name()

    /**
     * Sends it.
     *
     * @param replaces whether the user wants it to take the place of an object that is there
     */
    fun start(replaces: Boolean) {
        val session = session ?: return
        val picked = picked ?: return
        val key = key
        if (work?.isActive == true) return
        shown.update { it.copy(upload = UploadState.UnderWay(key), notice = null, news = null) }
        work =
            scope.launch {
                val job = coroutineContext.job
                try {
                    session.uploadFile(
                        ObjectAddress(key),
                        picked.file,
                        ObjectHeaders(contentType = picked.type),
                        TransferOptions(resumeFolder = files.resumeFolder.path),
                        ObjectConditions(ifNoneMatch = if (replaces) null else "*"),
                    ) { progress ->
                        shown.update {
                            val now = it.upload
                            if (job.isActive && now is UploadState.UnderWay) it.copy(upload = now.copy(progress = progress)) else it
                        }
                    }
                    done(picked)
                    shown.update { it.copy(news = app.getString(R.string.uploaded, key.spelledOut().isolated())) }
                    listAgain()
                } catch (e: JetbridgeException.ConditionNotMet) {
                    show(UploadState.Taken(key))
                } catch (e: JetbridgeException) {
                    show(UploadState.Failed(key, e.problem(app)))
                }
            }
    }

    private fun done(used: PickedFile) {
        picked = null
        save()
        show(null)
        scope.launch { files.discard(used) }
    }

    /** The user does not want it any more: S3 keeps nothing of it, and neither does the device. */
    fun giveUp() {
        val before = work
        before?.cancel()
        work = null
        val used = picked
        picked = null
        save()
        show(null)
        // The library reads the copy until it has ended.
        if (used != null) {
            scope.launch {
                before?.join()
                files.discard(used)
            }
        }
    }

    /** The folder that is shown: what all keys of the list begin with. */
    private fun HomeState.folder(): String {
        val keys = (listing as? ListingState.Rows)?.rows?.map { it.key }.orEmpty()
        val common = keys.reduceOrNull { one, other -> one.commonPrefixWith(other) }.orEmpty()
        return common.substring(0, common.lastIndexOf('/') + 1)
    }

    companion object {
        private const val UPLOAD = "upload"
        private const val LONGEST_KEY = 1_024

        /** Whether S3 takes it (S3 user guide, "Naming Amazon S3 objects": at most 1,024 bytes of UTF-8), and it is no folder's. */
        fun isKey(text: String) = text.isNotBlank() && !text.endsWith('/') && text.toByteArray().size <= LONGEST_KEY
    }
}
