// What is brought into the bucket, over the session for tests.
import Foundation
import Jetbridge
import JetbridgeTesting
import Testing

@testable import JetbridgeDemo

#if os(Linux)
import AppleFoundation
#endif

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct UploadModelTests {
    private let folder = TemporaryFolder()
    private let fake = FakeJetbridgeSession.signedIn(objects: [
        ListedObject(key: "photos/2026/a.heic", size: 3, lastModified: nil, eTag: "\"1\""),
        ListedObject(key: "photos/2027/b.heic", size: 3, lastModified: nil, eTag: "\"2\""),
    ])

    private func model() -> HomeModel { model(fake) }

    private func model(_ session: FakeJetbridgeSession) -> HomeModel { HomeModel(files: folder.files()) { session } }

    /// A file of another app.
    private func original(_ name: String = "IMG_1.heic", _ text: String = "a photo") throws -> URL {
        let other = folder.url.appending(path: "Other app")
        try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
        let file = other.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file
    }

    /// Somebody has picked a photo, and is asked what it will be called.
    private func picked(_ model: HomeModel) async throws -> Naming {
        let file = try original()
        model.upload.take(into: model.state.listing.folder) { try PickedFile(copying: file) }
        #expect(model.upload.state == .reading)
        try await eventually("the question") { model.upload.naming != nil }
        return try #require(model.upload.naming)
    }

    /// Copies that the app has.
    private var copies: [String] { folder.contents.filter { !$0.hasPrefix("Other app") } }

    @Test("a photo is copied, named, sent with its content type, and listed")
    func wholeWay() async throws {
        let model = model()
        await model.refresh()
        let naming = try await picked(model)
        #expect(naming.name == "IMG_1.heic" && naming.size == 7 && !naming.replaces && naming.isKey)
        #expect(naming.key == "photos/IMG_1.heic")
        model.upload.key = "photos/2027/c.heic\n"
        #expect(model.upload.naming?.key == "photos/2027/c.heic")
        #expect(model.upload.naming?.id == naming.id)
        fake.transferPause = 3
        model.upload.start()
        // Taken away by the system, which is no wish to give up.
        model.upload.naming = nil
        try await eventually("three bytes") {
            model.upload.state == .underWay(key: "photos/2027/c.heic", TransferProgress(done: 3, total: 7))
        }
        fake.transferPause = nil
        try await eventually("the news") { model.state.notice == .uploaded("photos/2027/c.heic") }
        #expect(model.upload.state == nil)
        #expect(fake.contents["photos/2027/c.heic"] == Data("a photo".utf8))
        #expect(fake.headers["photos/2027/c.heic"]?.contentType == "image/heic")
        try await eventually("the list is fresh") { model.rows?.objects.count == 3 }
        #expect(copies.isEmpty)
    }

    @Test("a document of another app is read with its permission, and copied")
    func document() throws {
        let file = try original("notes.txt")
        let accesses = file.becomeSecurityScoped()
        let copy = try PickedFile.document(file)
        #expect(accesses() == 0)
        #expect(try Data(contentsOf: copy.file) == Data("a photo".utf8))
        #expect(copy.name == "notes.txt" && copy.type == "text/plain" && copy.size == 7)
        copy.discard()
        #expect(!FileManager.default.fileExists(atPath: copy.file.path))
        #expect(throws: (any Error).self) { try PickedFile.document(folder.url.appending(path: "nothing")) }
        #expect(throws: (any Error).self) { try PickedFile(copying: folder.url.appending(path: "nothing")) }
    }

    @Test("an object that is there is replaced only when the user says so")
    func taken() async throws {
        let model = model()
        _ = try await picked(model)
        model.upload.key = "photos/2026/a.heic"
        model.upload.start()
        try await eventually("the question") { model.upload.naming?.replaces == true }
        #expect(fake.contents["photos/2026/a.heic"] == nil)
        // Another name is another question.
        model.upload.key = "photos/2026/a2.heic"
        #expect(model.upload.naming?.replaces == false)
        model.upload.key = "photos/2026/a.heic"
        #expect(model.upload.naming?.replaces == true)
        model.upload.start(replacing: true)
        try await eventually("the news") { model.state.notice == .uploaded("photos/2026/a.heic") }
        #expect(fake.contents["photos/2026/a.heic"] == Data("a photo".utf8))
        // Nobody had asked for a list.
        #expect(model.state.listing == .notAsked)
    }

    @Test("an upload that is given up leaves nothing, and its answer is nobody's")
    func giveUp() async throws {
        let model = model()
        _ = try await picked(model)
        fake.transferPause = 1
        model.upload.start()
        try await eventually("it is under way") {
            model.upload.state == .underWay(key: "IMG_1.heic", TransferProgress(done: 1, total: 7))
        }
        model.upload.giveUp()
        #expect(model.upload.state == nil)
        #expect(copies.isEmpty)
        fake.transferPause = nil
        let again = try await picked(model)
        #expect(again.key == "IMG_1.heic")
        #expect(fake.contents["IMG_1.heic"] == nil)
        model.upload.naming = nil
        #expect(model.upload.state == nil && copies.isEmpty)
    }

    @Test("what the role forbids is told with its remedy, and the file waits for another try")
    func refused() async throws {
        let model = model()
        _ = try await picked(model)
        let denied = JetbridgeError.accessDenied(
            service: .s3, code: "AccessDenied", requestID: nil, hint: "allow s3:PutObject")
        fake.failure = denied
        model.upload.start()
        try await eventually("the problem") { model.upload.state == .failed(key: "IMG_1.heic", .failed(denied)) }
        model.upload.retry()
        #expect(model.upload.state == .underWay(key: "IMG_1.heic", nil))
        try await eventually("the problem") { model.upload.state == .failed(key: "IMG_1.heic", .failed(denied)) }
        fake.failure = nil
        model.upload.chooseAgain()
        #expect(model.upload.naming?.key == "IMG_1.heic")
        model.upload.key = "mine/IMG_1.heic"
        model.upload.start()
        try await eventually("the news") { model.state.notice == .uploaded("mine/IMG_1.heic") }
    }

    /// A process that ended when three bytes of an upload had arrived: no code of it runs any more, and S3 has its parts.
    private func ended(_ key: String = "IMG_1.heic") async throws {
        let session = FakeJetbridgeSession.signedIn()
        let model = model(session)
        _ = try await picked(model)
        model.upload.key = key
        session.transferPause = 3
        model.upload.start()
        try await eventually("three bytes") {
            model.upload.state == .underWay(key: key, TransferProgress(done: 3, total: 7))
        }
        fake.unfinishedUploads = [ObjectAddress(key)]
    }

    private let offline = JetbridgeError.retryable(failure: "no network", retryAfter: nil)

    @Test("an upload that the end of the app broke off is shown as what it is, and goes on when the user says so")
    func interrupted() async throws {
        try await ended("photos/IMG_1.heic")
        let again = model()
        #expect(again.upload.state == .interrupted(key: "photos/IMG_1.heic"))
        #expect(again.upload.naming == nil)
        again.upload.retry()
        try await eventually("the news") { again.state.notice == .uploaded("photos/IMG_1.heic") }
        #expect(fake.unfinishedUploads.isEmpty && copies.isEmpty)
        #expect(model().upload.state == nil)
    }

    @Test("an upload that is discarded after the app had ended leaves no parts, also if that works out only later")
    func discardedLater() async throws {
        try await ended()
        let again = model()
        fake.failure = offline
        again.upload.giveUp()
        #expect(again.upload.state == nil && copies.isEmpty)
        try await eventually("the user knows") { again.state.notice == .notGivenUp("IMG_1.heic", offline) }
        #expect(fake.unfinishedUploads == ["IMG_1.heic"])
        fake.failure = nil
        let later = model()
        #expect(later.upload.state == nil)
        try await eventually("S3 has nothing of it") { fake.unfinishedUploads.isEmpty }
        #expect(later.state.notice == nil)
        try await eventually("it is forgotten") { folder.files().begunUploads(of: fake.person.subject).isEmpty }
    }

    @Test("an upload that goes on under another name leaves no parts under the first")
    func renamed() async throws {
        let model = model()
        _ = try await picked(model)
        fake.transferPause = 3
        model.upload.start()
        try await eventually("it is under way") {
            model.upload.state == .underWay(key: "IMG_1.heic", TransferProgress(done: 3, total: 7))
        }
        fake.failure = offline
        fake.transferPause = nil
        try await eventually("the problem") { model.upload.state == .failed(key: "IMG_1.heic", .failed(offline)) }
        #expect(fake.unfinishedUploads == ["IMG_1.heic"])
        fake.failure = nil
        model.upload.chooseAgain()
        // It may still be the same name.
        #expect(fake.unfinishedUploads == ["IMG_1.heic"])
        model.upload.key = "IMG_2.heic"
        model.upload.start()
        try await eventually("the news") { model.state.notice == .uploaded("IMG_2.heic") }
        #expect(fake.unfinishedUploads.isEmpty)
    }

    @Test("what another user has begun waits for them, and nobody else gives it up")
    func ofAnotherUser() async throws {
        try await ended()
        fake.state = .signedIn(
            user: JetbridgeUser(subject: "00uother", username: nil, name: nil, email: nil, displayName: "Olga Other"))
        let model = model()
        #expect(model.state.account.subject == "00uother" && model.upload.state == nil)
        await model.upload.tidied()
        #expect(fake.unfinishedUploads == ["IMG_1.heic"])
        fake.state = .signedIn(user: fake.person)
        try await eventually("S3 has nothing of it") { fake.unfinishedUploads.isEmpty }
    }

    @Test("a cancel that may have come too late is told")
    func tooLate() async throws {
        let model = model()
        _ = try await picked(model)
        fake.transferPause = 3
        model.upload.start()
        try await eventually("it is under way") {
            model.upload.state == .underWay(key: "IMG_1.heic", TransferProgress(done: 3, total: 7))
        }
        fake.leftovers = Leftovers(mayBeWritten: true)
        model.upload.giveUp()
        try await eventually("the news") { model.state.notice == .mayBeUploaded("IMG_1.heic") }
    }

    @Test("what cannot be read is told, and nothing is left of it")
    func unreadable() async throws {
        let model = model()
        let nothing = folder.url.appending(path: "nothing")
        model.upload.take(into: "") { try PickedFile(copying: nothing) }
        try await eventually("the problem") { model.upload.state == .unreadable }
        model.upload.giveUp()
        model.upload.take(into: "") { nil }
        try await eventually("the problem") { model.upload.state == .unreadable }
        #expect(copies.isEmpty)
    }

    @Test("what was picked is still there when the app is started again, for the same user alone")
    func startedAgain() async throws {
        _ = try await picked(model())
        let again = model()
        #expect(again.upload.naming?.name == "IMG_1.heic")
        again.upload.key = "kept.heic"
        fake.state = .signInRequired(reason: .noRefreshToken, user: nil)
        try await eventually("nobody is there") { again.state.account.subject == nil }
        #expect(again.upload.state == nil)
        fake.state = .signedIn(user: fake.person)
        try await eventually("Fay is back") { again.upload.naming?.key == "kept.heic" }
        fake.state = .signedIn(
            user: JetbridgeUser(subject: "00uother", username: nil, name: nil, email: nil, displayName: "Olga Other"))
        try await eventually("Olga is there") { again.state.account.subject == "00uother" }
        #expect(again.upload.state == nil)
        #expect(copies.isEmpty)
    }

    @Test("a key is taken where S3 takes it")
    func keys() {
        func isKey(_ key: String) -> Bool { Naming(id: "", name: "", size: 0, key: key).isKey }
        #expect(isKey("a") && isKey(" a ") && isKey(String(repeating: "ä", count: 512)))
        #expect(!isKey("") && !isKey(" ") && !isKey("a/") && !isKey(String(repeating: "ä", count: 512) + "b"))
    }
}
