// As much of Uniform Type Identifiers as the app uses, so that Linux can compile it. Versions and isolation are those of
// developer.apple.com/documentation/uniformtypeidentifiers (read in November 2026). What Apple does not have is marked "For
// tests".
import Foundation

/// iOS 14, macOS 11, visionOS 1. Of no actor. https://developer.apple.com/documentation/uniformtypeidentifiers/uttype-swift.struct
public struct UTType: Hashable, Sendable {
    /// iOS 14, macOS 11, visionOS 1. https://developer.apple.com/documentation/uniformtypeidentifiers/uttype-swift.struct/identifier
    public let identifier: String
    /// iOS 14, macOS 11, visionOS 1.
    /// https://developer.apple.com/documentation/uniformtypeidentifiers/uttype-swift.struct/preferredmimetype
    public let preferredMIMEType: String?

    /// iOS 14, macOS 11, visionOS 1. Apple gives every ending a type, a dynamic one without a MIME type if need be.
    /// https://developer.apple.com/documentation/uniformtypeidentifiers/uttype-swift.struct/init(filenameextension:conformingto:)
    public init?(filenameExtension: String, conformingTo supertype: UTType = .data) {
        let types = ["heic": "image/heic", "jpg": "image/jpeg", "mov": "video/quicktime", "txt": "text/plain"]
        (identifier, preferredMIMEType) = ("dyn.\(filenameExtension)", types[filenameExtension.lowercased()])
    }

    private init(_ identifier: String) { (self.identifier, preferredMIMEType) = (identifier, nil) }

    /// iOS 14, macOS 11, visionOS 1. https://developer.apple.com/documentation/uniformtypeidentifiers/uttype-swift.struct/data
    public static let data = UTType("public.data")
    /// iOS 14, macOS 11, visionOS 1. https://developer.apple.com/documentation/uniformtypeidentifiers/uttype-swift.struct/image
    public static let image = UTType("public.image")
    /// iOS 14, macOS 11, visionOS 1. https://developer.apple.com/documentation/uniformtypeidentifiers/uttype-swift.struct/item
    public static let item = UTType("public.item")
    /// iOS 14, macOS 11, visionOS 1. https://developer.apple.com/documentation/uniformtypeidentifiers/uttype-swift.struct/movie
    public static let movie = UTType("public.movie")
}
