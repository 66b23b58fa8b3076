import Foundation
import Observation
import Testing

@testable import Jetbridge

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct StateTests {
    @Test("a new session restores what is stored, and observers see it")
    func restores() async throws {
        let bench = try await Bench()
        // The profile comes a moment after the sign-in, and would be another change.
        await (try await bench.signedIn()).settle()
        let session = try bench.session()
        #expect(session.state == .notLoaded)
        let seen = Steps()
        seen.follow(session)
        try await eventually("the session is restored") { seen.states.last?.isSignedIn == true }
        #expect(seen.states.first == .notLoaded)
        #expect(seen.states.count == 2)
    }

    @Test("an observer is not woken when nothing has changed")
    func quiet() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        // The profile comes a moment after the sign-in.
        await session.core.settle()
        await session.restore()
        let woken = Locked(false)
        withObservationTracking {
            _ = session.state
        } onChange: {
            woken.with { $0 = true }
        }
        await session.restore()
        #expect(!woken.with { $0 })
        try await session.signOut()
        #expect(woken.with { $0 })
    }

    @Test("events tell what happened, to each listener, when the state is known already")
    func events() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        await session.restore()
        let (one, other) = (session.events, session.events)
        try await session.signIn(browser: bench.person)
        guard case .signedIn(let user) = session.state else { throw JetbridgeError.cancelled }
        try await session.signOut()
        for events in [one, other] {
            var told: [SessionEvent] = []
            for await event in events {
                if event == .signedOut { break }
                told.append(event)
            }
            #expect(told.contains { if case .signedIn(let who) = $0 { who.subject == user.subject } else { false } })
        }
    }

    @Test("the states are that of now and each one after it, to each listener, and end with the session")
    func states() async throws {
        let bench = try await Bench()
        var session: JetbridgeSession? = try bench.session()
        await session?.restore()
        let all = try #require(session).states
        try await session?.signIn(browser: bench.person)
        // The profile comes a moment after the sign-in, and is a change, too.
        await session?.settle()
        let late = try #require(session).states
        try await session?.signOut()
        session = nil
        var seen: [SessionState] = []
        for await state in all { seen.append(state) }
        #expect(seen.first == .signedOut)
        #expect(seen.dropFirst().first?.isSignedIn == true)
        #expect(seen.last == .signedOut)
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 != $1 })
        var seenLate: [SessionState] = []
        for await state in late { seenLate.append(state) }
        #expect(seenLate.first?.isSignedIn == true)
        #expect(seenLate.last == .signedOut)
    }

    @Test("the state is known when its event is told")
    func order() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        await session.restore()
        let events = session.events
        let watching = Task { @MainActor in
            for await event in events { if case .signedIn = event { return session.state.isSignedIn } }
            return false
        }
        try await session.manualSignIn.complete(try await bench.redirect(for: session))
        #expect(await watching.value)
    }

    @Test("a slow listener keeps the newest 64 events")
    func backlog() async throws {
        let news = Listeners<SessionEvent>()
        let events = news.stream()
        for second in 0..<70 { news.tell(.clockSkew(offsetSeconds: Int64(second))) }
        var told = events.makeAsyncIterator()
        #expect(await told.next() == .clockSkew(offsetSeconds: 6))
    }

    @Test("a session that nobody holds goes, and its streams end")
    func letGo() async throws {
        let bench = try await Bench()
        var session: JetbridgeSession? = try await bench.signedIn()
        weak var weakly: JetbridgeSession?
        weakly = session
        let events = try #require(session?.events)
        session = nil
        try await eventually("the session goes") { weakly == nil }
        for await _ in events {}
    }

    @Test("the details hold both clocks")
    func details() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        _ = try await session.credentials()
        let details = session.details()
        #expect(try #require(details.idTokenExpiresAt) > details.now)
        #expect(try #require(details.awsCredentialsExpireAt) > details.now)
        #expect(details.hasRefreshToken)
        #expect(details.issuer == bench.config.issuer)
        #expect(session.bucket == bench.config.bucket)
    }
}
