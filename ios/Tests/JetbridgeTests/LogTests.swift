import Foundation
import Testing

@testable import Jetbridge

// Where there is no system log, it goes to a file, which can be read back.
#if !canImport(os)
@MainActor
@Suite(.timeLimit(.minutes(5)))
struct LogTests {
    @Test("the library's log comes to the system's log, and holds no secret")
    func noSecrets() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        try Data().write(to: file)
        log(to: SystemLog(output: try FileHandle(forWritingTo: file)))
        defer { JetbridgeSession.log(upTo: .error) }
        let bench = try await Bench()
        let session = try await bench.signedIn()
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        let token = try await session.credentials().sessionToken
        try await session.signOut(.endSession)
        #expect(try bench.secrets(in: token) == 1)
        func text() throws -> String { try String(contentsOf: file, encoding: .utf8) }
        try await eventually("the log is written") { try text().contains("Jetbridge jetbridge") }
        // What else was said until now is on its way.
        try await Task.sleep(for: .milliseconds(200))
        #expect(try bench.secrets(in: text()) == 0)
    }
}
#endif
