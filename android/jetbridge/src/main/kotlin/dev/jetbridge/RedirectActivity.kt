package dev.jetbridge

import android.app.Activity
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Bundle
import dev.jetbridge.ffi.SessionException

/**
 * Where the browser's redirect arrives, by the scheme in the manifest placeholder `jetbridgeRedirectScheme`. Any app may
 * call it with anything, so it decides nothing: the session compares what came with the sign-ins it has begun.
 */
public class RedirectActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        if (savedInstanceState == null) startActivity(SignInActivity.redirect(this, intent.data))
        finish()
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
