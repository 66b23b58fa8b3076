// What every UI test needs: to wait for something, and to leave a picture of what it saw.
import XCTest

#if canImport(XCUIAutomation)
// A part of XCTest until Xcode 16.2.
import XCUIAutomation
#endif

/// Enough for a slow runner; nobody waits so long when things are right.
let patience: TimeInterval = 60

extension XCTestCase {
    /// Adds a picture to the results: `xcrun xcresulttool export attachments` takes them out.
    @MainActor
    func picture(_ name: String, of app: XCUIApplication) {
        let attachment = XCTAttachment(screenshot: app.screenshot())
        attachment.name = name
        attachment.lifetime = .keepAlways
        add(attachment)
    }

    /// Waits for one of several things, with something to do in between.
    @MainActor
    func wait(for what: String, doing work: () -> Void = {}, until isTrue: () -> Bool) {
        let end = Date.now.addingTimeInterval(patience)
        while !isTrue() {
            guard Date.now < end else { return XCTFail("\(what) did not come") }
            work()
            RunLoop.current.run(until: .now.addingTimeInterval(0.3))
        }
    }
}

extension XCUIElement {
    /// Taps it as soon as it is there.
    func tapWhenThere(file: StaticString = #filePath, line: UInt = #line) {
        XCTAssertTrue(waitForExistence(timeout: patience), "\(self) is not there", file: file, line: line)
        tap()
    }

    /// The element of any kind with this accessibility identifier.
    func any(_ identifier: String) -> XCUIElement {
        descendants(matching: .any).matching(identifier: identifier).firstMatch
    }
}
