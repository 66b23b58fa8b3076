// As much of UIKit as the package uses, so that Linux can compile it. Nothing here shows anything.
//
// Isolation and versions are those of developer.apple.com/documentation/uikit (read in November 2026, with SDK 27.3), and
// of objc2's bindings, which are generated from the headers (madsmtm/objc2-generated, its commits "Update to Xcode 16.0"
// to "26.5"): all classes here are `MainThreadOnly` in all of them. What Apple does not have is marked "For tests".
@_exported import Foundation

/// iOS 2, visionOS 1. Main actor, and so `Sendable`. https://developer.apple.com/documentation/uikit/uiwindow
@MainActor open class UIWindow: NSObject {
    /// iOS 13, visionOS 1. https://developer.apple.com/documentation/uikit/uiwindow/init(windowscene:)
    public init(windowScene: UIWindowScene) {}
    /// iOS 2, visionOS 1: a window without a scene, which never shows anything, so nobody may need it here.
    /// https://developer.apple.com/documentation/uikit/uiwindow
    @available(*, unavailable)
    override public nonisolated init() { fatalError() }
}

/// iOS 13, visionOS 1. Main actor. https://developer.apple.com/documentation/uikit/uiscene
@MainActor open class UIScene: NSObject {
    /// iOS 13, visionOS 1. A plain value. https://developer.apple.com/documentation/uikit/uiscene/activationstate-swift.enum
    public enum ActivationState: Int, Sendable {
        case unattached = -1
        case foregroundActive, foregroundInactive, background
    }

    /// iOS 13, visionOS 1. Before a scene is in the foreground, at its first time, too.
    /// https://developer.apple.com/documentation/uikit/uiscene/willenterforegroundnotification
    public nonisolated static let willEnterForegroundNotification = Notification.Name("UISceneWillEnterForegroundNotification")
    /// iOS 13, visionOS 1. Main actor. https://developer.apple.com/documentation/uikit/uiscene/activationstate-swift.property
    public let activationState: ActivationState
    /// iOS 13, visionOS 1. Main actor. https://developer.apple.com/documentation/uikit/uiscene/session
    public let session: UISceneSession

    /// For tests: Apple's scenes are made by the system.
    public init(playing role: UISceneSession.Role, _ activationState: ActivationState) {
        session = UISceneSession(role)
        self.activationState = activationState
    }
}

/// iOS 13, visionOS 1. Main actor. https://developer.apple.com/documentation/uikit/uiscenesession
@MainActor open class UISceneSession: NSObject {
    /// iOS 13, visionOS 1. A plain value, of any text. https://developer.apple.com/documentation/uikit/uiscenesession/role-swift.struct
    public struct Role: RawRepresentable, Hashable, Sendable {
        /// iOS 13, visionOS 1. https://developer.apple.com/documentation/uikit/uiscenesession/role-swift.struct
        public let rawValue: String
        /// iOS 13, visionOS 1. https://developer.apple.com/documentation/uikit/uiscenesession/role-swift.struct/init(rawvalue:)
        public init(rawValue: String) { self.rawValue = rawValue }
        /// iOS 13, visionOS 1. Windows that a person can touch, on any display.
        /// https://developer.apple.com/documentation/uikit/uiscenesession/role-swift.struct/windowapplication
        public static let windowApplication = Role(rawValue: "UIWindowSceneSessionRoleApplication")
        /// iOS 16, visionOS 1. Windows that nobody can touch.
        /// https://developer.apple.com/documentation/uikit/uiscenesession/role-swift.struct/windowexternaldisplaynoninteractive
        public static let windowExternalDisplayNonInteractive = Role(
            rawValue: "UIWindowSceneSessionRoleExternalDisplayNonInteractive")
        #if compiler(>=6.2)  // Xcode 26
        /// iOS 26, visionOS 26. What an app with a scene for Assistive Access has there in place of the first.
        /// https://developer.apple.com/documentation/uikit/uiscenesession/role-swift.struct/windowassistiveaccessapplication
        public static let windowAssistiveAccessApplication = Role(
            rawValue: "UIWindowSceneSessionRoleAssistiveAccessApplication")
        #endif
    }

    /// iOS 13, visionOS 1. Main actor. https://developer.apple.com/documentation/uikit/uiscenesession/role-swift.property
    public let role: Role

    fileprivate init(_ role: Role) { self.role = role }
}

/// iOS 13, visionOS 1. Main actor. https://developer.apple.com/documentation/uikit/uiwindowscene
@MainActor open class UIWindowScene: UIScene {
    /// iOS 13, visionOS 1. Main actor. https://developer.apple.com/documentation/uikit/uiwindowscene/windows
    public internal(set) var windows: [UIWindow] = []
    /// iOS 15, visionOS 1. Main actor: each scene has one of its own, so it tells no scene from another.
    /// https://developer.apple.com/documentation/uikit/uiwindowscene/keywindow
    public internal(set) var keyWindow: UIWindow?

    /// For tests: a scene with these many windows, of which the last is the key window, unless none is.
    public convenience init(
        playing role: UISceneSession.Role, _ activationState: ActivationState, windows count: Int,
        hasKeyWindow: Bool = true
    ) {
        self.init(playing: role, activationState)
        windows = (0..<count).map { _ in UIWindow(windowScene: self) }
        keyWindow = hasKeyWindow ? windows.last : nil
    }
}

/// iOS 2, visionOS 1. Main actor. https://developer.apple.com/documentation/uikit/uiapplication
@MainActor open class UIApplication: NSObject {
    /// For tests, which play the system.
    public static var scenes: Set<UIScene> = []

    /// iOS 2, visionOS 1; not in extensions. Main actor. https://developer.apple.com/documentation/uikit/uiapplication/shared
    public static let shared = UIApplication()
    /// iOS 13, visionOS 1. Main actor; in no order, external displays among them.
    /// https://developer.apple.com/documentation/uikit/uiapplication/connectedscenes
    public var connectedScenes: Set<UIScene> { Self.scenes }
    /// iOS 4, visionOS 1. https://developer.apple.com/documentation/uikit/uiapplication/protecteddatadidbecomeavailablenotification
    public nonisolated static let protectedDataDidBecomeAvailableNotification =
        Notification.Name("UIApplicationProtectedDataDidBecomeAvailable")
    /// iOS 4, visionOS 1. https://developer.apple.com/documentation/uikit/uiapplication/didenterbackgroundnotification
    public nonisolated static let didEnterBackgroundNotification =
        Notification.Name("UIApplicationDidEnterBackgroundNotification")
    /// iOS 4, visionOS 1. https://developer.apple.com/documentation/uikit/uiapplication/willenterforegroundnotification
    public nonisolated static let willEnterForegroundNotification =
        Notification.Name("UIApplicationWillEnterForegroundNotification")

    override nonisolated init() {}
}

/// iOS 3, visionOS 1. Of no actor (the documentation has `class UIPasteboard`, where `UIWindow` has `@MainActor`; firefox-ios reads
/// it off the main thread, BrowserKit, UIPasteboardExtension.swift). https://developer.apple.com/documentation/uikit/uipasteboard
open class UIPasteboard: NSObject {
    private nonisolated(unsafe) static let theGeneral = UIPasteboard()
    /// iOS 3, visionOS 1. https://developer.apple.com/documentation/uikit/uipasteboard/general
    public class var general: UIPasteboard { theGeneral }
    /// iOS 3, visionOS 1. https://developer.apple.com/documentation/uikit/uipasteboard/string
    open var string: String?
}
