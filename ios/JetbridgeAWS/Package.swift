// swift-tools-version: 6.0
// The keys of a session for the AWS SDK for Swift. A package of its own, because SwiftPM fetches what any product of a package
// needs for everybody who uses one of them (swiftlang/swift-package-manager, Sources/PackageModel/Manifest/Manifest.swift,
// `dependenciesRequired(for:)`: it looks at the products that are used only with ENABLE_TARGET_BASED_DEPENDENCY_RESOLUTION,
// which no release is built with), and smithy-swift brings the C libraries of the AWS CRT.
import PackageDescription

let package = Package(
    name: "JetbridgeAWS",
    platforms: [.iOS(.v17), .macOS(.v14), .macCatalyst(.v17), .visionOS(.v1)],
    products: [.library(name: "JetbridgeAWS", targets: ["JetbridgeAWS"])],
    dependencies: [
        // By the name of its folder; from a repository, its address.
        .package(name: "Jetbridge", path: ".."),
        // The first with the module SmithyIdentity. Which one it is, the AWS SDK says: it wants exactly one.
        .package(url: "https://github.com/smithy-lang/smithy-swift", from: "0.51.0"),
    ],
    targets: [
        .target(
            name: "JetbridgeAWS",
            dependencies: [
                .product(name: "Jetbridge", package: "Jetbridge"),
                .product(name: "Smithy", package: "smithy-swift"),
                .product(name: "SmithyIdentity", package: "smithy-swift"),
            ])
    ]
)
