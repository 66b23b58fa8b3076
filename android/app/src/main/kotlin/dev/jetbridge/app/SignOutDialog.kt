package dev.jetbridge.app

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.selection.selectableGroup
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.RadioButton
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.unit.dp
import dev.jetbridge.SignOutMode

private val Choices =
    listOf(
        Triple(SignOutMode.LOCAL, R.string.sign_out_local, R.string.sign_out_local_text),
        Triple(SignOutMode.REVOKE, R.string.sign_out_revoke, R.string.sign_out_revoke_text),
        Triple(SignOutMode.END_SESSION, R.string.sign_out_end, R.string.sign_out_end_text),
    )

/** The three strengths of signing out, each with what it does and when it is right. */
@Composable
internal fun SignOutDialog(
    onDismiss: () -> Unit,
    onSignOut: (SignOutMode) -> Unit,
) {
    var chosen by rememberSaveable { mutableStateOf(SignOutMode.LOCAL) }
    Question(
        R.string.sign_out_title,
        onDismiss,
        confirm = { TextButton({ onSignOut(chosen) }) { Text(stringResource(R.string.sign_out)) } },
        dismiss = { TextButton(onDismiss) { Text(stringResource(R.string.cancel)) } },
    ) {
        Column(Modifier.selectableGroup(), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            for ((mode, title, text) in Choices) Choice(title, text, mode == chosen) { chosen = mode }
        }
    }
}

@Composable
private fun Choice(
    title: Int,
    text: Int,
    isChosen: Boolean,
    onChoose: () -> Unit,
) {
    Row(Modifier.fillMaxWidth().selectable(isChosen, role = Role.RadioButton, onClick = onChoose).padding(vertical = 8.dp)) {
        RadioButton(isChosen, onClick = null, Modifier.padding(top = 2.dp))
        Column(Modifier.padding(start = 14.dp)) {
            Text(stringResource(title), color = MaterialTheme.colorScheme.onSurface, style = MaterialTheme.typography.titleMedium)
            Text(
                stringResource(text),
                Modifier.padding(top = 2.dp),
                color = MaterialTheme.colorScheme.onSurfaceVariant,
                style = MaterialTheme.typography.bodyMedium,
            )
        }
    }
}
