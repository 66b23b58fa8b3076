import Foundation
import Jetbridge
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The guides' code is that of Sample.swift, and it works; the list of the API is whole.
@MainActor
@Suite(.timeLimit(.minutes(5)))
struct GuideTests {
    // What reads all sources is not on the main actor, where all other tests would wait for it.
    private nonisolated static let guide = try! Repository.text("docs/ios.md", in: Repository.root)
    private nonisolated static let guideToAWS = try! Repository.text("docs/aws.md", in: Repository.root)

    /// The names that a line of a source declares for apps.
    private nonisolated func names(in lines: [String]) -> [(line: Int, name: String)] {
        var isPublicEnum = false
        // Made once: there are thousands of lines.
        let enumCase = #/ {4}case `?(\w+)/#
        let initializer = #/ *public (?:convenience )?(init)\(/#
        let declaration =
            #/ *(?:@\w+ )?public (?:[a-z()]+ )*?(?:class|struct|enum|actor|protocol|typealias|func|var|let) (\w+)/#
        return lines.enumerated().compactMap { index, line in
            if line.hasPrefix("public enum ") { isPublicEnum = true }
            if line == "}" { isPublicEnum = false }
            if isPublicEnum, let found = line.prefixMatch(of: enumCase) { return (index, String(found.1)) }
            if let found = line.prefixMatch(of: declaration) { return (index, String(found.1)) }
            return line.prefixMatch(of: initializer).map { (index, String($0.1)) }
        }
    }

    @Test("every Swift snippet of the guides is compiled")
    nonisolated func snippets() throws {
        func plain(_ text: String) -> String {
            text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { $0 != "@main" }.joined(separator: "\n")
        }
        let sample = try ["FilesApp", "Sample"].map {
            plain(try Repository.text("Tests/JetbridgeTests/Guide/\($0).swift"))
        }
        .joined()
        let parts = [Self.guide, Self.guideToAWS].map { $0.components(separatedBy: "```swift\n").dropFirst() }
        #expect(parts.map(\.count) == [27, 3])
        for part in parts.joined() {
            let code = try #require(part.components(separatedBy: "```").first)
            let wanted = plain(code).trimmingCharacters(in: .newlines)
            #expect(sample.contains(wanted), "not in Sample.swift: \(code)")
        }
    }

    @Test("every public symbol has a comment")
    nonisolated func comments() throws {
        for source in try Repository.sources() {
            for (index, name) in names(in: source.lines) {
                let before = source.lines[..<index].last { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("@") }
                let comment = before?.trimmingCharacters(in: .whitespaces) ?? ""
                #expect(comment.hasPrefix("///"), "\(source.name):\(index + 1): \(name)")
            }
        }
    }

    @Test("every public symbol is in the guide's list, and every type in Xcode's documentation")
    nonisolated func list() throws {
        let list = try #require(Self.guide.components(separatedBy: "## The public API").last)
            .components(separatedBy: "\n## ")[0]
        let catalogue = try Repository.text("Sources/Jetbridge/Jetbridge.docc/Jetbridge.md")
        let inJetbridge = Set(try Repository.sources(of: ["Jetbridge"]).flatMap { names(in: $0.lines).map(\.name) })
        let declared = Set(try Repository.sources().flatMap { names(in: $0.lines).map(\.name) })
        #expect(
            declared.isSuperset(of: ["JetbridgeSession", "init", "nextPage", "userCancelled", "SecretStore", "system"]))
        #expect(declared.count > 80)
        let listed = Set(list.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
        for name in declared {
            #expect(listed.contains(name), "\(name) is not in docs/ios.md")
            guard name.first?.isUppercase == true, inJetbridge.contains(name) else { continue }
            #expect(catalogue.contains("``\(name)``"), "\(name) is not in Jetbridge.docc")
        }
    }

    @Test("the guide's own code lists, asks for a token and resolves keys")
    func works() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let snippets = Snippets(session: session)
        #expect(snippets.progress.isEmpty)
        await snippets.list()
        #expect(snippets.shown.contains("reports/2026/summary.csv"))
        try await snippets.page()
        #expect(snippets.shown.contains("reports/2026/"))
        try await snippets.diagnose()
        #expect(snippets.shown.contains("Everything holds, as far as it is known."))
        var request = URLRequest(url: URL(string: "https://example.com")!)
        try await snippets.backend(&request)
        let header = request.value(forHTTPHeaderField: "Authorization") ?? ""
        #expect(try bench.secrets(in: header) == 1)
        #expect(try await snippets.sdk()?.contains(session.credentials().accessKeyID) == true)
    }

    @Test("the guide's own code reads, writes, moves files and calls an API")
    func objects() async throws {
        let bench = try await Bench()
        let snippets = Snippets(session: try await bench.signedIn())
        try await snippets.objects()
        #expect(snippets.shown == ["17 bytes, text/plain", "Water the plants."])
        try await snippets.new(Data("1. Water".utf8))
        let overwritten = try await error { try await snippets.new(Data()) }
        guard case .conditionNotMet = overwritten else { throw overwritten }
        let document = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).txt")
        let copy = document.appendingPathExtension("copy")
        defer { for file in [document, copy] { try? FileManager.default.removeItem(at: file) } }
        try Data("picked".utf8).write(to: document)
        let shared = try await snippets.move(document, to: copy)
        #expect(try Data(contentsOf: copy) == Data("picked".utf8) && !shared.isCutShort)
        try await snippets.upload(document)
        #expect(snippets.shown.last == "6 of 6 bytes")
        try await snippets.discard(document)
        await snippets.left()
        #expect(snippets.shown.last == "6 of 6 bytes")
        let uploaded = try await snippets.session.listObjects(prefix: "inbox/").collected()
        try await snippets.delete(uploaded)
        #expect(try await snippets.session.listObjects(prefix: "inbox/").collected().isEmpty && !uploaded.isEmpty)
        let exports = try JSONDecoder().decode(Exports.self, from: Data(bench.stack.awsExportsJson().utf8))
        let api = try #require(exports.api.endpoints.first?.endpoint.appending(path: "echo"))
        try await snippets.api(api)
        #expect(snippets.shown.last?.hasPrefix("200: ") == true)
        var request = URLRequest(url: api)
        #expect(try await (snippets.sign(&request).1 as? HTTPURLResponse)?.statusCode == 200)
    }

    private struct Exports: Decodable {
        struct API: Decodable { let endpoints: [Endpoint] }
        struct Endpoint: Decodable { let endpoint: URL }
        let api: API

        enum CodingKeys: String, CodingKey { case api = "API" }
    }

    @Test("signing out at the first start finds the session of the app before, once")
    func firstStart() async throws {
        let folder = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        let mark = folder.appending(path: "installed")
        try? FileManager.default.removeItem(at: mark)
        let bench = try await Bench()
        let snippets = Snippets(session: try await bench.signedIn())
        try await snippets.firstStart()
        #expect(snippets.session.state == .signedOut)
        try await snippets.session.signIn(browser: bench.person)
        try await snippets.firstStart()
        #expect(snippets.session.state.isSignedIn)
        try FileManager.default.removeItem(at: mark)
    }
}
