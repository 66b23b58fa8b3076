import Foundation
import JetbridgeFFI

extension JetbridgeSession {
    /// As ``init(bundle:appGroup:options:)``, kept in a store of the app's own, or in ``MemorySecretStore``.
    public convenience init(
        bundle: Bundle = .main, store: any SecretStore, options: SessionOptions = SessionOptions()
    ) throws(JetbridgeError) {
        try self.init(config: JetbridgeConfig(bundle: bundle), store: store, options: options)
    }

    /// As ``init(bundle:store:options:)``, for a configuration that does not come from files of the app.
    public convenience init(
        config: JetbridgeConfig, store: any SecretStore, options: SessionOptions = SessionOptions()
    ) throws(JetbridgeError) {
        let core: CoreSession
        do { core = try CoreSession.open(config: config.core, store: store, options: options) } catch {
            throw JetbridgeError(error)
        }
        self.init(config: config, core: core)
    }

    #if DEBUG
    /// A session with the local stack on this Mac (`jetbridge local-stack --port 9400`), whose loopback the simulator
    /// shares. Nothing is kept unless a store is given. There is none in a release build, of the app or of the core.
    public static func localStack(
        port: UInt16 = 9400, store: any SecretStore = .memory, options: SessionOptions = SessionOptions()
    ) throws(JetbridgeError) -> JetbridgeSession {
        try JetbridgeSession(config: .localStack(port: port), store: store, options: options)
    }
    #endif
}

#if DEBUG
extension JetbridgeConfig {
    /// The configuration that the local stack writes when its first port is this one.
    static func localStack(port: UInt16) throws(JetbridgeError) -> JetbridgeConfig {
        do { return try JetbridgeConfig(.localStack(port: port)) } catch { throw JetbridgeError(error) }
    }

    private init(_ core: JetbridgeFFI.JetbridgeConfig) { self.core = core }
}
#endif
