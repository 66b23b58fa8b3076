// The model over the session for tests that the library brings: what an app's own tests look like, without a stack.
import Foundation
import Jetbridge
import JetbridgeTesting
import Testing

@testable import JetbridgeDemo

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct HomeModelOverFakeTests {
    private struct NoBrowser: SignInBrowser {
        func open(_ url: URL, redirect: URL) async throws -> URL { throw JetbridgeError.userCancelled }
    }

    private let folder = TemporaryFolder()

    private func model(_ fake: FakeJetbridgeSession) -> HomeModel {
        HomeModel(browser: NoBrowser(), files: folder.files()) { fake }
    }

    @Test("somebody signs in, lists, loses the network, and signs out")
    func wholeDay() async throws {
        let object = ListedObject(key: "reports/october.pdf", size: 5, lastModified: nil, eTag: nil)
        let fake = FakeJetbridgeSession(objects: [object], bucket: "demo")
        let model = model(fake)
        #expect(model.state.account == .signedOut(nil))
        model.signIn()
        try await eventually("Fay is there") { model.state.account.subject == fake.person.subject }
        model.list()
        try await eventually("the list is there") {
            if case .rows(let rows) = model.state.listing { rows.objects.map(\.key) == [object.key] } else { false }
        }
        fake.failure = .retryable(failure: "no network", retryAfter: nil)
        await model.refresh()
        #expect(model.state.notice == .failed(.retryable(failure: "no network", retryAfter: nil)))
        fake.failure = nil
        model.signOut(.revoke)
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        #expect(fake.calls.last == .signOut(.revoke))
    }
}
