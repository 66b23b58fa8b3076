import JetbridgeFFI

/// Takes the core's news from its thread, for the session to tell on the main actor in the same order.
final class SessionNews: Sendable {
    /// Each call of the core; no event means that the state has changed.
    let arrivals: AsyncStream<SessionEvent?>
    private let arrival: AsyncStream<SessionEvent?>.Continuation
    private let observation: SessionObservation

    init(of core: CoreSession) {
        (arrivals, arrival) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(256))
        observation = core.observe(observer: Observer(arrival: arrival))
    }

    deinit {
        observation.stop()
        arrival.finish()
    }
}

private final class Observer: SessionObserver {
    private let arrival: AsyncStream<SessionEvent?>.Continuation

    init(arrival: AsyncStream<SessionEvent?>.Continuation) { self.arrival = arrival }

    func stateChanged(state: SessionState) { arrival.yield(nil) }

    func event(event: SessionEvent) { arrival.yield(event) }
}
