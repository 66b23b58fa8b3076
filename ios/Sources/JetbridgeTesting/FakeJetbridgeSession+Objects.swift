// The fake's bucket: objects are in memory, and a transfer stops where a test wants to look at it.
import Foundation
import Jetbridge

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension FakeJetbridgeSession {
    /// What ``objects`` has of it, with the headers that it was written with.
    public nonisolated func headObject(_ object: ObjectAddress) async throws(JetbridgeError) -> ObjectDetails {
        try await details(of: object)
    }

    /// The bytes in ``contents``, or as many zeros as the object is large.
    public nonisolated func getObject(
        _ object: ObjectAddress, limit: UInt64, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> Data {
        let details = try await details(of: object, conditions)
        guard details.size <= limit else {
            throw .misconfigured(
                setting: "limit", problem: "the object has \(details.size) bytes and the limit is \(limit)",
                hint: "Download it to a file.")
        }
        return await contents[ObjectAddress(object.key)] ?? Data(count: Int(details.size))
    }

    /// Writes the bytes into the file, and stops on the way where ``transferPause`` says so.
    @discardableResult
    public nonisolated func downloadObject(
        _ object: ObjectAddress, to file: URL, options: TransferOptions, conditions: ObjectConditions,
        progress: (@MainActor @Sendable (TransferProgress) -> Void)?
    ) async throws(JetbridgeError) -> DownloadedObject {
        let details = try await details(of: object, conditions)
        try await move(details.size, progress)
        do {
            try await (contents[ObjectAddress(object.key)] ?? Data()).write(to: file)
            let handle = try FileHandle(forWritingTo: file)
            // Zeros take no room on the disk.
            try handle.truncate(atOffset: details.size)
            try handle.close()
        } catch { throw .localFile(path: file.path, problem: error.localizedDescription) }
        return DownloadedObject(details: details, resumed: 0, isVerified: true)
    }

    /// Makes the object one of ``objects``, or replaces it.
    @discardableResult
    public nonisolated func putObject(
        _ object: ObjectAddress, body: Data, headers: ObjectHeaders, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> UploadedObject {
        try await write(object, body, headers, conditions)
    }

    /// Reads the file and makes it one of ``objects``, and stops on the way where ``transferPause`` says so.
    @discardableResult
    public nonisolated func uploadFile(
        _ file: URL, to object: ObjectAddress, headers: ObjectHeaders, options: TransferOptions,
        conditions: ObjectConditions, progress: (@MainActor @Sendable (TransferProgress) -> Void)?
    ) async throws(JetbridgeError) -> UploadedObject {
        _ = try await signedInUser()
        let body: Data
        do { body = try Data(contentsOf: file) } catch {
            throw .localFile(path: file.path, problem: error.localizedDescription)
        }
        do throws(JetbridgeError) { try await move(UInt64(body.count), progress) } catch {
            // What was cancelled is given up, and what may do better another time is remembered.
            if error.recovery == .retry || error.recovery == .signIn { await leaveUnfinished(object) }
            throw error
        }
        return try await write(object, body, headers, conditions)
    }

    /// Takes it out of ``unfinishedUploads``.
    @discardableResult
    public nonisolated func abortUpload(
        of file: URL, to object: ObjectAddress, resumeFolder: URL?
    ) async throws(JetbridgeError) -> Bool {
        _ = try await signedInUser()
        return await finishUnfinished(object)
    }

    /// Takes the object out of ``objects``.
    public nonisolated func deleteObject(
        _ object: ObjectAddress, conditions: ObjectConditions
    ) async throws(JetbridgeError) {
        try await remove(object, conditions)
    }

    /// Makes one of ``objects`` another.
    @discardableResult
    public nonisolated func copyObject(
        _ source: ObjectAddress, to target: ObjectAddress, headers: ObjectHeaders?
    ) async throws(JetbridgeError) -> UploadedObject {
        let details = try await details(of: source)
        let body = await contents[ObjectAddress(source.key)] ?? Data(count: Int(details.size))
        return try await write(target, body, headers ?? details.headers, ObjectConditions())
    }

    /// A URL that nobody answers.
    public nonisolated func presignObject(_ request: PresignRequest) async throws(JetbridgeError) -> PresignedURL {
        _ = try await signedInUser()
        let bucket = request.object.bucket ?? bucket
        var url = URL(string: "https://fake.example.com")!.appending(path: bucket).appending(path: request.object.key)
        url.append(queryItems: [URLQueryItem(name: "X-Amz-Signature", value: "fake")])
        let wanted = request.lasts ?? .seconds(900)
        let lasts = min(wanted, await lifetime)
        return PresignedURL(
            url: url, method: request.method, headers: request.contentType.map { ["content-type": $0] } ?? [:],
            expiresAt: .now + TimeInterval(lasts.components.seconds), isCutShort: lasts < wanted)
    }

    /// Adds headers that no API takes.
    public nonisolated func authorize(
        _ request: inout URLRequest, service: String?, region: String?
    ) async throws(JetbridgeError) {
        _ = try await signedInUser()
        request.setValue("AWS4-HMAC-SHA256 fake", forHTTPHeaderField: "Authorization")
        request.setValue("fake token", forHTTPHeaderField: "X-Amz-Security-Token")
    }

    /// What ``api`` answers.
    public nonisolated func data(
        for request: URLRequest, service: String?, region: String?
    ) async throws(JetbridgeError) -> (Data, HTTPURLResponse) {
        let answer = try await answer(to: request)
        guard let url = request.url,
            let response = HTTPURLResponse(
                url: url, statusCode: answer.status, httpVersion: "HTTP/1.1", headerFields: answer.headers)
        else { throw .misconfigured(setting: "URLRequest.url", problem: "there is none", hint: "Give it one.") }
        return (answer.body, response)
    }

    private func answer(to request: URLRequest) throws(JetbridgeError) -> APIAnswer {
        _ = try signedInUser()
        return try api(request)
    }

    private func details(
        of object: ObjectAddress, _ conditions: ObjectConditions = ObjectConditions()
    ) throws(JetbridgeError) -> ObjectDetails {
        let listed = try find(object)
        try check(listed, conditions)
        guard let listed else { throw .notFound(what: "object \(object.key)") }
        return ObjectDetails(
            key: listed.key, size: listed.size, eTag: listed.eTag, lastModified: listed.lastModified,
            headers: headers[ObjectAddress(listed.key)] ?? ObjectHeaders(), storageClass: "STANDARD")
    }

    private func write(
        _ object: ObjectAddress, _ body: Data, _ headers: ObjectHeaders, _ conditions: ObjectConditions
    ) throws(JetbridgeError) -> UploadedObject {
        try check(try find(object), conditions)
        written += 1
        let eTag = "\"fake-\(written)\""
        let size = UInt64(body.count)
        let address = ObjectAddress(object.key)
        objects.removeAll { ObjectAddress($0.key) == address }
        objects.append(ListedObject(key: object.key, size: size, lastModified: .now, eTag: eTag))
        // As S3 lists them.
        objects.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        contents[address] = body
        self.headers[address] = headers
        unfinishedUploads.remove(address)
        return UploadedObject(key: object.key, size: size, eTag: eTag)
    }

    private func remove(_ object: ObjectAddress, _ conditions: ObjectConditions) throws(JetbridgeError) {
        try check(try find(object), conditions)
        let address = ObjectAddress(object.key)
        objects.removeAll { ObjectAddress($0.key) == address }
        (contents[address], headers[address]) = (nil, nil)
    }

    private func leaveUnfinished(_ object: ObjectAddress) { unfinishedUploads.insert(ObjectAddress(object.key)) }

    private func finishUnfinished(_ object: ObjectAddress) -> Bool {
        unfinishedUploads.remove(ObjectAddress(object.key)) != nil
    }

    private func find(_ object: ObjectAddress) throws(JetbridgeError) -> ListedObject? {
        _ = try signedInUser()
        if let other = object.bucket, other != bucket { throw .notFound(what: "bucket \(other)") }
        return objects.first { ObjectAddress($0.key) == ObjectAddress(object.key) }
    }

    private func check(_ listed: ListedObject?, _ conditions: ObjectConditions) throws(JetbridgeError) {
        if let wanted = conditions.ifMatch, listed?.eTag != wanted {
            throw .conditionNotMet(what: "the object is another one")
        }
        if let unwanted = conditions.ifNoneMatch, let listed, unwanted == "*" || unwanted == listed.eTag {
            throw .conditionNotMet(what: "the object is there")
        }
        // The entity tag counts more, where both are asked for (RFC 9110, 13.2.2).
        guard let date = listed?.lastModified else { return }
        if conditions.ifNoneMatch == nil, let since = conditions.ifModifiedSince, date <= since {
            throw .conditionNotMet(what: "the object was not changed")
        }
        if conditions.ifMatch == nil, let since = conditions.ifUnmodifiedSince, date > since {
            throw .conditionNotMet(what: "the object was changed")
        }
    }

    /// Tells of the beginning, of the pause, and of the end.
    private func move(
        _ size: UInt64, _ progress: (@MainActor @Sendable (TransferProgress) -> Void)?
    ) async throws(JetbridgeError) {
        progress?(TransferProgress(done: 0, total: size))
        if let pause = transferPause {
            progress?(TransferProgress(done: min(pause, size), total: size))
            let resumed = resumptions.stream()
            if transferPause != nil { for await () in resumed { break } }
        }
        if Task.isCancelled { throw .cancelled }
        if let failure { throw failure }
        progress?(TransferProgress(done: size, total: size))
    }
}
