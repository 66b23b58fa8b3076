package dev.jetbridge.sample

import android.app.Activity
import android.app.Application
import android.os.Bundle
import android.widget.TextView
import dev.jetbridge.JetbridgeBrowser
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeHost
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.ListingRequest
import dev.jetbridge.Recovery
import dev.jetbridge.SessionState
import dev.jetbridge.SignInProgress
import dev.jetbridge.SignOutMode
import java.net.HttpURLConnection
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch

/*
 * The code of docs/android.md, compiled and run: SampleTest compares the two and signs in with it.
 */

class MyApp :
    Application(),
    JetbridgeHost {
    override val jetbridge by lazy { JetbridgeSession.open(this) }
}

class FilesActivity : Activity() {
    private val session get() = (application as JetbridgeHost).jetbridge
    private val screen = MainScope()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val text = TextView(this).also(::setContentView)
        text.setOnClickListener { session.startSignIn(this) }
        screen.launch {
            session.state.collectLatest { state ->
                text.text =
                    try {
                        if (state is SessionState.SignedIn) session.objects().toList().joinToString("\n") { it.key } else "Tap to sign in"
                    } catch (e: JetbridgeException) {
                        e.text(this@FilesActivity)
                    }
            }
        }
    }

    override fun onDestroy() {
        screen.cancel()
        super.onDestroy()
    }
}

class Snippets(
    private val session: JetbridgeSession,
    private val activity: Activity,
    private val screen: TextView,
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

    suspend fun backend(connection: HttpURLConnection) {
        connection.setRequestProperty("Authorization", "Bearer " + session.accessToken().text())
    }

    suspend fun keys(): Triple<String, String, String> {
        val keys = session.awsCredentials()
        return Triple(keys.accessKeyId(), keys.secretAccessKey(), keys.sessionToken())
    }

    suspend fun signOut() {
        val done = session.signOut(SignOutMode.END_SESSION)
        done.endSessionUrl?.let { JetbridgeBrowser.open(activity, it) }
        done.problem?.let { screen.text = it.text(activity) }
    }
}
