// Objects have keys, and iOS has files. Here is decided which file is whose, what it may be called, and when it goes: what one
// user has brought to the device is not there for the next.
import Foundation

#if os(Linux)
import AppleFoundation
#endif

/// The app's own files: downloads in Caches, where iOS may take them when it needs room while the app does not run, and copies
/// of what is uploaded in Application Support, where nobody takes them. Apple: "File System Programming Guide", "The Library
/// Directory Stores App-Specific Files".
@MainActor
final class LocalFiles {
    private let downloads: URL
    private let uploads: URL
    private let begun: URL
    private let measure: @Sendable (URL) -> Int64?

    /// `freeBytes` is for tests, which have no full device.
    nonisolated init(
        caches: URL = .cachesDirectory, support: URL = .applicationSupportDirectory,
        freeBytes: @escaping @Sendable (URL) -> Int64? = LocalFiles.freeBytes
    ) {
        downloads = caches.appending(path: "Downloads", directoryHint: .isDirectory)
        uploads = support.appending(path: "Uploads", directoryHint: .isDirectory)
        begun = support.appending(path: "Begun uploads", directoryHint: .isDirectory)
        measure = freeBytes
    }

    /// Bytes that can be written for something that the user asked for; the system frees some of them when they are needed.
    /// Apple asks apps to say why they look (PrivacyInfo.xcprivacy).
    @Sendable
    nonisolated static func freeBytes(_ folder: URL) -> Int64? {
        let values = try? folder.resourceValues(forKeys: [.volumeAvailableCapacityForImportantUsageKey])
        return values?.volumeAvailableCapacityForImportantUsage
    }

    /// What keeps so many bytes from being written here.
    func problem(writing bytes: Int64) -> Problem? {
        guard let free = measure(downloads.deletingLastPathComponent()), free < bytes else { return nil }
        return .noRoom(needed: bytes, free: free)
    }

    // MARK: Downloads

    /// Which folder is which object's. A key has up to 1,024 bytes and every character there is, a file's name neither.
    private struct Index: Codable {
        var owner: String
        /// By the bytes of the key, in base64: two texts that look the same are two keys.
        var folders: [String: String] = [:]
    }

    private var indexFile: URL { downloads.appending(path: "index.json") }

    private var index: Index? {
        get { (try? Data(contentsOf: indexFile)).flatMap { try? JSONDecoder().decode(Index.self, from: $0) } }
        set {
            guard let newValue, let data = try? JSONEncoder().encode(newValue) else { return }
            try? data.write(to: indexFile, options: .atomic)
        }
    }

    /// Deletes what others than `owner` have downloaded and picked; everything, if there is none.
    func keepOnly(_ owner: String?) {
        if owner == nil || index?.owner != owner {
            try? FileManager.default.removeItem(at: downloads)
            if let owner, (try? make(downloads)) != nil { index = Index(owner: owner) }
        }
        if owner == nil || kept?.owner != owner { try? FileManager.default.removeItem(at: uploads) }
    }

    /// Where an object goes: for the same user and key always the same file, or no download could go on.
    func file(for key: String) throws -> URL {
        try make(downloads)
        var index = self.index ?? Index(owner: "")
        let entry = key.exact.base64EncodedString()
        let name = index.folders[entry] ?? UUID().uuidString
        index.folders[entry] = name
        self.index = index
        let folder = downloads.appending(path: name, directoryHint: .isDirectory)
        try make(folder)
        return folder.appending(path: Self.safeName(of: key), directoryHint: .notDirectory)
    }

