package dev.jetbridge.app

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.consumeWindowInsets
import androidx.compose.foundation.layout.displayCutout
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.systemBars
import androidx.compose.foundation.layout.union
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.foundation.text.selection.SelectionContainer
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.ButtonDefaults
import androidx.compose.material3.ExperimentalMaterial3Api
import androidx.compose.material3.FilledTonalButton
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.LocalContentColor
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.material3.TopAppBar
import androidx.compose.material3.TopAppBarDefaults
import androidx.compose.runtime.Composable
import androidx.compose.runtime.staticCompositionLocalOf
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.paneTitle
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.font.FontFamily
import androidx.compose.ui.text.style.LineBreak
import androidx.compose.ui.text.style.TextDirection
import androidx.compose.ui.unit.dp
import dev.jetbridge.DiagnosisFinding
import dev.jetbridge.DiagnosisMark
import dev.jetbridge.DiagnosisReport
import dev.jetbridge.broken

/** How "What is wrong?" is asked: by whatever shows an error, wherever it is. */
internal val LocalDiagnosis = staticCompositionLocalOf { {} }

/** Stands beside each error. */
@Composable
internal fun WhatIsWrong(color: Color = LocalContentColor.current) {
    TextButton(LocalDiagnosis.current, colors = ButtonDefaults.textButtonColors(contentColor = color)) {
        Text(stringResource(R.string.diagnosis))
    }
}

