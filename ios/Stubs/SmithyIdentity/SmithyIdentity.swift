// As much of the AWS SDK for Swift as the guide's example uses, so that it is compiled.
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
