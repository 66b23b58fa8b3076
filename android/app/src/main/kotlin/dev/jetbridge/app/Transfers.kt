package dev.jetbridge.app

import android.text.format.Formatter
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.foundation.text.selection.SelectionContainer
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.ButtonDefaults
import androidx.compose.material3.DropdownMenu
import androidx.compose.material3.DropdownMenuItem
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalConfiguration
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.LocalWindowInfo
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardCapitalization
import androidx.compose.ui.text.style.TextDirection
import androidx.compose.ui.unit.dp
import dev.jetbridge.TransferProgress
import java.text.NumberFormat

/*
 * Why this exists: bytes on their way look the same in both directions, and so does what keeps them from it. With it, what the
 * user is asked before something is uploaded.
 */

/**
 * How far a transfer is. Eyes see every byte; TalkBack hears each quarter, or it would say nothing else.
 *
 * @param progress null while nothing has come
 */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun TransferCard(
    title: Int,
    progress: TransferProgress?,
    onCancel: () -> Unit,
    modifier: Modifier = Modifier,
    detail: String? = null,
) {
    val fraction = progress?.fraction
    Surface(modifier.fillMaxWidth(), color = MaterialTheme.colorScheme.surfaceContainerHigh, shape = RoundedCornerShape(16.dp)) {
        Column(Modifier.padding(start = 18.dp, end = 18.dp, top = 14.dp, bottom = 6.dp)) {
            val spoken = fraction?.let { stringResource(R.string.transfer_spoken, stringResource(title), percent(quarter(it))) }
            Announcement(stringResource(title), spoken)
            detail?.let { Faint(it) }
            val bar = Modifier.fillMaxWidth().padding(top = 12.dp, bottom = 6.dp)
            if (fraction == null) LinearProgressIndicator(bar) else LinearProgressIndicator({ fraction }, bar)
            FlowRow(Modifier.fillMaxWidth(), Arrangement.SpaceBetween) {
                Column(Modifier.padding(vertical = 8.dp)) {
                    progress?.let { Text(moved(it), style = MaterialTheme.typography.bodyMedium) }
                    val resumed = progress?.resumed ?: 0
                    if (resumed > 0) Faint(stringResource(R.string.transfer_resumed, size(resumed)))
                }
                TextButton(onCancel) { Text(stringResource(R.string.cancel)) }
            }
        }
    }
}

/** Words that TalkBack reads when they come, or as [spoken] when that changes. */
@Composable
internal fun Announcement(
    text: String,
    spoken: String? = null,
) {
    Text(
        text,
        Modifier.semantics {
            liveRegion = LiveRegionMode.Polite
            spoken?.let { contentDescription = it }
        },
        style = MaterialTheme.typography.titleMedium,
    )
}

@Composable
private fun moved(progress: TransferProgress): String {
    val total = progress.total ?: return stringResource(R.string.transfer_moved, size(progress.done))
    return stringResource(R.string.transfer_of, size(progress.done), size(total), percent(progress.fraction ?: 0f))
}

@Composable
private fun size(bytes: Long) = Formatter.formatShortFileSize(LocalContext.current, bytes)

@Composable
private fun percent(fraction: Float): String = NumberFormat.getPercentInstance(LocalConfiguration.current.locales[0]).format(fraction)

private fun quarter(fraction: Float) = (fraction * 4).toInt() / 4f

