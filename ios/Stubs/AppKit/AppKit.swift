// As much of AppKit as the package uses on a Mac, so that Linux can check the types of that part. Nothing runs it.
//
// Isolation and versions: developer.apple.com/documentation/appkit (read in November 2026); objc2-generated has both
// classes `MainThreadOnly`.
@_exported import Foundation

/// macOS 10. Main actor, and so `Sendable`. https://developer.apple.com/documentation/appkit/nswindow
@MainActor open class NSWindow: NSObject {
    /// macOS 10: a window that is on no screen, so nobody may need it here.
    /// https://developer.apple.com/documentation/appkit/nswindow
    @available(*, unavailable)
    override public nonisolated init() { fatalError() }
}

/// macOS 10. Main actor. https://developer.apple.com/documentation/appkit/nsapplication
@MainActor open class NSApplication: NSObject {
    /// macOS 10. Main actor. https://developer.apple.com/documentation/appkit/nsapplication/shared
    public static let shared = NSApplication()
    /// macOS 10. Main actor; none while the app is not active.
    /// https://developer.apple.com/documentation/appkit/nsapplication/keywindow
    public var keyWindow: NSWindow? { nil }
    /// macOS 10. Main actor. https://developer.apple.com/documentation/appkit/nsapplication/mainwindow
    public var mainWindow: NSWindow? { nil }

    override nonisolated init() {}
}
