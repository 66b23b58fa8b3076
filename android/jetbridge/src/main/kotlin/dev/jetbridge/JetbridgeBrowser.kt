package dev.jetbridge

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import androidx.browser.auth.AuthTabColorSchemeParams
import androidx.browser.auth.AuthTabIntent
import androidx.browser.customtabs.CustomTabColorSchemeParams
import androidx.browser.customtabs.CustomTabsClient
import androidx.browser.customtabs.CustomTabsIntent

/**
 * Opens Okta's pages in the user's browser, which has the user's passwords, passkeys and sessions and shows its address
 * bar: never in a WebView, which would show the password to the app.
 */
public object JetbridgeBrowser {
    /**
     * Opens [url] in a Custom Tab, or in any browser where there is none. When the page comes back to the app, as the end of
     * a session does to `okta_logout_url`, its tab is closed.
     *
     * @throws JetbridgeException.NoBrowser
     */
    public fun open(
        from: Activity,
        url: Uri,
        browser: BrowserOptions = BrowserOptions(),
    ): Unit = start { from.startActivities(arrayOf(SignInActivity.below(from), pageIntent(from, url, browser))) }

    /** As [open], below an Activity that is there already. */
    internal fun openAbove(
        below: SignInActivity,
        url: Uri,
        browser: BrowserOptions,
    ): Unit = start { below.startActivity(pageIntent(below, url, browser)) }

    /**
     * Opens the sign-in page. A browser with Auth Tab answers to `onActivityResult` with [requestCode]; every other one by
     * the intent filter of [RedirectActivity].
     */
    internal fun openSignIn(
        from: Activity,
        url: Uri,
        redirectScheme: String?,
        isEphemeral: Boolean,
        options: BrowserOptions,
        requestCode: Int,
    ) {
        val browser = customTabsBrowser(from, options)
        val forgets = isEphemeral && browser != null && CustomTabsClient.isEphemeralBrowsingSupported(from, browser)
        // Auth Tab for a web redirect needs a verified domain; the browser hands such a redirect over without it, too.
        val hasOwnScheme = redirectScheme != null && redirectScheme !in WEB_SCHEMES
        if (browser != null && hasOwnScheme && CustomTabsClient.isAuthTabSupported(from, browser)) {
            val tab =
                AuthTabIntent
                    .Builder()
                    .setEphemeralBrowsingEnabled(forgets)
                    .apply { options.toolbarColor?.let { setDefaultColorSchemeParams(authTabColour(it)) } }
                    .build()
                    .intent
            tab.setPackage(browser).setData(url).putExtra(AuthTabIntent.EXTRA_REDIRECT_SCHEME, redirectScheme)
            // The result's own way back; androidx's launcher does the same for an androidx Activity, which this is not.
            start { from.startActivityForResult(tab, requestCode) }
        } else {
            start { from.startActivity(pageIntent(from, url, options, forgets)) }
        }
    }

    private fun pageIntent(
        context: Context,
        url: Uri,
        options: BrowserOptions,
        isEphemeral: Boolean = false,
    ): Intent {
        val browser = customTabsBrowser(context, options) ?: return Intent(Intent.ACTION_VIEW, url).addCategory(Intent.CATEGORY_BROWSABLE)
        return CustomTabsIntent
            .Builder()
            .setShowTitle(true)
            .setShareState(CustomTabsIntent.SHARE_STATE_OFF)
            .setEphemeralBrowsingEnabled(isEphemeral)
            .apply { options.toolbarColor?.let { setDefaultColorSchemeParams(customTabColour(it)) } }
            .build()
            .intent
            .setPackage(browser)
            .setData(url)
    }

    private fun customTabColour(colour: Int) = CustomTabColorSchemeParams.Builder().setToolbarColor(colour).build()

    private fun authTabColour(colour: Int) = AuthTabColorSchemeParams.Builder().setToolbarColor(colour).build()

    /**
     * The wanted browser, else the default one, else another: the first of them that has Custom Tabs. With `true`, androidx
     * (browser 1.10.0, CustomTabsClient.getPackageName) leaves the default one out.
     */
    private fun customTabsBrowser(
        context: Context,
        options: BrowserOptions,
    ): String? {
        options.packageName?.let { wanted -> CustomTabsClient.getPackageName(context, listOf(wanted), true)?.let { return it } }
        val page = Intent(Intent.ACTION_VIEW, Uri.fromParts("https", "", null)).addCategory(Intent.CATEGORY_BROWSABLE)
        val browsers = context.packageManager.queryIntentActivities(page, PackageManager.MATCH_ALL)
        return CustomTabsClient.getPackageName(context, browsers.map { it.activityInfo.packageName }.distinct())
    }

    private fun start(launch: () -> Unit) {
        try {
            launch()
        } catch (e: ActivityNotFoundException) {
            throw JetbridgeException.NoBrowser(e)
        } catch (e: SecurityException) {
            // A browser that is there but may not be started, as in some work profiles.
            throw JetbridgeException.NoBrowser(e)
        }
    }
}

/** Which browser shows Okta's pages, and how. The page itself looks as Okta's customization of it says. */
public class BrowserOptions(
    /** The package of the browser to take where it is installed and has Custom Tabs; without it, the user's own. */
    public val packageName: String? = null,
    /** The colour of the bar above the page, as an Android colour value; without it, the browser's own. */
    public val toolbarColor: Int? = null,
)

internal val WEB_SCHEMES = setOf("http", "https")
