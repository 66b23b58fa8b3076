package dev.jetbridge.app

import android.text.format.Formatter
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.consumeWindowInsets
import androidx.compose.foundation.layout.displayCutout
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.systemBars
import androidx.compose.foundation.layout.union
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.foundation.text.selection.SelectionContainer
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.ButtonDefaults
import androidx.compose.material3.ExperimentalMaterial3Api
import androidx.compose.material3.FilledTonalButton
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.material3.TopAppBar
import androidx.compose.material3.TopAppBarDefaults
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.pluralStringResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.paneTitle
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.text.style.LineBreak
import androidx.compose.ui.text.style.TextDirection
import androidx.compose.ui.unit.dp
import dev.jetbridge.ObjectDetails

/** One object: what S3 knows of it, and what can be done with it. */
@Composable
internal fun ObjectScreen(
    opened: ObjectState,
    state: HomeState,
    actions: HomeActions,
    modifier: Modifier = Modifier,
) {
    var asksToDelete by rememberSaveable { mutableStateOf(false) }
    val title = stringResource(R.string.object_title)
    Scaffold(
        modifier.semantics { paneTitle = title },
        topBar = { ObjectBar(canDelete = !opened.isDeleting, actions.objects.close, onDelete = { asksToDelete = true }) },
        contentWindowInsets = WindowInsets.systemBars.union(WindowInsets.displayCutout),
    ) { inner ->
        Box(Modifier.fillMaxSize().padding(inner).consumeWindowInsets(inner), contentAlignment = Alignment.TopCenter) {
            Column(Modifier.widthIn(max = 640.dp).fillMaxSize()) {
                state.notice?.let { Notice(it, actions.dismissNotice) }
                Column(
                    Modifier
                        .testTag("details")
                        .weight(1f)
                        .verticalScroll(rememberScrollState())
                        .padding(start = 20.dp, end = 20.dp, top = 4.dp, bottom = 24.dp),
                    verticalArrangement = Arrangement.spacedBy(16.dp),
                ) {
                    Details(opened, state.downloads[opened.key], actions.objects)
                }
            }
        }
    }
    if (asksToDelete) {
        DeleteDialog(
            opened.key,
            onDismiss = { asksToDelete = false },
            onDelete = {
                asksToDelete = false
                actions.objects.delete()
            },
        )
    }
}

@OptIn(ExperimentalMaterial3Api::class)
@Composable
private fun ObjectBar(
    canDelete: Boolean,
    onBack: () -> Unit,
    onDelete: () -> Unit,
) {
    TopAppBar(
        // The object's key is right below it, and is longer than a bar.
        title = {},
        navigationIcon = { IconButton(onBack) { Icon(painterResource(R.drawable.ic_back), stringResource(R.string.back)) } },
        actions = {
            IconButton(onDelete, enabled = canDelete) {
                Icon(painterResource(R.drawable.ic_delete), stringResource(R.string.delete_object))
            }
        },
        colors =
            TopAppBarDefaults.topAppBarColors(
                containerColor = MaterialTheme.colorScheme.background,
                scrolledContainerColor = MaterialTheme.colorScheme.background,
            ),
    )
}

