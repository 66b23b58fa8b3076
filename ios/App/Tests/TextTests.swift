// Every text of the screen is one of the app's table, so that it can be translated. The screen is drawn in each of its states,
// and what it looks up is compared with the table.
import Foundation
import Jetbridge
import SwiftUI
import Testing
import UIKit

@testable import JetbridgeDemo

@MainActor
struct TextTests {
    /// What is said of a text in the app's table.
    private struct Entry: Decodable {
        struct Unit: Decodable { let value: String }
        struct Variation: Decodable { let stringUnit: Unit }
        struct Localization: Decodable {
            let stringUnit: Unit?
            let variations: [String: [String: Variation]]?
        }
        let comment: String?
        let localizations: [String: Localization]?

        /// All that may be shown for it, in any language.
        var values: [String] {
            (localizations ?? [:]).values.flatMap { localization in
                [localization.stringUnit?.value].compactMap(\.self)
                    + (localization.variations ?? [:]).values.flatMap { $0.values.map(\.stringUnit.value) }
            }
        }
    }

    private nonisolated func table() throws -> [String: Entry] {
        struct Catalog: Decodable { let strings: [String: Entry] }
        let file = URL(filePath: #filePath).appending(path: "../../Resources/Localizable.xcstrings").standardized
        return try JSONDecoder().decode(Catalog.self, from: Data(contentsOf: file)).strings
    }

    /// What no sample is of: moments that are over at once, and what a clock says.
    private static let moments: [HomeState] = {
        func signedIn(_ okta: Clock, _ listing: ListingState = .notAsked) -> HomeState {
            let account = Account(subject: "1", name: "Alice", email: nil, okta: okta, aws: Clock())
            return HomeState(account: .signedIn(account), bucket: "b", listing: listing)
        }
        return [
            HomeState(account: .signedOut(nil), signIn: .preparing),
            HomeState(account: .signedOut(nil), signIn: .finishing),
            signedIn(Clock(left: .zero)), signedIn(Clock(left: .zero, renews: false)),
            signedIn(Clock(left: .seconds(1))),
        ]
    }()

    /// The texts that the screen looks up in this state, with what is above it.
    private func texts(of model: HomeModel) -> Set<String> {
        (Drawn.texts, Drawn.pushed, Drawn.sheet) = ([], model.objects.path.last, model.upload.naming)
        Drawn.draw(HomeView(model: model))
        Drawn.sheet = model.diagnosis.sheet
        if Drawn.sheet != nil { Drawn.draw(HomeView(model: model)) }
        return Drawn.texts
    }

    private nonisolated func placeholders(in text: String) -> [String] {
        text.replacing("%%", with: "").matches(of: /%(?:\d+\$)?(@|lld)/).map { String($0.1) }.sorted()
    }

    @Test("every text that is shown is in the table, and every text of the table is shown")
    func whole() throws {
        let models = Sample.all.map(\.model) + Self.moments.map { HomeModel(showing: $0) }
        let shown = models.reduce(into: Set<String>()) { $0.formUnion(texts(of: $1)) }
        let table = Set(try table().keys)
        #expect(shown.count > 40)
        #expect(shown.subtracting(table).sorted() == [], "shown, but not in the table")
        #expect(table.subtracting(shown).sorted() == [], "in the table, but never shown")
    }

    @Test("what stands in a text stands in each of its translations, and its translator knows what it is")
    nonisolated func translated() throws {
        for (key, entry) in try table() {
            for value in entry.values { #expect(placeholders(in: value) == placeholders(in: key), "\(key)") }
            if !placeholders(in: key).isEmpty { #expect(entry.comment != nil, "\(key)") }
        }
    }

    @Test("each state of the list says what it is and what can be done")
    func states() throws {
        func texts(_ name: String) throws -> Set<String> { self.texts(of: try #require(Sample.named(name)).model) }
        #expect(try texts("loading-session") == ["Jetbridge", "Looking for your session…"])
        #expect(try texts("listing").contains("Listing %@…"))
        #expect(try texts("empty").isSuperset(of: ["This bucket is empty", "Refresh the list"]))
        for name in ["list-failed", "offline"] {
            #expect(try texts(name).isSuperset(of: ["The list could not be loaded", "Try again"]))
        }
        #expect(try texts("next-page-failed").isSuperset(of: ["%lld objects", "The next page could not be loaded."]))
        #expect(try !texts("next-page-failed").contains("That is all of them."))
        #expect(try texts("session-ended").contains("Okta Login"))
    }

    @Test("each state of an object and of an upload says what it is and what can be done")
    func objects() throws {
        func texts(_ name: String) throws -> Set<String> { self.texts(of: try #require(Sample.named(name)).model) }
        let facts: Set = ["Size", "Changed", "Content type", "ETag", "Storage class", "Checksum", "Metadata"]
        #expect(try texts("details").isSuperset(of: facts.union(["Download %@", "Delete this object"])))
        #expect(try texts("downloading").isSuperset(of: ["Downloading", "%@ were there from before.", "Cancel"]))
        for name in ["details-denied", "not-deleted", "upload-failed"] {
            #expect(try texts(name).isSuperset(of: ["For your administrator: %@", "Try again"]), "\(name)")
        }
        // A role may let people read an object and not look at it.
        #expect(try texts("details-denied").contains("Download"))
        #expect(try !texts("download-failed").contains("For your administrator: %@"))
        #expect(try texts("upload-taken").contains("Replace"))
        #expect(try !texts("upload-naming").contains("Replace"))
    }

    @Test("each error offers to find out what is wrong, and nothing else does")
    func asking() throws {
        for sample in Sample.all where sample.diagnosis == nil {
            let isError = [
                "session-ended", "sign-in-failed", "signed-out-here-only", "unavailable", "list-failed", "offline",
                "next-page-failed", "details-failed", "details-denied", "download-failed", "device-full", "not-deleted",
                "gone", "upload-failed", "upload-may-be-there", "upload-not-given-up",
            ].contains(sample.name)
            #expect(texts(of: sample.model).contains("What is wrong?") == isError, "\(sample.name)")
        }
    }

    @Test("the answer says what is broken, what to do and how each link is, and is copied")
    func answer() throws {
        func texts(_ name: String) throws -> Set<String> { self.texts(of: try #require(Sample.named(name)).model) }
        let marks: Set = ["Works", "Broken", "Not reached"]
        let broken: Set = ["This does not work: %@", "Setting", "What to do", "To paste there", "Copy this text"]
        #expect(try texts("diagnosis-broken").isSuperset(of: marks.union(broken)))
        #expect(try texts("diagnosis-all-works").contains("Everything works."))
        #expect(try texts("diagnosis-all-works").isDisjoint(with: broken))
        #expect(try texts("diagnosis-signed-out").contains("Not known"))
        _ = try texts("diagnosis-broken")
        let copyReport = try #require(Drawn.buttons["Copy report"])
        copyReport()
        #expect(UIPasteboard.general.string == "a report")
        let copyText = try #require(Drawn.buttons["Copy this text"])
        copyText()
        #expect(UIPasteboard.general.string?.contains("sts:AssumeRoleWithWebIdentity") == true)
    }

    @Test("an empty page with more to come is no empty bucket: the next one is asked for")
    func emptyPage() throws {
        let model = try #require(Sample.named("empty-page")).model
        guard case .rows(let rows) = model.state.listing else { throw CancellationError() }
        #expect(rows.objects.isEmpty && rows.hasMore)
        Drawn.task = nil
        let shown = texts(of: model)
        #expect(shown.contains("Loading more…"))
        #expect(!shown.contains("This bucket is empty"))
        let task = try #require(Drawn.task)
        #expect(task.id as? Int == rows.page)
    }
}
