// A session that a test or a preview sets to whatever it wants to see. It is a product of its own, so that no release has
// one by accident: apps import it in their tests, and under `#if DEBUG` for previews.
import Foundation
import Jetbridge
import Observation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A session without Okta, AWS, a browser and a network, for an app's own tests and previews.
///
/// It does what it is told: ``state`` and ``objects`` are what an app sees and changes, signing in makes ``person`` the user, and as long
/// as there is a ``failure`` everything that could fail fails with it.
@MainActor
@Observable
public final class FakeJetbridgeSession: JetbridgeSessionProtocol {
    /// Who is signed in, if anybody. Whoever listens to ``states`` hears of a change.
    public var state: SessionState { didSet { if state != oldValue { stateListeners.tell(state) } } }
    /// What the ID token says.
    public var claims: IdTokenClaims?
    /// How far a sign-in is.
    public var signInProgress = SignInProgress.idle
    /// The bucket's objects.
    public var objects: [ListedObject]
    /// The bytes of ``objects``, by key. One that is not here is all zeros.
    public var contents: [ObjectAddress: Data] = [:]
    /// What is kept with each of ``objects``, by key.
    public var headers: [ObjectAddress: ObjectHeaders] = [:]
    /// Where S3 would keep parts of an upload that failed on its way, or whose process ended: until it is gone on with or given up.
    public var unfinishedUploads: Set<ObjectAddress> = []
    /// What uploads that were cancelled may have left.
    public var leftovers = Leftovers()
    /// After how many bytes a download or upload stops, until this is `nil`: for a test or a preview that looks at it on the
    /// way, makes it fail, or cancels it.
    public var transferPause: UInt64? { didSet { if transferPause == nil { resumptions.tell(()) } } }
    /// What an API answers.
    @ObservationIgnored public var api: @MainActor (URLRequest) throws(JetbridgeError) -> APIAnswer = { _ in
        APIAnswer()
    }
    /// What ``diagnose()`` answers, whatever ``failure`` is; without it, that all is well, as far as that is known without a
    /// sign-in. A test that wants to look at a walk half-way waits in here.
    @ObservationIgnored public var diagnosis: (@MainActor () async -> DiagnosisReport)?
    /// What fails now, and how; `nil` when all goes well.
    public var failure: JetbridgeError?
    /// Who will have signed in.
    public var person: JetbridgeUser
    /// What every sign-out answers.
    public var signOutResult = SignOutResult(isRevoked: true)
    /// How long the keys and tokens are good for.
    public var lifetime: Duration = .seconds(3600)
    /// The bucket's name.
    public nonisolated let bucket: String
    /// Each sign-in, sign-out, redirect and diagnosis, in their order, for a test to look at.
    public private(set) var calls: [Call] = []

    /// What an API answers to one request.
    public struct APIAnswer: Sendable {
        /// The HTTP status.
        public var status: Int
        /// The headers.
        public var headers: [String: String]
        /// The body.
        public var body: Data

        /// An answer; without any wish, an empty object of JSON.
        public init(
            status: Int = 200, headers: [String: String] = ["Content-Type": "application/json"],
            body: Data = Data("{}".utf8)
        ) { (self.status, self.headers, self.body) = (status, headers, body) }
    }

    /// What was asked of the session.
    public enum Call: Equatable, Sendable {
        /// A sign-in, with these options.
        case signIn(LoginOptions)
        /// A sign-in was given up.
        case cancelSignIn
        /// An address that the app was opened with.
        case handleRedirect(URL)
        /// A sign-out.
        case signOut(SignOutMode)
        /// The page that ends the browser's session.
        case endBrowserSession(URL)
        /// What is wrong was asked.
        case diagnose
    }

    private nonisolated let stateListeners = Broadcast<SessionState>()
    private nonisolated let eventListeners = Broadcast<SessionEvent>()
    nonisolated let resumptions = Broadcast<Void>()
    /// How many objects were written, for their entity tags.
    @ObservationIgnored var written = 0

