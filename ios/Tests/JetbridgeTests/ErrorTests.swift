import Foundation
import Testing

@testable import Jetbridge

/// Each error by itself: that it has a text, and what is in it.
@Suite
struct ErrorTests {
    static let reasons: [SignInReason] = [
        .signedOut, .refreshTokenRefused(code: "invalid_grant"), .noRefreshToken, .authorizationCodeRefused,
        .idTokenRefused(code: "NotAuthorizedException"), .interactionRequired(code: "login_required"),
    ]

    static let errors: [JetbridgeError] =
        [
            .userCancelled,
            .retryable(failure: "failed to reach Okta", retryAfter: nil),
            .retryable(failure: "failed to reach Okta", retryAfter: .seconds(1)),
            .retryable(failure: "failed to reach Okta", retryAfter: .seconds(90)),
            obstructed(.certificate), obstructed(.clock), obstructed(.proxy), obstructed(.interception),
            .misconfigured(setting: "okta_client_id", problem: "Okta does not know it", hint: "copy the Client ID"),
            .accessDenied(service: .s3, code: "AccessDenied", requestID: nil, hint: "allow s3:ListBucket"),
            .accessDenied(service: .okta, code: "access_denied", requestID: nil, hint: "assign the user"),
            .accessDenied(service: .cognito, code: "NotAuthorizedException", requestID: "4711", hint: "correct it"),
            .accessDenied(
                service: .api, code: "AccessDeniedException", requestID: nil, hint: "allow execute-api:Invoke"),
            .notFound(what: "bucket jetbridge-demo"),
            .conditionNotMet(what: "the object is there already"),
            .localFile(path: "/var/mobile/Containers/Data/film.mov", problem: "there is no room left"),
            .unexpectedRedirect(detail: "no open sign-in has this state"),
            .secureStorage(detail: "the keychain is locked", mayPass: true),
            .secureStorage(detail: "the key is gone", mayPass: false),
            .internal(detail: "impossible"),
            .invalidConfiguration(problems: [problem("okta_client_id"), problem("")]),
            .configurationFileMissing(file: "okta-config.json"),
            .browserUnavailable(detail: "the sheet did not start"),
            .cancelled,
        ] + reasons.map { .signInRequired(reason: $0) }

    private static func obstructed(_ obstacle: Obstacle) -> JetbridgeError {
        .obstructed(service: .okta, obstacle: obstacle, problem: "it is in the way", hint: "Move it.")
    }

    private static func problem(_ key: String) -> ConfigProblem {
        ConfigProblem(file: "okta-config.json", key: key, problem: "is missing", expectation: "a text")
    }

    /// The names of an enum's cases in a source text.
    private func cases(of name: String, in text: String) throws -> Set<String> {
        let body = try #require(text.components(separatedBy: "enum \(name):").dropFirst().first)
        let lines = try #require(body.components(separatedBy: "\n}").first).components(separatedBy: "\n")
        let declared = lines.filter { $0.hasPrefix("    case ") && !$0.hasPrefix("    case .") }
        return Set(declared.map { String($0.dropFirst(9).prefix { $0.isLetter || $0 == "`" }) })
    }

    private func name(of value: Any) -> String { "\(value)".prefix { $0.isLetter }.description }

    @Test("every error and every reason of the generated bindings is in these tests")
    func complete() throws {
        let bindings = try Repository.text("Sources/JetbridgeFFI/JetbridgeFFI.swift")
        let ours = try Repository.text("Sources/Jetbridge/JetbridgeError.swift")
        let core = try cases(of: "SessionError", in: bindings)
        #expect(core.count == 12)
        #expect(Set(Self.errors.compactMap(\.core).map { name(of: $0) }) == core)
        let reasons = try cases(of: "SignInReason", in: bindings)
        #expect(Set(Self.reasons.map { name(of: $0) }) == reasons)
        let declared = try cases(of: "JetbridgeError", in: ours).map { $0.filter { $0 != "`" } }
        #expect(declared.count == core.count + 4)
        #expect(Set(Self.errors.map { name(of: $0) }) == Set(declared))
    }

