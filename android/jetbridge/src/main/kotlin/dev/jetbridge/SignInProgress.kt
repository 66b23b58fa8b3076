package dev.jetbridge

/** How far a sign-in has come. It is held by the session, so that every screen, also a turned one, shows the same. */
public sealed interface SignInProgress {
    /** No sign-in is under way. */
    public data object Idle : SignInProgress

    /** Okta is being asked for what the sign-in page needs. */
    public data object Preparing : SignInProgress

    /** The user is in the browser, or about to be. */
    public data object InBrowser : SignInProgress

    /** The user is back, and the answer is being exchanged for a session; after a passing fault once or twice more. */
    public data object Finishing : SignInProgress

    /**
     * It did not work out. Stays until the next attempt or [JetbridgeSession.dismissSignInFailure]. A user who only seemed to
     * have given up, and finishes in the browser after all, is signed in all the same.
     */
    public class Failed(
        /** What happened. */
        public val cause: JetbridgeException,
    ) : SignInProgress
}
