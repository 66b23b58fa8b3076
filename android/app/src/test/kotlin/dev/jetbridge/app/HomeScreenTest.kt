package dev.jetbridge.app

import androidx.activity.compose.setContent
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
import androidx.compose.ui.test.getUnclippedBoundsInRoot
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.onRoot
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollToKey
import androidx.compose.ui.test.performScrollToNode
import androidx.compose.ui.test.performSemanticsAction
import androidx.compose.ui.test.performTextInput
import androidx.compose.ui.unit.dp
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.SignOutMode
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.util.Locale
import kotlin.time.Duration.Companion.minutes

/** Each state of the screen: what it says, what it offers, and what it tells TalkBack. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = android.app.Application::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
open class HomeScreenTest {
    @get:Rule
    val activity = EmptyActivity()
    private val rule get() = activity.screen

    private val alice = Screens.alice
    private val objects = Screens.objects
    private val list = Screens.list

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
            diagnosis = DiagnosisActions(open = { done += "diagnose" }),
        )
    private var state by mutableStateOf(HomeState())

    private fun show(shown: HomeState) {
        Locale.setDefault(Locale.US)
        state = shown
        activity.show(actions) { state }
    }

    private fun change(to: HomeState) {
        rule.runOnUiThread { state = to }
        rule.waitForIdle()
    }

    @Test
    fun `signed out`() {
        show(HomeState(AccountState.SignedOut()))
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
        show(HomeState(AccountState.SignedOut(), SignInStage.IN_BROWSER))
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
        show(HomeState(AccountState.Unavailable))
        rule.onNodeWithText("Try again").performClick()
        rule.onNodeWithTag("home").performScrollToNode(hasText("Start over"))
        rule.onNodeWithText("Start over").performClick()
        assertEquals(listOf("restore", "startOver"), done)
    }

    @Test
    fun `a sign-in failed`() {
        val text = "The service cannot be reached right now. Check your connection and try again."
        show(HomeState(AccountState.SignedOut(), notice = text))
        rule.onNodeWithText(text).assertIsDisplayed()
        rule.onNodeWithContentDescription("Dismiss").performClick()
        assertEquals(listOf("dismiss"), done)
    }

    @Test
    fun `the app is not set up`() {
        val e = assertThrows(JetbridgeException::class.java) { JetbridgeSession.config("{}", "{}") }
        show(HomeState(AccountState.Broken(e.text(rule.activity))))
        rule.onNodeWithText("okta_client_id", substring = true).assertIsDisplayed()
    }

    @Test
    fun `signed in`() {
        show(HomeState(alice.copy(awsClock = Clock(null)), bucket = "jetbridge-demo"))
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
        show(HomeState(alice, bucket = "jetbridge-demo", listing = ListingState.Loading))
        rule.onNodeWithText("Listing jetbridge-demo…").assertIsDisplayed()
        rule.onNodeWithText("AWS SDK Call").assertIsNotEnabled()
    }

    @Test
    fun `the list`() {
        show(list)
        rule.onNodeWithText("6 objects").assertIsDisplayed()
        val home = rule.onNodeWithTag("home")
        home.performScrollToNode(hasContentDescription("reports/2026/summary.csv, 19 kB, changed Oct 1, 2026", substring = true))
        home.performScrollToNode(hasContentDescription("shared/welcome.txt, 612 B, changed unknown date"))
        home.performScrollToNode(hasText("That is all of them."))
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
        show(list.copy(search = "zebra"))
        rule.onNodeWithText("No match").assertExists()
    }

    @Test
    fun `the end in sight asks for more, once`() {
        show(list.copy(listing = ListingState.Rows(objects.take(1), hasMore = true)))
        rule.onNodeWithTag("home").performScrollToNode(hasText("Loading more…"))
        rule.waitForIdle()
        assertEquals(listOf("more"), done)
        change(list.copy(listing = ListingState.Rows(objects.take(2), hasMore = true, answer = 1)))
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
        show(list.copy(listing = ListingState.Rows(emptyList())))
        rule.onNodeWithText("This bucket is empty").assertIsDisplayed()
        rule.onNodeWithTag("home").performScrollToNode(hasText("Refresh the list"))
        rule.onNodeWithText("Refresh the list").performClick()
        assertEquals(listOf("list"), done)
    }

    @Test
    fun `the list failed`() {
        val text = "You do not have access to this in Amazon S3 (AccessDenied). Ask your administrator for access."
        show(list.copy(listing = ListingState.Failed(text)))
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
            rule.onNode(hasText("Sign out") and hasClickAction()).performClick()
            rule.waitForIdle()
            assertEquals(listOf("signOut $mode"), done)
        }
    }

    @Test
    fun `each error offers to find out what is wrong, and nothing else does`() {
        val offline = "Check your connection."
        val rows = ListingState.Rows(objects.take(1))
        val problem = Problem(offline, canRetry = false)
        val opened = ObjectState("readme.txt", FactsState.Known(Screens.details))
        for (shown in listOf(
            HomeState(AccountState.SignedOut("Okta ended your session.")),
            HomeState(AccountState.SignedOut(), notice = offline),
            HomeState(AccountState.Unavailable),
            list.copy(listing = ListingState.Failed(offline, canRetry = false)),
            list.copy(listing = rows.copy(hasMore = true, problem = offline)),
            list.copy(upload = UploadState.Failed("readme.txt", problem)),
            list.copy(opened = opened.copy(facts = FactsState.Failed(problem))),
            list.copy(opened = opened.copy(undeleted = problem)),
            list.copy(opened = opened, downloads = mapOf("readme.txt" to DownloadState.Failed(problem))),
            list.copy(opened = opened, notice = offline),
        )) {
            done.clear()
            show(shown)
            if (rule.onAllNodes(hasText("What is wrong?")).fetchSemanticsNodes().isEmpty()) {
                rule.onNodeWithTag("home").performScrollToNode(hasText("What is wrong?"))
            }
            rule.onNodeWithText("What is wrong?").performSemanticsAction(SemanticsActions.OnClick)
            assertEquals("$shown", listOf("diagnose"), done - "more")
        }
        for (shown in listOf(HomeState(AccountState.SignedOut()), list, list.copy(news = "It is done."))) {
            show(shown)
            rule.onNodeWithText("What is wrong?").assertDoesNotExist()
        }
    }

    /** What TalkBack reads as soon as it is there. */
    private fun readAloud(): List<String> =
        rule
            .onAllNodes(SemanticsMatcher("is read aloud") { SemanticsProperties.LiveRegion in it.config })
            .fetchSemanticsNodes()
            .flatMap { node -> node.config.getOrElse(SemanticsProperties.Text) { emptyList() }.map { it.text } }

    @Test
    fun `what comes by itself is read aloud`() {
        val offline = "Check your connection."
        val rows = ListingState.Rows(objects.take(1))
        for ((shown, words) in listOf(
            HomeState(AccountState.SignedOut("Okta ended your session.")) to listOf("Sign in again", "Okta ended your session."),
            HomeState(AccountState.SignedOut(), notice = offline) to listOf(offline),
            HomeState(AccountState.Unavailable) to listOf("Your session cannot be read now"),
            HomeState(AccountState.Broken(offline)) to listOf("The app is not set up yet", offline),
            list.copy(listing = ListingState.Failed(offline)) to listOf("The list could not be loaded", offline),
            list.copy(listing = rows) to listOf("1 object"),
            list.copy(listing = rows.copy(hasMore = true, problem = offline)) to listOf("The next page could not be loaded.", offline),
            list.copy(listing = ListingState.Rows(emptyList())) to listOf("This bucket is empty"),
            list.copy(search = "zebra") to listOf("0 objects", "No match"),
        )) {
            show(shown)
            for (word in words) {
                if (rule.onAllNodes(hasText(word)).fetchSemanticsNodes().isEmpty()) {
                    rule.onNodeWithTag("home").performScrollToNode(hasText(word))
                }
                assertTrue("$word in ${readAloud()}", word in readAloud())
            }
        }
        show(HomeState(AccountState.SignedOut()))
        assertEquals("what the user asked for is not", emptyList<String>(), readAloud())
    }

    @Test
    fun `a page without objects does not stop the list`() {
        val none = ListingState.Rows(emptyList(), hasMore = true, answer = 1)
        show(list.copy(listing = none))
        rule.onNodeWithTag("home").performScrollToNode(hasText("Loading more…"))
        rule.waitForIdle()
        assertEquals(listOf("more"), done)
        change(list.copy(listing = none.copy(answer = 2)))
        assertEquals(listOf("more", "more"), done)
    }

    @Test
    fun `the list stays where it is, and TalkBack with it, whatever comes`() {
        val many = List(60) { ObjectRow("object $it", 1, null) }
        show(list.copy(listing = ListingState.Loading))
        val home = rule.onNodeWithTag("home").fetchSemanticsNode().id
        change(list.copy(listing = ListingState.Rows(many)))
        rule.onNodeWithTag("home").performScrollToKey("object object 40")
        for (next in listOf(
            list.copy(listing = ListingState.Rows(many, isRefreshing = true)),
            list.copy(listing = ListingState.Rows(many), notice = "Check your connection."),
            list.copy(listing = ListingState.Rows(many, hasMore = true, problem = "Check your connection.")),
        )) {
            change(next)
            rule.onNodeWithContentDescription("object 40,", substring = true).assertIsDisplayed()
        }
        change(list.copy(listing = ListingState.Failed("Check your connection.")))
        assertEquals("the same node for TalkBack", home, rule.onNodeWithTag("home").fetchSemanticsNode().id)
    }

    @Test
    @Config(qualifiers = "w1280dp-h800dp-land-mdpi")
    fun `the list stays where it is when a window becomes wide and narrow again`() {
        val many = List(60) { ObjectRow("object $it", 1, null) }
        var isWide by mutableStateOf(false)
        val shown = list.copy(listing = ListingState.Rows(many))
        rule.runOnUiThread { rule.activity.setContent { JetbridgeTheme { HomeScreen(shown, actions, isWide = isWide) } } }
        val home = rule.onNodeWithTag("home").fetchSemanticsNode().id
        rule.onNodeWithTag("home").performScrollToKey("object object 40")
        for (next in listOf(true, false)) {
            rule.runOnUiThread { isWide = next }
            rule.waitForIdle()
            assertEquals(home, rule.onNodeWithTag("home").fetchSemanticsNode().id)
            rule.onNodeWithContentDescription("object 40,", substring = true).assertIsDisplayed()
        }
    }

    @Test
    fun `what went wrong is in sight wherever the list is`() {
        show(list.copy(listing = ListingState.Rows(List(60) { ObjectRow("object $it", 1, null) })))
        change(state.copy(notice = "Check your connection."))
        rule.onNodeWithText("Check your connection.").assertIsDisplayed()
        change(state.copy(notice = null))
        rule.onNodeWithTag("home").performScrollToNode(hasContentDescription("object 40,", substring = true))
        change(state.copy(notice = "Check your connection."))
        rule.onNodeWithText("Check your connection.").assertIsDisplayed()
    }

    @Test
    fun `the spinner of a refresh is below the bar`() {
        show(list.copy(listing = ListingState.Rows(objects, isRefreshing = true)))
        activity.insets(top = 24)
        val bar = rule.onNodeWithContentDescription("Sign out").getUnclippedBoundsInRoot()
        val spinner = rule.onNodeWithTag("refreshing").getUnclippedBoundsInRoot()
        assertTrue("the bar ends at ${bar.bottom}, the spinner begins at ${spinner.top}", spinner.top >= bar.bottom)
        assertTrue(spinner.bottom > spinner.top)
    }

    @Test
    fun `the keyboard hides neither the search field nor the last row`() {
        show(list)
        activity.insets(top = 24, bottom = 24)
        rule.onNodeWithTag("home").performScrollToNode(hasText("Search objects"))
        rule.onNodeWithTag("search").performClick()
        activity.insets(top = 24, bottom = 24, keyboard = 300)
        rule.onNodeWithTag("home").performScrollToNode(hasText("Search objects"))
        val keyboard = rule.onRoot().getUnclippedBoundsInRoot().bottom - 300.dp
        val field = rule.onNodeWithTag("search").getUnclippedBoundsInRoot()
        assertTrue("the field ends at ${field.bottom}, the keyboard begins at $keyboard", field.bottom <= keyboard)
        rule.onNodeWithTag("home").performScrollToNode(hasText("That is all of them."))
        val last = rule.onNodeWithText("That is all of them.").getUnclippedBoundsInRoot()
        assertTrue("the last row ends at ${last.bottom}, the keyboard begins at $keyboard", last.bottom <= keyboard)
    }

    @Test
    fun `bars and camera hide nothing`() {
        show(list)
        activity.insets(top = 24, bottom = 48, cutoutAtLeft = 40)
        val root = rule.onRoot().getUnclippedBoundsInRoot()
        assertTrue(rule.onNodeWithContentDescription("Sign out").getUnclippedBoundsInRoot().top >= 24.dp)
        assertTrue(rule.onNodeWithText("Jetbridge").getUnclippedBoundsInRoot().left >= 40.dp)
        assertTrue(rule.onNodeWithText("Alice Archer").getUnclippedBoundsInRoot().left >= 40.dp)
        rule.onNodeWithTag("home").performScrollToNode(hasText("That is all of them."))
        assertTrue(rule.onNodeWithText("That is all of them.").getUnclippedBoundsInRoot().bottom <= root.bottom - 48.dp)
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

/** Twice the size, as far as Android's settings go. */
@Config(fontScale = 2f)
class HomeScreenLargeFontTest : HomeScreenTest()
