import Foundation
import Jetbridge
import JetbridgeTesting
import Observation
import Testing

/// As an app's own tests use it: no stack, no network, no browser.
@MainActor
@Suite(.timeLimit(.minutes(5)))
struct FakeJetbridgeSessionTests {
    private struct NoBrowser: SignInBrowser {
        func open(_ url: URL, redirect: URL) async throws -> URL { throw JetbridgeError.userCancelled }
    }

    private func object(_ key: String) -> ListedObject {
        ListedObject(key: key, size: 5, lastModified: .now, eTag: nil)
    }

    @Test("an app's model signs in, lists, asks for keys and signs out")
    func wholeDay() async throws {
        let fake = FakeJetbridgeSession(objects: ["a/1", "a/2", "b/1"].map(object))
        let session: any JetbridgeSessionProtocol = fake
        #expect(session.user == nil)
        #expect(try await error { _ = try await session.credentials() } == .signInRequired(reason: .signedOut))
        try await session.signIn(browser: NoBrowser())
        #expect(session.user?.name == "Fay Fake")
        #expect(try await session.listObjects(prefix: "a/").collected().map(\.key) == ["a/1", "a/2"])
        let pages = try await session.pages(ListingRequest(pageSize: 2)).collected()
        #expect(pages.map(\.objects.count) == [2, 1])
        #expect(try await session.credentials().accessKeyID == "ASIAFAKE")
        #expect(try await session.accessToken().value == "fake access token")
        #expect(try #require(session.details().awsCredentialsExpireAt) > .now)
        let result = try await session.signOutEverywhere(browser: NoBrowser())
        #expect(result.isRevoked)
        #expect(session.state == .signedOut)
        #expect(fake.calls == [.signIn(LoginOptions()), .signOut(.endSession)])
    }

    @Test("claims are those that it is given")
    func claims() throws {
        struct Wanted: Decodable { let groups: [String], department: String }
        let session = FakeJetbridgeSession.signedIn()
        session.claims = IdTokenClaims(
            subject: "00ufake", groups: ["admins"], texts: ["department": "research"])
        let claims = try #require((session as any JetbridgeSessionProtocol).claims)
        #expect(claims.subject == "00ufake")
        #expect(claims["department"] == "research")
        #expect(try claims.decode(Wanted.self).groups == claims.groups)
    }

    @Test("an empty bucket has one page")
    func empty() async throws {
        let session = FakeJetbridgeSession.signedIn()
        #expect(try await session.pages().collected().map(\.objects.count) == [0])
    }

    @Test("whatever is to fail fails, and is told as by a real session")
    func failure() async throws {
        let session = FakeJetbridgeSession()
        let offline = JetbridgeError.retryable(failure: "no network", retryAfter: nil)
        session.failure = offline
        #expect(try await error { try await session.signIn(browser: NoBrowser()) } == offline)
        #expect(session.signInProgress == .failed(offline))
        session.dismissSignInFailure()
        session.failure = .userCancelled
        _ = try await error { try await session.signIn(browser: NoBrowser()) }
        #expect(session.signInProgress == .idle)
        session.failure = nil
        session.state = .signedIn(user: session.person)
        session.failure = offline
        #expect(try await error { _ = try await session.listObjects().collected() } == offline)
    }

    @Test("its states and events are told, and observers see a change")
    func news() async throws {
        let session = FakeJetbridgeSession()
        var states = session.states.makeAsyncIterator()
        var events = session.events.makeAsyncIterator()
        var isSeen = false
        withObservationTracking {
            _ = (session as any JetbridgeSessionProtocol).user
        } onChange: {
            MainActor.assumeIsolated { isSeen = true }
        }
        session.state = .signedIn(user: session.person)
        session.tell(.signedOut)
        #expect(isSeen)
        #expect(await states.next() == .signedOut)
        #expect(await states.next() == .signedIn(user: session.person))
        #expect(await events.next() == .signedOut)
    }
}
