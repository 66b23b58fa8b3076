package dev.jetbridge.app

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.IntrinsicSize
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxHeight
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import kotlin.time.Duration

/** Who is signed in, and the two clocks: people who see only one of them cannot tell which has run out. */
@Composable
internal fun AccountCard(
    account: AccountState.SignedIn,
    modifier: Modifier = Modifier,
) {
    Surface(modifier.fillMaxWidth(), color = MaterialTheme.colorScheme.surfaceContainerLow, shape = RoundedCornerShape(20.dp)) {
        Column(Modifier.padding(18.dp), verticalArrangement = Arrangement.spacedBy(16.dp)) {
            Row(Modifier.semantics(mergeDescendants = true) {}, verticalAlignment = Alignment.CenterVertically) {
                Initials(account.name)
                Column(Modifier.padding(start = 14.dp)) {
                    Text(account.name.isolated(), Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)
                    Text(
                        account.email?.isolated() ?: stringResource(R.string.signed_in_as),
                        color = MaterialTheme.colorScheme.onSurfaceVariant,
                        style = MaterialTheme.typography.bodyMedium,
                    )
                }
            }
            Clocks(account)
        }
    }
}

/** Side by side and of one height, or one under the other when a large font needs the room. */
@Composable
private fun Clocks(account: AccountState.SignedIn) {
    if (LocalDensity.current.fontScale < 1.5f) {
        Row(Modifier.height(IntrinsicSize.Min), horizontalArrangement = Arrangement.spacedBy(10.dp)) {
            ClockTile(R.string.okta_clock, account.oktaClock, Modifier.weight(1f).fillMaxHeight())
            ClockTile(R.string.aws_clock, account.awsClock, Modifier.weight(1f).fillMaxHeight())
        }
    } else {
        Column(verticalArrangement = Arrangement.spacedBy(10.dp)) {
            ClockTile(R.string.okta_clock, account.oktaClock, Modifier.fillMaxWidth())
            ClockTile(R.string.aws_clock, account.awsClock, Modifier.fillMaxWidth())
        }
    }
}

@Composable
private fun ClockTile(
    label: Int,
    clock: Clock,
    modifier: Modifier,
) {
    Surface(
        modifier.semantics(mergeDescendants = true) {},
        color = MaterialTheme.colorScheme.surfaceContainer,
        shape = RoundedCornerShape(12.dp),
    ) {
        Column(Modifier.padding(horizontal = 14.dp, vertical = 10.dp)) {
            Text(stringResource(label), color = MaterialTheme.colorScheme.onSurfaceVariant, style = MaterialTheme.typography.labelMedium)
            Text(clock.text(), Modifier.padding(top = 2.dp), style = MaterialTheme.typography.bodyLarge)
        }
    }
}

@Composable
private fun Clock.text(): String {
    val left = left ?: return stringResource(R.string.clock_none)
    if (left <= Duration.ZERO) return stringResource(if (renews) R.string.clock_expired else R.string.clock_ends)
    val minutes = left.inWholeMinutes.toInt()
    val time =
        when {
            minutes >= 60 -> stringResource(R.string.clock_hours, minutes / 60, minutes % 60)
            minutes > 0 -> stringResource(R.string.clock_minutes, minutes)
            else -> return stringResource(R.string.clock_seconds)
        }
    return stringResource(R.string.clock_left, time)
}

/** A picture that every account has. The name beside it says the same, so it is silent. */
@Composable
private fun Initials(name: String) {
    val initials =
        name
            .split(' ')
            .filter(String::isNotBlank)
            .let { listOfNotNull(it.firstOrNull(), it.lastOrNull().takeIf { _ -> it.size > 1 }) }
            .joinToString("") { String(Character.toChars(it.codePointAt(0))).uppercase() }
    Box(
        Modifier.size(48.dp).background(MaterialTheme.colorScheme.primaryContainer, CircleShape).clearAndSetSemantics {},
        contentAlignment = Alignment.Center,
    ) {
        Text(initials, color = MaterialTheme.colorScheme.onPrimaryContainer, style = MaterialTheme.typography.titleMedium, maxLines = 1)
    }
}
