// As much of the AWS SDK for Swift as the guide's example uses, so that it is compiled.

public struct Attributes: Sendable { public init() {} }
