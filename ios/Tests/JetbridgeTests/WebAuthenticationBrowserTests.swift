import AuthenticationServices
import Foundation
import SwiftUI
import Testing
import UIKit

@testable import Jetbridge

/// The browser's sheet with a test in the place of the system.
@MainActor
@Suite(.serialized, .timeLimit(.minutes(5)))
struct WebAuthenticationBrowserTests {
    private let page = URL(string: "https://example.okta.com/authorize?state=a")!
    private let redirect = URL(string: "com.okta.example:/callback")!

    /// What the sheet is answered with, from a thread of the system's.
    private func answer(_ url: URL?, _ error: (any Error)?) -> Sheets {
        Sheets { sheet in
            let completion = sheet.answer
            Thread.detachNewThread { completion(url, error) }
        }
    }

    @Test("the sheet is shown over the app's window and gives the redirect, whole")
    func redirected() async throws {
        let window = UIScene.app(.foregroundActive).windows[0]
        let whole = URL(string: "com.okta.example:/callback?code=a&state=b")!
        let sheets = answer(whole, nil)
        let browser = WebAuthenticationBrowser(from: window, prefersEphemeral: true)
        #expect(try await browser.open(page, redirect: redirect) == whole)
        let sheet = try #require(sheets.shown.first)
        #expect(sheet.url == page)
        #expect(sheet.callback == .customScheme("com.okta.example"))
        #expect(sheet.prefersEphemeralWebBrowserSession)
        #expect(sheets.anchors == [window])
    }

    @Test("an https redirect asks for the domain's callback")
    func https() async throws {
        let whole = URL(string: "https://app.example.com/signed-in?code=a&state=b")!
        let sheets = answer(whole, nil)
        let redirect = URL(string: "https://app.example.com/signed-in")!
        #expect(try await WebAuthenticationBrowser.system.open(page, redirect: redirect) == whole)
        let sheet = try #require(sheets.shown.first)
        #expect(sheet.callback == .https(host: "app.example.com", path: "/signed-in"))
        #expect(!sheet.prefersEphemeralWebBrowserSession)
    }

    @Test("a redirect to http, which is a desktop's, is refused before anything is shown")
    func http() async throws {
        let sheets = answer(page, nil)
        let redirect = URL(string: "http://127.0.0.1:8765/callback")!
        let thrown = try await error { _ = try await WebAuthenticationBrowser.system.open(page, redirect: redirect) }
        guard case .browserUnavailable = thrown else { throw thrown }
        #expect(sheets.shown.isEmpty)
    }

    @Test("closing the sheet is told as the user's choice")
    func closed() async throws {
        _ = answer(nil, ASWebAuthenticationSessionError(.canceledLogin))
        let thrown = try await error { _ = try await WebAuthenticationBrowser.system.open(page, redirect: redirect) }
        #expect(thrown == .userCancelled)
    }

    @Test("a domain that does not vouch for the app is not taken for a user who cancels")
    func notAssociated() async throws {
        let explanation = "Application with identifier A.b is not associated with domain app.example.com."
        _ = answer(
            nil, ASWebAuthenticationSessionError(.canceledLogin, userInfo: [NSDebugDescriptionErrorKey: explanation]))
        let thrown = try await error { _ = try await WebAuthenticationBrowser.system.open(page, redirect: redirect) }
        #expect(thrown == .browserUnavailable(detail: explanation))
    }

    @Test("a sheet that does not start says so")
    func refused() async throws {
        ASWebAuthenticationSession.system = { _ in false }
        let thrown = try await error { _ = try await WebAuthenticationBrowser.system.open(page, redirect: redirect) }
        guard case .browserUnavailable = thrown else { throw thrown }
    }

    @Test("cancelling the task closes the sheet")
    func cancelled() async throws {
        let sheets = Sheets { _ in }
        let task = Task { _ = try await WebAuthenticationBrowser.system.open(page, redirect: redirect) }
        try await eventually("the sheet is shown") { !sheets.shown.isEmpty }
        task.cancel()
        #expect(try await error { try await task.value } == .userCancelled)
        #expect(sheets.shown[0].isCancelled)
    }

    @Test("a whole sign-in goes through the sheet")
    func signIn() async throws {
        let bench = try await Bench()
        _ = Sheets { bench.answer($0) }
        let session = try bench.session()
        #expect(try await session.signIn().isSignedIn)
    }

