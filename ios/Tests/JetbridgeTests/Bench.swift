import Foundation
import Testing

@testable import Jetbridge

/// A local stack, and sessions over one store, as processes over one keychain.
@MainActor
final class Bench {
    static let twoHours: UInt64 = 7_500

    let stack: Stack
    let store: any SecretStore
    let config: JetbridgeConfig
    let person: Person

    init(
        store: any SecretStore = .memory, options: StackOptions = StackOptions(), logout: String? = nil
    ) async throws {
        stack = try await Stack.open(options: options)
        self.store = store
        var okta = stack.oktaConfigJson()
        if let logout { okta = okta.replacing("{", with: #"{ "okta_logout_url": "\#(logout)","#, maxReplacements: 1) }
        config = try JetbridgeConfig(oktaConfig: okta, awsExports: stack.awsExportsJson())
        person = Person(stack: stack)
    }

    /// A session by the stack's clock: another one over the same store is as a new process.
    func session() throws -> JetbridgeSession {
        let core = try stack.session(config.core, store)
        return JetbridgeSession(config: config, core: core)
    }

    func signedIn() async throws -> JetbridgeSession {
        let session = try session()
        try await session.signIn(browser: person)
        return session
    }

    /// What the browser comes back with, at the end of a page that the app opened itself.
    func redirect(for session: JetbridgeSession) async throws -> URL {
        let request = try await session.manualSignIn.begin()
        return try await person.open(request.url, redirect: request.redirectURL)
    }

    func count(_ operation: String) throws -> Int { try Int(stack.count(operation: operation)) }

    func secrets(in text: String) throws -> Int { try Int(stack.countSecretsIn(text: text)) }
}

/// The demo user at the real sign-in page of the stack, in a browser that is nobody's.
struct Person: SignInBrowser {
    let stack: Stack
    var login: String?

    func open(_ url: URL, redirect: URL) async throws -> URL {
        let redirected = try await stack.signIn(
            url: url.absoluteString, login: login ?? stack.userLogin(), password: stack.userPassword())
        return try #require(URL(string: redirected))
    }
}

/// A browser whose page stays open until a test says what becomes of it.
@MainActor
final class OpenPage: SignInBrowser {
    private(set) var urls: [URL] = []
    private(set) var isClosed = false
    private let (ends, end) = AsyncStream.makeStream(of: Result<URL, any Error>.self)

    func open(_ url: URL, redirect: URL) async throws -> URL {
        urls.append(url)
        defer { isClosed = true }
        for await end in ends { return try end.get() }
        throw CancellationError()
    }

    func end(_ result: Result<URL, any Error>) { end.yield(result) }

    /// Waits until the page is open; gives its address.
    func address() async throws -> URL {
        try await eventually("the page is open") { !urls.isEmpty }
        return urls[0]
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

/// Waits for what the main actor has before it already. However slow it is, nothing of later comes between that and the test.
@MainActor
func soon(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ isTrue: @MainActor () throws -> Bool
) async throws {
    for _ in 0..<100 {
        if try isTrue() { return }
        await Task.yield()
    }
    Issue.record(what, sourceLocation: sourceLocation)
    throw CancellationError()
}

/// What `work` throws; nothing else passes.
@MainActor
func error(
    of work: @MainActor () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> JetbridgeError {
    do { try await work() } catch let error as JetbridgeError { return error }
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    throw CancellationError()
}

extension SessionState {
    var isSignedIn: Bool { if case .signedIn = self { true } else { false } }
}

extension AsyncSequence {
    func collected() async throws -> [Element] { try await reduce(into: []) { $0.append($1) } }
}
