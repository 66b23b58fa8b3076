// From an error to "What is wrong?", and back: over a session that finds what a test says, and over the local stack.
import Foundation
import Jetbridge
import JetbridgeTesting
import Testing

@testable import JetbridgeDemo

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct DiagnosisModelTests {
    private let folder = TemporaryFolder()
    private let broken = FakeJetbridgeSession.finding(.role, .broken, "it trusts another pool", fix: "Correct it.")

    private func model(_ fake: FakeJetbridgeSession) -> HomeModel {
        HomeModel(files: folder.files()) { fake }
    }

    @Test("the walk is shown while it goes on, and then what it found; and once more when it is asked again")
    func answer() async throws {
        let fake = FakeJetbridgeSession.signedIn()
        let (found, find) = AsyncStream.makeStream(of: DiagnosisReport.self)
        fake.diagnosis = {
            for await report in found { return report }
            return FakeJetbridgeSession.report()
        }
        let model = model(fake)
        #expect(model.diagnosis.state == nil)
        model.diagnosis.open()
        #expect(model.diagnosis.state == .walking)
        try await eventually("the walk") { fake.calls == [.diagnose] }
        let report = FakeJetbridgeSession.report(broken: broken)
        find.yield(report)
        try await eventually("an answer") { model.diagnosis.state == .known(report) }
        #expect(report.summary == .broken(broken))

        model.diagnosis.open()
        #expect(model.diagnosis.state == .walking)
        find.finish()
        try await eventually("another answer") { model.diagnosis.state == .known(FakeJetbridgeSession.report()) }
        #expect(FakeJetbridgeSession.report().summary == .allWorks)
        #expect(FakeJetbridgeSession.report(isSignedIn: false).summary == .nothingBroken)
        model.diagnosis.sheet = nil
        #expect(model.diagnosis.state == nil)
    }

    @Test("whoever leaves ends the walk, and nothing of it is told")
    func leaving() async throws {
        let fake = FakeJetbridgeSession.signedIn()
        var hasEnded = false
        fake.diagnosis = {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
            hasEnded = true
            return FakeJetbridgeSession.report()
        }
        let model = model(fake)
        model.diagnosis.open()
        try await eventually("the walk") { fake.calls == [.diagnose] }
        model.diagnosis.close()
        try await eventually("no walk") { hasEnded }
        await Task.yield()
        #expect(model.diagnosis.state == nil && model.state.notice == nil)
    }

    @Test("a refused listing leads to the link that is broken, with its fix and all of it as a text")
    func refused() async throws {
        let bench = try await Bench()
        let model = try await bench.signedIn()
        try bench.refuseListings(true)
        await model.refresh()
        guard case .failed = model.state.listing else { throw CancellationError() }
        model.diagnosis.open()
        try await eventually("an answer") { model.diagnosis.report != nil }
        let report = try #require(model.diagnosis.report)
        let broken = try #require(report.broken)
        #expect([.bucket, .region, .prefix].contains(broken.link))
        #expect(broken.fix?.contains("s3:") == true && report.text.contains("✗"))
        try bench.refuseListings(false)
        model.diagnosis.open()
        try await eventually("nothing is broken") { model.diagnosis.report.map { $0.broken == nil } ?? false }
    }

    @Test("before a sign-in nothing is called broken, and what hangs on one is not known")
    func signedOut() async throws {
        let model = try await Bench().model()
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        model.diagnosis.open()
        try await eventually("an answer") { model.diagnosis.report != nil }
        let report = try #require(model.diagnosis.report)
        #expect(report.summary == .nothingBroken)
        #expect(report.findings.first { $0.link == .signIn }?.mark == .unknown)
    }
}

extension DiagnosisModel {
    fileprivate var report: DiagnosisReport? { if case .known(let report) = state { report } else { nil } }
}
