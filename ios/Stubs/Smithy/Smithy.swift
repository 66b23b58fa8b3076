// As much of smithy-swift's module Smithy as an identity resolver names.

/// smithy-swift 0.51.0 to 0.246.0, Sources/Smithy/Attribute.swift; `Sendable` since 0.140.0 at the latest.
public struct Attributes: Sendable { public init() {} }
