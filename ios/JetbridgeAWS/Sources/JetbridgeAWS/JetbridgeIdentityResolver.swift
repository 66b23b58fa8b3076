import Jetbridge
import Smithy
import SmithyIdentity

/// The keys of a session, for any client of the AWS SDK for Swift.
///
/// ```swift
/// let config = try await S3Client.S3ClientConfig(
///     awsCredentialIdentityResolver: JetbridgeIdentityResolver(session), region: "eu-central-1")
/// let s3 = S3Client(config: config)
/// ```
///
/// The SDK asks before each request, and the session renews in time. What the session throws, a ``JetbridgeError``, is what a
/// call of the client throws.
public struct JetbridgeIdentityResolver: AWSCredentialIdentityResolver {
    private let session: any JetbridgeSessionProtocol

    /// The keys of this session, or of a test's `FakeJetbridgeSession`.
    public init(_ session: any JetbridgeSessionProtocol) { self.session = session }

    /// The keys, renewed if they have less than about five minutes left. The properties say nothing here: a session has one
    /// identity.
    ///
    /// It has to have this very signature: the protocol has a default that asks itself, which stands in for any other.
    public func getIdentity(identityProperties: Attributes?) async throws -> AWSCredentialIdentity {
        let keys = try await session.credentials()
        return AWSCredentialIdentity(
            accessKey: keys.accessKeyID, secret: keys.secretAccessKey, expiration: keys.expiration,
            sessionToken: keys.sessionToken)
    }
}
