// As much of AuthenticationServices as the package uses, so that Linux can compile it. A test plays the system.
//
// Isolation and versions are those of developer.apple.com/documentation/authenticationservices (read in November 2026, with
// SDK 27.3), and of objc2's bindings, which are generated from the headers (madsmtm/objc2-generated, its commits "Update to
// Xcode 15.4" to "26.5"). What Apple does not have is marked "For tests".
@_exported import Foundation
import SwiftUI

#if canImport(UIKit)
import UIKit

/// iOS 12, visionOS 1. https://developer.apple.com/documentation/authenticationservices/aspresentationanchor
public typealias ASPresentationAnchor = UIWindow
#else
import AppKit

/// macOS 10.15. https://developer.apple.com/documentation/authenticationservices/aspresentationanchor
public typealias ASPresentationAnchor = NSWindow
#endif

#if XCODE_15
/// iOS 13, macOS 10.15, visionOS 1. Without isolation up to Xcode 15.4 (objc2-generated before its "Update to Xcode 16.0
/// Beta 1"). No Xcode that builds this package has it so; it is here so that nothing rests on the other.
/// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationpresentationcontextproviding
public protocol ASWebAuthenticationPresentationContextProviding: NSObjectProtocol {
    func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor
}
#else
/// iOS 13, macOS 10.15, visionOS 1. Main actor: `MainThreadOnly` in objc2-generated from "Update to Xcode 16.0 Beta 1" to
/// "26.5", and `@MainActor` in Apple's documentation of SDK 27.3. swift-huggingface builds against it with 16.0 and 26.0.
/// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationpresentationcontextproviding
@MainActor public protocol ASWebAuthenticationPresentationContextProviding: NSObjectProtocol {
    func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor
}
#endif

/// iOS 12, macOS 10.15, visionOS 1. An error of Objective-C's, bridged.
/// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsessionerror
public struct ASWebAuthenticationSessionError: CustomNSError, @unchecked Sendable {
    /// iOS 12, macOS 10.15, visionOS 1; the second and third from iOS 13 on. Numbers as in objc2-generated.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsessionerror/code
    public enum Code: Int, Sendable {
        case canceledLogin = 1
        case presentationContextNotProvided, presentationContextInvalid
    }

    /// iOS 12, macOS 10.15, visionOS 1.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsessionerrordomain
    public static var errorDomain: String { "com.apple.AuthenticationServices.WebAuthenticationSession" }
    /// iOS 12, macOS 10.15, visionOS 1.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsessionerror/code
    public let code: Code
    /// iOS 12, macOS 10.15, visionOS 1.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsessionerror/erroruserinfo
    public let errorUserInfo: [String: Any]
    /// For tests: how the bridge is made on Linux.
    public var errorCode: Int { code.rawValue }

    /// For tests: Apple's come from the system.
    public init(_ code: Code, userInfo: [String: Any] = [:]) {
        self.code = code
        errorUserInfo = userInfo
    }
}

/// iOS 12, macOS 10.15, visionOS 1. Of no actor, and not `Sendable`, in all editions.
/// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession
open class ASWebAuthenticationSession: NSObject {
    /// iOS 12, macOS 10.15, visionOS 1. Not `Sendable`, but called on a queue of the system's: a closure that belongs to
    /// the main actor traps there.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/completionhandler
    public typealias CompletionHandler = (URL?, (any Error)?) -> Void

    /// iOS 17.4, macOS 14.4, visionOS 1.1. A class, `Sendable` (objc2-generated: `Send` and `Sync`).
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/callback
    open class Callback: NSObject, @unchecked Sendable {
        private let pattern: [String]
        /// For tests: Apple's are made by the two below.
        public required init(_ pattern: [String]) { self.pattern = pattern }
        /// For tests.
        override open func isEqual(_ object: Any?) -> Bool { (object as? Callback)?.pattern == pattern }
        /// For tests.
        override open var hash: Int { pattern.hashValue }

        /// iOS 17.4, macOS 14.4, visionOS 1.1.
        /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/callback/customscheme(_:)
        public class func customScheme(_ customScheme: String) -> Self { Self([customScheme]) }
        /// iOS 17.4, macOS 14.4, visionOS 1.1.
        /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/callback/https(host:path:)
        public class func https(host: String, path: String) -> Self { Self([host, path]) }
    }

    /// For tests, which play the system: says whether the sheet was shown.
    @MainActor public static var system: (ASWebAuthenticationSession) -> Bool = { _ in false }
    /// For tests.
    public let url: URL
    /// For tests.
    public let callback: Callback?
    /// For tests: as the system holds it, which knows of no isolation.
    public let answer: @Sendable (URL?, (any Error)?) -> Void
    /// For tests.
    public private(set) var isCancelled = false

    /// iOS 13, macOS 10.15, visionOS 1.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/presentationcontextprovider
    public weak var presentationContextProvider: (any ASWebAuthenticationPresentationContextProviding)?
    /// iOS 13, macOS 10.15, visionOS 1.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/prefersephemeralwebbrowsersession
    public var prefersEphemeralWebBrowserSession = false

    /// iOS 12, macOS 10.15, visionOS 1; deprecated in 27 in favour of the callback.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/init(url:callbackurlscheme:completionhandler:)-7fpox
    public convenience init(url URL: URL, callbackURLScheme: String?, completionHandler: @escaping CompletionHandler) {
        self.init(URL, callbackURLScheme.map { .customScheme($0) }, completionHandler)
    }

    /// iOS 17.4, macOS 14.4, visionOS 1.1.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/init(url:callback:completionhandler:)-6nut7
    public convenience init(url URL: URL, callback: Callback, completionHandler: @escaping CompletionHandler) {
        self.init(URL, callback, completionHandler)
    }

    private init(_ url: URL, _ callback: Callback?, _ completionHandler: @escaping CompletionHandler) {
        self.url = url
        self.callback = callback
        nonisolated(unsafe) let handler = completionHandler
        answer = { handler($0, $1) }
    }

    /// iOS 12, macOS 10.15, visionOS 1. Asks for the window at once, on the main thread.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/start()
    public func start() -> Bool {
        nonisolated(unsafe) let sheet = self
        return MainActor.assumeIsolated { Self.system(sheet) }
    }

    /// iOS 12, macOS 10.15, visionOS 1.
    /// https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession/cancel()
    public func cancel() { isCancelled = true }
}
