package dev.jetbridge.app

import dev.jetbridge.SignOutMode
import java.time.Instant
import kotlin.time.Duration

/*
 * Why this exists: the screen is drawn from this and nothing else, so that each of its states can be looked at and tested
 * without a session, and a turned device shows the same again.
 */

/** Everything the screen shows. */
data class HomeState(
    val account: AccountState = AccountState.Loading,
    val signIn: SignInStage = SignInStage.NONE,
    val bucket: String = "",
    val listing: ListingState = ListingState.NotAsked,
    val search: String = "",
    /** What went wrong beside the listing: a sign-in, a sign-out. Already in the user's language. */
    val notice: String? = null,
    /** What has come about, such as an upload. Already in the user's language, too. */
    val news: String? = null,
    val opened: ObjectState? = null,
    /** By key; what is in none of its states is not in it. */
    val downloads: Map<String, DownloadState> = emptyMap(),
    val upload: UploadState? = null,
    /** The answer to "What is wrong?", while somebody wants it. */
    val diagnosis: DiagnosisState? = null,
)

/** Who is there. */
sealed interface AccountState {
    /** The secure store is being read. */
    data object Loading : AccountState

    /** Nobody; [why] if somebody was. */
    data class SignedOut(
        val why: String? = null,
    ) : AccountState

    /** Somebody, with both clocks. */
    data class SignedIn(
        val name: String,
        val email: String?,
        val oktaClock: Clock,
        val awsClock: Clock,
    ) : AccountState

    /** The secure store cannot be read at the moment. */
    data object Unavailable : AccountState

    /** The app cannot even start its session; [text] says what to correct. */
    data class Broken(
        val text: String,
    ) : AccountState
}

/** One of the two times that matter. */
data class Clock(
    /** Until it runs out; null when there is nothing to run out yet. */
    val left: Duration?,
    /** Whether it is wound up by itself at the next use. */
    val renews: Boolean = true,
)

/** How far a sign-in is. */
enum class SignInStage { NONE, PREPARING, IN_BROWSER, FINISHING }

/** One object of the bucket. */
data class ObjectRow(
    val key: String,
    val size: Long,
    val changed: Instant?,
) {
    /** What comes after the last slash; for a "folder" object, its name. */
    val name: String get() = key.trimEnd('/').substringAfterLast('/')

    /** What comes before it. */
    val folder: String get() = key.trimEnd('/').substringBeforeLast('/', "")
}

/** The list of objects. */
sealed interface ListingState {
    /** Nobody has pressed the button yet. */
    data object NotAsked : ListingState

    /** The first page is under way. */
    data object Loading : ListingState

    /** Rows so far; [problem] is why the next page did not come. */
    data class Rows(
        val rows: List<ObjectRow>,
        val hasMore: Boolean = false,
        val isRefreshing: Boolean = false,
        val problem: String? = null,
        /** Grows with each answer, also with one that brought no rows: an end that is still in sight asks again. */
        val answer: Int = 0,
    ) : ListingState

    /** Not even a first page. */
    data class Failed(
        val text: String,
        val canRetry: Boolean = true,
    ) : ListingState
}

/** What can be done on the screen. */
data class HomeActions(
    val signIn: () -> Unit = {},
    val cancelSignIn: () -> Unit = {},
    val list: () -> Unit = {},
    val loadMore: () -> Unit = {},
    val search: (String) -> Unit = {},
    val signOut: (SignOutMode) -> Unit = {},
    val dismissNotice: () -> Unit = {},
    val dismissNews: () -> Unit = {},
    val restore: () -> Unit = {},
    val startOver: () -> Unit = {},
    val objects: ObjectActions = ObjectActions(),
    val upload: UploadActions = UploadActions(),
    val diagnosis: DiagnosisActions = DiagnosisActions(),
)
