// Objects over the real library and the strict local stack, from a file of the device and back to one.
import Foundation
import Jetbridge
import Testing

@testable import JetbridgeDemo

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct ObjectsOverStackTests {
    @Test("a file is uploaded, listed, looked at, downloaded with the same bytes, and deleted")
    func wholeDay() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        // Several parts, the last of them a piece, and no two alike: 251 is a prime.
        var bytes = Data(0..<251)
        while bytes.count < 9_000_001 { bytes += bytes }
        bytes = bytes.prefix(9_000_001)
        try FileManager.default.createDirectory(at: bench.folder.url, withIntermediateDirectories: true)
        let file = bench.folder.url.appending(path: "film at sea.mov")
        try bytes.write(to: file)
        let key = "films/film at sea \u{202E}.mov"

        model.upload.take(into: "films/") { try PickedFile.document(file) }
        try await eventually("the question") { model.upload.naming != nil }
        model.upload.key = key
        model.upload.start()
        try await eventually("the news") { model.state.notice == .uploaded(key) }
        try await eventually("the list is fresh") { model.rows?.objects.contains { $0.key == key } == true }

        model.objects.open(key)
        try await eventually("the details") { model.objects.state.object?.facts != .loading }
        let details = try #require(model.objects.state.object?.facts.details)
        #expect(details.size == 9_000_001)
        #expect(details.headers.contentType == "video/quicktime")
        #expect(details.checksum != nil && details.eTag != nil)

        model.objects.download(key)
        try await eventually("it is here") {
            if case .underWay = model.objects.state[download: key] { false } else { true }
        }
        guard case .done(let here) = model.objects.state[download: key] else {
            Issue.record("\(String(describing: model.objects.state[download: key]))")
            return
        }
        #expect(here.lastPathComponent == "film at sea _.mov")
        #expect(try Data(contentsOf: here) == bytes)

        // The same once more is asked about.
        model.upload.take(into: "films/") { try PickedFile.document(file) }
        try await eventually("the question") { model.upload.naming != nil }
        model.upload.key = key
        model.upload.start()
        try await eventually("it is taken") { model.upload.naming?.replaces == true }
        model.upload.giveUp()

        model.objects.delete(key)
        try await eventually("the news") { model.state.notice == .deleted(key) }
        try await eventually("the list is fresh") { model.rows?.objects.contains { $0.key == key } == false }
        #expect(!FileManager.default.fileExists(atPath: here.path))
        model.objects.open(key)
        try await eventually("it is gone") { model.state.notice == .gone(key) }
    }

    @Test("every object of the bucket, however its key is written, is looked at and becomes a file of its own")
    func awkwardKeys() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        // Small ones: it is their keys that matter.
        let small = try #require(model.rows).objects.filter { $0.size < 10_000 }
        // What no client of HTTP can ask for is said, and not tried.
        let unaddressable = small.filter { row in row.key.split(separator: "/").contains { $0 == "." || $0 == ".." } }
        let rows = small.filter { !unaddressable.contains($0) }
        #expect(rows.count > 25 && unaddressable.count == 2)
        for row in small { model.objects.download(row.key) }
        for row in unaddressable {
            try await eventually("\(row.key) is refused") {
                if case .failed(.failed(.misconfigured)) = model.objects.state[download: row.key] {
                    true
                } else {
                    false
                }
            }
        }
        var files: Set<URL> = []
        for row in rows {
            try await eventually("\(row.key) is here") {
                if case .done = model.objects.state[download: row.key] { true } else { false }
            }
            guard case .done(let file) = model.objects.state[download: row.key] else { throw CancellationError() }
            #expect(try Data(contentsOf: file).count == Int(row.size), "\(row.key)")
            files.insert(file.standardizedFileURL)
            model.objects.open(row.key)
            try await eventually("the details of \(row.key)") { model.objects.state.object?.facts != .loading }
            #expect(model.objects.state.object?.facts.details?.size == UInt64(row.size), "\(row.key)")
        }
        #expect(files.count == rows.count)
        // All of them where they belong.
        #expect(bench.folder.contents.filter { $0.hasPrefix("Caches/Downloads/") }.count == rows.count)
        #expect(bench.folder.contents.count == rows.count)
        #expect(model.state.notice == nil)
    }

    @Test("what the role forbids is explained: at the object, and for the administrator")
    func refused() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        try bench.refuseListings(true)
        model.objects.open("readme.txt")
        try await eventually("the refusal") {
            if case .failed(.accessDenied) = model.objects.state.object?.facts { true } else { false }
        }
        guard case .failed(let error) = model.objects.state.object?.facts else { throw CancellationError() }
        #expect(error.forAdministrator?.isEmpty == false)
        #expect(error.text.contains("Ask your administrator"))
        model.objects.delete("readme.txt")
        try await eventually("the refusal") { model.objects.state.object?.undeleted?.forAdministrator != nil }
        try bench.refuseListings(false)
        await model.objects.lookAgain()
        #expect(model.objects.state.object?.facts.details != nil)
    }
}
