import Foundation
import Testing

@testable import Jetbridge

#if os(Linux)
import AppleFoundation
#endif

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Single objects of the stack's bucket, over the real core.
@MainActor
@Suite(.timeLimit(.minutes(5)))
final class ObjectsTests {
    /// The smallest that S3 takes of an upload in parts, but for the last.
    private static let part: UInt64 = 5 * 1024 * 1024
    private let folder = FileManager.default.temporaryDirectory.appending(path: "jetbridge-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func file(_ name: String, _ size: Int) throws -> URL {
        let file = folder.appending(path: name)
        var data = Data(capacity: size)
        // Parts that are told apart.
        while data.count < size {
            let piece = UInt8(data.count / 1_000_000)
            data.append(Data(repeating: piece, count: min(1_000_000, size - data.count)))
        }
        try data.write(to: file)
        return file
    }

    private var options: TransferOptions {
        TransferOptions(partSize: Self.part, resumeFolder: folder.appending(path: "remembered"))
    }

    @Test("an object is written, looked at, read, copied, shared and deleted")
    func wholeDay() async throws {
        let session = try await Bench().signedIn()
        let headers = ObjectHeaders(contentType: "text/plain", metadata: ["owner": "alice"])
        let written = try await session.putObject("day/a ü+?.txt", body: Data("hello".utf8), headers: headers)
        #expect(written.size == 5 && written.eTag?.isEmpty == false)
        let details = try await session.headObject("day/a ü+?.txt")
        #expect(details.size == 5 && details.eTag == written.eTag)
        #expect(details.headers.contentType == "text/plain" && details.headers.metadata == ["owner": "alice"])
        try await session.copyObject("day/a ü+?.txt", to: "day/b.txt")
        #expect(try await session.getObject("day/b.txt") == Data("hello".utf8))
        let tooLarge = try await error { _ = try await session.getObject("day/b.txt", limit: 4) }
        guard case .misconfigured = tooLarge else { throw tooLarge }
        try await session.deleteObject("day/b.txt")
        let gone = try await error { _ = try await session.headObject("day/b.txt") }
        guard case .notFound = gone else { throw gone }
        let elsewhere = try await error {
            _ = try await session.headObject(ObjectAddress("a", bucket: "no-such-bucket"))
        }
        guard case .notFound = elsewhere else { throw elsewhere }
    }

    @Test("what a URL permits is done by any URLSession, until it expires")
    func presigned() async throws {
        let session = try await Bench().signedIn()
        let put = try await session.presignObject(PresignRequest("shared.txt", .put, contentType: "text/plain"))
        #expect(put.expiresAt > .now && !put.isCutShort && !"\(put)".contains("X-Amz"))
        let body = Data("by somebody else".utf8)
        let sent = try await URLSession.shared.upload(for: put.request, from: body).1
        #expect((sent as? HTTPURLResponse)?.statusCode == 200)
        let get = try await session.presignObject(PresignRequest("shared.txt", lasts: .seconds(6 * 3_600)))
        #expect(get.isCutShort)
        #expect(try await URLSession.shared.data(for: get.request).0 == body)
        #expect(try await session.headObject("shared.txt").headers.contentType == "text/plain")
    }

    @Test("a condition that does not hold is told, and nothing is done")
    func conditions() async throws {
        let session = try await Bench().signedIn()
        let isNew = ObjectConditions(ifNoneMatch: "*")
        let first = Data("first".utf8)
        try await session.putObject("plan.txt", body: first, headers: ObjectHeaders(), conditions: isNew)
        let second = try await error {
            try await session.putObject("plan.txt", body: Data(), headers: ObjectHeaders(), conditions: isNew)
        }
        guard case .conditionNotMet = second else { throw second }
        #expect(try await session.getObject("plan.txt") == first)
    }

    @Test("a file goes up and comes down in parts, and the main actor hears of it to the end")
    func transfers() async throws {
        let session = try await Bench().signedIn()
        let film = try file("film", 2 * Int(Self.part) + 1_000)
        let size = 2 * Self.part + 1_000
        var told: [TransferProgress] = []
        let uploaded = try await session.uploadFile(film, to: "film", options: options) { told.append($0) }
        #expect(uploaded.size == size && uploaded.resumed == 0)
        #expect(told.last == TransferProgress(done: size, total: size) && told.last?.fraction == 1)
        #expect(told.map(\.done) == told.map(\.done).sorted())
        told = []
        let copy = folder.appending(path: "copy")
        let downloaded = try await session.downloadObject("film", to: copy, options: options) { told.append($0) }
        #expect(downloaded.details.size == size && downloaded.isVerified)
        #expect(told.last?.done == size)
        #expect(try Data(contentsOf: copy) == Data(contentsOf: film))
    }

