import Foundation
import JetbridgeFFI

/// Forgets everything with the process: for tests, previews, and a session that should leave no trace. Two sessions over one
/// of them are as two processes over one keychain.
public final class MemorySecretStore: SecretStore {
    private let core = memoryStore()

    /// An empty one.
    public init() {}

    /// What was saved last under `name`.
    public func load(name: String) throws -> Data? { try core.load(name: name) }

    /// Replaces what is there under `name`.
    public func save(name: String, value: Data) throws { try core.save(name: name, value: value) }

    /// Removes what is there under `name`.
    public func delete(name: String) throws { try core.delete(name: name) }

    /// The names under which there is something.
    public func list() throws -> [String] { try core.list() }
}

extension SecretStore where Self == MemorySecretStore {
    /// A new store that forgets everything with the process.
    public static var memory: MemorySecretStore { MemorySecretStore() }
}
