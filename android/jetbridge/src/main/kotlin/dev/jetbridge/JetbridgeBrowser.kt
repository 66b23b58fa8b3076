package dev.jetbridge

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import androidx.browser.auth.AuthTabIntent
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
    ): Unit = start { from.startActivities(arrayOf(SignInActivity.below(from), pageIntent(from, url))) }

    /**
     * Opens the sign-in page. A browser with Auth Tab answers to `onActivityResult` with [requestCode]; every other one by
     * the intent filter of [RedirectActivity].
     */
    internal fun openSignIn(
        from: Activity,
        url: Uri,
        redirectScheme: String?,
        isEphemeral: Boolean,
        requestCode: Int,
    ) {
        val browser = customTabsBrowser(from)
        val forgets = isEphemeral && browser != null && CustomTabsClient.isEphemeralBrowsingSupported(from, browser)
        // Auth Tab for a web redirect needs a verified domain; the browser hands such a redirect over without it, too.
        val hasOwnScheme = redirectScheme != null && redirectScheme !in WEB_SCHEMES
        if (browser != null && hasOwnScheme && CustomTabsClient.isAuthTabSupported(from, browser)) {
            val tab =
                AuthTabIntent
                    .Builder()
                    .setEphemeralBrowsingEnabled(forgets)
                    .build()
                    .intent
            tab.setPackage(browser).setData(url).putExtra(AuthTabIntent.EXTRA_REDIRECT_SCHEME, redirectScheme)
            // The result's own way back; androidx's launcher does the same for an androidx Activity, which this is not.
            start { from.startActivityForResult(tab, requestCode) }
        } else {
            start { from.startActivity(pageIntent(from, url, forgets)) }
        }
    }

    private fun pageIntent(
        context: Context,
        url: Uri,
        isEphemeral: Boolean = false,
    ): Intent {
        val browser = customTabsBrowser(context) ?: return Intent(Intent.ACTION_VIEW, url).addCategory(Intent.CATEGORY_BROWSABLE)
        return CustomTabsIntent
            .Builder()
            .setShowTitle(true)
            .setShareState(CustomTabsIntent.SHARE_STATE_OFF)
            .setEphemeralBrowsingEnabled(isEphemeral)
            .build()
            .intent
            .setPackage(browser)
            .setData(url)
    }

    /** The default browser if it has Custom Tabs, else another one that has. */
    private fun customTabsBrowser(context: Context): String? {
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

internal val WEB_SCHEMES = setOf("http", "https")
