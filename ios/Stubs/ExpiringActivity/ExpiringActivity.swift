// The one call of iOS's Foundation that Linux's lacks. It keeps a thread for as long as the work lasts, as iOS does, and
// never suspends the process.
import Foundation

extension ProcessInfo {
    public func performExpiringActivity(withReason reason: String, using block: @escaping @Sendable (Bool) -> Void) {
        Thread.detachNewThread { block(false) }
    }
}
