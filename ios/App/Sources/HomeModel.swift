// Turns the session into what the screen shows, and taps into calls. Without SwiftUI, so that its tests run anywhere.
import Foundation
import Jetbridge
import Observation

/// The app's one model: it holds the session, and lives as long as the process does.
@MainActor
@Observable
final class HomeModel {
    private(set) var state: HomeState
    /// What is done with objects of the list.
    let objects: ObjectsModel
    /// What is brought into the bucket.
    let upload: UploadModel
    /// What is wrong, for whoever reads of an error.
    let diagnosis: DiagnosisModel

    @ObservationIgnored private let session: (any JetbridgeSessionProtocol)?
    @ObservationIgnored private let browser: any SignInBrowser
    @ObservationIgnored private let files: LocalFiles
    @ObservationIgnored private var listing: ObjectListing?
    @ObservationIgnored private var page: Task<Void, Never>?
    @ObservationIgnored private var pages = 0

    /// Over the session that `open` gives. An app that is not set up has none, and says so.
    init(
        browser: any SignInBrowser = .system, files: LocalFiles = LocalFiles(),
        open: () throws(JetbridgeError) -> any JetbridgeSessionProtocol
    ) {
        (self.browser, self.files) = (browser, files)
        do throws(JetbridgeError) {
            let session = try open()
            self.session = session
            state = HomeState(bucket: session.bucket)
        } catch {
            session = nil
            state = HomeState(account: .notSetUp(error))
        }
        objects = ObjectsModel(session, files: files)
        upload = UploadModel(session, files: files)
        diagnosis = DiagnosisModel(session)
        diagnosis.failed = { [weak self] in self?.tell($0) }
        objects.bucketChanged = { [weak self] in self?.listAgain($0) }
        objects.failed = { [weak self] in self?.tell($0) }
        upload.bucketChanged = { [weak self] in self?.listAgain($0) }
        upload.told = { [weak self] in self?.state.notice = $0 }
        if let session { follow(session) }
    }

    /// Shows these states and does nothing, for previews and pictures.
    init(
        showing state: HomeState, objects: ObjectsState = ObjectsState(), upload: UploadState? = nil,
        diagnosis: DiagnosisState? = nil
    ) {
        self.state = state
        browser = .system
        session = nil
        files = LocalFiles()
        self.objects = ObjectsModel(nil, files: files, showing: objects)
        self.upload = UploadModel(nil, files: files, showing: upload)
        self.diagnosis = DiagnosisModel(nil, showing: diagnosis)
    }

    /// The text of the search field.
    var search: String {
        get { state.search }
        set { state.search = newValue }
    }

    /// The first button.
    func signIn() {
        guard let session else { return }
        dismissNotice()
        // How it goes and how it ends comes with the session's progress.
        Task { [browser] in _ = try? await session.signIn(browser: browser) }
    }

    /// The user does not want to go on at the sign-in page.
    func cancelSignIn() { session?.cancelSignIn() }

    /// The app was opened with this address: the answer to a sign-in whose sheet was closed together with the app.
    func open(_ url: URL) {
        guard let session else { return }
        Task { _ = try? await session.handleRedirect(url) }
    }

    /// The second button: lists the bucket from its beginning. Rows stay until the new ones are there.
    func list() {
        guard let session, state.account.subject != nil else { return }
        dismissNotice()
        if case .rows(var rows) = state.listing {
            rows.isRefreshing = true
            rows.problem = nil
            state.listing = .rows(rows)
        } else {
            state.listing = .loading
        }
        let new = session.listing()
        listing = new
        read(new, after: [])
    }

    /// The same by pulling down, which shows that it works until this returns.
    func refresh() async {
        list()
        await page?.value
    }

    /// The end of the list came into sight.
    func loadMore() {
        guard page == nil, let listing, case .rows(let rows) = state.listing else { return }
        // After a failure a listing is over.
        if rows.problem == nil { read(listing, after: rows.objects) } else { list() }
    }

    /// Signs out; what the device keeps goes in any case.
    func signOut(_ mode: SignOutMode) {
        guard let session else { return }
        Task { [browser] in
            do throws(JetbridgeError) {
                let done =
                    mode == .endSession
                    ? try await session.signOutEverywhere(browser: browser) : try await session.signOut(mode)
                if let problem = done.problem { state.notice = .signedOutHereOnly(problem) }
                if let problem = done.browserProblem { tell(problem) }
            } catch {
                tell(error)
            }
        }
    }

    /// The user has read the notice.
    func dismissNotice() {
        session?.dismissSignInFailure()
        state.notice = nil
    }

