import Foundation
import Testing

@testable import Jetbridge

/// Errors made by what really causes them, and that none of them tells a secret.
@MainActor
@Suite(.timeLimit(.minutes(5)))
struct FailureTests {
    @Test("failures of Okta, Cognito and S3 arrive with their kind, and none of them holds a secret")
    func services() async throws {
        let store = BreakableStore()
        let bench = try await Bench(store: store)
        let session = try await bench.signedIn()
        let keys = try await session.credentials()
        #expect(try bench.secrets(in: keys.sessionToken) == 1)
        var texts = ""
        func text(_ error: JetbridgeError) {
            texts += "\(error) \(String(reflecting: error)) \(error.text) \(error.logDescription)\n"
        }

        try bench.stack.injectFault(name: "s3-access-denied", times: 1_000)
        let denied = try await error { _ = try await session.listObjects().collected() }
        guard case .accessDenied(.s3, "AccessDenied", _, let hint) = denied else { throw denied }
        #expect(!hint.isEmpty)
        text(denied)
        try bench.stack.injectFault(name: "s3-access-denied", times: 0)

        try bench.stack.injectFault(name: "cognito-unsupported-provider", times: 1_000)
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        let wrong = try await error { _ = try await session.credentials() }
        guard case .misconfigured(let setting, let problem, let fix) = wrong else { throw wrong }
        #expect(!setting.isEmpty && !problem.isEmpty && !fix.isEmpty)
        #expect(wrong.recovery == .fixConfiguration)
        text(wrong)
        try bench.stack.injectFault(name: "cognito-unsupported-provider", times: 0)

        try bench.stack.injectFault(name: "id-token-tampered", times: 1_000)
        let other = try bench.session()
        let redirect = try await bench.redirect(for: other)
        text(try await error { try await other.handleRedirect(redirect) })
        try bench.stack.injectFault(name: "id-token-tampered", times: 0)

        // Another device with the same session tells Okta to end it.
        await session.core.settle()
        let twin = BreakableStore(values: store.values)
        let copy = try JetbridgeSession(config: bench.config, core: bench.stack.session(bench.config.core, twin))
        #expect(try await copy.signOut(.revoke).isRevoked)
        try bench.stack.advanceClock(seconds: Bench.twoHours)
        let ended = try await error { _ = try await session.accessToken() }
        guard case .signInRequired(.refreshTokenRefused(let code)) = ended else { throw ended }
        #expect(code == "invalid_grant")
        guard case .signInRequired(let reason, let user) = session.state else { throw ended }
        #expect(reason == .refreshTokenRefused(code: code))
        #expect(user != nil)
        text(ended)

        try bench.stack.injectFault(name: "discovery-unavailable", times: 1_000)
        let outage = try await error { _ = try await bench.session().manualSignIn.begin() }
        guard case .retryable = outage else { throw outage }
        text(outage)
        #expect(texts.components(separatedBy: "\n").count == 6)
        #expect(try bench.secrets(in: texts) == 0)
    }

    @Test("all mistakes of a configuration are told at once, with file and key")
    func configuration() async throws {
        let thrown = try await error {
            _ = try JetbridgeConfig(oktaConfig: "{}", awsExports: #"{"Auth": {"region": "nowhere"}}"#)
        }
        guard case .invalidConfiguration(let problems) = thrown else { throw thrown }
        #expect(problems.count > 4)
        #expect(Set(problems.map(\.file)) == ["okta-config.json", "aws-exports.json"])
        for problem in problems {
            #expect(thrown.localizedDescription.contains("\(problem.file), \(problem.key): \(problem.problem)."))
            #expect(thrown.logDescription.contains(problem.key))
        }
        let noJSON = try await error { _ = try JetbridgeConfig(oktaConfig: "{", awsExports: "{}") }
        #expect(noJSON.localizedDescription.contains("okta-config.json: is not valid JSON"))
    }

    @Test("a session opens from the two files of a bundle, and tells which one is missing")
    func files() async throws {
        let bench = try await Bench()
        let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        let files = [
            ("okta-config.json", bench.stack.oktaConfigJson()), ("aws-exports.json", bench.stack.awsExportsJson()),
        ]
        func bundle(_ files: some Collection<(String, String)>) throws -> Bundle {
            let folder = root.appending(path: "\(files.count)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
            return try #require(Bundle(path: folder.path))
        }
        for (count, missing) in files.map(\.0).enumerated() {
            let thrown = try await error {
                _ = try JetbridgeSession(bundle: bundle(files.prefix(count)), store: bench.store)
            }
            #expect(thrown == .configurationFileMissing(file: missing))
        }
        let session = try JetbridgeSession(bundle: bundle(files), store: bench.store)
        #expect(session.bucket == bench.config.bucket)
        #expect(try await session.signIn(browser: bench.person).isSignedIn)
    }

    @Test("an account that cannot be named is refused")
    func account() async throws {
        let bench = try await Bench()
        let thrown = try await error {
            let options = SessionOptions(account: "no/good")
            _ = try JetbridgeSession(config: bench.config, store: bench.store, options: options)
        }
        guard case .misconfigured = thrown else { throw thrown }
    }
}
