// The app's model over the real library and the strict local stack: nothing is played by the tests but the person, the
// browser and the phone's store.
import Foundation
import Testing

@testable import Jetbridge
@testable import JetbridgeDemo

/// A local stack, and models over one store, as one app that is started again and again.
@MainActor
final class Bench {
    let stack: Stack
    let store = PhoneStore()
    let browser: Browser
    let folder = TemporaryFolder()
    private let config: JetbridgeConfig

    init(bucket: String = "jetbridge-demo", endsBrowserSessionAt logout: String? = nil) async throws {
        stack = try await Stack.open()
        browser = Browser(stack: stack)
        var okta = stack.oktaConfigJson()
        if let logout { okta = okta.replacingOccurrences(of: "{", with: #"{ "okta_logout_url": "\#(logout)","#) }
        let aws = stack.awsExportsJson().replacingOccurrences(of: "jetbridge-demo", with: bucket)
        config = try JetbridgeConfig(oktaConfig: okta, awsExports: aws)
    }

    /// The app as it starts: what a process before it has left behind is in the store.
    func model() -> HomeModel {
        HomeModel(browser: browser, files: folder.files()) { () throws(JetbridgeError) in try session() }
    }

    /// Another one over a copy of the store is as another device that the session was copied to.
    func session(over copy: PhoneStore? = nil) throws(JetbridgeError) -> JetbridgeSession {
        do {
            let store = copy ?? store
            return JetbridgeSession(config: config, core: try stack.session(config.core, store))
        } catch {
            throw .internal(detail: "\(error)")
        }
    }

    /// For as long as a test wants: a single refusal may be spent on the request that opens the connection in advance.
    func refuseListings(_ isRefused: Bool) throws {
        try stack.injectFault(name: "s3-access-denied", times: isRefused ? 1_000 : 0)
    }

    /// The app with Alice signed in.
    func signedIn() async throws -> HomeModel {
        let model = model()
        model.signIn()
        try await eventually("Alice is signed in") { model.account?.name == "Alice Archer" }
        return model
    }

    /// The app with Alice signed in and the first page listed.
    func listed() async throws -> HomeModel {
        let model = try await signedIn()
        await model.refresh()
        try #require(model.rows != nil)
        return model
    }
}

/// Where an app has its files; gone with the test.
final class TemporaryFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "JetbridgeDemo-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(at: url) }

    /// A device with so many bytes that are free, or with enough.
    @MainActor
    func files(freeBytes: Int64? = nil) -> LocalFiles {
        LocalFiles(caches: url.appending(path: "Caches"), support: url.appending(path: "Support")) { _ in freeBytes }
    }

    /// All files that there are, and none of the folders and notes.
    var contents: [String] {
        let found = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
        return found.filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: url.appending(path: name).path, isDirectory: &isFolder)
            return !isFolder.boolValue && !name.hasSuffix(".json")
        }
    }
}

/// The system's sheet, with somebody in front of it.
@MainActor
final class Browser: SignInBrowser {
    enum Behaviour {
        /// The person signs in, or signs out: whatever the page is for.
        case follows(login: String)
        /// The sheet ends so.
        case fails(JetbridgeError)
        /// Nobody does anything until the sheet is closed, by the app or by the person.
        case waits
    }

    var behaviour = Behaviour.follows(login: "alice@example.com")
    private(set) var opened: [URL] = []
    private var sheet: AsyncStream<Void>.Continuation?
    private let stack: Stack

    nonisolated init(stack: Stack) { self.stack = stack }

    func open(_ url: URL, redirect: URL) async throws -> URL {
        opened.append(url)
        switch behaviour {
        case .follows where url.path().hasSuffix("/logout"): return redirect
        case .follows(let login): return try await signIn(at: url, login)
        case .fails(let error): throw error
        case .waits:
            let (closed, sheet) = AsyncStream.makeStream(of: Void.self)
            self.sheet = sheet
            for await _ in closed {}
            throw JetbridgeError.userCancelled
        }
    }

    /// The person closes the sheet.
    func close() { sheet?.finish() }

    func signIn(at url: URL, _ login: String) async throws -> URL {
        let redirect = try await stack.signIn(
            url: url.absoluteString, login: login, password: stack.userPassword())
        return try #require(URL(string: redirect))
    }
}

/// The phone's store, which is locked until the phone is unlocked.
final class PhoneStore: SecretStore, @unchecked Sendable {
    private let lock = NSLock()
    private var values: [String: Data]
    private var isLocked = false

    init(values: [String: Data] = [:]) { self.values = values }

    var copy: PhoneStore { PhoneStore(values: lock.withLock { values }) }

    func lockPhone() { lock.withLock { isLocked = true } }
    func unlockPhone() { lock.withLock { isLocked = false } }

    private func open<Value>(_ work: (inout [String: Data]) -> Value) throws -> Value {
        try lock.withLock {
            if isLocked { throw StorageError.Unavailable(detail: "the phone is locked") }
            return work(&values)
        }
    }

    func load(name: String) throws -> Data? { try open { $0[name] } }
    func save(name: String, value: Data) throws { try open { $0[name] = value } }
    func delete(name: String) throws { try open { $0[name] = nil } }
    func list() throws -> [String] { try open { Array($0.keys) } }
}

/// Waits for what other threads bring about.
@MainActor
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ isTrue: @MainActor () throws -> Bool
) async throws {
    for _ in 0..<2_000 {
        if try isTrue() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record(what, sourceLocation: sourceLocation)
    throw CancellationError()
}

extension HomeModel {
    var account: Account? { if case .signedIn(let account) = state.account { account } else { nil } }
    var rows: Rows? { if case .rows(let rows) = state.listing { rows } else { nil } }
    var noticed: JetbridgeError? { if case .failed(let error) = state.notice { error } else { nil } }
}

extension HomeModel {
    /// Comes to the end of the list again and again, more than once each time, as a finger does.
    func loadMoreUntil(_ isEnough: (Rows) -> Bool) async throws {
        while true {
            let before = rows?.page
            loadMore()
            loadMore()
            try await eventually("the next page") { rows?.page != before || rows?.problem != nil }
            if isEnough(try #require(rows)) { return }
        }
    }
}
