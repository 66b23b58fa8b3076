import JetbridgeFFI

extension JetbridgeSession {
    /// Keys for an AWS SDK, renewed when they have less than about five minutes left. Ask each time, do not keep them.
    public nonisolated func credentials() async throws(JetbridgeError) -> AwsCredentials {
        try await work { AwsCredentials(try await $0.awsCredentials()) }
    }

    /// Other keys than `refused`, which a service did not take although their time is not up. Listings do so by themselves.
    public nonisolated func replaceCredentials(_ refused: AwsCredentials) async throws(JetbridgeError) -> AwsCredentials
    {
        guard let refused = refused.core as? JetbridgeFFI.AwsCredentials else { throw .internal(detail: Self.foreign) }
        return try await work { AwsCredentials(try await $0.replaceAwsCredentials(refused: refused)) }
    }

    /// A token for the app's own backend, good for at least five minutes. Ask each time, do not keep it.
    public nonisolated func accessToken() async throws(JetbridgeError) -> AccessToken {
        try await work { AccessToken(try await $0.accessToken()) }
    }

    /// Another token than `refused`, which the backend did not take although its time is not up.
    public nonisolated func replaceAccessToken(_ refused: AccessToken) async throws(JetbridgeError) -> AccessToken {
        guard let refused = refused.core as? JetbridgeFFI.AccessToken else { throw .internal(detail: Self.foreign) }
        return try await work { AccessToken(try await $0.replaceAccessToken(refused: refused)) }
    }

    /// Okta's profile of the user, fresh.
    public nonisolated func userInfo() async throws(JetbridgeError) -> JetbridgeUser {
        try await work { try await $0.userInfo() }
    }

    /// Renews tokens and keys a little before they run out, until the answer is stopped or let go: for long work without a
    /// user. It sleeps while the app does.
    public nonisolated func renewInBackground() -> BackgroundRenewal { core.renewInBackground() }

    /// Waits until nothing goes on beside the calls any more: a code or a refresh token that was sent and whose answer is
    /// not saved yet, a renewal whose caller went away, the profile. The session does this by itself when the app leaves
    /// the foreground; an extension or a background task may want it before it says that it has ended.
    public nonisolated func settle() async { await suspension.during { [core] in await core.settle() } }

    private nonisolated static var foreign: String { "what was refused is of a test, and no session gave it" }
}
