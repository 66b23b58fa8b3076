import Foundation
import Observation
import Testing

@testable import Jetbridge

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct ClaimsTests {
    private struct Wanted: Decodable {
        let sub: String
        let groups: [String]
        let department: String?
        let exp: Date
    }

    private struct TooMuch: Decodable {
        struct Office: Decodable { let floor: Int }
        let office: Office
    }

    private func bench() async throws -> Bench { try await Bench(options: StackOptions(accessClaims: true)) }

    @Test("what the ID token says is there with the session, by its type")
    func claims() async throws {
        let bench = try await bench()
        let session = try bench.session()
        #expect(session.claims == nil)
        try await session.signIn(browser: Person(stack: bench.stack, login: "bob@example.com"))
        let claims = try #require(session.claims)
        #expect(claims.subject == session.user?.subject)
        #expect(claims.issuer == bench.config.issuer)
        #expect(claims.audience == [bench.config.clientID])
        #expect(claims.groups == ["Everyone", "jetbridge-admins"])
        #expect(claims["department"] == "sales")
        #expect(claims["groups"] == nil)
        #expect(claims.texts("groups") == claims.groups)
        #expect(claims.number("exp") == claims.expiresAt.timeIntervalSince1970)
        #expect(claims.flag("exp") == nil)
        #expect(claims.expiresAt > claims.issuedAt)
        #expect(claims.names.contains("nonce"))

        let own = try claims.decode(Wanted.self)
        #expect(own.groups == claims.groups && own.department == "sales" && own.exp == claims.expiresAt)

        // Another process, from its store.
        let restarted = try bench.session()
        await restarted.restore()
        #expect(restarted.claims?.groups == claims.groups)
        try await session.signOut()
        #expect(session.claims == nil)
    }

    @Test("a token without what the app's type asks for names the claim, and says nothing of the others")
    func missing() async throws {
        let bench = try await bench()
        let claims = try #require(try await bench.signedIn().claims)
        let thrown = try await error { _ = try claims.decode(TooMuch.self) }
        guard case .misconfigured("ID token", let problem, _) = thrown else { throw thrown }
        #expect(problem.contains("claim office "))
        #expect(!thrown.text.contains("Alice"))
        var text = ""
        dump(claims, to: &text)
        print(claims, to: &text)
        #expect(!text.contains("Alice") && !text.contains("alice"))
    }

    @Test("a renewal brings new claims, and whoever shows them looks again")
    func renewed() async throws {
        let bench = try await bench()
        let session = try await bench.signedIn()
        // The profile is there, and so the state stays as it is.
        await session.settle()
        await session.restore()
        let before = try #require(session.claims).issuedAt
        let woken = Locked(false)
        withObservationTracking {
            _ = session.claims
        } onChange: {
            woken.with { $0 = true }
        }
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        _ = try await session.accessToken()
        try await eventually("observers are woken") { woken.with { $0 } }
        #expect(try #require(session.claims).issuedAt > before)
    }
}
