import Foundation

/// Files of the repository that tests compare with what is compiled.
enum Repository {
    static let ios = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let root = ios.deletingLastPathComponent()

    static func text(_ path: String, in folder: URL = ios) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    /// The package's own sources, by name.
    static func sources(
        of modules: [String] = ["Jetbridge", "JetbridgeTesting", "JetbridgeAWS"]
    ) throws -> [(name: String, lines: [String])] {
        try modules.flatMap { try swift(in: $0 == "JetbridgeAWS" ? "JetbridgeAWS/Sources/\($0)" : "Sources/\($0)") }
    }

    /// The sources in a folder of `ios`, by name.
    static func swift(in folder: String) throws -> [(name: String, lines: [String])] {
        let folder = ios.appending(path: folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        return try names.sorted().map { ($0, try text($0, in: folder).components(separatedBy: "\n")) }
    }
}
