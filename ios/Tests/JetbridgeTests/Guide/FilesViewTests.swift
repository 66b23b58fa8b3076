import Foundation
import SwiftUI
import Testing

@testable import Jetbridge

/// The guide's app, with a test in the place of SwiftUI and of the person. One after the other: there is one screen.
@MainActor
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FilesViewTests {
    /// What stands in a `@State` of the view.
    private func value<Value>(of name: String, in view: FilesView) throws -> Value {
        try #require(Mirror(reflecting: view).descendant("_\(name)") as? State<Value>).wrappedValue
    }

    private func files(of view: FilesView) throws -> [String] {
        try (value(of: "files", in: view) as [ListedObject]).map(\.key)
    }
    private func problem(of view: FilesView) throws -> JetbridgeError? { try value(of: "problem", in: view) }

    /// Reads the body: the buttons by their titles, and the task with its id.
    private func draw(_ view: FilesView) throws -> (id: String, show: @isolated(any) () async -> Void) {
        (Drawn.buttons, Drawn.links, Drawn.task) = ([:], [:], nil)
        _ = view.body
        let task = try #require(Drawn.task)
        return ("\(task.id)", task.action)
    }

    private func tap(_ title: String, in view: FilesView) throws {
        _ = try draw(view)
        let action = try #require(Drawn.buttons[title])
        action()
    }

    @Test("another user is another list, and the same one with more of a profile is not")
    func restarts() async throws {
        let session = try await Bench().session()
        let view = FilesView(session: session)
        await session.restore()
        func id(of user: JetbridgeUser) throws -> String {
            session.state = .signedIn(user: user)
            return try draw(view).id
        }
        func user(_ subject: String, email: String?) -> JetbridgeUser {
            JetbridgeUser(subject: subject, username: nil, name: nil, email: email, displayName: subject)
        }
        let nobody = try draw(view).id
        let alice = try id(of: user("alice", email: nil))
        #expect(alice != nobody)
        #expect(try id(of: user("alice", email: "alice@example.com")) == alice)
        #expect(try id(of: user("bob", email: nil)) != alice)
    }

    @Test("the list is shown, one that is cancelled leaves no error, and nobody has one")
    func list() async throws {
        let bench = try await Bench()
        let view = FilesView(session: try await bench.signedIn())
        let show = try draw(view).show
        await show()
        #expect(try files(of: view).contains("reports/2026/summary.csv"))
        #expect(try problem(of: view) == nil)
        _ = try draw(view)
        let detail = try #require(Drawn.links["reports/2026/summary.csv"] as? FileView)
        #expect(detail.file.size > 0)
        _ = detail.body

        // In the middle of a page: before the first one, the stream just ends.
        try bench.stack.setLatency(milliseconds: 1_000)
        let cancelled = Task { await show() }
        try await Task.sleep(for: .milliseconds(200))
        cancelled.cancel()
        await cancelled.value
        #expect(try files(of: view).isEmpty)
        #expect(try problem(of: view) == nil)

        try bench.stack.setLatency(milliseconds: 0)
        try tap("Sign out", in: view)
        try await eventually("nobody is there") { view.session.user == nil }
        await show()
        #expect(try files(of: view).isEmpty)
        #expect(try problem(of: view) == nil)
    }

    @Test("a sign-in that fails says why, and one that the user cancels does not")
    func signIn() async throws {
        let bench = try await Bench()
        let session = try bench.session()
        let view = FilesView(session: session)
        await session.restore()
        try bench.stack.injectFault(name: "discovery-unavailable", times: 1_000)
        try tap("Sign in", in: view)
        try await eventually("the failure is told") { try problem(of: view)?.recovery == .retry }
        let shown = ProblemView(problem: try #require(try problem(of: view)))
        #expect(!shown.problem.localizedDescription.isEmpty && shown.problem.recoverySuggestion?.isEmpty == false)
        _ = shown.body
        try bench.stack.injectFault(name: "discovery-unavailable", times: 0)

        // Before there is a page: the system's sheet is another suite's.
        try bench.stack.setLatency(milliseconds: 300)
        try tap("Sign in", in: view)
        try await eventually("the sign-in begins") { session.signInProgress == .preparing }
        try tap("Cancel", in: view)
        try await eventually("the sign-in is over") { session.attempt == nil }
        for _ in 0..<100 { await Task.yield() }
        #expect(try problem(of: view) == nil)
    }

    @Test("a preview shows files without a session")
    func preview() async throws {
        let view = FilesView.preview
        let show = try draw(view).show
        await show()
        #expect(try files(of: view) == ["reports/2026/summary.csv"])
        _ = try draw(view)
        #expect(Drawn.links["reports/2026/summary.csv"] != nil)
        try tap("Sign out", in: view)
        try await eventually("nobody is there") { view.session.user == nil }
        try tap("Sign in", in: view)
        try await eventually("somebody is there") { view.session.user != nil }
    }

    @Test("a screen switches between accounts, and signs out of one")
    func accounts() async throws {
        let bench = try await Bench()
        let accounts = JetbridgeAccounts(config: bench.config, store: bench.store)
        for name in ["private", "work"] { try await accounts.session(for: name).signIn(browser: bench.person) }
        let view = AccountsView(accounts: accounts)
        func read() -> Set<String> {
            (Drawn.buttons, Drawn.links) = ([:], [:])
            _ = view.body
            return Set(Drawn.buttons.keys)
        }
        _ = read()
        let appear = try #require(Drawn.task).action
        await appear()
        try await eventually("the accounts are shown") { read().isSuperset(of: ["private", "work"]) }
        let choose = try #require(Drawn.buttons["work"])
        choose()
        try await eventually("work is chosen") { try await accounts.current == "work" }
        _ = read()
        let signOut = try #require(Drawn.buttons["Sign out of %@"])
        signOut()
        try await eventually("work is signed out") { try await accounts.all.map(\.name) == ["private"] }
        try await eventually("it is not shown any more") { !read().contains("work") }
    }
}
