// What an app's views and models use of a session, as a protocol: so that their tests and previews run over a
// `FakeJetbridgeSession` of JetbridgeTesting, without Okta, AWS and a browser. What every session does in the same way is an
// extension.
import Foundation
import JetbridgeFFI
import Observation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A session as an app's views and models know it. ``JetbridgeSession`` is the one for apps; `FakeJetbridgeSession`, of the
/// product JetbridgeTesting, is what a test sets it to.
///
/// Every function throws ``JetbridgeError`` and nothing else.
@MainActor
public protocol JetbridgeSessionProtocol: AnyObject, Observable, Sendable {
    /// Who is signed in, if anybody.
    var state: SessionState { get }
    /// The state of now, then each change, for UIKit; SwiftUI follows ``state`` by itself.
    var states: AsyncStream<SessionState> { get }
    /// What the ID token says, for what an app shows.
    var claims: IdTokenClaims? { get }
    /// How far a sign-in has come.
    var signInProgress: SignInProgress { get }
    /// The bucket of the configuration, for headings.
    nonisolated var bucket: String { get }
    /// What happens beside the state.
    nonisolated var events: AsyncStream<SessionEvent> { get }
    /// The facts of the session, with both clocks.
    func details() -> SessionDetails
    /// Reads the secure store again; no network.
    @discardableResult func restore() async -> SessionState

    /// Signs in, in this browser.
    @discardableResult func signIn(
        options: LoginOptions, browser: any SignInBrowser
    ) async throws(JetbridgeError) -> SessionState
    /// Gives up the sign-in that is under way.
    func cancelSignIn()
    /// The user has read about the failed sign-in.
    func dismissSignInFailure()
    /// Takes a URL that the app was opened with; `nil` for one that is no sign-in's.
    @discardableResult func handleRedirect(_ url: URL) async throws(JetbridgeError) -> SessionState?

    /// Signs out.
    @discardableResult func signOut(_ mode: SignOutMode) async throws(JetbridgeError) -> SignOutResult
    /// Opens the page that ends the browser's own session; whether it came back by `okta_logout_url`.
    @discardableResult
    func endBrowserSession(_ url: URL, browser: any SignInBrowser) async throws(JetbridgeError) -> Bool

    /// The objects of the bucket, page by page.
    nonisolated func listing(_ request: ListingRequest) -> ObjectListing
    /// What is known of an object, without its bytes.
    nonisolated func headObject(_ object: ObjectAddress) async throws(JetbridgeError) -> ObjectDetails
    /// Reads an object into memory, if it has no more than `limit` bytes.
    nonisolated func getObject(
        _ object: ObjectAddress, limit: UInt64, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> Data
    /// Reads an object into a file; `progress` is told by the main actor.
    @discardableResult nonisolated func downloadObject(
        _ object: ObjectAddress, to file: URL, options: TransferOptions, conditions: ObjectConditions,
        progress: (@MainActor @Sendable (TransferProgress) -> Void)?
    ) async throws(JetbridgeError) -> DownloadedObject
    /// Writes an object from memory.
    @discardableResult nonisolated func putObject(
        _ object: ObjectAddress, body: Data, headers: ObjectHeaders, conditions: ObjectConditions
    ) async throws(JetbridgeError) -> UploadedObject
    /// Writes an object from a file; `progress` is told by the main actor.
    @discardableResult nonisolated func uploadFile(
        _ file: URL, to object: ObjectAddress, headers: ObjectHeaders, options: TransferOptions,
        conditions: ObjectConditions, progress: (@MainActor @Sendable (TransferProgress) -> Void)?
    ) async throws(JetbridgeError) -> UploadedObject
    /// Deletes an object; one that is not there is no error.
    nonisolated func deleteObject(_ object: ObjectAddress, conditions: ObjectConditions) async throws(JetbridgeError)
    /// Deletes objects of one bucket; gives those that could not be deleted.
    nonisolated func deleteObjects(
        _ keys: [String], bucket: String?, requesterPays: Bool
    ) async throws(JetbridgeError) -> [UndeletedObject]
    /// Gives up what was sent of a file to an object and is remembered in a folder; whether there was anything.
    @discardableResult nonisolated func abortUpload(
        of file: URL, to object: ObjectAddress, resumeFolder: URL?
    ) async throws(JetbridgeError) -> Bool
    /// What uploads that were cancelled may have left in S3.
    var leftovers: Leftovers { get }
    /// Copies an object within S3, with what is kept with it, or with `headers` instead.
    @discardableResult nonisolated func copyObject(
        _ source: ObjectAddress, to target: ObjectAddress, headers: ObjectHeaders?
    ) async throws(JetbridgeError) -> UploadedObject
    /// A URL that reads or writes one object for whoever has it, until it expires.
    nonisolated func presignObject(_ request: PresignRequest) async throws(JetbridgeError) -> PresignedURL

    /// Signs a request to an API behind IAM. The service and the region are known for the API's that are configured.
    nonisolated func authorize(
        _ request: inout URLRequest, service: String?, region: String?
    ) async throws(JetbridgeError)
    /// Sends a request to an API behind IAM, signed.
    nonisolated func data(
        for request: URLRequest, service: String?, region: String?
    ) async throws(JetbridgeError) -> (Data, HTTPURLResponse)

    /// Keys for an AWS SDK.
    nonisolated func credentials() async throws(JetbridgeError) -> AwsCredentials
    /// Other keys than those that a service refused.
    nonisolated func replaceCredentials(_ refused: AwsCredentials) async throws(JetbridgeError) -> AwsCredentials
    /// A token for the app's own backend.
    nonisolated func accessToken() async throws(JetbridgeError) -> AccessToken
    /// Another token than the one that the backend refused.
    nonisolated func replaceAccessToken(_ refused: AccessToken) async throws(JetbridgeError) -> AccessToken
    /// Okta's profile of the user, fresh.
    nonisolated func userInfo() async throws(JetbridgeError) -> JetbridgeUser
    /// What is wrong, link by link from the configuration to the bucket.
    nonisolated func diagnose() async throws(JetbridgeError) -> DiagnosisReport
    /// Waits until nothing goes on beside the calls any more.
    nonisolated func settle() async
}

extension JetbridgeSessionProtocol {
    /// Who is signed in; nobody while that is not known. `subject` says which person it is, the rest may arrive later.
    public var user: JetbridgeUser? { if case .signedIn(let user) = state { user } else { nil } }

