/// How far a sign-in has come. The session holds it, so that every screen shows the same.
public enum SignInProgress: Equatable, Sendable {
    /// No sign-in is under way, also after the user has cancelled one.
    case idle
    /// Okta is being asked for what the sign-in page needs.
    case preparing
    /// The user is at the sign-in page.
    case inBrowser
    /// The user is back, and the answer is being exchanged for a session.
    case finishing
    /// It did not work out. Stays until the next attempt or ``JetbridgeSession/dismissSignInFailure()``.
    case failed(JetbridgeError)

    /// What is left of a sign-in that ended with `error`. Whoever cancels knows it, and has nothing to read.
    static func ended(by error: JetbridgeError) -> SignInProgress {
        error == .userCancelled ? .idle : .failed(error)
    }
}
