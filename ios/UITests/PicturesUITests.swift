// A picture of every state of the screen, in light, in dark and in large letters, for people to look at; and a check that
// VoiceOver finds a name for everything. The app shows made-up states (App/Sources/Samples.swift): nothing is called.
import XCTest

#if canImport(XCUIAutomation)
import XCUIAutomation
#endif

@MainActor
final class PicturesUITests: XCTestCase {
    // A test on Linux compares this with the samples that there are.
    private let samples = [
        "loading-session", "signed-out", "session-ended", "in-browser", "sign-in-failed", "signed-out-here-only",
        "unavailable", "not-set-up", "signed-in", "listing", "list", "search", "no-match", "empty", "empty-page",
        "list-failed", "offline", "refreshing", "searching-further", "next-page-failed",
    ]

    /// What is above the list. The system draws most of it, so in dark a few are enough.
    private let ofObjects = [
        "details", "details-parts", "details-loading", "details-failed", "details-denied", "downloading",
        "download-beginning", "downloading-unknown", "downloaded", "download-failed", "device-full", "deleting",
        "not-deleted", "deleted", "gone",
        "upload-reading", "upload-naming", "upload-key-wrong", "upload-taken", "uploading", "upload-failed",
        "upload-unreadable", "upload-interrupted", "upload-may-be-there", "upload-not-given-up", "uploaded",
        "diagnosis-walking", "diagnosis-broken", "diagnosis-all-works", "diagnosis-signed-out",
    ]

    func testEveryStateInLight() throws {
        for sample in samples + ofObjects {
            let app = show(sample)
            picture("light \(sample)", of: app)
            try app.performAccessibilityAudit(for: [.sufficientElementDescription, .trait])
        }
    }

    func testEveryStateInDark() {
        XCUIDevice.shared.appearance = .dark
        defer { XCUIDevice.shared.appearance = .light }
        for sample in samples + ["details", "diagnosis-broken", "downloading", "upload-taken", "upload-failed"] {
            picture("dark \(sample)", of: show(sample))
        }
    }

    func testEveryStateInLargeLetters() {
        let size = ["-UIPreferredContentSizeCategoryName", "UICTContentSizeCategoryAccessibilityXL"]
        for sample in samples + ofObjects { picture("large \(sample)", of: show(sample, arguments: size)) }
    }

    private func show(_ sample: String, arguments: [String] = []) -> XCUIApplication {
        let app = XCUIApplication()
        app.launchArguments = arguments
        app.launchEnvironment = ["JETBRIDGE_SAMPLE": sample]
        app.launch()
        return app
    }
}
