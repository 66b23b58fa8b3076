import Foundation
import Jetbridge
import JetbridgeTesting
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The fake's objects and API as an app's own tests use them.
@MainActor
@Suite(.timeLimit(.minutes(5)))
struct FakeObjectsTests {
    private let fake = FakeJetbridgeSession.signedIn()
    private var session: any JetbridgeSessionProtocol { fake }

    @Test("an object is written, looked at, read, copied, shared and deleted")
    func wholeDay() async throws {
        let headers = ObjectHeaders(contentType: "text/plain", metadata: ["owner": "fay"])
        let written = try await session.putObject("b", body: Data("hello".utf8), headers: headers)
        #expect(written.size == 5)
        try await session.copyObject("b", to: "a")
        #expect(try await session.listObjects().collected().map(\.key) == ["a", "b"])
        let details = try await session.headObject("a")
        #expect(details.headers == headers && details.size == 5 && details.eTag != written.eTag)
        #expect(try await session.getObject("a") == Data("hello".utf8))
        let tooLarge = try await error { _ = try await session.getObject("a", limit: 4) }
        guard case .misconfigured = tooLarge else { throw tooLarge }
        fake.lifetime = .seconds(60)
        let shared = try await session.presignObject(PresignRequest("a", .put, contentType: "text/plain"))
        #expect(shared.isCutShort && shared.request.httpMethod == "PUT" && shared.headers.count == 1)
        #expect(!"\(shared)".contains("fake.example.com"))
        try await session.deleteObject("a")
        try await session.deleteObject("a")
        #expect(try await error { _ = try await session.headObject("a") } == .notFound(what: "object a"))
        let elsewhere = ObjectAddress("b", bucket: "other")
        #expect(try await error { _ = try await session.getObject(elsewhere) } == .notFound(what: "bucket other"))
    }

    @Test("conditions are honoured")
    func conditions() async throws {
        let none = ObjectConditions(ifNoneMatch: "*")
        let first = try await session.putObject("a", body: Data(), headers: ObjectHeaders(), conditions: none)
        let again = try await error {
            try await session.putObject("a", body: Data(), headers: ObjectHeaders(), conditions: none)
        }
        guard case .conditionNotMet = again else { throw again }
        try await session.putObject("a", body: Data("2".utf8))
        let stale = try await error {
            try await session.deleteObject("a", conditions: ObjectConditions(ifMatch: first.eTag))
        }
        guard case .conditionNotMet = stale else { throw stale }
        #expect(fake.objects.count == 1)
        for times in [
            ObjectConditions(ifModifiedSince: .distantFuture), ObjectConditions(ifUnmodifiedSince: .distantPast),
        ] {
            let unmet = try await error { _ = try await session.getObject("a", conditions: times) }
            guard case .conditionNotMet = unmet else { throw unmet }
        }
        let met = ObjectConditions(ifMatch: fake.objects[0].eTag, ifUnmodifiedSince: .distantPast)
        #expect(try await session.getObject("\(fake.objects[0].key)", conditions: met) == Data("2".utf8))
        let unwanted = try await error { try await session.putObject("a", body: Data(), conditions: none) }
        guard case .conditionNotMet = unwanted else { throw unwanted }
    }

    @Test("keys that look the same are two objects, in lists, contents and headers, and a prefix is one of bytes")
    func alike() async throws {
        let keys = ["caf\u{E9}", "cafe\u{301}"]
        for key in keys { try await session.putObject(ObjectAddress(key), body: Data(key.utf8)) }
        #expect(fake.contents.count == 2 && fake.headers.count == 2)
        for key in keys {
            #expect(try await session.getObject(ObjectAddress(key)) == Data(key.utf8))
            #expect(fake.contents[ObjectAddress(key)] == Data(key.utf8))
        }
        let listed = try await session.listObjects(prefix: "cafe").collected()
        #expect(listed.map(\.keyBytes) == [Array(keys[1].utf8)])
        try await session.copyObject(ObjectAddress(keys[0]), to: "copy")
        #expect(fake.contents["copy"] == Data(keys[0].utf8))
        try await session.deleteObject(ObjectAddress(keys[0]))
        #expect(try await session.getObject(ObjectAddress(keys[1])) == Data(keys[1].utf8))
        #expect(fake.contents[ObjectAddress(keys[0])] == nil)
    }

