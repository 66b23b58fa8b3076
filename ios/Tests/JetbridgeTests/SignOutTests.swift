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
        await bench.stack.shutdown()
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
        let page = OpenPage()
        let ending = Task { try await session.endBrowserSession(url, browser: page) }
        #expect(try await page.address() == url)
        page.end(.success(URL(string: bench.config.logoutUrl() ?? bench.config.callbackUrl())!))
        try await ending.value
        // Without an address to come back to, closing the page is how it ends; with one, the user has kept it from ending.
        let closing = OpenPage()
        closing.end(.failure(JetbridgeError.userCancelled))
        try await session.endBrowserSession(url, browser: closing)
        let texts = bench.stack.oktaConfigJson().replacing(
            "\"okta_issuer_url\"",
            with: "\"okta_logout_url\": \"com.okta.local-jetbridge:/logout\", \"okta_issuer_url\"")
        let config = try JetbridgeSession.config(oktaConfig: texts, awsExports: bench.stack.awsExportsJson())
        let returning = try JetbridgeSession(config: config, store: bench.store)
        let kept = OpenPage()
        kept.end(.failure(JetbridgeError.userCancelled))
        let cancelled = try await error { try await returning.endBrowserSession(url, browser: kept) }
        #expect(cancelled == .userCancelled)
        let failing = OpenPage()
        failing.end(.failure(JetbridgeError.browserUnavailable(detail: "no window")))
        let thrown = try await error { try await session.endBrowserSession(url, browser: failing) }
        #expect(thrown == .browserUnavailable(detail: "no window"))
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
        _ = try await error { try await session.completeLogin(late) }
        #expect(session.state == .signedOut)
    }
}
