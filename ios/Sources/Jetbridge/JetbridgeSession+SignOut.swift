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

    /// Opens the page that ends the browser's own session, ``SignOutResult/endSessionURL``, and waits until it has.
    ///
    /// Without `okta_logout_url` in the configuration the page stays open, and the user closes it.
    public func endBrowserSession(_ url: URL, browser: any SignInBrowser) async throws(JetbridgeError) {
        let logout = config.logoutURL
        guard let back = logout ?? config.callbackURL else { return }
        do { _ = try await browser.open(url, redirect: back) } catch {
            let error = SignInAttempt.failure(error)
            if error != .userCancelled || logout != nil { throw error }
        }
    }
}
