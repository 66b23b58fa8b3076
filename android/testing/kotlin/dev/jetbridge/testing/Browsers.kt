package dev.jetbridge.testing

import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import org.robolectric.Shadows.shadowOf

/** What can be installed on the device of a test. */
object Browsers {
    /** A browser with or without Custom Tabs and what may come with them. */
    fun install(
        context: Context,
        hasCustomTabs: Boolean,
        hasAuthTab: Boolean = false,
        canForget: Boolean = false,
        browser: String = PACKAGE,
    ) {
        val packages = shadowOf(context.packageManager)
        val page = ComponentName(browser, "$browser.Main")
        packages.addActivityIfNotPresent(page)
        for (scheme in listOf("http", "https")) {
            packages.addIntentFilterForActivity(
                page,
                IntentFilter(Intent.ACTION_VIEW).apply {
                    addCategory(Intent.CATEGORY_DEFAULT)
                    addCategory(Intent.CATEGORY_BROWSABLE)
                    addDataScheme(scheme)
                },
            )
        }
        if (!hasCustomTabs) return
        val service = ComponentName(browser, "$browser.CustomTabs")
        packages.addServiceIfNotPresent(service)
        packages.addIntentFilterForService(
            service,
            IntentFilter("android.support.customtabs.action.CustomTabsService").apply {
                addCategory(Intent.CATEGORY_DEFAULT)
                if (hasAuthTab) addCategory("androidx.browser.auth.category.AuthTab")
                if (canForget) addCategory("androidx.browser.customtabs.category.EphemeralBrowsing")
            },
        )
    }

    /** The browser's package. */
    const val PACKAGE = "org.example.browser"
}
