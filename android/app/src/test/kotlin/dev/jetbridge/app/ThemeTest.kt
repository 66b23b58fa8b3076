package dev.jetbridge.app

import androidx.compose.material3.ColorScheme
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.luminance
import org.junit.Assert.assertEquals
import org.junit.Test

/**
 * The colours can be told apart, by WCAG 2.2, level AA: 4.5:1 for text (success criterion 1.4.3), 3:1 for icons and the
 * edges of controls (1.4.11), https://www.w3.org/TR/WCAG22/#contrast-minimum. Disabled controls are exempt there.
 */
class ThemeTest {
    @Test
    fun `texts and icons can be read on what they stand on`() {
        val weak = mutableListOf<String>()
        for ((mode, colors) in mapOf("light" to Light, "dark" to Dark)) {
            for ((pair, over) in texts(colors)) if (ratio(over) < 4.5) weak += "$mode $pair ${ratio(over)}"
            for ((pair, over) in shapes(colors)) if (ratio(over) < 3.0) weak += "$mode $pair ${ratio(over)}"
        }
        assertEquals(emptyList<String>(), weak)
    }

    private fun texts(of: ColorScheme) =
        with(of) {
            val grounds =
                mapOf(
                    "background" to background,
                    "surface" to surface,
                    "surfaceContainerLow" to surfaceContainerLow,
                    "surfaceContainer" to surfaceContainer,
                    "surfaceContainerHigh" to surfaceContainerHigh,
                )
            val words = mapOf("onSurface" to onSurface, "onSurfaceVariant" to onSurfaceVariant, "primary" to primary)
            grounds.flatMap { (ground, below) -> words.map { (word, above) -> "$word on $ground" to (above to below) } } +
                listOf(
                    "onPrimary" to (onPrimary to primary),
                    "onPrimaryContainer" to (onPrimaryContainer to primaryContainer),
                    "onSecondaryContainer" to (onSecondaryContainer to secondaryContainer),
                    "onErrorContainer" to (onErrorContainer to errorContainer),
                    "what deletes" to (error to surfaceContainerHigh),
                )
        }

    private fun shapes(of: ColorScheme) =
        with(of) {
            listOf(
                "the field's edge" to (outline to surfaceContainerLow),
                "the field's edge outside" to (outline to background),
                "the spinner" to (onSurfaceVariant to surfaceContainerHigh),
                "how far a transfer is" to (primary to surfaceContainerHigh),
            )
        }

    private fun ratio(over: Pair<Color, Color>): Double {
        val (darker, lighter) = listOf(over.first.luminance(), over.second.luminance()).sorted()
        return (lighter + 0.05) / (darker + 0.05)
    }
}
