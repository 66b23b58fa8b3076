package dev.jetbridge.testing

import android.app.Activity
import dev.jetbridge.AccessToken
import dev.jetbridge.ApiRequest
import dev.jetbridge.ApiResponse
import dev.jetbridge.AuthorizationRequest
import dev.jetbridge.AwsCredentials
import dev.jetbridge.BrowserOptions
import dev.jetbridge.DiagnosisFinding
import dev.jetbridge.DiagnosisLink
import dev.jetbridge.DiagnosisMark
import dev.jetbridge.DiagnosisReport
import dev.jetbridge.DownloadedObject
import dev.jetbridge.IdTokenClaims
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.JetbridgeUser
import dev.jetbridge.Leftovers
import dev.jetbridge.ListedObject
import dev.jetbridge.ListingRequest
import dev.jetbridge.LoginOptions
import dev.jetbridge.ManualSignIn
import dev.jetbridge.ObjectAddress
import dev.jetbridge.ObjectConditions
import dev.jetbridge.ObjectDetails
import dev.jetbridge.ObjectHeaders
import dev.jetbridge.ObjectListing
import dev.jetbridge.ObjectPage
import dev.jetbridge.PresignRequest
import dev.jetbridge.PresignedUrl
import dev.jetbridge.Recovery
import dev.jetbridge.S3Settings
import dev.jetbridge.SessionDetails
import dev.jetbridge.SessionEvent
import dev.jetbridge.SessionState
import dev.jetbridge.SignInProgress
import dev.jetbridge.SignInReason
import dev.jetbridge.SignOutMode
import dev.jetbridge.SignOutResult
import dev.jetbridge.SignedHeaders
import dev.jetbridge.TransferOptions
import dev.jetbridge.TransferProgress
import dev.jetbridge.UndeletedObject
import dev.jetbridge.UploadedObject
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharedFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asSharedFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.first
import java.io.File
import java.io.IOException
import java.time.Instant
import java.util.concurrent.CopyOnWriteArrayList

/**
 * A session for an app's own tests and previews. It is in the state that it is told, has the objects that it is given, and needs
 * neither the native library nor a network nor a browser.
 *
 * A sign-in waits as [SignInProgress.InBrowser] until the test says how it ends: [finishSignIn], [failSignIn].
 *
 * @param state what [state] is at first
 * @param bucket what the app takes for the bucket's name
 */
