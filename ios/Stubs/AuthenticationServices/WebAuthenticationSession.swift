// SwiftUI's way to the sheet: what Apple has in an overlay that is there where a file imports both modules.
import Foundation
import SwiftUI

/// iOS 16.4, macOS 13.3, visionOS 1. Main actor, and so `Sendable`.
/// https://developer.apple.com/documentation/authenticationservices/webauthenticationsession
@MainActor public struct WebAuthenticationSession {
    /// iOS 16.4, macOS 13.3, visionOS 1. A plain value; whether `Sendable` is not documented.
    /// https://developer.apple.com/documentation/authenticationservices/webauthenticationsession/browsersession
    public struct BrowserSession {
        /// For tests.
        public let isEphemeral: Bool
        /// iOS 16.4, macOS 13.3, visionOS 1.
        /// https://developer.apple.com/documentation/authenticationservices/webauthenticationsession/browsersession/shared
        public static var shared: BrowserSession { BrowserSession(isEphemeral: false) }
        /// iOS 16.4, macOS 13.3, visionOS 1.
        /// https://developer.apple.com/documentation/authenticationservices/webauthenticationsession/browsersession/ephemeral
        public static var ephemeral: BrowserSession { BrowserSession(isEphemeral: true) }
    }

    /// For tests: what the page was opened with.
    public struct Page: Sendable {
        /// For tests.
        public let url: URL
        /// For tests.
        public let callback: ASWebAuthenticationSession.Callback
        /// For tests.
        public let isEphemeral: Bool?
    }

    /// For tests, which play the system.
    public static var system: (Page) async throws -> URL = { _ in throw CancellationError() }

    /// For tests: Apple's comes from the environment only.
    public nonisolated init() {}

    /// iOS 17.4, macOS 14.4, visionOS 1.1. Main actor. Throws `ASWebAuthenticationSessionError`.
    /// https://developer.apple.com/documentation/authenticationservices/webauthenticationsession/authenticate(using:callback:preferredbrowsersession:additionalheaderfields:)
    public func authenticate(
        using url: URL, callback: ASWebAuthenticationSession.Callback, preferredBrowserSession: BrowserSession? = nil,
        additionalHeaderFields: [String: String]
    ) async throws -> URL {
        try await Self.system(Page(url: url, callback: callback, isEphemeral: preferredBrowserSession?.isEphemeral))
    }

    /// iOS 16.4, macOS 13.3, visionOS 1; deprecated in 27.0, but for visionOS. Main actor.
    /// https://developer.apple.com/documentation/authenticationservices/webauthenticationsession/authenticate(using:callbackurlscheme:preferredbrowsersession:)
    public func authenticate(
        using url: URL, callbackURLScheme: String, preferredBrowserSession: BrowserSession? = nil
    ) async throws -> URL {
        try await Self.system(
            Page(
                url: url, callback: .customScheme(callbackURLScheme), isEphemeral: preferredBrowserSession?.isEphemeral)
        )
    }
}

extension EnvironmentValues {
    /// iOS 16.4, macOS 13.3. Of no actor. https://developer.apple.com/documentation/swiftui/environmentvalues/webauthenticationsession
    public var webAuthenticationSession: WebAuthenticationSession { WebAuthenticationSession() }
}
