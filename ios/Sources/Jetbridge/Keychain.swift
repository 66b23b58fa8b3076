import Foundation
import JetbridgeFFI

#if os(Linux)
import AppleFoundation
#endif

extension JetbridgeSession {
    /// Opens the session of `okta-config.json` and `aws-exports.json` in `bundle`, kept in the keychain, and begins to restore
    /// what is there.
    ///
    /// With `appGroup`, such as `group.com.example.files`, the app and its extensions share one session. Each has to have the
    /// App Groups capability with this group. It names the keychain's access group, too, and holds the folder of the locks.
    /// A session that the app had without the group moves into it.
    public convenience init(
        bundle: Bundle = .main, appGroup: String? = nil, options: SessionOptions = SessionOptions()
    ) throws(JetbridgeError) {
        let (store, options) = try Self.keychain(of: bundle, appGroup, options)
        try self.init(bundle: bundle, store: store, options: options)
    }

    /// The keychain as a store, and options with its locks.
    nonisolated static func keychain(
        of bundle: Bundle, _ appGroup: String?, _ options: SessionOptions
    ) throws(JetbridgeError) -> (any SecretStore, SessionOptions) {
        let options = try options.locking(in: appGroup)
        let app = bundle.bundleIdentifier ?? "dev.jetbridge"
        // Where there is no keychain, that is known at once; what is in it, when somebody asks.
        do { _ = try keychainStore(service: app, accessGroup: appGroup) } catch { throw JetbridgeError(error) }
        // An extension has had a session of its own, if any: the one that moves is the app's.
        let isExtension = Bundle.main.bundleURL.pathExtension == "appex"
        let place = KeychainPlace(app: app, appGroup: appGroup, adopts: !isExtension)
        return (LateStore { try place.open(keychainStore) }, options)
    }
}

/// Where in the keychain the sessions are: always in a group that is named. Without a name an item is made in the app's first
/// group and searched for in all of them. So another capability of the app, which changes the first one, would hide the
/// session, and two items of one name would answer in no order. Apple:
/// [kSecAttrAccessGroup](https://developer.apple.com/documentation/security/ksecattraccessgroup).
struct KeychainPlace {
    typealias Open = (_ service: String, _ accessGroup: String?) throws -> any SecretStore

    /// The app's bundle identifier.
    let app: String
    let appGroup: String?
    /// Whether what the app has kept elsewhere moves here.
    let adopts: Bool

    /// One after the other: what is found elsewhere must not replace what another session has saved here meanwhile.
    private static let opening = Locked(())

    /// The store, with what was kept elsewhere before. Throws `StorageError`, and works later, as long as the device is locked.
    func open(_ store: Open) throws -> any SecretStore {
        try Self.opening.with { _ in Result { try openAlone(store) } }.get()
    }

    private func openAlone(_ store: Open) throws -> any SecretStore {
        let groups = try AccessGroups.find(of: Bundle.main.bundleIdentifier ?? app)
        // An app and its extensions have identifiers of their own, but one group.
        let place = (service: appGroup ?? app, group: appGroup ?? groups.own)
        let here = try store(place.service, place.group)
        guard adopts else { return here }
        // Of a release before it had the group, or one that left the choice to the system.
        for group in Set([groups.own, groups.first].compactMap(\.self))
        where (app, group) != (place.service, place.group) {
            try Self.move(from: store(app, group), to: here)
        }
        return here
    }

    /// First to the new place, then away from the old one: whatever ends this in between loses nothing. What is at the new
    /// place already is newer.
    static func move(from old: any SecretStore, to new: any SecretStore) throws {
        for name in try old.list() {
            do {
                if try new.load(name: name) == nil, let value = try old.load(name: name) {
                    try new.save(name: name, value: value)
                }
            } catch StorageError.Corrupt {
                continue
            }
            try old.delete(name: name)
        }
    }
}

/// A store that is opened when it is used, and again until that works: before the first unlock of the device it does not.
final class LateStore: SecretStore {
    private let open: @Sendable () throws -> any SecretStore
    private let opened = Locked<(any SecretStore)?>(nil)

    init(open: @escaping @Sendable () throws -> any SecretStore) { self.open = open }

    private func store() throws -> any SecretStore {
        try opened.with { opened in
            Result {
                if let opened { return opened }
                let store = try open()
                opened = store
                return store
            }
        }.get()
    }

    func load(name: String) throws -> Data? { try store().load(name: name) }
    func save(name: String, value: Data) throws { try store().save(name: name, value: value) }
    func delete(name: String) throws { try store().delete(name: name) }
    func list() throws -> [String] { try store().list() }
}

extension SessionOptions {
    /// With file locks in the group's folder: the keychain has none.
    fileprivate func locking(in appGroup: String?) throws(JetbridgeError) -> SessionOptions {
        guard let appGroup, lockFolder == nil else { return self }
        guard let folder = FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: appGroup) else {
            throw .misconfigured(
                setting: "App Groups", problem: "the app is not in the group \(appGroup)",
                hint: "add the group to the App Groups capability of every target that opens the session")
        }
        return SessionOptions(
            account: account, rootCertificatesPem: rootCertificatesPem, storeAwsCredentials: storeAwsCredentials,
            lockFolder: folder.appending(path: "Library/Application Support/dev.jetbridge/locks").path(
                percentEncoded: false),
            permittedIdentityPoolEndpoint: permittedIdentityPoolEndpoint)
    }
}