    /// Whether something of the object is here, so that part of its room is taken already.
    func isBegun(_ file: URL) -> Bool {
        let folder = file.deletingLastPathComponent().path(percentEncoded: false)
        return !((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).isEmpty
    }

    /// The object is deleted, and its copy goes, too.
    func forget(_ key: String) {
        guard var index, let name = index.folders.removeValue(forKey: key.exact.base64EncodedString()) else { return }
        try? FileManager.default.removeItem(at: downloads.appending(path: name))
        self.index = index
    }

    /// A name for the file of an object: the last part of its key, with nothing in it that a file system, or an app that is
    /// given the file, takes for something else.
    nonisolated static func safeName(of key: String) -> String {
        // By scalars: a slash with an accent behind it is one character, and no "/".
        let last = key.unicodeScalars.split(separator: "/").last ?? [][...]
        let visible = last.map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: "_"
            // The second of them is a slash to older parts of the system, the others are for Windows.
            default: "\\:*?\"<>|".unicodeScalars.contains(scalar) ? "_" : scalar
            }
        }
        let name = String(String.UnicodeScalarView(visible))
            .trimmingCharacters(in: .whitespacesAndNewlines.union(["."]))
        let dot = name.lastIndex(of: ".").flatMap { name.distance(from: $0, to: name.endIndex) <= 16 ? $0 : nil }
        let ending = dot.map { String(name[$0...]) } ?? ""
        // APFS takes 255 bytes, and the library's own ending for what is not whole yet comes behind.
        var stem = Substring(name.prefix(upTo: dot ?? name.endIndex))
        while stem.utf8.count + ending.utf8.count > 120, !stem.isEmpty { stem.removeLast() }
        return (stem.isEmpty ? "object" : String(stem)) + ending
    }

    // MARK: Uploads

    /// What waits to be uploaded, for another start of the app.
    private struct Kept: Codable {
        var owner: String
        var name: String
        var type: String?
        var key: String
    }

    private var keptFile: URL { uploads.appending(path: "upload.json") }
    /// What is uploaded, whatever it is: by this path, too, the library knows an upload again.
    var content: URL { uploads.appending(path: "content", directoryHint: .notDirectory) }

    private var kept: Kept? {
        (try? Data(contentsOf: keptFile)).flatMap { try? JSONDecoder().decode(Kept.self, from: $0) }
    }

    /// Makes a picked file the one that is uploaded.
    func keep(_ picked: PickedFile) throws -> PickedFile {
        discardUpload()
        try make(uploads)
        try FileManager.default.moveItem(at: picked.file, to: content)
        try? FileManager.default.removeItem(at: picked.file.deletingLastPathComponent())
        return PickedFile(file: content, name: picked.name, type: picked.type)
    }

    /// Remembers what it is to be called.
    func remember(_ picked: PickedFile, key: String, owner: String) {
        let kept = Kept(owner: owner, name: picked.name, type: picked.type, key: key)
        try? JSONEncoder().encode(kept).write(to: keptFile, options: .atomic)
    }

    /// What this user has picked and not uploaded yet, perhaps before the app was ended.
    func remembered(of owner: String) -> (picked: PickedFile, key: String)? {
        let path = content.path(percentEncoded: false)
        guard let kept, kept.owner == owner, FileManager.default.fileExists(atPath: path) else { return nil }
        return (PickedFile(file: content, name: kept.name, type: kept.type), kept.key)
    }

    func discardUpload() { try? FileManager.default.removeItem(at: uploads) }

    // MARK: Begun uploads

    /// An upload that was begun and is neither an object nor given up, as far as is known here: S3 may have parts of it.
    private struct Begun: Codable {
        let owner: String
        let key: String

        func isOf(_ owner: String, _ key: String) -> Bool { self.owner == owner && self.key.exact == key.exact }
    }

    private var begunFile: URL { begun.appending(path: "uploads.json") }

    // It outlives a sign-out: only its owner can give it up, when they are back.
    private var allBegun: [Begun] {
        get { (try? Data(contentsOf: begunFile)).flatMap { try? JSONDecoder().decode([Begun].self, from: $0) } ?? [] }
        set {
            try? make(begun)
            try? JSONEncoder().encode(newValue).write(to: begunFile, options: .atomic)
        }
    }

    /// The keys that this user has begun to upload to.
    func begunUploads(of owner: String) -> [String] { allBegun.filter { $0.owner == owner }.map(\.key) }

    /// Something is about to be sent.
    func beginUpload(to key: String, of owner: String) {
        if !allBegun.contains(where: { $0.isOf(owner, key) }) { allBegun.append(Begun(owner: owner, key: key)) }
    }

    /// It is an object, or S3 has nothing of it any more.
    func endUpload(to key: String, of owner: String) { allBegun.removeAll { $0.isOf(owner, key) } }

    /// On this device only: nobody else has a use for it, and backups have better things to keep.
    private func make(_ folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var folder = folder
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try folder.setResourceValues(values)
    }
}
