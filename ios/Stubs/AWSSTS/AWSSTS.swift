// As much of the AWS SDK for Swift's module AWSSTS as the guide's example uses, so that it is compiled.
import SmithyIdentity
// Without it, a call of `getIdentity` would be that of the default and not of the resolver: SE-0444.
import SmithyIdentityAPI

/// aws-sdk-swift, Sources/Services/AWSSTS/Sources/AWSSTS/STSClient.swift (fbdf582, 1.2.54), which has a class
/// `STSClientConfiguration` of the same parameters; the struct is in 1.6 and newer, which deprecate that (AWS's notes for
/// agents, "aws-sdk-swift-usage": "Use Struct Config Types", and public code that does).
public final class STSClient: Sendable {
    private let config: STSClientConfig

    public init(config: STSClientConfig) { self.config = config }

    public func getCallerIdentity(input: GetCallerIdentityInput) async throws -> GetCallerIdentityOutput {
        let identity = try await config.resolver?.getIdentity(identityProperties: nil)
        return GetCallerIdentityOutput(
            arn: identity.map { "arn:aws:sts::000000000000:assumed-role/Example/\($0.accessKey)" })
    }

    public struct STSClientConfig: Sendable {
        let resolver: (any AWSCredentialIdentityResolver)?

        public init(
            awsCredentialIdentityResolver: (any AWSCredentialIdentityResolver)? = nil, region: String? = nil
        ) async throws { resolver = awsCredentialIdentityResolver }
    }
}

/// aws-sdk-swift, Sources/Services/AWSSTS/Sources/AWSSTS/Models.swift (2d4f87a). It has nothing in it.
public struct GetCallerIdentityInput: Sendable { public init() {} }

/// The same file, without account and user.
public struct GetCallerIdentityOutput: Sendable {
    public var arn: String?

    public init(arn: String? = nil) { self.arn = arn }
}
