package dev.jetbridge

import android.app.Activity
import android.app.Application
import android.content.Context
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.SharedFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import java.io.File
import java.io.IOException

/**
 * The session with Okta and AWS: the one object an app holds, for as long as its process lives. Make it with [open] and
 * give it out through [JetbridgeHost].
 *
 * All work runs in a scope of the session's own. A caller that goes away, such as a screen that is turned, stops waiting;
 * the exchange or renewal that it asked for is finished all the same. Only what is done with objects and APIs ends with its caller:
 * cancelling the coroutine stops a transfer.
 *
 * Every suspend function throws [JetbridgeException] and nothing else, and may be called from any thread.
 *
 * An interface, so that an app's tests and previews can bring a session that needs neither Rust nor a network:
 * `FakeJetbridgeSession` of the artifact `jetbridge-testing`. Later versions may add members.
 */
public interface JetbridgeSession : AutoCloseable {
    /** The bucket of the configuration, for headings. */
    public val bucket: String

    /** What an S3 client of an AWS SDK has to be told to find the bucket of the configuration. */
    public val s3Settings: S3Settings

    /** Who is signed in, if anybody. `NotLoaded` until [restore], which [open] calls, has read the secure store. */
    public val state: StateFlow<SessionState>

    /** What happens beside the state: renewals, another user, a wrong clock, trouble with the store. */
    public val events: SharedFlow<SessionEvent>

    /** How far the sign-in has come that [startSignIn] began. */
    public val signInProgress: StateFlow<SignInProgress>

    /**
     * What the ID token says that the session holds now, its groups among it, from memory; null when nobody is signed in. A
     * renewal brings new ones. For what an app shows, never for what somebody may do.
     */
    public val claims: IdTokenClaims?

    /** The sign-in in steps, for a browser of the app's own. */
    public val manualSignIn: ManualSignIn

    /** Reads the secure store again; no network. Worth calling after `StorageUnavailable`. */
    public suspend fun restore(): SessionState

