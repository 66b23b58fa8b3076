package dev.jetbridge.app

import android.content.ActivityNotFoundException
import android.content.ClipData
import android.content.ClipboardManager
import android.content.Context
import android.content.Intent
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.widget.Toast
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.activity.result.PickVisualMediaRequest
import androidx.activity.result.contract.ActivityResultContracts.OpenDocument
import androidx.activity.result.contract.ActivityResultContracts.PickVisualMedia
import androidx.activity.result.contract.ActivityResultContracts.PickVisualMedia.ImageAndVideo
import androidx.activity.viewModels
import androidx.compose.runtime.getValue
import androidx.core.app.ShareCompat
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import androidx.lifecycle.createSavedStateHandle
import androidx.lifecycle.lifecycleScope
import androidx.lifecycle.repeatOnLifecycle
import androidx.lifecycle.viewmodel.initializer
import androidx.lifecycle.viewmodel.viewModelFactory
import dev.jetbridge.JetbridgeBrowser
import dev.jetbridge.JetbridgeException
import dev.jetbridge.SignOutMode
import kotlinx.coroutines.launch

/** The app's one Activity. */
class MainActivity : ComponentActivity() {
    // androidx's own factory keeps the first Application of the process for ever; tests have one each.
    private val model: MainViewModel by viewModels {
        viewModelFactory { initializer { MainViewModel(application, createSavedStateHandle()) } }
    }

    // Registered in every process that has this screen: the picker's answer may be for one that died behind it.
    private val pickPhoto = registerForActivityResult(PickVisualMedia(), ::taken)
    private val pickFile = registerForActivityResult(OpenDocument(), ::taken)

    private fun taken(uri: Uri?) {
        uri?.let(model::take)
    }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        enableEdgeToEdge()
        // Before the first frame: what the model begins to load is nearer when that is drawn.
        val actions =
            HomeActions(
                signIn = { model.signIn(this) },
                cancelSignIn = model::cancelSignIn,
                list = model::list,
                loadMore = model::loadMore,
                search = model::search,
                signOut = model::signOut,
                dismissNotice = model::dismissNotice,
                dismissNews = model::dismissNews,
                restore = model::restore,
                startOver = { model.signOut(SignOutMode.LOCAL) },
                objects =
                    ObjectActions(
                        open = model::open,
                        close = model::close,
                        lookAgain = model::lookAgain,
                        download = model::download,
                        cancelDownload = model::cancelDownload,
                        share = { lend(SharedFiles::share) },
                        view = { lend(SharedFiles::view) },
                        delete = model::delete,
                    ),
                upload =
                    UploadActions(
                        pickPhoto = { start(R.string.upload_no_app) { pickPhoto.launch(PickVisualMediaRequest(ImageAndVideo)) } },
                        pickFile = { start(R.string.upload_no_app) { pickFile.launch(arrayOf("*/*")) } },
                        rename = model::rename,
                        start = { model.upload(replaces = false) },
                        replace = { model.upload(replaces = true) },
                        chooseAnotherName = model::chooseAnotherName,
                        goOn = model::goOnUploading,
                        giveUp = model::giveUpUpload,
                    ),
                diagnosis =
                    DiagnosisActions(
                        open = model::diagnose,
                        close = model::closeDiagnosis,
                        copy = ::copy,
                        share = { start(R.string.share_no_app) { startActivity(shareText(it)) } },
                    ),
            )
        setContent {
            // Nobody collects while the app is in the background, so no clock ticks there.
            val state by model.state.collectAsStateWithLifecycle()
            JetbridgeTheme { HomeScreen(state, actions) }
        }
        lifecycleScope.launch {
            repeatOnLifecycle(Lifecycle.State.STARTED) {
                model.toOpen.collect {
                    try {
                        JetbridgeBrowser.open(this@MainActivity, it)
                    } catch (e: JetbridgeException) {
                        model.notify(e)
                    }
                }
            }
        }
    }

    private fun copy(text: String) {
        val label = getString(R.string.diagnosis)
        (getSystemService(CLIPBOARD_SERVICE) as ClipboardManager).setPrimaryClip(ClipData.newPlainText(label, text))
        // From Android 13 on the system says so itself (developer.android.com/develop/ui/views/touch-and-input/copy-paste,
        // "Provide feedback when copying content").
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) Toast.makeText(this, R.string.copied, Toast.LENGTH_SHORT).show()
    }

    private fun shareText(text: String): Intent =
        ShareCompat
            .IntentBuilder(this)
            .setType("text/plain")
            .setText(text)
            .createChooserIntent()

    private fun lend(intent: (Context, SharedFile) -> Intent) {
        val shared = model.shared() ?: return
        start(R.string.view_no_app) { startActivity(intent(this, shared)) }
    }

    /** Starts another app's screen, or says that there is none. */
    private fun start(
        otherwise: Int,
        start: () -> Unit,
    ) = try {
        start()
    } catch (e: ActivityNotFoundException) {
        model.notify(getString(otherwise))
    }
}
