import Foundation
import JetbridgeFFI

#if os(Linux)
import AppleFoundation
#endif

extension JetbridgeSession {
    /// What is known of an object, without its bytes.
    public nonisolated func headObject(_ object: ObjectAddress) async throws(JetbridgeError) -> ObjectDetails {
        try await interruptibly { try await $0.headObject(object: object.core) }
    }

    /// Reads an object into memory, if it has no more than `limit` bytes. For a large one,
    /// ``downloadObject(_:to:options:conditions:progress:)``.
    public nonisolated func getObject(
        _ object: ObjectAddress, limit: UInt64, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> Data {
        try await interruptibly { try await $0.getObject(object: object.core, limit: limit, conditions: conditions) }
    }

    /// Reads an object into a file. The file appears under its name when it is whole and its checksum is right, and replaces
    /// one that was there; what a broken try has brought is used by the next.
    ///
    /// `progress` is told by the main actor: the newest, one after the other, the end before the function returns. When the
    /// task is cancelled the transfer stops, and nothing is told any more.
    @discardableResult
    public nonisolated func downloadObject(
        _ object: ObjectAddress, to file: URL, options: TransferOptions, conditions: ObjectConditions,
        progress: (@MainActor @Sendable (TransferProgress) -> Void)?
    ) async throws(JetbridgeError) -> DownloadedObject {
        try await transfer(file, options, progress) { core, path, options, observer in
            try await core.downloadObject(
                object: object.core, file: path, options: options, conditions: conditions, observer: observer)
        }
    }

    /// Writes an object from memory, in one request.
    @discardableResult
    public nonisolated func putObject(
        _ object: ObjectAddress, body: Data, headers: ObjectHeaders, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> UploadedObject {
        try await interruptibly {
            try await $0.putObject(object: object.core, body: body, headers: headers, conditions: conditions)
        }
    }

    /// Writes an object from a file, a large one in parts. After the app was ended, the same upload goes on where it was if
    /// the file is still the same. When the task is cancelled, S3 keeps nothing of it. A document that the user picked may be
    /// given as it is.
    ///
    /// `progress` is told as by ``downloadObject(_:to:options:conditions:progress:)``.
    @discardableResult
    public nonisolated func uploadFile(
        _ file: URL, to object: ObjectAddress, headers: ObjectHeaders, options: TransferOptions,
        conditions: ObjectConditions, progress: (@MainActor @Sendable (TransferProgress) -> Void)?
    ) async throws(JetbridgeError) -> UploadedObject {
        try await transfer(file, options, progress) { core, path, options, observer in
            try await core.uploadFile(
                object: object.core, file: path, headers: headers, options: options, conditions: conditions,
                observer: observer)
        }
    }

    /// Deletes an object. One that is not there is no error: S3 does not tell.
    public nonisolated func deleteObject(
        _ object: ObjectAddress, conditions: ObjectConditions
    ) async throws(JetbridgeError) {
        try await interruptibly { try await $0.deleteObject(object: object.core, conditions: conditions) }
    }

    /// Deletes objects of one bucket (the configuration's without `bucket`), a thousand in one request. Gives those that could
    /// not be deleted, and why; nothing if all were. When the task is cancelled, or it throws, some may be deleted.
    public nonisolated func deleteObjects(
        _ keys: [String], bucket: String?, requesterPays: Bool
    ) async throws(JetbridgeError) -> [UndeletedObject] {
        try await interruptibly {
            try await $0.deleteObjects(keys: keys, bucket: bucket, requesterPays: requesterPays)
        }
    }

    /// Gives up what was sent of a file to an object: S3 forgets its parts, which are paid for otherwise. For an upload that
    /// failed or that the end of the app broke off, and that the user does not want any more; one that is under way ends when
    /// its task is cancelled. The file need not be there any more, but it is to be named as it was. `resumeFolder` is the one
    /// that the upload had. Whether there was anything.
    ///
    /// It throws as long as the parts are there: then they are remembered still.
    @discardableResult
    public nonisolated func abortUpload(
        of file: URL, to object: ObjectAddress, resumeFolder: URL?
    ) async throws(JetbridgeError) -> Bool {
        guard file.isFileURL else { throw .localFile(path: file.scheme ?? "", problem: "this is no URL of a file") }
        guard let folder = resumeFolder ?? ResumeFolder.standard else { return false }
        return try await interruptibly {
            try await $0.abortUpload(
                object: object.core, file: file.path(percentEncoded: false),
                resumeFolder: folder.path(percentEncoded: false))
        }
    }

    /// What uploads of this session that were cancelled may have left in S3, as far as it is known: await ``settle()`` before.
    public nonisolated var leftovers: Leftovers {
        let left = core.leftovers()
        return Leftovers(mayBeWritten: left.mayBeWritten, parts: left.parts.map { JetbridgeError($0) })
    }

    /// Copies an object within S3, with what is kept with it, or with `headers` instead. S3 copies no more than 5 GB in one
    /// request; a larger object is refused.
    @discardableResult
    public nonisolated func copyObject(
        _ source: ObjectAddress, to target: ObjectAddress, headers: ObjectHeaders?
    ) async throws(JetbridgeError) -> UploadedObject {
        try await interruptibly {
            try await $0.copyObject(source: source.core, target: target.core, headers: headers)
        }
    }

    /// A URL that reads or writes one object for whoever has it. It works no longer than the keys that sign it; they are
    /// renewed before if they end too soon, and the answer says when it ends. S3 is not asked.
    public nonisolated func presignObject(_ request: PresignRequest) async throws(JetbridgeError) -> PresignedURL {
        let presigned = try await interruptibly { try await $0.presignObject(request: request.core) }
        guard let url = URL(string: presigned.url()) else { throw .internal(detail: "a presigned URL is none") }
        return PresignedURL(
            url: url, method: request.method, headers: presigned.headers(), expiresAt: presigned.expiresAt(),
            isCutShort: presigned.isCutShort())
    }

    /// Calls the core for what moves a file: which path that is, where it is remembered, and who hears of it.
    private nonisolated func transfer<Value: Sendable>(
        _ file: URL, _ options: TransferOptions, _ progress: (@MainActor @Sendable (TransferProgress) -> Void)?,
        _ call: @escaping @Sendable (
            CoreSession, _ path: String, JetbridgeFFI.TransferOptions, (any TransferObserver)?
        ) async throws -> Value
    ) async throws(JetbridgeError) -> Value {
        guard file.isFileURL else {
            throw .localFile(path: file.scheme ?? "", problem: "this is no URL of a file")
        }
        // `false` for the app's own files, which need none.
        let isScoped = file.startAccessingSecurityScopedResource()
        defer { if isScoped { file.stopAccessingSecurityScopedResource() } }
        let options = options.core
        let told = ToldProgress(progress)
        let answer: Result<Value, JetbridgeError>
        do throws(JetbridgeError) {
            answer = .success(
                try await interruptibly { core in
                    try await call(core, file.path(percentEncoded: false), options, told?.observer)
                })
        } catch { answer = .failure(error) }
        await told?.finish()
        return try answer.get()
    }
}

extension TransferOptions {
    fileprivate var core: JetbridgeFFI.TransferOptions {
        let folder = resumeFolder ?? ResumeFolder.standard
        return JetbridgeFFI.TransferOptions(
            parallel: parallel.map { UInt32(clamping: $0) }, partSize: partSize,
            resumeFolder: folder?.path(percentEncoded: false), startOver: startOver)
    }
}

/// Hands progress from the library's threads to the main actor: the newest only while that is busy.
private struct ToldProgress {
    let observer: any TransferObserver
    private let news: AsyncStream<TransferProgress>.Continuation
    private let telling: Task<Void, Never>

    init?(_ progress: (@MainActor @Sendable (TransferProgress) -> Void)?) {
        guard let progress else { return nil }
        let (stream, news) = AsyncStream.makeStream(of: TransferProgress.self, bufferingPolicy: .bufferingNewest(1))
        self.news = news
        observer = Observer(news: news)
        telling = Task { @MainActor in for await newest in stream { progress(newest) } }
    }

    /// Returns when all is told.
    func finish() async {
        news.finish()
        await telling.value
    }

    private final class Observer: TransferObserver {
        private let news: AsyncStream<TransferProgress>.Continuation

        init(news: AsyncStream<TransferProgress>.Continuation) { self.news = news }

        func progressed(done: UInt64, total: UInt64?, resumed: UInt64) throws {
            news.yield(TransferProgress(done: done, total: total, resumed: resumed))
        }
    }
}
