// The local stack is in the library of the tests only, so `Jetbridge` has no names for it. Other files do not import
// JetbridgeFFI: what both modules name would be ambiguous there.
import JetbridgeFFI

typealias Stack = JetbridgeFFI.LocalStack
typealias StackOptions = JetbridgeFFI.LocalStackOptions

extension Stack {
    /// A session of the core by the stack's clock.
    func session(
        _ config: JetbridgeFFI.JetbridgeConfig, _ store: any JetbridgeFFI.SecretStore
    ) throws -> JetbridgeFFI.CoreSession {
        let options = JetbridgeFFI.SessionOptions()
        return try .openWithStackClock(config: config, store: store, options: options, stack: self)
    }
}

func log(to sink: any JetbridgeFFI.LogSink) { _ = setLogSink(sink: sink, level: .trace) }
