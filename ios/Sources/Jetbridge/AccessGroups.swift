import Foundation
import JetbridgeFFI
import Security

/// The keychain's access groups of this app. No function of the system tells an app on iOS what they are; an item that was
/// made without naming one does.
///
/// An app's groups are those of Keychain Sharing, then its own application identifier, which is the prefix of its signature
/// and its bundle identifier, then its App Groups; the first is where such an item goes. Apple:
/// [Sharing access to keychain items among a collection of apps](https://developer.apple.com/documentation/security/sharing-access-to-keychain-items-among-a-collection-of-apps);
/// `extractAccessGroup` in securityd's server.c and `_SecItemAdd` in its SecItemServer.c (apple-open-source/macos).
struct AccessGroups: Equatable {
    /// Where items go that name none.
    var first: String?
    /// The group of this app alone, whatever capabilities it gets; ``first`` where that is not known.
    var own: String?

    private static let service = "dev.jetbridge.probe"

    /// None without entitlements: an app that is not signed has no keychain, which the core tells better. Throws
    /// `StorageError.Unavailable` as long as the device is locked.
    static func find(of bundleIdentifier: String) throws -> AccessGroups {
        defer {
            SecItemDelete(
                [kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecUseDataProtectionKeychain: true]
                    as [CFString: Any] as CFDictionary)
        }
        guard let first = try group(ofItemIn: nil) else { return AccessGroups() }
        // Every group of an app has the prefix, but for its App Groups, which come last.
        let own = "\(first.prefix { $0 != "." }).\(bundleIdentifier)"
        return AccessGroups(first: first, own: try group(ofItemIn: own) ?? first)
    }

    /// Makes an item, and tells where it went; `nil` if the app may not make it.
    private static func group(ofItemIn group: String?) throws -> String? {
        var item: [CFString: Any] = [
            kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecAttrAccount: group ?? "first",
            kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, kSecValueData: Data([0]),
            // Of a Mac's two keychains the one that has groups.
            kSecUseDataProtectionKeychain: true, kSecReturnAttributes: true,
        ]
        item[kSecAttrAccessGroup] = group
        var made: CFTypeRef?
        var status = SecItemAdd(item as CFDictionary, &made)
        if status == errSecDuplicateItem {
            // Of a process that was ended in between.
            item[kSecValueData] = nil
            status = SecItemCopyMatching(item as CFDictionary, &made)
        }
        switch status {
        case errSecSuccess: return (made as? [String: Any])?[kSecAttrAccessGroup as String] as? String
        case errSecMissingEntitlement: return nil
        default: throw StorageError.Unavailable(detail: "the keychain cannot be used now (OSStatus \(status))")
        }
    }
}
