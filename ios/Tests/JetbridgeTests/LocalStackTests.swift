import Foundation
import Testing

@testable import Jetbridge

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct LocalStackTests {
    /// Five ports in a row that are free: the system gives them one by one.
    private func stack() async throws -> (Stack, UInt16) {
        for port in stride(from: UInt16(20_400), to: 30_000, by: 97) {
            if let stack = try? await Stack.open(options: StackOptions(port: port)) { return (stack, port) }
        }
        throw JetbridgeError.internal(detail: "no free ports")
    }

    @Test("one line opens a session with the local stack, without files")
    func oneLine() async throws {
        let (stack, port) = try await stack()
        let session = try JetbridgeSession.localStack(port: port)
        #expect(try await session.signIn(browser: Person(stack: stack)).isSignedIn)
        #expect(try await !session.listObjects().collected().isEmpty)
    }

    @Test("one line opens accounts with the local stack, in one store")
    func accounts() async throws {
        let (stack, port) = try await stack()
        let accounts = try JetbridgeAccounts.localStack(port: port)
        try await accounts.session(for: "work").signIn(browser: Person(stack: stack))
        #expect(try await accounts.all.map(\.name) == ["work"])
    }

    @Test("it is the configuration that the stack writes")
    func sameConfiguration() async throws {
        let (stack, port) = try await stack()
        let written = try JetbridgeConfig(oktaConfig: stack.oktaConfigJson(), awsExports: stack.awsExportsJson())
        let derived = try JetbridgeConfig.localStack(port: port)
        for config in [written.core, derived.core] {
            #expect(config.issuerUrl() == "http://127.0.0.1:\(port)/oauth2/default")
        }
        #expect(derived.clientID == written.clientID)
        #expect(derived.callbackURL == written.callbackURL)
        // The files are a desktop's, too, where nobody takes this scheme.
        #expect(derived.logoutURL?.absoluteString == "com.okta.local-jetbridge:/logout")
        #expect(derived.core.desktopCallbackUrl() == written.core.desktopCallbackUrl())
        #expect(derived.core.scopes() == written.core.scopes())
        #expect(derived.core.region() == written.core.region())
        #expect(derived.core.identityPoolId() == written.core.identityPoolId())
        #expect(derived.bucket == written.bucket)
    }

    @Test("a port that leaves no room for five is refused")
    func tooHigh() async throws {
        let thrown = try await error { _ = try JetbridgeSession.localStack(port: 65_535) }
        guard case .invalidConfiguration = thrown else { throw thrown }
    }

    @Test("nothing of it is in a release build")
    func onlyInDebug() throws {
        for source in try Repository.sources() {
            var depth = 0
            for line in source.lines {
                if line.trimmingCharacters(in: .whitespaces) == "#if DEBUG" { depth += 1 }
                if line.contains("#endif"), depth > 0 { depth -= 1 }
                if line.contains("localStack"), !line.contains("///") { #expect(depth > 0, "\(source.name): \(line)") }
            }
        }
    }
}
