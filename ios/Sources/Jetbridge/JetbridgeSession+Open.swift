import Foundation
import JetbridgeFFI

extension JetbridgeSession {
    /// As ``init(bundle:appGroup:options:)``, kept in a store of the app's own.
    public convenience init(
        bundle: Bundle = .main, store: any SecretStore, options: SessionOptions = SessionOptions()
    ) throws(JetbridgeError) {
        try self.init(config: Self.config(bundle: bundle), store: store, options: options)
    }

    /// As ``init(bundle:store:options:)``, for a configuration that does not come from files of the app.
    public convenience init(
        config: JetbridgeConfig, store: any SecretStore, options: SessionOptions = SessionOptions()
    ) throws(JetbridgeError) {
        let core: CoreSession
        do { core = try CoreSession.open(config: config, store: store, options: options) } catch {
            throw JetbridgeError(error)
        }
        self.init(config: config, core: core)
    }

    /// Checks the texts of the two configuration files, and tells all mistakes at once.
    public nonisolated static func config(
        oktaConfig: String, awsExports: String
    ) throws(JetbridgeError) -> JetbridgeConfig {
        do { return try .parse(oktaJson: oktaConfig, awsJson: awsExports) } catch { throw JetbridgeError(error) }
    }

    /// Checks `okta-config.json` and `aws-exports.json` of `bundle`.
    public nonisolated static func config(bundle: Bundle) throws(JetbridgeError) -> JetbridgeConfig {
        try config(oktaConfig: text(of: "okta-config", bundle), awsExports: text(of: "aws-exports", bundle))
    }

    private nonisolated static func text(of name: String, _ bundle: Bundle) throws(JetbridgeError) -> String {
        guard let file = bundle.url(forResource: name, withExtension: "json"),
            let text = try? String(contentsOf: file, encoding: .utf8)
        else { throw .configurationFileMissing(file: "\(name).json") }
        return text
    }
}
