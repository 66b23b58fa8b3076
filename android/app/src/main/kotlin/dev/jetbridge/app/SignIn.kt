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
import androidx.compose.foundation.layout.offset
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.Button
import androidx.compose.material3.CircularProgressIndicator
import androidx.compose.material3.FilledTonalButton
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.semantics.stateDescription
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp

/** What somebody sees who is not signed in: what this is, or why they have to sign in again. */
@Composable
internal fun Welcome(
    account: AccountState.SignedOut,
    isWide: Boolean,
    buttons: @Composable () -> Unit,
) {
    if (isWide) {
        Row(verticalAlignment = Alignment.CenterVertically, horizontalArrangement = Arrangement.spacedBy(48.dp)) {
            Greeting(account, Modifier.weight(1f))
            Box(Modifier.weight(1f)) { buttons() }
        }
    } else {
        Column {
            Greeting(account, Modifier.padding(top = 36.dp, bottom = 32.dp))
            buttons()
        }
    }
}

@Composable
private fun Greeting(
    account: AccountState.SignedOut,
    modifier: Modifier,
) {
    Column(modifier) {
        Box(
            Modifier.size(72.dp).background(MaterialTheme.colorScheme.primaryContainer, RoundedCornerShape(20.dp)),
            contentAlignment = Alignment.Center,
        ) {
            Icon(
                painterResource(R.drawable.ic_bridge),
                contentDescription = null,
                modifier = Modifier.size(44.dp),
                tint = MaterialTheme.colorScheme.onPrimaryContainer,
            )
        }
        Column(Modifier.semantics(mergeDescendants = true) { if (account.why != null) liveRegion = LiveRegionMode.Polite }) {
            Text(
                stringResource(if (account.why == null) R.string.welcome_title else R.string.sign_in_again_title),
                Modifier.padding(top = 28.dp).semantics { heading() },
                style = MaterialTheme.typography.displaySmall,
            )
            Text(
                account.why ?: stringResource(R.string.welcome_text),
                Modifier.padding(top = 14.dp),
                color = MaterialTheme.colorScheme.onSurfaceVariant,
                style = MaterialTheme.typography.bodyLarge,
            )
        }
        // In line with the text above: a text button has room around its label.
        if (account.why != null) Box(Modifier.offset(x = (-12).dp)) { WhatIsWrong(MaterialTheme.colorScheme.primary) }
    }
}

/** The two buttons. The one that is the next step stands out; the other stays where it was. */
@Composable
internal fun Buttons(
    state: HomeState,
    actions: HomeActions,
    modifier: Modifier = Modifier,
) {
    val isSignedIn = state.account is AccountState.SignedIn
    Column(modifier.fillMaxWidth(), verticalArrangement = Arrangement.spacedBy(12.dp)) {
        if (state.signIn == SignInStage.NONE) {
            BigButton(R.string.okta_login, isProminent = !isSignedIn, onClick = actions.signIn)
        } else {
            SignInUnderWay(state.signIn, actions.cancelSignIn)
        }
        val needsSignIn = stringResource(R.string.aws_sdk_call_needs_sign_in)
        BigButton(
            R.string.aws_sdk_call,
            isProminent = isSignedIn,
            isEnabled = isSignedIn && state.listing !is ListingState.Loading,
            modifier = if (isSignedIn) Modifier else Modifier.semantics { stateDescription = needsSignIn },
            onClick = actions.list,
        )
        if (!isSignedIn) {
            Text(
                needsSignIn,
                Modifier.fillMaxWidth(),
                color = MaterialTheme.colorScheme.onSurfaceVariant,
                style = MaterialTheme.typography.bodySmall,
                textAlign = TextAlign.Center,
            )
        }
    }
}

@Composable
private fun BigButton(
    label: Int,
    isProminent: Boolean,
    modifier: Modifier = Modifier,
    isEnabled: Boolean = true,
    onClick: () -> Unit,
) {
    val shape = RoundedCornerShape(16.dp)
    val all = modifier.fillMaxWidth().heightIn(min = 56.dp)
    val text =
        @Composable { Text(stringResource(label), style = MaterialTheme.typography.titleMedium, textAlign = TextAlign.Center) }
    if (isProminent) {
        Button(onClick, all, isEnabled, shape) { text() }
    } else {
        FilledTonalButton(onClick, all, isEnabled, shape) { text() }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun SignInUnderWay(
    stage: SignInStage,
    onCancel: () -> Unit,
) {
    val text =
        when (stage) {
            SignInStage.PREPARING, SignInStage.NONE -> R.string.preparing
            SignInStage.IN_BROWSER -> R.string.in_browser
            SignInStage.FINISHING -> R.string.finishing
        }
    Surface(color = MaterialTheme.colorScheme.surfaceContainerHigh, shape = RoundedCornerShape(16.dp)) {
        Row(
            Modifier.fillMaxWidth().heightIn(min = 56.dp).padding(start = 18.dp, end = 6.dp),
            verticalAlignment = Alignment.CenterVertically,
        ) {
            CircularProgressIndicator(Modifier.size(20.dp), strokeWidth = 2.dp)
            // Large letters need the whole line for the text: the button goes below it.
            FlowRow(
                Modifier.weight(1f).padding(start = 14.dp),
                horizontalArrangement = Arrangement.SpaceBetween,
                itemVerticalAlignment = Alignment.CenterVertically,
            ) {
                Text(
                    stringResource(text),
                    Modifier.padding(top = 8.dp, bottom = 8.dp, end = 8.dp).semantics { liveRegion = LiveRegionMode.Polite },
                    style = MaterialTheme.typography.bodyLarge,
                )
                // What is being exchanged cannot be taken back half-way.
                if (stage == SignInStage.IN_BROWSER) TextButton(onCancel) { Text(stringResource(R.string.cancel)) }
            }
        }
    }
}