public class FakeJetbridgeSession(
    state: SessionState = SessionState.SignedOut,
    override val bucket: String = "fake-bucket",
) : JetbridgeSession {
    private val states = MutableStateFlow(state)
    private val progress = MutableStateFlow<SignInProgress>(SignInProgress.Idle)
    private val news = MutableSharedFlow<SessionEvent>(extraBufferCapacity = EVENTS_KEPT)
    private val called = CopyOnWriteArrayList<String>()

    /** Whom [finishSignIn] signs in. */
    public var user: JetbridgeUser = ALICE

    private val objects = FakeObjects(bucket)

    /** What is in the bucket: what the test says, and what was uploaded, copied and deleted since. */
    public var content: List<ListedObject> by objects::listed

    /**
     * Runs between the steps of each download and upload, of which there are five, from nothing to everything, after the app was
     * told: a test that wants to look at a transfer half-way waits in here, and one that wants it to fail throws.
     */
    public var duringTransfer: suspend (TransferProgress) -> Unit = {}

    /**
     * The uploads that broke off, by their keys, and the file of each: those that failed by a passing fault, and those of an earlier
     * process that the test says. [abortUpload] takes them away.
     */
    public var unfinished: Map<String, File> = emptyMap()

    /** What [leftovers] answers. */
    public var left: Leftovers = Leftovers(mayBeWritten = false)

    /** Why objects cannot be deleted with others, by their keys, for [deleteObjects]. */
    public var undeletable: Map<String, String> = emptyMap()

    /** What an S3 client is told about [bucket]. */
    override var s3Settings: S3Settings = S3Settings(bucket, "eu-central-1")

    /** How the URLs begin that [isApi] takes for the app's APIs. */
    public var apis: List<String> = emptyList()

    /** What [callApi] answers. */
    public var api: (ApiRequest) -> ApiResponse = { FakeApiResponse() }

    /**
     * What [diagnose] answers, whatever [failure] is: without it, that all is well, as far as that is known without a sign-in. A
     * test that wants to look at a walk half-way waits in here.
     */
    public var diagnosis: suspend () -> DiagnosisReport = { report(isSignedIn = states.value is SessionState.SignedIn) }

    /** What every call throws that would ask a service or the store; null while all is well. */
    public var failure: JetbridgeException? = null

    /** What a sign-out comes to, beside the device. */
    public var signOutResult: SignOutResult = SignOutResult()

    /** The keys that [awsCredentials] gives. */
    public var keys: AwsCredentials = FakeAwsCredentials()

    /** The token that [accessToken] gives. */
    public var token: AccessToken = FakeAccessToken()

    /** What the ID token says of whoever is signed in; without it, that they are [user], and nothing else. */
    public var idToken: IdTokenClaims? = null

    /** The facts that [details] gives; without them, some that suit [state]. */
    public var facts: SessionDetails? = null

    /** Whether somebody has called [close]. */
    public var isClosed: Boolean = false
        private set

    /** The names of the functions that were called, in their order. */
    public val calls: List<String> get() = called.toList()

    override val state: StateFlow<SessionState> = states.asStateFlow()
    override val events: SharedFlow<SessionEvent> = news.asSharedFlow()
    override val signInProgress: StateFlow<SignInProgress> = progress.asStateFlow()

    override val claims: IdTokenClaims?
        get() = (states.value as? SessionState.SignedIn)?.let { idToken ?: FakeIdTokenClaims(it.user.subject) }

    override val manualSignIn: ManualSignIn =
        object : ManualSignIn {
            override suspend fun begin(options: LoginOptions): AuthorizationRequest {
                ask("manualSignIn.begin")
                return FakeAuthorizationRequest()
            }

            override suspend fun complete(redirectUri: String): SessionState {
                ask("manualSignIn.complete")
                finishSignIn()
                return states.value
            }

            override suspend fun cancel() = ask("manualSignIn.cancel")
        }

    /** Changes [state]. */
    public fun show(state: SessionState) {
        states.value = state
    }

    /** Changes [signInProgress]. */
    public fun show(progress: SignInProgress) {
        this.progress.value = progress
    }

    /** Somebody who collects [events] now gets [event]. */
    public fun tell(event: SessionEvent) {
        news.tryEmit(event)
    }

    /** The user has signed in with the browser: [state] is [user], and nothing is under way any more. */
    public fun finishSignIn(user: JetbridgeUser = this.user) {
        states.value = SessionState.SignedIn(user)
        progress.value = SignInProgress.Idle
    }

    /** The sign-in did not work out. */
    public fun failSignIn(cause: JetbridgeException) {
        progress.value = SignInProgress.Failed(cause)
    }

    override suspend fun restore(): SessionState {
        ask("restore")
        return states.value
    }

    override fun startSignIn(
        from: Activity,
        options: LoginOptions,
        isEphemeral: Boolean,
        browser: BrowserOptions,
    ) {
        called += "startSignIn"
        progress.value = SignInProgress.InBrowser
    }

    override fun cancelSignIn() {
        called += "cancelSignIn"
        if (progress.value is SignInProgress.InBrowser || progress.value is SignInProgress.Preparing) {
            failSignIn(JetbridgeException.UserCancelled())
        }
    }

    override fun dismissSignInFailure() {
        called += "dismissSignInFailure"
        if (progress.value is SignInProgress.Failed) progress.value = SignInProgress.Idle
    }

    override suspend fun userInfo(): JetbridgeUser = asUser("userInfo") { it }

    override fun details(): SessionDetails = facts ?: suitableFacts()

    override suspend fun awsCredentials(): AwsCredentials = asUser("awsCredentials") { keys }

    override suspend fun replaceAwsCredentials(refused: AwsCredentials): AwsCredentials = asUser("replaceAwsCredentials") { keys }

    override suspend fun accessToken(): AccessToken = asUser("accessToken") { token }

    override suspend fun replaceAccessToken(refused: AccessToken): AccessToken = asUser("replaceAccessToken") { token }

    override fun listing(request: ListingRequest): ObjectListing {
        called += "listing"
        return FakeListing(request)
    }

    /** Puts an object into the bucket, without a word in [calls]. */
    public fun addObject(
        key: String,
        body: ByteArray,
        headers: ObjectHeaders = ObjectHeaders(),
        lastModified: Instant = Instant.EPOCH,
    ) {
        objects.write(ObjectAddress(key), body, headers, ObjectConditions(), lastModified)
    }

    override suspend fun headObject(address: ObjectAddress): ObjectDetails = asUser("headObject") { objects.details(address) }

    override suspend fun getObject(
        address: ObjectAddress,
        limit: Long,
        conditions: ObjectConditions,
    ): ByteArray =
        asUser("getObject") {
            val body = objects.read(address, conditions)
            if (body.size > limit) throw JetbridgeException.Misconfigured("limit", "the object has more than $limit bytes", "download it")
            body
        }

    override suspend fun downloadObject(
        address: ObjectAddress,
        file: File,
        options: TransferOptions,
        conditions: ObjectConditions,
        onProgress: ((TransferProgress) -> Unit)?,
    ): DownloadedObject {
        val body = asUser("downloadObject") { objects.read(address, conditions) }
        transfer(body.size, onProgress)
        onFile(file) { writeBytes(body) }
        return DownloadedObject(objects.details(address), 0uL, isVerified = true)
    }

    override suspend fun putObject(
        address: ObjectAddress,
        body: ByteArray,
        headers: ObjectHeaders,
        conditions: ObjectConditions,
    ): UploadedObject = asUser("putObject") { objects.write(address, body.copyOf(), headers, conditions) }

    override suspend fun uploadFile(
        address: ObjectAddress,
        file: File,
        headers: ObjectHeaders,
        options: TransferOptions,
        conditions: ObjectConditions,
        onProgress: ((TransferProgress) -> Unit)?,
    ): UploadedObject {
        val body = asUser("uploadFile") { onFile(file) { readBytes() } }
        try {
            transfer(body.size, onProgress)
        } catch (e: JetbridgeException) {
            if (e.recovery == Recovery.RETRY && e !is JetbridgeException.ConditionNotMet) unfinished += address.key to file
            throw e
        }
        unfinished -= address.key
        return objects.write(address, body, headers, conditions)
    }

    override suspend fun abortUpload(
        address: ObjectAddress,
        file: File,
        options: TransferOptions,
    ): Boolean =
        asUser("abortUpload") {
            (unfinished[address.key] == file).also { isThere -> if (isThere) unfinished -= address.key }
        }

    override fun leftovers(): Leftovers = left

    override suspend fun deleteObject(
        address: ObjectAddress,
        conditions: ObjectConditions,
    ): Unit = asUser("deleteObject") { objects.delete(address, conditions) }

    override suspend fun deleteObjects(
        keys: List<String>,
        bucket: String?,
        requesterPays: Boolean,
    ): List<UndeletedObject> =
        asUser("deleteObjects") {
            val (left, deletable) = keys.partition(undeletable::containsKey)
            deletable.forEach { objects.delete(ObjectAddress(it, bucket), ObjectConditions()) }
            left.map { UndeletedObject(it, "access_denied", undeletable.getValue(it)) }
        }

    override suspend fun copyObject(
        source: ObjectAddress,
        target: ObjectAddress,
        headers: ObjectHeaders?,
    ): UploadedObject =
        asUser("copyObject") {
            val kept = headers ?: objects.details(source).headers
            objects.write(target, objects.read(source, ObjectConditions()), kept, ObjectConditions())
        }

    override suspend fun presignObject(request: PresignRequest): PresignedUrl = asUser("presignObject") { FakePresignedUrl() }

    override suspend fun callApi(request: ApiRequest): ApiResponse = asUser("callApi") { api(request) }

    override suspend fun signRequest(request: ApiRequest): SignedHeaders = asUser("signRequest") { FakeSignedHeaders() }

    override fun isApi(url: String): Boolean = apis.any(url::startsWith)

    override suspend fun diagnose(): DiagnosisReport {
        called += "diagnose"
        return diagnosis()
    }

    private suspend fun transfer(
        size: Int,
        onProgress: ((TransferProgress) -> Unit)?,
    ) {
        for (step in 0..STEPS) {
            val progress = TransferProgress(size.toLong() * step / STEPS, size.toLong())
            onProgress?.invoke(progress)
            duringTransfer(progress)
        }
    }

    private fun <T> onFile(
        file: File,
        work: File.() -> T,
    ): T =
        try {
            file.work()
        } catch (e: IOException) {
            throw JetbridgeException.LocalFile(file.path, e.message ?: "it cannot be used", e)
        }

    override fun renewInBackground(): Job {
        called += "renewInBackground"
        return Job()
    }

    override suspend fun signOut(mode: SignOutMode): SignOutResult {
        ask("signOut $mode")
        states.value = SessionState.SignedOut
        progress.value = SignInProgress.Idle
        return signOutResult
    }

    override suspend fun signOutEverywhere(
        from: Activity,
        browser: BrowserOptions,
    ): SignOutResult {
        called += "signOutEverywhere"
        return signOut(SignOutMode.END_SESSION)
    }

    override suspend fun settle() {
        called += "settle"
    }

    override fun close() {
        isClosed = true
    }

    private fun ask(name: String) {
        called += name
        failure?.let { throw it }
    }

    private fun <T> asUser(
        name: String,
        answer: (JetbridgeUser) -> T,
    ): T {
        ask(name)
        when (val now = states.value) {
            is SessionState.SignedIn -> return answer(now.user)
            is SessionState.SignInRequired -> throw JetbridgeException.SignInRequired(now.reason)
            is SessionState.StorageUnavailable -> throw JetbridgeException.SecureStorage(now.detail, mayPass = true)
            else -> throw JetbridgeException.SignInRequired(SignInReason.SignedOut)
        }
    }

    private fun suitableFacts(): SessionDetails {
        val user = (states.value as? SessionState.SignedIn)?.user
        val now = Instant.now()
        val end = now.plusSeconds(LIFETIME_SECONDS).takeIf { user != null }
        return SessionDetails("default", user, ISSUER, null, end, end, end, hasRefreshToken = user != null, 0, now)
    }

    /** By [content] as it is when a page is asked for. */
    private inner class FakeListing(
        private val request: ListingRequest,
    ) : ObjectListing {
        private var given = 0
        private var isOver = false

        override suspend fun nextPage(): ObjectPage? =
            asUser("nextPage") {
                val matching = content.filter { it.key.startsWith(request.prefix.orEmpty()) }
                val entries = matching.map { folderOf(it.key) to it }.distinctBy { (folder, entry) -> folder ?: entry.key }
                val limit = request.limit?.toInt() ?: entries.size
                val page = entries.take(limit).drop(given).take(request.pageSize?.toInt() ?: PAGE)
                if (isOver) return@asUser null
                given += page.size
                isOver = given >= minOf(limit, entries.size)
                ObjectPage(page.filter { it.first == null }.map { it.second }, page.mapNotNull { it.first })
            }

        /** The "folder" that the delimiter makes of [key], if any. */
        private fun folderOf(key: String): String? {
            val delimiter = request.delimiter ?: return null
            val prefix = request.prefix.orEmpty()
            val end = key.indexOf(delimiter, prefix.length)
            return if (end < 0) null else key.substring(0, end + delimiter.length)
        }
    }

    public companion object {
        /** Somebody to sign in. */
        @JvmField
        public val ALICE: JetbridgeUser =
            JetbridgeUser("00u1alice", "alice@example.com", "Alice Archer", "alice@example.com", "Alice Archer")

        private const val ISSUER = "https://example.okta.com/oauth2/default"
        private const val EVENTS_KEPT = 64
        private const val PAGE = 1_000
        private const val STEPS = 4
        private const val LIFETIME_SECONDS = 3_600L

        /**
         * A report as the real session makes it: what is before [broken] holds, and what is after it was not reached. Without it
         * nothing is broken.
         *
         * @param isSignedIn whether anything is known of what hangs on a sign-in
         */
        @JvmStatic
        @JvmOverloads
        public fun report(
            broken: DiagnosisFinding? = null,
            isSignedIn: Boolean = true,
        ): DiagnosisReport {
            val findings =
                DiagnosisLink.entries.map {
                    when {
                        it == broken?.link -> broken
                        broken != null && it > broken.link -> finding(it, DiagnosisMark.NOT_REACHED)
                        !isSignedIn && it >= DiagnosisLink.SIGN_IN -> finding(it, DiagnosisMark.UNKNOWN, "nobody is signed in")
                        else -> finding(it, DiagnosisMark.OK, "it holds")
                    }
                }
            val text = findings.joinToString("") { listOfNotNull(it.mark, it.title, it.detail, it.fix, it.paste).joinToString(" ") + "\n" }
            return DiagnosisReport(findings, text)
        }

        /** What was found of one link, under a title that fits its name. */
        @JvmStatic
        @JvmOverloads
        public fun finding(
            link: DiagnosisLink,
            mark: DiagnosisMark,
            detail: String = "",
            setting: String? = null,
            fix: String? = null,
            paste: String? = null,
        ): DiagnosisFinding = DiagnosisFinding(link, mark, link.name.lowercase().replace('_', ' '), detail, setting, fix, paste)

        /** An object of the bucket, of a size that fits its name. */
        @JvmStatic
        @JvmOverloads
        public fun listed(
            key: String,
            size: Long = key.length.toLong(),
            lastModified: Instant? = Instant.EPOCH,
        ): ListedObject = ListedObject(key, size.toULong(), lastModified, null)
    }
}
