// The screen is drawn from this and its siblings in ObjectState.swift, and nothing else, so that each of its states can be
// looked at and tested without a session.
import Foundation
import Jetbridge

/// Everything the screen shows of the session and its list.
struct HomeState: Equatable, Sendable {
    var account = AccountState.loading
    var signIn = SignInProgress.idle
    var bucket = ""
    var listing = ListingState.notAsked
    /// The text of the search field, as it was typed.
    var search = ""
    /// What went wrong beside the listing, or is done, until the user has read it.
    var notice: Notice?
}

/// Who is there.
enum AccountState: Equatable, Sendable {
    /// The secure store is being read.
    case loading
    /// Nobody; and why, if somebody was.
    case signedOut(SignInReason?)
    /// Somebody, with both clocks.
    case signedIn(Account)
    /// The secure store cannot be read at the moment.
    case unavailable
    /// The app cannot even open its session; the error says what to correct.
    case notSetUp(JetbridgeError)

    /// Who is signed in, by the name that never changes.
    var subject: String? { if case .signedIn(let account) = self { account.subject } else { nil } }
}

/// Somebody who is signed in.
struct Account: Equatable, Sendable {
    let subject: String
    let name: String
    let email: String?
    var okta: Clock
    var aws: Clock

    /// For a picture that every account has.
    var initials: String {
        let words = name.split(separator: " ")
        let ends = words.count > 1 ? [words.first, words.last] : [words.first]
        return ends.compactMap { $0?.first?.uppercased() }.joined()
    }
}

/// One of the two times that matter.
struct Clock: Equatable, Sendable {
    /// Until it runs out; `nil` when there is nothing to run out yet.
    var left: Duration?
    /// Whether it is wound up by itself at the next use.
    var renews = true

    /// What there is to say about it.
    enum Reading: Equatable, Sendable {
        case notNeededYet, renewedAtNextUse, signInAgain, underAMinute
        case left(Duration)
    }

    var reading: Reading {
        guard let left else { return .notNeededYet }
        if left <= .zero { return renews ? .renewedAtNextUse : .signInAgain }
        return left < .seconds(60) ? .underAMinute : .left(left)
    }
}

/// The list of objects.
enum ListingState: Equatable, Sendable {
    /// Nobody has pressed the button yet.
    case notAsked
    /// The first page is under way.
    case loading
    /// Objects so far.
    case rows(Rows)
    /// Not even a first page.
    case failed(JetbridgeError)
}

/// The objects of the pages that have come so far.
struct Rows: Equatable, Sendable {
    var objects: [ObjectRow]
    /// The page that came last. No two have the same number, also of different listings: the end of the list asks for more
    /// whenever this changes.
    var page = 0
    var hasMore = false
    var isRefreshing = false
    /// Why the next page did not come.
    var problem: JetbridgeError?

    /// Those whose key has `text` in it, as people compare texts.
    func matching(_ text: String) -> [ObjectRow] {
        text.isEmpty ? objects : objects.filter { $0.key.localizedStandardContains(text) }
    }
}

/// One object of the bucket.
struct ObjectRow: Identifiable, Equatable, Sendable {
    /// Not the text of its key: two that look the same are two objects.
    let id: ObjectAddress
    let size: Int64
    let changed: Date?

    init(key: String, size: Int64, changed: Date?) {
        (id, self.size, self.changed) = (ObjectAddress(key), size, changed)
    }

    var key: String { id.key }
    /// Stands for a folder: some programs make an empty object for each.
    var isFolder: Bool { key.utf8.last == UInt8(ascii: "/") }
    /// What comes after the last slash; for a folder, its name. A key of slashes only is its own name.
    var name: String { path.last ?? key }
    /// What comes before it.
    var folder: String { path.dropLast().joined(separator: "/") }

    // By scalars: a slash with an accent behind it is one character, and no "/".
    private var path: [String] {
        let scalars = key.unicodeScalars
        let end = scalars.lastIndex { $0 != "/" }.map(scalars.index(after:)) ?? scalars.startIndex
        return end == scalars.startIndex
            ? [] : scalars[..<end].split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
    }
}

/// Something to tell the user, apart from the list.
enum Notice: Equatable, Sendable {
    case failed(JetbridgeError)
    /// The device is signed out, but Okta could not be told.
    case signedOutHereOnly(JetbridgeError)
    /// The object with this key is not there any more, as it was wished.
    case deleted(String)
    /// The object with this key was deleted by somebody else.
    case gone(String)
    case uploaded(String)
    /// An upload was cancelled when its last request was on its way.
    case mayBeUploaded(String)
    /// S3 still has parts of an upload that nobody wants, and why.
    case notGivenUp(String, JetbridgeError)

    var isProblem: Bool {
        switch self {
        case .failed, .signedOutHereOnly, .gone, .mayBeUploaded, .notGivenUp: true
        case .deleted, .uploaded: false
        }
    }
}

extension HomeState {
    /// What is searched for; nothing unless there are rows to search.
    var query: String {
        guard case .rows = listing else { return "" }
        return search.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension JetbridgeError {
    /// Whether the same call may do better another time, perhaps after somebody has given access.
    var canRetry: Bool { [.retry, .report, .askForAccess].contains(recovery) }

    /// Whoever closes a page knows it: no need to tell them off. A stray redirect, however, nobody has seen coming.
    var isWorthTelling: Bool { if case .unexpectedRedirect = self { true } else { recovery != .ignore } }
}

extension String {
    /// A key as S3 tells it from others, by its bytes. To Swift two texts are the same when they look the same, however the
    /// accents in them are written.
    var exact: Data { Data(utf8) }

    /// A key may hold any character; what would move other text about is shown as a symbol.
    var printable: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.isUnseen ? "\u{FFFD}" : $0 }))
    }

    /// The same where one key is to be told from every other: such a character, and a space at an end, is shown by its number.
    var spelledOut: String {
        let scalars = unicodeScalars
        let first = scalars.firstIndex { $0 != " " } ?? scalars.endIndex
        let last = scalars.lastIndex { $0 != " " } ?? scalars.startIndex
        return scalars.indices.reduce(into: "") { text, index in
            let scalar = scalars[index]
            let isAtEnd = scalar == " " && !(first...max(first, last)).contains(index)
            text +=
                scalar.isUnseen || isAtEnd ? "\\u{\(String(scalar.value, radix: 16, uppercase: true))}" : String(scalar)
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isUnseen: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
