// swift-tools-version: 6.0
// The Swift package of Jetbridge. On Apple's platforms the core is an XCFramework (`cargo xtask xcframework`). On Linux,
// where the tests run, it is the library of `test.sh`, and small stubs stand in for Apple's modules, so that all of the
// package's own code is compiled.
import PackageDescription

#if os(Linux)
let notBuilt = ["Jetbridge.docc"]
let apple: [Target.Dependency] = ["UIKit", "SwiftUI", "AuthenticationServices", "AppleFoundation", "Security"]
let ofTheApp: [Target.Dependency] = [
    "Accessibility", "AppleFoundation", "CoreTransferable", "PhotosUI", "QuickLook", "SwiftUI",
    "UIKit", "UniformTypeIdentifiers",
]
let library = "\(Context.packageDirectory)/build/bindings"
let linking: [LinkerSetting] = [
    .linkedLibrary("jetbridge_ffi"),
    .unsafeFlags([
        "-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library,
        // Swift 6.0's own Observation library has an undefined symbol on Linux, which nothing calls.
        "-Xlinker", "--allow-shlib-undefined",
    ]),
]
let platform: [Target] = [
    .systemLibrary(name: "CJetbridgeFFI", path: "Sources/CJetbridgeFFI"),
    .target(name: "UIKit", path: "Stubs/UIKit"),
    .target(name: "AuthenticationServices", dependencies: ["UIKit", "SwiftUI"], path: "Stubs/AuthenticationServices"),
    .target(name: "AppleFoundation", path: "Stubs/AppleFoundation"),
    .target(name: "Security", path: "Stubs/Security"),
    .target(name: "SwiftUI", dependencies: ["CoreTransferable", "UniformTypeIdentifiers"], path: "Stubs/SwiftUI"),
    .target(name: "Accessibility", path: "Stubs/Accessibility"),
    .target(name: "CoreTransferable", dependencies: ["UniformTypeIdentifiers"], path: "Stubs/CoreTransferable"),
    .target(name: "PhotosUI", dependencies: ["CoreTransferable", "SwiftUI"], path: "Stubs/PhotosUI"),
    .target(name: "QuickLook", dependencies: ["SwiftUI"], path: "Stubs/QuickLook"),
    .target(name: "UniformTypeIdentifiers", path: "Stubs/UniformTypeIdentifiers"),
    .target(name: "Smithy", path: "Stubs/Smithy"),
    .target(name: "SmithyIdentityAPI", dependencies: ["Smithy"], path: "Stubs/SmithyIdentityAPI"),
    .target(name: "SmithyIdentity", dependencies: ["Smithy", "SmithyIdentityAPI"], path: "Stubs/SmithyIdentity"),
    .target(name: "AWSSTS", dependencies: ["SmithyIdentity", "SmithyIdentityAPI"], path: "Stubs/AWSSTS"),
    // A package of its own, JetbridgeAWS/Package.swift, over the real modules. Here it is compiled and tested.
    .target(
        name: "JetbridgeAWS", dependencies: ["Jetbridge", "Smithy", "SmithyIdentity"],
        path: "JetbridgeAWS/Sources/JetbridgeAWS"),
    .testTarget(
        name: "JetbridgeTests",
        dependencies: ["Jetbridge", "JetbridgeTesting", "JetbridgeFFI", "JetbridgeAWS", "AWSSTS", "SmithyIdentityAPI"]
            + apple
    ),
    // The app is built by its Xcode project, App/project.yml. Here it is compiled, with its UI tests, and its model is tested.
    .executableTarget(name: "JetbridgeDemo", dependencies: ["Jetbridge"] + ofTheApp, path: "App/Sources"),
    .testTarget(
        name: "JetbridgeDemoTests", dependencies: ["JetbridgeDemo", "JetbridgeTesting", "JetbridgeFFI"] + ofTheApp,
        path: "App/Tests"),
    .target(name: "XCUIAutomation", path: "Stubs/XCUIAutomation"),
    .target(name: "JetbridgeDemoUITests", dependencies: ["XCUIAutomation"], path: "UITests"),
]
#else
let notBuilt: [String] = []
let apple: [Target.Dependency] = []
// What the core asks of the system is linked in its framework.
let linking: [LinkerSetting] = []
// The tests need a core with the local stack in it, which apps must not have: `cargo xtask xcframework --debug
// --local-stack --platform macos`, then `JETBRIDGE_LOCAL_STACK=1 swift test`. A variable, because SwiftPM remembers what a
// manifest said until its text or the environment changes, and would not notice another core.
let tests: [Target] =
    Context.environment["JETBRIDGE_LOCAL_STACK"] == nil
    ? []
    : [
        .testTarget(
            name: "JetbridgeTests",
            dependencies: ["Jetbridge", "JetbridgeTesting", "JetbridgeFFI"],
            // These play the system with the stubs, are of another package, or expect that there is no keychain.
            exclude: [
                "AWSTests.swift", "Guide", "KeychainTests.swift", "SuspensionGuardTests.swift",
                "WebAuthenticationBrowserTests.swift",
            ]
        )
    ]
let core = Target.binaryTarget(name: "CJetbridgeFFI", path: "build/JetbridgeFFI.xcframework")
let platform = [core] + tests
#endif

let targets: [Target] = [
    // What UniFFI generates is not written for the Swift 6 mode.
    .target(
        name: "JetbridgeFFI",
        dependencies: ["CJetbridgeFFI"],
        swiftSettings: [.swiftLanguageMode(.v5)],
        linkerSettings: linking
    ),
    .target(
        name: "Jetbridge",
        dependencies: ["JetbridgeFFI"] + apple,
        // Only Xcode makes anything of it.
        exclude: notBuilt,
        resources: [.process("Resources")]
    ),
    // For the tests and previews of apps. A product of its own, so that no release has it by accident.
    .target(name: "JetbridgeTesting", dependencies: ["Jetbridge"]),
]

let package = Package(
    name: "Jetbridge",
    defaultLocalization: "en",
    platforms: [.iOS(.v17), .macOS(.v14), .macCatalyst(.v17), .visionOS(.v1)],
    products: [
        .library(name: "Jetbridge", targets: ["Jetbridge"]),
        .library(name: "JetbridgeTesting", targets: ["JetbridgeTesting"]),
    ],
    targets: platform + targets
)
