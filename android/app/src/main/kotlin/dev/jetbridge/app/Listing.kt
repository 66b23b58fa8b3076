package dev.jetbridge.app

import android.text.BidiFormatter
import android.text.format.Formatter
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.offset
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.lazy.LazyListScope
import androidx.compose.foundation.lazy.items
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.foundation.text.KeyboardActions
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.Button
import androidx.compose.material3.CircularProgressIndicator
import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.OutlinedTextFieldDefaults
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalConfiguration
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.platform.LocalFocusManager
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.pluralStringResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.ImeAction
import androidx.compose.ui.text.input.KeyboardCapitalization
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import java.time.Instant
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.time.format.FormatStyle
import java.util.Locale

/** What the second button brings. Part of the screen's one list, so that everything scrolls together. */
@OptIn(ExperimentalLayoutApi::class)
internal fun LazyListScope.listing(
    state: HomeState,
    actions: HomeActions,
    isWide: Boolean,
) {
    when (val listing = state.listing) {
        is ListingState.NotAsked -> {
            item("hint") {
                Message(
                    R.drawable.ic_folder,
                    stringResource(R.string.listing_hint_title),
                    stringResource(R.string.listing_hint_text, state.bucket.isolated()),
                    Modifier.padding(top = 48.dp),
                )
            }
        }

        is ListingState.Loading -> {
            item("busy") { Busy(stringResource(R.string.listing_loading, state.bucket.isolated()), Modifier.padding(top = 56.dp)) }
        }

        is ListingState.Failed -> {
            item("failed") {
                Message(
                    R.drawable.ic_alert,
                    stringResource(R.string.failed_title),
                    listing.text,
                    Modifier.padding(top = 40.dp),
                    isNews = true,
                ) {
                    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp, Alignment.CenterHorizontally)) {
                        WhatIsWrong(MaterialTheme.colorScheme.primary)
                        if (listing.canRetry) Button(onClick = actions.list) { Text(stringResource(R.string.try_again)) }
                    }
                }
            }
        }

        is ListingState.Rows -> {
            rows(state, listing, actions, isWide)
        }
    }
}

private fun LazyListScope.rows(
    state: HomeState,
    listing: ListingState.Rows,
    actions: HomeActions,
    isWide: Boolean,
) {
    if (listing.rows.isEmpty() && !listing.hasMore) {
        item("empty") {
            Message(
                R.drawable.ic_folder,
                stringResource(R.string.empty_title),
                stringResource(R.string.empty_text, state.bucket.isolated()),
                Modifier.padding(top = 40.dp),
                isNews = true,
            ) { TextButton(onClick = actions.list) { Text(stringResource(R.string.refresh)) } }
        }
        return
    }
    val search = state.search.trim()
    val found = if (search.isEmpty()) listing.rows else listing.rows.filter { it.key.contains(search, ignoreCase = true) }
    item("search") { SearchField(state.search, actions.search, Modifier.padding(top = if (isWide) 4.dp else 24.dp)) }
    item("count") { Heading(state.bucket, found.size) }
    if (found.isEmpty() && !listing.hasMore) {
        item("no-match") {
            Message(
                R.drawable.ic_search,
                stringResource(R.string.no_match_title),
                stringResource(R.string.no_match_text, search.isolated()),
                Modifier.padding(top = 32.dp),
                isNews = true,
            )
        }
        return
    }
    items(found, key = { "object " + it.key }) { row -> Object(row) { actions.objects.open(row.key) } }
    item("end") {
        when {
            listing.problem != null -> {
                MoreFailed(listing.problem, actions.loadMore)
            }

            listing.hasMore -> {
                // Shown means wanted: the next page is asked for when the end of the list comes into sight.
                LaunchedEffect(listing.answer) { actions.loadMore() }
                More(if (search.isEmpty()) R.string.listing_more else R.string.listing_searching)
            }

            else -> {
                Faint(stringResource(R.string.listing_end), Modifier.padding(start = 4.dp, end = 4.dp, top = 14.dp))
            }
        }
    }
}

