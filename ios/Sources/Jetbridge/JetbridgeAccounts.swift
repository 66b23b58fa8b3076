import Foundation
import JetbridgeFFI

/// Several accounts of one person, or of several, on one device: who has signed in, which of them the app shows, and a
/// session for each. Nothing is shared between them, no token, no keys, no identity.
///
/// It opens the same store with the same locks as ``JetbridgeSession`` does, where the account is called `default`. Take it
/// in place of that, and let it open the sessions: there is one for each account then, however often it is asked for.
@MainActor
public final class JetbridgeAccounts {
    private let config: JetbridgeConfig
    private let store: any SecretStore
    private let options: SessionOptions
    private let core: CoreAccounts
    private let suspension = SuspensionGuard(whenOver: {})
    private var sessions: [String: JetbridgeSession] = [:]

    /// The accounts in the keychain, as ``JetbridgeSession/init(bundle:appGroup:options:)`` opens it. The account of the
    /// options says nothing here.
    public convenience init(
        bundle: Bundle = .main, appGroup: String? = nil, options: SessionOptions = SessionOptions()
    ) throws(JetbridgeError) {
        let (store, options) = try JetbridgeSession.keychain(of: bundle, appGroup, options)
        try self.init(config: JetbridgeConfig(bundle: bundle), store: store, options: options)
    }

    /// The accounts in a store of the app's own.
    public init(config: JetbridgeConfig, store: any SecretStore, options: SessionOptions = SessionOptions()) {
        self.config = config
        self.store = store
        self.options = options
        core = CoreAccounts.of(config: config.core, store: store, lockFolder: options.lockFolder)
    }

    #if DEBUG
    /// The accounts at the local stack on this Mac, as ``JetbridgeSession/localStack(port:store:options:)`` opens one.
    public static func localStack(
        port: UInt16 = 9400, store: any SecretStore = .memory, options: SessionOptions = SessionOptions()
    ) throws(JetbridgeError) -> JetbridgeAccounts {
        JetbridgeAccounts(config: try .localStack(port: port), store: store, options: options)
    }
    #endif

    /// All accounts that somebody has signed in to, by name. No network.
    public var all: [JetbridgeAccount] {
        get async throws(JetbridgeError) { try await ask { try await $0.list() } }
    }

    /// The name of the account to show when nobody names one: `default` until ``switchTo(_:)`` chose another. It stays when the
    /// account is signed out.
    public var current: String {
        get async throws(JetbridgeError) { try await ask { try await $0.current() } }
    }

    /// Makes this account the current one, also after a restart, and gives its session. Sessions that are open stay what they
    /// are. Somebody has to have signed in to it: else ``JetbridgeError/notFound(what:)``.
    @discardableResult
    public func switchTo(_ name: String) async throws(JetbridgeError) -> JetbridgeSession {
        try await ask { try await $0.switchTo(name: name) }
        return try session(for: name)
    }

    /// The session of this account; one that nobody has signed in to is new. The same object each time.
    ///
    /// A name has up to 64 letters, digits, `.`, `_` and `-`, no dot first; `Work` is `work`.
    /// The browser remembers who signed in: sign in to a further account with ``LoginOptions```(prompt: .login)`.
    public func session(for name: String) throws(JetbridgeError) -> JetbridgeSession {
        let opened: CoreSession
        do {
            opened = try CoreSession.open(config: config.core, store: store, options: options.with(account: name))
        } catch {
            throw JetbridgeError(error)
        }
        // Two spellings may be one name: the core knows.
        let name = opened.details().account
        if let session = sessions[name] { return session }
        let session = JetbridgeSession(config: config, core: opened)
        sessions[name] = session
        return session
    }

    /// Signs this account out, as ``JetbridgeSession/signOut(_:)`` does. The others stay signed in.
    @discardableResult
    public func signOut(
        _ name: String, _ mode: SignOutMode = .local
    ) async throws(JetbridgeError) -> SignOutResult {
        try await session(for: name).signOut(mode)
    }

    private func ask<Value: Sendable>(
        _ call: @escaping @Sendable (CoreAccounts) async throws -> Value
    ) async throws(JetbridgeError) -> Value {
        let answer: Result<Value, JetbridgeError> = await suspension.during { [core] in
            do { return .success(try await call(core)) } catch { return .failure(JetbridgeError(error)) }
        }
        return try answer.get()
    }
}

extension SessionOptions {
    /// The same, of this account.
    fileprivate func with(account: String) -> SessionOptions {
        SessionOptions(
            account: account, rootCertificatesPem: rootCertificatesPem, storeAwsCredentials: storeAwsCredentials,
            lockFolder: lockFolder, permittedIdentityPoolEndpoint: permittedIdentityPoolEndpoint)
    }
}
