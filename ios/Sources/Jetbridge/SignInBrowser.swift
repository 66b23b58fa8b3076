import Foundation

/// Shows the sign-in page. ``WebAuthenticationBrowser`` is the one for apps; a test brings its own.
public protocol SignInBrowser: Sendable {
    /// Opens `url` and returns the address that the page ended at, which begins with `redirect`.
    ///
    /// Throws ``JetbridgeError/userCancelled`` when the user closes the page. When the task is cancelled it closes the page
    /// and returns.
    @MainActor func open(_ url: URL, redirect: URL) async throws -> URL
}
