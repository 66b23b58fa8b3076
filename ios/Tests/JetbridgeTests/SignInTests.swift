import Foundation
import Jetbridge
import Observation
import Testing

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct SignInTests {
    @Test("a sign-in goes through the browser, and the session knows the user and lists")
    func wholeSignIn() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let state = try await session.signIn(browser: bench.person)
        guard case .signedIn(let user) = state else { throw JetbridgeError.internal(detail: "\(state)") }
        let login = try bench.stack.userLogin()
        #expect(user.username == login)
        // Okta's profile may have come meanwhile.
        #expect(session.state.isSignedIn)
        #expect(session.signInProgress == .idle)
        let keys = try await session.listObjects().collected().map(\.key)
        #expect(keys.contains("reports/2026/summary.csv"))
    }

    @Test("a sign-in that was begun before the app was ended is finished by the next process")
    func processDeath() async throws {
        let bench = try await Bench()
        let redirect = try await bench.redirect(for: bench.session())
        let reborn = try bench.session()
        let state = try #require(try await reborn.handleRedirect(redirect))
        #expect(state.isSignedIn)
        #expect(reborn.state.isSignedIn)
        #expect(reborn.signInProgress == .idle)
        let again = try bench.session()
        #expect(await again.restore().isSignedIn)
    }

    @Test("a redirect given twice signs in once")
    func redirectTwice() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let redirect = try await bench.redirect(for: session)
        async let first = session.handleRedirect(redirect)
        async let second = session.handleRedirect(redirect)
        let states = try await [first, second]
        #expect(states.allSatisfy { $0?.isSignedIn == true })
        #expect(try await session.handleRedirect(redirect)?.isSignedIn == true)
        #expect(try bench.count("token") == 1)
        #expect(session.signInProgress == .idle)
    }

    @Test("a URL that belongs to no sign-in is left to the app")
    func foreignURL() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        for text in ["myapp://settings", "https://example.com/reports?id=7", "\(bench.config.callbackURL!)" + "x"] {
            #expect(try await session.handleRedirect(URL(string: text)!) == nil)
        }
        #expect(session.signInProgress == .idle)
    }

    @Test("a redirect without an open sign-in is refused, and the screen says so")
    func unexpectedRedirect() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let stray = URL(string: "\(bench.config.callbackURL!)" + "?code=stolen&state=guessed")!
        let thrown = try await error { try await session.handleRedirect(stray) }
        guard case .unexpectedRedirect(let detail) = thrown else { throw thrown }
        #expect(!detail.contains("stolen"))
        #expect(session.signInProgress == .failed(thrown))
        session.dismissSignInFailure()
        #expect(session.signInProgress == .idle)
        #expect(try bench.count("token") == 0)
    }

    @Test("another app's redirect neither ends the sign-in that is open nor shows an error")
    func strayRedirectBesideAPage() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        async let signedIn = session.signIn(browser: page)
        let address = try await page.address()
        let stray = URL(string: "\(bench.config.callbackURL!)" + "?code=stolen&state=guessed")!
        let thrown = try await error { try await session.handleRedirect(stray) }
        #expect(thrown.recovery == .ignore)
        #expect(session.signInProgress == .inBrowser)
        #expect(!page.isClosed)
        page.end(.success(try await bench.person.open(address, redirect: address)))
        #expect(try await signedIn.isSignedIn)
    }

    @Test("a redirect that reaches the app beside the open page finishes the sign-in and closes the page")
    func redirectBesideThePage() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        async let signedIn = session.signIn(browser: page)
        let address = try await page.address()
        let redirect = try await bench.person.open(address, redirect: address)
        #expect(try await session.handleRedirect(redirect)?.isSignedIn == true)
        #expect(try await signedIn.isSignedIn)
        try await eventually("the page closes") { page.isClosed }
        #expect(try bench.count("token") == 1)
        #expect(session.signInProgress == .idle)
    }

    @Test("a page that closes while its redirect is at work does not spoil the sign-in", arguments: [true, false])
    func closedByRedirect(byTask: Bool) async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        let signingIn = Task { try await session.signIn(browser: page) }
        let address = try await page.address()
        let redirect = try await bench.person.open(address, redirect: address)
        try bench.stack.setLatency(milliseconds: 2_500)
        let handling = Task { try await session.handleRedirect(redirect) }
        try await soon("the exchange begins") { session.signInProgress == .finishing }
        if byTask { signingIn.cancel() } else { page.end(.failure(JetbridgeError.userCancelled)) }
        session.cancelSignIn()
        #expect(try await handling.value?.isSignedIn == true)
        #expect(try await signingIn.value.isSignedIn)
        #expect(session.signInProgress == .idle)
        #expect(try bench.count("token") == 1)
    }

    @Test("cancelling the task closes the page and forgets the sign-in")
    func cancelledTask() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        let task = Task { try await session.signIn(browser: page) }
        let address = try await page.address()
        task.cancel()
        let thrown = try await error { _ = try await task.value }
        #expect(thrown == .userCancelled)
        #expect(session.signInProgress == .idle)
        try await eventually("the page closes") { page.isClosed }
        // The user had signed in at the page all the same: nobody waits for that any more.
        let late = try await bench.person.open(address, redirect: address)
        _ = try await error { try await session.handleRedirect(late) }
        #expect(try bench.count("token") == 0)
        #expect(!session.state.isSignedIn)
    }

    @Test("a task that was cancelled before shows no page")
    func cancelledBefore() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            _ = try await session.signIn(browser: page)
        }
        task.cancel()
        let thrown = try await error { try await task.value }
        #expect(thrown == .userCancelled)
        #expect(session.signInProgress == .idle)
        #expect(page.urls.isEmpty)
    }

    @Test("a Cancel button ends the sign-in as closing the page does", arguments: [true, false])
    func userCancels(byButton: Bool) async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        let task = Task { _ = try await session.signIn(browser: page) }
        let address = try await page.address()
        if byButton { session.cancelSignIn() } else { page.end(.failure(JetbridgeError.userCancelled)) }
        let thrown = try await error { try await task.value }
        #expect(thrown == .userCancelled)
        #expect(session.signInProgress == .idle)
        let late = try await bench.person.open(address, redirect: address)
        _ = try await error { try await session.manualSignIn.complete(late) }
        #expect(try bench.count("token") == 0)
        // The next attempt is not hurt by the one before.
        #expect(try await session.signIn(browser: bench.person).isSignedIn)
    }

    @Test("a browser that fails is told by the kind of its error, and nothing of its text")
    func failingBrowser() async throws {
        struct Failure: Error { let text = "code=s3cr3t" }
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        page.end(.failure(Failure()))
        let thrown = try await error { try await session.signIn(browser: page) }
        #expect(thrown == .browserUnavailable(detail: "Failure"))
        #expect(session.signInProgress == .failed(thrown))
    }

    @Test("two screens that sign in at once share one page")
    func sharedPage() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        async let first = session.signIn(browser: page)
        let address = try await page.address()
        // Both are before the test in the main actor's queue: they begin now, and not when the page is closed.
        let second = Task { try await session.signIn(browser: page) }
        let leaving = Task { _ = try await session.signIn(browser: page) }
        await Task.yield()
        leaving.cancel()
        #expect(try await error { try await leaving.value } == .cancelled)
        #expect(!page.isClosed)
        page.end(.success(try await bench.person.open(address, redirect: address)))
        let states = try await [first, second.value]
        #expect(states.allSatisfy { $0.isSignedIn })
        #expect(page.urls.count == 1)
        #expect(try bench.count("token") == 1)
    }

    @Test("every step of a sign-in is seen by whoever observes the session")
    func progress() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        await session.restore()
        let seen = Steps()
        seen.follow(session)
        #expect(try await session.signIn(browser: bench.person).isSignedIn)
        try await eventually("the last step") { seen.progress.last == .idle && seen.progress.count > 1 }
        #expect(seen.progress == [.idle, .preparing, .inBrowser, .finishing, .idle])
        #expect(seen.states.first == .signedOut)
        #expect(seen.states.last?.isSignedIn == true)
    }

    @Test("Cancel on Okta's own page is told, and nobody is signed in")
    func denied() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        let task = Task { _ = try await session.signIn(browser: page) }
        let address = try await page.address()
        page.end(.success(URL(string: try await bench.stack.deny(url: address.absoluteString))!))
        let thrown = try await error { try await task.value }
        guard case .accessDenied(.okta, "access_denied", _, _) = thrown else { throw thrown }
        #expect(session.signInProgress == .failed(thrown))
        #expect(!session.state.isSignedIn)
    }

    @Test("after a network fault the same redirect finishes the sign-in")
    func retry() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let redirect = try await bench.redirect(for: session)
        try bench.stack.injectFault(name: "token-rate-limited", times: 1_000)
        let thrown = try await error { try await session.handleRedirect(redirect) }
        #expect(thrown.recovery == .retry)
        #expect(session.signInProgress == .failed(thrown))
        try bench.stack.injectFault(name: "token-rate-limited", times: 0)
        #expect(try await session.handleRedirect(redirect)?.isSignedIn == true)
        #expect(session.signInProgress == .idle)
    }

    @Test("what the app wishes for reaches Okta's page")
    func options() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let page = OpenPage()
        let options = LoginOptions(loginHint: "somebody@example.com", prompt: .login)
        let task = Task { try await session.signIn(options: options, browser: page) }
        let address = try await page.address()
        let items = URLComponents(url: address, resolvingAgainstBaseURL: false)?.queryItems ?? []
        #expect(items.contains(URLQueryItem(name: "login_hint", value: "somebody@example.com")))
        #expect(items.contains(URLQueryItem(name: "prompt", value: "login")))
        task.cancel()
        _ = await task.result
    }

    @Test("a sign-in that cannot begin shows no page and says why")
    func cannotBegin() async throws {
        let bench = try await Bench()
        try bench.stack.injectFault(name: "discovery-unavailable", times: 1_000)
        let session = try bench.session()
        let page = OpenPage()
        let thrown = try await error { try await session.signIn(browser: page) }
        #expect(thrown.recovery == .retry)
        #expect(session.signInProgress == .failed(thrown))
        #expect(page.urls.isEmpty)
    }
}

/// What a view would have drawn.
@MainActor
final class Steps {
    private(set) var progress: [SignInProgress] = []
    private(set) var states: [SessionState] = []

    func follow(_ session: JetbridgeSession) {
        withObservationTracking {
            if progress.last != session.signInProgress { progress.append(session.signInProgress) }
            if states.last != session.state { states.append(session.state) }
        } onChange: {
            Task { @MainActor in self.follow(session) }
        }
    }
}
