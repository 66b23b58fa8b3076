package dev.jetbridge

import android.app.Activity
import android.app.ActivityManager
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Bundle

/**
 * Where the browser's redirect arrives, by the scheme in the manifest placeholder `jetbridgeRedirectScheme`. Any app may
 * call it with anything, so it decides nothing: the session compares what came with the sign-ins it has begun.
 */
public class RedirectActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        if (savedInstanceState == null) {
            val next = SignInActivity.redirect(this, intent.data)
            startActivity(if (isInTaskOfApp()) next else next.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
        }
        finish()
    }

    /**
     * A browser that follows the redirect without FLAG_ACTIVITY_NEW_TASK starts this in the task it is in. Behind a Custom Tab
     * that is the app's, whatever its affinity, and the waiting sign-in is in it. Behind a browser of its own it is the
     * browser's: without that flag the sign-in would be finished there, and the user left in the browser.
     *
     * AppAuth 0.11.1 and Auth0 3.18.0 always go to the task of the app's affinity, by singleTask, and so miss the waiting one
     * when the app's screen has an affinity of its own (AppAuth-Android#851); Okta's web-authentication-ui 3.0.0 receives
     * redirects in a task apart (singleInstance). Android tells an app the tasks whose root it is, by the same number
     * (getAppTasksList and createRecentTaskInfo in its RecentTasks.java, in each edition looked at, from Android 8 on).
     */
    private fun isInTaskOfApp(): Boolean =
        getSystemService(ActivityManager::class.java)?.appTasks.orEmpty().any {
            try {
                @Suppress("DEPRECATION")
                it.taskInfo.persistentId == taskId
            } catch (_: IllegalArgumentException) {
                // Another task, which was closed just now.
                false
            }
        }

    internal companion object {
        /**
         * Whether the app's manifest leads [redirectUri] back to the app. If not, the user would sign in and be left in the
         * browser, and nobody would know why.
         *
         * @throws JetbridgeException.Misconfigured
         */
        fun check(
            context: Context,
            redirectUri: Uri,
        ) {
            // example.com stands for every link there is (RFC 2606).
            if (WEB_SCHEMES.any { RedirectActivity::class.java.name in receivers(context, Uri.parse("$it://example.com/")) }) {
                throw misconfigured(
                    "with http or https the app would offer to open every link",
                    "give it a scheme of the app's own, and an https callback an intent filter with its host (docs/android.md)",
                )
            }
            if (receivers(context, redirectUri).isEmpty()) {
                throw misconfigured(
                    "the app does not receive callbacks with the scheme ${redirectUri.scheme}",
                    "set it to the scheme of okta_callback_url, without the colon",
                )
            }
        }

        private fun receivers(
            context: Context,
            uri: Uri,
        ): List<String> {
            val redirect = Intent(Intent.ACTION_VIEW, uri).addCategory(Intent.CATEGORY_BROWSABLE).setPackage(context.packageName)
            return context.packageManager.queryIntentActivities(redirect, PackageManager.MATCH_DEFAULT_ONLY).map { it.activityInfo.name }
        }

        private fun misconfigured(
            problem: String,
            hint: String,
        ) = JetbridgeException.of(SessionException.Misconfigured("jetbridgeRedirectScheme", problem, hint))
    }
}
