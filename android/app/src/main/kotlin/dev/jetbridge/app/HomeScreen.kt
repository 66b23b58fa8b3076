package dev.jetbridge.app

import androidx.activity.compose.PredictiveBackHandler
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.calculateEndPadding
import androidx.compose.foundation.layout.calculateStartPadding
import androidx.compose.foundation.layout.consumeWindowInsets
import androidx.compose.foundation.layout.displayCutout
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.imePadding
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.systemBars
import androidx.compose.foundation.layout.union
import androidx.compose.foundation.layout.width
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.LazyListScope
import androidx.compose.foundation.lazy.rememberLazyListState
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.ExperimentalMaterial3Api
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Text
import androidx.compose.material3.TopAppBar
import androidx.compose.material3.TopAppBarDefaults
import androidx.compose.material3.pulltorefresh.PullToRefreshDefaults
import androidx.compose.material3.pulltorefresh.pullToRefresh
import androidx.compose.material3.pulltorefresh.rememberPullToRefreshState
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.getValue
import androidx.compose.runtime.key
import androidx.compose.runtime.mutableFloatStateOf
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.saveable.rememberSaveableStateHolder
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.graphicsLayer
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.LocalLayoutDirection
import androidx.compose.ui.platform.LocalWindowInfo
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp

/**
 * The app's one screen: who is signed in, the two buttons, and what the second of them brings; or one object of that.
 *
 * @param isWide whether there is room for two panes side by side
 */
@Composable
fun HomeScreen(
    state: HomeState,
    actions: HomeActions,
    modifier: Modifier = Modifier,
    isWide: Boolean = isWindowWide(),
) {
    val opened = state.opened.takeIf { state.account is AccountState.SignedIn }
    val diagnosis = state.diagnosis
    CompositionLocalProvider(LocalDiagnosis provides actions.diagnosis.open) {
        Over(
            diagnosis,
            onBack = actions.diagnosis.close,
            behind = {
                Over(
                    opened,
                    onBack = actions.objects.close,
                    behind = { Home(state, actions, isWide) },
                    isInFront = diagnosis == null,
                ) { it, aside -> key(it.key) { ObjectScreen(it, state, actions, aside) } }
            },
            modifier,
        ) { it, aside -> DiagnosisScreen(it, actions.diagnosis, aside) }
    }
}

/**
 * A screen over another one, if there is something to show on it.
 *
 * @param isInFront whether none is over both
 */
@Composable
private fun <T : Any> Over(
    shown: T?,
    onBack: () -> Unit,
    behind: @Composable () -> Unit,
    modifier: Modifier = Modifier,
    isInFront: Boolean = true,
    screen: @Composable (T, Modifier) -> Unit,
) {
    // How far the user has drawn the screen aside, to see what is behind it.
    var drawn by remember { mutableFloatStateOf(0f) }
    val kept = rememberSaveableStateHolder()
    Box(modifier) {
        // Behind the screen it is not there, neither for eyes nor for TalkBack; it comes back as it was.
        if (shown == null || drawn > 0f) kept.SaveableStateProvider("behind") { behind() }
        if (shown != null) {
            PredictiveBackHandler(isInFront) { moves ->
                try {
                    moves.collect { drawn = it.progress }
                    onBack()
                } finally {
                    drawn = 0f
                }
            }
            screen(shown, Modifier.drawnAside { drawn })
        }
    }
}

/** As a finger draws it: smaller, and with round corners (developer.android.com/design/ui/mobile/guides/patterns/predictive-back). */
private fun Modifier.drawnAside(drawn: () -> Float) =
    graphicsLayer {
        val scale = 1f - drawn() / 10f
        scaleX = scale
        scaleY = scale
        shape = RoundedCornerShape(drawn() * 32.dp.toPx())
        clip = drawn() > 0f
    }

