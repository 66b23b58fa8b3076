package dev.jetbridge.app

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.Spacer
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.LazyListScope
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.Button
import androidx.compose.material3.CircularProgressIndicator
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
import androidx.compose.material3.pulltorefresh.PullToRefreshBox
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.semantics.stateDescription
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp

/** The app's one screen: who is signed in, the two buttons, and what the second of them brings. */
@OptIn(ExperimentalMaterial3Api::class)
@Composable
fun HomeScreen(
    state: HomeState,
    actions: HomeActions,
    modifier: Modifier = Modifier,
) {
    var asksHowToSignOut by rememberSaveable { mutableStateOf(false) }
    Scaffold(
        modifier = modifier,
        topBar = {
            TopAppBar(
                title = {
                    Text(stringResource(R.string.app_name), Modifier.semantics { heading() }, style = MaterialTheme.typography.titleLarge)
                },
                navigationIcon = {
                    Icon(
                        painterResource(R.drawable.ic_bridge),
                        contentDescription = null,
                        modifier = Modifier.padding(start = 16.dp, end = 12.dp),
                        tint = MaterialTheme.colorScheme.primary,
                    )
                },
                actions = {
                    if (state.account is AccountState.SignedIn) {
                        IconButton(onClick = { asksHowToSignOut = true }) {
                            Icon(painterResource(R.drawable.ic_sign_out), stringResource(R.string.sign_out))
                        }
                    }
                },
                colors =
                    TopAppBarDefaults.topAppBarColors(
                        containerColor = MaterialTheme.colorScheme.background,
                        scrolledContainerColor = MaterialTheme.colorScheme.background,
                    ),
            )
        },
    ) { inner ->
        val rows = state.listing as? ListingState.Rows
        val content = @Composable { Content(state, actions, inner) }
        if (rows == null) {
            content()
        } else {
            PullToRefreshBox(rows.isRefreshing, actions.list, Modifier.fillMaxSize()) { content() }
        }
    }
    if (asksHowToSignOut) {
        SignOutDialog(
            onDismiss = { asksHowToSignOut = false },
            onSignOut = {
                asksHowToSignOut = false
                actions.signOut(it)
            },
        )
    }
}

@Composable
private fun Content(
    state: HomeState,
    actions: HomeActions,
    inner: PaddingValues,
) {
    Box(Modifier.fillMaxSize(), contentAlignment = Alignment.TopCenter) {
        LazyColumn(
            // On a tablet, lines of text and rows stay as long as eyes can follow.
            Modifier.widthIn(max = 640.dp).fillMaxSize().testTag("home"),
            contentPadding =
                PaddingValues(
                    start = 20.dp,
                    end = 20.dp,
                    top = inner.calculateTopPadding() + 4.dp,
                    bottom = inner.calculateBottomPadding() + 24.dp,
                ),
        ) {
            state.notice?.let { item("notice") { Notice(it, actions.dismissNotice) } }
            when (val account = state.account) {
                is AccountState.SignedIn -> {
                    item("account") { AccountCard(account) }
                    item("buttons") { Buttons(state, actions, Modifier.padding(top = 16.dp)) }
                    listing(state, actions)
                }

                is AccountState.Loading -> {
                    item("loading") { Busy(stringResource(R.string.loading_session), Modifier.padding(top = 160.dp)) }
                }

                is AccountState.SignedOut -> {
                    welcome(state, account, actions)
                }

                is AccountState.Unavailable -> {
                    item("unavailable") {
                        Message(
                            R.drawable.ic_alert,
                            stringResource(R.string.unavailable_title),
                            stringResource(R.string.unavailable_text),
                            Modifier.padding(top = 96.dp),
                        ) {
                            Button(onClick = actions.restore) { Text(stringResource(R.string.try_again)) }
                            TextButton(onClick = actions.startOver) { Text(stringResource(R.string.start_over)) }
                        }
                    }
                }

                is AccountState.Broken -> {
                    item("broken") {
                        Message(R.drawable.ic_alert, stringResource(R.string.broken_title), account.text, Modifier.padding(top = 64.dp))
                    }
                }
            }
        }
    }
}

