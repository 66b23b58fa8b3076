// As much of smithy-swift's module SmithyIdentity as JetbridgeAWS uses.
import Foundation
import Smithy
import SmithyIdentityAPI

/// smithy-swift 0.246.0, Sources/SmithyIdentity/AWSCredentialIdentity.swift. Earlier editions have no account (0.51.0) and no
/// properties (0.140.0); what JetbridgeAWS gives is in all of them, in this order.
public struct AWSCredentialIdentity: Identity {
    public let accessKey: String
    public let secret: String
    public let accountID: String?
    public let sessionToken: String?
    public let expiration: Date?
    public let properties: Attributes

    public init(
        accessKey: String, secret: String, accountID: String? = nil, expiration: Date? = nil,
        sessionToken: String? = nil, properties: Attributes = Attributes()
    ) {
        (self.accessKey, self.secret, self.accountID) = (accessKey, secret, accountID)
        (self.expiration, self.sessionToken, self.properties) = (expiration, sessionToken, properties)
    }
}

/// smithy-swift 0.246.0, Sources/SmithyIdentity/AWSCredentialIdentityResolver.swift, since 0.51.0.
public protocol AWSCredentialIdentityResolver: IdentityResolver, Sendable where IdentityT == AWSCredentialIdentity {}

/// The same file. There it asks the AWS CRT, which asks the resolver: a resolver whose own function does not fit compiles all
/// the same, and calls itself for ever.
extension AWSCredentialIdentityResolver {
    public func getIdentity(identityProperties: Attributes? = nil) async throws -> AWSCredentialIdentity {
        throw ResolverWithoutFunction()
    }
}

/// For tests: what is thrown in the place of an endless call.
public struct ResolverWithoutFunction: Error {}
