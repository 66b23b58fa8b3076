import JetbridgeFFI

/// A listing that is read page by page. After an error it is over; begin a new one.
public actor ObjectListing {
    private typealias Answer = Result<ObjectPage?, JetbridgeError>

    private let fetch: @Sendable () async -> Result<ObjectPage?, JetbridgeError>
    private var callers: [AsyncStream<Answer>.Continuation] = []
    private var unclaimed: Answer?
    private var isServing = false

    /// A listing whose pages come from `fetch`: those of a session do, and those of a test. `nil` is after the last one.
    public init(fetch: @escaping @Sendable () async -> Result<ObjectPage?, JetbridgeError>) { self.fetch = fetch }

    /// The next page, or `nil` after the last. A cancelled caller stops waiting with ``JetbridgeError/cancelled`` and loses
    /// nothing: the page comes with the next call.
    public func nextPage() async throws(JetbridgeError) -> ObjectPage? {
        let (answers, caller) = AsyncStream.makeStream(of: Answer.self)
        callers.append(caller)
        if !isServing {
            isServing = true
            Task { await serve() }
        }
        for await answer in answers { return try answer.get() }
        throw .cancelled
    }

    /// Pages in their order to callers in theirs. A page whose caller has gone is the next one's.
    private func serve() async {
        while let caller = callers.first {
            let answer = if let unclaimed { unclaimed } else { await fetch() }
            unclaimed = nil
            callers.removeFirst()
            if case .terminated = caller.yield(answer) { unclaimed = answer }
            caller.finish()
        }
        isServing = false
    }
}
