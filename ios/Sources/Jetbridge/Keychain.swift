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
    public convenience init(
        bundle: Bundle = .main, appGroup: String? = nil, options: SessionOptions = SessionOptions()
    ) throws(JetbridgeError) {
        let options = try options.locking(in: appGroup)
        let store: any SecretStore
        // An app and its extensions have identifiers of their own, but one group.
        let service = appGroup ?? bundle.bundleIdentifier ?? "dev.jetbridge"
        do { store = try keychainStore(service: service, accessGroup: appGroup) } catch { throw JetbridgeError(error) }
        try self.init(bundle: bundle, store: store, options: options)
    }
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