    @Test("the guide's sign-out ends the browser's session in the sheet, too")
    func signOut() async throws {
        // Without an address to come back to, the user closes the page.
        for logout in ["com.okta.local-jetbridge:/logout", nil] {
            let bench = try await Bench(logout: logout)
            let snippets = Snippets(session: try await bench.signedIn())
            let closed = ASWebAuthenticationSessionError(.canceledLogin)
            let sheets = answer(bench.config.logoutURL, logout == nil ? closed : nil)
            try await snippets.signOut()
            #expect(snippets.session.state == .signedOut)
            #expect(sheets.shown.map(\.url.path).first?.hasSuffix("/logout") == true)
            #expect(snippets.shown == (logout == nil ? ["The browser may still be signed in."] : []))
        }
    }

    @Test("the guide's button adds an account, for whom the browser forgets who signed in")
    func addAccount() async throws {
        let bench = try await Bench()
        let accounts = JetbridgeAccounts(config: bench.config, store: bench.store)
        let sheets = Sheets { bench.answer($0) }
        Drawn.buttons = [:]
        _ = AccountsView(accounts: accounts).body
        let add = try #require(Drawn.buttons["Add an account"])
        add()
        try await eventually("it is the current one") { try await accounts.all.map(\.isCurrent) == [true] }
        #expect(sheets.shown.count == 1)
        #expect(sheets.shown[0].url.query()?.contains("prompt=login") == true)
        #expect(UUID(uuidString: try await accounts.current) != nil)
    }
}

/// Over which window the sheet is shown: of an app with several on an iPad, with an external display beside it. One after
/// the other, and not beside the tests above: there is one system.
extension WebAuthenticationBrowserTests {
    @Suite(.serialized)
    @MainActor
    struct Windows {
        private let page = URL(string: "https://example.okta.com/authorize?state=a")!
        private let redirect = URL(string: "com.okta.example:/callback")!
        private let display = UIWindowScene(
            playing: .windowExternalDisplayNonInteractive, .foregroundActive, windows: 1)

        /// The window over which the system's sheet is shown.
        private func window(
            among scenes: [UIWindowScene], browser: WebAuthenticationBrowser = .system
        ) async throws -> UIWindow {
            let sheets = Sheets(over: scenes) { $0.answer($0.url, nil) }
            _ = try await browser.open(page, redirect: redirect)
            let anchor: UIWindow? = sheets.anchors.first ?? nil
            return try #require(anchor)
        }

        @Test("of two windows the one in front has the sheet, whatever stands beside it")
        func front() async throws {
            let (front, other) = (UIScene.app(.foregroundActive, windows: 2), UIScene.app(.foregroundInactive))
            let hidden = (0..<8).map { _ in UIScene.app(.background) }
            #expect(try await window(among: hidden + [other, display, front]) == front.keyWindow)
            // While the system asks something, none is active.
            #expect(try await window(among: hidden + [display, other]) == other.keyWindow)
        }

        @Test("a window that is not key has the sheet when its scene has none that is")
        func notKey() async throws {
            let scene = UIWindowScene(playing: .windowApplication, .foregroundActive, windows: 2, hasKeyWindow: false)
            #expect(try await window(among: [scene, display]) == scene.windows[1])
        }

        #if compiler(>=6.2)
        @Test("an app in Assistive Access has its own kind of scene")
        func assistiveAccess() async throws {
            let scene = UIWindowScene(playing: .windowAssistiveAccessApplication, .foregroundActive, windows: 1)
            #expect(try await window(among: [display, scene]) == scene.keyWindow)
        }
        #endif

        @Test("without a window in front nothing is shown, and the error says why")
        func nothingInFront() async throws {
            let empty = UIWindowScene(playing: .windowApplication, .foregroundActive, windows: 0)
            for scenes in [[], [display], [UIScene.app(.background), UIScene.app(.unattached)], [empty]] {
                let sheets = Sheets(over: scenes) { $0.answer($0.url, nil) }
                let thrown = try await error {
                    _ = try await WebAuthenticationBrowser.system.open(page, redirect: redirect)
                }
                guard case .browserUnavailable(let detail) = thrown else { throw thrown }
                #expect(detail.contains("no window in front"))
                #expect(sheets.shown.isEmpty)
            }
        }

