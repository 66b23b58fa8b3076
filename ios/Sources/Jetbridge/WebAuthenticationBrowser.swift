import AuthenticationServices
import Foundation
import SwiftUI

/// The system's sheet for signing in. It shares the user's passwords, passkeys and sessions with Safari, shows the address,
/// and the app sees nothing of what is typed.
///
/// It is shown over a window of the app's. Without one that is in front it is not shown at all, and
/// ``JetbridgeError/browserUnavailable(detail:)`` is thrown.
public struct WebAuthenticationBrowser: SignInBrowser {
    private enum Place: Sendable {
        case window(@MainActor @Sendable () -> ASPresentationAnchor?)
        case view(WebAuthenticationSession)
    }

    private let place: Place
    private let prefersEphemeral: Bool

    /// A sheet over the window that `anchor` gives when it is shown. An ephemeral one knows no earlier session of the
    /// browser, asks for the password each time, and does not ask "wants to use … to sign in".
    public init(prefersEphemeral: Bool = false, anchor: @escaping @MainActor @Sendable () -> ASPresentationAnchor?) {
        place = .window(anchor)
        self.prefersEphemeral = prefersEphemeral
    }

    /// A sheet over this window, for as long as the app keeps it.
    @MainActor
    public init(from window: ASPresentationAnchor, prefersEphemeral: Bool = false) {
        self.init(prefersEphemeral: prefersEphemeral) { [weak window] in window }
    }

    /// A sheet over the view whose environment this is from: `@Environment(\.webAuthenticationSession)`.
    public init(using webAuthenticationSession: WebAuthenticationSession, prefersEphemeral: Bool = false) {
        place = .view(webAuthenticationSession)
        self.prefersEphemeral = prefersEphemeral
    }

    /// A sheet over the window in front. Of an app with several windows, such as on an iPad, that may be another than the
    /// user has touched: such an app gives the window, or the view's environment.
    @available(iOSApplicationExtension, unavailable, message: "an extension has no window in front: give one")
    public init(prefersEphemeral: Bool = false) {
        self.init(prefersEphemeral: prefersEphemeral, anchor: { WindowInFront.find() })
    }

    /// Shows the sheet until it comes to `redirect`, which may be of a scheme of the app's own or, from iOS 17.4 on, https.
    public func open(_ url: URL, redirect: URL) async throws -> URL {
        guard redirect.scheme != "http" else {
            throw JetbridgeError.browserUnavailable(detail: "no app can receive a redirect to http")
        }
        let (answers, answer) = AsyncStream.makeStream(of: Result<URL, JetbridgeError>.self)
        let whenDone: @Sendable (Result<URL, JetbridgeError>) -> Void = {
            answer.yield($0)
            answer.finish()
        }
        let close =
            switch place {
            case .window(let anchor): try show(url, redirect, over: anchor(), whenDone)
            case .view(let session): try show(url, redirect, in: session, whenDone)
            }
        // What is shown lives as long as this.
        defer { withExtendedLifetime(close) {} }
        for await answer in answers { return try answer.get() }
        // Nobody waits any more.
        close()
        throw JetbridgeError.userCancelled
    }

