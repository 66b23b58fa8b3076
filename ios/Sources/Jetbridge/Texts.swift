import Foundation

/// What happened and what to do, in the user's language. An app changes or translates a text by a string of the same key in
/// its own `Localizable.strings`.
struct Texts {
    let reason: String
    let suggestion: String

    /// Whose strings come first; a test brings its own.
    @TaskLocal static var app = Bundle.main

    /// Both, as one text: in a line, or below a list.
    var whole: String { "\(reason)\(reason.contains("\n") ? "\n" : " ")\(suggestion)" }

    /// The strings of `jetbridge.error.` and `key`, with what goes into each of them.
    init(_ key: String, _ inReason: [String] = [], suggestion inSuggestion: [String] = []) {
        reason = Self.text("jetbridge.error.\(key)", inReason)
        suggestion = Self.text("jetbridge.error.\(key).suggestion", inSuggestion)
    }

    static func text(_ key: String, _ arguments: [String] = []) -> String {
        let ours = Bundle.module.localizedString(forKey: key, value: nil, table: nil)
        let format = app.localizedString(forKey: key, value: ours, table: nil)
        return String(format: format, arguments: arguments.map { NSString(string: $0) })
    }
}