/** What went wrong with one thing, and how to try it again; it takes no more than its part of a small window. */
@Composable
internal fun ProblemCard(
    title: String,
    problem: Problem,
    onRetry: () -> Unit,
    modifier: Modifier = Modifier,
    onDismiss: (() -> Unit)? = null,
) {
    Surface(
        modifier.fillMaxWidth(),
        color = MaterialTheme.colorScheme.errorContainer,
        contentColor = MaterialTheme.colorScheme.onErrorContainer,
        shape = RoundedCornerShape(16.dp),
    ) {
        Column(Modifier.padding(start = 18.dp, end = 18.dp, top = 14.dp, bottom = 6.dp)) {
            Column(Modifier.padding(bottom = 8.dp).semantics(mergeDescendants = true) { liveRegion = LiveRegionMode.Polite }) {
                Text(title, style = MaterialTheme.typography.titleMedium)
                Text(problem.text, Modifier.padding(top = 4.dp), style = MaterialTheme.typography.bodyMedium)
            }
            problem.forAdministrator?.let { hint ->
                // To be copied into a message to somebody else.
                SelectionContainer {
                    Text(
                        stringResource(R.string.for_administrator, hint.isolated()),
                        Modifier.padding(bottom = 8.dp),
                        style = MaterialTheme.typography.bodySmall,
                    )
                }
            }
            FlowButtons {
                WhatIsWrong()
                if (problem.canRetry) CardButton(R.string.try_again, onRetry)
                onDismiss?.let { CardButton(R.string.discard, it) }
            }
        }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun FlowButtons(content: @Composable () -> Unit) {
    FlowRow(Modifier.fillMaxWidth(), Arrangement.End) { content() }
}

@Composable
private fun CardButton(
    label: Int,
    onClick: () -> Unit,
) {
    TextButton(
        onClick,
        colors = ButtonDefaults.textButtonColors(contentColor = MaterialTheme.colorScheme.onErrorContainer),
    ) { Text(stringResource(label)) }
}

/** Two places that things to upload come from; both are shown by Android and need no permission. */
@Composable
internal fun UploadMenu(
    isEnabled: Boolean,
    actions: UploadActions,
) {
    var isOpen by remember { mutableStateOf(false) }
    IconButton({ isOpen = true }, enabled = isEnabled) { Icon(painterResource(R.drawable.ic_upload), stringResource(R.string.upload)) }
    DropdownMenu(isOpen, { isOpen = false }) {
        for ((label, pick) in listOf(R.string.upload_photo to actions.pickPhoto, R.string.upload_file to actions.pickFile)) {
            DropdownMenuItem(
                { Text(stringResource(label)) },
                onClick = {
                    isOpen = false
                    pick()
                },
            )
        }
    }
}

/** How far an upload is, while the user does something else. */
@Composable
internal fun UploadCard(
    upload: UploadState,
    actions: UploadActions,
    modifier: Modifier,
) {
    // As of a notice: the rest of the screen stays in reach.
    val tallest = with(LocalDensity.current) { (LocalWindowInfo.current.containerSize.height * 2 / 5).toDp() }
    val place =
        modifier
            .padding(start = 20.dp, end = 20.dp, top = 4.dp, bottom = 12.dp)
            .heightIn(max = tallest)
            .verticalScroll(rememberScrollState())
    when (upload) {
        is UploadState.Reading -> {
            TransferCard(R.string.upload_reading, upload.progress, actions.giveUp, place)
        }

        is UploadState.UnderWay -> {
            TransferCard(R.string.uploading, upload.progress, actions.giveUp, place, upload.key.spelledOut().isolated())
        }

        is UploadState.Interrupted -> {
            InterruptedCard(upload, actions, place)
        }

        is UploadState.Failed -> {
            ProblemCard(stringResource(R.string.upload_failed), upload.problem, actions.goOn, place, actions.giveUp)
        }

        // The user is asked something first.
        is UploadState.Naming, is UploadState.Taken -> {}
    }
}

/** Nothing goes by itself: the network may cost money here, and the file may have been sent by mistake. */
@Composable
private fun InterruptedCard(
    upload: UploadState.Interrupted,
    actions: UploadActions,
    modifier: Modifier,
) {
    Surface(modifier.fillMaxWidth(), color = MaterialTheme.colorScheme.surfaceContainerHigh, shape = RoundedCornerShape(16.dp)) {
        Column(Modifier.padding(start = 18.dp, end = 18.dp, top = 14.dp, bottom = 6.dp)) {
            Announcement(stringResource(R.string.upload_interrupted))
            Faint(stringResource(R.string.upload_picked, upload.key.spelledOut().isolated(), size(upload.size)))
            Text(
                stringResource(R.string.upload_interrupted_text),
                Modifier.padding(vertical = 8.dp),
                style = MaterialTheme.typography.bodyMedium,
            )
            FlowButtons {
                TextButton(actions.giveUp) { Text(stringResource(R.string.discard)) }
                TextButton(actions.goOn) { Text(stringResource(R.string.go_on)) }
            }
        }
    }
}

/** What the user decides before something is sent. */
@Composable
internal fun UploadDialogs(
    upload: UploadState,
    actions: UploadActions,
) {
    when (upload) {
        is UploadState.Naming -> {
            NameDialog(upload, actions)
        }

        is UploadState.Taken -> {
            ReplaceDialog(upload.key, actions)
        }

        else -> {}
    }
}

@Composable
private fun NameDialog(
    upload: UploadState.Naming,
    actions: UploadActions,
) {
    val isKey = Upload.isKey(upload.key)
    Question(
        R.string.upload_title,
        // A tap beside it must not throw away what was picked.
        onDismiss = {},
        confirm = { TextButton(actions.start, enabled = isKey) { Text(stringResource(R.string.upload)) } },
        dismiss = { TextButton(actions.giveUp) { Text(stringResource(R.string.cancel)) } },
    ) {
        Text(
            stringResource(
                R.string.upload_picked,
                upload.picked.name
                    .spelledOut()
                    .isolated(),
                size(upload.size),
            ),
            Modifier.padding(bottom = 16.dp),
            style = MaterialTheme.typography.bodyMedium,
        )
        OutlinedTextField(
            upload.key,
            actions.rename,
            Modifier.fillMaxWidth().testTag("key"),
            label = { Text(stringResource(R.string.upload_key)) },
            supportingText = { Text(stringResource(if (isKey) R.string.upload_key_hint else R.string.upload_key_wrong)) },
            isError = !isKey,
            textStyle = MaterialTheme.typography.bodyLarge.copy(textDirection = TextDirection.Ltr),
            keyboardOptions = KeyboardOptions(capitalization = KeyboardCapitalization.None, autoCorrectEnabled = false),
        )
    }
}

@Composable
private fun ReplaceDialog(
    key: String,
    actions: UploadActions,
) {
    Question(
        R.string.replace_title,
        actions.chooseAnotherName,
        confirm = { TextButton(actions.replace) { Text(stringResource(R.string.replace)) } },
        dismiss = { TextButton(actions.chooseAnotherName) { Text(stringResource(R.string.another_name)) } },
    ) { Text(stringResource(R.string.replace_text, key.spelledOut().isolated()), style = MaterialTheme.typography.bodyMedium) }
}
