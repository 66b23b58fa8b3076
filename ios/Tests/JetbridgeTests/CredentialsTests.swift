import Foundation
import Testing

@testable import Jetbridge

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct CredentialsTests {
    @Test("twenty callers at once cause one renewal of the tokens and one of the keys")
    func singleFlight() async throws {
        let bench = try await Bench(options: StackOptions(rotationGraceSeconds: 0))
        let session = try await bench.signedIn()
        await session.core.settle()
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        let before = (tokens: try bench.count("token"), keys: try bench.count("GetCredentialsForIdentity"))
        let callers = (0..<20).map { _ in Task { try await session.credentials().accessKeyID } }
        var keys: [String] = []
        for caller in callers { keys.append(try await caller.value) }
        #expect(keys.count == 20)
        #expect(Set(keys).count == 1)
        #expect(try bench.count("token") == before.tokens + 1)
        #expect(try bench.count("GetCredentialsForIdentity") == before.keys + 1)
    }

    @Test("a call after both clocks have run out works without the user, and both renewals are told")
    func secondHour() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let old = try await session.credentials().accessKeyID
        let events = session.events
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        #expect(try await !session.listObjects().collected().isEmpty)
        let new = try await session.credentials()
        #expect(new.accessKeyID != old)
        #expect(new.expiration > session.details().now)
        var renewed: Set<Renewed> = []
        for await event in events {
            if case .renewed(let what, let until) = event, until > session.details().now { renewed.insert(what) }
            if renewed == [.tokens, .awsCredentials] { break }
        }
        #expect(session.state.isSignedIn)
    }

    @Test("a caller who gives up stops waiting at once, and the renewal is finished and saved without it")
    func cancelledCaller() async throws {
        let bench = try await Bench(options: StackOptions(rotationGraceSeconds: 0))
        let session = try await bench.signedIn()
        await session.core.settle()
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        // A call after a long pause looks at the store first; here it is to begin with the renewal.
        await session.restore()
        let before = try bench.count("token")
        let keys = try bench.count("GetCredentialsForIdentity")
        try bench.stack.setLatency(milliseconds: 2_500)
        let caller = Task.detached { _ = try await session.credentials() }
        let leaving = Task.detached { [stack = bench.stack] in
            // Counted when the refresh token is spent and the answer on its way: the worst moment to go.
            try await stack.hasAnswered("token", times: UInt64(before + 1))
            caller.cancel()
            _ = await caller.result
            return try stack.count(operation: "GetCredentialsForIdentity")
        }
        #expect(try await leaving.value == keys)
        #expect(try await error { try await caller.value } == .cancelled)
        try bench.stack.setLatency(milliseconds: 0)
        await session.core.settle()
        #expect(try bench.count("GetCredentialsForIdentity") == keys + 1)
        // Without grace, a rotated refresh token that was not saved would end the session here.
        let restarted = try bench.session()
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        #expect(try await !restarted.credentials().accessKeyID.isEmpty)
        #expect(try bench.count("token") == before + 2)
    }

    @Test("refused keys and tokens are replaced by others")
    func replace() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let keys = try await session.credentials()
        #expect(try await session.replaceCredentials(keys).sessionToken != keys.sessionToken)
        let token = try await session.accessToken()
        #expect(try await session.replaceAccessToken(token).value != token.value)
    }

    @Test("an outage keeps the session, and it works again afterwards")
    func outage() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        try bench.stack.injectFault(name: "token-unavailable", times: 1_000)
        let thrown = try await error { _ = try await session.credentials() }
        guard case .retryable = thrown else { throw thrown }
        #expect(session.state.isSignedIn)
        try bench.stack.injectFault(name: "token-unavailable", times: 0)
        #expect(try await !session.credentials().accessKeyID.isEmpty)
    }

    @Test("Okta's profile is asked for afresh")
    func profile() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        await session.core.settle()
        let before = try bench.count("userinfo")
        let user = try await session.userInfo()
        #expect(user.email?.contains("@") == true)
        #expect(try bench.count("userinfo") == before + 1)
    }

    @Test("the background renews before anybody asks, until nobody holds it any more")
    func background() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        var renewal: BackgroundRenewal? = session.renewInBackground()
        try await eventually("the keys are there") { session.details().awsCredentialsExpireAt != nil }
        #expect(renewal != nil)
        renewal = nil
        await session.core.settle()
        let before = try bench.count("GetCredentialsForIdentity")
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        try await session.signOut()
        try await session.signIn(browser: bench.person)
        await session.core.settle()
        #expect(try bench.count("GetCredentialsForIdentity") == before)
    }

    @Test("what is handed out prints none of its secrets")
    func secrets() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let (keys, token) = try await (session.credentials(), session.accessToken())
        let request = try await session.manualSignIn.begin()
        #expect(try bench.secrets(in: keys.secretAccessKey + token.value) == 2)
        var text = ""
        for object in [keys, token, request, session, session.details(), session.state] as [Any] {
            print(object, String(reflecting: object), to: &text)
            dump(object, to: &text)
        }
        #expect(text.contains(bench.config.issuer))
        #expect(try bench.secrets(in: text) == 0)
    }
}
