package dev.jetbridge.app

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.AlertDialog
import androidx.compose.material3.Button
import androidx.compose.material3.CircularProgressIndicator
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.LocalWindowInfo
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.LineBreak
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import androidx.compose.ui.window.DialogProperties

/*
 * Why this exists: what the screen says instead of showing something. What comes by itself, such as a failure, is a live
 * region: TalkBack reads it without being asked.
 */

/**
 * What went wrong, for as long as the user wants to see it; beside it, everything else goes on.
 *
 * @param isGood whether nothing did: something has come about that the user wanted
 */
@Composable
internal fun Notice(
    text: String,
    onDismiss: () -> Unit,
    modifier: Modifier = Modifier,
    isGood: Boolean = false,
) {
    val colors = MaterialTheme.colorScheme
    // Large letters must not push everything else off a small window.
    val tallest = with(LocalDensity.current) { (LocalWindowInfo.current.containerSize.height * 2 / 5).toDp() }
    Surface(
        modifier
            .padding(start = 20.dp, end = 20.dp, top = 4.dp, bottom = 12.dp)
            .fillMaxWidth()
            .heightIn(max = tallest),
        color = if (isGood) colors.primaryContainer else colors.errorContainer,
        contentColor = if (isGood) colors.onPrimaryContainer else colors.onErrorContainer,
        shape = RoundedCornerShape(16.dp),
    ) {
        Row(Modifier.padding(start = 16.dp, end = 4.dp, top = 4.dp, bottom = 4.dp), verticalAlignment = Alignment.Top) {
            val icon = if (isGood) R.drawable.ic_check else R.drawable.ic_alert
            Icon(painterResource(icon), contentDescription = null, Modifier.padding(top = 12.dp))
            Column(
                Modifier
                    .weight(1f)
                    .verticalScroll(rememberScrollState())
                    .padding(bottom = if (isGood) 14.dp else 0.dp),
            ) {
                Text(
                    text,
                    Modifier
                        .padding(start = 12.dp, end = 12.dp, top = 14.dp)
                        .semantics { liveRegion = if (isGood) LiveRegionMode.Polite else LiveRegionMode.Assertive },
                    style = MaterialTheme.typography.bodyMedium,
                )
                if (!isGood) WhatIsWrong()
            }
            IconButton(onDismiss) { Icon(painterResource(R.drawable.ic_close), stringResource(R.string.dismiss)) }
        }
    }
}

/** A pause with a word about what it is for. */
@Composable
internal fun Busy(
    text: String,
    modifier: Modifier = Modifier,
) {
    Column(modifier.fillMaxWidth(), horizontalAlignment = Alignment.CenterHorizontally) {
        CircularProgressIndicator(Modifier.size(32.dp), strokeWidth = 3.dp)
        Text(
            text,
            Modifier.padding(top = 16.dp).semantics { liveRegion = LiveRegionMode.Polite },
            color = MaterialTheme.colorScheme.onSurfaceVariant,
            style = MaterialTheme.typography.bodyLarge,
            textAlign = TextAlign.Center,
        )
    }
}

/**
 * Nothing to show, why, and what to do.
 *
 * @param isNews whether it comes by itself, such as a failure, and not as what the user has just asked for
 */
@Composable
internal fun Message(
    icon: Int,
    title: String,
    text: String,
    modifier: Modifier = Modifier,
    isNews: Boolean = false,
    action: (@Composable () -> Unit)? = null,
) {
    val isList = '\n' in text
    Column(modifier.fillMaxWidth().padding(horizontal = 12.dp), horizontalAlignment = Alignment.CenterHorizontally) {
        Box(
            Modifier.size(64.dp).background(MaterialTheme.colorScheme.surfaceContainerHigh, CircleShape),
            contentAlignment = Alignment.Center,
        ) {
            Icon(painterResource(icon), contentDescription = null, Modifier.size(28.dp), tint = MaterialTheme.colorScheme.onSurfaceVariant)
        }
        Column(
            Modifier.padding(top = 16.dp).semantics(mergeDescendants = true) { if (isNews) liveRegion = LiveRegionMode.Polite },
            horizontalAlignment = Alignment.CenterHorizontally,
        ) {
            Text(
                title,
                Modifier.semantics { heading() },
                style = MaterialTheme.typography.titleMedium.copy(lineBreak = LineBreak.Heading),
                textAlign = TextAlign.Center,
            )
            Text(
                text,
                Modifier.padding(top = 6.dp).widthIn(max = 480.dp),
                color = MaterialTheme.colorScheme.onSurfaceVariant,
                // Lists of mistakes read badly when centred; a few words look best in lines of like length.
                style = MaterialTheme.typography.bodyMedium.copy(lineBreak = if (isList) LineBreak.Paragraph else LineBreak.Heading),
                textAlign = if (isList) TextAlign.Start else TextAlign.Center,
            )
        }
        action?.let { Box(Modifier.padding(top = 16.dp)) { it() } }
    }
}

/** The secure store does not answer: to wait, or to begin anew. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Unavailable(actions: HomeActions) {
    Message(
        R.drawable.ic_alert,
        stringResource(R.string.unavailable_title),
        stringResource(R.string.unavailable_text),
        isNews = true,
    ) {
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp, Alignment.CenterHorizontally)) {
            WhatIsWrong(MaterialTheme.colorScheme.primary)
            TextButton(onClick = actions.startOver) { Text(stringResource(R.string.start_over)) }
            Button(onClick = actions.restore) { Text(stringResource(R.string.try_again)) }
        }
    }
}

/** Something that the user decides before it is done. */
@Composable
internal fun Question(
    title: Int,
    onDismiss: () -> Unit,
    confirm: @Composable () -> Unit,
    dismiss: @Composable () -> Unit,
    text: @Composable () -> Unit,
) {
    AlertDialog(
        onDismiss,
        // As wide as its texts need, on phones and tablets alike, and never up to the edge.
        modifier = Modifier.padding(24.dp),
        properties = DialogProperties(usePlatformDefaultWidth = false),
        confirmButton = confirm,
        dismissButton = dismiss,
        title = { Text(stringResource(title), style = MaterialTheme.typography.titleLarge) },
        text = { Column(Modifier.verticalScroll(rememberScrollState())) { text() } },
    )
}
