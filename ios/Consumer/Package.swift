// swift-tools-version: 6.0
// Why this exists: a project of somebody else's, which has nothing of the library but the package that `cargo xtask dist
// swift` wrote for Linux. consumer.sh puts that beside it.
import PackageDescription

let package = Package(
    name: "Consumer",
    dependencies: [.package(name: "Jetbridge", path: "../Jetbridge")],
    targets: [.executableTarget(name: "Consumer", dependencies: [.product(name: "Jetbridge", package: "Jetbridge")])]
)
