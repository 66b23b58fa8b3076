// As much of the AWS SDK for Swift as the guide's example uses, so that it is compiled. Signatures as in smithy-swift
// (smithy-lang/smithy-swift, Sources/SmithyIdentity: AWSCredentialIdentity.swift and AWSCredentialIdentityResolver.swift at
// 0943eb0). Earlier editions have no account and no properties; what the guide gives is in all of them.
import Foundation
import Smithy

public struct AWSCredentialIdentity: Sendable {
    public let accessKey: String
    public let secret: String
    public let expiration: Date?
    public let sessionToken: String?

    public init(
        accessKey: String, secret: String, accountID: String? = nil, expiration: Date? = nil,
        sessionToken: String? = nil, properties: Attributes = Attributes()
    ) {
        self.accessKey = accessKey
        self.secret = secret
        self.expiration = expiration
        self.sessionToken = sessionToken
    }
}

public protocol AWSCredentialIdentityResolver: Sendable {
    func getIdentity(identityProperties: Attributes?) async throws -> AWSCredentialIdentity
}
