package dev.jetbridge.app

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Shapes
import androidx.compose.material3.Typography
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.lightColorScheme
import androidx.compose.runtime.Composable
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.sp

/*
 * Why this exists: one quiet look for both modes. Harbour water for what can be pressed, stone for what carries it, and
 * no colour that means something by itself: every state is also said in words.
 */

internal val Light =
    lightColorScheme(
        primary = Color(0xFF17505C),
        onPrimary = Color(0xFFFFFFFF),
        primaryContainer = Color(0xFFCFE8EC),
        onPrimaryContainer = Color(0xFF062A31),
        secondary = Color(0xFF48626A),
        onSecondary = Color(0xFFFFFFFF),
        secondaryContainer = Color(0xFFDDE9EB),
        onSecondaryContainer = Color(0xFF14282D),
        tertiary = Color(0xFF7A5A1E),
        onTertiary = Color(0xFFFFFFFF),
        tertiaryContainer = Color(0xFFF6E6C6),
        onTertiaryContainer = Color(0xFF2B1D02),
        error = Color(0xFFA3322A),
        onError = Color(0xFFFFFFFF),
        errorContainer = Color(0xFFFBE4E0),
        onErrorContainer = Color(0xFF4A0F0A),
        background = Color(0xFFF6F9F9),
        onBackground = Color(0xFF172023),
        surface = Color(0xFFF6F9F9),
        onSurface = Color(0xFF172023),
        surfaceVariant = Color(0xFFE1E9EA),
        onSurfaceVariant = Color(0xFF4C5B5F),
        surfaceContainerLowest = Color(0xFFFFFFFF),
        surfaceContainerLow = Color(0xFFFFFFFF),
        surfaceContainer = Color(0xFFEDF3F3),
        surfaceContainerHigh = Color(0xFFE7EEEF),
        surfaceContainerHighest = Color(0xFFE1E9EA),
        outline = Color(0xFF748387),
        outlineVariant = Color(0xFFD3DDDF),
        surfaceTint = Color(0xFF17505C),
    )

internal val Dark =
    darkColorScheme(
        primary = Color(0xFF8ECFDB),
        onPrimary = Color(0xFF00363F),
        primaryContainer = Color(0xFF15454F),
        onPrimaryContainer = Color(0xFFCFE8EC),
        secondary = Color(0xFFB1C9CE),
        onSecondary = Color(0xFF1C3338),
        secondaryContainer = Color(0xFF26393E),
        onSecondaryContainer = Color(0xFFDDE9EB),
        tertiary = Color(0xFFE2C48B),
        onTertiary = Color(0xFF3F2D05),
        tertiaryContainer = Color(0xFF4A3A17),
        onTertiaryContainer = Color(0xFFF6E6C6),
        error = Color(0xFFF2B3A9),
        onError = Color(0xFF5E160F),
        errorContainer = Color(0xFF4E201B),
        onErrorContainer = Color(0xFFFBE4E0),
        background = Color(0xFF0F1415),
        onBackground = Color(0xFFE0E7E8),
        surface = Color(0xFF0F1415),
        onSurface = Color(0xFFE0E7E8),
        surfaceVariant = Color(0xFF3A474A),
        onSurfaceVariant = Color(0xFFAEBDC0),
        surfaceContainerLowest = Color(0xFF0A0E0F),
        surfaceContainerLow = Color(0xFF181F21),
        surfaceContainer = Color(0xFF232C2F),
        surfaceContainerHigh = Color(0xFF293437),
        surfaceContainerHighest = Color(0xFF324043),
        outline = Color(0xFF87979A),
        outlineVariant = Color(0xFF313D40),
        surfaceTint = Color(0xFF8ECFDB),
    )

private val Type =
    Typography().run {
        copy(
            displaySmall = displaySmall.copy(fontWeight = FontWeight.SemiBold, letterSpacing = (-0.5).sp, lineHeight = 42.sp),
            titleLarge = titleLarge.copy(fontWeight = FontWeight.SemiBold),
            titleMedium = titleMedium.copy(fontWeight = FontWeight.SemiBold, letterSpacing = 0.sp),
            bodyLarge = bodyLarge.copy(letterSpacing = 0.1.sp),
            bodyMedium = bodyMedium.copy(letterSpacing = 0.1.sp),
            bodySmall = bodySmall.copy(letterSpacing = 0.2.sp),
            labelLarge = labelLarge.copy(fontWeight = FontWeight.SemiBold, letterSpacing = 0.sp),
        )
    }

private val Corners = Shapes(medium = RoundedCornerShape(16.dp), large = RoundedCornerShape(20.dp))

/** The app's colours, type and corners. */
@Composable
fun JetbridgeTheme(
    dark: Boolean = isSystemInDarkTheme(),
    content: @Composable () -> Unit,
) {
    MaterialTheme(colorScheme = if (dark) Dark else Light, typography = Type, shapes = Corners, content = content)
}
