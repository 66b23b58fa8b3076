// On Linux the compiler knows no versions of iOS, so a call that only newer systems have would pass here. What the stubs of
// Apple's modules say of their versions is held against the code in its place.
import Foundation
import Testing

/// The stubs say what they follow, and the code asks for the version of what is new.
@Suite
struct StubTests {
    private static let modules = [
        "Accessibility", "AppKit", "AppleFoundation", "AuthenticationServices", "CoreTransferable", "PhotosUI",
        "QuickLook",
        "UIKit", "UniformTypeIdentifiers",
    ]

    private func stubs() throws -> [Declaration] {
        try Self.modules.flatMap { try Repository.swift(in: "Stubs/\($0)") }.flatMap { Declaration.all(in: $0.lines) }
    }

    private func code() throws -> [(name: String, lines: [String])] {
        try Repository.swift(in: "Sources/Jetbridge") + Repository.swift(in: "App/Sources")
    }

    @Test("every declaration of a stub says since when it is there, and where that is written")
    func sources() throws {
        let stubs = try stubs()
        #expect(stubs.count > 50)
        for stub in stubs where !stub.comment.contains("For tests") {
            #expect(!stub.versions.isEmpty, "no version: \(stub.line)")
            #expect(stub.comment.contains("https://developer.apple.com/documentation/"), "no source: \(stub.line)")
        }
    }

    @Test("what not all systems have is asked for behind a check")
    func guarded() throws {
        let manifest = try Repository.text("Package.swift")
        func floor(_ platform: String) throws -> Double {
            let pattern = try Regex("\\.\(platform)\\(\\.v(\\d+)\\)", as: (Substring, Substring).self)
            let found = try #require(manifest.firstMatch(of: pattern))
            return try #require(Double(found.1))
        }
        let floors = ["iOS": try floor("iOS"), "macOS": try floor("macOS"), "visionOS": try floor("visionOS")]
        let newer = NewerDeclaration.all(of: try stubs(), than: floors)
        #expect(Set(newer.flatMap(\.names)).isSuperset(of: ["Callback", "https", "windowAssistiveAccessApplication"]))
        #expect(newer.contains { $0.labels == ["callback"] })
        var uses = 0
        for (name, lines) in try code() {
            for declaration in newer {
                let found = declaration.uses(in: lines)
                uses += found.count
                for use in found where !declaration.isChecked(at: use, in: lines) {
                    Issue.record("\(name):\(use + 1): \(declaration.versions) is not asked for")
                }
            }
        }
        #expect(uses > 4)
    }

    @Test("a check that is missing, too old, of another system or for the opposite is seen")
    func seen() throws {
        let stub = ["/// iOS 17.4, macOS 14.4. https://example.com", "public func shine(brightly: Int) {}"]
        let shine = try #require(
            NewerDeclaration.all(of: Declaration.all(in: stub), than: ["iOS": 17, "macOS": 14]).first)
        func isChecked(_ text: String) throws -> Bool {
            let lines = text.components(separatedBy: "\n")
            return shine.isChecked(at: try #require(shine.uses(in: lines).first), in: lines)
        }
        #expect(try isChecked("if #available(iOS 17.4, macOS 14.4, *) {\n    lamp.shine(brightly: 1)\n}"))
        #expect(try isChecked("@available(iOS 18, macOS 15, *)\nfunc on() {\n    lamp.shine(brightly: 1)\n}"))
        #expect(try !isChecked("func on() {\n    lamp.shine(brightly: 1)\n}"))
        #expect(try !isChecked("if #available(iOS 17.2, macOS 14.4, *) {\n    lamp.shine(brightly: 1)\n}"))
        #expect(try !isChecked("if #available(iOS 17.4, *) {\n    lamp.shine(brightly: 1)\n}"))
        #expect(try !isChecked("if #unavailable(iOS 17.4, macOS 14.4) {\n    lamp.shine(brightly: 1)\n}"))
        let otherwise = "if #available(iOS 17.4, macOS 14.4, *) {\n    sit()\n} else {\n    lamp.shine(brightly: 1)\n}"
        #expect(try !isChecked(otherwise))
    }
}