        @Test("a window or a scene that the app names has the sheet, also behind another")
        func named() async throws {
            let bench = try await Bench()
            let (front, wanted) = (UIScene.app(.foregroundActive), UIScene.app(.foregroundInactive, windows: 2))
            let sheets = Sheets(over: [front, wanted]) { bench.answer($0) }
            let session = try bench.session()
            #expect(try await session.signIn(from: wanted.windows[0]).isSignedIn)
            #expect(try await session.signIn(from: wanted).isSignedIn)
            #expect(sheets.anchors == [wanted.windows[0], wanted.keyWindow])
        }

        @Test("a window that was closed meanwhile shows nothing")
        func closed() async throws {
            var scene: UIWindowScene? = UIScene.app(.foregroundActive)
            let browser = WebAuthenticationBrowser(from: try #require(scene?.keyWindow))
            scene = nil
            let sheets = Sheets(over: []) { $0.answer($0.url, nil) }
            let thrown = try await error { _ = try await browser.open(page, redirect: redirect) }
            guard case .browserUnavailable = thrown else { throw thrown }
            #expect(sheets.shown.isEmpty)
        }

        @Test("the guide's view signs in by its own environment")
        func view() async throws {
            let bench = try await Bench()
            let session = try bench.session()
            var opened: [WebAuthenticationSession.Page] = []
            WebAuthenticationSession.system = { page in
                opened.append(page)
                return try await bench.person.open(page.url, redirect: page.url)
            }
            _ = SignInButton(session: session).body
            let tap = try #require(Drawn.buttons["Sign in"])
            tap()
            try await eventually("somebody is signed in") { session.state.isSignedIn }
            #expect(opened.map(\.isEphemeral) == [false])
            let scheme = try #require(bench.config.callbackURL?.scheme)
            #expect(opened.map(\.callback) == [.customScheme(scheme)])
        }

        @Test("a view's page may be ephemeral and of https, and closing it is the user's choice")
        func viewClosed() async throws {
            var opened: [WebAuthenticationSession.Page] = []
            WebAuthenticationSession.system = { page in
                opened.append(page)
                throw ASWebAuthenticationSessionError(.canceledLogin)
            }
            let browser = WebAuthenticationBrowser(using: WebAuthenticationSession(), prefersEphemeral: true)
            let https = URL(string: "https://app.example.com/signed-in")!
            #expect(try await error { _ = try await browser.open(page, redirect: https) } == .userCancelled)
            #expect(opened.map(\.isEphemeral) == [true])
            #expect(opened.map(\.callback) == [.https(host: "app.example.com", path: "/signed-in")])
        }

        @Test("a cancelled task waits for a view's page no longer, and has it closed")
        func viewCancelled() async throws {
            let (ends, end) = AsyncStream.makeStream(of: Bool.self)
            let (begins, begin) = AsyncStream.makeStream(of: Void.self)
            WebAuthenticationSession.system = { _ in
                begin.yield()
                // Until it is cancelled.
                try? await Task.sleep(for: .seconds(3_600))
                end.yield(Task.isCancelled)
                throw CancellationError()
            }
            let browser = WebAuthenticationBrowser(using: WebAuthenticationSession())
            let task = Task { _ = try await browser.open(page, redirect: redirect) }
            for await _ in begins { break }
            task.cancel()
            #expect(try await error { try await task.value } == .userCancelled)
            for await isCancelled in ends {
                #expect(isCancelled)
                break
            }
        }
    }
}

/// The system, which shows every sheet and lets a test answer.
@MainActor
private final class Sheets {
    private(set) var shown: [ASWebAuthenticationSession] = []
    private(set) var anchors: [UIWindow?] = []

    init(
        over scenes: [UIWindowScene] = [.app(.foregroundActive)],
        answer: @escaping @MainActor (ASWebAuthenticationSession) -> Void
    ) {
        UIApplication.scenes = Set(scenes)
        ASWebAuthenticationSession.system = { sheet in
            self.shown.append(sheet)
            self.anchors.append(sheet.presentationContextProvider?.presentationAnchor(for: sheet))
            answer(sheet)
            return true
        }
    }
}

extension UIScene {
    /// A scene with the app's windows.
    fileprivate static func app(_ state: UIScene.ActivationState, windows: Int = 1) -> UIWindowScene {
        UIWindowScene(playing: .windowApplication, state, windows: windows)
    }
}

extension Bench {
    /// Signs in as the demo user at the sheet's page.
    fileprivate func answer(_ sheet: ASWebAuthenticationSession) {
        let (completion, person, url) = (sheet.answer, person, sheet.url)
        Task.detached { completion(try? await person.open(url, redirect: url), nil) }
    }
}
