package dev.jetbridge.app

import android.app.Application
import android.net.Uri
import androidx.lifecycle.SavedStateHandle
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.ObjectAddress
import dev.jetbridge.ObjectConditions
import dev.jetbridge.ObjectHeaders
import dev.jetbridge.SessionState
import dev.jetbridge.TransferOptions
import dev.jetbridge.text
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.job
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import java.io.File
import java.io.IOException

/**
 * A photo or a file on its way into the bucket: copied, named by the user, sent. What was named survives the death of the process,
 * and what was begun also the end of the app: the user decides whether it goes on, and no part is sent twice, or is given up, and
 * the bucket keeps nothing of it.
 */
internal class Upload(
    private val app: Application,
    private val scope: CoroutineScope,
    private val saved: SavedStateHandle,
    private val shown: MutableStateFlow<HomeState>,
    private val files: LocalFiles,
    private val listAgain: () -> Unit,
) {
    private class Owner(
        val session: JetbridgeSession,
        val subject: String,
    ) {
        /** Somebody else may have signed in meanwhile, with whose keys nothing is to be done for this one. */
        val isThere get() = (session.state.value as? SessionState.SignedIn)?.user?.subject == subject
    }

    private var owner: Owner? = null
    private var work: Job? = null
    private var ending: Job? = null
    private var clearing: Job? = null
    private var picked: PickedFile? = null
    private var key = ""
    private var replaces = false

    private val options get() = TransferOptions(resumeFolder = files.resumeFolder.path)

    init {
        restore()
        val kept = picked
        clearing = scope.launch { files.keepOnly(files.begun.all().map { it.picked } + listOfNotNull(kept)) }
    }

    private fun restore() {
        val (path, name, type, key) = saved.get<ArrayList<String>>(UPLOAD) ?: return
        val file = File(path).takeIf(File::exists) ?: return
        picked = PickedFile(file, name, type.ifEmpty { null })
        this.key = key
    }

    private fun save() {
        val picked = picked
        if (picked == null) {
            saved.remove<ArrayList<String>>(UPLOAD)
        } else {
            saved[UPLOAD] = arrayListOf(picked.file.path, picked.name, picked.type.orEmpty(), key)
        }
    }

    /** Somebody is signed in, with what they were at when the process died. */
    fun begin(
        session: JetbridgeSession,
        subject: String,
    ) {
        if (owner?.subject == subject) return
        val new = Owner(session, subject)
        owner = new
        scope.launch {
            val begun = files.begun.of(subject).filter { files.has(it.picked) }
            if (owner !== new) return@launch
            if (shown.value.upload == null) goBackTo(begun)
            forgetUnwanted(new)
        }
    }

    private fun goBackTo(begun: List<BegunUpload>) {
        val before = picked
        val upload = begun.firstOrNull { before == null || (it.picked.file == before.file && it.key == key) } ?: return name()
        picked = upload.picked
        key = upload.key
        replaces = upload.replaces
        save()
        show(UploadState.Interrupted(key, upload.picked.file.length()))
    }

    /** Nobody is signed in, or it has to be proved again: what was under way waits for them. */
    fun end() {
        owner = null
        val picked = picked
        if (shown.value.upload is UploadState.UnderWay && picked != null) {
            work?.cancel()
            show(UploadState.Interrupted(key, picked.file.length()))
        }
    }

    /** Somebody else, or nobody: nothing is left here of what the last user had, and the bucket is tidied up when they come back. */
    fun forget() {
        owner = null
        giveUp()
        val before = listOfNotNull(ending, clearing)
        clearing =
            scope.launch {
                before.joinAll()
                files.keepOnly(emptyList())
            }
    }

    /** The user has picked something, perhaps in another process than this one. */
    fun take(uri: Uri) {
        giveUp()
        show(UploadState.Reading())
        val before = clearing
        work =
            scope.launch {
                // Or it would take the new copy along.
                before?.join()
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
                    replaces = false
                    save()
                    name()
                } catch (e: IOException) {
                    // A copy that was given up still fails, and something newer may be shown by then, even somebody else's.
                    ensureActive()
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
        replaces = false
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
        if (work?.isActive == true) return
        this.replaces = replaces
        goOn()
    }

    /** Sends it, or what is missing of it, as the user has decided before. */
    fun goOn() {
        val owner = owner ?: return
        val picked = picked ?: return
        val upload = BegunUpload(owner.subject, picked, key, replaces)
        val before = work
        if (before?.isActive == true) return
        shown.update { it.copy(upload = UploadState.UnderWay(upload.key), notice = null, news = null) }
        work =
            scope.launch {
                // Two must not send the same: the library goes on a moment longer when it is cancelled.
                before.hasEnded()
                val job = coroutineContext.job
                try {
                    files.begun.add(upload)
                    owner.session.uploadFile(
                        ObjectAddress(upload.key),
                        picked.file,
                        ObjectHeaders(contentType = picked.type),
                        options,
                        ObjectConditions(ifNoneMatch = if (upload.replaces) null else "*"),
                    ) { progress ->
                        shown.update {
                            val now = it.upload
                            if (job.isActive && now is UploadState.UnderWay) it.copy(upload = now.copy(progress = progress)) else it
                        }
                    }
                    // Before anything is told: a process that dies now has nothing to go on with.
                    files.begun.remove(upload)
                    done(owner, upload)
                } catch (e: JetbridgeException) {
                    // As with a copy.
                    ensureActive()
                    val isTaken = e is JetbridgeException.ConditionNotMet
                    show(if (isTaken) UploadState.Taken(upload.key) else UploadState.Failed(upload.key, e.problem(app)))
                }
            }
    }

    private fun done(
        owner: Owner,
        upload: BegunUpload,
    ) {
        picked = null
        save()
        show(null)
        shown.update { it.copy(news = app.getString(R.string.uploaded, upload.key.spelledOut().isolated())) }
        listAgain()
        tidyUp {
            files.discard(upload.picked)
            // Of another name that it was to have before.
            forgetUnwanted(owner)
        }
    }

    /** The user does not want it any more: S3 keeps nothing of it, and neither does the device. */
    fun giveUp() {
        val before = work
        val used = picked
        val owner = owner
        val wasUnderWay = before?.isActive == true
        before?.cancel()
        work = null
        picked = null
        save()
        show(null)
        if (used == null) return
        tidyUp {
            // The library reads the copy until it has ended.
            before?.join()
            files.discard(used)
            if (owner != null) leaveNothing(owner, used, wasUnderWay)
        }
    }

    /** Whoever waits for the latest waits for all before it, too. */
    private fun tidyUp(block: suspend () -> Unit) {
        val before = ending
        ending =
            scope.launch {
                block()
                before?.join()
            }
    }

    /** As [giveUp], and waits until the bucket is tidied up, with the keys of a session that is about to end. */
    suspend fun giveUpNow() {
        giveUp()
        ending?.join()
    }

    private suspend fun leaveNothing(
        owner: Owner,
        used: PickedFile,
        wasUnderWay: Boolean,
    ) {
        val upload = files.begun.of(owner.subject).lastOrNull { it.picked.file == used.file } ?: return
        // What was cancelled just now, the library gives up by itself.
        owner.session.settle()
        val name = upload.key.spelledOut().isolated()
        val problem = forgetUnwanted(owner)
        if (!owner.isThere) return
        if (problem != null) {
            val notice = app.getString(R.string.upload_parts_left, name, problem.text(app))
            shown.update { it.copy(notice = notice) }
        } else if (wasUnderWay && owner.session.leftovers().mayBeWritten) {
            // The last request of this upload was on its way, or of one before it: only the list knows.
            listAgain()
            shown.update { it.copy(notice = app.getString(R.string.upload_may_be_there, name)) }
        }
    }

    /** S3 forgets all that was sent and that is not on the screen; what it does not, it is asked again with the next start. */
    private suspend fun forgetUnwanted(owner: Owner): JetbridgeException? {
        var problem: JetbridgeException? = null
        for (upload in files.begun.of(owner.subject)) {
            if (upload.picked.file == picked?.file && upload.key == key) continue
            try {
                if (!owner.isThere) break
                owner.session.abortUpload(upload.key, upload.picked.file, options)
                if (owner.isThere) files.begun.remove(upload)
            } catch (e: JetbridgeException) {
                problem = e
            }
        }
        return problem
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
