import Foundation
import Testing

@testable import Jetbridge

#if os(Linux)
import Security
#endif

/// The keychain itself is tested in the core, over a stand-in that answers as Apple's does.
@MainActor
@Suite
struct KeychainTests {
    @Test("where there is no keychain, the session asks for another store")
    func noKeychain() async throws {
        let thrown = try await error { _ = try JetbridgeSession() }
        guard case .secureStorage(let detail, mayPass: false) = thrown else { throw thrown }
        #expect(detail.contains("another store"))
        let ofAccounts = try await error { _ = try JetbridgeAccounts() }
        #expect(ofAccounts == thrown)
    }

    @Test("an app group that the app is not in is named as the mistake")
    func noGroup() async throws {
        for thrown in [
            try await error { _ = try JetbridgeSession(appGroup: "group.com.example.files") },
            try await error { _ = try JetbridgeAccounts(appGroup: "group.com.example.files") },
        ] {
            guard case .misconfigured("App Groups", let problem, _) = thrown else { throw thrown }
            #expect(problem.contains("group.com.example.files"))
        }
    }

    @Test("what is kept elsewhere moves, what is there already stays, and what cannot be read is left alone")
    func moves() throws {
        let (old, new) = (MemorySecretStore(), MemorySecretStore())
        try old.save(name: "a", value: Data("old a".utf8))
        try old.save(name: "b", value: Data("old b".utf8))
        try new.save(name: "b", value: Data("new b".utf8))
        try KeychainPlace.move(from: old, to: new)
        #expect(try new.load(name: "a") == Data("old a".utf8))
        #expect(try new.load(name: "b") == Data("new b".utf8))
        #expect(try old.list().isEmpty)

        let damaged = BreakableStore(values: ["c": Data()])
        damaged.failLoads(with: StorageError.Corrupt(detail: "damaged"))
        try KeychainPlace.move(from: damaged, to: new)
        #expect(damaged.values.keys.sorted() == ["c"])

        // A locked keychain is no empty one.
        let locked = BreakableStore(values: ["d": Data()])
        locked.fail(with: StorageError.Unavailable(detail: "locked"))
        #expect(throws: StorageError.Unavailable(detail: "locked")) { try KeychainPlace.move(from: locked, to: new) }
        #expect(locked.values.count == 1)
        // Nothing goes from the old place before it is in the new one.
        let full = BreakableStore()
        full.fail(with: StorageError.Io(detail: "full"))
        try old.save(name: "e", value: Data("e".utf8))
        #expect(throws: StorageError.Io(detail: "full")) { try KeychainPlace.move(from: old, to: full) }
        #expect(try old.list() == ["e"])
    }

    @Test("a store is opened when it is used, and again until that works, and then once")
    func late() throws {
        let tries = Locked(0)
        let store = LateStore {
            let count = tries.with { tries in
                tries += 1
                return tries
            }
            if count == 1 { throw StorageError.Unavailable(detail: "locked") }
            return MemorySecretStore()
        }
        #expect(tries.with { $0 } == 0)
        #expect(throws: StorageError.Unavailable(detail: "locked")) { try store.load(name: "a") }
        try store.save(name: "a", value: Data("a".utf8))
        #expect(try store.load(name: "a") == Data("a".utf8))
        #expect(try store.list() == ["a"])
        try store.delete(name: "a")
        #expect(tries.with { $0 } == 2)
    }
}

#if os(Linux)
/// One after the other: there is one keychain.
@Suite(.serialized)
struct AccessGroupTests {
    private static let own = "ABCDE12345.com.example.files"
    private static let shared = "ABCDE12345.com.example.shared"
    private let keychain = KeychainOfTests.shared

    /// What was opened, by service and group.
    private final class Opened {
        var stores: [String: MemorySecretStore] = [:]

        func open(_ service: String, _ group: String?) -> any SecretStore {
            let name = "\(service) in \(group ?? "any")"
            let store = stores[name] ?? MemorySecretStore()
            stores[name] = store
            return store
        }
    }

    @Test(
        "the app's own group is found, whatever capabilities it has, and no probe stays",
        arguments: [
            [own], [shared, own], [shared, own, "group.com.example.files"], ["ABCDE12345.*", own],
        ])
    func ofTheApp(groups: [String]) throws {
        keychain.sign(with: groups)
        let found = try AccessGroups.find(of: "com.example.files")
        #expect(found == AccessGroups(first: groups[0], own: Self.own))
        #expect(keychain.count == 0)
    }

    @Test("where the app's own group is of another name, the first one is taken")
    func otherName() throws {
        keychain.sign(with: [Self.shared])
        #expect(try AccessGroups.find(of: "com.example.files") == AccessGroups(first: Self.shared, own: Self.shared))
    }

    @Test("an app without a signature has none, and a locked device is no such app")
    func none() throws {
        keychain.sign(with: [])
        #expect(try AccessGroups.find(of: "com.example.files") == AccessGroups())
        keychain.sign(with: [Self.own])
        keychain.setLocked(true)
        defer { keychain.setLocked(false) }
        #expect(throws: StorageError.self) { try AccessGroups.find(of: "com.example.files") }
    }

    @Test("a capability that the app gets later does not hide its session, and one in the first group moves")
    func laterCapability() throws {
        let app = Bundle.main.bundleIdentifier ?? "com.example.files"
        let own = "ABCDE12345.\(app)"
        let opened = Opened()
        let place = KeychainPlace(app: app, appGroup: nil, adopts: true)
        keychain.sign(with: [own])
        try place.open(opened.open).save(name: "session", value: Data("kept".utf8))
        keychain.sign(with: [Self.shared, own])
        #expect(try place.open(opened.open).load(name: "session") == Data("kept".utf8))
        // Of a release that had the capability and named no group.
        try opened.open(app, Self.shared).save(name: "other", value: Data("moved".utf8))
        #expect(try place.open(opened.open).load(name: "other") == Data("moved".utf8))
        #expect(try opened.open(app, Self.shared).list().isEmpty)
        #expect(opened.stores.keys.allSatisfy { !$0.hasSuffix("in any") })
    }

    @Test("an app that gets an app group takes its session along, an extension does not")
    func intoTheGroup() throws {
        let app = Bundle.main.bundleIdentifier ?? "com.example.files"
        let (own, group) = ("ABCDE12345.\(app)", "group.com.example.files")
        let opened = Opened()
        keychain.sign(with: [own])
        let before = KeychainPlace(app: app, appGroup: nil, adopts: true)
        try before.open(opened.open).save(name: "session", value: Data("kept".utf8))
        keychain.sign(with: [own, group])
        let ofExtension = KeychainPlace(app: app, appGroup: group, adopts: false)
        #expect(try ofExtension.open(opened.open).list().isEmpty)
        let after = KeychainPlace(app: app, appGroup: group, adopts: true)
        #expect(try after.open(opened.open).load(name: "session") == Data("kept".utf8))
        #expect(try ofExtension.open(opened.open).list() == ["session"])
        #expect(try opened.open(app, own).list().isEmpty)
    }
}
#endif
