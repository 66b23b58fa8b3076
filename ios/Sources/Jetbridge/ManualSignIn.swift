import Foundation
import JetbridgeFFI

/// The sign-in in steps, for an app that opens the browser itself: ``JetbridgeSession/manualSignIn``.
public struct ManualSignIn: Sendable {
    let session: JetbridgeSession

    /// The first step. The request is remembered in the secure store before this returns, so the app may be ended behind
    /// the browser.
    public func begin(options: LoginOptions = LoginOptions()) async throws(JetbridgeError) -> AuthorizationRequest {
        try await session.work { try AuthorizationRequest(await $0.beginLogin(options: options)) }
    }

    /// The second step: takes the redirect, whole. Giving the same one twice is harmless.
    @MainActor
    @discardableResult
    public func complete(_ redirect: URL) async throws(JetbridgeError) -> SessionState {
        defer { session.refreshState() }
        return try await session.work { try await $0.completeLogin(redirectUri: redirect.absoluteString) }
    }

    /// The user came back without signing in: forgets the sign-ins that this process has begun.
    public func cancel() async throws(JetbridgeError) {
        try await session.finish { try await $0.cancelLogin() }.get()
    }
}

/// The page that the browser has to open. It prints nothing of the addresses, which belong to one sign-in.
public struct AuthorizationRequest: Sendable {
    private let addresses: Hidden<(page: URL, redirect: URL)>
    /// Until when it is worth waiting for the redirect.
    public let expiresAt: Date
    /// Until when the browser has to have opened the page, if the server said: a pushed request does not wait for long.
    public let openBefore: Date?

    init(_ core: JetbridgeFFI.AuthorizationRequest) throws(JetbridgeError) {
        guard let page = URL(string: core.url()), let redirect = URL(string: core.redirectUri()) else {
            throw .internal(detail: "the address of the sign-in page is none")
        }
        addresses = Hidden((page, redirect))
        expiresAt = core.expiresAt()
        openBefore = core.openBefore()
    }

    /// The address of the sign-in page. Give it to the browser, not to a log.
    public var url: URL { addresses.value.page }
    /// Where the browser comes back to.
    public var redirectURL: URL { addresses.value.redirect }
}
