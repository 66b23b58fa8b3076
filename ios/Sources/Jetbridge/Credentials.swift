// Keys and tokens as Swift has them, with properties. The core keeps the secrets and is asked each time, so that no copy
// outlives its use; the types' own initialisers are for tests and previews, which have no core.
import Foundation
import JetbridgeFFI

/// Keys for an AWS SDK. They print nothing of themselves.
public struct AwsCredentials: Sendable {
    let core: any AwsCredentialsProtocol

    init(_ core: any AwsCredentialsProtocol) { self.core = core }

    /// Keys that are not the core's, for tests and previews.
    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String, expiration: Date) {
        core = GivenCredentials(
            id: accessKeyID, secret: Hidden(secretAccessKey), token: Hidden(sessionToken), expiration: expiration)
    }

    /// The public half, which names the keys in logs of AWS.
    public var accessKeyID: String { core.accessKeyId() }
    /// The secret half. Never log it.
    public var secretAccessKey: String { core.secretAccessKey() }
    /// Has to be sent with every request. Never log it.
    public var sessionToken: String { core.sessionToken() }
    /// When they stop working, by the service's clock.
    public var expiration: Date { core.expiresAt() }
}

/// A token for the app's own backend. It prints nothing of itself.
public struct AccessToken: Sendable {
    let core: any AccessTokenProtocol

    init(_ core: any AccessTokenProtocol) { self.core = core }

    /// A token that is not the core's, for tests and previews.
    public init(value: String, expiresAt: Date? = nil) {
        core = GivenToken(value: Hidden(value), expiration: expiresAt)
    }

    /// The token, which goes behind `Bearer` and into no log.
    public var value: String { core.text() }
    /// When it stops working, if Okta told.
    public var expiresAt: Date? { core.expiresAt() }
}

private final class GivenCredentials: AwsCredentialsProtocol {
    private let id: String
    private let secret: Hidden<String>
    private let token: Hidden<String>
    private let expiration: Date

    init(id: String, secret: Hidden<String>, token: Hidden<String>, expiration: Date) {
        (self.id, self.secret, self.token, self.expiration) = (id, secret, token, expiration)
    }

    func accessKeyId() -> String { id }
    func secretAccessKey() -> String { secret.value }
    func sessionToken() -> String { token.value }
    func expiresAt() -> Date { expiration }
}

private final class GivenToken: AccessTokenProtocol {
    private let value: Hidden<String>
    private let expiration: Date?

    init(value: Hidden<String>, expiration: Date?) { (self.value, self.expiration) = (value, expiration) }

    func text() -> String { value.value }
    func expiresAt() -> Date? { expiration }
}