    /// A session in this state, over these objects. `person` is who signs in; without it, a Fay Fake.
    public init(
        state: SessionState = .signedOut, objects: [ListedObject] = [], bucket: String = "bucket",
        person: JetbridgeUser? = nil
    ) {
        self.state = state
        self.objects = objects
        self.bucket = bucket
        self.person = person ?? Self.fay
    }

    /// A session that this person, or Fay Fake, is signed in to.
    public static func signedIn(_ person: JetbridgeUser? = nil, objects: [ListedObject] = []) -> FakeJetbridgeSession {
        FakeJetbridgeSession(state: .signedIn(user: person ?? fay), objects: objects, person: person)
    }

    /// Tells whoever listens to ``events``.
    public nonisolated func tell(_ event: SessionEvent) { eventListeners.tell(event) }

    /// The state of now, then each change.
    public var states: AsyncStream<SessionState> { stateListeners.stream(first: state) }

    /// What ``tell(_:)`` was given.
    public nonisolated var events: AsyncStream<SessionEvent> { eventListeners.stream() }

    /// The facts of whoever is signed in, by this device's clock.
    public func details() -> SessionDetails {
        let end = Date.now + TimeInterval(lifetime.components.seconds)
        let isSignedIn = user != nil
        return SessionDetails(
            account: "default", user: user, issuer: "https://fake.example.com/oauth2/default",
            identityId: isSignedIn ? "us-west-2:fake" : nil, idTokenExpiresAt: isSignedIn ? end : nil,
            accessTokenExpiresAt: isSignedIn ? end : nil, awsCredentialsExpireAt: isSignedIn ? end : nil,
            hasRefreshToken: isSignedIn, clockOffsetSeconds: 0, now: .now)
    }

    /// Changes nothing.
    @discardableResult
    public func restore() async -> SessionState { state }

    /// Makes ``person`` the user, and opens no browser; or fails.
    @discardableResult
    public func signIn(
        options: LoginOptions, browser: any SignInBrowser
    ) async throws(JetbridgeError) -> SessionState {
        calls.append(.signIn(options))
        return try finish()
    }

    /// Ends the progress.
    public func cancelSignIn() {
        calls.append(.cancelSignIn)
        signInProgress = .idle
    }

    /// Makes the progress of a failed sign-in idle.
    public func dismissSignInFailure() { if case .failed = signInProgress { signInProgress = .idle } }

    /// As a sign-in.
    @discardableResult
    public func handleRedirect(_ url: URL) async throws(JetbridgeError) -> SessionState? {
        calls.append(.handleRedirect(url))
        return try finish()
    }

    /// Makes nobody the user; or fails.
    @discardableResult
    public func signOut(_ mode: SignOutMode) async throws(JetbridgeError) -> SignOutResult {
        calls.append(.signOut(mode))
        if let failure { throw failure }
        state = .signedOut
        return signOutResult
    }

    /// Comes back at once; or fails.
    @discardableResult
    public func endBrowserSession(_ url: URL, browser: any SignInBrowser) async throws(JetbridgeError) -> Bool {
        calls.append(.endBrowserSession(url))
        if let failure { throw failure }
        return true
    }

    /// The objects whose keys begin with the request's prefix, in pages of its size. It ignores the request's delimiter:
    /// there are no "folders".
    public nonisolated func listing(_ request: ListingRequest) -> ObjectListing {
        let pages = Pages()
        return ObjectListing { await pages.next(of: request, in: self) }
    }

    /// Keys that no service takes; or fails.
    public nonisolated func credentials() async throws(JetbridgeError) -> AwsCredentials {
        let end = try await expiration()
        return AwsCredentials(
            accessKeyID: "ASIAFAKE", secretAccessKey: "fake secret", sessionToken: "fake token", expiration: end)
    }

    /// As ``credentials()``.
    public nonisolated func replaceCredentials(_ refused: AwsCredentials) async throws(JetbridgeError) -> AwsCredentials
    {
        try await credentials()
    }

    /// A token that no backend takes; or fails.
    public nonisolated func accessToken() async throws(JetbridgeError) -> AccessToken {
        AccessToken(value: "fake access token", expiresAt: try await expiration())
    }

    /// As ``accessToken()``.
    public nonisolated func replaceAccessToken(_ refused: AccessToken) async throws(JetbridgeError) -> AccessToken {
        try await accessToken()
    }

