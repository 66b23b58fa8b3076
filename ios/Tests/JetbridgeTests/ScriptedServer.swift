import Foundation

@testable import Jetbridge

#if canImport(Glibc)
import Glibc
private let stream = Int32(SOCK_STREAM.rawValue)
#else
import Darwin
private let stream = SOCK_STREAM
#endif

/// A server on loopback that gives the same answer to everybody, byte for byte, and remembers the heads of what it was asked.
/// Without an answer, it waits until whoever asked has left.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let script = Locked((answer: "", asked: [String](), left: 0))

    var answer: String {
        get { script.with { $0.answer } }
        set { script.with { $0.answer = newValue } }
    }
    var asked: [String] { script.with { $0.asked } }
    /// How many have left without an answer.
    var left: Int { script.with { $0.left } }

    init() throws {
        let listener = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isOpen else { throw POSIXError(.EADDRNOTAVAIL) }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        let script = script
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                Self.serve(connection, script)
            }
        }
    }

    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func serve(_ connection: Int32, _ script: Locked<(answer: String, asked: [String], left: Int)>) {
        var head = Data()
        var piece = [UInt8](repeating: 0, count: 4_096)
        while head.range(of: Data("\r\n\r\n".utf8)) == nil {
            let count = read(connection, &piece, piece.count)
            guard count > 0 else { break }
            head.append(contentsOf: piece.prefix(count))
        }
        let asked = String(decoding: head, as: UTF8.self)
        let answer = script.with { script in
            script.asked.append(asked)
            return Array(script.answer.utf8)
        }
        if answer.isEmpty {
            while read(connection, &piece, piece.count) > 0 {}
            script.with { $0.left += 1 }
        }
        _ = write(connection, answer, answer.count)
        #if canImport(Glibc)
        _ = Glibc.close(connection)
        #else
        _ = Darwin.close(connection)
        #endif
    }
}
