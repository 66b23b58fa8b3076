import AuthenticationServices
import Foundation

#if canImport(UIKit)
import UIKit
#else
import AppKit
#endif

/// The system's sheet for signing in. It shares the user's passwords, passkeys and sessions with Safari, shows the address,
/// and the app sees nothing of what is typed.
public struct WebAuthenticationBrowser: SignInBrowser {
    private let prefersEphemeral: Bool
    private let anchor: @MainActor @Sendable () -> ASPresentationAnchor

    /// A sheet over the window that `anchor` gives. An ephemeral one knows no earlier session of the browser, asks for the
    /// password each time, and does not ask "wants to use … to sign in".
    public init(prefersEphemeral: Bool = false, anchor: @escaping @MainActor @Sendable () -> ASPresentationAnchor) {
        self.prefersEphemeral = prefersEphemeral
        self.anchor = anchor
    }

    /// A sheet over the window in front.
    @available(iOSApplicationExtension, unavailable, message: "an extension has no window: give an anchor")
    public init(prefersEphemeral: Bool = false) {
        self.init(prefersEphemeral: prefersEphemeral, anchor: { Self.windowInFront() })
    }

    /// Shows the sheet until it comes to `redirect`, which may be of a scheme of the app's own or, from iOS 17.4 on, https.
    public func open(_ url: URL, redirect: URL) async throws -> URL {
        let (answers, answer) = AsyncStream.makeStream(of: Result<URL, JetbridgeError>.self)
        let sheet = try sheet(url, redirect: redirect) {
            answer.yield($0)
            answer.finish()
        }
        let provider = AnchorProvider(anchor)
        sheet.presentationContextProvider = provider
        sheet.prefersEphemeralWebBrowserSession = prefersEphemeral
        guard sheet.start() else { throw JetbridgeError.browserUnavailable(detail: "the sheet did not start") }
        defer { withExtendedLifetime(provider) {} }
        for await answer in answers { return try answer.get() }
        // Nobody waits any more.
        sheet.cancel()
        throw JetbridgeError.userCancelled
    }

    @MainActor
    private func sheet(
        _ url: URL, redirect: URL, whenDone: @escaping @Sendable (Result<URL, JetbridgeError>) -> Void
    ) throws(JetbridgeError) -> ASWebAuthenticationSession {
        // The system calls it on a queue of its own. Without @Sendable it would belong to the main actor and trap there.
        let completion: @Sendable (URL?, (any Error)?) -> Void = { url, error in
            whenDone(url.map { .success($0) } ?? .failure(Self.failure(error)))
        }
        guard redirect.scheme != "http" else {
            throw .browserUnavailable(detail: "no app can receive a redirect to http")
        }
        guard redirect.scheme == "https", let host = redirect.host() else {
            return ASWebAuthenticationSession(
                url: url, callbackURLScheme: redirect.scheme, completionHandler: completion)
        }
        guard #available(iOS 17.4, macOS 14.4, visionOS 1.1, *) else {
            throw .browserUnavailable(detail: "an https redirect needs iOS 17.4 or macOS 14.4")
        }
        return ASWebAuthenticationSession(
            url: url, callback: .https(host: host, path: redirect.path()), completionHandler: completion)
    }

    /// A domain that does not vouch for the app has the code of a user who cancels, too, but it comes with a reason. A mere
    /// description may come with every error.
    static func failure(_ error: (any Error)?) -> JetbridgeError {
        guard let error else { return .userCancelled }
        let told = (error as NSError).userInfo
        let keys = [NSLocalizedFailureReasonErrorKey, NSDebugDescriptionErrorKey]
        let explanation = keys.lazy.compactMap { told[$0] as? String }.first
        if let error = error as? ASWebAuthenticationSessionError, error.code == .canceledLogin, explanation == nil {
            return .userCancelled
        }
        return .browserUnavailable(detail: explanation ?? error.localizedDescription)
    }

    #if canImport(UIKit)
    @available(iOSApplicationExtension, unavailable)
    @MainActor
    private static func windowInFront() -> ASPresentationAnchor {
        let scenes = UIApplication.shared.connectedScenes.compactMap { $0 as? UIWindowScene }
        let scene = scenes.first { $0.activationState == .foregroundActive } ?? scenes.first
        return scene?.keyWindow ?? scene?.windows.first ?? ASPresentationAnchor()
    }
    #else
    @MainActor
    private static func windowInFront() -> ASPresentationAnchor {
        NSApplication.shared.keyWindow ?? ASPresentationAnchor()
    }
    #endif
}

/// Tells the sheet its window. The sheet does not keep it alive.
@MainActor
private final class AnchorProvider: NSObject, ASWebAuthenticationPresentationContextProviding {
    private let anchor: @MainActor @Sendable () -> ASPresentationAnchor

    init(_ anchor: @escaping @MainActor @Sendable () -> ASPresentationAnchor) { self.anchor = anchor }

    func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor { anchor() }
}

extension SignInBrowser where Self == WebAuthenticationBrowser {
    /// The system's sheet over the window in front.
    @available(iOSApplicationExtension, unavailable, message: "an extension has no window: give an anchor")
    public static var system: WebAuthenticationBrowser { WebAuthenticationBrowser() }
}