    /**
     * Signs in with the browser: shows Okta's page and takes the user back to [from]. Returns at once; follow
     * [signInProgress] and [state]. A second call while one is under way does nothing, unless the user is in the browser:
     * then it begins anew. If the one before came back from the browser and a passing fault kept it from being finished, a
     * call with the same [options] finishes it without a browser.
     *
     * @param from the Activity in front
     * @param isEphemeral asks the browser to know nothing of earlier sign-ins and to forget this one, as a device that many
     *   use needs; a browser that cannot do so signs in as usual
     * @param browser which one, and how its bar looks
     * @throws IllegalStateException when the Application is no [JetbridgeHost] with this session: a mistake in the app's code
     */
    public fun startSignIn(
        from: Activity,
        options: LoginOptions = LoginOptions(),
        isEphemeral: Boolean = false,
        browser: BrowserOptions = BrowserOptions(),
    )

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
        browser: BrowserOptions = BrowserOptions(),
    ): SessionState {
        startSignIn(from, options, isEphemeral, browser)
        return when (val end = signInProgress.first { it is SignInProgress.Idle || it is SignInProgress.Failed }) {
            is SignInProgress.Failed -> throw end.cause
            else -> state.value
        }
    }

    /**
     * Gives up the sign-in that [startSignIn] began, as a Cancel button does: what still comes from the browser opens
     * nothing. Does nothing when none is under way, and does not stop what is being finished.
     */
    public fun cancelSignIn()

    /** The user has read about the failed sign-in: [signInProgress] is idle again. */
    public fun dismissSignInFailure()

    /** Okta's profile of the user, fresh. */
    public suspend fun userInfo(): JetbridgeUser

    /** The facts of the session, with both clocks: the ID token's and the AWS credentials'. From memory, at once. */
    public fun details(): SessionDetails

    /**
     * Keys for an AWS SDK, renewed when they have less than about five minutes left (or half their life, if that is less).
     * While a renewal fails, the old ones are given for as long as they last. Ask each time, do not keep them.
     */
    public suspend fun awsCredentials(): AwsCredentials

    /** Other keys than [refused], which a service did not take although their time is not up. Listings do so by themselves. */
    public suspend fun replaceAwsCredentials(refused: AwsCredentials): AwsCredentials

    /**
     * A token for the app's own backend, good for at least five minutes (or half its life, if that is less). While a
     * renewal fails, the old one is given for as long as it lasts. Ask each time, do not keep it.
     */
    public suspend fun accessToken(): AccessToken

    /** Another token than [refused], which the backend did not take although its time is not up. */
    public suspend fun replaceAccessToken(refused: AccessToken): AccessToken

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
    public fun listing(request: ListingRequest = ListingRequest()): ObjectListing

    /** What is known of an object, without its bytes. */
    public suspend fun headObject(address: ObjectAddress): ObjectDetails

    /** As [headObject], of the configuration's bucket; [key] is the whole key. */
    public suspend fun headObject(key: String): ObjectDetails = headObject(ObjectAddress(key))

    /**
     * Reads an object into memory, if it has no more than [limit] bytes. For a large one, [downloadObject].
     *
     * @param limit in bytes
     * @throws JetbridgeException.ConditionNotMet if [conditions] do not hold
     * @throws JetbridgeException.Misconfigured if it is larger
     */
    public suspend fun getObject(
        address: ObjectAddress,
        limit: Long = IN_MEMORY,
        conditions: ObjectConditions = ObjectConditions(),
    ): ByteArray

    /** As [getObject], of the configuration's bucket. */
    public suspend fun getObject(
        key: String,
        limit: Long = IN_MEMORY,
        conditions: ObjectConditions = ObjectConditions(),
    ): ByteArray = getObject(ObjectAddress(key), limit, conditions)

    /**
     * Reads an object into [file]: several ranges at once, each tried again if it stalls. The file appears under its name when it
     * is whole and its checksum is right, and replaces one that was there. What an earlier try has brought is used if the object is
     * still the same; so a download that was cancelled, or died with the process, goes on when it is asked for again.
     *
     * @param onProgress hears how far it is where the caller runs: on the main thread, if that is where this is called. The
     *   transfer does not wait for it; of changes in quick succession only the last is told. Whatever it throws ends the transfer,
     *   and is thrown here.
     * @throws JetbridgeException.ConditionNotMet if [conditions] do not hold
     * @throws JetbridgeException.LocalFile if the file cannot be written
     */
    public suspend fun downloadObject(
        address: ObjectAddress,
        file: File,
        options: TransferOptions = TransferOptions(),
        conditions: ObjectConditions = ObjectConditions(),
        onProgress: ((TransferProgress) -> Unit)? = null,
    ): DownloadedObject

    /** As [downloadObject], of the configuration's bucket. */
    public suspend fun downloadObject(
        key: String,
        file: File,
        options: TransferOptions = TransferOptions(),
        conditions: ObjectConditions = ObjectConditions(),
        onProgress: ((TransferProgress) -> Unit)? = null,
    ): DownloadedObject = downloadObject(ObjectAddress(key), file, options, conditions, onProgress)

    /**
     * Writes an object from memory, in one request. For a file, [uploadFile].
     *
     * @throws JetbridgeException.ConditionNotMet if [conditions] do not hold, such as `ObjectConditions(ifNoneMatch = "*")` for an
     *   object that is there already
     */
    public suspend fun putObject(
        address: ObjectAddress,
        body: ByteArray,
        headers: ObjectHeaders = ObjectHeaders(),
        conditions: ObjectConditions = ObjectConditions(),
    ): UploadedObject

    /** As [putObject], into the configuration's bucket. */
    public suspend fun putObject(
        key: String,
        body: ByteArray,
        headers: ObjectHeaders = ObjectHeaders(),
        conditions: ObjectConditions = ObjectConditions(),
    ): UploadedObject = putObject(ObjectAddress(key), body, headers, conditions)

    /**
     * Writes an object from [file], a large one in parts. An upload that died with the process goes on if the same file, unchanged,
     * is uploaded to the same place again; [abortUpload] if it is not wanted any more. One whose caller is cancelled is given up,
     * and S3 keeps nothing of it. What the user has picked is a `Uri` and no file: [uploadContent].
     *
     * @param options where it is remembered what was sent: without `resumeFolder`, in the app's `noBackupFilesDir`
     * @param onProgress as in [downloadObject]
     * @throws JetbridgeException.ConditionNotMet if [conditions] do not hold
     * @throws JetbridgeException.LocalFile if the file cannot be read, or changes meanwhile
     */
    public suspend fun uploadFile(
        address: ObjectAddress,
        file: File,
        headers: ObjectHeaders = ObjectHeaders(),
        options: TransferOptions = TransferOptions(),
        conditions: ObjectConditions = ObjectConditions(),
        onProgress: ((TransferProgress) -> Unit)? = null,
    ): UploadedObject

    /** As [uploadFile], into the configuration's bucket. */
    public suspend fun uploadFile(
        key: String,
        file: File,
        headers: ObjectHeaders = ObjectHeaders(),
        options: TransferOptions = TransferOptions(),
        conditions: ObjectConditions = ObjectConditions(),
        onProgress: ((TransferProgress) -> Unit)? = null,
    ): UploadedObject = uploadFile(ObjectAddress(key), file, headers, options, conditions, onProgress)

    /**
     * Gives up what an earlier process sent of [file] to [address], or an upload that failed: S3 forgets its parts, which are paid for
     * otherwise, and nobody goes on with it. One that is under way ends when its caller is cancelled. The file need not be there any
     * more. Without this, parts are given up when the user uploads something a week later.
     *
     * @param options those of the upload, of which only `resumeFolder` counts
     * @return whether there was anything
     * @throws JetbridgeException if S3 does not forget them; then it is remembered still
     * @throws JetbridgeException.LocalFile if the upload is under way
     */
    public suspend fun abortUpload(
        address: ObjectAddress,
        file: File,
        options: TransferOptions = TransferOptions(),
    ): Boolean

    /** As [abortUpload], of the configuration's bucket. */
    public suspend fun abortUpload(
        key: String,
        file: File,
        options: TransferOptions = TransferOptions(),
    ): Boolean = abortUpload(ObjectAddress(key), file, options)

    /**
     * What uploads of this session object that were cancelled may have left in S3, as far as it is known: all of it once [settle] has
     * returned. From memory, at once.
     */
    public fun leftovers(): Leftovers

    /**
     * Deletes an object. One that is not there is no error: S3 does not tell.
     *
     * @throws JetbridgeException.ConditionNotMet if [conditions] do not hold
     */
    public suspend fun deleteObject(
        address: ObjectAddress,
        conditions: ObjectConditions = ObjectConditions(),
    )

    /** As [deleteObject], of the configuration's bucket. */
    public suspend fun deleteObject(
        key: String,
        conditions: ObjectConditions = ObjectConditions(),
    ): Unit = deleteObject(ObjectAddress(key), conditions)

    /**
     * Deletes objects of one bucket, the configuration's if [bucket] names no other, a thousand in one request. Those that are not
     * there are no error.
     *
     * @param keys whole ones
     * @param requesterPays as in [ObjectAddress]
     * @return those that could not be deleted, and why; empty if all were
     * @throws JetbridgeException if nothing can be said of single objects; some may be deleted by then
     */
    public suspend fun deleteObjects(
        keys: List<String>,
        bucket: String? = null,
        requesterPays: Boolean = false,
    ): List<UndeletedObject>

    /**
     * Copies an object within S3, which copies no more than 5 GB (5 · 2^30 bytes) in one request; larger ones are refused.
     *
     * @param headers what is kept with the copy in place of what is kept with the source
     */
    public suspend fun copyObject(
        source: ObjectAddress,
        target: ObjectAddress,
        headers: ObjectHeaders? = null,
    ): UploadedObject

    /** As [copyObject], within the configuration's bucket. */
    public suspend fun copyObject(
        source: String,
        target: String,
        headers: ObjectHeaders? = null,
    ): UploadedObject = copyObject(ObjectAddress(source), ObjectAddress(target), headers)

    /**
     * A URL that reads or writes one object for whoever has it. It works no longer than the credentials that sign it, and says when
     * that is. S3 is not asked: the URL of an object that is not there, or that the role forbids, fails when it is used.
     */
    public suspend fun presignObject(request: PresignRequest): PresignedUrl

    /**
     * Signs a request to an API behind IAM, sends it, and gives whatever the API answers, redirects among it. What the
     * credentials or the clock are refused for is signed anew once. For an app's own HTTP client, [signRequest].
     *
     * @throws JetbridgeException.Misconfigured for a server that is none of `API.endpoints`, unless the request says its `service`
     *   and `region`
     * @throws JetbridgeException.AccessDenied if IAM refuses
     */
    public suspend fun callApi(request: ApiRequest): ApiResponse

    /**
     * The headers that sign a request which the app's own HTTP client sends: it adds them, changes nothing else, and sends it at
     * once. They are for this request alone, and never follow a redirect.
     *
     * @throws JetbridgeException.Misconfigured as [callApi]
     */
    public suspend fun signRequest(request: ApiRequest): SignedHeaders

    /** Whether this is a URL of one of `API.endpoints`, for an HTTP client that signs what is one and leaves the rest alone. */
    public fun isApi(url: String): Boolean

    /**
     * What is wrong: walks the whole chain from the configuration to the bucket, says of each link whether it holds, and stops at
     * the first that does not, with what to do. For a screen beside an error, and for a ticket: the report holds no secret and
     * nothing personal beyond the shortened name of the user.
     *
     * A clock that is more than five minutes off is broken and stops nothing: it is corrected here, and other programs fail by it.
     *
     * It asks Okta and AWS, renews like any call, and changes nothing else; it signs nobody in, and what only a sign-in tells is
     * `UNKNOWN` before one. On a bad network it takes as long as all its answers do. It ends with its caller. What fails is what
     * the report is about: only a session that was closed throws.
     */
    public suspend fun diagnose(): DiagnosisReport

    /**
     * Renews tokens and keys a little before they run out, for long work without a user: until the answer is cancelled or the
     * session closed. The session holds on to it, so the answer may be ignored.
     */
    public fun renewInBackground(): Job

    /**
     * Signs out. What is on the device always goes, with or without a network; the answer says what came of the rest.
     *
     * @throws JetbridgeException.SecureStorage when the device's copy could not be erased
     */
    public suspend fun signOut(mode: SignOutMode = SignOutMode.LOCAL): SignOutResult

    /**
     * Signs out here, tells Okta, and has Okta's page end the browser's session. Waits until the page came back by
     * `okta_logout_url` or the user did without it, which [SignOutResult.isBrowserSignedOut] tells. The device is signed out
     * before the page opens. Whoever is cancelled while waiting misses only the answer.
     *
     * @param from the Activity in front
     * @param browser the one that the sign-in was in
     * @throws JetbridgeException.SecureStorage when the device's copy could not be erased
     * @throws IllegalStateException as for [startSignIn]
     */
    public suspend fun signOutEverywhere(
        from: Activity,
        browser: BrowserOptions = BrowserOptions(),
    ): SignOutResult

    /**
     * Waits until nothing goes on beside the calls any more: a code or a refresh token that was sent and whose answer is not
     * saved yet, a renewal whose caller went away, the profile, a cancelled upload that is given up. For work that is about to let its process end, such as the
     * last lines of a worker; an app on the screen has no need of it.
     */
    public suspend fun settle()

    /**
     * Ends the session object, not the session: what is stored stays, and the next [open] finds it. Whoever calls after that,
     * or still waits, gets [JetbridgeException.Internal].
     */
    override fun close()

    public companion object {
        private const val OKTA_CONFIG = "okta-config.json"
        private const val AWS_EXPORTS = "aws-exports.json"
        private const val LOCAL_STACK_PORT = 9400
        private const val LOCKS = "jetbridge/locks"
        private const val TRANSFERS = "jetbridge/transfers"

        /** What [getObject] reads at most, if nobody says: 16 MiB. */
        private const val IN_MEMORY = 16L * 1024 * 1024

        /**
         * Opens the session of the configuration in the app's assets, `okta-config.json` and `aws-exports.json`, and begins
         * to restore what the device has kept. Several processes of the app may each open it: they take turns by file locks,
         * in the app's own folder if [options] name none.
         *
         * The first call of a process loads the native library, which takes a moment: [jetbridgeSession] does so on another
         * thread.
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
        ): JetbridgeSession = open(context, config(context), store, options)

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
            return translated {
                val core = CoreSession.open(config, store, options.copy(lockFolder = locks(context, options)))
                val session = LiveSession(core, config, File(context.noBackupFilesDir, TRANSFERS).path)
                (context.applicationContext as? Application)?.let(session::follow)
                restored(session)
            }
        }

        /**
         * A session with the local stack of the computer that this device is plugged into, for debug builds of an app: it needs
         * no files. The stack runs there as `jetbridge local-stack --port 9400`, and `adb reverse` makes its five ports this
         * device's own (docs/android.md). The manifest placeholder is `com.okta.local-jetbridge` then.
         *
         * @param port the first of the five
         * @throws JetbridgeException.InvalidConfiguration with a release build of the library, which speaks https only
         * @throws JetbridgeException.LibraryMissing when the app has no native library for this device
         */
        @JvmStatic
        @JvmOverloads
        public fun localStack(
            context: Context,
            port: Int = LOCAL_STACK_PORT,
            store: SecretStore = KeystoreSecretStore(context),
            options: SessionOptions = SessionOptions(),
        ): JetbridgeSession {
            NativeLibrary.load()
            return open(context, translated { JetbridgeConfig.localStack(port.toUShort()) }, store, options)
        }

        /**
         * Checks the configuration in the app's assets.
         *
         * @throws JetbridgeException as [open] does
         */
        @JvmStatic
        public fun config(context: Context): JetbridgeConfig {
            NativeLibrary.load()
            return config(asset(context, OKTA_CONFIG), asset(context, AWS_EXPORTS))
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
        ): JetbridgeConfig {
            NativeLibrary.load()
            return translated { JetbridgeConfig.parse(oktaConfig, awsExports) }
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

        /** Around a core session that was opened already: one with the local stack's clock, in tests and debug builds. */
        @JvmStatic
        public fun over(
            config: JetbridgeConfig,
            core: CoreSession,
        ): JetbridgeSession = restored(LiveSession(core, config))

        private fun restored(session: LiveSession): JetbridgeSession = session.also { it.begin { it.restore() } }

        /** Where everything of one app takes its turns. */
        internal fun locks(
            context: Context,
            options: SessionOptions = SessionOptions(),
        ): String = options.lockFolder ?: File(context.noBackupFilesDir, LOCKS).path

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
