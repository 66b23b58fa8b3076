import Jetbridge
import Testing

/// The keychain itself is tested in the core, over a stand-in that answers as Apple's does.
@MainActor
@Suite
struct KeychainTests {
    @Test("where there is no keychain, the session asks for another store")
    func noKeychain() async throws {
        let thrown = try await error { _ = try JetbridgeSession() }
        guard case .secureStorage(let detail, mayPass: false) = thrown else { throw thrown }
        #expect(detail.contains("another store"))
    }

    @Test("an app group that the app is not in is named as the mistake")
    func noGroup() async throws {
        let thrown = try await error { _ = try JetbridgeSession(appGroup: "group.com.example.files") }
        guard case .misconfigured("App Groups", let problem, _) = thrown else { throw thrown }
        #expect(problem.contains("group.com.example.files"))
    }
}
