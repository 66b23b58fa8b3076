import Foundation

/// Where uploads that were broken off are remembered, unless the app names another place.
///
/// In Application Support, which nobody else cleans (Caches and the temporary folder are emptied by the system), below the app's
/// identifier, as Apple asks for it: "File System Programming Guide", "The Library Directory Stores App-Specific Files".
enum ResumeFolder {
    /// The folder, made if it is not there. Without one, transfers begin anew.
    static var standard: URL? {
        let parent = try? FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        let app = Bundle.main.bundleIdentifier ?? ProcessInfo.processInfo.processName
        guard let folder = parent?.appending(path: app).appending(path: "Jetbridge Transfers") else { return nil }
        do { try make(folder) } catch { return nil }
        return folder
    }

    static func make(_ folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Another device has neither the files nor a use for it: an upload of this one is not to go on there.
        var folder = folder
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try folder.setResourceValues(values)
    }
}
