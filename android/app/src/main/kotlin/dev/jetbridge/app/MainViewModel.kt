package dev.jetbridge.app

import android.app.Activity
import android.app.Application
import android.net.Uri
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.SavedStateHandle
import androidx.lifecycle.viewModelScope
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeHost
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.ObjectListing
import dev.jetbridge.Recovery
import dev.jetbridge.SessionDetails
import dev.jetbridge.SessionState
import dev.jetbridge.SignInProgress
import dev.jetbridge.SignOutMode
import dev.jetbridge.text
import kotlinx.coroutines.Job
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.receiveAsFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import java.time.Instant
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toKotlinDuration

/** Turns the session into what the screen shows, and taps into calls. It survives a turned screen. */
class MainViewModel(
    app: Application,
    private val saved: SavedStateHandle,
) : AndroidViewModel(app) {
    private val shown = MutableStateFlow(HomeState())
    private val files = LocalFiles(app)
    private val opened = OpenedObject(app, viewModelScope, saved, shown, files, ::list)
    private val uploading = Upload(app, viewModelScope, saved, shown, files, ::list)
    private val diagnosis = Diagnosis(viewModelScope, saved, shown, ::notify)
    private val pages = Channel<Uri>(Channel.BUFFERED)
    private var session: JetbridgeSession? = null
    private var listing: ObjectListing? = null
    private var answers = 0
    private var loading: Job? = null
    private var signInNotice: String? = null

    /** What the screen shows. */
    val state: StateFlow<HomeState> = shown.asStateFlow()

    /** Pages that the Activity has to open in the browser: the end of Okta's session. */
    val toOpen: Flow<Uri> = pages.receiveAsFlow()

    init {
        viewModelScope.launch {
            try {
                val opened = (app as JetbridgeHost).openSession()
                session = opened
                follow(opened)
            } catch (e: JetbridgeException) {
                account(AccountState.Broken(e.text(app)))
            }
        }
    }

    private fun follow(session: JetbridgeSession) {
        shown.update { it.copy(bucket = session.bucket) }
        viewModelScope.launch { session.state.collectLatest { show(session, it) } }
        viewModelScope.launch { session.signInProgress.collect(::show) }
        diagnosis.begin(session)
    }

    private suspend fun show(
        session: JetbridgeSession,
        now: SessionState,
    ) {
        val app = getApplication<Application>()
        if (now is SessionState.SignedIn) begin(session, now.user.subject) else end(now)
        when (now) {
            is SessionState.NotLoaded -> {
                account(AccountState.Loading)
            }

            is SessionState.SignedOut -> {
                account(AccountState.SignedOut())
            }

            is SessionState.SignInRequired -> {
                account(AccountState.SignedOut(now.reason.text(app)))
            }

            is SessionState.StorageUnavailable -> {
                account(AccountState.Unavailable)
            }

            is SessionState.SignedIn -> {
                val (okta, aws) = clocks(session.details())
                account(AccountState.SignedIn(now.user.displayName, now.user.email, okta, aws))
                // Clocks tick while somebody looks, and are right at once for whoever comes back.
                shown.subscriptionCount.map { it > 0 }.distinctUntilChanged().collectLatest { isSeen ->
                    while (isSeen) {
                        refreshClocks(session)
                        delay(TICK)
                    }
                }
            }
        }
    }

    private fun begin(
        session: JetbridgeSession,
        subject: String,
    ) {
        // Somebody else may sign in without the last one having signed out.
        val before = saved.get<String>(SUBJECT)
        if (before != null && before != subject) forget()
        saved[SUBJECT] = subject
        opened.begin(session, subject)
        uploading.begin(session, subject)
    }

    private fun end(now: SessionState) {
        forgetListing()
        if (now is SessionState.SignedOut) forget()
        // Whoever proves that they are still there goes on where they were.
        opened.end()
        uploading.end()
    }

    private fun forget() {
        saved.remove<String>(SUBJECT)
        forgetListing()
        opened.forget()
        uploading.forget()
        shown.update { it.copy(news = null) }
    }

    private fun account(account: AccountState) = shown.update { it.copy(account = account) }

    private fun show(progress: SignInProgress) {
        val stage =
            when (progress) {
                is SignInProgress.Idle, is SignInProgress.Failed -> SignInStage.NONE
                is SignInProgress.Preparing -> SignInStage.PREPARING
                is SignInProgress.InBrowser -> SignInStage.IN_BROWSER
                is SignInProgress.Finishing -> SignInStage.FINISHING
            }
        val failure = (progress as? SignInProgress.Failed)?.cause
        // Whoever closes the page knows it: no need to tell them off.
        val notice = failure?.takeIf { it.recovery != Recovery.IGNORE || it is JetbridgeException.UnexpectedRedirect }
        val before = signInNotice
        signInNotice = notice?.text(getApplication())
        shown.update {
            // The steps in between may have come and gone unseen: whatever follows a failed sign-in ends its notice.
            val other = it.notice.takeIf { notice -> stage == SignInStage.NONE && notice != before }
            it.copy(signIn = stage, notice = signInNotice ?: other)
        }
    }

    /** The first button. */
    fun signIn(from: Activity) {
        shown.update { it.copy(notice = null) }
        session?.startSignIn(from)
    }

    /** The user does not want to go on in the browser. */
    fun cancelSignIn() {
        session?.cancelSignIn()
    }

    /** The second button, and pulling down: lists the bucket from its beginning. */
    fun list() {
        val session = session ?: return
        loading?.cancel()
        val next = session.listing()
        listing = next
        shown.update {
            val before = it.listing as? ListingState.Rows
            it.copy(listing = before?.copy(isRefreshing = true, problem = null) ?: ListingState.Loading, notice = null)
        }
        load(next, isFirst = true)
    }

    /** The end of the list came into sight. */
    fun loadMore() {
        val next = listing
        if (loading?.isActive == true || next == null) return
        val rows = shown.value.listing as? ListingState.Rows ?: return
        if (rows.problem == null) {
            load(next, isFirst = false)
        } else {
            // After a failure a listing is over: begin again, the rows stay until the new ones are there.
            list()
        }
    }

    private fun load(
        from: ObjectListing,
        isFirst: Boolean,
    ) {
        loading =
            viewModelScope.launch {
                try {
                    val page = from.nextPage()
                    val new = page?.objects.orEmpty().map { ObjectRow(it.key, it.size.toLong(), it.lastModified) }
                    shown.update {
                        val before =
                            (it.listing as? ListingState.Rows)
                                ?.rows
                                .orEmpty()
                                .takeUnless { isFirst }
                                .orEmpty()
                        it.copy(listing = ListingState.Rows(before + new, hasMore = page != null, answer = ++answers))
                    }
                } catch (e: JetbridgeException) {
                    // A newer list may be there, or nobody to have one.
                    ensureActive()
                    failed(e, isFirst)
                }
                // How long the keys live is news after the first call.
                session?.let { refreshClocks(it) }
            }
    }

    private fun failed(
        e: JetbridgeException,
        isFirst: Boolean,
    ) {
        val text = e.text(getApplication())
        shown.update {
            val before = it.listing
            if (before is ListingState.Rows && before.rows.isNotEmpty()) {
                // Whoever pulled looks at the beginning of the list, whoever scrolled at its end: it is said where they look.
                val notice = if (isFirst) text else it.notice
                val isAtEnd = !isFirst || before.hasMore
                it.copy(listing = before.copy(isRefreshing = false, problem = text.takeIf { isAtEnd }), notice = notice)
            } else {
                val canRetry = e.recovery == Recovery.RETRY || e.recovery == Recovery.REPORT || e.recovery == Recovery.ASK_FOR_ACCESS
                it.copy(listing = ListingState.Failed(text, canRetry))
            }
        }
    }

    private fun refreshClocks(session: JetbridgeSession) {
        val (okta, aws) = clocks(session.details())
        shown.update {
            val account = it.account
            if (account is AccountState.SignedIn) it.copy(account = account.copy(oktaClock = okta, awsClock = aws)) else it
        }
    }

    /** A row was tapped. */
    fun open(key: String) = opened.open(key)

    /** Back to the list. */
    fun close() = opened.close()

    /** Asks for the details again. */
    fun lookAgain() = opened.look()

    /** Brings the opened object to this device. */
    fun download() = opened.download()

    /** Stops that. */
    fun cancelDownload() = opened.cancelDownload()

    /** What was downloaded, to be given to another app. */
    fun shared(): SharedFile? = opened.shared()

    /** Deletes the opened object. */
    fun delete() = opened.delete()

    /** The user has picked a photo or a file. */
    fun take(uri: Uri) = uploading.take(uri)

    /** What it shall be called in the bucket. */
    fun rename(key: String) = uploading.rename(key)

    /** Sends it; one that is there under that name stays unless [replaces]. */
    fun upload(replaces: Boolean) = uploading.start(replaces)

    /** Sends what is missing of one that was broken off. */
    fun goOnUploading() = uploading.goOn()

    /** Not under that name. */
    fun chooseAnotherName() = uploading.chooseAnotherName()

    /** Not at all. */
    fun giveUpUpload() = uploading.giveUp()

    /** "What is wrong?", beside an error; also, once more. */
    fun diagnose() = diagnosis.open()

    /** Back from the answer, or from waiting for it. */
    fun closeDiagnosis() = diagnosis.close()

    /** The text of the search field. */
    fun search(text: String) = shown.update { it.copy(search = text) }

    /** Signs out; what the device keeps goes in any case. */
    fun signOut(mode: SignOutMode) {
        val session = session ?: return
        viewModelScope.launch {
            val app = getApplication<Application>()
            // The bucket is tidied up with the keys of whoever leaves: what cannot be in time is, when they are back.
            withTimeoutOrNull(GIVING_UP) { uploading.giveUpNow() }
            try {
                val done = session.signOut(mode)
                done.endSessionUrl?.let { pages.send(it) }
                done.problem?.let { problem ->
                    shown.update { it.copy(notice = app.getString(R.string.sign_out_partly, problem.text(app))) }
                }
            } catch (e: JetbridgeException) {
                notify(e)
            }
        }
    }

    /** The user has read the notice. */
    fun dismissNotice() {
        session?.dismissSignInFailure()
        shown.update { it.copy(notice = null) }
    }

    /** Tries the secure store again. */
    fun restore() {
        val session = session ?: return
        viewModelScope.launch {
            try {
                session.restore()
            } catch (e: JetbridgeException) {
                notify(e)
            }
        }
    }

    /** Says what went wrong outside the session, such as a missing browser. */
    fun notify(e: JetbridgeException) = notify(e.text(getApplication()))

    /** As the other [notify], in the user's language already. */
    fun notify(text: String) = shown.update { it.copy(notice = text) }

    /** The user has read the news. */
    fun dismissNews() = shown.update { it.copy(news = null) }

    private fun forgetListing() {
        loading?.cancel()
        listing = null
        shown.update { it.copy(listing = ListingState.NotAsked, search = "") }
    }

    private companion object {
        val TICK = 15.seconds

        /** How long signing out waits for an upload that ends with it. */
        val GIVING_UP = 5.seconds

        /** Whose everything is that is saved with the screen. */
        const val SUBJECT = "subject"

        fun clocks(details: SessionDetails): Pair<Clock, Clock> {
            fun left(end: Instant?) =
                end?.let {
                    java.time.Duration
                        .between(details.now, it)
                        .toKotlinDuration()
                }
            return Clock(left(details.idTokenExpiresAt), renews = details.hasRefreshToken) to Clock(left(details.awsCredentialsExpireAt))
        }
    }
}