    @Test("many are deleted, and those that are refused are named")
    func many() async throws {
        for key in ["a", "b", "c"] { try await session.putObject(ObjectAddress(key), body: Data()) }
        #expect(try await session.deleteObjects(["a", "b"]).isEmpty)
        #expect(fake.objects.map(\.key) == ["c"])
        fake.failure = .accessDenied(service: .s3, code: "AccessDenied", requestID: nil, hint: "allow it")
        let undeleted = try await session.deleteObjects(["c", "d"])
        #expect(undeleted.map(\.key) == ["c", "d"] && undeleted.allSatisfy { $0.kind == "access_denied" })
        #expect(undeleted[0].hint == "allow it" && undeleted[0].problem.contains("Amazon S3"))
        fake.failure = .retryable(failure: "no network", retryAfter: nil)
        #expect(try await error { _ = try await session.deleteObjects(["c"]) } == fake.failure)
    }

    @Test("an upload that failed on its way is given up, or gone on with")
    func unfinished() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(count: 1_000).write(to: file)
        func fail() async throws {
            fake.transferPause = 250
            var isUnderWay = false
            let failed = Task { try await session.uploadFile(file, to: "film") { _ in isUnderWay = true } }
            try await eventually("it is under way") { isUnderWay }
            fake.failure = .retryable(failure: "no network", retryAfter: nil)
            fake.transferPause = nil
            #expect(try await error { _ = try await failed.value } == fake.failure)
            fake.failure = nil
            #expect(fake.unfinishedUploads == ["film"])
        }
        try await fail()
        #expect(try await session.abortUpload(of: file, to: "film"))
        #expect(try await !session.abortUpload(of: file, to: "film"))
        try await fail()
        try await session.uploadFile(file, to: "film")
        #expect(fake.unfinishedUploads.isEmpty && session.leftovers == Leftovers())
    }

    @Test("a transfer waits where a test wants it, and tells how far it is")
    func paused() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        fake.objects = [ListedObject(key: "film", size: 1_000, lastModified: .now, eTag: nil)]
        fake.transferPause = 250
        var told: [TransferProgress] = []
        let download = Task { try await session.downloadObject("film", to: file) { told.append($0) } }
        try await eventually("it pauses") { told.count == 2 }
        #expect(told.last?.fraction == 0.25)
        #expect(!FileManager.default.fileExists(atPath: file.path))
        fake.transferPause = nil
        #expect(try await download.value.details.size == 1_000)
        #expect(told.map(\.done) == [0, 250, 1_000])
        #expect(try Data(contentsOf: file).count == 1_000)
        try await session.uploadFile(file, to: "film 2") { told.append($0) }
        #expect(fake.contents["film 2"]?.count == 1_000)
    }

    @Test("a transfer on its way is cancelled, or fails")
    func broken() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        fake.objects = [ListedObject(key: "film", size: 1_000, lastModified: .now, eTag: nil)]
        fake.transferPause = 250
        var isUnderWay = false
        let cancelled = Task { try await session.downloadObject("film", to: file) { _ in isUnderWay = true } }
        try await eventually("it is under way") { isUnderWay }
        cancelled.cancel()
        #expect(try await error { _ = try await cancelled.value } == .cancelled)
        isUnderWay = false
        let failed = Task { try await session.downloadObject("film", to: file) { _ in isUnderWay = true } }
        try await eventually("it is under way") { isUnderWay }
        fake.failure = .retryable(failure: "no network", retryAfter: nil)
        fake.transferPause = nil
        #expect(try await error { _ = try await failed.value } == fake.failure)
        fake.failure = nil
        let missing = try await error { try await session.uploadFile(file, to: "film") }
        guard case .localFile = missing else { throw missing }
    }

    @Test("an API answers what it is given, and a request gets its signature")
    func api() async throws {
        var request = URLRequest(url: URL(string: "https://api.example.com/notes")!)
        try await session.authorize(&request)
        #expect(request.value(forHTTPHeaderField: "Authorization")?.isEmpty == false)
        #expect(try await session.data(for: request).1.statusCode == 200)
        fake.api = { request throws(JetbridgeError) in
            if request.httpMethod == "DELETE" {
                throw .accessDenied(service: .api, code: "AccessDeniedException", requestID: nil, hint: "allow it")
            }
            return .init(status: 404, body: Data("nothing".utf8))
        }
        let (data, response) = try await session.data(for: request)
        #expect(String(decoding: data, as: UTF8.self) == "nothing" && response.statusCode == 404)
        request.httpMethod = "DELETE"
        let refused = try await error { _ = try await session.data(for: request) }
        #expect(refused.text.contains("You do not have access to this in"))
    }
}
