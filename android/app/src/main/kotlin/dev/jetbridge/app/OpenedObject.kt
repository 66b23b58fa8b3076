package dev.jetbridge.app

import android.app.Application
import android.text.format.Formatter
import androidx.lifecycle.SavedStateHandle
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.ObjectAddress
import dev.jetbridge.ObjectDetails
import dev.jetbridge.Recovery
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.job
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/*
 * Why this exists: MainViewModel is about the session and its list. What is done with one object of it is here, in the same
 * scope: it survives a turned screen, and which object it is also the process.
 */

/** What the user does with the object that is open: looks at it, downloads it, deletes it. */
internal class OpenedObject(
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
    )

    private var owner: Owner? = null
    private var looking: Job? = null

    /** The latest of each key. A cancelled one writes into its file a moment longer. */
    private val transfers = mutableMapOf<String, Job>()
    private var clearing: Job? = null

    /** Somebody is signed in, with the object open that they had open when the process died. */
    fun begin(
        session: JetbridgeSession,
        subject: String,
    ) {
        owner = Owner(session, subject)
        clear()
        val key = saved.get<String>(KEY)
        if (key != null && shown.value.opened == null) open(key)
    }

    /** Nobody is signed in, or it has to be proved again: what was under way cannot go on. */
    fun end() {
        owner = null
        looking?.cancel()
        transfers.values.forEach(Job::cancel)
        shown.update { it.copy(opened = null, downloads = emptyMap()) }
    }

    /** Somebody else, or nobody: nothing is left of what the last user had here. */
    fun forget() {
        end()
        saved.remove<String>(KEY)
        clear(transfers.values.toList())
        transfers.clear()
    }

    /** Deletes what others have downloaded, once [ending] and the clean-ups of before are over: the library writes until then. */
    private fun clear(ending: List<Job> = emptyList()) {
        val before = ending + listOfNotNull(clearing)
        clearing =
            scope.launch {
                before.joinAll()
                // Somebody else may be here by now.
                files.keepOnly(owner?.subject)
            }
    }

    /** A row of the list was tapped. */
    fun open(key: String) {
        saved[KEY] = key
        shown.update { it.copy(opened = ObjectState(key), notice = null, news = null) }
        look()
    }

    /** Back to the list. What is under way goes on. */
    fun close() {
        saved.remove<String>(KEY)
        looking?.cancel()
        shown.update { it.copy(opened = null) }
    }

    /** Asks S3 what it knows of the object. */
    fun look() {
        val session = owner?.session ?: return
        val key = shown.value.opened?.key ?: return
        looking?.cancel()
        change(key) { it.copy(facts = FactsState.Loading) }
        looking =
            scope.launch {
                try {
                    val details = session.headObject(ObjectAddress(key))
                    change(key) { it.copy(facts = FactsState.Known(details)) }
                } catch (e: JetbridgeException) {
                    // Whoever was cancelled has nothing to say, nor to close.
                    ensureActive()
                    if (e is JetbridgeException.NotFound) return@launch isGone(key)
                    change(key) { it.copy(facts = FactsState.Failed(e.problem(app))) }
                }
            }
    }

    private fun change(
        key: String,
        change: (ObjectState) -> ObjectState,
    ) = shown.update { if (it.opened?.key == key) it.copy(opened = change(it.opened)) else it }

    /** Deleted meanwhile, by somebody else. */
    private fun isGone(key: String) {
        backToList(key, R.string.object_gone)
    }

    private fun backToList(
        key: String,
        news: Int,
    ) {
        if (shown.value.opened?.key == key) close()
        listAgain()
        shown.update { it.copy(news = app.getString(news, key.spelledOut().isolated()), downloads = it.downloads - key) }
    }

    /** Brings the object to this device; what an earlier try has brought is used. */
    fun download() {
        val owner = owner ?: return
        val opened = shown.value.opened ?: return
        val key = opened.key
        val before = transfers[key]
        if (before?.isActive == true) return
        val clearing = clearing
        val details = (opened.facts as? FactsState.Known)?.details
        show(key, DownloadState.UnderWay())
        transfers[key] =
            scope.launch {
                // Two must not write into one file, and a clean-up of earlier would take this one along.
                before.hasEnded()
                clearing?.join()
                val job = coroutineContext.job
                try {
                    val file = files.forDownload(owner.subject, key)
                    // Of one that was begun, part of the room is taken already.
                    val isNew = !files.isBegun(file)
                    val problem = if (isNew) noRoom(details?.size?.toLong() ?: 0) else null
                    if (problem != null) return@launch show(key, DownloadState.Failed(problem))
                    val got =
                        owner.session.downloadObject(ObjectAddress(key), file) { progress ->
                            // Whoever was cancelled may have been overtaken by the next try.
                            shown.update {
                                val now = it.downloads[key]
                                if (job.isActive && now is DownloadState.UnderWay) it.with(key, now.copy(progress)) else it
                            }
                        }
                    val type = LocalFiles.mimeType(got.details.headers.contentType, file.name)
                    show(key, DownloadState.Done(SharedFile(file, type)))
                    change(key) { it.copy(facts = FactsState.Known(got.details)) }
                } catch (e: JetbridgeException) {
                    ensureActive()
                    if (e is JetbridgeException.NotFound) return@launch isGone(key)
                    // The library has "no space left on device" in English; here it is known how much is wanted.
                    val room = if (e is JetbridgeException.LocalFile) noRoom(details.left(key)) else null
                    show(key, DownloadState.Failed(room ?: e.problem(app)))
                }
            }
    }

    private fun ObjectDetails?.left(key: String): Long {
        val progress = (shown.value.downloads[key] as? DownloadState.UnderWay)?.progress
        return (this?.size?.toLong() ?: progress?.total ?: 0) - (progress?.done ?: 0)
    }

    private suspend fun noRoom(bytes: Long): Problem? {
        val free = files.freeBytes()
        if (bytes <= free) return null

        fun size(bytes: Long) = Formatter.formatShortFileSize(app, bytes)
        return Problem(app.getString(R.string.no_room, size(bytes), size(free)))
    }

    private fun show(
        key: String,
        download: DownloadState,
    ) = shown.update { it.with(key, download) }

    private fun HomeState.with(
        key: String,
        download: DownloadState,
    ) = copy(downloads = downloads + (key to download))

    /** Keeps what has come, for the next try. */
    fun cancelDownload() {
        val key = shown.value.opened?.key ?: return
        transfers[key]?.cancel()
        shown.update { it.copy(downloads = it.downloads - key) }
    }

    /** The file that was downloaded, if Android has not needed its room meanwhile. */
    fun shared(): SharedFile? {
        val key = shown.value.opened?.key ?: return null
        val shared = (shown.value.downloads[key] as? DownloadState.Done)?.shared ?: return null
        if (shared.file.exists()) return shared
        shown.update { it.copy(downloads = it.downloads - key, notice = app.getString(R.string.download_gone)) }
        return null
    }

    /** The user has confirmed it. */
    fun delete() {
        val owner = owner ?: return
        val key = shown.value.opened?.key ?: return
        if (shown.value.opened?.isDeleting == true) return
        change(key) { it.copy(isDeleting = true, undeleted = null) }
        scope.launch {
            try {
                owner.session.deleteObject(ObjectAddress(key))
                // The library writes until it has ended.
                if (owner.isHere()) transfers.remove(key)?.cancelAndJoin()
                files.forget(owner.subject, key)
                if (owner.isHere()) backToList(key, R.string.deleted)
            } catch (e: JetbridgeException) {
                if (owner.isHere()) change(key) { it.copy(isDeleting = false, undeleted = e.problem(app)) }
            }
        }
    }

    /** What the next user has may have the same keys. */
    private fun Owner.isHere() = owner?.subject == subject

    private companion object {
        const val KEY = "object"
    }
}

/** Waits for it even when cancelled: whoever waits for the one that waits must not overtake this one. */
internal suspend fun Job?.hasEnded() {
    withContext(NonCancellable) { this@hasEnded?.join() }
}

/** In words for the user, and in those for an administrator where a role is to blame. */
internal fun JetbridgeException.problem(app: Application) =
    Problem(
        text(app),
        (this as? JetbridgeException.AccessDenied)?.hint?.takeIf(String::isNotBlank),
        // Trying again is also what shows whether a missing right has been given meanwhile.
        canRetry = recovery != Recovery.SIGN_IN && recovery != Recovery.FIX_CONFIGURATION,
    )
