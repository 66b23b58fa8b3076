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
