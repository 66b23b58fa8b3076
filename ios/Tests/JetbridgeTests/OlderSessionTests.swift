// A session of an app's own, written before there were `deleteObjects`, `abortUpload`, `leftovers` and `diagnose`: it is
// compiled only as long as it needs none of them.
import Foundation
import Jetbridge
import JetbridgeTesting
import Observation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct OlderSessionTests {
    @Test("a session that knows nothing of it deletes one by one, and does not say that parts are gone")
    func standsIn() async throws {
        let older = OlderSession()
        let session: any JetbridgeSessionProtocol = older
        older.real.objects = ["a", "b"].map { ListedObject(key: $0, size: 0, lastModified: nil, eTag: nil) }
        #expect(try await session.deleteObjects(["a", "b"]).isEmpty)
        #expect(older.real.objects.isEmpty)
        #expect(session.leftovers == Leftovers())
        let refused = try await error { try await session.abortUpload(of: URL(filePath: "/film"), to: "film") }
        guard case .misconfigured = refused else { throw refused }
        let unasked = try await error { _ = try await session.diagnose() }
        guard case .misconfigured = unasked else { throw unasked }
    }
}

@MainActor
@Observable
private final class OlderSession: JetbridgeSessionProtocol {
    let real = FakeJetbridgeSession.signedIn()
    let bucket = "bucket"
    var state: SessionState { real.state }
    var states: AsyncStream<SessionState> { real.states }
    var claims: IdTokenClaims? { real.claims }
    var signInProgress: SignInProgress { real.signInProgress }
    nonisolated var events: AsyncStream<SessionEvent> { real.events }

    func details() -> SessionDetails { real.details() }
    func restore() async -> SessionState { await real.restore() }
    func signIn(options: LoginOptions, browser: any SignInBrowser) async throws(JetbridgeError) -> SessionState {
        try await real.signIn(options: options, browser: browser)
    }
    func cancelSignIn() { real.cancelSignIn() }
    func dismissSignInFailure() { real.dismissSignInFailure() }
    func handleRedirect(_ url: URL) async throws(JetbridgeError) -> SessionState? {
        try await real.handleRedirect(url)
    }
    func signOut(_ mode: SignOutMode) async throws(JetbridgeError) -> SignOutResult { try await real.signOut(mode) }
    func endBrowserSession(_ url: URL, browser: any SignInBrowser) async throws(JetbridgeError) -> Bool {
        try await real.endBrowserSession(url, browser: browser)
    }
    nonisolated func listing(_ request: ListingRequest) -> ObjectListing { real.listing(request) }
    nonisolated func headObject(_ object: ObjectAddress) async throws(JetbridgeError) -> ObjectDetails {
        try await real.headObject(object)
    }
    nonisolated func getObject(
        _ object: ObjectAddress, limit: UInt64, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> Data {
        try await real.getObject(object, limit: limit, conditions: conditions)
    }
    nonisolated func downloadObject(
        _ object: ObjectAddress, to file: URL, options: TransferOptions, conditions: ObjectConditions,
        progress: (@MainActor @Sendable (TransferProgress) -> Void)?
    ) async throws(JetbridgeError) -> DownloadedObject {
        try await real.downloadObject(object, to: file, options: options, conditions: conditions, progress: progress)
    }
    nonisolated func putObject(
        _ object: ObjectAddress, body: Data, headers: ObjectHeaders, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> UploadedObject {
        try await real.putObject(object, body: body, headers: headers, conditions: conditions)
    }
    nonisolated func uploadFile(
        _ file: URL, to object: ObjectAddress, headers: ObjectHeaders, options: TransferOptions,
        conditions: ObjectConditions, progress: (@MainActor @Sendable (TransferProgress) -> Void)?
    ) async throws(JetbridgeError) -> UploadedObject {
        try await real.uploadFile(
            file, to: object, headers: headers, options: options, conditions: conditions, progress: progress)
    }
    nonisolated func deleteObject(_ object: ObjectAddress, conditions: ObjectConditions) async throws(JetbridgeError) {
        try await real.deleteObject(object, conditions: conditions)
    }
    nonisolated func copyObject(
        _ source: ObjectAddress, to target: ObjectAddress, headers: ObjectHeaders?
    ) async throws(JetbridgeError) -> UploadedObject {
        try await real.copyObject(source, to: target, headers: headers)
    }
    nonisolated func presignObject(_ request: PresignRequest) async throws(JetbridgeError) -> PresignedURL {
        try await real.presignObject(request)
    }
    nonisolated func authorize(
        _ request: inout URLRequest, service: String?, region: String?
    ) async throws(JetbridgeError) {
        try await real.authorize(&request, service: service, region: region)
    }
    nonisolated func data(
        for request: URLRequest, service: String?, region: String?
    ) async throws(JetbridgeError) -> (Data, HTTPURLResponse) {
        try await real.data(for: request, service: service, region: region)
    }
    nonisolated func credentials() async throws(JetbridgeError) -> AwsCredentials { try await real.credentials() }
    nonisolated func replaceCredentials(_ refused: AwsCredentials) async throws(JetbridgeError) -> AwsCredentials {
        try await real.replaceCredentials(refused)
    }
    nonisolated func accessToken() async throws(JetbridgeError) -> AccessToken { try await real.accessToken() }
    nonisolated func replaceAccessToken(_ refused: AccessToken) async throws(JetbridgeError) -> AccessToken {
        try await real.replaceAccessToken(refused)
    }
    nonisolated func userInfo() async throws(JetbridgeError) -> JetbridgeUser { try await real.userInfo() }
    nonisolated func settle() async { await real.settle() }
}
