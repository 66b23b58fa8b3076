import Foundation

#if os(Linux)
import AppleFoundation
#endif

/// Asks iOS not to suspend the app in the middle of a renewal: a rotated refresh token would be lost, or a file lock held,
/// for which iOS ends the app. It works in extensions too.
///
/// Any number of calls at once share one activity, because each keeps a thread of the system waiting.
final class SuspensionGuard: Sendable {
    /// Calls the block with `false` and lets the app run until it returns; calls it with `true` when the time is over.
    typealias Activity = @Sendable (_ reason: String, _ block: @escaping @Sendable (Bool) -> Void) -> Void

    private struct Work {
        var count = 0
        var isOver: DispatchSemaphore?
    }

    private let activity: Activity
    private let whenGiven: @Sendable () -> Void
    private let whenOver: @Sendable () -> Void
    private let work = Locked(Work())

    /// `whenGiven` is called when iOS gives time, `whenOver` when it gives no more; the work goes on when the app does.
    init(
        activity: @escaping Activity = SuspensionGuard.system,
        whenGiven: @escaping @Sendable () -> Void = {},
        whenOver: @escaping @Sendable () -> Void
    ) {
        self.activity = activity
        self.whenGiven = whenGiven
        self.whenOver = whenOver
    }

    func during<Value: Sendable>(_ work: @Sendable () async -> Value) async -> Value {
        begin()
        defer { end() }
        return await work()
    }

    private func begin() {
        let begun = work.with { work -> DispatchSemaphore? in
            work.count += 1
            // None may be running although calls are under way: their time was over, and they went on with the app.
            guard work.isOver == nil else { return nil }
            let isOver = DispatchSemaphore(value: 0)
            work.isOver = isOver
            return isOver
        }
        guard let isOver = begun else { return }
        activity("Jetbridge renews the session") { [work, whenGiven, whenOver] isExpired in
            if isExpired {
                work.with { work in if work.isOver === isOver { work.isOver = nil } }
                whenOver()
                isOver.signal()
            } else {
                whenGiven()
                isOver.wait()
            }
        }
    }

    private func end() {
        let ended = work.with { work -> DispatchSemaphore? in
            work.count -= 1
            guard work.count == 0 else { return nil }
            defer { work.isOver = nil }
            return work.isOver
        }
        ended?.signal()
    }

    private static let system: Activity = { reason, block in
        // A Mac does not suspend apps.
        #if !os(macOS)
        ProcessInfo.processInfo.performExpiringActivity(withReason: reason, using: block)
        #endif
    }
}