    /// Tries the secure store again.
    func restore() {
        guard let session else { return }
        Task { await session.restore() }
    }

    /// Keeps the clocks right for as long as somebody looks at them: until the task is cancelled.
    func keepTime(every interval: Duration = .seconds(15)) async {
        while (try? await Task.sleep(for: interval)) != nil { refreshClocks() }
    }

    private func follow(_ session: any JetbridgeSessionProtocol) {
        // Nothing of the model's own may be read in here, or each change of it would be news.
        let (account, progress) = withObservationTracking {
            (session.state, session.signInProgress)
        } onChange: { [weak self] in
            Task { await self?.follow(session) }
        }
        show(account, of: session)
        show(progress)
    }

    private func show(_ now: SessionState, of session: any JetbridgeSessionProtocol) {
        let before = state.account.subject
        state.account =
            switch now {
            case .notLoaded: .loading
            case .signedOut: .signedOut(nil)
            case .signInRequired(let reason, _): .signedOut(reason)
            case .storageUnavailable: .unavailable
            case .signedIn(let user): .signedIn(Account(user, session.details()))
            }
        // What somebody has here is deleted when they sign out, and not when they only have to sign in again.
        if now == .signedOut { files.keepOnly(nil) }
        if state.account.subject != before { begin(state.account.subject) }
    }

    /// Somebody else is there, or nobody.
    private func begin(_ subject: String?) {
        forgetListing()
        objects.end()
        upload.end()
        guard let subject else { return }
        files.keepOnly(subject)
        objects.begin()
        upload.begin(subject)
    }

    /// The list is not right any more, if there is one.
    private func listAgain(_ news: Notice) {
        if state.listing != .notAsked { list() }
        state.notice = news
    }

    private func show(_ progress: SignInProgress) {
        state.signIn = progress
        switch progress {
        case .idle: break
        case .preparing, .inBrowser, .finishing: state.notice = nil
        case .failed(let error): tell(error)
        }
    }

    private func tell(_ error: JetbridgeError) {
        if error.isWorthTelling { state.notice = .failed(error) }
    }

    private func read(_ listing: ObjectListing, after before: [ObjectRow]) {
        page = Task {
            let answer = await listing.answer()
            // Nobody asks any more: the user was signed out, or has listed anew.
            guard self.listing === listing else { return }
            page = nil
            switch answer {
            case .success(let next): show(next, after: before)
            case .failure(let error): show(error)
            }
            // How long the keys live is news after the first call.
            refreshClocks()
        }
    }

    private func show(_ page: ObjectPage?, after before: [ObjectRow]) {
        pages += 1
        let objects = before + (page?.objects ?? []).map(ObjectRow.init)
        state.listing = .rows(Rows(objects: objects, page: pages, hasMore: page != nil))
    }

    private func show(_ error: JetbridgeError) {
        guard case .rows(var rows) = state.listing, !rows.objects.isEmpty else {
            state.listing = .failed(error)
            return
        }
        // Whoever pulls down does not see the end of the list.
        if rows.isRefreshing { tell(error) }
        rows.isRefreshing = false
        rows.hasMore = true
        rows.problem = error
        state.listing = .rows(rows)
    }

    private func refreshClocks() {
        guard let session, case .signedIn(var account) = state.account else { return }
        account.read(session.details())
        if state.account != .signedIn(account) { state.account = .signedIn(account) }
    }

    private func forgetListing() {
        listing = nil
        page = nil
        state.listing = .notAsked
        state.search = ""
    }
}

extension Account {
    init(_ user: JetbridgeUser, _ details: SessionDetails) {
        self.init(subject: user.subject, name: user.displayName, email: user.email, okta: Clock(), aws: Clock())
        read(details)
    }

    mutating func read(_ details: SessionDetails) {
        // By the corrected time: the device's own clock may be wrong.
        func left(_ end: Date?) -> Duration? { end.map { .seconds($0.timeIntervalSince(details.now)) } }
        okta = Clock(left: left(details.idTokenExpiresAt), renews: details.hasRefreshToken)
        aws = Clock(left: left(details.awsCredentialsExpireAt))
    }
}

extension ObjectRow {
    init(_ object: ListedObject) {
        self.init(key: object.key, size: Int64(clamping: object.size), changed: object.lastModified)
    }
}

extension ObjectListing {
    /// The next page, in a form that can be looked at before it is used.
    fileprivate func answer() async -> Result<ObjectPage?, JetbridgeError> {
        do throws(JetbridgeError) { return .success(try await nextPage()) } catch { return .failure(error) }
    }
}
