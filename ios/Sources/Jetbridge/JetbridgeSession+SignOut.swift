import Foundation
import JetbridgeFFI

extension JetbridgeSession {
    /// Signs out. What is on the device always goes, with or without a network; the answer says what came of the rest. It is
    /// not stopped by a cancelled task.
    @discardableResult
    public func signOut(_ mode: SignOutMode) async throws(JetbridgeError) -> SignOutResult {
        cancelSignIn()
        let done = await finish { try await $0.signOut(mode: mode) }
        refreshState()
        let result = try done.get()
        signInProgress = .idle
        return SignOutResult(
            endSessionURL: result.endSessionUrl().flatMap(URL.init(string:)),
            isRevoked: result.isRevoked(),
            problem: (result.revocationProblem() ?? result.endSessionProblem()).map(JetbridgeError.init)
        )
    }

    /// Opens the page that ends the browser's own session, ``SignOutResult/endSessionURL``, and waits until it is closed. Says
    /// whether it came back by `okta_logout_url`, as Okta's page does when the session has ended.
    ///
    /// Without `okta_logout_url` in the configuration the page stays open until the user closes it, and nobody knows how it
    /// ended: `false`, and no error.
    @discardableResult
    public func endBrowserSession(_ url: URL, browser: any SignInBrowser) async throws(JetbridgeError) -> Bool {
        let logout = config.logoutURL
        guard let back = logout ?? config.callbackURL else { return false }
        do {
            let end = try await browser.open(url, redirect: back)
            return logout.map { end.isReturn(to: $0) } ?? false
        } catch {
            let error = SignInAttempt.failure(error)
            if error == .userCancelled, logout == nil { return false }
            throw error
        }
    }
}

extension URL {
    /// Whether it is this address, to which Okta may append parameters.
    fileprivate func isReturn(to address: URL) -> Bool {
        let (whole, expected) = (absoluteString, address.absoluteString)
        guard whole.hasPrefix(expected) else { return false }
        return whole.dropFirst(expected.count).first.map { "?&#".contains($0) } ?? true
    }
}
