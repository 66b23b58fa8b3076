import Foundation
import JetbridgeFFI

/// What the ID token says that a session holds: for what an app shows, such as a name, or a menu that only some groups need.
///
/// Nobody gets a right by them: what is allowed is decided by AWS and by the app's backend. They are as old as the token; the
/// next renewal brings new ones. They are personal data, and print nothing of themselves.
public struct IdTokenClaims: Sendable {
    private let core: any IdTokenClaimsProtocol

    init(_ core: any IdTokenClaimsProtocol) { self.core = core }

    /// Claims of no token, for tests and previews: a user, their groups, and claims that are texts.
    public init(subject: String, groups: [String] = [], texts: [String: String] = [:]) {
        core = GivenClaims(given: Hidden(texts.merging(["sub": subject]) { $1 }), givenGroups: Hidden(groups))
    }

    /// `sub`: the user, by a name that never changes.
    public var subject: String { core.subject() }
    /// `iss`: the authorization server.
    public var issuer: String { core.issuer() }
    /// `aud`: whom the token is for, the app's client id among them.
    public var audience: [String] { core.audience() }
    /// `iat`, by Okta's clock.
    public var issuedAt: Date { core.issuedAt() }
    /// `exp`, by Okta's clock. A session that renews itself outlives it.
    public var expiresAt: Date { core.expiresAt() }
    /// `auth_time`: when the user last proved who they are, if Okta says.
    public var authenticatedAt: Date? { core.authenticatedAt() }
    /// The claim `groups`, which Okta sends only if an administrator adds it; empty without it. Not to be in it says little:
    /// Okta leaves out groups above 100, and what the claim's filter does not name.
    public var groups: [String] { core.groups() }
    /// The names of all claims, in no order that means anything.
    public var names: [String] { core.names() }

    /// A claim that is a text: `claims["department"]`.
    public subscript(name: String) -> String? { core.text(name: name) }

    /// A claim that is a list of texts, or one text; empty for anything else.
    public func texts(_ name: String) -> [String] { core.texts(name: name) }

    /// A claim that is true or false.
    public func flag(_ name: String) -> Bool? { core.flag(name: name) }

    /// A claim that is a number.
    public func number(_ name: String) -> Double? { core.number(name: name) }

    /// The claims as a type of the app's own, with dates in seconds since 1970. A token that has not what the type asks for
    /// is ``JetbridgeError/misconfigured(setting:problem:hint:)``.
    public func decode<Claims: Decodable>(_ type: Claims.Type) throws(JetbridgeError) -> Claims {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        do { return try decoder.decode(type, from: Data(core.json().utf8)) } catch {
            // The decoder's own text may hold a claim.
            throw .misconfigured(
                setting: "ID token", problem: "\(Self.place(of: error)) is not what the app's \(type) asks for",
                hint: "add the claim to the authorization server in Okta, or make it optional in the app")
        }
    }

    private static func place(of error: any Error) -> String {
        let path: [any CodingKey] =
            switch error as? DecodingError {
            case .keyNotFound(let key, let context): context.codingPath + [key]
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            default: []
            }
        return path.isEmpty ? "the payload" : "the claim " + path.map(\.stringValue).joined(separator: ".")
    }
}

extension JetbridgeSession {
    /// What the ID token says, from memory: for what an app shows, never for what somebody may do. Nothing when nobody is
    /// signed in, or the store was not read yet. A renewal brings new ones, and observers look again.
    public var claims: IdTokenClaims? {
        _ = (state, renewals)
        return core.claims().map(IdTokenClaims.init)
    }
}

private final class GivenClaims: IdTokenClaimsProtocol {
    private let given: Hidden<[String: String]>
    private let givenGroups: Hidden<[String]>

    init(given: Hidden<[String: String]>, givenGroups: Hidden<[String]>) {
        (self.given, self.givenGroups) = (given, givenGroups)
    }

    func subject() -> String { given.value["sub"] ?? "" }
    func issuer() -> String { given.value["iss"] ?? "" }
    func audience() -> [String] { texts(name: "aud") }
    func issuedAt() -> Date { .now }
    func expiresAt() -> Date { .now + 3600 }
    func authenticatedAt() -> Date? { nil }
    func groups() -> [String] { givenGroups.value }
    func names() -> [String] { given.value.keys + ["groups"] }
    func text(name: String) -> String? { given.value[name] }
    func texts(name: String) -> [String] { name == "groups" ? groups() : given.value[name].map { [$0] } ?? [] }
    func flag(name: String) -> Bool? { nil }
    func number(name: String) -> Double? { nil }

    func json() -> String {
        var all: [String: Any] = given.value
        all["groups"] = givenGroups.value
        return (try? JSONSerialization.data(withJSONObject: all)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
