// swift-tools-version: 6.0
// The Swift package of Jetbridge. On Apple's platforms the core is an XCFramework (`cargo xtask xcframework`). On Linux,
// where the tests run, it is the library of `test.sh`, and small stubs stand in for Apple's modules, so that all of the
// package's own code is compiled.
import PackageDescription

#if os(Linux)
let library = "\(Context.packageDirectory)/build/bindings"
let core: [Target] = [.systemLibrary(name: "CJetbridgeFFI", path: "Sources/CJetbridgeFFI")]
let linking: [LinkerSetting] = [
    .linkedLibrary("jetbridge_ffi"),
    .unsafeFlags([
        "-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library,
        // Swift 6.0's own Observation library has an undefined symbol on Linux, which nothing calls.
        "-Xlinker", "--allow-shlib-undefined",
    ]),
]
let stubs: [Target] = [
    .target(name: "UIKit", path: "Stubs/UIKit"),
    .target(name: "AuthenticationServices", dependencies: ["UIKit"], path: "Stubs/AuthenticationServices"),
    .target(name: "AppleFoundation", path: "Stubs/AppleFoundation"),
    .target(name: "SwiftUI", path: "Stubs/SwiftUI"),
]
let apple: [Target.Dependency] = ["UIKit", "AuthenticationServices", "AppleFoundation"]
#else
let core: [Target] = [.binaryTarget(name: "CJetbridgeFFI", path: "build/JetbridgeFFI.xcframework")]
let linking: [LinkerSetting] = []
let stubs: [Target] = []
let apple: [Target.Dependency] = []
#endif

let package = Package(
    name: "Jetbridge",
    defaultLocalization: "en",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "Jetbridge", targets: ["Jetbridge"])],
    targets: core + stubs + [
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
            resources: [.process("Resources")]
        ),
        .testTarget(name: "JetbridgeTests", dependencies: ["Jetbridge", "JetbridgeFFI"] + apple),
    ]
)
