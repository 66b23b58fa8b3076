// The whole app as a person uses it: in a simulator, with the real keychain and the system's own sheet, against the local
// stack on the Mac (`cargo run -- local-stack --port 9400 --write-config ios/App/build/local-stack`).
import XCTest

#if canImport(XCUIAutomation)
import XCUIAutomation
#endif

@MainActor
final class SignInUITests: XCTestCase {
    func testTwoButtonsFromNobodyToTheRowsAndBack() {
        continueAfterFailure = false
        let app = XCUIApplication()
        app.launch()
        signOutIfSignedIn(app)
        picture("1 signed out", of: app)

        app.buttons["okta-login"].tap()
        signIn(app)
        XCTAssertTrue(app.staticTexts["Okta session"].exists)
        picture("3 signed in", of: app)

        app.buttons["aws-sdk-call"].tapWhenThere()
        XCTAssertTrue(app.any("object").waitForExistence(timeout: patience))
        picture("4 list", of: app)
        search(app)
        scrollToTheEnd(app)

        // The keychain has the session: a new process asks nothing.
        app.terminate()
        app.launch()
        XCTAssertTrue(app.any("account").waitForExistence(timeout: patience))

        signOutIfSignedIn(app)
        XCTAssertTrue(app.buttons["okta-login"].exists)
        XCTAssertFalse(app.any("object").exists)
    }

    private func signOutIfSignedIn(_ app: XCUIApplication) {
        let signOut = app.buttons["Sign out"]
        wait(for: "the session") { app.buttons["okta-login"].exists }
        guard signOut.exists else { return }
        signOut.tap()
        let thisAppOnly = app.buttons["This app only"]
        XCTAssertTrue(thisAppOnly.waitForExistence(timeout: patience))
        picture("6 sign out", of: app)
        thisAppOnly.tap()
        XCTAssertTrue(signOut.waitForNonExistence(timeout: patience))
    }

    private func search(_ app: XCUIApplication) {
        let field = app.searchFields.firstMatch
        if !field.isHittable { app.swipeDown() }
        field.tapWhenThere()
        field.typeText("SUMMARY")
        let rows = app.descendants(matching: .any).matching(identifier: "object")
        wait(for: "the hit") { rows.count == 1 }
        XCTAssertTrue(rows.firstMatch.label.hasPrefix("reports/2026/summary.csv, "), rows.firstMatch.label)
        picture("5 search", of: app)
        app.buttons["Cancel"].firstMatch.tap()
        wait(for: "the other rows") { rows.count > 1 }
    }

    private func scrollToTheEnd(_ app: XCUIApplication) {
        let end = app.staticTexts["That is all of them."]
        wait(for: "the end of the list") {
            app.swipeUp()
        } until: {
            end.exists
        }
    }
}
