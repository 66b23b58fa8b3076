// As much of XCUIAutomation, and of XCTest's attachments, as the UI tests use, so that Linux can compile them. They run in
// a simulator only. The classes are `@MainActor`, and the module is there from Xcode 16.3 on; before, XCTest has all of it:
// developer.apple.com/documentation/xcuiautomation (read in November 2026).
import Foundation
import XCTest

@MainActor public protocol XCUIElementTypeQueryProvider {
    var firstMatch: XCUIElement { get }
    var buttons: XCUIElementQuery { get }
    var cells: XCUIElementQuery { get }
    var searchFields: XCUIElementQuery { get }
    var secureTextFields: XCUIElementQuery { get }
    var staticTexts: XCUIElementQuery { get }
    var textFields: XCUIElementQuery { get }
    var webViews: XCUIElementQuery { get }
}

extension XCUIElementTypeQueryProvider {
    public var firstMatch: XCUIElement { XCUIElement() }
    public var buttons: XCUIElementQuery { XCUIElementQuery() }
    public var cells: XCUIElementQuery { XCUIElementQuery() }
    public var searchFields: XCUIElementQuery { XCUIElementQuery() }
    public var secureTextFields: XCUIElementQuery { XCUIElementQuery() }
    public var staticTexts: XCUIElementQuery { XCUIElementQuery() }
    public var textFields: XCUIElementQuery { XCUIElementQuery() }
    public var webViews: XCUIElementQuery { XCUIElementQuery() }
}

@MainActor open class XCUIElementQuery: NSObject, XCUIElementTypeQueryProvider {
    override nonisolated init() {}
    public var count: Int { 0 }
    public var allElementsBoundByIndex: [XCUIElement] { [] }
    public subscript(key: String) -> XCUIElement { XCUIElement() }
    public func matching(identifier: String) -> XCUIElementQuery { self }
}

@MainActor open class XCUIElement: NSObject, XCUIElementTypeQueryProvider {
    public enum ElementType: UInt, Sendable { case any = 0 }
    override nonisolated init() {}
    public var exists: Bool { false }
    public var isHittable: Bool { false }
    public var label: String { "" }
    public func descendants(matching type: ElementType) -> XCUIElementQuery { XCUIElementQuery() }
    public func waitForExistence(timeout: TimeInterval) -> Bool { false }
    public func waitForNonExistence(timeout: TimeInterval) -> Bool { false }
    public func tap() {}
    public func typeText(_ text: String) {}
    public func swipeUp() {}
    public func swipeDown() {}
    public func screenshot() -> XCUIScreenshot { XCUIScreenshot() }
}

@MainActor open class XCUIApplication: XCUIElement {
    override public nonisolated init() {}
    public nonisolated init(bundleIdentifier: String) {}
    public var launchArguments: [String] = []
    public var launchEnvironment: [String: String] = [:]
    public func launch() {}
    public func terminate() {}
    public func performAccessibilityAudit(
        for types: XCUIAccessibilityAuditType, _ issueHandler: ((XCUIAccessibilityAuditIssue) throws -> Bool)? = nil
    ) throws {}
}

public struct XCUIAccessibilityAuditType: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let sufficientElementDescription = XCUIAccessibilityAuditType(rawValue: 1)
    public static let trait = XCUIAccessibilityAuditType(rawValue: 2)
}

open class XCUIAccessibilityAuditIssue: NSObject {}

@MainActor open class XCUIDevice: NSObject {
    public enum Appearance: Int, Sendable { case unspecified, light, dark }
    public static let shared = XCUIDevice()
    override nonisolated init() {}
    public var appearance = Appearance.light
}

open class XCUIScreenshot: NSObject, @unchecked Sendable {}

open class XCTAttachment: NSObject, @unchecked Sendable {
    public enum Lifetime: Int, Sendable { case keepAlways, deleteOnSuccess }
    public init(screenshot: XCUIScreenshot) {}
    public var name: String?
    public var lifetime = Lifetime.deleteOnSuccess
}

extension XCTestCase {
    public func add(_ attachment: XCTAttachment) {}
}
