import Foundation
import JetbridgeTesting
import Testing

@testable import Jetbridge

/// What is wrong, as the core finds it at the local stack.
@MainActor
@Suite(.timeLimit(.minutes(5)))
struct DiagnosisTests {
    @Test("a chain that holds is known as far as somebody is signed in")
    func holds() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        await session.restore()
        let before = try await session.diagnose()
        #expect(before.broken == nil)
        #expect(before.findings.map(\.link) == FakeJetbridgeSession.report().findings.map(\.link))
        #expect(before.findings.first { $0.link == .signIn }?.mark == .unknown)
        #expect(before.text.split(separator: "\n").count == before.findings.count)

        let after = try await bench.signedIn().diagnose()
        #expect(after.broken == nil)
        for link in [DiagnosisLink.signIn, .role, .prefix] {
            #expect(after.findings.first { $0.link == link }?.mark == .ok, "\(link)")
        }
    }

    @Test("what a role may not do is named with what would help, and nothing behind it is claimed")
    func refused() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        try bench.stack.injectFault(name: "s3-access-denied", times: 1_000)
        let report = try await session.diagnose()
        let broken = try #require(report.broken)
        #expect([.bucket, .region, .prefix].contains(broken.link))
        let fix = try #require(broken.fix)
        #expect(fix.contains("s3:") && report.text.contains(fix))
        let behind = report.findings.drop { $0.link != broken.link }.dropFirst()
        #expect(!behind.isEmpty && behind.allSatisfy { $0.mark == .notReached })
    }

    @Test("a clock that is a day off is named, and hides nothing")
    func clock() async throws {
        let bench = try await Bench()
        try bench.stack.injectFault(name: "clock-day-ahead", times: 1)
        let session = try bench.session()
        await session.restore()
        let report = try await session.diagnose()
        #expect(report.broken?.link == .clock)
        #expect(report.findings.allSatisfy { $0.mark != .notReached })
        // What is worse is named before it.
        try bench.stack.injectFault(name: "okta-client-missing", times: 1)
        #expect(try await session.diagnose().broken?.link == .client)
    }

    @Test("a task that is cancelled ends the walk where it is")
    func cancelled() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        await session.restore()
        try bench.stack.setLatency(milliseconds: 1_000)
        let walk = Task { try await session.diagnose() }
        try await eventually("the walk has begun") { try bench.stack.count(operation: "discovery") > 0 }
        walk.cancel()
        let ended = try await error { _ = try await walk.value }
        #expect(ended == .cancelled)
    }

    @Test("the fake finds what a test says, in the form of the real one")
    func fake() async throws {
        let session = FakeJetbridgeSession()
        let before = try await session.diagnose()
        #expect(before.broken == nil && before.findings.last?.mark == .unknown)
        session.state = .signedIn(user: session.person)
        #expect(try await session.diagnose().findings.allSatisfy { $0.mark == .ok })

        let broken = FakeJetbridgeSession.finding(.pool, .broken, "it is another one", fix: "Correct it.")
        session.diagnosis = { FakeJetbridgeSession.report(broken: broken) }
        session.failure = .retryable(failure: "no network", retryAfter: nil)
        let report = try await session.diagnose()
        #expect(report.broken == broken && report.text.contains("Correct it."))
        #expect(report.findings.last?.mark == .notReached)
        #expect(session.calls == [.diagnose, .diagnose, .diagnose])
    }
}
