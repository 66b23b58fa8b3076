package dev.jetbridge

/**
 * What the Application of an app implements, so that the library finds the session again: a redirect may arrive in a
 * fresh process, before any screen of the app was shown.
 */
public interface JetbridgeHost {
    /** The app's one session. Make it lazily, with [JetbridgeSession.open]; what that throws may be thrown here too. */
    public val jetbridge: JetbridgeSession
}
