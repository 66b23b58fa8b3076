package dev.jetbridge.app

import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsNode
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.semantics.SemanticsPropertyKey
import androidx.compose.ui.semantics.getOrNull
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.performClick
import androidx.compose.ui.text.TextLayoutResult
import org.junit.Assert.assertEquals
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowDialog
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.time.format.FormatStyle

/**
 * Walks through every state of the screen from top to bottom, on every kind of device: nothing is cut, nothing hangs over
 * an edge, whatever can be pressed is large enough and has a name. Draws the pictures that people look at, too.
 */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = android.app.Application::class, qualifiers = "en-rUS-w411dp-h840dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
open class ScreensTest {
    @get:Rule
    val activity = EmptyActivity()
    private val screen get() = activity.screen

    /** The kind of device; part of the pictures' names. */
    protected open val mode: String = "light"

    private val complaints = sortedSetOf<String>()

    @Test
    fun `every screen is whole`() {
        for ((name, state) in Screens.all(screen.activity)) {
            activity.show { state }
            picture(name, if (name in Screens.dialogs) ShadowDialog.getLatestDialog().window!!.decorView else null)
            walk(name)
        }
        activity.show { Screens.list.copy(opened = ObjectState(Screens.details.key, FactsState.Known(Screens.details))) }
        press(R.string.delete_object)
        picture("delete", ShadowDialog.getLatestDialog().window!!.decorView)
        walk("delete")
        activity.show { Screens.list }
        press(R.string.upload)
        walk("upload-menu")
        activity.show { Screens.list }
        press(R.string.sign_out)
        picture("sign-out", ShadowDialog.getLatestDialog().window!!.decorView)
        walk("sign-out")
        assertEquals("", complaints.joinToString("\n"))
    }

    private fun press(icon: Int) {
        screen.onNodeWithContentDescription(screen.activity.getString(icon)).performClick()
        screen.waitForIdle()
    }

    private fun picture(
        name: String,
        dialog: android.view.View? = null,
    ) = screen.runOnUiThread { Screenshots.take(screen.activity, "$name-$mode", dialog) }

    /** Looks at everything, one windowful after the other, in each part that scrolls. */
    private fun walk(name: String) {
        look(name)
        for (part in nodes(SemanticsActions.ScrollBy).map { it.id }) {
            while (true) {
                val node = nodes(SemanticsActions.ScrollBy).firstOrNull { it.id == part } ?: break
                val range = node.config.getOrNull(SemanticsProperties.VerticalScrollAxisRange) ?: break
                if (range.value() >= range.maxValue()) break
                screen.runOnUiThread { node.config[SemanticsActions.ScrollBy].action!!(0f, node.size.height * 0.7f) }
                screen.waitForIdle()
                look(name)
            }
        }
    }

    private fun look(name: String) {
        for (node in nodes(SemanticsActions.GetTextLayoutResult)) {
            val result = mutableListOf<TextLayoutResult>()
            screen.runOnUiThread { node.config[SemanticsActions.GetTextLayoutResult].action!!(result) }
            if (isCut(result.single())) complain(name, "cut: ${result.single().layoutInput.text.text}")
        }
        for (node in screen.onAllNodes(SemanticsMatcher("all") { true }, useUnmergedTree = true).fetchSemanticsNodes()) {
            val edges = Offset(node.positionInRoot.x, node.positionInRoot.x + node.size.width)
            val root = generateSequence(node) { it.parent }.last().size.width
            if (edges.x < 0 || edges.y > root) complain(name, "beyond the edge: ${node.config}")
            words(node).filterNot(::isTranslated).forEach { complain(name, "no resource: $it") }
        }
        for (node in nodes(SemanticsActions.OnClick, isMerged = true)) {
            val called = words(node).firstOrNull { it.isNotBlank() }
            if (called == null && SemanticsProperties.EditableText !in node.config) complain(name, "nameless: ${node.boundsInRoot}")
            // What it takes up with the room around it, https://m3.material.io/foundations/designing/structure: 48 dp.
            val least = 48 * screen.activity.resources.displayMetrics.density - 1
            val size = node.layoutInfo
            if (size.height < least || size.width < least) complain(name, "too small: $called, ${size.width}x${size.height}")
        }
    }

