import AppleFoundation
import Foundation
import Testing
import UIKit

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

/// One after the other: what a test lets run out is the time of the whole process.
@MainActor
@Suite(.serialized, .timeLimit(.minutes(5)))
struct SuspensionGuardTests {
    private let system = System()
    private let released = Locked(0)
    private let underWay = Locked(0)

    private func suspension() -> SuspensionGuard {
        SuspensionGuard(
            activity: { [system] _, block in system.activity(block) },
            whenOver: { [released] in released.with { $0 += 1 } })
    }

    /// Calls that are under way until the test lets each of them end.
    private func calls(_ count: Int, in suspension: SuspensionGuard) -> [(end: () -> Void, task: Task<Void, Never>)] {
        (0..<count).map { _ in
            let (ends, end) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                await suspension.during {
                    underWay.with { $0 += 1 }
                    for await _ in ends {}
                }
            }
            return ({ end.finish() }, task)
        }
    }

    @Test("the app is kept running for as long as any call lasts, and no longer")
    func lasts() async throws {
        let calls = calls(3, in: suspension())
        try await eventually("the calls are under way") { underWay.with { $0 } == 3 }
        #expect(system.running == 1)
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
        #expect(released.with { $0 } == 0)
    }

    @Test("a call after the others begins an activity of its own")
    func again() async throws {
        let suspension = suspension()
        for _ in 0..<3 { #expect(await suspension.during { 7 } == 7) }
        #expect(system.begun == 3)
        try await eventually("the activities end") { system.running == 0 }
    }

    @Test("no call begins before iOS has answered, a cancelled one neither", arguments: [true, false])
    func answer(isGiven: Bool) async throws {
        let order = Locked<[String]>([])
        let hasAsked = Locked(false)
        let mayAnswer = DispatchSemaphore(value: 0)
        let suspension = SuspensionGuard(
            activity: { _, block in
                hasAsked.with { $0 = true }
                Thread.detachNewThread {
                    mayAnswer.wait()
                    mayAnswer.signal()
                    block(!isGiven)
                }
            },
            whenGiven: { order.with { $0.append("given") } },
            whenOver: { order.with { $0.append("refused") } })
        let calls = (0..<3).map { _ in Task { await suspension.during { order.with { $0.append("work") } } } }
        calls[0].cancel()
        try await eventually("time is asked for") { hasAsked.with { $0 } }
        for _ in 0..<100 { await Task.yield() }
        #expect(order.with { $0 }.isEmpty)
        mayAnswer.signal()
        for call in calls { await call.value }
        let told = order.with { $0 }
        #expect(told.first == (isGiven ? "given" : "refused"))
        #expect(told.filter { $0 == "work" }.count == 3)
    }

    @Test("when the time is over, the locks are released and the activity ends at once")
    func expires() async throws {
        let calls = calls(1, in: suspension())
        try await eventually("the activity begins") { system.running == 1 }
        system.expire()
        #expect(released.with { $0 } == 1)
        try await eventually("the activity ends") { system.running == 0 }
        calls[0].end()
        await calls[0].task.value
    }

    @Test("a call that comes after the time of another was over gets time of its own")
    func afterExpiry() async throws {
        let suspension = suspension()
        let first = calls(1, in: suspension)[0]
        try await eventually("the activity begins") { system.running == 1 }
        system.expire()
        try await eventually("the activity ends") { system.running == 0 }
        let second = calls(1, in: suspension)[0]
        try await eventually("another one begins") { system.begun == 2 }
        first.end()
        await first.task.value
        #expect(system.running == 1)
        second.end()
        await second.task.value
        try await eventually("and ends") { system.running == 0 }
    }

    @Test("what iOS says late of one time changes nothing for the calls of another, nor of one that is over")
    func lateAnswers() async throws {
        let told = Locked<[String]>([])
        let blocks = Locked<[@Sendable (Bool) -> Void]>([])
        let suspension = SuspensionGuard(
            activity: { _, block in blocks.with { $0.append(block) } },
            whenGiven: { told.with { $0.append("given") } },
            whenOver: { told.with { $0.append("over") } })
        let first = calls(1, in: suspension)[0]
        try await eventually("time is asked for") { blocks.with { $0.count } == 1 }
        let ofFirst = blocks.with { $0[0] }
        Thread.detachNewThread { ofFirst(false) }
        first.end()
        await first.task.value
        let second = calls(1, in: suspension)[0]
        try await eventually("time is asked for again") { blocks.with { $0.count } == 2 }
        let ofSecond = blocks.with { $0[1] }
        ofFirst(true)
        #expect(told.with { $0 } == ["given"])
        ofSecond(true)
        ofSecond(false)
        #expect(told.with { $0 } == ["given", "over"])
        second.end()
        await second.task.value
    }

    @Test("when the time is over, a session gives its file locks up, and its work goes on")
    func fileLocks() async throws {
        let pair = try await Pair()
        pair.store.hang()
        let hanging = Task { try await pair.app.signOut() }
        try await eventually("the app holds the lock") { pair.store.isHanging }
        let waiting = Waiting { _ = try await pair.ofExtension.signOut() }
        try await Task.sleep(for: .milliseconds(200))
        #expect(!waiting.isOver)
        ProcessInfo.processInfo.expireActivities()
        try await waiting.end()
        #expect(pair.store.isHanging)
        pair.store.goOn()
        _ = try await hanging.value
        #expect(pair.app.state == .signedOut)
    }

    @Test("a renewal that the core began by itself is covered from when the app leaves the foreground")
    func backgroundRenewal() async throws {
        let pair = try await Pair()
        try await pair.app.signIn(browser: pair.bench.person)
        await pair.app.core.settle()
        pair.store.hang()
        let renewal = pair.app.renewInBackground()
        try await eventually("the renewal holds the lock") { pair.store.isHanging }
        let waiting = Waiting { _ = try await pair.ofExtension.signOut() }
        ProcessInfo.processInfo.expireActivities()
        try await Task.sleep(for: .milliseconds(200))
        #expect(!waiting.isOver)
        NotificationCenter.default.post(name: UIApplication.didEnterBackgroundNotification, object: nil)
        try await eventually("the lock is given up") {
            ProcessInfo.processInfo.expireActivities()
            return waiting.isOver
        }
        try await waiting.end()
        pair.store.goOn()
        renewal.stop()
    }
}