    /// As ``signIn(options:browser:)``, with no wishes.
    @discardableResult
    public func signIn(browser: any SignInBrowser) async throws(JetbridgeError) -> SessionState {
        try await signIn(options: LoginOptions(), browser: browser)
    }

    /// As ``signIn(options:browser:)``, in the system's sheet.
    @available(iOSApplicationExtension, unavailable, message: "an extension has no window: give a browser")
    @discardableResult
    public func signIn(options: LoginOptions = LoginOptions()) async throws(JetbridgeError) -> SessionState {
        try await signIn(options: options, browser: .system)
    }

    /// As ``signOut(_:)``, of this device only.
    @discardableResult
    public func signOut() async throws(JetbridgeError) -> SignOutResult { try await signOut(.local) }

    /// Signs out here and at Okta, and ends the browser's own session, too: the page is opened in `browser` when the device
    /// is signed out already. Whatever becomes of it, also when the user closes it, is told by the result; how it ended is
    /// known only with `okta_logout_url` in the configuration.
    @discardableResult
    public func signOutEverywhere(browser: any SignInBrowser) async throws(JetbridgeError) -> SignOutResult {
        let done = try await signOut(.endSession)
        guard let page = done.endSessionURL else { return done }
        do throws(JetbridgeError) {
            let hasReturned = try await endBrowserSession(page, browser: browser)
            return SignOutResult(isRevoked: done.isRevoked, isBrowserSignedOut: hasReturned, problem: done.problem)
        } catch {
            return SignOutResult(
                endSessionURL: page, isRevoked: done.isRevoked, problem: done.problem, browserProblem: error)
        }
    }

    /// As ``signOutEverywhere(browser:)``, in the system's sheet.
    @available(iOSApplicationExtension, unavailable, message: "an extension has no window: give a browser")
    @discardableResult
    public func signOutEverywhere() async throws(JetbridgeError) -> SignOutResult {
        try await signOutEverywhere(browser: .system)
    }

    /// As ``endBrowserSession(_:browser:)``, in the system's sheet.
    @available(iOSApplicationExtension, unavailable, message: "an extension has no window: give a browser")
    @discardableResult
    public func endBrowserSession(_ url: URL) async throws(JetbridgeError) -> Bool {
        try await endBrowserSession(url, browser: .system)
    }

    /// The objects of the bucket whose keys begin with `prefix`; without it, the configuration's prefix or everything. While
    /// one page is read the next is on its way, and no more: `prefix(20)` asks for two pages of a million objects.
    ///
    /// In a task that is cancelled, the stream ends early or throws ``JetbridgeError/cancelled``.
    public nonisolated func listObjects(prefix: String? = nil) -> AsyncThrowingStream<ListedObject, any Error> {
        listObjects(ListingRequest(prefix: prefix))
    }

    /// As ``listObjects(prefix:)``, with all that can be said of a listing.
    public nonisolated func listObjects(_ request: ListingRequest) -> AsyncThrowingStream<ListedObject, any Error> {
        let listing = listing(request)
        let page = Locked([ListedObject]().makeIterator())
        return AsyncThrowingStream {
            while true {
                if let object = page.with({ $0.next() }) { return object }
                guard let next = try await listing.nextPage() else { return nil }
                page.with { $0 = next.objects.makeIterator() }
            }
        }
    }

    /// As ``listObjects(prefix:)``, page by page, with the "folders" that a delimiter makes.
    public nonisolated func pages(
        _ request: ListingRequest = ListingRequest()
    ) -> AsyncThrowingStream<ObjectPage, any Error> {
        let listing = listing(request)
        return AsyncThrowingStream { try await listing.nextPage() }
    }

    /// As ``listing(_:)``, of everything.
    public nonisolated func listing() -> ObjectListing { listing(ListingRequest()) }
}
