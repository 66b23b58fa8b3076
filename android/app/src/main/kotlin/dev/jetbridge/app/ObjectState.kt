package dev.jetbridge.app

import dev.jetbridge.ObjectDetails
import dev.jetbridge.TransferProgress
import java.io.File

/*
 * Why this exists: as HomeState, for what is done with single objects: looked at, brought to this device, put into the
 * bucket, deleted.
 */

/** The object whose details are shown. */
data class ObjectState(
    val key: String,
    val facts: FactsState = FactsState.Loading,
    val isDeleting: Boolean = false,
    /** Why it could not be deleted. */
    val undeleted: Problem? = null,
)

/** What is known of an object. */
sealed interface FactsState {
    /** S3 is being asked. */
    data object Loading : FactsState

    /** What S3 says. */
    data class Known(
        val details: ObjectDetails,
    ) : FactsState

    /** Why it is not known. */
    data class Failed(
        val problem: Problem,
    ) : FactsState
}

/** What went wrong, in the user's language. */
data class Problem(
    val text: String,
    /** What would change the answer of a service that refused, as Jetbridge has it for administrators: in English. */
    val forAdministrator: String? = null,
    val canRetry: Boolean = true,
)

/** A file of the folder that other apps may be given files of. */
data class SharedFile(
    val file: File,
    val type: String,
)

/** An object on its way to this device. It goes on while the user looks at something else. */
sealed interface DownloadState {
    /** Bytes are coming. */
    data class UnderWay(
        /** Null before the first byte. */
        val progress: TransferProgress? = null,
    ) : DownloadState

    /** It is here. */
    data class Done(
        val shared: SharedFile,
    ) : DownloadState

    /** It is not, or not all of it; the next try goes on where this one ended. */
    data class Failed(
        val problem: Problem,
    ) : DownloadState
}

/** A copy of what the user has picked, which is theirs until it is uploaded. */
data class PickedFile(
    val file: File,
    val name: String,
    val type: String?,
)

/** A photo or a file on its way into the bucket. */
sealed interface UploadState {
    /** The app that has it is handing it over. */
    data class Reading(
        val progress: TransferProgress? = null,
    ) : UploadState

    /** The user decides what it will be called. */
    data class Naming(
        val picked: PickedFile,
        val key: String,
        val size: Long,
    ) : UploadState

    /** Bytes are going. */
    data class UnderWay(
        val key: String,
        val progress: TransferProgress? = null,
    ) : UploadState

    /** It was broken off; the user decides whether it goes on. */
    data class Interrupted(
        val key: String,
        val size: Long,
    ) : UploadState

    /** There is such an object already; the user decides. */
    data class Taken(
        val key: String,
    ) : UploadState

    /** It did not work out; [key] is null when not even the file could be read. */
    data class Failed(
        val key: String?,
        val problem: Problem,
    ) : UploadState
}

/** What can be done with the objects of the list. */
data class ObjectActions(
    val open: (String) -> Unit = {},
    val close: () -> Unit = {},
    val lookAgain: () -> Unit = {},
    val download: () -> Unit = {},
    val cancelDownload: () -> Unit = {},
    val share: () -> Unit = {},
    val view: () -> Unit = {},
    val delete: () -> Unit = {},
)

/** What can be done to bring something into the bucket. */
data class UploadActions(
    val pickPhoto: () -> Unit = {},
    val pickFile: () -> Unit = {},
    val rename: (String) -> Unit = {},
    val start: () -> Unit = {},
    val replace: () -> Unit = {},
    val chooseAnotherName: () -> Unit = {},
    val goOn: () -> Unit = {},
    val giveUp: () -> Unit = {},
)
