package dev.jetbridge.sample

import android.app.Activity
import android.app.Application
import android.content.Intent
import android.graphics.Color
import android.net.Uri
import android.os.Bundle
import android.view.MenuItem
import android.widget.TextView
import dev.jetbridge.ApiHeader
import dev.jetbridge.ApiRequest
import dev.jetbridge.BrowserOptions
import dev.jetbridge.JetbridgeAccounts
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeHost
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.ListingRequest
import dev.jetbridge.LoginOptions
import dev.jetbridge.LoginPrompt
import dev.jetbridge.ObjectAddress
import dev.jetbridge.ObjectConditions
import dev.jetbridge.ObjectHeaders
import dev.jetbridge.PresignRequest
import dev.jetbridge.PresignedMethod
import dev.jetbridge.PresignedUrl
import dev.jetbridge.Recovery
import dev.jetbridge.SessionState
import dev.jetbridge.SignInProgress
import dev.jetbridge.SignOutMode
import dev.jetbridge.body
import dev.jetbridge.broken
import dev.jetbridge.expiration
import dev.jetbridge.groups
import dev.jetbridge.headers
import dev.jetbridge.jetbridgeSession
import dev.jetbridge.problem
import dev.jetbridge.status
import dev.jetbridge.uploadContent
import dev.jetbridge.url
import dev.jetbridge.value
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import java.io.File
import java.net.HttpURLConnection
import java.net.URL

/*
 * The shorter pieces of docs/android.md and the Kotlin of docs/aws.md, compiled and run: SampleTest compares the two and signs in
 * with them. The program at the guide's beginning is a Compose app, which the demo's tests compile and use.
 */

class FilesActivity : Activity() {
    private val screen = MainScope()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val text = TextView(this).also(::setContentView)
        screen.launch {
            try {
                val session = (application as JetbridgeHost).openSession()
                text.setOnClickListener { session.startSignIn(this@FilesActivity) }
                session.state.collectLatest { state ->
                    text.text = if (state is SessionState.SignedIn) files(session) else "Tap to sign in"
                }
            } catch (e: JetbridgeException) {
                text.text = e.text(this@FilesActivity)
            }
        }
    }

    private suspend fun files(session: JetbridgeSession) =
        try {
            session.objects().toList().joinToString("\n") { it.key }
        } catch (e: JetbridgeException) {
            e.text(this)
        }

    override fun onDestroy() {
        screen.cancel()
        super.onDestroy()
    }
}

class TeamApp :
    Application(),
    JetbridgeHost {
    private val accounts by lazy { JetbridgeAccounts(this) }

    @Volatile
    private var shown: JetbridgeSession? = null

    override val jetbridge get() = shown ?: runBlocking { accounts.session(accounts.current()) }.also { shown = it }

    suspend fun names() = accounts.list().map { it.name }

    suspend fun switchTo(name: String) = accounts.switchTo(name).also { shown = it }

    /** For a user who was never here; their sign-in makes them the current one, and [switchTo] finds them. */
    fun addUser(name: String) = accounts.session(name).also { shown = it }

    suspend fun signOut(name: String) = accounts.signOut(name, SignOutMode.REVOKE)
}

suspend fun send(
    session: JetbridgeSession,
    url: String,
): String =
    withContext(Dispatchers.IO) {
        val connection = URL(url).openConnection() as HttpURLConnection
        // The session token is among the headers: it must not go where a redirect leads.
        connection.instanceFollowRedirects = false
        for (header in session.signRequest(ApiRequest(url)).headers) connection.setRequestProperty(header.name, header.value)
        connection.inputStream.use { it.readBytes().decodeToString() }
    }

suspend fun moveReport(
    session: JetbridgeSession,
    report: File,
    copy: File,
): PresignedUrl {
    session.uploadFile("reports/2026/report.pdf", report)
    session.downloadObject("reports/2026/report.pdf", copy)
    val shared = session.presignObject(PresignRequest(ObjectAddress("reports/2026/report.pdf"), PresignedMethod.GET, lastsSeconds = 1_800u))
    return shared
}

/** What the Android plugin makes for an app. */
private object BuildConfig {
    const val DEBUG = true
}

class LocalApp :
    Application(),
    JetbridgeHost {
    override val jetbridge by jetbridgeSession { if (BuildConfig.DEBUG) JetbridgeSession.localStack(it) else JetbridgeSession.open(it) }
}

