package com.example.myapplication

import android.app.Activity
import android.app.Application
import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.BackHandler
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.activity.viewModels
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.material3.Button
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.unit.dp
import androidx.lifecycle.ViewModel
import androidx.lifecycle.viewModelScope
import androidx.lifecycle.viewmodel.initializer
import androidx.lifecycle.viewmodel.viewModelFactory
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeHost
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.ListedObject
import dev.jetbridge.LoginOptions
import dev.jetbridge.LoginPrompt
import dev.jetbridge.SessionState
import dev.jetbridge.SignInProgress
import dev.jetbridge.jetbridgeSession
import dev.jetbridge.text
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch

class MyApp :
    Application(),
    JetbridgeHost {
    override val jetbridge by jetbridgeSession()
}

class MainActivity : ComponentActivity() {
    private val model: FilesModel by viewModels {
        viewModelFactory { initializer { FilesModel(application as JetbridgeHost) } }
    }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        enableEdgeToEdge()
        setContent {
            MaterialTheme {
                Scaffold { padding ->
                    FilesScreen(
                        model,
                        onSignIn = { session, options -> session.startSignIn(this, options) },
                        onSignOut = { model.signOut(this) },
                        Modifier.padding(padding),
                    )
                }
            }
        }
    }
}

/** Outlives a turned screen; the session outlives both. */
class FilesModel(
    private val host: JetbridgeHost,
) : ViewModel() {
    var session by mutableStateOf<JetbridgeSession?>(null)
    var files by mutableStateOf<List<ListedObject>?>(null)
    var chosen by mutableStateOf<ListedObject?>(null)
    var problem by mutableStateOf<JetbridgeException?>(null)
    private var listing: Job? = null

    init {
        run { opened ->
            session = opened
            // Another user has other files; a new e-mail address of the same one changes nothing.
            val subjects = opened.state.map { (it as? SessionState.SignedIn)?.user?.subject }
            subjects.distinctUntilChanged().collect { subject ->
                files = null
                chosen = null
                if (subject != null) list()
            }
        }
    }

    fun list() {
        listing?.cancel()
        listing = run { files = it.objects().take(200).toList() }
    }

    fun restore() = run { it.restore() }

    fun signOut(from: Activity) = run { problem = it.signOutEverywhere(from).problem }

    private fun run(work: suspend (JetbridgeSession) -> Unit) =
        viewModelScope.launch {
            problem = null
            try {
                work(host.openSession())
            } catch (e: JetbridgeException) {
                // The state tells that one.
                if (e !is JetbridgeException.SignInRequired) problem = e
            }
        }
}

@Composable
fun FilesScreen(
    model: FilesModel,
    onSignIn: (JetbridgeSession, LoginOptions) -> Unit,
    onSignOut: () -> Unit,
    modifier: Modifier = Modifier,
) {
    Column(modifier.padding(16.dp), Arrangement.spacedBy(12.dp)) {
        model.problem?.let { Problem(it) }
        val session = model.session ?: return@Column
        val state by session.state.collectAsState()
        when (val now = state) {
            is SessionState.NotLoaded -> {
                Text("One moment…")
            }

            is SessionState.SignedIn -> {
                Files(model, now.user.displayName, onSignOut)
            }

            is SessionState.SignedOut -> {
                SignIn(session) { onSignIn(session, it) }
            }

            is SessionState.SignInRequired -> {
                Text(now.reason.text(LocalContext.current))
                SignIn(session) { onSignIn(session, it) }
            }

            is SessionState.StorageUnavailable -> {
                TextButton(onClick = { model.restore() }) { Text("Unlock the device and try again") }
            }
        }
    }
}

@Composable
fun SignIn(
    session: JetbridgeSession,
    onSignIn: (LoginOptions) -> Unit,
) {
    val progress by session.signInProgress.collectAsState()
    when (val now = progress) {
        is SignInProgress.Idle, is SignInProgress.Failed -> {
            // Whoever closed the page knows that.
            val problem = (now as? SignInProgress.Failed)?.cause.takeIf { it !is JetbridgeException.UserCancelled }
            problem?.let { Problem(it) }
            Button(onClick = { onSignIn(LoginOptions()) }) { Text("Sign in") }
            // Otherwise the browser signs in whom it knows, such as somebody who may not use this app.
            if (problem != null) {
                TextButton(onClick = { onSignIn(LoginOptions(prompt = LoginPrompt.LOGIN)) }) { Text("Another user") }
            }
        }

        is SignInProgress.Preparing, is SignInProgress.InBrowser -> {
            Text("Waiting for you in the browser…")
            TextButton(onClick = session::cancelSignIn) { Text("Cancel") }
        }

        is SignInProgress.Finishing -> {
            Text("Finishing your sign-in…")
        }
    }
}

@Composable
fun Files(
    model: FilesModel,
    name: String,
    onSignOut: () -> Unit,
) {
    model.chosen?.let { file ->
        BackHandler { model.chosen = null }
        Text(file.key, style = MaterialTheme.typography.headlineSmall)
        Text("${file.size} bytes, changed ${file.lastModified ?: "at an unknown time"}")
        TextButton(onClick = { model.chosen = null }) { Text("All files") }
        return
    }
    Text("Files of $name", style = MaterialTheme.typography.headlineSmall)
    TextButton(onClick = onSignOut) { Text("Sign out") }
    TextButton(onClick = { model.list() }) { Text("Refresh") }
    val files = model.files
    when {
        files == null -> {
            if (model.problem == null) Text("Loading…")
        }

        files.isEmpty() -> {
            Text("There are no files.")
        }

        else -> {
            LazyColumn {
                items(files) { file -> Text(file.key, Modifier.fillMaxWidth().clickable { model.chosen = file }.padding(vertical = 12.dp)) }
            }
        }
    }
}

@Composable
fun Problem(e: JetbridgeException) {
    Text(e.text(LocalContext.current), color = MaterialTheme.colorScheme.error)
}