    /// Shows the sheet over a window, and gives what closes it.
    @MainActor
    private func show(
        _ url: URL, _ redirect: URL, over window: ASPresentationAnchor?,
        _ whenDone: @escaping @Sendable (Result<URL, JetbridgeError>) -> Void
    ) throws(JetbridgeError) -> @MainActor () -> Void {
        guard let window else {
            throw .browserUnavailable(detail: "there is no window in front to show the sign-in page over")
        }
        // The system calls it on a queue of its own. Without @Sendable it would belong to the main actor and trap there.
        let completion: @Sendable (URL?, (any Error)?) -> Void = { url, error in
            whenDone(url.map { .success($0) } ?? .failure(Self.failure(error)))
        }
        let sheet: ASWebAuthenticationSession
        if #available(iOS 17.4, macOS 14.4, visionOS 1.1, *) {
            sheet = ASWebAuthenticationSession(
                url: url, callback: .redirect(redirect), completionHandler: completion)
        } else {
            sheet = ASWebAuthenticationSession(
                url: url, callbackURLScheme: try Self.scheme(of: redirect), completionHandler: completion)
        }
        let provider = WindowProvider(window)
        sheet.presentationContextProvider = provider
        sheet.prefersEphemeralWebBrowserSession = prefersEphemeral
        guard sheet.start() else { throw .browserUnavailable(detail: "the sheet did not start") }
        // The sheet does not keep its provider alive.
        return { withExtendedLifetime(provider) { sheet.cancel() } }
    }

    /// Shows the sheet over a view, and gives what closes it.
    @MainActor
    private func show(
        _ url: URL, _ redirect: URL, in session: WebAuthenticationSession,
        _ whenDone: @escaping @Sendable (Result<URL, JetbridgeError>) -> Void
    ) throws(JetbridgeError) -> @MainActor () -> Void {
        if #unavailable(iOS 17.4, macOS 14.4, visionOS 1.1) { _ = try Self.scheme(of: redirect) }
        let page = Task {
            do {
                let kind: WebAuthenticationSession.BrowserSession = prefersEphemeral ? .ephemeral : .shared
                if #available(iOS 17.4, macOS 14.4, visionOS 1.1, *) {
                    whenDone(
                        .success(
                            try await session.authenticate(
                                using: url, callback: .redirect(redirect), preferredBrowserSession: kind,
                                additionalHeaderFields: [:])))
                } else {
                    whenDone(
                        .success(
                            try await session.authenticate(
                                using: url, callbackURLScheme: redirect.scheme ?? "", preferredBrowserSession: kind)))
                }
            } catch { whenDone(.failure(Self.failure(error))) }
        }
        return { page.cancel() }
    }

    /// For systems that know only schemes.
    private static func scheme(of redirect: URL) throws(JetbridgeError) -> String? {
        guard redirect.scheme != "https" else {
            throw .browserUnavailable(detail: "an https redirect needs iOS 17.4, macOS 14.4 or visionOS 1.1")
        }
        return redirect.scheme
    }

    /// A domain that does not vouch for the app has the code of a user who cancels, too, but it comes with a reason. A mere
    /// description may come with every error.
    static func failure(_ error: (any Error)?) -> JetbridgeError {
        guard let error, !(error is CancellationError) else { return .userCancelled }
        let told = (error as NSError).userInfo
        let keys = [NSLocalizedFailureReasonErrorKey, NSDebugDescriptionErrorKey]
        let explanation = keys.lazy.compactMap { told[$0] as? String }.first
        if let error = error as? ASWebAuthenticationSessionError, error.code == .canceledLogin, explanation == nil {
            return .userCancelled
        }
        return .browserUnavailable(detail: explanation ?? error.localizedDescription)
    }
}

@available(iOS 17.4, macOS 14.4, visionOS 1.1, *)
extension ASWebAuthenticationSession.Callback {
    fileprivate static func redirect(_ url: URL) -> ASWebAuthenticationSession.Callback {
        guard url.scheme == "https", let host = url.host() else { return .customScheme(url.scheme ?? "") }
        return .https(host: host, path: url.path())
    }
}

/// Tells the sheet its window. Its one method is of no actor: so it fits the protocol with `@MainActor` (Xcode 16 and newer)
/// and without (Xcode 15), and in a module whose default is the main actor. The system calls it on the main thread.
@MainActor
private final class WindowProvider: NSObject, ASWebAuthenticationPresentationContextProviding {
    private let window: ASPresentationAnchor

    init(_ window: ASPresentationAnchor) { self.window = window }

    nonisolated func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor {
        MainActor.assumeIsolated { window }
    }
}

extension SignInBrowser where Self == WebAuthenticationBrowser {
    /// The system's sheet over the window in front.
    @available(iOSApplicationExtension, unavailable, message: "an extension has no window in front: give one")
    public static var system: WebAuthenticationBrowser { WebAuthenticationBrowser() }
}
