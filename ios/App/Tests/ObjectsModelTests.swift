// What is done with single objects, over the session for tests: held on the way, cancelled, refused, and with another user.
import Foundation
import Jetbridge
import JetbridgeTesting
import Testing

@testable import JetbridgeDemo

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct ObjectsModelTests {
    private let folder = TemporaryFolder()
    private let fake = FakeJetbridgeSession.signedIn(objects: [
        ListedObject(key: "reports/october.pdf", size: 5, lastModified: .now, eTag: "\"1\""),
        ListedObject(key: "reports/welcome.txt", size: 7, lastModified: nil, eTag: "\"2\""),
    ])
    private let denied = JetbridgeError.accessDenied(
        service: .s3, code: "AccessDenied", requestID: nil, hint: "the role may not read the object")

    private func model(freeBytes: Int64? = nil) -> HomeModel {
        fake.contents = ["reports/october.pdf": Data("hello".utf8), "reports/welcome.txt": Data("welcome".utf8)]
        return HomeModel(files: folder.files(freeBytes: freeBytes)) { [fake] in fake }
    }

    private func listed() async -> HomeModel {
        let model = model()
        await model.refresh()
        return model
    }

    private func opened(_ key: String = "reports/october.pdf", freeBytes: Int64? = nil) async throws -> ObjectsModel {
        let objects = model(freeBytes: freeBytes).objects
        objects.path = [ObjectAddress(key)]
        try await eventually("the details") { objects.state.object?.facts != .loading }
        return objects
    }

    private func file(_ key: String, of objects: ObjectsModel) -> URL? {
        if case .done(let file) = objects.state[download: key] { file } else { nil }
    }

    private func problem(_ key: String, of objects: ObjectsModel) -> Problem? {
        if case .failed(let problem) = objects.state[download: key] { problem } else { nil }
    }

    @Test("a tap shows what is known of an object, and the way back leads to the list")
    func details() async throws {
        fake.headers["reports/october.pdf"] = ObjectHeaders(contentType: "application/pdf", metadata: ["owner": "fay"])
        let objects = try await opened()
        let details = try #require(objects.state.object?.facts.details)
        #expect(details.size == 5 && details.headers.metadata == ["owner": "fay"])
        #expect(objects.path == ["reports/october.pdf"])
        objects.path = []
        #expect(!objects.state.isOpen)
        // It is seen until it has moved away.
        #expect(objects.state.object?.facts.details == details)
    }

    @Test("a refusal says what would change it, and the object may be read all the same")
    func refused() async throws {
        fake.failure = denied
        let objects = try await opened()
        #expect(objects.state.object?.facts == .failed(denied))
        #expect(denied.forAdministrator == "the role may not read the object")
        #expect(JetbridgeError.cancelled.forAdministrator == nil)
        fake.failure = nil
        objects.download("reports/october.pdf")
        try await eventually("it is here") { file("reports/october.pdf", of: objects) != nil }
        // Its answer has the details, too.
        #expect(objects.state.object?.facts.details?.size == 5)
        fake.failure = denied
        await objects.lookAgain()
        #expect(objects.state.object?.facts == .failed(denied))
    }

    @Test("an object that somebody else has deleted leads back to a fresh list")
    func gone() async throws {
        let model = await listed()
        fake.objects.removeFirst()
        model.objects.open("reports/october.pdf")
        try await eventually("the news") { model.state.notice == .gone("reports/october.pdf") }
        #expect(model.objects.path.isEmpty)
        try await eventually("the list is fresh") { model.rows?.objects.map(\.key) == ["reports/welcome.txt"] }
        #expect(model.state.notice == .gone("reports/october.pdf"))
    }

    @Test("a download is shown on its way, goes on while something else is looked at, and ends in a file of its name")
    func download() async throws {
        let objects = try await opened()
        fake.transferPause = 2
        objects.download("reports/october.pdf")
        try await eventually("two bytes") {
            objects.state[download: "reports/october.pdf"] == .underWay(TransferProgress(done: 2, total: 5))
        }
        // A second tap is none.
        objects.download("reports/october.pdf")
        objects.close()
        objects.open("reports/welcome.txt")
        fake.transferPause = nil
        try await eventually("it is here") { file("reports/october.pdf", of: objects) != nil }
        let here = try #require(file("reports/october.pdf", of: objects))
        #expect(here.lastPathComponent == "october.pdf")
        #expect(try Data(contentsOf: here) == Data("hello".utf8))
        #expect(here.path.contains("/Caches/"))
        #expect(objects.state.object?.key == "reports/welcome.txt")
    }

    @Test("a cancelled download leaves no word, and the next one is another")
    func cancel() async throws {
        let objects = try await opened()
        fake.transferPause = 2
        objects.download("reports/october.pdf")
        try await eventually("it is under way") {
            objects.state[download: "reports/october.pdf"] == .underWay(TransferProgress(done: 2, total: 5))
        }
        objects.cancelDownload("reports/october.pdf")
        #expect(objects.state[download: "reports/october.pdf"] == nil)
        objects.download("reports/october.pdf")
        #expect(objects.state[download: "reports/october.pdf"] == .underWay(nil))
        fake.transferPause = nil
        try await eventually("it is here") { file("reports/october.pdf", of: objects) != nil }
    }

    @Test("a download that fails says why, can be tried again, and uses the same file")
    func retry() async throws {
        let offline = JetbridgeError.retryable(failure: "no network", retryAfter: nil)
        let objects = try await opened()
        fake.failure = offline
        objects.download("reports/october.pdf")
        try await eventually("the problem") {
            problem("reports/october.pdf", of: objects) == .failed(offline)
        }
        #expect(Problem.failed(offline).canRetry)
        fake.failure = nil
        objects.download("reports/october.pdf")
        try await eventually("it is here") { file("reports/october.pdf", of: objects) != nil }
        let first = file("reports/october.pdf", of: objects)
        objects.download("reports/october.pdf")
        try await eventually("it is here again") { file("reports/october.pdf", of: objects) != nil }
        #expect(file("reports/october.pdf", of: objects) == first)
    }

    @Test("a full device says how much is needed: before, and when it becomes full on the way")
    func deviceFull() async throws {
        let objects = try await opened(freeBytes: 3)
        objects.download("reports/october.pdf")
        try await eventually("the problem") {
            problem("reports/october.pdf", of: objects) == .noRoom(needed: 5, free: 3)
        }
        #expect(folder.contents.isEmpty)
        let other = try await opened(freeBytes: 5)
        fake.transferPause = 0
        other.download("reports/october.pdf")
        try await eventually("it is under way") {
            other.state[download: "reports/october.pdf"] == .underWay(TransferProgress(done: 0, total: 5))
        }
        fake.failure = .localFile(path: "october.pdf", problem: "No space left on device")
        fake.transferPause = nil
        try await eventually("the problem") { problem("reports/october.pdf", of: other) != nil }
        // There are five bytes for five bytes: what is wrong with the file is something else.
        #expect(problem("reports/october.pdf", of: other) == fake.failure.map { .failed($0) })
    }

    @Test("a deletion that was confirmed leads back to a fresh list, and takes the copy with it")
    func delete() async throws {
        let model = await listed()
        model.objects.open("reports/october.pdf")
        model.objects.download("reports/october.pdf")
        try await eventually("it is here") { file("reports/october.pdf", of: model.objects) != nil }
        model.objects.delete("reports/october.pdf")
        #expect(model.objects.state.object?.isDeleting == true)
        try await eventually("the news") { model.state.notice == .deleted("reports/october.pdf") }
        #expect(model.objects.path.isEmpty && model.objects.state[download: "reports/october.pdf"] == nil)
        #expect(folder.contents.isEmpty)
        try await eventually("the list is fresh") { model.rows?.objects.map(\.key) == ["reports/welcome.txt"] }
    }

    @Test("a deletion that is refused says why: at the object, or over the list that it was swiped in")
    func deletionRefused() async throws {
        let model = await listed()
        model.objects.open("reports/october.pdf")
        fake.failure = denied
        model.objects.delete("reports/october.pdf")
        try await eventually("the problem") { model.objects.state.object?.undeleted == denied }
        #expect(model.objects.state.object?.isDeleting == false)
        #expect(model.state.notice == nil)
        model.objects.close()
        model.objects.delete("reports/welcome.txt")
        try await eventually("the notice") { model.noticed == denied }
        #expect(fake.objects.count == 2)
    }

    @Test("what one user has begun is neither shown to the next nor left for them")
    func anotherUser() async throws {
        let model = await listed()
        model.objects.open("reports/welcome.txt")
        model.objects.download("reports/welcome.txt")
        try await eventually("it is here") { file("reports/welcome.txt", of: model.objects) != nil }
        #expect(folder.contents.count == 1)
        fake.transferPause = 2
        model.objects.download("reports/october.pdf")
        try await eventually("it is under way") {
            model.objects.state[download: "reports/october.pdf"] == .underWay(TransferProgress(done: 2, total: 5))
        }
        fake.state = .signedIn(
            user: JetbridgeUser(subject: "00uother", username: nil, name: nil, email: nil, displayName: "Olga Other"))
        try await eventually("Olga is there") { model.state.account.subject == "00uother" }
        #expect(model.objects.state == ObjectsState())
        #expect(folder.contents.isEmpty)
        fake.transferPause = nil
        await model.refresh()
        #expect(model.objects.state == ObjectsState())
    }

    @Test("files are still there for somebody who has to sign in again, and gone after a sign-out")
    func signInAgain() async throws {
        let model = await listed()
        model.objects.download("reports/october.pdf")
        try await eventually("it is here") { file("reports/october.pdf", of: model.objects) != nil }
        fake.state = .signInRequired(reason: .noRefreshToken, user: nil)
        try await eventually("nobody is there") { model.state.account.subject == nil }
        #expect(model.objects.state == ObjectsState())
        fake.state = .signedIn(user: fake.person)
        try await eventually("Fay is back") { model.state.account.subject == fake.person.subject }
        #expect(folder.contents.count == 1)
        fake.state = .signedOut
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        #expect(folder.contents.isEmpty)
    }

    @Test("keys that look the same are two objects")
    func alike() async throws {
        let (one, other) = ("caf\u{E9}.txt", "cafe\u{301}.txt")
        let both = [one, other].map { ListedObject(key: $0, size: 5, lastModified: nil, eTag: nil) }
        fake.objects += both
        let model = await listed()
        let rows = try #require(model.rows).objects.filter { $0.name.hasPrefix("caf") }
        #expect(rows.count == 2 && rows[0].id != rows[1].id)
        // As rows of a list, and as states that a screen is drawn of, too.
        let alike = [one, other].map { ObjectRow(key: $0, size: 5, changed: nil) }
        #expect(one == other && alike[0] != alike[1])
        #expect(ObjectState(key: one) != ObjectState(key: other))
        model.objects.download(one)
        try await eventually("it is here") { file(one, of: model.objects) != nil }
        #expect(model.objects.state[download: other] == nil)
        model.objects.open(other)
        model.objects.download(other)
        try await eventually("it is here, too") { file(other, of: model.objects) != nil }
        #expect(
            file(other, of: model.objects)?.deletingLastPathComponent()
                != file(one, of: model.objects)?.deletingLastPathComponent())
    }

    @Test("what is not seen in a key is spelled out where it is to be told from others")
    func spelledOut() {
        #expect("a b/c.txt".spelledOut == "a b/c.txt")
        #expect(" a\u{202E}gpj.exe ".spelledOut == "\\u{20}a\\u{202E}gpj.exe\\u{20}")
        #expect("  ".spelledOut == "\\u{20}\\u{20}")
        #expect("".spelledOut == "")
    }
}
