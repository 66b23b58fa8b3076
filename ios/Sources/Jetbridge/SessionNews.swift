import Foundation
import JetbridgeFFI

/// Takes the core's news from its thread, for the session to tell on the main actor in the same order.
final class SessionNews: Sendable {
    /// Each call of the core; no event means that the state has changed.
    let arrivals: AsyncStream<SessionEvent?>
    private let arrival: AsyncStream<SessionEvent?>.Continuation
    private let observation: SessionObservation
    private let listeners = Locked<[UUID: AsyncStream<SessionEvent>.Continuation]>([:])

    init(of core: CoreSession) {
        (arrivals, arrival) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(256))
        observation = core.observe(observer: Observer(arrival: arrival))
    }

    deinit {
        observation.stop()
        arrival.finish()
        for listener in listeners.with({ $0.values }) { listener.finish() }
    }

    func tell(_ event: SessionEvent) {
        for listener in listeners.with({ $0.values }) { listener.yield(event) }
    }

    /// A slow listener misses the oldest events, rather than let them pile up.
    func events() -> AsyncStream<SessionEvent> {
        let (events, listener) = AsyncStream.makeStream(of: SessionEvent.self, bufferingPolicy: .bufferingNewest(64))
        let id = UUID()
        listener.onTermination = { [listeners] _ in listeners.with { $0[id] = nil } }
        listeners.with { $0[id] = listener }
        return events
    }
}

private final class Observer: SessionObserver {
    private let arrival: AsyncStream<SessionEvent?>.Continuation

    init(arrival: AsyncStream<SessionEvent?>.Continuation) { self.arrival = arrival }

    func stateChanged(state: SessionState) { arrival.yield(nil) }

    func event(event: SessionEvent) { arrival.yield(event) }
}
