// Calls of objects and APIs with what is usual left out. A protocol's functions have no default arguments, and a function of an
// extension that has all arguments of a requirement would be taken for it: so each here lacks one, or has one that is not
// optional.
import Foundation
import JetbridgeFFI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension JetbridgeSessionProtocol {
    /// Reads an object into memory, if it has no more than `limit` bytes: 16 MiB if nothing is said.
    public nonisolated func getObject(
        _ object: ObjectAddress, limit: UInt64 = 16 * 1024 * 1024
    ) async throws(JetbridgeError) -> Data {
        try await getObject(object, limit: limit, conditions: ObjectConditions())
    }

    /// Reads an object of no more than 16 MiB into memory, under conditions.
    public nonisolated func getObject(
        _ object: ObjectAddress, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> Data {
        try await getObject(object, limit: 16 * 1024 * 1024, conditions: conditions)
    }

    /// Reads an object into a file, and tells nobody how far it is.
    @discardableResult
    public nonisolated func downloadObject(
        _ object: ObjectAddress, to file: URL, options: TransferOptions = TransferOptions(),
        conditions: ObjectConditions = ObjectConditions()
    ) async throws(JetbridgeError) -> DownloadedObject {
        try await downloadObject(object, to: file, options: options, conditions: conditions, progress: nil)
    }

    /// Reads an object into a file, and tells how far it is.
    @discardableResult
    public nonisolated func downloadObject(
        _ object: ObjectAddress, to file: URL, options: TransferOptions = TransferOptions(),
        conditions: ObjectConditions = ObjectConditions(),
        progress: @escaping @MainActor @Sendable (TransferProgress) -> Void
    ) async throws(JetbridgeError) -> DownloadedObject {
        try await downloadObject(object, to: file, options: options, conditions: conditions, progress: .some(progress))
    }

    /// Writes an object from memory, whatever is there.
    @discardableResult
    public nonisolated func putObject(
        _ object: ObjectAddress, body: Data, headers: ObjectHeaders = ObjectHeaders()
    ) async throws(JetbridgeError) -> UploadedObject {
        try await putObject(object, body: body, headers: headers, conditions: ObjectConditions())
    }

    /// Writes an object from memory under conditions, with nothing beside it.
    @discardableResult
    public nonisolated func putObject(
        _ object: ObjectAddress, body: Data, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> UploadedObject {
        try await putObject(object, body: body, headers: ObjectHeaders(), conditions: conditions)
    }

    /// Writes an object from a file, and tells nobody how far it is.
    @discardableResult
    public nonisolated func uploadFile(
        _ file: URL, to object: ObjectAddress, headers: ObjectHeaders = ObjectHeaders(),
        options: TransferOptions = TransferOptions(), conditions: ObjectConditions = ObjectConditions()
    ) async throws(JetbridgeError) -> UploadedObject {
        try await uploadFile(
            file, to: object, headers: headers, options: options, conditions: conditions, progress: nil)
    }

    /// Writes an object from a file, and tells how far it is.
    @discardableResult
    public nonisolated func uploadFile(
        _ file: URL, to object: ObjectAddress, headers: ObjectHeaders = ObjectHeaders(),
        options: TransferOptions = TransferOptions(), conditions: ObjectConditions = ObjectConditions(),
        progress: @escaping @MainActor @Sendable (TransferProgress) -> Void
    ) async throws(JetbridgeError) -> UploadedObject {
        try await uploadFile(
            file, to: object, headers: headers, options: options, conditions: conditions, progress: .some(progress))
    }

    /// Deletes an object, whichever it is.
    public nonisolated func deleteObject(_ object: ObjectAddress) async throws(JetbridgeError) {
        try await deleteObject(object, conditions: ObjectConditions())
    }

    /// Deletes objects of one bucket, the configuration's if nothing is said; gives those that could not be deleted.
    public nonisolated func deleteObjects(
        _ keys: [String], bucket: String? = nil
    ) async throws(JetbridgeError) -> [UndeletedObject] {
        try await deleteObjects(keys, bucket: bucket, requesterPays: false)
    }

    /// Gives up what was sent of a file to an object and is remembered in the library's own folder; whether there was anything.
    @discardableResult
    public nonisolated func abortUpload(of file: URL, to object: ObjectAddress) async throws(JetbridgeError) -> Bool {
        try await abortUpload(of: file, to: object, resumeFolder: nil)
    }

    /// Copies an object within S3, with what is kept with it.
    @discardableResult
    public nonisolated func copyObject(
        _ source: ObjectAddress, to target: ObjectAddress
    ) async throws(JetbridgeError) -> UploadedObject {
        try await copyObject(source, to: target, headers: nil)
    }

    /// As ``authorize(_:service:region:)``, for an API of the configuration.
    public nonisolated func authorize(_ request: inout URLRequest) async throws(JetbridgeError) {
        try await authorize(&request, service: nil, region: nil)
    }

    /// As ``data(for:service:region:)``, for an API of the configuration.
    public nonisolated func data(for request: URLRequest) async throws(JetbridgeError) -> (Data, HTTPURLResponse) {
        try await data(for: request, service: nil, region: nil)
    }
}

// What sessions of apps' own may do without: they were written before there was such a thing.
extension JetbridgeSessionProtocol {
    /// Deletes one after the other.
    public nonisolated func deleteObjects(
        _ keys: [String], bucket: String?, requesterPays: Bool
    ) async throws(JetbridgeError) -> [UndeletedObject] {
        var undeleted: [UndeletedObject] = []
        for key in keys {
            do throws(JetbridgeError) {
                try await deleteObject(ObjectAddress(key, bucket: bucket, requesterPays: requesterPays))
            } catch {
                // Anything else is said of none of them in particular.
                guard case .accessDenied(_, _, _, let hint) = error else { throw error }
                let kind = error.core?.kind() ?? ""
                undeleted.append(UndeletedObject(key: key, kind: kind, problem: error.localizedDescription, hint: hint))
            }
        }
        return undeleted
    }

    /// Refuses: whoever wants parts gone must not be told that there were none.
    @discardableResult
    public nonisolated func abortUpload(
        of file: URL, to object: ObjectAddress, resumeFolder: URL?
    ) async throws(JetbridgeError) -> Bool {
        throw .misconfigured(
            setting: "JetbridgeSessionProtocol.abortUpload", problem: "this session does not implement it",
            hint: "Hand it on to the session that has begun the upload.")
    }

    /// Refuses: whoever wants to know what is wrong must not be told that nothing is.
    public nonisolated func diagnose() async throws(JetbridgeError) -> DiagnosisReport {
        throw .misconfigured(
            setting: "JetbridgeSessionProtocol.diagnose", problem: "this session does not implement it",
            hint: "Hand it on to a JetbridgeSession, or give a report.")
    }

    /// Nothing that is known.
    public var leftovers: Leftovers { Leftovers() }
}
