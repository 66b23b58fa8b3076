import Foundation

/// What came of signing out, beyond the device.
public struct SignOutResult: Sendable {
    /// The page that ends the browser's session, for ``JetbridgeSession/endBrowserSession(_:browser:)``. It carries a token:
    /// never log it.
    public let endSessionURL: URL?
    /// Whether Okta took the refresh token back.
    public let isRevoked: Bool
    /// Why Okta was not told although it should have been. The device is signed out all the same.
    public let problem: JetbridgeError?
}

extension SignOutResult: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the address, which carries a token.
    public var description: String {
        "SignOutResult(endSessionURL: \(endSessionURL == nil ? "none" : "hidden"), isRevoked: \(isRevoked))"
    }

    /// As ``description``: a debugger's output ends up in tickets, too.
    public var debugDescription: String { description }

    /// As ``description``, for `dump`.
    public var customMirror: Mirror { Mirror(self, children: ["isRevoked": isRevoked, "problem": problem as Any]) }
}
