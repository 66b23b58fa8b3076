// What iOS's Foundation has and Linux's lacks, as far as the package uses it.
import Foundation

private final class Activities: @unchecked Sendable {
    static let shared = Activities()
    private let lock = NSLock()
    private var running: [UUID: @Sendable (Bool) -> Void] = [:]

    func perform(_ block: @escaping @Sendable (Bool) -> Void) {
        let id = UUID()
        lock.withLock { running[id] = block }
        Thread.detachNewThread {
            block(false)
            self.lock.withLock { self.running[id] = nil }
        }
    }

    func expire() { for block in lock.withLock({ running.values }) { block(true) } }
}

extension ProcessInfo {
    /// Keeps a thread for as long as the work lasts, as iOS does. The time is over when a test says so.
    public func performExpiringActivity(withReason reason: String, using block: @escaping @Sendable (Bool) -> Void) {
        Activities.shared.perform(block)
    }

    /// What iOS does when the app has been in the background for too long.
    public func expireActivities() { Activities.shared.expire() }
}

extension FileManager {
    /// A process has no app groups here.
    public func containerURL(forSecurityApplicationGroupIdentifier groupIdentifier: String) -> URL? { nil }
}
