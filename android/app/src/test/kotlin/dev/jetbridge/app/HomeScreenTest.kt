package dev.jetbridge.app

import android.content.pm.ActivityInfo
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.assertIsEnabled
import androidx.compose.ui.test.assertIsNotEnabled
import androidx.compose.ui.test.assertIsSelected
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.junit4.v2.createAndroidComposeRule
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollToNode
import androidx.compose.ui.test.performTextInput
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.SignOutMode
import java.time.Instant
import java.util.Locale
import java.util.TimeZone
import kotlin.time.Duration.Companion.minutes
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.ExternalResource
import org.junit.rules.RuleChain
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowDialog

/** Each state of the screen: what it says, what it offers, and how it looks in light, dark and large letters. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = android.app.Application::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
open class HomeScreenTest {
    private val rule = createAndroidComposeRule<ComponentActivity>()

    /** The app's own Activity brings a session with it; here an empty one with the app's theme is enough. */
    private val emptyActivity =
        object : ExternalResource() {
            override fun before() {
                val app = RuntimeEnvironment.getApplication()
                val activity =
                    ActivityInfo().apply {
                        name = ComponentActivity::class.java.name
                        packageName = app.packageName
                        theme = R.style.Theme_JetbridgeDemo
                    }
                shadowOf(app.packageManager).addOrUpdateActivity(activity)
            }
        }

    @get:Rule
    val chain: RuleChain = RuleChain.outerRule(emptyActivity).around(rule)

    private val alice =
        AccountState.SignedIn("Alice Archer", "alice@example.com", Clock(52.minutes), Clock(58.minutes))
    private val objects =
        listOf(
            ObjectRow("readme.txt", 1_024, Instant.parse("2026-09-14T08:30:00Z")),
            ObjectRow("reports/2026/summary.csv", 18_902, Instant.parse("2026-10-01T17:05:00Z")),
            ObjectRow("reports/2026/october.pdf", 2_480_112, Instant.parse("2026-11-02T06:45:00Z")),
            ObjectRow("photos/harbour at dawn.jpg", 5_912_004, Instant.parse("2026-06-21T03:58:00Z")),
            ObjectRow("photos/", 0, Instant.parse("2026-06-21T03:50:00Z")),
            ObjectRow("shared/welcome.txt", 612, null),
        )
    private val list = HomeState(alice, bucket = "jetbridge-demo", listing = ListingState.Rows(objects))

    private val done = mutableListOf<String>()
    private val actions =
        HomeActions(
            signIn = { done += "signIn" },
            cancelSignIn = { done += "cancel" },
            list = { done += "list" },
            loadMore = { done += "more" },
            search = {
                done += "search $it"
                state = state.copy(search = it)
            },
            signOut = { done += "signOut $it" },
            dismissNotice = { done += "dismiss" },
            restore = { done += "restore" },
            startOver = { done += "startOver" },
        )
    private var state by mutableStateOf(HomeState())

    /** The mode that a subclass draws in; part of the pictures' names. */
    protected open val mode: String = "light"

    private fun show(
        shown: HomeState,
        name: String? = null,
    ) {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"))
        Locale.setDefault(Locale.US)
        state = shown
        rule.runOnUiThread {
            rule.activity.enableEdgeToEdge()
            rule.activity.setContent { JetbridgeTheme { HomeScreen(state, actions) } }
        }
        rule.waitForIdle()
        name?.let { rule.runOnUiThread { Screenshots.take(rule.activity, "$it-$mode") } }
        reachable()
    }

    /** What TalkBack needs: everything that can be pressed has a name. */
    private fun reachable() {
        val clickable = SemanticsMatcher("can be pressed") { SemanticsActions.OnClick in it.config }
        for (node in rule.onAllNodes(clickable).fetchSemanticsNodes()) {
            val texts = node.config.getOrElse(SemanticsProperties.Text) { emptyList() }.map { it.text }
            val spoken = node.config.getOrElse(SemanticsProperties.ContentDescription) { emptyList() }
            val editable = SemanticsProperties.EditableText in node.config
            assertTrue("a nameless button at ${node.boundsInRoot}", editable || (texts + spoken).any { it.isNotBlank() })
        }
    }

    @Test
    fun `signed out`() {
        show(HomeState(AccountState.SignedOut()), "signed-out")
        rule.onNodeWithText("AWS SDK Call").assertIsNotEnabled()
        rule.onNodeWithText("Available after Okta Login").assertExists()
        rule.onNodeWithText("Okta Login").assertIsEnabled().performClick()
        assertEquals(listOf("signIn"), done)
    }

    @Test
    fun `the session has ended`() {
        show(HomeState(AccountState.SignedOut("Okta ended your session. Sign in again to go on.")))
        rule.onNodeWithText("Okta ended your session. Sign in again to go on.").assertIsDisplayed()
    }

    @Test
    fun `in the browser`() {
        show(HomeState(AccountState.SignedOut(), SignInStage.IN_BROWSER), "in-browser")
        rule.onNodeWithText("Okta Login").assertDoesNotExist()
        rule.onNodeWithText("Cancel").performClick()
        assertEquals(listOf("cancel"), done)
        show(HomeState(AccountState.SignedOut(), SignInStage.FINISHING))
        rule.onNodeWithText("Cancel").assertDoesNotExist()
    }

    @Test
    fun `the store is read`() {
        show(HomeState(AccountState.Loading))
        rule.onNodeWithText("Looking for your session…").assertIsDisplayed()
    }

    @Test
    fun `the store cannot be read`() {
        show(HomeState(AccountState.Unavailable), "unavailable")
        rule.onNodeWithText("Try again").performClick()
        rule.onNodeWithTag("home").performScrollToNode(hasText("Start over"))
        rule.onNodeWithText("Start over").performClick()
        assertEquals(listOf("restore", "startOver"), done)
    }

    @Test
    fun `a sign-in failed`() {
        val text = "The service cannot be reached right now. Check your connection and try again."
        show(HomeState(AccountState.SignedOut(), notice = text), "sign-in-failed")
        rule.onNodeWithText(text).assertIsDisplayed()
        rule.onNodeWithContentDescription("Dismiss").performClick()
        assertEquals(listOf("dismiss"), done)
    }

    @Test
    fun `the app is not set up`() {
        val e = assertThrows(JetbridgeException::class.java) { JetbridgeSession.config("{}", "{}") }
        show(HomeState(AccountState.Broken(e.text(rule.activity))), "not-set-up")
        rule.onNodeWithText("okta_client_id", substring = true).assertIsDisplayed()
    }

    @Test
    fun `signed in`() {
        show(HomeState(alice.copy(awsClock = Clock(null)), bucket = "jetbridge-demo"), "signed-in")
        rule.onNodeWithText("Alice Archer").assertIsDisplayed()
        rule.onNodeWithText("52 min left").assertIsDisplayed()
        rule.onNodeWithText("Not needed yet").assertIsDisplayed()
        rule.onNodeWithText("AWS SDK Call").performClick()
        assertEquals(listOf("list"), done)
    }

    @Test
    fun `clocks in words`() {
        show(HomeState(alice.copy(oktaClock = Clock(61.minutes), awsClock = Clock((-1).minutes))))
        rule.onNodeWithText("1 h 1 min left").assertIsDisplayed()
        rule.onNodeWithText("Renewed at next use").assertIsDisplayed()
        show(HomeState(alice.copy(oktaClock = Clock((-1).minutes, renews = false), awsClock = Clock(0.5.minutes))))
        rule.onNodeWithText("Sign in again").assertIsDisplayed()
        rule.onNodeWithText("under a minute").assertIsDisplayed()
    }

    @Test
    fun `the first page is under way`() {
        show(HomeState(alice, bucket = "jetbridge-demo", listing = ListingState.Loading), "loading")
        rule.onNodeWithText("Listing jetbridge-demo…").assertIsDisplayed()
        rule.onNodeWithText("AWS SDK Call").assertIsNotEnabled()
    }

    @Test
    fun `the list`() {
        show(list, "list")
        rule.onNodeWithText("6 objects").assertIsDisplayed()
        val home = rule.onNodeWithTag("home")
        home.performScrollToNode(hasContentDescription("reports/2026/summary.csv, 19 kB, changed Oct 1, 2026", substring = true))
        home.performScrollToNode(hasContentDescription("shared/welcome.txt, 612 B, changed unknown date"))
        home.performScrollToNode(hasText("That is all of them."))
        rule.runOnUiThread { Screenshots.take(rule.activity, "list-end-$mode") }
    }

    @Test
    fun `searching the list`() {
        show(list)
        rule.onNodeWithTag("home").performScrollToNode(hasText("Search objects"))
        rule.onNodeWithTag("search").performTextInput("REPORT")
        rule.waitForIdle()
        rule.onNodeWithTag("home").performScrollToNode(hasText("2 objects"))
        for (key in listOf("reports/2026/summary.csv", "reports/2026/october.pdf")) {
            rule.onNodeWithTag("home").performScrollToNode(hasContentDescription(key, substring = true))
        }
        rule.onNodeWithTag("home").performScrollToNode(hasText("Search objects") or hasText("REPORT"))
        rule.onNodeWithContentDescription("Clear the search").performClick()
        rule.onNodeWithTag("home").performScrollToNode(hasText("6 objects"))
        show(list.copy(search = "zebra"), "no-match")
        rule.onNodeWithText("No match").assertExists()
    }

    @Test
    fun `the end in sight asks for more, once`() {
        show(list.copy(listing = ListingState.Rows(objects.take(1), hasMore = true)))
        rule.onNodeWithTag("home").performScrollToNode(hasText("Loading more…"))
        rule.waitForIdle()
        assertEquals(listOf("more"), done)
        state = list.copy(listing = ListingState.Rows(objects.take(2), hasMore = true))
        rule.waitForIdle()
        rule.onNodeWithTag("home").performScrollToNode(hasText("Loading more…"))
        rule.waitForIdle()
        assertEquals(listOf("more", "more"), done)
    }

    @Test
    fun `the next page did not come`() {
        show(list.copy(listing = ListingState.Rows(objects.take(2), hasMore = true, problem = "Check your connection.")))
        rule.onNodeWithTag("home").performScrollToNode(hasText("Check your connection."))
        rule.onNodeWithText("Try again").performClick()
        assertEquals(listOf("more"), done)
    }

    @Test
    fun `an empty bucket`() {
        show(list.copy(listing = ListingState.Rows(emptyList())), "empty")
        rule.onNodeWithText("This bucket is empty").assertIsDisplayed()
        rule.onNodeWithTag("home").performScrollToNode(hasText("Refresh the list"))
        rule.onNodeWithText("Refresh the list").performClick()
        assertEquals(listOf("list"), done)
    }

    @Test
    fun `the list failed`() {
        val text = "You do not have access to this in Amazon S3 (AccessDenied). Ask your administrator for access."
        show(list.copy(listing = ListingState.Failed(text)), "list-failed")
        rule.onNodeWithText(text).assertIsDisplayed()
        rule.onNodeWithTag("home").performScrollToNode(hasText("Try again"))
        rule.onNodeWithText("Try again").performClick()
        assertEquals(listOf("list"), done)
    }

    @Test
    fun `signing out in three strengths`() {
        for ((title, mode) in listOf(
            "This app only" to SignOutMode.LOCAL,
            "This app, and tell Okta" to SignOutMode.REVOKE,
            "The browser too" to SignOutMode.END_SESSION,
        )) {
            done.clear()
            show(list)
            rule.onNodeWithContentDescription("Sign out").performClick()
            rule.waitForIdle()
            rule.onNode(hasText(title) and hasClickAction()).performClick()
            rule.onNode(hasText(title) and hasClickAction()).assertIsSelected()
            if (mode == SignOutMode.REVOKE) pictureOfDialog()
            rule.onNode(hasText("Sign out") and hasClickAction()).performClick()
            rule.waitForIdle()
            assertEquals(listOf("signOut $mode"), done)
        }
    }

    private fun pictureOfDialog() {
        rule.waitForIdle()
        val dialog = ShadowDialog.getLatestDialog()
        rule.runOnUiThread { Screenshots.take(rule.activity, "sign-out-$mode", dialog.window!!.decorView) }
        assertTrue(shadowOf(dialog).isCancelable)
    }

    @Test
    fun `keys with characters that are not for screens`() {
        val nasty = ObjectRow("a/b\u202Egpj.exe\n", 1, null)
        show(list.copy(listing = ListingState.Rows(listOf(nasty, ObjectRow("/", 2, null), ObjectRow("", 3, null)))))
        for (size in listOf("1 B", "2 B", "3 B")) {
            rule.onNodeWithTag("home").performScrollToNode(hasContentDescription(", $size, changed unknown date", substring = true))
        }
    }
}

@Config(qualifiers = "+night")
class HomeScreenDarkTest : HomeScreenTest() {
    override val mode: String = "dark"
}

/** Twice the size, as far as Android's settings go. */
@Config(fontScale = 2f)
class HomeScreenLargeFontTest : HomeScreenTest() {
    override val mode: String = "large"
}