    /// The user.
    public nonisolated func userInfo() async throws(JetbridgeError) -> JetbridgeUser { try await signedInUser() }

    /// What ``diagnosis`` says, or throws when the task is cancelled meanwhile, as the real one does.
    public nonisolated func diagnose() async throws(JetbridgeError) -> DiagnosisReport {
        let report = await answerDiagnosis()
        if Task.isCancelled { throw .cancelled }
        return report
    }

    private func answerDiagnosis() async -> DiagnosisReport {
        calls.append(.diagnose)
        return await diagnosis?() ?? Self.report(isSignedIn: user != nil)
    }

    /// A report as the real session makes it: what is before `broken` holds, and what is after it was not reached. Without it,
    /// nothing is broken, and what hangs on a sign-in is known if there is one.
    public nonisolated static func report(
        broken: DiagnosisFinding? = nil, isSignedIn: Bool = true
    ) -> DiagnosisReport {
        let place = broken.flatMap { links.firstIndex(of: $0.link) } ?? links.count
        let signIn = links.firstIndex(of: .signIn) ?? links.count
        let findings = links.enumerated().map { at, link in
            if let broken, at == place { return broken }
            if at > place { return finding(link, .notReached) }
            return !isSignedIn && at >= signIn
                ? finding(link, .unknown, "nobody is signed in") : finding(link, .ok, "it holds")
        }
        let lines = findings.map { finding in
            let parts: [String?] = ["\(finding.mark)", finding.title, finding.detail, finding.fix, finding.paste]
            return parts.compactMap(\.self).joined(separator: " ") + "\n"
        }
        return DiagnosisReport(findings: findings, text: lines.joined())
    }

    /// What was found of one link, under a title that fits its name.
    public nonisolated static func finding(
        _ link: DiagnosisLink, _ mark: DiagnosisMark, _ detail: String = "", setting: String? = nil,
        fix: String? = nil, paste: String? = nil
    ) -> DiagnosisFinding {
        DiagnosisFinding(
            link: link, mark: mark, title: "\(link)", detail: detail, setting: setting, fix: fix, paste: paste)
    }

    private nonisolated static let links: [DiagnosisLink] = [
        .files, .clock, .network, .discovery, .keys, .client, .pushedRequests, .signIn, .idToken, .pool, .role, .tags,
        .bucket, .region, .prefix, .api,
    ]

    /// Is over at once.
    public nonisolated func settle() async {}

    private static var fay: JetbridgeUser {
        JetbridgeUser(
            subject: "00ufake", username: "fay@example.com", name: "Fay Fake", email: "fay@example.com",
            displayName: "Fay Fake")
    }

    private func finish() throws(JetbridgeError) -> SessionState {
        if let failure {
            signInProgress = failure == .userCancelled ? .idle : .failed(failure)
            throw failure
        }
        signInProgress = .idle
        state = .signedIn(user: person)
        return state
    }

    /// As every call of a real session: only with a user.
    func signedInUser() throws(JetbridgeError) -> JetbridgeUser {
        if let failure { throw failure }
        guard let user else { throw .signInRequired(reason: .signedOut) }
        return user
    }

    private func expiration() throws(JetbridgeError) -> Date {
        _ = try signedInUser()
        return .now + TimeInterval(lifetime.components.seconds)
    }
}

/// How far a listing has come.
@MainActor
private final class Pages {
    private var rest: ArraySlice<ListedObject>?

    nonisolated init() {}

    func next(of request: ListingRequest, in session: FakeJetbridgeSession) -> Result<ObjectPage?, JetbridgeError> {
        do throws(JetbridgeError) { _ = try session.signedInUser() } catch { return .failure(error) }
        let all = rest ?? session.objects.filter { $0.key.utf8.starts(with: (request.prefix ?? "").utf8) }[...]
        // An empty bucket has one page, too.
        if rest != nil, all.isEmpty { return .success(nil) }
        let size = request.pageSize.map { max(1, Int($0)) } ?? 1000
        rest = all.dropFirst(size)
        return .success(ObjectPage(objects: Array(all.prefix(size)), commonPrefixes: []))
    }
}
