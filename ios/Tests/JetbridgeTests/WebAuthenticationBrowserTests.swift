import AuthenticationServices
import Foundation
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
            let completion = sheet.completionHandler
            Thread.detachNewThread { completion(url, error) }
        }
    }

    @Test("the sheet is shown over the app's window and gives the redirect, whole")
    func redirected() async throws {
        let window = UIWindow()
        let whole = URL(string: "com.okta.example:/callback?code=a&state=b")!
        let sheets = answer(whole, nil)
        let browser = WebAuthenticationBrowser(prefersEphemeral: true) { window }
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
        _ = Sheets { sheet in
            let completion = sheet.completionHandler
            let (person, url) = (bench.person, sheet.url)
            Task.detached { completion(try? await person.open(url, redirect: url), nil) }
        }
        let session = try bench.session()
        #expect(try await session.signIn().isSignedIn)
    }

    @Test("the guide's sign-out ends the browser's session in the sheet, too")
    func signOut() async throws {
        let bench = try await Bench()
        let snippets = Snippets(session: try await bench.signedIn())
        let sheets = answer(URL(string: bench.config.callbackUrl())!, nil)
        try await snippets.signOut()
        #expect(snippets.session.state == .signedOut)
        #expect(sheets.shown.map(\.url.path).first?.hasSuffix("/logout") == true)
        #expect(snippets.shown.isEmpty)
    }
}

/// The system, which shows every sheet and lets a test answer.
@MainActor
private final class Sheets {
    private(set) var shown: [ASWebAuthenticationSession] = []
    private(set) var anchors: [UIWindow?] = []

    init(answer: @escaping @MainActor (ASWebAuthenticationSession) -> Void) {
        ASWebAuthenticationSession.system = { sheet in
            self.shown.append(sheet)
            self.anchors.append(sheet.presentationContextProvider?.presentationAnchor(for: sheet))
            answer(sheet)
            return true
        }
    }
}
