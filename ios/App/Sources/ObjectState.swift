// As HomeState, for what is done with single objects: looked at, brought to this device, put into the bucket, deleted.
import Foundation
import Jetbridge

/// What is done with the objects of the list.
struct ObjectsState: Equatable, Sendable {
    /// The object whose details were asked for last. It stays when they are closed, as they are seen until they are gone.
    var object: ObjectState?
    var isOpen = false
    /// Objects that are on their way to this device, or here; also while something else is looked at.
    private var downloads: [ObjectAddress: DownloadState] = [:]

    nonisolated init(object: ObjectState? = nil, isOpen: Bool = false) { (self.object, self.isOpen) = (object, isOpen) }

    /// The download of the object with this key.
    subscript(download key: String) -> DownloadState? {
        get { downloads[ObjectAddress(key)] }
        set { downloads[ObjectAddress(key)] = newValue }
    }
}

/// One object.
struct ObjectState: Equatable, Sendable {
    let address: ObjectAddress
    var facts = FactsState.loading
    var isDeleting = false
    /// Why it could not be deleted.
    var undeleted: JetbridgeError?

    init(key: String, facts: FactsState = .loading) { (address, self.facts) = (ObjectAddress(key), facts) }

    var key: String { address.key }
}

/// What is known of an object.
enum FactsState: Equatable, Sendable {
    /// S3 is being asked.
    case loading
    case known(ObjectDetails)
    case failed(JetbridgeError)

    var details: ObjectDetails? { if case .known(let details) = self { details } else { nil } }
}

/// An object on its way to this device.
enum DownloadState: Equatable, Sendable {
    /// `nil` before the first byte.
    case underWay(TransferProgress?)
    /// It is here.
    case done(URL)
    /// Not, or not all of it; the next try goes on where this one ended.
    case failed(Problem)
}

/// A photo or a file on its way into the bucket.
enum UploadState: Equatable, Sendable {
    /// The app that has it is handing it over.
    case reading
    /// The user decides what it will be called.
    case naming(Naming)
    /// `nil` before the first byte.
    case underWay(key: String, TransferProgress?)
    case failed(key: String, Problem)
    /// The app was ended in the middle of it, or its user had to sign in again.
    case interrupted(key: String)
    /// Not even the picked file could be read.
    case unreadable

    var naming: Naming? { if case .naming(let naming) = self { naming } else { nil } }
}

/// What the user is asked before something is sent.
struct Naming: Identifiable, Equatable, Sendable {
    /// Of the copy that will be sent, and one question, however its key is changed.
    let id: String
    let name: String
    let size: Int64
    var key: String
    /// There is an object with this key, which would be replaced.
    var taken: String?

    var replaces: Bool { key.exact == taken?.exact }
    /// Whether S3 takes the key ("Naming Amazon S3 objects" in its user guide: at most 1,024 bytes of UTF-8), and it is no
    /// folder's.
    var isKey: Bool {
        !key.allSatisfy(\.isWhitespace) && key.utf8.last != UInt8(ascii: "/") && key.utf8.count <= 1_024
    }
}

/// What went wrong with one transfer.
enum Problem: Equatable, Sendable {
    case failed(JetbridgeError)
    /// The device is full: bytes that are needed, and that there are.
    case noRoom(needed: Int64, free: Int64)
}

extension Problem {
    /// Whether trying again may do better. Room can be made.
    var canRetry: Bool { if case .failed(let error) = self { error.canRetry } else { true } }
}

extension JetbridgeError {
    /// What would change a refusal, for whoever can change it; in English, as it comes from the library.
    var forAdministrator: String? {
        guard case .accessDenied(_, _, _, let hint) = self, !hint.isEmpty else { return nil }
        return hint
    }

    /// Whether a file of this device is to blame, and not the network, AWS or Okta.
    var isAboutFile: Bool { if case .localFile = self { true } else { false } }
}

extension ListingState {
    /// The folder that is shown: what all keys of the list begin with, to its last slash.
    var folder: String {
        guard case .rows(let rows) = self, let first = rows.objects.first else { return "" }
        let common = rows.objects.reduce(first.key.utf8[...]) { common, row in
            common.prefix(zip(common, row.key.utf8).prefix { $0 == $1 }.count)
        }
        return common.lastIndex(of: UInt8(ascii: "/")).map { String(decoding: common[...$0], as: UTF8.self) } ?? ""
    }
}
