// The local stack is in the library of the tests only, so `Jetbridge` has no names for it. Other files do not import
// JetbridgeFFI: what both modules name would be ambiguous there.
import Foundation
import JetbridgeFFI

typealias Stack = JetbridgeFFI.LocalStack
typealias StackOptions = JetbridgeFFI.LocalStackOptions

extension Stack {
    /// Starts one, in a process that does not end when a client leaves in the middle of an answer. Rust's standard library asks
    /// for no signal where it writes one piece, and cannot where it writes several (`writev`): it counts on the `main` of Rust,
    /// and so do the JVM and Python, to ignore SIGPIPE (Rust, `std::rt`). The core's own sockets on Apple's platforms have
    /// SO_NOSIGPIPE (socket2 0.6, `Socket::new`).
    static func open(options: StackOptions = StackOptions()) async throws -> Stack {
        signal(SIGPIPE, SIG_IGN)
        return try await start(options: options)
    }

    /// Waits until it has answered so many. For a detached task, which disturbs what is under way: the main actor is every
    /// test's, and may come too late.
    func hasAnswered(_ operation: String, times: UInt64) async throws {
        while try count(operation: operation) < times { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// A session of the core by the stack's clock.
    func session(
        _ config: JetbridgeFFI.JetbridgeConfig, _ store: any JetbridgeFFI.SecretStore
    ) throws -> JetbridgeFFI.CoreSession {
        let options = JetbridgeFFI.SessionOptions()
        return try .openWithStackClock(config: config, store: store, options: options, stack: self)
    }
}

func log(to sink: any JetbridgeFFI.LogSink) { _ = setLogSink(sink: sink, level: .trace) }