/// An app, whose store may hang, and its extension, over one folder of locks.
@MainActor
private final class Pair {
    let bench: Bench
    let store = HangingStore()
    let app: JetbridgeSession
    let ofExtension: JetbridgeSession
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    init() async throws {
        bench = try await Bench()
        let options = SessionOptions(lockFolder: folder.path(percentEncoded: false))
        app = try JetbridgeSession(config: bench.config, store: store, options: options)
        ofExtension = try JetbridgeSession(config: bench.config, store: bench.store, options: options)
        await app.restore()
        await ofExtension.restore()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}

/// A call of which a test wants to know whether it is over.
@MainActor
private final class Waiting {
    private(set) var isOver = false
    private var task: Task<Void, any Error>?

    init(_ call: @escaping @MainActor () async throws -> Void) {
        task = Task {
            defer { isOver = true }
            try await call()
        }
    }

    func end() async throws { try await task?.value }
}

/// A store that does not change, and keeps the lock for it, until it may go on.
private final class HangingStore: SecretStore {
    private let values = BreakableStore()
    private let state = Locked((hangs: false, isHanging: false))
    private let mayGoOn = DispatchSemaphore(value: 0)

    var isHanging: Bool { state.with { $0.isHanging } }

    func hang() { state.with { $0.hangs = true } }

    func goOn() {
        state.with { $0 = (false, false) }
        mayGoOn.signal()
    }

    private func waitForIt() {
        let hangs = state.with {
            $0.isHanging = $0.hangs
            return $0.hangs
        }
        if hangs {
            mayGoOn.wait()
            mayGoOn.signal()
        }
    }

    func load(name: String) throws -> Data? { try values.load(name: name) }
    func list() throws -> [String] { try values.list() }

    func save(name: String, value: Data) throws {
        waitForIt()
        try values.save(name: name, value: value)
    }

    func delete(name: String) throws {
        waitForIt()
        try values.delete(name: name)
    }
}
