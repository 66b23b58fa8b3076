import Foundation
import JetbridgeTesting
import SwiftUI
import Testing

@testable import Jetbridge

// With those of the sheet, one after the other: there is one screen.
extension WebAuthenticationBrowserTests {
    /// The guide's app, with a test in the place of SwiftUI and of the person.
    @MainActor
    @Suite(.serialized)
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
            (Drawn.buttons, Drawn.links, Drawn.task, Drawn.refresh, Drawn.verbatim) = ([:], [:], nil, nil, [])
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

            // In the middle of a page, or when one is there that the main actor, which is kept here, has not taken yet.
            for pause: UInt32 in [0, 300] {
                let cancelled = Task { await show() }
                try await soon("the list is asked for") { try files(of: view).isEmpty }
                usleep(pause * 1_000)
                cancelled.cancel()
                await cancelled.value
                #expect(try files(of: view).isEmpty)
                #expect(try problem(of: view) == nil)
                await show()
                #expect(try !files(of: view).isEmpty)
            }

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
            try tap("Sign in", in: view)
            try await soon("the sign-in begins") { session.signInProgress == .preparing }
            try tap("Cancel", in: view)
            try await eventually("the sign-in is over") { session.attempt == nil }
            for _ in 0..<100 { await Task.yield() }
            #expect(try problem(of: view) == nil)
        }

        @Test("a list that failed is asked for again, by the button and by pulling it down")
        func reload() async throws {
            let object = ListedObject(key: "a.txt", size: 1, lastModified: nil, eTag: nil)
            let fake = FakeJetbridgeSession.signedIn(objects: [object])
            let view = FilesView(session: fake)
            let problem = JetbridgeError.accessDenied(service: .s3, code: "AccessDenied", requestID: nil, hint: "")
            for again in ["button", "pull"] {
                fake.failure = problem
                let show = try draw(view).show
                await show()
                #expect(try files(of: view).isEmpty)
                #expect(try self.problem(of: view) == problem)
                fake.failure = nil
                _ = try draw(view)
                if again == "button" {
                    try tap("Refresh", in: view)
                } else {
                    let pull = try #require(Drawn.refresh)
                    await pull()
                }
                try await eventually("the list is there") { try files(of: view) == ["a.txt"] }
                #expect(try self.problem(of: view) == nil)
            }
        }

        @Test("whoever Okta refuses, or asks to sign in again, can make place for another user")
        func somebodyElse() async throws {
            let fake = FakeJetbridgeSession(state: .signInRequired(reason: .noRefreshToken, user: nil))
            let view = FilesView(session: fake)
            _ = try draw(view)
            #expect(Drawn.verbatim.contains(SignInReason.noRefreshToken.text))
            fake.failure = .accessDenied(service: .okta, code: "access_denied", requestID: nil, hint: "")
            try tap("Sign in", in: view)
            try await eventually("the refusal is told") { try problem(of: view) != nil }
            fake.failure = nil
            try tap("Sign in as somebody else", in: view)
            try await eventually("somebody is there") { fake.user != nil }
            #expect(fake.calls == [.signIn(LoginOptions()), .signIn(LoginOptions(prompt: .login))])
        }

        @Test("a store that cannot be read says why, and is read again")
        func storage() async throws {
            let store = BreakableStore()
            let bench = try await Bench(store: store)
            await (try await bench.signedIn()).settle()
            store.fail(with: StorageError.Misconfigured(detail: "the app is not signed"))
            let session = try bench.session()
            let view = FilesView(session: session)
            await session.restore()
            _ = try draw(view)
            #expect(Drawn.verbatim.contains { $0.contains("the app is not signed") })
            store.fail(with: nil)
            try tap("Try again", in: view)
            try await eventually("the session is there") { session.user != nil }
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

        @Test("a screen shows the accounts by their users from the start, switches, and signs out of one")
        func accounts() async throws {
            let bench = try await Bench()
            let accounts = JetbridgeAccounts(config: bench.config, store: bench.store)
            for (name, login) in [("private", "alice@example.com"), ("work", "bob@example.com")] {
                try await accounts.session(for: name).signIn(browser: Person(stack: bench.stack, login: login))
            }
            let view = AccountsView(accounts: accounts)
            let appear = try show(view)
            await appear()
            try await eventually("the accounts are shown") {
                try titles(of: view).isSuperset(of: ["Alice Archer", "Bob Baker"])
            }
            try tap("Bob Baker", in: view)
            try await eventually("work is chosen") { try await accounts.current == "work" }
            let session = try #require(Mirror(reflecting: view).descendant("_session") as? State<JetbridgeSession?>)
            try await eventually("work is shown") { try session.wrappedValue === accounts.session(for: "work") }
            // Which account a button of several is of says only its text: bob's comes last.
            try tap("Sign out %@", in: view)
            try await eventually("work is signed out") { try await accounts.all.map(\.name) == ["private"] }
            try await eventually("it is not shown any more") { try !titles(of: view).contains("Bob Baker") }
        }

        @Test("an account is added in a browser that remembers another user, and a failure is told")
        func addAccount() async throws {
            let bench = try await Bench()
            let accounts = JetbridgeAccounts(config: bench.config, store: bench.store)
            try await accounts.session(for: "default").signIn(browser: bench.person)
            let view = AccountsView(accounts: accounts)
            let appear = try show(view)
            await appear()
            try await eventually("the account is shown") { try titles(of: view).contains("Alice Archer") }
            // There is no window: the sheet is another suite's.
            try tap("Add an account", in: view)
            let problem = try #require(Mirror(reflecting: view).descendant("_problem") as? State<JetbridgeError?>)
            try await eventually("the failure is told") { problem.wrappedValue != nil }
            #expect(try await accounts.all.map(\.name) == ["default"])
            #expect(try await accounts.current == "default")
        }

        private func titles(of view: AccountsView) throws -> Set<String> {
            (Drawn.buttons, Drawn.links, Drawn.task) = ([:], [:], nil)
            _ = view.body
            return Set(Drawn.buttons.keys)
        }

        private func tap(_ title: String, in view: AccountsView) throws {
            _ = try titles(of: view)
            let action = try #require(Drawn.buttons[title])
            action()
        }

        /// What the view does when it appears.
        private func show(_ view: AccountsView) throws -> @isolated(any) () async -> Void {
            _ = try titles(of: view)
            return try #require(Drawn.task).action
        }
    }
}
