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

    private func rows(of view: FilesView) throws -> [String] { try value(of: "rows", in: view) }
    private func problem(of view: FilesView) throws -> JetbridgeError? { try value(of: "problem", in: view) }

    /// Reads the body: the buttons by their titles, and the task with its id.
    private func draw(_ view: FilesView) throws -> (id: String, show: @isolated(any) () async -> Void) {
        (Drawn.buttons, Drawn.task) = ([:], nil)
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
        let view = FilesView(session: try await Bench().session())
        await view.session.restore()
        func id(of user: JetbridgeUser) throws -> String {
            view.session.state = .signedIn(user: user)
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
        #expect(try rows(of: view).contains("reports/2026/summary.csv"))
        #expect(try problem(of: view) == nil)

        // In the middle of a page: before the first one, the stream just ends.
        try bench.stack.setLatency(milliseconds: 1_000)
        let cancelled = Task { await show() }
        try await Task.sleep(for: .milliseconds(200))
        cancelled.cancel()
        await cancelled.value
        #expect(try rows(of: view).isEmpty)
        #expect(try problem(of: view) == nil)

        try bench.stack.setLatency(milliseconds: 0)
        try tap("Sign out", in: view)
        try await eventually("nobody is there") { view.session.user == nil }
        await show()
        #expect(try rows(of: view).isEmpty)
        #expect(try problem(of: view) == nil)
    }

    @Test("a sign-in that fails says why, and one that the user cancels does not")
    func signIn() async throws {
        let bench = try await Bench()
        let view = FilesView(session: try bench.session())
        await view.session.restore()
        try bench.stack.injectFault(name: "discovery-unavailable", times: 1_000)
        try tap("Sign in", in: view)
        try await eventually("the failure is told") { try problem(of: view)?.recovery == .retry }
        try bench.stack.injectFault(name: "discovery-unavailable", times: 0)

        // Before there is a page: the system's sheet is another suite's.
        try bench.stack.setLatency(milliseconds: 300)
        try tap("Sign in", in: view)
        try await eventually("the sign-in begins") { view.session.signInProgress == .preparing }
        view.session.cancelSignIn()
        try await eventually("the sign-in is over") { view.session.attempt == nil }
        for _ in 0..<100 { await Task.yield() }
        #expect(try problem(of: view) == nil)
    }
}