@Composable
private fun Details(
    opened: ObjectState,
    download: DownloadState?,
    actions: ObjectActions,
) {
    // What the list shows of a key is for reading. Here it is to be told from every other, and copied.
    SelectionContainer {
        Text(
            opened.key.spelledOut(),
            Modifier.semantics { heading() },
            style = MaterialTheme.typography.titleLarge.asIs(),
        )
    }
    if (opened.isDeleting) Busy(stringResource(R.string.deleting))
    opened.undeleted?.let { ProblemCard(stringResource(R.string.delete_failed), it, actions.delete) }
    when (val facts = opened.facts) {
        is FactsState.Loading -> {
            Busy(stringResource(R.string.details_loading), Modifier.padding(top = 32.dp))
        }

        is FactsState.Failed -> {
            ProblemCard(stringResource(R.string.details_failed), facts.problem, actions.lookAgain)
            // Some roles may read an object and not look at it first.
            if (!opened.isDeleting) Download(download, size = null, actions)
        }

        is FactsState.Known -> {
            if (!opened.isDeleting) Download(download, facts.details.size.toLong(), actions)
            Facts(facts.details)
        }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Download(
    download: DownloadState?,
    size: Long?,
    actions: ObjectActions,
) {
    when (download) {
        null -> {
            WideButton(
                if (size == null) {
                    stringResource(R.string.download)
                } else {
                    stringResource(R.string.download_size, Formatter.formatShortFileSize(LocalContext.current, size))
                },
                actions.download,
            )
        }

        is DownloadState.UnderWay -> {
            TransferCard(R.string.downloading, download.progress, actions.cancelDownload)
        }

        is DownloadState.Failed -> {
            ProblemCard(stringResource(R.string.download_failed), download.problem, actions.download)
        }

        is DownloadState.Done -> {
            Announcement(stringResource(R.string.downloaded))
            FlowRow(horizontalArrangement = Arrangement.spacedBy(12.dp), verticalArrangement = Arrangement.spacedBy(12.dp)) {
                Button(actions.share, Modifier.heightIn(min = 48.dp)) { Text(stringResource(R.string.share)) }
                FilledTonalButton(actions.view, Modifier.heightIn(min = 48.dp)) { Text(stringResource(R.string.view)) }
                TextButton(actions.download, Modifier.heightIn(min = 48.dp)) { Text(stringResource(R.string.download_again)) }
            }
        }
    }
}

@Composable
private fun WideButton(
    text: String,
    onClick: () -> Unit,
) {
    Button(onClick, Modifier.fillMaxWidth().heightIn(min = 56.dp), shape = RoundedCornerShape(16.dp)) {
        Text(text, style = MaterialTheme.typography.titleMedium)
    }
}

@Composable
private fun Facts(details: ObjectDetails) {
    Surface(color = MaterialTheme.colorScheme.surfaceContainerLow, shape = RoundedCornerShape(20.dp)) {
        // One for all: a selection may go over several of them.
        SelectionContainer {
            Column(Modifier.fillMaxWidth().padding(18.dp), verticalArrangement = Arrangement.spacedBy(14.dp)) {
                Fact(R.string.fact_size, size(details.size.toLong()), isForPeople = true)
                val changed = details.lastModified?.let { date(it) } ?: stringResource(R.string.date_unknown)
                Fact(R.string.fact_changed, changed, isForPeople = true)
                Fact(R.string.fact_type, details.headers.contentType)
                Fact(R.string.fact_etag, details.eTag)
                Fact(R.string.fact_storage_class, details.storageClass)
                details.checksum?.let {
                    val label = if (it.isOfWholeObject) R.string.fact_checksum else R.string.fact_checksum_parts
                    Fact(stringResource(label, it.algorithm.isolated()), it.value)
                }
                Fact(R.string.fact_version, details.versionId)
                Fact(R.string.fact_encoding, details.headers.contentEncoding)
                Fact(R.string.fact_language, details.headers.contentLanguage)
                Fact(R.string.fact_disposition, details.headers.contentDisposition)
                Fact(R.string.fact_cache, details.headers.cacheControl)
                for ((name, value) in details.headers.metadata.toSortedMap()) {
                    Fact(stringResource(R.string.fact_metadata, name.spelledOut()), value.spelledOut())
                }
            }
        }
    }
}

/** Rounded for eyes, and to the byte. */
@Composable
private fun size(bytes: Long): String {
    // A language's rule for large numbers looks at their last digits; in none at more than six.
    val quantity = if (bytes < MILLION) bytes else MILLION + bytes % MILLION
    val exact = pluralStringResource(R.plurals.bytes, quantity.toInt(), bytes)
    return stringResource(R.string.fact_size_value, Formatter.formatShortFileSize(LocalContext.current, bytes), exact)
}

private const val MILLION = 1_000_000L

@Composable
private fun Fact(
    label: Int,
    value: String?,
    isForPeople: Boolean = false,
) {
    if (value != null) Fact(stringResource(label), if (isForPeople) value else value.spelledOut(), isForPeople)
}

@Composable
private fun Fact(
    label: String,
    value: String,
    isForPeople: Boolean = false,
) {
    Column(Modifier.semantics(mergeDescendants = true) {}) {
        Text(label, color = MaterialTheme.colorScheme.onSurfaceVariant, style = MaterialTheme.typography.labelMedium)
        val style = MaterialTheme.typography.bodyLarge
        Text(value, Modifier.padding(top = 2.dp), style = if (isForPeople) style else style.asIs())
    }
}

/** For what machines have written: from left to right in every language, and broken wherever a line ends. */
private fun TextStyle.asIs() = copy(textDirection = TextDirection.Ltr, lineBreak = LineBreak.Simple)

/** Names what will be gone, and that nothing brings it back. */
@Composable
private fun DeleteDialog(
    key: String,
    onDismiss: () -> Unit,
    onDelete: () -> Unit,
) {
    Question(
        R.string.delete_title,
        onDismiss,
        confirm = {
            TextButton(onDelete, colors = ButtonDefaults.textButtonColors(contentColor = MaterialTheme.colorScheme.error)) {
                Text(stringResource(R.string.delete))
            }
        },
        dismiss = { TextButton(onDismiss) { Text(stringResource(R.string.cancel)) } },
    ) { Text(stringResource(R.string.delete_text, key.spelledOut().isolated()), style = MaterialTheme.typography.bodyMedium) }
}
