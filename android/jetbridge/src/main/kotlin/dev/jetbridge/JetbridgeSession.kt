package dev.jetbridge

import android.app.Activity
import android.content.Context
import android.net.Uri
import java.io.File
import java.io.IOException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharedFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asSharedFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/**
 * The session with Okta and AWS: the one object an app holds, for as long as its process lives. Make it with [open] and
 * give it out through [JetbridgeHost].
 *
 * All work runs in a scope of the session's own. A caller that goes away, such as a screen that is turned, stops waiting;
 * the exchange or renewal that it asked for is finished all the same.
 *
 * Every suspend function throws [JetbridgeException] and nothing else, and may be called from any thread.
 */
public class JetbridgeSession internal constructor(
    private val opened: CoreSession,
    /** The bucket of the configuration, for headings. */
    public val bucket: String,
) : AutoCloseable {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    /** Everybody comes by here: what was closed has no answer. */
    private val core get() = if (scope.isActive) opened else throw closed()
    private val states = MutableStateFlow(core.state())
    private val news =
        MutableSharedFlow<SessionEvent>(extraBufferCapacity = EVENTS_KEPT, onBufferOverflow = BufferOverflow.DROP_OLDEST)

    internal val signInFlow = SignInFlow(this, scope)

    internal val observer =
        object : SessionObserver {
            override fun stateChanged(state: SessionState) {
                if (scope.isActive) showState()
            }

            override fun event(event: SessionEvent) {
                news.tryEmit(event)
            }
        }

    private val observation = core.observe(observer)

    /** Who is signed in, if anybody. `NotLoaded` until [restore], which [open] calls, has read the secure store. */
    public val state: StateFlow<SessionState> = states.asStateFlow()

    /** What happens beside the state: renewals, another user, a wrong clock, trouble with the store. */
    public val events: SharedFlow<SessionEvent> = news.asSharedFlow()

    /** How far the sign-in has come that [startSignIn] began. */
    public val signInProgress: StateFlow<SignInProgress> = signInFlow.progress

    /** Reads the secure store again; no network. Worth calling after `StorageUnavailable`. */
    public suspend fun restore(): SessionState = work { core.restore().also { showState() } }

    /**
     * Signs in with the browser: shows Okta's page and takes the user back to [from]. Returns at once; follow
     * [signInProgress] and [state]. A second call while one is under way does nothing, unless the user is in the browser:
     * then it begins anew. If the one before came back from the browser and a passing fault kept it from being finished, a
     * call with the same [options] finishes it without a browser.
     *
     * @param from the Activity in front
     * @param isEphemeral asks the browser to know nothing of earlier sign-ins and to forget this one, as a device that many
     *   use needs; a browser that cannot do so signs in as usual
     * @throws IllegalStateException when the Application is no [JetbridgeHost] with this session: a mistake in the app's code
     */
    public fun startSignIn(
        from: Activity,
        options: LoginOptions = LoginOptions(),
        isEphemeral: Boolean = false,
    ) {
        if (!scope.isActive) throw closed()
        check((from.application as? JetbridgeHost)?.jetbridge === this) {
            "The app's Application class has to implement JetbridgeHost and give out this very session, or no redirect finds it: " +
                "see step 3 of docs/android.md."
        }
        signInFlow.start(from, options, isEphemeral)
    }

    /**
     * As [startSignIn], and waits for the end. Whoever is cancelled while waiting, or dies with the process, misses only
     * the answer: it is in [state].
     *
     * @throws JetbridgeException.UserCancelled when the user came back without signing in
     */
    public suspend fun signIn(
        from: Activity,
        options: LoginOptions = LoginOptions(),
        isEphemeral: Boolean = false,
    ): SessionState {
        startSignIn(from, options, isEphemeral)
        return when (val end = signInProgress.first { it is SignInProgress.Idle || it is SignInProgress.Failed }) {
            is SignInProgress.Failed -> throw end.cause
            else -> state.value
        }
    }

    /**
     * Gives up the sign-in that [startSignIn] began, as a Cancel button does: what still comes from the browser opens
     * nothing. Does nothing when none is under way, and does not stop what is being finished.
     */
    public fun cancelSignIn(): Unit = signInFlow.cancel()

    /** The user has read about the failed sign-in: [signInProgress] is idle again. */
    public fun dismissSignInFailure(): Unit = signInFlow.dismissFailure()

    /**
     * The first step of a sign-in for an app that opens the browser itself. The request is remembered in the secure store
     * before this returns, so the app may be killed behind the browser.
     */
    public suspend fun beginLogin(options: LoginOptions = LoginOptions()): AuthorizationRequest = work { core.beginLogin(options) }

    /**
     * The second step: takes the redirect URI, whole. Giving the same one twice is harmless, and so is a foreign one, which
     * gives [JetbridgeException.UnexpectedRedirect].
     */
    public suspend fun completeLogin(redirectUri: String): SessionState = work { core.completeLogin(redirectUri).also { showState() } }

    /** The user came back without signing in: forgets the sign-ins that this process has begun. */
    public suspend fun cancelLogin(): Unit = work { core.cancelLogin() }

    /** Okta's profile of the user, fresh. */
    public suspend fun userInfo(): JetbridgeUser = work { core.userInfo() }

    /** The facts of the session, with both clocks: the ID token's and the AWS credentials'. From memory, at once. */
    public fun details(): SessionDetails = core.details()

    /**
     * Keys for an AWS SDK, renewed when they have less than about five minutes left (or half their life, if that is less).
     * While a renewal fails, the old ones are given for as long as they last. Ask each time, do not keep them.
     */
    public suspend fun awsCredentials(): AwsCredentials = work { core.awsCredentials() }

    /** Other keys than [refused], which a service did not take although their time is not up. Listings do so by themselves. */
    public suspend fun replaceAwsCredentials(refused: AwsCredentials): AwsCredentials = work { core.replaceAwsCredentials(refused) }

    /**
     * A token for the app's own backend, good for at least five minutes (or half its life, if that is less). While a
     * renewal fails, the old one is given for as long as it lasts. Ask each time, do not keep it.
     */
    public suspend fun accessToken(): AccessToken = work { core.accessToken() }

    /** Another token than [refused], which the backend did not take although its time is not up. */
    public suspend fun replaceAccessToken(refused: AccessToken): AccessToken = work { core.replaceAccessToken(refused) }

    /**
     * The objects of the bucket whose keys begin with [prefix] (without it, the configuration's prefix or everything). A page
     * is fetched when the collector has used up the one before, so `take(20)` asks for one page only.
     */
    public fun objects(prefix: String? = null): Flow<ListedObject> =
        flow { pages(ListingRequest(prefix = prefix)).collect { page -> page.objects.forEach { emit(it) } } }

    /** As [objects], page by page, with the "folders" that a delimiter makes. */
    public fun pages(request: ListingRequest = ListingRequest()): Flow<ObjectPage> =
        flow {
            val listing = listing(request)
            while (true) emit(listing.nextPage() ?: break)
        }

    /** As [pages], for a screen that asks for more when it is scrolled. Nothing is asked before the first page is. */
    public fun listing(request: ListingRequest = ListingRequest()): ObjectListing = ObjectListing(core.listObjects(request), this)

    /**
     * Renews tokens and keys a little before they run out, for long work without a user: until the answer is cancelled or the
     * session closed. The session holds on to it, so the answer may be ignored.
     */
    public fun renewInBackground(): Job {
        val renewal = core.renewInBackground()
        // At once, up to the wait: a scope that is cancelled just now would not even begin, and nobody would stop the renewal.
        return scope.launch(start = CoroutineStart.UNDISPATCHED) { renewal.use { awaitCancellation() } }
    }

    /**
     * Signs out. What is on the device always goes, with or without a network; the answer says what came of the rest.
     *
     * @throws JetbridgeException.SecureStorage when the device's copy could not be erased
     */
    public suspend fun signOut(mode: SignOutMode = SignOutMode.LOCAL): SignOutResult =
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

    /**
     * Ends the session object, not the session: what is stored stays, and the next [open] finds it. Whoever calls after that,
     * or still waits, gets [JetbridgeException.Internal].
     */
    @Synchronized
    override fun close() {
        if (!scope.isActive) return
        observation.stop()
        observation.close()
        scope.cancel()
        opened.close()
    }

    /** Whoever has news comes at a time of its own, and may be late: so it is the state of now that is shown. */
    private fun showState() = states.update { core.state() }

    /**
     * Waits until nothing goes on beside the calls any more: a code or a refresh token that was sent and whose answer is not
     * saved yet, a renewal whose caller went away, the profile. For work that is about to let its process end, such as the
     * last lines of a worker; an app on the screen has no need of it.
     */
    public suspend fun settle(): Unit = core.settle()

    /** Whether [uri] is the answer to a sign-in; the end of a browser session comes back by the same scheme. */
    internal fun isSignInRedirect(uri: String): Boolean = core.isSignInRedirect(uri)

    /** In the session's scope: cancelling the caller must not take an exchange with it. */
    internal suspend fun <T> work(block: suspend () -> T): T = outcome(begin(block)).getOrThrow()

    /** Waits for what [begin] has begun. */
    internal suspend fun <T> outcome(of: Deferred<Result<T>>): Result<T> =
        try {
            of.await()
        } catch (_: CancellationException) {
            currentCoroutineContext().ensureActive()
            // Not the caller was cancelled but the session's own scope.
            Result.failure(closed())
        }

    /** As [work], for whoever wants to come back for the result. A failure is a result: it must not end the scope's child. */
    internal fun <T> begin(block: suspend () -> T): Deferred<Result<T>> =
        scope.async {
            runCatching { block() }.recoverCatching {
                throw when (it) {
                    is SessionException -> JetbridgeException.of(it)

                    // A bug of the library that Rust caught as a panic.
                    is InternalException -> JetbridgeException.of(SessionException.Internal(it.message.orEmpty()))

                    else -> it
                }
            }
        }

    public companion object {
        private const val EVENTS_KEPT = 64
        private const val OKTA_CONFIG = "okta-config.json"
        private const val AWS_EXPORTS = "aws-exports.json"
        private const val LOCKS = "jetbridge/locks"

        /**
         * Opens the session of the configuration in the app's assets, `okta-config.json` and `aws-exports.json`, and begins
         * to restore what the device has kept. Several processes of the app may each open it: they take turns by file locks,
         * in the app's own folder if [options] name none.
         *
         * The first call of a process loads the native library, which takes a moment: where the first frame must not wait for
         * it, open the session on another thread.
         *
         * @throws JetbridgeException.ConfigurationFileMissing for an asset that is not there
         * @throws JetbridgeException.InvalidConfiguration for mistakes in the two files, all at once
         * @throws JetbridgeException.LibraryMissing when the app has no native library for this device
         */
        @JvmStatic
        @JvmOverloads
        public fun open(
            context: Context,
            store: SecretStore = KeystoreSecretStore(context),
            options: SessionOptions = SessionOptions(),
        ): JetbridgeSession {
            NativeLibrary.load()
            return open(context, config(asset(context, OKTA_CONFIG), asset(context, AWS_EXPORTS)), store, options)
        }

        /** As the other `open`, for a configuration that does not come from the assets. */
        @JvmStatic
        @JvmOverloads
        public fun open(
            context: Context,
            config: JetbridgeConfig,
            store: SecretStore = KeystoreSecretStore(context),
            options: SessionOptions = SessionOptions(),
        ): JetbridgeSession {
            NativeLibrary.load()
            return try {
                val locks = options.lockFolder ?: File(context.noBackupFilesDir, LOCKS).path
                over(config, CoreSession.open(config, store, options.copy(lockFolder = locks)))
            } catch (e: SessionException) {
                throw JetbridgeException.of(e)
            }
        }

        /**
         * Checks the texts of the two configuration files.
         *
         * @throws JetbridgeException.InvalidConfiguration for mistakes in them, all at once
         * @throws JetbridgeException.LibraryMissing when the app has no native library for this device
         */
        @JvmStatic
        public fun config(
            oktaConfig: String,
            awsExports: String,
        ): JetbridgeConfig =
            try {
                NativeLibrary.load()
                JetbridgeConfig.parse(oktaConfig, awsExports)
            } catch (e: ConfigException) {
                throw JetbridgeException.of(e)
            }

        /**
         * Sends the library's log up to [level] to logcat under the tag `Jetbridge`, or nowhere without one; it holds no
         * secret. False if something else in this process takes the log already.
         *
         * @throws JetbridgeException.LibraryMissing when the app has no native library for this device
         */
        @JvmStatic
        public fun log(level: LogLevel?): Boolean {
            NativeLibrary.load()
            return setLogSink(LogcatSink.takeIf { level != null }, level ?: LogLevel.ERROR)
        }

        /** Around a session that the app has opened itself: one with the local stack's clock, in tests and debug builds. */
        @JvmStatic
        public fun over(
            config: JetbridgeConfig,
            core: CoreSession,
        ): JetbridgeSession {
            val session = JetbridgeSession(core, config.bucket())
            session.begin { session.restore() }
            return session
        }

        private fun closed() = JetbridgeException.of(SessionException.Internal("the session is closed"))

        private fun asset(
            context: Context,
            name: String,
        ): String =
            try {
                context.assets
                    .open(name)
                    .bufferedReader()
                    .use { it.readText() }
            } catch (e: IOException) {
                throw JetbridgeException.ConfigurationFileMissing(name, e)
            }
    }
}

/** A listing that is read page by page. After an exception it is over; begin a new one. */
public class ObjectListing internal constructor(
    private val pages: ObjectPages,
    private val session: JetbridgeSession,
) {
    private val turn = Mutex()
    private var fetching: Deferred<Result<ObjectPage?>>? = null

    /** The next page, or null after the last. A caller that stops waiting loses nothing: the page comes with the next call. */
    public suspend fun nextPage(): ObjectPage? =
        turn.withLock {
            // A page whose caller went away was fetched all the same, and is the next one's.
            val page = fetching ?: session.begin { pages.nextPage() }.also { fetching = it }
            val result = session.outcome(page)
            fetching = null
            result.getOrThrow()
        }
}

/** What came of signing out, beyond the device. */
public class SignOutResult internal constructor(
    /** The page that ends the browser's session, for [JetbridgeBrowser.open]. It carries a token: never log it. */
    public val endSessionUrl: Uri?,
    /** Whether Okta took the refresh token back. */
    public val isRevoked: Boolean,
    /** Why Okta was not told although it should have been. The device is signed out all the same. */
    public val problem: JetbridgeException?,
)
