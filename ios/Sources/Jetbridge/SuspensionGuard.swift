import Foundation

#if os(Linux)
import AppleFoundation
#endif

/// Asks iOS not to suspend the app in the middle of a renewal: a rotated refresh token would be lost, or a file lock held,
/// for which iOS ends the app. It works in extensions too.
///
/// Any number of calls at once share one activity, because each keeps a thread of the system waiting. None of them begins
/// before iOS has answered: until then the locks may be those of a suspended app, which keep no other process out.
final class SuspensionGuard: Sendable {
    /// Calls the block with `false`, later and on a thread of its own, and lets the app run until it returns; calls it with
    /// `true` when the time is over, or at once when there is none. Apple's documentation of `ProcessInfo`, iOS 8.2 and
    /// newer: `performExpiringActivity(withReason:using:)` performs the block asynchronously, on a concurrent queue.
    typealias Activity = @Sendable (_ reason: String, _ block: @escaping @Sendable (Bool) -> Void) -> Void

    private struct Work {
        var count = 0
        var time: Time?
    }

    private let activity: Activity?
    private let whenGiven: @Sendable () -> Void
    private let whenOver: @Sendable () -> Void
    private let work = Locked(Work())

    /// `whenGiven` is called when iOS gives time, `whenOver` when it gives no more; the work goes on when the app does.
    init(
        activity: Activity? = SuspensionGuard.system,
        whenGiven: @escaping @Sendable () -> Void = {},
        whenOver: @escaping @Sendable () -> Void
    ) {
        self.activity = activity
        self.whenGiven = whenGiven
        self.whenOver = whenOver
    }

    func during<Value: Sendable>(_ work: @Sendable () async -> Value) async -> Value {
        await begin()
        defer { end() }
        return await work()
    }

    private func begin() async {
        guard let activity else { return }
        let (time, isNew) = work.with { work -> (Time, Bool) in
            work.count += 1
            // None may be running although calls are under way: their time was over, and they went on with the app.
            if let time = work.time { return (time, false) }
            let time = Time()
            work.time = time
            return (time, true)
        }
        if isNew {
            activity("Jetbridge renews the session") { [work, whenGiven, whenOver] isExpired in
                // In one: a call that comes now asks for time of its own. iOS may say this late: the locks of calls that have
                // newer time are not released, nor are locks kept again in time that is over.
                work.with { work in
                    let isCurrent = work.time === time
                    if isExpired, isCurrent || work.time == nil {
                        work.time = nil
                        whenOver()
                    } else if !isExpired, isCurrent {
                        whenGiven()
                    }
                }
                time.answered()
                if isExpired { time.isOver.signal() } else { time.isOver.wait() }
            }
        }
        await time.answer()
    }

    private func end() {
        guard activity != nil else { return }
        let ended = work.with { work -> Time? in
            work.count -= 1
            guard work.count == 0 else { return nil }
            defer { work.time = nil }
            return work.time
        }
        ended?.isOver.signal()
    }

    #if os(macOS)
    // A Mac does not suspend apps.
    private static let system: Activity? = nil
    #else
    private static let system: Activity? = { reason, block in
        ProcessInfo.processInfo.performExpiringActivity(withReason: reason, using: block)
    }
    #endif
}

/// The time for all calls under way: asked for by the first of them, and over with the last, or when iOS says so.
private final class Time: Sendable {
    let isOver = DispatchSemaphore(value: 0)
    /// Who waits for the answer; `nil` when it is there.
    private let waiting = Locked<[CheckedContinuation<Void, Never>]?>([])

    /// Returns when iOS has given time or refused it, also in a task that is cancelled: its call is not stopped either.
    func answer() async {
        await withCheckedContinuation { waiter in
            let isThere = waiting.with { waiting -> Bool in
                waiting?.append(waiter)
                return waiting == nil
            }
            if isThere { waiter.resume() }
        }
    }

    func answered() {
        let waiters = waiting.with { waiting -> [CheckedContinuation<Void, Never>] in
            defer { waiting = nil }
            return waiting ?? []
        }
        for waiter in waiters { waiter.resume() }
    }
}
