package dev.jetbridge

import android.net.Uri

/** What came of signing out, beyond the device. Open to be made by the fakes of an app's tests. */
public class SignOutResult(
    /**
     * The page that ends the browser's session, for [JetbridgeBrowser.open]; null where [JetbridgeSession.signOutEverywhere] has
     * opened it. It carries a token: never log it.
     */
    public val endSessionUrl: Uri? = null,
    /** Whether Okta took the refresh token back. */
    public val isRevoked: Boolean = false,
    /**
     * Whether Okta's page came back by `okta_logout_url`, as it does when it has ended the browser's session. If not, the user
     * came back by themselves, and the browser may still be signed in.
     */
    public val isBrowserSignedOut: Boolean = false,
    /** Why Okta or the browser was not told although it should have been. The device is signed out all the same. */
    public val problem: JetbridgeException? = null,
)
