import Foundation

#if canImport(UIKit)
import UIKit
#endif

/// Notifications of the system for as long as this object lives.
final class Notifications: Sendable {
    private struct Token: @unchecked Sendable { let observer: any NSObjectProtocol }

    private let tokens = Locked<[Token]>([])

    deinit {
        for token in tokens.with(\.self) { NotificationCenter.default.removeObserver(token.observer) }
    }

    func on(_ name: Notification.Name, _ react: @escaping @Sendable () -> Void) {
        let observer = NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil) { _ in react() }
        let token = Token(observer: observer)
        tokens.with { $0.append(token) }
    }

    /// An app is told by the first, an extension by the second.
    static var appLeavesForeground: [Notification.Name] {
        #if os(iOS)
        [UIApplication.didEnterBackgroundNotification, .NSExtensionHostDidEnterBackground]
        #elseif canImport(UIKit)
        [UIApplication.didEnterBackgroundNotification]
        #else
        []
        #endif
    }
}