    @Test("every text is made of whole sentences and says something of its own", arguments: errors)
    func texts(of error: JetbridgeError) throws {
        let (text, reason) = (error.text, try #require(error.errorDescription))
        let suggestion = try #require(error.recoverySuggestion)
        #expect(text.hasPrefix(reason) && text.hasSuffix(suggestion))
        // An alert shows these one over the other: nothing may be said twice.
        #expect(error.localizedDescription == reason && error.failureReason == nil)
        #expect(!reason.contains(suggestion) && !suggestion.contains(reason))
        for sentence in [reason, suggestion] {
            #expect(sentence.first?.isUppercase == true)
            #expect(".!?".contains(try #require(sentence.last)))
            #expect(sentence.count >= 13)
            // The key of a missing string, a placeholder, and what Swift prints of an optional.
            for blemish in ["jetbridge.", "%", "Optional", "nil"] { #expect(!sentence.contains(blemish)) }
        }
        #expect(Self.errors.filter { $0.text == text } == [error])
    }

    @Test("what the user should do is in the text")
    func suggestions() throws {
        func suggestion(_ error: JetbridgeError) -> String { error.recoverySuggestion ?? "" }
        #expect(suggestion(.retryable(failure: "", retryAfter: .seconds(1))) == "Try again in 1 second.")
        #expect(suggestion(.retryable(failure: "", retryAfter: .seconds(90))) == "Try again in 1 minute, 30 seconds.")
        let denied = JetbridgeError.accessDenied(service: .cognito, code: "NotAuthorized", requestID: "4711", hint: "")
        #expect(suggestion(denied).contains("4711"))
        let wrong = JetbridgeError.misconfigured(setting: "okta_client_id", problem: "is 100% wrong", hint: "copy it")
        #expect(wrong.text.contains("okta_client_id: is 100% wrong. Copy it. Show this"))
        #expect(suggestion(Self.obstructed(.clock)).contains("in the settings"))
        #expect(suggestion(Self.obstructed(.proxy)).contains("Check the proxy"))
        for page in [Self.obstructed(.certificate), Self.obstructed(.interception)] {
            #expect(suggestion(page).contains("Open a web page") && page.text.contains("Okta"))
        }
        #expect(suggestion(.secureStorage(detail: "", mayPass: true)).contains("Unlock"))
        #expect(suggestion(.secureStorage(detail: "", mayPass: false)).contains("Sign out to erase it"))
        for reason in Self.reasons {
            #expect(JetbridgeError.signInRequired(reason: reason).text == reason.text)
            #expect(reason.text.contains("Sign in"))
        }
    }

    @Test("the answer to what now is the core's, and so are the words for a log")
    func recovery() {
        for error in Self.errors {
            if let core = error.core {
                #expect(error.recovery == core.recovery())
                #expect(error.logDescription == core.describe())
                #expect(JetbridgeError(core) == error)
            }
            #expect(!error.logDescription.isEmpty)
        }
        #expect(JetbridgeError.invalidConfiguration(problems: []).recovery == .fixConfiguration)
        #expect(JetbridgeError.configurationFileMissing(file: "a").recovery == .fixConfiguration)
        #expect(JetbridgeError.browserUnavailable(detail: "a").recovery == .retry)
        #expect(JetbridgeError.cancelled.recovery == .ignore)
        #expect(JetbridgeError(CancellationError()) == .cancelled)
    }

    @Test("an app that shows all but what is to be ignored keeps nothing from the user")
    func ignored() {
        let ignored = Self.errors.filter { $0.recovery == .ignore }
        #expect(ignored == [.userCancelled, .unexpectedRedirect(detail: "no open sign-in has this state"), .cancelled])
    }

    /// An app with these strings.
    private func withApp<Value>(_ strings: String, _ work: () throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appending(path: "en.lproj"), withIntermediateDirectories: true)
        try Data(strings.utf8).write(to: folder.appending(path: "en.lproj/Localizable.strings"))
        return try Texts.$app.withValue(try #require(Bundle(path: folder.path)), operation: work)
    }

    @Test("an app changes a text by a string of the same key")
    func overridden() throws {
        let own = Texts.text("jetbridge.error.internal")
        try withApp(#""jetbridge.error.not_found" = "Weg ist %@!";"#) {
            #expect(Texts.text("jetbridge.error.not_found", ["das Glas"]) == "Weg ist das Glas!")
            #expect(Texts.text("jetbridge.error.internal") == own)
        }
    }

    @Test("in another language no word of ours is left, and what stands in a text still does")
    func pseudoLanguage() throws {
        // Each text in brackets, half as long again and without a letter of its own; placeholders stay.
        let ours = try Repository.text("Sources/Jetbridge/Resources/en.lproj/Localizable.strings")
        let pseudo = ours.replacing(/(?m)^("jetbridge[^"]*" = ")(.*)";$/) { line in
            let text = line.2.replacing(/%(?:\d\$)?@|\\.|[A-Za-z]/) { $0.0.count > 1 ? String($0.0) : "ø" }
            return "\(line.1)⟦\(text)\(String(repeating: "·", count: line.2.count / 2))⟧\";"
        }
        let inserted = Self.errors.map { error -> Set<String> in
            let words = error.text.split { !$0.isLetter && !$0.isNumber }
            return Set(words.map(String.init))
        }
        try withApp(pseudo) {
            for (error, before) in zip(Self.errors, inserted) {
                for half in [error.errorDescription, error.recoverySuggestion] {
                    let half = try #require(half)
                    #expect(half.first == "⟦" && half.last == "⟧", "\(half)")
                }
                let words = Set(error.text.split { !$0.isLetter && !$0.isNumber }.map(String.init))
                let left = words.filter { $0.contains { $0.isLetter && $0 != "ø" } }
                // What is left came from a placeholder, so it was there before.
                #expect(left.isSubset(of: before), "\(error.text)")
                #expect(left.isDisjoint(with: ["The", "Try", "again", "you", "Sign", "Your"]), "\(error.text)")
            }
            #expect(JetbridgeError.notFound(what: "bucket glass").text.contains("bucket glass"))
        }
    }

    @Test("every string has a comment, and every string is used")
    func strings() throws {
        let lines = try Repository.text("Sources/Jetbridge/Resources/en.lproj/Localizable.strings")
            .components(separatedBy: "\n")
        let used = Set(Self.errors.flatMap { [$0.errorDescription, $0.recoverySuggestion] }.compactMap(\.self))
        var count = 0
        for (line, before) in zip(lines.dropFirst(), lines) where line.hasPrefix("\"") {
            count += 1
            #expect(before.hasPrefix("/* ") && before.hasSuffix(" */"), "\(line)")
            let parts = line.components(separatedBy: "\" = \"")
            let start = parts[1].prefix { $0 != "%" && $0 != "\\" && $0 != "\"" }
            let isPart = parts[0].contains(".service.")
            let isUsed = used.contains { isPart ? $0.contains(start) : $0.hasPrefix(start) }
            #expect(parts[0].hasSuffix(".item") || isUsed, "\(line)")
        }
        #expect(count > 40)
    }
}
