// Signing in over a window that the app names: an app with several cannot leave it to the system.
import AuthenticationServices
import JetbridgeFFI
import SwiftUI

#if canImport(UIKit)
import UIKit
#endif

extension JetbridgeSessionProtocol {
    /// As ``signIn(options:browser:)``, in the system's sheet over this window.
    @discardableResult
    public func signIn(
        options: LoginOptions = LoginOptions(), from window: ASPresentationAnchor
    ) async throws(JetbridgeError) -> SessionState {
        try await signIn(options: options, browser: WebAuthenticationBrowser(from: window))
    }

    #if canImport(UIKit)
    /// As ``signIn(options:browser:)``, in the system's sheet over the window in front of this scene.
    @discardableResult
    public func signIn(
        options: LoginOptions = LoginOptions(), from scene: UIWindowScene
    ) async throws(JetbridgeError) -> SessionState {
        try await signIn(options: options, browser: WebAuthenticationBrowser { [weak scene] in scene?.front })
    }
    #endif

    /// As ``signIn(options:browser:)``, in the system's sheet over the view whose environment this is from:
    /// `@Environment(\.webAuthenticationSession)`.
    @discardableResult
    public func signIn(
        options: LoginOptions = LoginOptions(), using webAuthenticationSession: WebAuthenticationSession
    ) async throws(JetbridgeError) -> SessionState {
        try await signIn(options: options, browser: WebAuthenticationBrowser(using: webAuthenticationSession))
    }
}
