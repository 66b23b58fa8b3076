// As much of Accessibility as the app uses, so that Linux can compile it. Versions and isolation are those of
// developer.apple.com/documentation/accessibility (read in November 2026). What Apple does not have is marked "For tests".
import Foundation

/// iOS 17, macOS 14, visionOS 1. Of no actor. https://developer.apple.com/documentation/accessibility/accessibilitynotification
public enum AccessibilityNotification {
    /// iOS 17, macOS 14, visionOS 1.
    /// https://developer.apple.com/documentation/accessibility/accessibilitynotification/announcement
    public struct Announcement {
        private let announcement: String
        /// iOS 17, macOS 14, visionOS 1. https://onestack.dev/ios-reference/Accessibility/AccessibilityNotification.Announcement
        /// has the declaration of https://developer.apple.com/documentation/accessibility/accessibilitynotification/announcement
        public init(_ announcement: String) { self.announcement = announcement }
        /// iOS 17, macOS 14, visionOS 1.
        /// https://developer.apple.com/documentation/accessibility/accessibilitynotification/announcement/post()
        public func post() {}
    }
}
