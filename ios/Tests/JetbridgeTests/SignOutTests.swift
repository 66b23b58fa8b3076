import Foundation
import Jetbridge
import Testing

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct SignOutTests {
    @Test(
        "each strength of signing out ends what it says and no more",
        arguments: [.local, .revoke, .endSession] as [SignOutMode])
    func strengths(mode: SignOutMode) async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let result = try await session.signOut(mode)
        #expect(session.state == .signedOut)
        #expect(result.isRevoked == (mode != .local))
        #expect(try bench.count("revoke") == (mode == .local ? 0 : 1))
        #expect((result.endSessionURL != nil) == (mode == .endSession))
        #expect(result.problem == nil)
        #expect(await (try bench.session()).restore() == .signedOut)
        #expect(try await error { _ = try await session.credentials() } == .signInRequired(reason: .signedOut))
    }

    @Test("signing out works without a network, and says that Okta was not told")
    func offline() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        try bench.stack.injectFault(name: "network-down", times: 1_000)
        let result = try await session.signOut(.revoke)
        #expect(session.state == .signedOut)
        #expect(!result.isRevoked)
        #expect(result.problem?.recovery == .retry)
    }

    @Test("the browser's session is ended at the page that the sign-out gave")
    func browserSession() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let url = try #require(try await session.signOut(.endSession).endSessionURL)
        // Without an address to come back to, closing the page is how it ends, and nobody knows what came before; nothing
        // counts as a return then. With one, the user has kept it from ending.
        for end in [.failure(.userCancelled), .success(bench.config.callbackURL!)] as [Result<URL, JetbridgeError>] {
            let closing = OpenPage()
            closing.end(end.mapError { $0 })
            #expect(try await !session.endBrowserSession(url, browser: closing))
        }
        let returning = try await Bench(logout: "com.okta.local-jetbridge:/logout").session()
        let page = OpenPage()
        let ending = Task { try await returning.endBrowserSession(url, browser: page) }
        #expect(try await page.address() == url)
        // Okta may append parameters.
        page.end(.success(URL(string: "com.okta.local-jetbridge:/logout?state=1")!))
        #expect(try await ending.value)
        for other in ["com.okta.local-jetbridge:/callback?code=1", "com.okta.local-jetbridge:/logout2"] {
            let elsewhere = OpenPage()
            elsewhere.end(.success(URL(string: other)!))
            #expect(try await !returning.endBrowserSession(url, browser: elsewhere))
        }
        let kept = OpenPage()
        kept.end(.failure(JetbridgeError.userCancelled))
        let cancelled = try await error { try await returning.endBrowserSession(url, browser: kept) }
        #expect(cancelled == .userCancelled)
        let failing = OpenPage()
        failing.end(.failure(JetbridgeError.browserUnavailable(detail: "no window")))
        let thrown = try await error { try await session.endBrowserSession(url, browser: failing) }
        #expect(thrown == .browserUnavailable(detail: "no window"))
    }

    @Test("one call signs out here, at Okta and in the browser")
    func everywhere() async throws {
        let bench = try await Bench(logout: "com.okta.local-jetbridge:/logout")
        let session = try await bench.signedIn()
        let page = OpenPage()
        let signingOut = Task { try await session.signOutEverywhere(browser: page) }
        let address = try await page.address()
        // The device does not wait for the browser.
        #expect(session.state == .signedOut)
        #expect(address.absoluteString.contains("post_logout_redirect_uri"))
        page.end(.success(bench.config.logoutURL!))
        let result = try await signingOut.value
        #expect(result.isRevoked)
        #expect(result.isBrowserSignedOut)
        #expect(result.endSessionURL == nil)
        #expect(result.problem == nil && result.browserProblem == nil)
        #expect(try bench.count("revoke") == 1)
    }

    @Test("a page that the user closes, or that does not open, leaves the device signed out and is told")
    func browserStays() async throws {
        for problem in [JetbridgeError.userCancelled, .browserUnavailable(detail: "no window")] {
            let bench = try await Bench(logout: "com.okta.local-jetbridge:/logout")
            let session = try await bench.signedIn()
            let page = OpenPage()
            page.end(.failure(problem))
            let result = try await session.signOutEverywhere(browser: page)
            #expect(session.state == .signedOut)
            #expect(result.isRevoked)
            #expect(!result.isBrowserSignedOut)
            #expect(result.browserProblem == problem)
            #expect(result.endSessionURL == page.urls.first)
        }
    }

    @Test("without an address to come back to, nobody knows whether the browser is signed out, and nothing went wrong")
    func unknown() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let page = OpenPage()
        page.end(.failure(JetbridgeError.userCancelled))
        let result = try await session.signOutEverywhere(browser: page)
        #expect(page.urls.count == 1)
        #expect(result.isRevoked && !result.isBrowserSignedOut)
        #expect(result.problem == nil && result.browserProblem == nil)
    }

    @Test("without a network there is no page to open, and the device is signed out")
    func browserOffline() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        try bench.stack.injectFault(name: "network-down", times: 1_000)
        let page = OpenPage()
        page.end(.failure(JetbridgeError.userCancelled))
        let result = try await session.signOutEverywhere(browser: page)
        #expect(session.state == .signedOut)
        #expect(result.problem?.recovery == .retry)
    }

    @Test("what a sign-out gives prints no token")
    func printing() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let result = try await session.signOut(.endSession)
        #expect(try bench.secrets(in: #require(result.endSessionURL).absoluteString) > 0)
        var text = "\(result)" + String(reflecting: result)
        dump(result, to: &text)
        #expect(text.contains("isRevoked"))
        #expect(try bench.secrets(in: text) == 0)
    }

    @Test("signing out gives up a sign-in whose page is open")
    func whileInBrowser() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let page = OpenPage()
        let task = Task { _ = try await session.signIn(browser: page) }
        let address = try await page.address()
        try await session.signOut()
        #expect(try await error { try await task.value } == .userCancelled)
        let late = try await bench.person.open(address, redirect: address)
        _ = try await error { try await session.manualSignIn.complete(late) }
        #expect(session.state == .signedOut)
    }
}
