// As much of AuthenticationServices as the package uses, so that Linux can compile it. A test plays the system.
@_exported import Foundation
import UIKit

public typealias ASPresentationAnchor = UIWindow

@MainActor public protocol ASWebAuthenticationPresentationContextProviding: NSObjectProtocol {
    func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor
}

public struct ASWebAuthenticationSessionError: CustomNSError, @unchecked Sendable {
    public enum Code: Int, Sendable {
        case canceledLogin = 1
        case presentationContextNotProvided, presentationContextInvalid
    }

    public static var errorDomain: String { "com.apple.AuthenticationServices.WebAuthenticationSession" }
    public let code: Code
    public let errorUserInfo: [String: Any]
    public var errorCode: Int { code.rawValue }

    public init(_ code: Code, userInfo: [String: Any] = [:]) {
        self.code = code
        errorUserInfo = userInfo
    }
}

@MainActor open class ASWebAuthenticationSession: NSObject {
    /// Apple's has no `@Sendable`, but is called on a queue of the system's: a closure of the main actor would trap there.
    public typealias CompletionHandler = @Sendable (URL?, (any Error)?) -> Void

    public enum Callback: Equatable, Sendable {
        case customScheme(String)
        case https(host: String, path: String)
    }

    /// What a test has in the place of the system: says whether the sheet was shown.
    public static var system: (ASWebAuthenticationSession) -> Bool = { _ in false }

    public let url: URL
    public let callback: Callback?
    public let completionHandler: CompletionHandler
    public private(set) var isCancelled = false
    public weak var presentationContextProvider: (any ASWebAuthenticationPresentationContextProviding)?
    public var prefersEphemeralWebBrowserSession = false

    public convenience init(url URL: URL, callbackURLScheme: String?, completionHandler: @escaping CompletionHandler) {
        self.init(URL, callbackURLScheme.map { .customScheme($0) }, completionHandler)
    }

    public convenience init(url URL: URL, callback: Callback, completionHandler: @escaping CompletionHandler) {
        self.init(URL, callback, completionHandler)
    }

    private init(_ url: URL, _ callback: Callback?, _ completionHandler: @escaping CompletionHandler) {
        self.url = url
        self.callback = callback
        self.completionHandler = completionHandler
    }

    public func start() -> Bool { Self.system(self) }
    public func cancel() { isCancelled = true }
}