private fun LazyListScope.welcome(
    state: HomeState,
    account: AccountState.SignedOut,
    actions: HomeActions,
) {
    item("welcome") {
        Column(Modifier.padding(top = 40.dp, bottom = 32.dp)) {
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
            Text(
                stringResource(R.string.welcome_title),
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
    }
    item("buttons") { Buttons(state, actions) }
}

/** The two buttons. The one that is the next step stands out; the other stays where it was. */
@Composable
private fun Buttons(
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
    val text = @Composable { Text(stringResource(label), style = MaterialTheme.typography.titleMedium) }
    if (isProminent) {
        Button(onClick, all, isEnabled, shape) { text() }
    } else {
        FilledTonalButton(onClick, all, isEnabled, shape) { text() }
    }
}

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
    Surface(color = MaterialTheme.colorScheme.surfaceContainer, shape = RoundedCornerShape(16.dp)) {
        Row(
            Modifier.fillMaxWidth().heightIn(min = 56.dp).padding(start = 18.dp, end = 6.dp),
            verticalAlignment = Alignment.CenterVertically,
        ) {
            CircularProgressIndicator(Modifier.size(20.dp), strokeWidth = 2.dp)
            Text(
                stringResource(text),
                Modifier.weight(1f).padding(horizontal = 14.dp, vertical = 8.dp).semantics { liveRegion = LiveRegionMode.Polite },
                style = MaterialTheme.typography.bodyLarge,
            )
            // What is being exchanged cannot be taken back half-way.
            if (stage == SignInStage.IN_BROWSER) TextButton(onCancel) { Text(stringResource(R.string.cancel)) }
        }
    }
}

@Composable
private fun Notice(
    text: String,
    onDismiss: () -> Unit,
) {
    Surface(
        Modifier.fillMaxWidth().padding(bottom = 16.dp),
        color = MaterialTheme.colorScheme.errorContainer,
        contentColor = MaterialTheme.colorScheme.onErrorContainer,
        shape = RoundedCornerShape(16.dp),
    ) {
        Row(Modifier.padding(start = 16.dp, top = 14.dp, bottom = 14.dp), verticalAlignment = Alignment.Top) {
            Icon(painterResource(R.drawable.ic_alert), contentDescription = null)
            Text(
                text,
                Modifier.weight(1f).padding(start = 12.dp).semantics { liveRegion = LiveRegionMode.Assertive },
                style = MaterialTheme.typography.bodyMedium,
            )
            IconButton(onDismiss, Modifier.size(40.dp)) { Icon(painterResource(R.drawable.ic_close), stringResource(R.string.dismiss)) }
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
        )
    }
}

/** Nothing to show, why, and what to do. */
@Composable
internal fun Message(
    icon: Int,
    title: String,
    text: String,
    modifier: Modifier = Modifier,
    action: (@Composable () -> Unit)? = null,
) {
    Column(modifier.fillMaxWidth().padding(horizontal = 12.dp), horizontalAlignment = Alignment.CenterHorizontally) {
        Box(
            Modifier.size(64.dp).background(MaterialTheme.colorScheme.surfaceContainer, RoundedCornerShape(50)),
            contentAlignment = Alignment.Center,
        ) {
            Icon(painterResource(icon), contentDescription = null, Modifier.size(28.dp), tint = MaterialTheme.colorScheme.onSurfaceVariant)
        }
        Text(
            title,
            Modifier.padding(top = 16.dp).semantics { heading() },
            style = MaterialTheme.typography.titleMedium,
            textAlign = TextAlign.Center,
        )
        Text(
            text,
            Modifier.padding(top = 6.dp),
            color = MaterialTheme.colorScheme.onSurfaceVariant,
            style = MaterialTheme.typography.bodyMedium,
            // Lists of mistakes read badly when centred.
            textAlign = if ('\n' in text) TextAlign.Start else TextAlign.Center,
        )
        action?.let {
            Spacer(Modifier.height(16.dp))
            it()
        }
    }
}
