import JetbridgeFFI

extension JetbridgeSession {
    /// Calls the core and waits for the end, cancelled or not: for what must not be left half-done.
    nonisolated func finish<Value: Sendable>(
        _ call: @escaping @Sendable (CoreSession) async throws -> Value
    ) async -> Result<Value, JetbridgeError> {
        let answer: Result<Value, JetbridgeError> = await suspension.during { [core] in
            do { return .success(try await call(core)) } catch { return .failure(JetbridgeError(error)) }
        }
        // Whoever is told that the session has ended finds it so.
        if case .failure = answer { await refreshState() }
        return answer
    }

    /// Calls the core. A cancelled caller stops waiting at once, and the call comes to its end without it.
    nonisolated func work<Value: Sendable>(
        _ call: @escaping @Sendable (CoreSession) async throws -> Value
    ) async throws(JetbridgeError) -> Value {
        if Task.isCancelled { throw .cancelled }
        let (answers, caller) = AsyncStream.makeStream(of: Result<Value, JetbridgeError>.self)
        Task {
            caller.yield(await finish(call))
            caller.finish()
        }
        for await answer in answers { return try answer.get() }
        throw .cancelled
    }

    /// Calls the core. When the caller is cancelled the call ends where it is, and whatever it had begun is taken back or left
    /// for the next try.
    nonisolated func interruptibly<Value: Sendable>(
        _ call: @escaping @Sendable (CoreSession) async throws -> Value
    ) async throws(JetbridgeError) -> Value {
        let cancellation = Cancellation()
        let answer = await withTaskCancellationHandler {
            await finish { try await call($0.until(cancellation: cancellation)) }
        } onCancel: {
            cancellation.cancel()
        }
        // To the core it is the user who cancels, to an app its task.
        if case .failure(.userCancelled) = answer { throw .cancelled }
        return try answer.get()
    }
}
