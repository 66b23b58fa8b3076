import Foundation
import Jetbridge
import JetbridgeFFI
import Testing

@MainActor
@Suite(.timeLimit(.minutes(2)))
struct SignInTests {
    @Test("a sign-in goes through the browser and the session knows the user")
    func wholeSignIn() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        #expect(session.signInProgress == .idle)
        let state = try await session.signIn(browser: bench.person)
        guard case .signedIn(let user) = state else { throw JetbridgeError.internal(detail: "\(state)") }
        let login = try bench.stack.userLogin()
        #expect(user.username == login)
        #expect(session.state == state)
        #expect(session.signInProgress == .idle)
        var keys: [String] = []
        for try await object in session.listObjects() { keys.append(object.key) }
        #expect(keys.contains("reports/2026/summary.csv"))
    }
}
