import Foundation
import Testing

@testable import Jetbridge

#if canImport(UIKit)
import UIKit
#endif

/// A store written in Swift, which a test can break.
final class BreakableStore: SecretStore {
    private let state: Locked<(values: [String: Data], failure: (any Error)?)>
    private let failureOfLoads = Locked<(any Error)?>(nil)

    init(values: [String: Data] = [:]) { state = Locked((values, nil)) }

    var values: [String: Data] { state.with { $0.values } }

    func fail(with failure: (any Error)?) { state.with { $0.failure = failure } }

    func failLoads(with failure: any Error) { failureOfLoads.with { $0 = failure } }

    private func orFail<Value>(_ work: (inout [String: Data]) -> Value) throws -> Value {
        try state.with { state -> Result<Value, any Error> in
            if let failure = state.failure { return .failure(failure) }
            return .success(work(&state.values))
        }.get()
    }

    func load(name: String) throws -> Data? {
        if let failure = failureOfLoads.with(\.self) { throw failure }
        return try orFail { $0[name] }
    }
    func save(name: String, value: Data) throws { try orFail { $0[name] = value } }
    func delete(name: String) throws { try orFail { $0[name] = nil } }
    func list() throws -> [String] { try orFail { Array($0.keys) } }
}

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct StoreTests {
    private struct Bug: Error { let text = "token=s3cr3t" }

    @Test("a store in Swift keeps the session")
    func keeps() async throws {
        let store = BreakableStore()
        let bench = try await Bench(store: store)
        _ = try await bench.signedIn()
        #expect(!store.values.isEmpty)
        #expect(await (try bench.session()).restore().isSignedIn)
    }

    @Test("a store that is locked at the start is waited for, and loses nothing")
    func lockedAtStart() async throws {
        let store = BreakableStore()
        let bench = try await Bench(store: store)
        let before = try await bench.signedIn()
        await before.core.settle()
        let kept = store.values
        store.fail(with: StorageError.Unavailable(detail: "the device is locked"))
        let session = try bench.session()
        let state = await session.restore()
        #expect(state == .storageUnavailable(detail: "secure storage: the device is locked"))
        let thrown = try await error { _ = try await session.credentials() }
        #expect(thrown == .secureStorage(detail: "the device is locked", mayPass: true))
        #expect(store.values == kept)
        store.fail(with: nil)
        #expect(await session.restore().isSignedIn)
        #expect(store.values == kept)
    }

    // A Mac does not lock its keychain with its screen.
    #if canImport(UIKit)
    @Test("when the device is unlocked, the session restores itself")
    func unlocked() async throws {
        let store = BreakableStore()
        let bench = try await Bench(store: store)
        _ = try await bench.signedIn()
        store.fail(with: StorageError.Unavailable(detail: "the device is locked"))
        let session = try bench.session()
        await session.restore()
        store.fail(with: nil)
        NotificationCenter.default.post(name: UIApplication.protectedDataDidBecomeAvailableNotification, object: nil)
        try await eventually("the session is restored") { session.state.isSignedIn }
    }

    @Test("when a scene comes to the foreground, connections are opened for whoever is signed in")
    func foreground() async throws {
        let bench = try await Bench()
        await (try bench.signedIn()).core.settle()
        let asked = try bench.count("discovery")
        let session = try bench.session()
        NotificationCenter.default.post(name: UIScene.willEnterForegroundNotification, object: nil)
        try await eventually("a request opens Okta's connection") { try bench.count("discovery") > asked }
        await session.core.settle()
    }
    #endif

    @Test("a store that throws what it may not is taken for unavailable, and its text is told to nobody")
    func bug() async throws {
        let store = BreakableStore()
        let bench = try await Bench(store: store)
        _ = try await bench.signedIn()
        store.fail(with: Bug())
        let session = try bench.session()
        let state = await session.restore()
        guard case .storageUnavailable(let detail) = state else { throw JetbridgeError.internal(detail: "\(state)") }
        #expect(!detail.contains("s3cr3t"))
        store.fail(with: nil)
        #expect(await session.restore().isSignedIn)
    }

    @Test(
        "each failure of a store arrives as what it is",
        arguments: [
            (StorageError.Unavailable(detail: "locked"), true), (.Corrupt(detail: "damaged"), false),
            (.KeyMissing(detail: "no key"), false), (.Denied(detail: "denied"), false), (.Io(detail: "disk"), false),
        ])
    func kinds(failure: StorageError, mayPass: Bool) async throws {
        let store = BreakableStore()
        let bench = try await Bench(store: store)
        store.fail(with: failure)
        let session = try bench.session()
        let thrown = try await error { _ = try await session.manualSignIn.begin() }
        guard case .secureStorage(let detail, mayPass) = thrown else { throw thrown }
        #expect(!detail.isEmpty)
        #expect(thrown.recovery == (mayPass ? .retry : .report))
    }
}