class Snippets(
    private val session: JetbridgeSession,
    private val activity: Activity,
    private val screen: TextView,
    private val adminMenu: MenuItem,
    private val showPage: suspend (String) -> String?,
) {
    suspend fun progress() {
        session.signInProgress.collect { progress ->
            screen.text =
                when (progress) {
                    is SignInProgress.Idle -> ""
                    is SignInProgress.Preparing -> "Contacting Okta…"
                    is SignInProgress.InBrowser -> "Waiting for you in the browser…"
                    is SignInProgress.Finishing -> "Finishing your sign-in…"
                    is SignInProgress.Failed -> progress.cause.text(activity)
                }
        }
    }

    suspend fun paging() {
        val listing = session.listing(ListingRequest(prefix = "reports/", delimiter = "/", pageSize = 50u))
        try {
            val page = listing.nextPage() ?: return // null: that was the last one
            screen.text = (page.commonPrefixes + page.objects.map { it.key }).joinToString("\n")
        } catch (e: JetbridgeException) {
            screen.text = e.text(activity)
            if (e.recovery == Recovery.SIGN_IN) session.startSignIn(activity)
        }
    }

    suspend fun diagnosis() {
        val report = session.diagnose()
        screen.text =
            when (val broken = report.broken) {
                null -> "Everything holds, as far as it is known."
                else -> listOfNotNull(broken.title, broken.detail, broken.setting, broken.fix, broken.paste).joinToString("\n")
            }
        val ticket = Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, report.text)
        activity.startActivity(Intent.createChooser(ticket, null))
    }

    suspend fun backend(connection: HttpURLConnection) {
        connection.setRequestProperty("Authorization", "Bearer " + session.accessToken().value)
    }

    suspend fun objects(
        photo: Uri,
        folder: File,
    ) {
        try {
            val uploaded = session.uploadContent("photos/today.jpg", photo, activity) { screen.text = "${it.done} of ${it.total} bytes" }
            val file = File(folder, "today.jpg")
            session.downloadObject(uploaded.key, file) { progress -> screen.text = "${((progress.fraction ?: 0f) * 100).toInt()} %" }
            val details = session.headObject(uploaded.key)
            screen.text = "${details.size} bytes, ${details.headers.contentType}"
            session.deleteObject(uploaded.key, ObjectConditions(ifMatch = details.eTag))
        } catch (e: JetbridgeException.ConditionNotMet) {
            screen.text = "Somebody else has changed it."
        } catch (e: JetbridgeException) {
            screen.text = e.text(activity)
        }
    }

    suspend fun archive(report: File): String {
        val headers = ObjectHeaders(metadata = mapOf("author" to "alice")) // its content type is what the key's ending says, or yours
        val conditions = ObjectConditions(ifNoneMatch = "*") // ConditionNotMet if there is one already
        session.uploadFile("reports/2026/report.pdf", report, headers, conditions = conditions)
        val notes = session.getObject(ObjectAddress("notes.txt", bucket = "another-bucket")).decodeToString()
        return notes
    }

    suspend fun unfinished(
        key: String,
        file: File,
        isStillWanted: Boolean,
    ) {
        if (isStillWanted) session.uploadFile(key, file) else session.abortUpload(key, file)
    }

    suspend fun cancel(upload: Job) {
        upload.cancelAndJoin()
        session.settle() // what was sent is given up beside everything else
        val left = session.leftovers()
        if (left.mayBeWritten) screen.text = "It may have arrived all the same."
        left.problem?.let { screen.text = "Parts of it are still in the bucket. " + it.text(activity) }
    }

    suspend fun deleteMany(keys: List<String>) {
        for (undeleted in session.deleteObjects(keys)) screen.text = "${undeleted.key}: ${undeleted.problem}"
    }

    suspend fun share(key: String) {
        val shared = session.presignObject(PresignRequest(ObjectAddress(key), PresignedMethod.GET, lastsSeconds = 1_800u))
        val intent = Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, shared.url)
        activity.startActivity(Intent.createChooser(intent, "Until ${shared.expiration}"))
    }

    suspend fun api(order: ByteArray) {
        val json = listOf(ApiHeader("content-type", "application/json"))
        val answer = session.callApi(ApiRequest("https://api.example.com/orders", "POST", json, order))
        screen.text = if (answer.status == 201) "Ordered" else answer.body.decodeToString()
    }

    fun claims() {
        val claims = session.claims
        adminMenu.isVisible = "Admins" in claims?.groups.orEmpty() && claims?.text("department") == "IT"
    }

    suspend fun signOut() {
        val done = session.signOutEverywhere(activity)
        if (!done.isBrowserSignedOut) screen.text = "The browser may still be signed in."
        done.problem?.let { screen.text = it.text(activity) }
    }

    fun anotherUser() {
        session.startSignIn(activity, LoginOptions(prompt = LoginPrompt.LOGIN))
    }

    fun browser() {
        session.startSignIn(activity, browser = BrowserOptions(packageName = "com.android.chrome", toolbarColor = Color.rgb(23, 80, 92)))
    }

    suspend fun steps() {
        val request = session.manualSignIn.begin(LoginOptions(loginHint = "alice@example.com"))
        showPage(request.url) // gives the redirect, or null when the user went back
            ?.let { session.manualSignIn.complete(it) }
            ?: session.manualSignIn.cancel()
    }
}
