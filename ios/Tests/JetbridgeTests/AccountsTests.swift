import Foundation
import Testing

@testable import Jetbridge

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct AccountsTests {
    @Test("two accounts are signed in side by side, the choice outlives the process, and one signs out alone")
    func sideBySide() async throws {
        let bench = try await Bench()
        let accounts = bench.accounts()
        #expect(try await accounts.all.isEmpty)
        #expect(try await accounts.current == "default")
        for (name, login) in [("private", "alice@example.com"), ("work", "bob@example.com")] {
            let person = Person(stack: bench.stack, login: login)
            #expect(try await accounts.session(for: name).signIn(browser: person).isSignedIn)
        }
        #expect(try await accounts.all.map(\.name) == ["private", "work"])
        #expect(try await accounts.switchTo("work").user?.name == "Bob Baker")
        #expect(try await accounts.all.map(\.isCurrent) == [false, true])

        // Another process.
        let restarted = bench.accounts()
        let name = try await restarted.current
        #expect(name == "work")
        let session = try restarted.session(for: name)
        #expect(await session.restore().isSignedIn)
        #expect(session.user?.name == "Bob Baker")

        try await restarted.signOut("work", .revoke)
        #expect(session.state == .signedOut)
        #expect(try bench.count("revoke") == 1)
        #expect(try await restarted.all.map(\.name) == ["private"])
        #expect(await (try restarted.session(for: "private")).restore().isSignedIn)
    }

    @Test("an account that was never opened here signs out, too")
    func notOpened() async throws {
        let bench = try await Bench()
        try await bench.accounts().session(for: "work").signIn(browser: bench.person)
        let accounts = bench.accounts()
        #expect(try await accounts.signOut("work", .revoke).isRevoked)
        #expect(try await accounts.all.isEmpty)
    }

    @Test("one account has one session, however its name is spelt")
    func oneSession() async throws {
        let accounts = try await Bench().accounts()
        #expect(try accounts.session(for: "work") === accounts.session(for: "Work"))
        #expect(try accounts.session(for: "work") !== accounts.session(for: "private"))
        #expect(try accounts.session(for: "work").details().account == "work")
    }

    @Test("a session that the app opened without accounts is that of the default account")
    func defaultAccount() async throws {
        let bench = try await Bench()
        _ = try await bench.signedIn()
        let accounts = bench.accounts()
        #expect(try await accounts.all.map(\.name) == ["default"])
        #expect(await (try accounts.session(for: accounts.current)).restore().isSignedIn)
    }

    @Test("an account that nobody has signed in to cannot be switched to, and a name may be impossible")
    func refused() async throws {
        let accounts = try await Bench().accounts()
        guard case .notFound = try await error(of: { try await accounts.switchTo("work") }) else {
            throw JetbridgeError.cancelled
        }
        guard case .misconfigured = try await error(of: { _ = try accounts.session(for: "a/b") }) else {
            throw JetbridgeError.cancelled
        }
    }

    @Test("the choice waits for the session's locks")
    func locks() async throws {
        let bench = try await Bench()
        let folder = FileManager.default.temporaryDirectory.appending(path: "accounts-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let options = SessionOptions(lockFolder: folder.path)
        let accounts = JetbridgeAccounts(config: bench.config, store: bench.store, options: options)
        try await accounts.session(for: "work").signIn(browser: bench.person)
        try await accounts.switchTo("work")
        let locks = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(locks.contains { $0.hasSuffix(".accounts.lock") })
        #expect(locks.contains { $0.hasPrefix("work.") })
    }
}

extension Bench {
    fileprivate func accounts() -> JetbridgeAccounts { JetbridgeAccounts(config: config, store: store) }
}
