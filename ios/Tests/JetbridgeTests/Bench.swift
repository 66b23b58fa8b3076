import Foundation
import Jetbridge
import JetbridgeFFI
import Testing

/// A local stack, and sessions over one store, as processes over one keychain.
@MainActor
final class Bench {
    let stack: LocalStack
    let store: any SecretStore
    let config: Config
    let person: Person

    init(store: any SecretStore = memoryStore(), options: LocalStackOptions = LocalStackOptions()) async throws {
        stack = try await LocalStack.start(options: options)
        self.store = store
        config = try JetbridgeSession.config(oktaConfig: stack.oktaConfigJson(), awsExports: stack.awsExportsJson())
        person = Person(stack: stack)
    }

    /// A session by the stack's clock: another one over the same store is as a new process.
    func session(account: String? = nil) throws -> JetbridgeSession {
        let options = SessionOptions(account: account)
        let core = try Session.openWithStackClock(config: config, store: store, options: options, stack: stack)
        return JetbridgeSession(config: config, core: core, store: store)
    }

    func signedIn() async throws -> JetbridgeSession {
        let session = try session()
        try await session.signIn(browser: person)
        return session
    }

    /// What the browser comes back with, at the end of a page that the app opened itself.
    func redirect(for session: JetbridgeSession) async throws -> URL {
        let request = try await session.beginLogin()
        return try await person.open(URL(string: request.url())!, redirect: URL(string: request.redirectUri())!)
    }
}

/// The demo user at the real sign-in page of the stack, in a browser that is nobody's.
struct Person: SignInBrowser {
    let stack: LocalStack

    func open(_ url: URL, redirect: URL) async throws -> URL {
        let redirected = try await stack.signIn(
            url: url.absoluteString, login: stack.userLogin(), password: stack.userPassword())
        return try #require(URL(string: redirected))
    }
}

/// Waits for what other threads bring about.
@MainActor
func eventually(_ what: Comment, _ isTrue: @MainActor () async throws -> Bool) async throws {
    for _ in 0..<1_000 {
        if try await isTrue() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record(what)
    throw CancellationError()
}