    @Test("a cancelled upload stops, leaves nothing in S3, and a picked document is given back")
    func cancelled() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let film = try file("picked", 4 * Int(Self.part))
        #if os(Linux)
        let accesses = film.becomeSecurityScoped()
        #endif
        _ = try await session.credentials()
        try bench.stack.setLatency(milliseconds: 2_500)
        let options = TransferOptions(parallel: 1, partSize: Self.part, resumeFolder: options.resumeFolder)
        let upload = Task.detached { try await session.uploadFile(film, to: "film", options: options) }
        let leaving = Task.detached { [stack = bench.stack] in
            try await stack.hasAnswered("UploadPart", times: 1)
            #if os(Linux)
            #expect(accesses() == 1)
            #endif
            upload.cancel()
        }
        try await leaving.value
        #expect(try await error { _ = try await upload.value } == .cancelled)
        #if os(Linux)
        #expect(accesses() == 0)
        #endif
        try bench.stack.setLatency(milliseconds: 0)
        try await eventually("it is taken back") { try bench.count("AbortMultipartUpload") == 1 }
        #expect(try bench.count("CompleteMultipartUpload") == 0)
        let gone = try await error { _ = try await session.headObject("film") }
        guard case .notFound = gone else { throw gone }
    }

    @Test("an upload that failed keeps its parts for another try, until it is given up")
    func givenUp() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let film = try file("film", 3 * Int(Self.part))
        // From the second part on, for which there is time: what has arrived before is kept.
        _ = try await session.credentials()
        try bench.stack.setLatency(milliseconds: 1_500)
        let options = TransferOptions(parallel: 1, partSize: Self.part, resumeFolder: options.resumeFolder)
        let spoiling = Task.detached { [stack = bench.stack] in
            try await stack.hasAnswered("UploadPart", times: 1)
            try stack.injectFault(name: "s3-slow-down", times: 1_000)
        }
        let failed = try await error { try await session.uploadFile(film, to: "film", options: options) }
        try await spoiling.value
        try bench.stack.injectFault(name: "s3-slow-down", times: 0)
        try bench.stack.setLatency(milliseconds: 0)
        #expect(failed.recovery == .retry, "\(failed)")
        #expect(try bench.count("CompleteMultipartUpload") == 0 && bench.count("AbortMultipartUpload") == 0)
        // The file may be gone by then.
        try FileManager.default.removeItem(at: film)
        #expect(try await session.abortUpload(of: film, to: "film", resumeFolder: options.resumeFolder))
        #expect(try bench.count("AbortMultipartUpload") == 1)
        #expect(try await !session.abortUpload(of: film, to: "film", resumeFolder: options.resumeFolder))
        #expect(try await !session.abortUpload(of: film, to: "film"))
        #expect(session.leftovers == Leftovers())
        let noFile = try await error {
            try await session.abortUpload(of: try #require(URL(string: "https://example.com/film")), to: "film")
        }
        guard case .localFile = noFile else { throw noFile }
    }

    @Test("parts that cannot be given up are told, and given up later")
    func leftovers() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let film = try file("film", 4 * Int(Self.part))
        _ = try await session.credentials()
        try bench.stack.setLatency(milliseconds: 2_500)
        let options = TransferOptions(parallel: 1, partSize: Self.part, resumeFolder: options.resumeFolder)
        let upload = Task.detached { try await session.uploadFile(film, to: "film", options: options) }
        let leaving = Task.detached { [stack = bench.stack] in
            try await stack.hasAnswered("UploadPart", times: 1)
            try stack.injectFault(name: "s3-access-denied", times: 1_000)
            upload.cancel()
            try stack.setLatency(milliseconds: 0)
        }
        try await leaving.value
        #expect(try await error { _ = try await upload.value } == .cancelled)
        await session.settle()
        guard case .accessDenied = session.leftovers.parts else { throw CancellationError() }
        #expect(!session.leftovers.mayBeWritten)
        try bench.stack.injectFault(name: "s3-access-denied", times: 0)
        #expect(try await session.abortUpload(of: film, to: "film", resumeFolder: options.resumeFolder))
    }

    @Test("many objects are deleted in one request")
    func many() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let keys = (1...3).map { "many/\($0)" }
        for key in keys { try await session.putObject(ObjectAddress(key), body: Data()) }
        #expect(try await session.deleteObjects(keys + ["many/nothing"]).isEmpty)
        #expect(try bench.count("DeleteObjects") == 1 && bench.count("DeleteObject") == 0)
        #expect(try await session.listObjects(prefix: "many/").collected().isEmpty)
        let elsewhere = try await error { _ = try await session.deleteObjects(["a"], bucket: "no-such-bucket") }
        guard case .notFound = elsewhere else { throw elsewhere }
    }

    @Test("two addresses are the same if their keys have the same bytes")
    func addresses() {
        let (one, other) = ("caf\u{E9}", "cafe\u{301}")
        #expect(one == other && ObjectAddress(one) != ObjectAddress(other))
        #expect(Set([ObjectAddress(one), ObjectAddress(other), ObjectAddress(one)]).count == 2)
        #expect(ObjectAddress("a") == "a" && ObjectAddress("a", bucket: "b") != "a")
        #expect(ObjectAddress("a", requesterPays: true) != "a")
        #expect(PresignRequest(ObjectAddress(one)) != PresignRequest(ObjectAddress(other)))
        // All of a key counts, however much its neighbours have in common with it.
        let folder = String(repeating: "f", count: 1_000)
        #expect(Set((0..<100).map { ObjectAddress("\(folder)\($0)").hashValue }).count > 90)
        let listed = [one, other].map { ListedObject(key: $0, size: 1, lastModified: nil, eTag: nil) }
        #expect(Set(listed.map(\.keyBytes)).count == 2)
    }

    @Test("a file that is not there, and a URL of no file, are told apart from the network")
    func localFiles() async throws {
        let session = try await Bench().signedIn()
        for url in [folder.appending(path: "nothing"), try #require(URL(string: "https://example.com/film"))] {
            let missing = try await error { try await session.uploadFile(url, to: "film") }
            guard case .localFile = missing else { throw missing }
            #expect(missing.recovery == .retry && missing.text.contains("on this device"))
        }
    }

    @Test("uploads are remembered in a folder of the app's own, which is in no backup")
    func remembered() throws {
        let folder = try #require(ResumeFolder.standard)
        #expect(folder.path.hasSuffix("/Jetbridge Transfers"))
        #expect(try folder.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true)
        let place = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: false)
        #expect(folder.path.hasPrefix(place.path))
    }
}
