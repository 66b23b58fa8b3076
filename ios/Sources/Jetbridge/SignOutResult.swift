import Foundation

/// What came of signing out, beyond the device. It prints no token.
public struct SignOutResult: Sendable {
    private let page: Hidden<URL?>
    /// Whether Okta took the refresh token back.
    public let isRevoked: Bool
    /// Whether the browser's own session was ended, too: the page that does so came back by `okta_logout_url`. Without that
    /// in the configuration nobody knows how the page ended, and this stays `false`.
    public let isBrowserSignedOut: Bool
    /// Why Okta was not told although it should have been. The device is signed out all the same.
    public let problem: JetbridgeError?
    /// Why the browser's session may still be there although it should have been ended; ``JetbridgeError/userCancelled`` if
    /// the user closed the page. The device is signed out all the same.
    public let browserProblem: JetbridgeError?

    /// What a session of a test answers, for one.
    public init(
        endSessionURL: URL? = nil, isRevoked: Bool = false, isBrowserSignedOut: Bool = false,
        problem: JetbridgeError? = nil, browserProblem: JetbridgeError? = nil
    ) {
        page = Hidden(endSessionURL)
        self.isRevoked = isRevoked
        self.isBrowserSignedOut = isBrowserSignedOut
        self.problem = problem
        self.browserProblem = browserProblem
    }

    /// The page that ends the browser's session, if it was not opened or did not come to its end, for
    /// ``JetbridgeSession/endBrowserSession(_:browser:)``. It carries a token: never log it.
    public var endSessionURL: URL? { page.value }
}
