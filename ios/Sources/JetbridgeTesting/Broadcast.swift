import Foundation

/// Tells each listener what is news, on a stream of its own.
final class Broadcast<News: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var listeners: [AsyncStream<News>.Continuation] = []

    deinit { for listener in listeners { listener.finish() } }

    func tell(_ news: News) {
        for listener in lock.withLock({ listeners }) { listener.yield(news) }
    }

    func stream(first: News? = nil) -> AsyncStream<News> {
        let (stream, listener) = AsyncStream.makeStream(of: News.self)
        if let first { listener.yield(first) }
        lock.withLock { listeners.append(listener) }
        return stream
    }
}
