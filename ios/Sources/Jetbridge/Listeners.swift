import Foundation

/// Whoever listens to something of a session. A slow listener misses the oldest of it, rather than let it pile up.
final class Listeners<News: Sendable>: Sendable {
    private let all = Locked<[UUID: AsyncStream<News>.Continuation]>([:])

    deinit { for listener in all.with({ $0.values }) { listener.finish() } }

    func tell(_ news: News) { for listener in all.with({ $0.values }) { listener.yield(news) } }

    /// A stream of its own for each listener; `first` is the first of it.
    func stream(first: News? = nil) -> AsyncStream<News> {
        let (stream, listener) = AsyncStream.makeStream(of: News.self, bufferingPolicy: .bufferingNewest(64))
        if let first { listener.yield(first) }
        let id = UUID()
        listener.onTermination = { [all] _ in all.with { $0[id] = nil } }
        all.with { $0[id] = listener }
        return stream
    }
}
