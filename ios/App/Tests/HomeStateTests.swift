import Foundation
import Jetbridge
import Testing

@testable import JetbridgeDemo

struct HomeStateTests {
    @Test(
        "a key is split into folder and name",
        arguments: [
            ("readme.txt", "", "readme.txt", false), ("reports/2026/summary.csv", "reports/2026", "summary.csv", false),
            ("photos/", "", "photos", true), ("a/b/", "a", "b", true), ("a//b", "a/", "b", false),
            ("/a", "", "a", false), ("/", "", "/", true), ("//", "", "//", true), ("", "", "", false),
            ("ä/ö 日本.txt", "ä", "ö 日本.txt", false),
            // Nor is a slash hidden by an accent behind it.
            ("a/\u{301}b", "a", "\u{301}b", false), ("\u{600}/", "", "\u{600}", true),
        ])
    func names(key: String, folder: String, name: String, isFolder: Bool) {
        let row = ObjectRow(key: key, size: 1, changed: nil)
        #expect(row.folder == folder)
        #expect(row.name == name)
        #expect(row.isFolder == isFolder)
    }

    @Test(
        "the folder of a list is what all its keys begin with, byte by byte, to the last slash",
        arguments: [
            (["a/b/1", "a/b/2"], "a/b/"), (["a/b", "a/c"], "a/"), (["a", "b"], ""), (["a/"], "a/"), ([], ""),
            (["caf\u{E9}/1", "cafe\u{301}/1"], ""), (["a/\u{301}b", "a/\u{301}c"], "a/"), (["a/b", "a/b/c"], "a/"),
        ])
    func folder(keys: [String], folder: String) {
        let rows = Rows(objects: keys.map { ObjectRow(key: $0, size: 1, changed: nil) })
        #expect(ListingState.rows(rows).folder == folder)
    }

    @Test(
        "initials are those of the first and the last name",
        arguments: [
            ("Alice Archer", "AA"), ("alice", "A"), ("Ana Maria de la Cruz", "AC"), ("", ""), ("  ", ""),
            ("alice@example.com", "A"), ("Élodie ßen", "ÉSS"),
        ])
    func initials(name: String, initials: String) {
        #expect(Account(subject: "1", name: name, email: nil, okta: Clock(), aws: Clock()).initials == initials)
    }

    @Test("a clock says how long is left, and what happens when nothing is")
    func clocks() {
        #expect(Clock(left: nil).reading == .notNeededYet)
        #expect(Clock(left: .seconds(3_661)).reading == .left(.seconds(3_661)))
        #expect(Clock(left: .seconds(60)).reading == .left(.seconds(60)))
        #expect(Clock(left: .seconds(59.9)).reading == .underAMinute)
        #expect(Clock(left: .zero).reading == .renewedAtNextUse)
        #expect(Clock(left: .seconds(-1), renews: false).reading == .signInAgain)
    }

    @Test("what is searched for is found in any part of a key, in any case, and with or without accents")
    func search() {
        let keys = ["reports/Summary.csv", "résumé.pdf", "photos/"]
        let rows = Rows(objects: keys.map { ObjectRow(key: $0, size: 1, changed: nil) })
        #expect(rows.matching("").count == 3)
        #expect(rows.matching("REPORT").map(\.key) == ["reports/Summary.csv"])
        #expect(rows.matching("s/s").map(\.key) == ["reports/Summary.csv"])
        #expect(rows.matching("resume").map(\.key) == ["résumé.pdf"])
        #expect(rows.matching("zebra").isEmpty)
    }

    @Test("nothing is searched for while there are no rows")
    func query() {
        var state = HomeState(search: " a b\n")
        #expect(state.query == "")
        state.listing = .rows(Rows(objects: []))
        #expect(state.query == "a b")
    }

    @Test("characters that would move other text about are shown as a symbol")
    func printable() {
        #expect("a/b\u{202E}gpj.exe\n".printable == "a/b\u{FFFD}gpj.exe\u{FFFD}")
        #expect("\r\n\u{0}\u{2028}".printable == "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}")
        #expect("ö 日本 e\u{301} 👍🏽".printable == "ö 日本 e\u{301} 👍🏽")
    }

    @Test("trying again is offered where it can help")
    func retry() {
        #expect(JetbridgeError.retryable(failure: "", retryAfter: nil).canRetry)
        #expect(JetbridgeError.accessDenied(service: .s3, code: "", requestID: nil, hint: "").canRetry)
        #expect(JetbridgeError.internal(detail: "").canRetry)
        #expect(!JetbridgeError.misconfigured(setting: "", problem: "", hint: "").canRetry)
        #expect(!JetbridgeError.signInRequired(reason: .signedOut).canRetry)
    }

    @Test("a closed page is no news, and a stray redirect is")
    func telling() {
        #expect(!JetbridgeError.userCancelled.isWorthTelling)
        #expect(!JetbridgeError.cancelled.isWorthTelling)
        #expect(JetbridgeError.unexpectedRedirect(detail: "").isWorthTelling)
        #expect(JetbridgeError.browserUnavailable(detail: "").isWorthTelling)
    }

    @Test("every sample has a name of its own, and the UI tests take a picture of it")
    func samples() throws {
        #expect(Set(Sample.all.map(\.name)).count == Sample.all.count)
        let file = URL(filePath: #filePath).appending(path: "../../../UITests/PicturesUITests.swift").standardized
        let tests = try String(contentsOf: file, encoding: .utf8)
        for sample in Sample.all { #expect(tests.contains("\"\(sample.name)\"")) }
        #expect(Sample.named("no such sample") == nil)
    }
}
