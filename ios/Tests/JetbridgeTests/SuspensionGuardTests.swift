import ExpiringActivity
import Foundation
import Testing

@testable import Jetbridge

/// iOS as far as the guard knows it: an activity lasts until its block returns, and may be ended early.
private final class System: Sendable {
    private struct State {
        var begun = 0
        var running = 0
        var blocks: [@Sendable (Bool) -> Void] = []
    }

    private let state = Locked(State())

    var begun: Int { state.with { $0.begun } }
    var running: Int { state.with { $0.running } }

    func activity(_ block: @escaping @Sendable (Bool) -> Void) {
        state.with {
            $0.begun += 1
            $0.running += 1
            $0.blocks.append(block)
        }
        Thread.detachNewThread { [state] in
            block(false)
            state.with { $0.running -= 1 }
        }
    }

    func expire() { for block in state.with({ $0.blocks }) { block(true) } }
}

private final class Locks: SuspensionAware {
    private let count = Locked(0)
    var released: Int { count.with { $0 } }
    func releaseLocks() { count.with { $0 += 1 } }
}

@MainActor
@Suite(.timeLimit(.minutes(2)))
struct SuspensionGuardTests {
    private let system = System()
    private let locks = Locks()

    private func suspension() -> SuspensionGuard {
        SuspensionGuard(store: locks) { [system] _, block in system.activity(block) }
    }

    /// Calls that are under way until the test lets each of them end.
    private func calls(_ count: Int, in suspension: SuspensionGuard) -> [(end: () -> Void, task: Task<Void, Never>)] {
        (0..<count).map { _ in
            let (ends, end) = AsyncStream.makeStream(of: Void.self)
            return ({ end.finish() }, Task { await suspension.during { for await _ in ends {} } })
        }
    }

    @Test("the app is kept running for as long as any call lasts, and no longer")
    func lasts() async throws {
        let calls = calls(3, in: suspension())
        try await eventually("the activity begins") { system.running == 1 }
        for call in calls.dropLast() {
            call.end()
            await call.task.value
        }
        try await Task.sleep(for: .milliseconds(50))
        #expect(system.running == 1)
        calls[2].end()
        await calls[2].task.value
        try await eventually("the activity ends") { system.running == 0 }
        #expect(system.begun == 1)
        #expect(locks.released == 0)
    }

    @Test("a call after the others begins an activity of its own")
    func again() async throws {
        let suspension = suspension()
        for _ in 0..<3 { #expect(await suspension.during { 7 } == 7) }
        #expect(system.begun == 3)
        try await eventually("the activities end") { system.running == 0 }
    }

    @Test("when the time is over, the locks are released and the activity ends at once")
    func expires() async throws {
        let calls = calls(1, in: suspension())
        try await eventually("the activity begins") { system.running == 1 }
        system.expire()
        #expect(locks.released == 1)
        try await eventually("the activity ends") { system.running == 0 }
        calls[0].end()
        await calls[0].task.value
    }

    @Test("a session's own call keeps the app running, and its store hears when the time is over")
    func wholeSession() async throws {
        let bench = try await Bench()
        let store = WaitingStore()
        let session = try JetbridgeSession(config: bench.config, store: store)
        try await eventually("the session asks the store") { store.isAsked }
        ProcessInfo.processInfo.expireActivities()
        // The store answers only after it was told.
        #expect(await session.restore() == .signedOut)
    }
}

/// A store that waits for a lock until it is told to give up.
private final class WaitingStore: SecretStore, SuspensionAware {
    private let isOver = DispatchSemaphore(value: 0)
    private let asked = Locked(false)

    var isAsked: Bool { asked.with { $0 } }

    func load(name: String) throws -> Data? {
        asked.with { $0 = true }
        isOver.wait()
        isOver.signal()
        return nil
    }

    func save(name: String, value: Data) throws {}
    func delete(name: String) throws {}
    func list() throws -> [String] { [] }
    func releaseLocks() { isOver.signal() }
}
