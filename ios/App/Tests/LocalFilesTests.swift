import Foundation
import Testing

@testable import JetbridgeDemo

@MainActor
struct LocalFilesTests {
    @Test(
        "a key becomes the name of a file, whatever is in it",
        arguments: [
            ("reports/october.pdf", "october.pdf"), ("photos/", "photos"), ("/", "object"), ("", "object"),
            ("../../etc/passwd", "passwd"), ("a/..", "object"), (".hidden", "hidden"), ("a:b\\c?.txt", "a_b_c_.txt"),
            ("x\u{202E}gpj.exe\n", "x_gpj.exe_"), ("nul\u{0}.txt", "nul_.txt"), (" ends. ", "ends"),
            ("ö 日本.txt", "ö 日本.txt"),
            ("a.b/c.", "c"), (".", "object"), ("a/\u{301}b.txt", "\u{301}b.txt"), ("../\u{301}../\u{301}x", "\u{301}x"),
        ])
    func names(key: String, name: String) { #expect(LocalFiles.safeName(of: key) == name) }

    @Test("a long name is cut before its ending, at a character")
    func longName() {
        let name = LocalFiles.safeName(of: String(repeating: "日", count: 300) + ".pdf")
        #expect(name.hasSuffix("日.pdf") && name.utf8.count <= 120 && name.utf8.count > 110)
        let noEnding = LocalFiles.safeName(of: "a." + String(repeating: "b", count: 500))
        #expect(noEnding.utf8.count == 120)
    }

    @Test("each key has a folder of its own, the same after a new start, and keys that are alike have two")
    func folders() throws {
        let folder = TemporaryFolder()
        let files = folder.files()
        files.keepOnly("alice")
        let keys = ["a/b.txt", "a//b.txt", "A/b.txt", "e\u{301}/b.txt", "é/b.txt"]
        let places = try keys.map { try files.file(for: $0) }
        #expect(Set(places).count == keys.count)
        #expect(places.allSatisfy { $0.lastPathComponent == "b.txt" })
        let again = folder.files()
        again.keepOnly("alice")
        #expect(try keys.map { try again.file(for: $0) } == places)
        #expect(!again.isBegun(places[0]))
        try Data("x".utf8).write(to: places[0])
        #expect(again.isBegun(places[0]))
        again.keepOnly("bob")
        #expect(folder.contents.isEmpty)
        #expect(try again.file(for: keys[0]) != places[0])
    }

    @Test("what was begun is remembered for its user, also after somebody else was there")
    func begun() {
        let folder = TemporaryFolder()
        let files = folder.files()
        files.keepOnly("alice")
        #expect(files.begunUploads(of: "alice").isEmpty)
        let keys = ["caf\u{E9}", "cafe\u{301}"]
        for key in keys + keys { files.beginUpload(to: key, of: "alice") }
        files.beginUpload(to: "b", of: "bob")
        files.keepOnly("bob")
        files.keepOnly(nil)
        let again = folder.files()
        #expect(again.begunUploads(of: "alice").map { Data($0.utf8) } == keys.map { Data($0.utf8) })
        again.endUpload(to: keys[1], of: "alice")
        #expect(again.begunUploads(of: "alice").map { Data($0.utf8) } == [Data(keys[0].utf8)])
        #expect(again.begunUploads(of: "bob") == ["b"])
    }

    @Test("a device says how much is free")
    func room() throws {
        #expect(try #require(LocalFiles.freeBytes(FileManager.default.temporaryDirectory)) > 0)
        let folder = TemporaryFolder()
        #expect(folder.files(freeBytes: 3).problem(writing: 4) == .noRoom(needed: 4, free: 3))
        #expect(folder.files(freeBytes: 3).problem(writing: 3) == nil)
        // Nobody knows: then it is tried.
        #expect(folder.files().problem(writing: .max) == nil)
    }
}
