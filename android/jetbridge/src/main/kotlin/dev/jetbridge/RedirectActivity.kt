package dev.jetbridge

import android.app.Activity
import android.os.Bundle

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
}
