// What the package uses of Apple's keychain, for one process whose entitlements and lock a test sets. It answers as
// Apple's does:
//
// - An item is of one group. Made without naming one it goes to the first of the process; one of another process is refused
//   with errSecMissingEntitlement, and so is everything of a process that has none (developer.apple.com/documentation/
//   security/ksecattraccessgroup; extractAccessGroup in securityd's server.c, _SecItemAdd in SecItemServer.c, in
//   apple-open-source/macos).
// - A process without entitlements is told that nothing is there when it reads (measured by others; not documented).
// - Class, account, service and group make an item unique: errSecDuplicateItem (developer.apple.com/documentation/security/
//   errsecduplicateitem, and the primary keys of SecItemSchema.c).
// - Before the first unlock: errSecInteractionNotAllowed (developer.apple.com/documentation/security/
//   errsecinteractionnotallowed).
//
// The functions and constants are of no actor: they are C's, without annotations (SecItem.h of the macOS 15 SDK, from
// memory).
import Foundation

public typealias OSStatus = Int32
public typealias CFString = String
public typealias CFTypeRef = AnyObject
public typealias CFDictionary = [String: Any]

public let errSecSuccess: OSStatus = 0
public let errSecDuplicateItem: OSStatus = -25299
public let errSecItemNotFound: OSStatus = -25300
public let errSecInteractionNotAllowed: OSStatus = -25308
public let errSecMissingEntitlement: OSStatus = -34018

public let kSecClass: CFString = "class"
public let kSecClassGenericPassword: CFString = "genp"
public let kSecAttrService: CFString = "svce"
public let kSecAttrAccount: CFString = "acct"
public let kSecAttrAccessGroup: CFString = "agrp"
public let kSecAttrAccessible: CFString = "pdmn"
public let kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly: CFString = "cku"
public let kSecValueData: CFString = "v_Data"
public let kSecUseDataProtectionKeychain: CFString = "nleg"
public let kSecReturnAttributes: CFString = "r_Attributes"

/// The process, as a test wants it to be, and the keychain that all processes share.
public final class KeychainOfTests: @unchecked Sendable {
    public static let shared = KeychainOfTests()
    private let lock = NSLock()
    private var groups: [String] = []
    private var isLocked = false
    private var items: [[String: String]] = []

    /// What the process is signed with: the groups of Keychain Sharing, its application identifier, its App Groups.
    public func sign(with groups: [String]) { lock.withLock { self.groups = groups } }

    public func setLocked(_ isLocked: Bool) { lock.withLock { self.isLocked = isLocked } }

    /// How many items there are, of whatever group.
    public var count: Int { lock.withLock { items.count } }

    fileprivate func add(_ attributes: CFDictionary) -> (OSStatus, [String: String]?) {
        lock.withLock {
            guard let first = groups.first else { return (errSecMissingEntitlement, nil) }
            let group = attributes[kSecAttrAccessGroup] as? String ?? first
            guard groups.contains(group) else { return (errSecMissingEntitlement, nil) }
            if isLocked { return (errSecInteractionNotAllowed, nil) }
            var item = keys(of: attributes)
            item[kSecAttrAccessGroup] = group
            if items.contains(item) { return (errSecDuplicateItem, nil) }
            items.append(item)
            return (errSecSuccess, item)
        }
    }

    fileprivate func find(_ query: CFDictionary) -> (OSStatus, [String: String]?) {
        lock.withLock {
            guard let item = items.first(where: { matches($0, query) }) else { return (errSecItemNotFound, nil) }
            return isLocked ? (errSecInteractionNotAllowed, nil) : (errSecSuccess, item)
        }
    }

    fileprivate func remove(_ query: CFDictionary) -> OSStatus {
        lock.withLock {
            if groups.isEmpty { return errSecMissingEntitlement }
            let before = items.count
            items.removeAll { matches($0, query) }
            return items.count == before ? errSecItemNotFound : errSecSuccess
        }
    }

    private func keys(of attributes: CFDictionary) -> [String: String] {
        [kSecClass, kSecAttrService, kSecAttrAccount].reduce(into: [:]) { $0[$1] = attributes[$1] as? String }
    }

    private func matches(_ item: [String: String], _ query: CFDictionary) -> Bool {
        guard let group = item[kSecAttrAccessGroup], groups.contains(group) else { return false }
        let wanted = query[kSecAttrAccessGroup] as? String
        return (wanted == nil || wanted == group) && keys(of: query).allSatisfy { item[$0.key] == $0.value }
    }
}

// swift-format-ignore: AlwaysUseLowerCamelCase
@discardableResult
public func SecItemAdd(_ attributes: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus {
    let (status, item) = KeychainOfTests.shared.add(attributes)
    result?.pointee = item.map { $0 as NSDictionary }
    return status
}

// swift-format-ignore: AlwaysUseLowerCamelCase
@discardableResult
public func SecItemCopyMatching(_ query: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus {
    let (status, item) = KeychainOfTests.shared.find(query)
    result?.pointee = item.map { $0 as NSDictionary }
    return status
}

// swift-format-ignore: AlwaysUseLowerCamelCase
@discardableResult
public func SecItemDelete(_ query: CFDictionary) -> OSStatus { KeychainOfTests.shared.remove(query) }
