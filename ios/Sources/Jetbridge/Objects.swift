// What is said about single objects: which one, how it is moved, how far that is, and by which URL others get it. What the
// core's own types say as an app wants it is in Types.swift.
import Foundation
import JetbridgeFFI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Which object: its key, as text, or with its bucket.
///
/// ```swift
/// let report: ObjectAddress = "reports/2026/summary.csv"
/// let other: ObjectAddress = "reports/\(year)/summary.csv"
/// let listed = ObjectAddress(object.key)
/// ```
///
/// Two are the same if their keys have the same bytes, as in S3 ("Naming Amazon S3 objects" in its user guide). To Swift two
/// texts are the same if they look the same (`String`, "Comparing Strings"): a key with an accent and one with the same accent
/// as a character of its own are two objects and one `String`.
public struct ObjectAddress: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// The whole key: the configuration's prefix is where listings start, and is not put before it.
    public var key: String
    /// Another bucket than the configuration's: its name, or the ARN of an access point.
    public var bucket: String?
    /// Whoever asks pays for it: demanded by buckets with Requester Pays.
    public var requesterPays: Bool

    /// The object with this key; without a bucket, in the configuration's.
    public init(_ key: String, bucket: String? = nil, requesterPays: Bool = false) {
        (self.key, self.bucket, self.requesterPays) = (key, bucket, requesterPays)
    }

    /// The object with this key in the configuration's bucket.
    public init(stringLiteral key: String) { self.init(key) }

    /// Whether it is the same object, asked for in the same way: by the bytes of its key.
    public static func == (one: ObjectAddress, other: ObjectAddress) -> Bool {
        one.key.utf8.elementsEqual(other.key.utf8) && one.bucket == other.bucket
            && one.requesterPays == other.requesterPays
    }

    /// By the bytes of the key, all of them: keys of one folder differ at their ends.
    public func hash(into hasher: inout Hasher) {
        var key = key
        key.withUTF8 { bytes in
            hasher.combine(bytes.count)
            hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        hasher.combine(bucket)
        hasher.combine(requesterPays)
    }

    var core: JetbridgeFFI.ObjectAddress {
        JetbridgeFFI.ObjectAddress(key: key, bucket: bucket, requesterPays: requesterPays)
    }
}

/// How bytes are moved.
public struct TransferOptions: Sendable, Hashable {
    /// Requests at once; without it, four.
    public var parallel: Int?
    /// Bytes of each part; without it, 8 MiB, or more where an object would have too many parts.
    public var partSize: UInt64?
    /// Where it is remembered what was sent, so that an upload goes on from there after the app was ended, if the same file is
    /// uploaded to the same place again. Without it, a folder of the library's own in Application Support.
    public var resumeFolder: URL?
    /// Not to go on with what was begun earlier.
    public var startOver: Bool

    /// Everything as usual, but for what is said.
    public init(parallel: Int? = nil, partSize: UInt64? = nil, resumeFolder: URL? = nil, startOver: Bool = false) {
        (self.parallel, self.partSize, self.resumeFolder, self.startOver) = (
            parallel, partSize, resumeFolder, startOver
        )
    }
}

/// How far a transfer is.
public struct TransferProgress: Sendable, Hashable {
    /// Bytes that have arrived, those of an earlier try included.
    public let done: UInt64
    /// Bytes in all, if that is known.
    public let total: UInt64?
    /// Bytes of ``done`` that an earlier try had moved.
    public let resumed: UInt64

    /// So far; a test's own.
    public init(done: UInt64, total: UInt64? = nil, resumed: UInt64 = 0) {
        (self.done, self.total, self.resumed) = (done, total, resumed)
    }

    /// From 0 to 1, for `ProgressView(value:)`; `nil`, as that has it for a circle that turns, while nobody knows.
    public var fraction: Double? {
        guard let total else { return nil }
        return total == 0 ? 1 : min(1, Double(done) / Double(total))
    }
}

/// What uploads that were cancelled may have left in S3.
public struct Leftovers: Sendable, Equatable {
    /// The last request of one was on its way: its object may be there.
    public let mayBeWritten: Bool
    /// Parts of one are still in S3: why it could not be given up. ``JetbridgeSessionProtocol/abortUpload(of:to:)`` tries again.
    public let parts: JetbridgeError?

    /// A test's own; without arguments, nothing is left.
    public init(mayBeWritten: Bool = false, parts: JetbridgeError? = nil) {
        (self.mayBeWritten, self.parts) = (mayBeWritten, parts)
    }
}

/// What to presign.
public struct PresignRequest: Sendable, Hashable {
    /// Which object.
    public var object: ObjectAddress
    /// What the URL permits.
    public var method: PresignedMethod
    /// How long it is wanted for; 15 minutes without it, seven days at most. The keys that sign it end it earlier.
    public var lasts: Duration?
    /// With `.put`: the content type that whoever uses it has to send.
    public var contentType: String?
    /// With `.get`: the name under which browsers save it.
    public var fileName: String?

    /// A URL that does `method` with this object.
    public init(
        _ object: ObjectAddress, _ method: PresignedMethod = .get, lasts: Duration? = nil, contentType: String? = nil,
        fileName: String? = nil
    ) {
        (self.object, self.method, self.lasts) = (object, method, lasts)
        (self.contentType, self.fileName) = (contentType, fileName)
    }

    var core: JetbridgeFFI.PresignRequest {
        JetbridgeFFI.PresignRequest(
            object: object.core, method: method, lastsSeconds: lasts.map { UInt64(clamping: $0.components.seconds) },
            contentType: contentType, fileName: fileName)
    }
}

/// A URL that does one thing for whoever has it, until it expires: a secret. It prints nothing of itself.
public struct PresignedURL: Sendable {
    private let hidden: Hidden<URL>
    private let hiddenHeaders: Hidden<[String: String]>
    private let method: PresignedMethod
    /// When it stops working, by S3's clock.
    public let expiresAt: Date
    /// Whether the keys that signed it end it before the time that was asked for.
    public let isCutShort: Bool

    /// One that is not the core's, for tests and previews.
    public init(
        url: URL, method: PresignedMethod = .get, headers: [String: String] = [:], expiresAt: Date,
        isCutShort: Bool = false
    ) {
        (hidden, hiddenHeaders) = (Hidden(url), Hidden(headers))
        (self.method, self.expiresAt, self.isCutShort) = (method, expiresAt, isCutShort)
    }

    /// The URL. Never log it.
    public var url: URL { hidden.value }
    /// Headers that have to be sent with it, as they were signed.
    public var headers: [String: String] { hiddenHeaders.value }
    /// The request that it permits, for a `URLSession` of the app's own, also one that goes on in the background.
    public var request: URLRequest {
        var request = URLRequest(url: url)
        request.httpMethod = method == .put ? "PUT" : "GET"
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        return request
    }
}

extension ListedObject {
    /// The key's bytes, by which S3 tells it from others: for `ForEach(_:id:)`, a `Set` or the keys of a dictionary, where two keys
    /// that look the same would be one `String`.
    public var keyBytes: [UInt8] { Array(key.utf8) }
}
