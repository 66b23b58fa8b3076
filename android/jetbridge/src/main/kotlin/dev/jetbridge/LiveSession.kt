package dev.jetbridge

import android.app.Activity
import android.app.Application
import android.net.Uri
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharedFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asSharedFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.io.File

/** The session over the Rust core, in Kotlin's manners: flows, a scope, exceptions that speak to people. */
internal class LiveSession(
    private val opened: CoreSession,
    config: JetbridgeConfig,
    /** Where uploads are remembered, if an app names no other place. */
    private val transfers: String? = null,
) : JetbridgeSession {
    private val scope = CoroutineScope(SupervisorJob() + WORKERS)

    /** Everybody comes by here: what was closed has no answer. */
    private val core get() = if (scope.isActive) opened else throw closed()
    private val states = MutableStateFlow(core.state())
    private val news =
        MutableSharedFlow<SessionEvent>(extraBufferCapacity = EVENTS_KEPT, onBufferOverflow = BufferOverflow.DROP_OLDEST)

    /** Before the page of a sign-in is shown: the process may be another one when its answer comes. */
    @Volatile
    var whenSignInBegins: suspend () -> Unit = {}

    val signInFlow = SignInFlow(this, scope)
    val signOutFlow = SignOutFlow(this, config.logoutUrl())

    val observer =
        object : SessionObserver {
            override fun stateChanged(state: SessionState) {
                if (scope.isActive) showState()
            }

            override fun event(event: SessionEvent) {
                news.tryEmit(event)
            }
        }

    private val observation = core.observe(observer)
    private var foreground: Foreground? = null

    override val bucket: String = config.bucket()
    override val s3Settings: S3Settings =
        S3Settings(config.bucket(), config.bucketRegion(), config.s3Endpoint(), config.forcePathStyle())
    override val state: StateFlow<SessionState> = states.asStateFlow()
    override val events: SharedFlow<SessionEvent> = news.asSharedFlow()
    override val signInProgress: StateFlow<SignInProgress> = signInFlow.progress

    override val claims: IdTokenClaims? get() = core.claims()

    override val manualSignIn: ManualSignIn =
        object : ManualSignIn {
            override suspend fun begin(options: LoginOptions) = work { core.beginLogin(options) }

            override suspend fun complete(redirectUri: String) = work { core.completeLogin(redirectUri).also { showState() } }

            override suspend fun cancel() = work { core.cancelLogin() }
        }

    override suspend fun restore(): SessionState = work { core.restore().also { showState() } }

    override fun startSignIn(
        from: Activity,
        options: LoginOptions,
        isEphemeral: Boolean,
        browser: BrowserOptions,
    ) {
        requireHost(from)
        signInFlow.start(from, options, isEphemeral, browser)
    }

    override fun cancelSignIn(): Unit = signInFlow.cancel()

    override fun dismissSignInFailure(): Unit = signInFlow.dismissFailure()

    override suspend fun userInfo(): JetbridgeUser = work { core.userInfo() }

    override fun details(): SessionDetails = core.details()

    override suspend fun awsCredentials(): AwsCredentials = work { core.awsCredentials() }

    override suspend fun replaceAwsCredentials(refused: AwsCredentials): AwsCredentials = work { core.replaceAwsCredentials(refused) }

    override suspend fun accessToken(): AccessToken = work { core.accessToken() }

    override suspend fun replaceAccessToken(refused: AccessToken): AccessToken = work { core.replaceAccessToken(refused) }

    override fun listing(request: ListingRequest): ObjectListing = LiveListing(core.listObjects(request), this)

    override suspend fun headObject(address: ObjectAddress): ObjectDetails = call { core.headObject(address) }

    override suspend fun getObject(
        address: ObjectAddress,
        limit: Long,
        conditions: ObjectConditions,
    ): ByteArray = call { core.getObject(address, limit.coerceAtLeast(0).toULong(), conditions) }

    override suspend fun downloadObject(
        address: ObjectAddress,
        file: File,
        options: TransferOptions,
        conditions: ObjectConditions,
        onProgress: ((TransferProgress) -> Unit)?,
    ): DownloadedObject =
        telling(onProgress) { observer ->
            call { core.downloadObject(address, file.absolutePath, options.remembered(), conditions, observer) }
        }

    override suspend fun putObject(
        address: ObjectAddress,
        body: ByteArray,
        headers: ObjectHeaders,
        conditions: ObjectConditions,
    ): UploadedObject = call { core.putObject(address, body, headers, conditions) }

    override suspend fun uploadFile(
        address: ObjectAddress,
        file: File,
        headers: ObjectHeaders,
        options: TransferOptions,
        conditions: ObjectConditions,
        onProgress: ((TransferProgress) -> Unit)?,
    ): UploadedObject =
        telling(onProgress) { observer ->
            call { core.uploadFile(address, file.absolutePath, headers, options.remembered(), conditions, observer) }
        }

    /** Without a folder no upload was remembered, and there is nothing to find. */
    override suspend fun abortUpload(
        address: ObjectAddress,
        file: File,
        options: TransferOptions,
    ): Boolean = call { options.remembered().resumeFolder?.let { core.abortUpload(address, file.absolutePath, it) } ?: false }

    override fun leftovers(): Leftovers = core.leftovers()

    override suspend fun deleteObject(
        address: ObjectAddress,
        conditions: ObjectConditions,
    ): Unit = call { core.deleteObject(address, conditions) }

    override suspend fun deleteObjects(
        keys: List<String>,
        bucket: String?,
        requesterPays: Boolean,
    ): List<UndeletedObject> = call { core.deleteObjects(keys, bucket, requesterPays) }

    override suspend fun copyObject(
        source: ObjectAddress,
        target: ObjectAddress,
        headers: ObjectHeaders?,
    ): UploadedObject = call { core.copyObject(source, target, headers) }

    override suspend fun presignObject(request: PresignRequest): PresignedUrl = call { core.presignObject(request) }

    override suspend fun callApi(request: ApiRequest): ApiResponse = call { core.callApi(request) }

    override suspend fun signRequest(request: ApiRequest): SignedHeaders = call { core.signRequest(request) }

    override fun isApi(url: String): Boolean = core.isApi(url)

    override suspend fun diagnose(): DiagnosisReport = call { core.diagnose() }

    override fun renewInBackground(): Job {
        val renewal = core.renewInBackground()
        // At once, up to the wait: a scope that is cancelled just now would not even begin, and nobody would stop the renewal.
        return scope.launch(start = CoroutineStart.UNDISPATCHED) { renewal.use { awaitCancellation() } }
    }

    override suspend fun signOut(mode: SignOutMode): SignOutResult =
        work {
            core.signOut(mode).use { done ->
                showState()
                signInFlow.reset()
                SignOutResult(
                    endSessionUrl = done.endSessionUrl()?.let(Uri::parse),
                    isRevoked = done.isRevoked(),
                    problem = (done.revocationProblem() ?: done.endSessionProblem())?.let(JetbridgeException::of),
                )
            }
        }

    override suspend fun signOutEverywhere(
        from: Activity,
        browser: BrowserOptions,
    ): SignOutResult {
        requireHost(from)
        // Before anything is waited for: the app is in front now.
        val attempt = signOutFlow.start(from, browser)
        return work { signOutFlow.finish(attempt) }
    }

    override suspend fun settle(): Unit = core.settle()

    /** What the user taps next need not wait for connections, and an app that nobody sees keeps none. */
    fun follow(app: Application) {
        foreground = Foreground(app, entered = { begin { core.prepare() } }, left = ::rest)
    }

    private fun rest() {
        // Behind the browser of a sign-in the app is not left: the core keeps connections for what comes back.
        if (isOpen && signInProgress.value !is SignInProgress.InBrowser) core.rest()
    }

    @Synchronized
    override fun close() {
        if (!scope.isActive) return
        foreground?.stop()
        observation.stop()
        observation.close()
        scope.cancel()
        opened.close()
    }

    /** Until [close]. */
    val isOpen: Boolean get() = scope.isActive

    /** Whether [uri] is the answer to a sign-in; the end of a browser session comes back by the same scheme. */
    fun isSignInRedirect(uri: String): Boolean = core.isSignInRedirect(uri)

    /** In the session's scope: cancelling the caller must not take an exchange with it. */
    suspend fun <T> work(block: suspend () -> T): T = outcome(begin(block)).getOrThrow()

    /**
     * As [work], but it ends with its caller: Rust drops what nobody waits for any more. Nothing of it goes on behind whoever was
     * cancelled.
     */
    private suspend fun <T> call(block: suspend () -> T): T {
        val called = begin(block)
        try {
            return outcome(called).getOrThrow()
        } finally {
            withContext(NonCancellable) { called.cancelAndJoin() }
        }
    }

    /**
     * Rust tells how far a transfer is from threads of its own, and must not be kept waiting. Who listens is called where the
     * caller runs, as a collector of a flow is, with what is the latest then; and has heard the last when the transfer ends.
     */
    private suspend fun <T> telling(
        onProgress: ((TransferProgress) -> Unit)?,
        move: suspend (TransferObserver?) -> T,
    ): T {
        if (onProgress == null) return move(null)
        return coroutineScope {
            val latest = Channel<TransferProgress>(Channel.CONFLATED)
            val listener = launch { for (progress in latest) onProgress(progress) }
            val observer =
                object : TransferObserver {
                    override fun progressed(
                        done: ULong,
                        total: ULong?,
                        resumed: ULong,
                    ) {
                        latest.trySend(TransferProgress(done.toLong(), total?.toLong(), resumed.toLong()))
                    }
                }
            val moved = move(observer)
            latest.close()
            listener.join()
            moved
        }
    }

    private fun TransferOptions.remembered() = if (resumeFolder == null) copy(resumeFolder = transfers) else this

    /** Waits for what [begin] has begun. */
    suspend fun <T> outcome(of: Deferred<Result<T>>): Result<T> =
        try {
            of.await()
        } catch (_: CancellationException) {
            currentCoroutineContext().ensureActive()
            // Not the caller was cancelled but the session's own scope.
            Result.failure(closed())
        }

    /** As [work], for whoever wants to come back for the result. A failure is a result: it must not end the scope's child. */
    fun <T> begin(block: suspend () -> T): Deferred<Result<T>> = scope.async { runCatching { translated { block() } } }

    /** Who begins something in the browser has to be found again by what comes back. */
    private fun requireHost(from: Activity) {
        if (!scope.isActive) throw closed()
        check((from.application as? JetbridgeHost)?.jetbridge === this) {
            "The app's Application class has to implement JetbridgeHost and give out this very session, or no redirect finds it: " +
                "see docs/android.md, step 3, and \"Several users\" for JetbridgeAccounts."
        }
    }

    /** Whoever has news comes at a time of its own, and may be late: so it is the state of now that is shown. */
    private fun showState() = states.update { core.state() }

    private companion object {
        const val EVENTS_KEPT = 64

        /**
         * Threads that nobody else can take: whoever blocks one to wait for the session, as an interceptor of OkHttp does, must not
         * keep it from answering. Blocked callers can hold all of Dispatchers.Default, and all 64 of Dispatchers.IO; but "views
         * obtained with limitedParallelism are not restricted by the Dispatchers.IO parallelism" (kotlinx.coroutines 1.11,
         * Dispatchers.IO, "Elasticity for limited parallelism"). Nothing of ours blocks them: Rust does the work on its own threads.
         */
        val WORKERS = Dispatchers.IO.limitedParallelism(4, "Jetbridge")

        fun closed() = JetbridgeException.of(SessionException.Internal("the session is closed"))
    }
}
