// Which window a sheet belongs over when the app does not say.
import AuthenticationServices

#if canImport(UIKit)
import UIKit

@available(iOSApplicationExtension, unavailable)
@MainActor
enum WindowInFront {
    /// The window that the user most likely looks at; none rather than one that shows nothing, or that nobody can touch.
    static func find() -> ASPresentationAnchor? {
        let scenes = UIApplication.shared.connectedScenes.compactMap { $0 as? UIWindowScene }.filter(\.isTouched)
        let inFront =
            scenes.filter { $0.activationState == .foregroundActive }
            + scenes.filter { $0.activationState == .foregroundInactive }
        return inFront.lazy.compactMap(\.front).first
    }
}

extension UIWindowScene {
    /// The window that has the keyboard, or the last that came.
    var front: UIWindow? { keyWindow ?? windows.last }

    /// An external display, and what accompanies the camera, are scenes too.
    fileprivate var isTouched: Bool {
        if session.role == .windowApplication { return true }
        #if compiler(>=6.2)
        if #available(iOS 26, visionOS 26, *) { return session.role == .windowAssistiveAccessApplication }
        #endif
        return false
    }
}
#else
import AppKit

@MainActor
enum WindowInFront {
    /// The key window, or while the app is not active its main one.
    static func find() -> ASPresentationAnchor? { NSApplication.shared.keyWindow ?? NSApplication.shared.mainWindow }
}
#endif