    /**
     * By its lines: `hasVisualOverflow` is size.width < multiParagraph.width (androidx.compose.ui:ui-text 1.12.1), and the
     * paragraph that the semantics make is as wide as the room that was offered, so it is true of each short text.
     */
    private fun isCut(text: TextLayoutResult): Boolean {
        val lines = 0 until text.lineCount
        return text.multiParagraph.didExceedMaxLines || lines.any(text::isLineEllipsized) ||
            lines.any { text.getLineRight(it) - text.getLineLeft(it) > text.size.width + 1 } ||
            text.getLineBottom(text.lineCount - 1) > text.size.height + 1
    }

    private fun complain(
        name: String,
        what: String,
    ) {
        complaints += "$name: $what"
    }

    private fun nodes(
        key: SemanticsPropertyKey<*>,
        isMerged: Boolean = false,
    ): List<SemanticsNode> =
        screen.onAllNodes(SemanticsMatcher("has ${key.name}") { key in it.config }, useUnmergedTree = !isMerged).fetchSemanticsNodes()

    /** All that is read, by eyes or by TalkBack. */
    private fun words(node: SemanticsNode): List<String> =
        node.config
            .getOrNull(SemanticsProperties.Text)
            .orEmpty()
            .map { it.text } +
            node.config.getOrNull(SemanticsProperties.ContentDescription).orEmpty() +
            listOfNotNull(node.config.getOrNull(SemanticsProperties.StateDescription), node.config.getOrNull(SemanticsProperties.PaneTitle))

    /** Whether [text] went through a translator's hands. Only in a pseudo-locale can that be seen. */
    protected open fun isTranslated(text: String): Boolean = true
}

@Config(qualifiers = "+night")
class ScreensDarkTest : ScreensTest() {
    override val mode: String = "dark"
}

/** Letters of twice the size, as far as Android's settings go. */
@Config(fontScale = 2f)
class ScreensLargeFontTest : ScreensTest() {
    override val mode: String = "large"
}

@Config(qualifiers = "en-rUS-w891dp-h411dp-land-xhdpi")
class ScreensLandscapeTest : ScreensTest() {
    override val mode: String = "landscape"
}

@Config(qualifiers = "en-rUS-w1280dp-h800dp-land-mdpi")
class ScreensTabletTest : ScreensTest() {
    override val mode: String = "tablet"
}

/** aapt2's first pseudo-locale: accents, a third more letters and brackets around each resource. */
@Config(qualifiers = "en-rXA-w411dp-h840dp-xhdpi")
open class ScreensPseudoTest : ScreensTest() {
    override val mode: String = "pseudo"

    override fun isTranslated(text: String): Boolean =
        text in Screens.ofServices || text in Screens.ofReports || text in counts || (text.startsWith('[') && text.endsWith(']'))

    /** Debian 12's aapt2 (2.19, of Android 10) copies plurals into the pseudo-locales as they are. */
    private val counts by lazy {
        val resources = RuntimeEnvironment.getApplication().resources
        val changed =
            DateTimeFormatter
                .ofLocalizedDateTime(FormatStyle.MEDIUM, FormatStyle.SHORT)
                .withLocale(resources.configuration.locales[0])
                .withZone(ZoneId.of("UTC"))
        (0..Screens.objects.size).map { resources.getQuantityString(R.plurals.listing_count, it, it) } +
            changed.format(Screens.details.lastModified)
    }
}

/** The narrowest phones, the longest words and the largest letters at once. */
@Config(qualifiers = "en-rXA-w320dp-h568dp-xhdpi", fontScale = 2f)
class ScreensSmallTest : ScreensPseudoTest() {
    override val mode: String = "small"
}

/** aapt2's second pseudo-locale, from right to left. */
@Config(qualifiers = "ar-rXB-ldrtl-w411dp-h840dp-xhdpi")
class ScreensRightToLeftTest : ScreensTest() {
    override val mode: String = "rtl"
}
