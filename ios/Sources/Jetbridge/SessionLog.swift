import Foundation
import JetbridgeFFI

#if canImport(os)
import os
#endif

extension JetbridgeSession {
    /// Sends the library's log to the system's, under the subsystem `dev.jetbridge`; it holds no secret.
    public nonisolated static func log(upTo level: LogLevel) { _ = setLogSink(sink: SystemLog(), level: level) }
}

#if canImport(os)
final class SystemLog: LogSink {
    func log(level: LogLevel, target: String, text: String) {
        let type: OSLogType =
            switch level {
            case .error: .error
            case .warn: .default
            case .info: .info
            case .debug, .trace: .debug
            }
        Logger(subsystem: "dev.jetbridge", category: target).log(level: type, "\(text, privacy: .public)")
    }
}
#else
final class SystemLog: LogSink {
    private let output: FileHandle

    init(output: FileHandle = .standardError) { self.output = output }

    func log(level: LogLevel, target: String, text: String) {
        output.write(Data("Jetbridge \(target): \(text)\n".utf8))
    }
}
#endif