/// The versions that a text names: `iOS 17.4, macOS 14.4`.
private func versions(in text: Substring) -> [String: Double] {
    let found = text.matches(of: /(iOS|macOS|visionOS) (\d+(?:\.\d+)?)/)
    return Dictionary(found.compactMap { match in Double(match.2).map { (String(match.1), $0) } }) { first, _ in first }
}

/// What a stub declares for the package.
private struct Declaration {
    let line: String
    let comment: String
    let name: String
    let labels: Set<String>
    /// The versions of the comment's first sentence.
    var versions: [String: Double] { JetbridgeTests.versions(in: comment.prefix(while: { $0 != ";" && $0 != ":" })) }

    static func all(in lines: [String]) -> [Declaration] {
        let kinds = "class(?! func)|struct|enum|protocol|typealias|func|var|let|init\\b"
        let visible = "(?:@\\S+ )*(?:override )?(?:public|open) (?:[a-z()]+ )*?"
        // Made once: there are thousands of lines.
        guard let pattern = try? Regex(" *\(visible)(?:\(kinds)) ?(\\w*)", as: (Substring, Substring).self) else {
            return []
        }
        return lines.indices.compactMap { index -> Declaration? in
            let line = lines[index].replacing("public internal(set)", with: "public")
            guard let found = line.prefixMatch(of: pattern) else { return nil }
            let name = found.1.isEmpty ? "init" : String(found.1)
            // To the end of its parameters, which may be some lines below.
            let whole = lines[index...].prefix(6).joined(separator: " ")
            let head = whole.prefix { $0 != "{" }
            let labels = head.matches(of: #/[(, ](\w+)(?: \w+)?: /#).map { String($0.1) }.filter { $0 != "_" }
            let above = lines[..<index].reversed().drop { $0.trimmingCharacters(in: .whitespaces).hasPrefix("@") }
            let comment = above.prefix { $0.trimmingCharacters(in: .whitespaces).hasPrefix("///") }.reversed()
            return Declaration(
                line: lines[index], comment: comment.joined(separator: " "), name: name,
                labels: name == "init" || line.contains("func ") ? Set(labels) : [])
        }
    }
}

/// What is not in all systems that the package runs on: known by its name, or by the labels that set it apart from what is
/// older and has its name.
private struct NewerDeclaration {
    let names: [String]
    let labels: Set<String>
    let versions: [String: Double]

    static func all(of stubs: [Declaration], than floors: [String: Double]) -> [NewerDeclaration] {
        func isNewer(_ stub: Declaration) -> Bool { stub.versions.contains { floors[$0.key, default: 0] < $0.value } }
        return stubs.filter(isNewer).map { stub in
            let older = stubs.filter { $0.name == stub.name && !isNewer($0) && !$0.comment.contains("For tests") }
            let labels = older.reduce(stub.labels) { $0.subtracting($1.labels) }
            return older.isEmpty
                ? NewerDeclaration(names: [stub.name], labels: [], versions: stub.versions)
                : NewerDeclaration(names: [], labels: labels, versions: stub.versions)
        }
    }

    func uses(in lines: [String]) -> [Int] {
        lines.indices.filter { index in
            let line = lines[index]
            guard !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") else { return false }
            return names.contains { line.contains(".\($0)") } || labels.contains { line.contains("\($0): ") }
        }
    }

    /// Whether a block around the use, or the declaration that it is in, is for these versions.
    func isChecked(at use: Int, in lines: [String]) -> Bool {
        func indent(_ line: String) -> Int { line.prefix { $0 == " " }.count }
        func isFor(_ line: String) -> Bool {
            guard let check = line.firstMatch(of: /[#@]available\(([^)]*)\)/) else { return false }
            let asked = JetbridgeTests.versions(in: check.1)
            return versions.allSatisfy { asked[$0.key, default: 0] >= $0.value }
        }
        var inner = indent(lines[use]) + 1
        for index in stride(from: use, through: 0, by: -1) {
            let line = lines[index]
            guard !line.isEmpty, indent(line) < inner else { continue }
            inner = indent(line)
            if isFor(line) || (index > 0 && lines[index - 1].contains("@available") && isFor(lines[index - 1])) {
                return true
            }
        }
        return false
    }
}
