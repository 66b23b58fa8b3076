package dev.jetbridge.app

import androidx.lifecycle.SavedStateHandle
import dev.jetbridge.DiagnosisReport
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.SessionState
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/*
 * Why this exists: whoever reads of an error asks what is wrong. The session walks the whole chain for them; that the screen with
 * its answer is open survives a turned screen and the death of the process, which walks anew.
 */

/** The answer to "What is wrong?". */
sealed interface DiagnosisState {
    /** The session walks. */
    data object Walking : DiagnosisState

    /** What it found. */
    data class Known(
        val report: DiagnosisReport,
    ) : DiagnosisState
}

/** What can be done about the answer. */
data class DiagnosisActions(
    val open: () -> Unit = {},
    val close: () -> Unit = {},
    /** Into the clipboard. */
    val copy: (String) -> Unit = {},
    /** To another app, such as that of a ticket. */
    val share: (String) -> Unit = {},
)

/** The walk that the user has asked for, until they leave its screen. */
internal class Diagnosis(
    private val scope: CoroutineScope,
    private val saved: SavedStateHandle,
    private val shown: MutableStateFlow<HomeState>,
    private val tell: (JetbridgeException) -> Unit,
) {
    private var session: JetbridgeSession? = null
    private var walking: Job? = null

    /** There is a session, and the screen may have been open when the process died. */
    fun begin(session: JetbridgeSession) {
        this.session = session
        if (saved.get<Boolean>(OPEN) == true) open()
    }

    /** The user wants to know; also, wants to know again. */
    fun open() {
        val session = session ?: return
        saved[OPEN] = true
        walking?.cancel()
        shown.update { it.copy(diagnosis = DiagnosisState.Walking) }
        walking =
            scope.launch {
                try {
                    // In a new process the store may not be read yet: nothing would be known of whoever is signed in.
                    session.state.first { it !is SessionState.NotLoaded }
                    val report = session.diagnose()
                    shown.update { it.copy(diagnosis = DiagnosisState.Known(report)) }
                } catch (e: JetbridgeException) {
                    // Or it would close the walk that took its place.
                    ensureActive()
                    close()
                    tell(e)
                }
            }
    }

    /** The user has read it, or does not want to wait: then the walk ends where it is. */
    fun close() {
        saved.remove<Boolean>(OPEN)
        walking?.cancel()
        shown.update { it.copy(diagnosis = null) }
    }

    private companion object {
        const val OPEN = "diagnosis"
    }
}
