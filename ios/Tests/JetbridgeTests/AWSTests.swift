import Foundation
import JetbridgeAWS
import JetbridgeTesting
import SmithyIdentity
import SmithyIdentityAPI
import Testing

@testable import Jetbridge

/// The resolver as the AWS SDK sees it: as any resolver, with its function of the protocol.
@MainActor
@Suite(.timeLimit(.minutes(5)))
struct AWSTests {
    /// As ClientRuntime asks, without knowing the type: Middlewares/AuthSchemeMiddleware.swift of smithy-swift 0.246.0.
    private nonisolated func ask(_ resolver: any AWSCredentialIdentityResolver) async throws -> AWSCredentialIdentity {
        func open(_ resolver: some IdentityResolver) async throws -> any Identity {
            try await resolver.getIdentity(identityProperties: nil)
        }
        return try #require(try await open(resolver) as? AWSCredentialIdentity)
    }

    @Test("a client of the SDK gets the session's keys, fresh when they are old")
    func keys() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let resolver = JetbridgeIdentityResolver(session)
        let identity = try await ask(resolver)
        let keys = try await session.credentials()
        #expect(identity.accessKey == keys.accessKeyID && identity.secret == keys.secretAccessKey)
        #expect(identity.sessionToken == keys.sessionToken && identity.expiration == keys.expiration)
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        let fresh = try await ask(resolver)
        #expect(fresh.accessKey != identity.accessKey)
        #expect(try #require(fresh.expiration) > keys.expiration)
    }

    @Test("what the session throws reaches the SDK as it is")
    func errors() async throws {
        let session = FakeJetbridgeSession()
        #expect(
            try await error { _ = try await ask(JetbridgeIdentityResolver(session)) }
                == .signInRequired(reason: .signedOut))
        session.state = .signedIn(user: session.person)
        #expect(try await ask(JetbridgeIdentityResolver(session)).accessKey == "ASIAFAKE")
    }

    @Test("a resolver without the protocol's very function would be seen here")
    func seen() async throws {
        struct Careless: AWSCredentialIdentityResolver {
            func getIdentity(properties: String?) async throws -> AWSCredentialIdentity {
                AWSCredentialIdentity(accessKey: "", secret: "")
            }
        }
        await #expect(throws: ResolverWithoutFunction.self) { _ = try await ask(Careless()) }
    }
}