@Composable
private fun Home(
    state: HomeState,
    actions: HomeActions,
    isWide: Boolean,
) {
    var asksHowToSignOut by rememberSaveable { mutableStateOf(false) }
    val isSignedIn = state.account is AccountState.SignedIn
    Scaffold(
        topBar = {
            HomeBar(
                isSignedIn,
                canUpload = state.upload == null,
                uploads = actions.upload,
                onSignOut = { asksHowToSignOut = true },
            )
        },
        contentWindowInsets = WindowInsets.systemBars.union(WindowInsets.displayCutout),
    ) { inner ->
        val direction = LocalLayoutDirection.current
        // Not below: there the list goes on behind the system's bar.
        val around =
            PaddingValues(inner.calculateStartPadding(direction), inner.calculateTopPadding(), inner.calculateEndPadding(direction), 0.dp)
        Column(
            Modifier
                .fillMaxSize()
                .padding(around)
                .consumeWindowInsets(around)
                // What scrolls becomes shorter by the keyboard, so that the search field and what it finds stay in sight.
                .imePadding(),
            horizontalAlignment = Alignment.CenterHorizontally,
        ) {
            // Above the list, not in it: a list keeps its place when something comes in above, which nobody would see.
            val width = Modifier.widthIn(max = state.width(isWide))
            state.notice?.let { Notice(it, actions.dismissNotice, width) }
            if (isSignedIn) {
                state.news?.let { Notice(it, actions.dismissNews, width, isGood = true) }
                state.upload?.let { UploadCard(it, actions.upload, width) }
            }
            Panes(state, actions, isWide, bottom = inner.calculateBottomPadding() + 24.dp, width.weight(1f))
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
    if (isSignedIn) state.upload?.let { UploadDialogs(it, actions.upload) }
}

/** "Expanded" of the window size classes, from 840 dp on; letters twice as large need as much more room. */
@Composable
internal fun isWindowWide(): Boolean {
    val density = LocalDensity.current
    val width =
        with(density) {
            LocalWindowInfo.current.containerSize.width
                .toDp()
        }
    return width >= 840.dp && width / density.fontScale >= 600.dp
}

@OptIn(ExperimentalMaterial3Api::class)
@Composable
private fun HomeBar(
    isSignedIn: Boolean,
    canUpload: Boolean,
    uploads: UploadActions,
    onSignOut: () -> Unit,
) {
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
            if (isSignedIn) {
                UploadMenu(canUpload, uploads)
                IconButton(onSignOut) { Icon(painterResource(R.drawable.ic_sign_out), stringResource(R.string.sign_out)) }
            }
        },
        colors =
            TopAppBarDefaults.topAppBarColors(
                containerColor = MaterialTheme.colorScheme.background,
                scrolledContainerColor = MaterialTheme.colorScheme.background,
            ),
    )
}

/**
 * One pane, or two on a wide window: the account and the buttons stay beside the list. The list itself is called in one
 * place whatever the state and the layout, or it would lose its scroll position and TalkBack's focus when they change.
 */
@OptIn(ExperimentalMaterial3Api::class)
@Composable
private fun Panes(
    state: HomeState,
    actions: HomeActions,
    isWide: Boolean,
    bottom: Dp,
    modifier: Modifier = Modifier,
) {
    val hasTwoPanes = isWide && state.account is AccountState.SignedIn
    val rows = state.listing as? ListingState.Rows
    val pull = rememberPullToRefreshState()
    val isRefreshing = rows?.isRefreshing == true
    Row(modifier) {
        if (hasTwoPanes) {
            LazyColumn(Modifier.width(376.dp), contentPadding = PaddingValues(start = 20.dp, end = 4.dp, top = 4.dp, bottom = bottom)) {
                account(state, actions)
            }
        }
        Box(Modifier.weight(1f).pullToRefresh(isRefreshing, pull, enabled = rows != null, onRefresh = actions.list)) {
            LazyColumn(
                Modifier.fillMaxSize().testTag("home"),
                rememberLazyListState(),
                PaddingValues(start = 20.dp, end = 20.dp, top = 4.dp, bottom = bottom),
                verticalArrangement = if (state.isCentred(isWide)) Arrangement.Center else Arrangement.Top,
            ) {
                home(state, actions, isWide)
            }
            PullToRefreshDefaults.Indicator(pull, isRefreshing, Modifier.align(Alignment.TopCenter).testTag("refreshing"))
        }
    }
}

/** Lines of text and rows stay as long as eyes can follow. */
private fun HomeState.width(isWide: Boolean): Dp =
    when {
        !isWide -> 640.dp
        account is AccountState.SignedIn -> 1120.dp
        account is AccountState.SignedOut -> 880.dp
        else -> 640.dp
    }

private val HomeState.hasRows get() = listing is ListingState.Rows && (listing.rows.isNotEmpty() || listing.hasMore)

/** A few words with nothing below them stand in the middle, as far as they fit. */
private fun HomeState.isCentred(isWide: Boolean): Boolean =
    when (account) {
        is AccountState.SignedIn -> isWide && !hasRows
        is AccountState.SignedOut -> isWide
        else -> true
    }

private fun LazyListScope.home(
    state: HomeState,
    actions: HomeActions,
    isWide: Boolean,
) {
    when (val account = state.account) {
        is AccountState.SignedIn -> {
            if (!isWide) account(state, actions)
            listing(state, actions, isWide)
        }

        is AccountState.Loading -> {
            item("loading") { Busy(stringResource(R.string.loading_session)) }
        }

        is AccountState.SignedOut -> {
            item("welcome") { Welcome(account, isWide) { Buttons(state, actions) } }
        }

        is AccountState.Unavailable -> {
            item("unavailable") { Unavailable(actions) }
        }

        is AccountState.Broken -> {
            item("broken") { Message(R.drawable.ic_alert, stringResource(R.string.broken_title), account.text, isNews = true) }
        }
    }
}

private fun LazyListScope.account(
    state: HomeState,
    actions: HomeActions,
) {
    val account = state.account as? AccountState.SignedIn ?: return
    item("account") { AccountCard(account) }
    item("buttons") { Buttons(state, actions, Modifier.fillMaxWidth().padding(top = 16.dp)) }
}