@Composable
private fun SearchField(
    text: String,
    onChange: (String) -> Unit,
    modifier: Modifier,
) {
    val focus = LocalFocusManager.current
    OutlinedTextField(
        text,
        onChange,
        modifier.fillMaxWidth().testTag("search"),
        placeholder = { Text(stringResource(R.string.search)) },
        leadingIcon = { Icon(painterResource(R.drawable.ic_search), contentDescription = null) },
        trailingIcon = {
            if (text.isNotEmpty()) {
                IconButton({ onChange("") }) { Icon(painterResource(R.drawable.ic_close), stringResource(R.string.search_clear)) }
            }
        },
        // Keys are no prose.
        keyboardOptions =
            KeyboardOptions(
                capitalization = KeyboardCapitalization.None,
                autoCorrectEnabled = false,
                imeAction = ImeAction.Search,
            ),
        // What was found is there already; the keyboard is in its way.
        keyboardActions = KeyboardActions { focus.clearFocus() },
        singleLine = true,
        shape = RoundedCornerShape(16.dp),
        colors =
            OutlinedTextFieldDefaults.colors(
                focusedContainerColor = MaterialTheme.colorScheme.surfaceContainerLow,
                unfocusedContainerColor = MaterialTheme.colorScheme.surfaceContainerLow,
                unfocusedBorderColor = MaterialTheme.colorScheme.outline,
            ),
    )
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Heading(
    bucket: String,
    count: Int,
) {
    // In one line, and one under the other when a large font needs the room.
    FlowRow(
        Modifier.fillMaxWidth().padding(start = 4.dp, end = 4.dp, top = 20.dp, bottom = 6.dp),
        horizontalArrangement = Arrangement.SpaceBetween,
        itemVerticalAlignment = Alignment.CenterVertically,
    ) {
        Text(
            stringResource(R.string.listing_title, bucket.isolated()),
            Modifier.padding(end = 12.dp).semantics { heading() },
            style = MaterialTheme.typography.titleMedium,
        )
        Text(
            pluralStringResource(R.plurals.listing_count, count, count),
            Modifier.semantics { liveRegion = LiveRegionMode.Polite },
            color = MaterialTheme.colorScheme.onSurfaceVariant,
            style = MaterialTheme.typography.bodySmall,
        )
    }
}

@Composable
private fun Object(
    row: ObjectRow,
    onOpen: () -> Unit,
) {
    val size = Formatter.formatShortFileSize(LocalContext.current, row.size)
    val changed = row.changed?.let { date(it) } ?: stringResource(R.string.date_unknown)
    val spoken = stringResource(R.string.object_description, row.key.isolated(), size, changed)
    val opens = stringResource(R.string.object_open)
    Column(
        Modifier
            .testTag("object")
            .clickable(onClickLabel = opens, role = Role.Button, onClick = onOpen)
            .clearAndSetSemantics { contentDescription = spoken },
    ) {
        Row(Modifier.fillMaxWidth().heightIn(min = 64.dp).padding(horizontal = 4.dp), verticalAlignment = Alignment.CenterVertically) {
            Icon(
                painterResource(if (row.key.endsWith('/')) R.drawable.ic_folder else R.drawable.ic_file),
                contentDescription = null,
                modifier = Modifier.size(22.dp),
                tint = MaterialTheme.colorScheme.primary,
            )
            Column(Modifier.padding(start = 16.dp, top = 10.dp, bottom = 10.dp)) {
                Text(
                    row.name.printable().isolated(),
                    style = MaterialTheme.typography.bodyLarge,
                    maxLines = 2,
                    overflow = TextOverflow.Ellipsis,
                )
                if (row.folder.isNotEmpty()) Faint((row.folder.printable() + "/").isolated(), maxLines = 2)
                Faint(stringResource(R.string.object_facts, size, changed))
            }
        }
        HorizontalDivider(Modifier.padding(start = 42.dp), color = MaterialTheme.colorScheme.outlineVariant)
    }
}

@Composable
internal fun Faint(
    text: String,
    modifier: Modifier = Modifier,
    maxLines: Int = Int.MAX_VALUE,
) {
    Text(
        text,
        modifier.padding(top = 2.dp),
        color = MaterialTheme.colorScheme.onSurfaceVariant,
        style = MaterialTheme.typography.bodySmall,
        maxLines = maxLines,
        overflow = TextOverflow.Ellipsis,
    )
}

@Composable
private fun More(text: Int) {
    Row(Modifier.fillMaxWidth().padding(vertical = 20.dp, horizontal = 4.dp), verticalAlignment = Alignment.CenterVertically) {
        CircularProgressIndicator(Modifier.size(18.dp), strokeWidth = 2.dp)
        Text(
            stringResource(text),
            Modifier.padding(start = 20.dp),
            color = MaterialTheme.colorScheme.onSurfaceVariant,
            style = MaterialTheme.typography.bodyMedium,
        )
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun MoreFailed(
    problem: String,
    onRetry: () -> Unit,
) {
    Column(Modifier.fillMaxWidth().padding(vertical = 12.dp, horizontal = 4.dp)) {
        Column(Modifier.semantics(mergeDescendants = true) { liveRegion = LiveRegionMode.Polite }) {
            Text(stringResource(R.string.failed_more), style = MaterialTheme.typography.bodyLarge)
            Faint(problem)
        }
        // In line with the text above: a text button has room around its label.
        FlowRow(Modifier.padding(top = 4.dp).offset(x = (-12).dp)) {
            TextButton(onRetry) { Text(stringResource(R.string.try_again)) }
            WhatIsWrong(MaterialTheme.colorScheme.primary)
        }
    }
}

/** In the user's language and time zone. */
@Composable
internal fun date(moment: Instant): String {
    val locale = LocalConfiguration.current.locales[0]
    return DateTimeFormatter
        .ofLocalizedDateTime(
            FormatStyle.MEDIUM,
            FormatStyle.SHORT,
        ).withLocale(locale)
        .withZone(ZoneId.systemDefault())
        .format(moment)
}

/** As it is, also between words that run from right to left: `a/b/` must not become `/a/b`. */
internal fun String.isolated(): String = BidiFormatter.getInstance().unicodeWrap(this)

/** A key may hold any character; what would move other text about is shown as a symbol. */
private fun String.printable(): String =
    map { if (it.isISOControl() || it.category == CharCategory.FORMAT) '\uFFFD' else it }.joinToString("")

/** What cannot be seen, or would move other text about, as its number: two keys that differ must not look the same. */
internal fun String.spelledOut(): String {
    val edges = indexOfFirst { it != ' ' } to indexOfLast { it != ' ' }
    return mapIndexed { at, char ->
        val isHidden = char.isISOControl() || char.category in Unseen || (char != ' ' && char.isWhitespace())
        val isAtEdge = char == ' ' && (at < edges.first || at > edges.second || edges.first < 0)
        if (isHidden || isAtEdge) "\\u%04X".format(Locale.ROOT, char.code) else char.toString()
    }.joinToString("")
}

private val Unseen =
    setOf(
        CharCategory.FORMAT,
        CharCategory.LINE_SEPARATOR,
        CharCategory.PARAGRAPH_SEPARATOR,
        CharCategory.PRIVATE_USE,
        CharCategory.UNASSIGNED,
    )
