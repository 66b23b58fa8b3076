import Foundation
import JetbridgeFFI

/// A checked configuration: the texts of `okta-config.json` and `aws-exports.json`. It holds nothing secret.
public struct JetbridgeConfig: Sendable {
    let core: JetbridgeFFI.JetbridgeConfig

    /// Checks the two texts, and tells all mistakes at once.
    public init(oktaConfig: String, awsExports: String) throws(JetbridgeError) {
        do { core = try .parse(oktaJson: oktaConfig, awsJson: awsExports) } catch { throw JetbridgeError(error) }
    }

    /// Checks the two files of `bundle`.
    public init(bundle: Bundle) throws(JetbridgeError) {
        try self.init(
            oktaConfig: Self.text(of: "okta-config", bundle), awsExports: Self.text(of: "aws-exports", bundle))
    }

    /// The issuer, as written in the file.
    public var issuer: String { core.issuerUrl() }
    /// The client id of the Okta application.
    public var clientID: String { core.clientId() }
    /// Where Okta sends the browser after the sign-in.
    public var callbackURL: URL? { URL(string: core.callbackUrl()) }
    /// Where Okta sends the browser after a sign-out, if such an address is registered.
    public var logoutURL: URL? { core.logoutUrl().flatMap(URL.init(string:)) }
    /// The bucket to list.
    public var bucket: String { core.bucket() }

    private static func text(of name: String, _ bundle: Bundle) throws(JetbridgeError) -> String {
        guard let file = bundle.url(forResource: name, withExtension: "json"),
            let text = try? String(contentsOf: file, encoding: .utf8)
        else { throw .configurationFileMissing(file: "\(name).json") }
        return text
    }
}
