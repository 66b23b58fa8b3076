// As much of smithy-swift's module SmithyIdentityAPI as an identity resolver names.
import Foundation
import Smithy

/// smithy-swift 0.246.0, Sources/SmithyIdentityAPI/Identity.swift. Properties came between 0.140.0 and 0.160.0.
public protocol Identity: Sendable {
    var expiration: Date? { get }
    var properties: Attributes { get }
}

/// smithy-swift 0.246.0, Sources/SmithyIdentityAPI/IdentityResolver.swift; with the same function since 0.51.0, `Sendable`
/// since 0.140.0 at the latest.
public protocol IdentityResolver: Sendable {
    associatedtype IdentityT: Identity

    func getIdentity(identityProperties: Attributes?) async throws -> IdentityT
}
