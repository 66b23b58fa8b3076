// What the user has picked belongs to another app, which gives it for a moment only. So it is copied: on the same volume that
// costs no room, because APFS copies a file when it is written to.
import CoreTransferable
import Foundation
import UniformTypeIdentifiers

#if os(Linux)
import AppleFoundation
#endif

/// A copy of what the user has picked, which is theirs until it is uploaded.
struct PickedFile: Equatable, Sendable {
    let file: URL
    /// As the other app has it.
    let name: String
    /// The content type that it is uploaded with, if its name tells.
    let type: String?

    nonisolated init(file: URL, name: String, type: String?) {
        (self.file, self.name, self.type) = (file, name, type)
    }

    /// Copies a file that may be read until this returns.
    nonisolated init(copying original: URL) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let copy = folder.appending(path: "content")
        do { try FileManager.default.copyItem(at: original, to: copy) } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
        let type = UTType(filenameExtension: original.pathExtension)?.preferredMIMEType
        self.init(file: copy, name: original.lastPathComponent, type: type)
    }

    /// Copies a document of another app, which may have to fetch it first. Waits for it, so it is not for the main thread.
    nonisolated static func document(_ url: URL) throws -> PickedFile {
        let isScoped = url.startAccessingSecurityScopedResource()
        defer { if isScoped { url.stopAccessingSecurityScopedResource() } }
        var refusal: NSError?
        var answer: Result<PickedFile, any Error>?
        NSFileCoordinator().coordinate(readingItemAt: url, options: .withoutChanges, error: &refusal) { readable in
            answer = Result { try PickedFile(copying: readable) }
        }
        guard let answer else { throw refusal ?? CocoaError(.fileReadUnknown) }
        return try answer.get()
    }

    var size: Int64 {
        let values = try? file.resourceValues(forKeys: [.fileSizeKey])
        return values?.fileSize.map(Int64.init) ?? 0
    }
}

// As a file, because a film does not fit into memory. Apple:
// [FileRepresentation](https://developer.apple.com/documentation/coretransferable/filerepresentation).
extension PickedFile: Transferable {
    nonisolated static var transferRepresentation: some TransferRepresentation {
        FileRepresentation(importedContentType: .movie) { try PickedFile(copying: $0.file) }
        FileRepresentation(importedContentType: .image) { try PickedFile(copying: $0.file) }
    }
}

extension PickedFile {
    /// Deletes a copy that nobody has kept.
    func discard() { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
}
