package dev.jetbridge

/**
 * A sign-in in steps, for an app that opens the browser itself and receives the redirect itself: [JetbridgeSession.manualSignIn].
 * All others have [JetbridgeSession.startSignIn].
 */
public interface ManualSignIn {
    /**
     * The first step. The request is remembered in the secure store before this returns, so the app may be killed behind the
     * browser.
     */
    public suspend fun begin(options: LoginOptions = LoginOptions()): AuthorizationRequest

    /**
     * The second step: takes the redirect URI, whole. Giving the same one twice is harmless, and so is a foreign one, which
     * gives [JetbridgeException.UnexpectedRedirect].
     */
    public suspend fun complete(redirectUri: String): SessionState

    /** The user came back without signing in: forgets the sign-ins that this process has begun. */
    public suspend fun cancel()
}
