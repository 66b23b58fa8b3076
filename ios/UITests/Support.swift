// What every UI test needs: to wait for something, to leave a picture of what it saw, and somebody who is signed in.
import XCTest

#if canImport(XCUIAutomation)
// A part of XCTest until Xcode 16.2.
import XCUIAutomation
#endif

/// Enough for a slow runner; nobody waits so long when things are right.
let patience: TimeInterval = 60

// One of the stack's made-up people; they are printed when it starts.
private let login = "alice@example.com"
private let password = "open-sesame"

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

extension XCTestCase {
    /// Signs Alice in, unless the keychain has somebody.
    @MainActor
    func signInIfNobodyIs(_ app: XCUIApplication) {
        wait(for: "the session") { app.buttons["okta-login"].exists }
        guard !app.buttons["Sign out"].exists else { return }
        app.buttons["okta-login"].tap()
        signIn(app)
    }

    /// Signs Alice in, whose sign-in the app has just begun.
    @MainActor
    func signIn(_ app: XCUIApplication) {
        // "Jetbridge" Wants to Use "127.0.0.1" to Sign In
        let springboard = XCUIApplication(bundleIdentifier: "com.apple.springboard")
        springboard.buttons["Continue"].tapWhenThere()

        let page = app.webViews.firstMatch
        let username = page.textFields["Username"]
        let account = app.any("account")
        // Whoever has signed in a short time ago is not asked again.
        wait(for: "the sign-in page") { username.exists || account.exists }
        if username.exists {
            picture("2 sign-in page", of: app)
            username.tap()
            username.typeText(login)
            let field = page.secureTextFields["Password"]
            field.tap()
            // The keyboard may lie over the button, and Enter does the same.
            field.typeText(password + "\n")
        }
        // The system may offer to keep the password, which is not worth keeping.
        let offers = [app.buttons["Not Now"], springboard.buttons["Not Now"]]
        wait(for: "the account") {
            offers.first { $0.exists }?.tap()
        } until: {
            account.exists
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
