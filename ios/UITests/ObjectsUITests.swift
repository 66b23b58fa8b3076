// Objects as a person handles them, against the local stack on the Mac: looked at, downloaded, shared, and deleted after a
// question. Pickers belong to other processes and to what is on the device: here is seen that they come.
import XCTest

#if canImport(XCUIAutomation)
import XCUIAutomation
#endif

@MainActor
final class ObjectsUITests: XCTestCase {
    func testAnObjectFromItsRowToTheShareSheet() {
        continueAfterFailure = false
        let app = listed()
        let row = app.any("object")
        let name = row.label.prefix { $0 != "," }
        row.tap()
        XCTAssertTrue(app.staticTexts["key"].waitForExistence(timeout: patience))
        XCTAssertEqual(app.staticTexts["key"].label, String(name))
        XCTAssertTrue(app.staticTexts["Content type"].waitForExistence(timeout: patience))
        picture("1 details", of: app)

        app.buttons["download"].tapWhenThere()
        XCTAssertTrue(app.staticTexts["Downloaded"].waitForExistence(timeout: patience))
        picture("2 downloaded", of: app)
        // The system's own name for it, with dots behind.
        app.buttons["Share…"].tapWhenThere()
        let copy = app.cells["Copy"]
        XCTAssertTrue(copy.waitForExistence(timeout: patience))
        picture("3 shared", of: app)
        app.swipeDown()
    }

    func testADeletionIsAskedAbout() {
        continueAfterFailure = false
        let app = listed()
        app.any("object").tap()
        app.buttons["Delete this object"].tapWhenThere()
        // An iPad shows a popover without a Cancel, and a tap beside it is one.
        XCTAssertTrue(app.buttons["Delete"].waitForExistence(timeout: patience))
        picture("4 question", of: app)
        app.buttons["Delete"].tap()
        XCTAssertTrue(app.any("notice").waitForExistence(timeout: patience))
        XCTAssertTrue(app.any("object").waitForExistence(timeout: patience))
        picture("5 deleted", of: app)
    }

    func testBothPlacesThatUploadsComeFrom() {
        continueAfterFailure = false
        let app = listed()
        app.buttons["upload"].tapWhenThere()
        picture("6 upload menu", of: app)
        app.buttons["File"].tapWhenThere()
        app.buttons["Cancel"].firstMatch.tapWhenThere()
        app.buttons["upload"].tapWhenThere()
        app.buttons["Photo or video"].tapWhenThere()
        app.buttons["Cancel"].firstMatch.tapWhenThere()
        XCTAssertTrue(app.any("object").waitForExistence(timeout: patience))
    }

    /// The app with somebody signed in and their objects listed.
    private func listed() -> XCUIApplication {
        let app = XCUIApplication()
        app.launch()
        signInIfNobodyIs(app)
        app.buttons["aws-sdk-call"].tapWhenThere()
        XCTAssertTrue(app.any("object").waitForExistence(timeout: patience))
        return app
    }
}