/** Every link of the chain from the configuration to the bucket, whether it holds, and what to do about the one that does not. */
@OptIn(ExperimentalMaterial3Api::class)
@Composable
internal fun DiagnosisScreen(
    diagnosis: DiagnosisState,
    actions: DiagnosisActions,
    modifier: Modifier = Modifier,
) {
    val title = stringResource(R.string.diagnosis)
    Scaffold(
        modifier.semantics { paneTitle = title },
        topBar = {
            TopAppBar(
                title = { Text(title, Modifier.semantics { heading() }, style = MaterialTheme.typography.titleLarge) },
                navigationIcon = {
                    IconButton(actions.close) { Icon(painterResource(R.drawable.ic_back), stringResource(R.string.diagnosis_back)) }
                },
                colors =
                    TopAppBarDefaults.topAppBarColors(
                        containerColor = MaterialTheme.colorScheme.background,
                        scrolledContainerColor = MaterialTheme.colorScheme.background,
                    ),
            )
        },
        contentWindowInsets = WindowInsets.systemBars.union(WindowInsets.displayCutout),
    ) { inner ->
        Box(Modifier.fillMaxSize().padding(inner).consumeWindowInsets(inner), contentAlignment = Alignment.TopCenter) {
            Column(
                Modifier
                    .testTag("diagnosis")
                    .widthIn(max = 640.dp)
                    .fillMaxSize()
                    .verticalScroll(rememberScrollState())
                    .padding(start = 20.dp, end = 20.dp, top = 4.dp, bottom = 24.dp),
                verticalArrangement = Arrangement.spacedBy(16.dp),
            ) {
                when (diagnosis) {
                    is DiagnosisState.Walking -> Busy(stringResource(R.string.diagnosis_walking), Modifier.padding(top = 32.dp))
                    is DiagnosisState.Known -> Answer(diagnosis.report, actions)
                }
            }
        }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Answer(
    report: DiagnosisReport,
    actions: DiagnosisActions,
) {
    Text(
        summary(report),
        Modifier.semantics {
            heading()
            liveRegion = LiveRegionMode.Polite
        },
        style = MaterialTheme.typography.titleMedium,
    )
    // What is worse than a wrong clock comes first.
    report.findings
        .filter { it.mark == DiagnosisMark.BROKEN }
        .asReversed()
        .forEach { Broken(it, actions.copy) }
    FlowRow(horizontalArrangement = Arrangement.spacedBy(12.dp), verticalArrangement = Arrangement.spacedBy(12.dp)) {
        FilledTonalButton({ actions.copy(report.text) }, Modifier.heightIn(min = 48.dp)) { Text(stringResource(R.string.diagnosis_copy)) }
        FilledTonalButton({ actions.share(report.text) }, Modifier.heightIn(min = 48.dp)) { Text(stringResource(R.string.share)) }
        TextButton(actions.open, Modifier.heightIn(min = 48.dp)) { Text(stringResource(R.string.diagnosis_again)) }
    }
    Surface(color = MaterialTheme.colorScheme.surfaceContainerLow, shape = RoundedCornerShape(20.dp)) {
        Column(Modifier.fillMaxWidth().padding(18.dp), verticalArrangement = Arrangement.spacedBy(14.dp)) {
            report.findings.forEach { Link(it) }
        }
    }
}

@Composable
private fun summary(report: DiagnosisReport): String {
    val broken = report.broken
    return when {
        broken != null -> stringResource(R.string.diagnosis_is_broken, broken.title.isolated())
        report.findings.all { it.mark == DiagnosisMark.OK } -> stringResource(R.string.diagnosis_all_works)
        else -> stringResource(R.string.diagnosis_nothing_broken)
    }
}

/** What does not hold, and what to do: where the user looks first. */
@Composable
private fun Broken(
    finding: DiagnosisFinding,
    onCopy: (String) -> Unit,
) {
    Surface(
        Modifier.fillMaxWidth(),
        color = MaterialTheme.colorScheme.errorContainer,
        contentColor = MaterialTheme.colorScheme.onErrorContainer,
        shape = RoundedCornerShape(16.dp),
    ) {
        Column(Modifier.padding(18.dp), verticalArrangement = Arrangement.spacedBy(12.dp)) {
            SelectionContainer {
                Column(verticalArrangement = Arrangement.spacedBy(12.dp)) {
                    Text(finding.detail, style = MaterialTheme.typography.bodyLarge)
                    finding.setting?.let { Part(R.string.diagnosis_setting, it) }
                    finding.fix?.let { Part(R.string.diagnosis_fix, it) }
                }
            }
            finding.paste?.let { Paste(it, onCopy) }
        }
    }
}

@Composable
private fun Part(
    label: Int,
    text: String,
) {
    Column(Modifier.semantics(mergeDescendants = true) {}) {
        Text(stringResource(label), style = MaterialTheme.typography.labelMedium)
        Text(text, Modifier.padding(top = 2.dp), style = MaterialTheme.typography.bodyMedium)
    }
}

/** As a machine reads it: letters of one width, from left to right in every language. Long lines are broken, not cut. */
@Composable
private fun Paste(
    text: String,
    onCopy: (String) -> Unit,
) {
    Column {
        Text(stringResource(R.string.diagnosis_paste), style = MaterialTheme.typography.labelMedium)
        Surface(
            Modifier.fillMaxWidth().padding(top = 4.dp),
            color = MaterialTheme.colorScheme.surfaceContainerLowest,
            contentColor = MaterialTheme.colorScheme.onSurface,
            shape = RoundedCornerShape(8.dp),
        ) {
            SelectionContainer {
                Text(
                    text,
                    Modifier.padding(12.dp).testTag("paste"),
                    style =
                        MaterialTheme.typography.bodySmall.copy(
                            fontFamily = FontFamily.Monospace,
                            textDirection = TextDirection.Ltr,
                            lineBreak = LineBreak.Simple,
                        ),
                )
            }
        }
        TextButton(
            { onCopy(text) },
            Modifier.align(Alignment.End),
            colors = ButtonDefaults.textButtonColors(contentColor = LocalContentColor.current),
        ) { Text(stringResource(R.string.diagnosis_copy_paste)) }
    }
}

/** One link: its mark as a sign of its own shape, which TalkBack reads as a word, then what it is and what was found. */
@Composable
private fun Link(finding: DiagnosisFinding) {
    Row(Modifier.fillMaxWidth().semantics(mergeDescendants = true) {}) {
        Box(Modifier.size(28.dp).background(MaterialTheme.colorScheme.surfaceContainerHigh, CircleShape), Alignment.Center) {
            Icon(
                painterResource(icon(finding.mark)),
                stringResource(word(finding.mark)),
                Modifier.size(18.dp),
                tint = if (finding.mark == DiagnosisMark.BROKEN) MaterialTheme.colorScheme.error else MaterialTheme.colorScheme.onSurface,
            )
        }
        Column(Modifier.padding(start = 14.dp, top = 2.dp)) {
            Text(finding.title, style = MaterialTheme.typography.bodyLarge)
            // What is broken is said above, with what to do.
            if (finding.detail.isNotEmpty() && finding.mark != DiagnosisMark.BROKEN) Faint(finding.detail)
        }
    }
}

private fun icon(mark: DiagnosisMark) =
    when (mark) {
        DiagnosisMark.OK -> R.drawable.ic_check
        DiagnosisMark.BROKEN -> R.drawable.ic_close
        DiagnosisMark.NOT_REACHED -> R.drawable.ic_dash
        DiagnosisMark.UNKNOWN -> R.drawable.ic_question
    }

private fun word(mark: DiagnosisMark) =
    when (mark) {
        DiagnosisMark.OK -> R.string.mark_ok
        DiagnosisMark.BROKEN -> R.string.mark_broken
        DiagnosisMark.NOT_REACHED -> R.string.mark_not_reached
        DiagnosisMark.UNKNOWN -> R.string.mark_unknown
    }
