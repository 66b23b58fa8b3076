// As much of Core Transferable as the app uses, so that Linux can compile it. Versions and isolation are those of
// developer.apple.com/documentation/coretransferable (read in November 2026). What Apple does not have is marked "For tests".
import Foundation
import UniformTypeIdentifiers

/// iOS 16, macOS 13, visionOS 1. Of no actor, and `Sendable`.
/// https://developer.apple.com/documentation/coretransferable/transferable
@preconcurrency
public protocol Transferable: Sendable {
    associatedtype Representation: TransferRepresentation
    /// iOS 16, macOS 13, visionOS 1.
    /// https://developer.apple.com/documentation/coretransferable/transferable/transferrepresentation
    @TransferRepresentationBuilder<Self> static var transferRepresentation: Representation { get }
}

/// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/coretransferable/transferrepresentation
public protocol TransferRepresentation: Sendable {
    associatedtype Item: Transferable
}

/// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/coretransferable/transferrepresentationbuilder
@resultBuilder
public struct TransferRepresentationBuilder<Item: Transferable> {
    /// iOS 16, macOS 13, visionOS 1.
    /// https://developer.apple.com/documentation/coretransferable/transferrepresentationbuilder
    public static func buildExpression<Content: TransferRepresentation>(_ content: Content) -> Content
    where Content.Item == Item { content }
    /// iOS 16, macOS 13, visionOS 1.
    /// https://developer.apple.com/documentation/coretransferable/transferrepresentationbuilder
    public static func buildBlock<each Content: TransferRepresentation>(
        _ content: repeat each Content
    ) -> TupleTransferRepresentation<Item> { TupleTransferRepresentation() }
}

/// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/coretransferable/tupletransferrepresentation
public struct TupleTransferRepresentation<Item: Transferable>: TransferRepresentation {}

/// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/coretransferable/filerepresentation
public struct FileRepresentation<Item: Transferable>: TransferRepresentation {
    /// iOS 16, macOS 13, visionOS 1. Runs where the system likes.
    /// https://developer.apple.com/documentation/coretransferable/filerepresentation/init(importedcontenttype:shouldattempttoopeninplace:importing:)
    public init(
        importedContentType: UTType, shouldAttemptToOpenInPlace: Bool = false,
        importing: @escaping @Sendable (ReceivedTransferredFile) async throws -> Item
    ) {}
}

/// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/coretransferable/receivedtransferredfile
public struct ReceivedTransferredFile: Sendable {
    /// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/coretransferable/receivedtransferredfile/file
    public let file: URL
    /// iOS 16, macOS 13, visionOS 1.
    /// https://developer.apple.com/documentation/coretransferable/receivedtransferredfile/isoriginalfile
    public let isOriginalFile: Bool
}

extension URL: Transferable {
    /// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/foundation/url/transferrepresentation
    public static var transferRepresentation: some TransferRepresentation { TupleTransferRepresentation<URL>() }
}

extension String: Transferable {
    /// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/swift/string/transferrepresentation
    public static var transferRepresentation: some TransferRepresentation { TupleTransferRepresentation<String>() }
}
