package dev.jetbridge.app

import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.activity.viewModels
import androidx.compose.runtime.getValue
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.compose.collectAsStateWithLifecycle
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
    private val model: MainViewModel by viewModels { viewModelFactory { initializer { MainViewModel(application) } } }

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
                restore = model::restore,
                startOver = { model.signOut(SignOutMode.LOCAL) },
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
}
