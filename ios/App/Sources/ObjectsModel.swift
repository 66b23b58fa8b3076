// HomeModel is about the session and its list. What is done with one object of it is here, for as long as the process lives: a
// download goes on while the user looks at something else. Without SwiftUI, so that its tests run anywhere.
import Foundation
import Jetbridge
import Observation

/// Looks at objects, downloads and deletes them.
@MainActor
@Observable
final class ObjectsModel {
    private(set) var state: ObjectsState

    /// The bucket is another than the list says, and why.
    @ObservationIgnored var bucketChanged: @MainActor (Notice) -> Void = { _ in }
    /// Something went wrong that no object on the screen tells.
    @ObservationIgnored var failed: @MainActor (JetbridgeError) -> Void = { _ in }

    @ObservationIgnored private let session: (any JetbridgeSessionProtocol)?
    @ObservationIgnored private let files: LocalFiles
    @ObservationIgnored private var owner: Owner?
    @ObservationIgnored private var looking: Task<Void, Never>?
    @ObservationIgnored private var transfers: [ObjectAddress: Task<Void, Never>] = [:]
    /// Cancelled ones, which may be in their files for a moment longer.
    @ObservationIgnored private var ending: [ObjectAddress: Task<Void, Never>] = [:]

    /// One time that somebody is signed in. What comes for another is for nobody any more.
    private final class Owner {}

    init(_ session: (any JetbridgeSessionProtocol)?, files: LocalFiles, showing state: ObjectsState = ObjectsState()) {
        (self.session, self.files, self.state) = (session, files, state)
    }

    /// Somebody is signed in.
    func begin() { owner = Owner() }

    /// Nobody is signed in, or it has to be proved again: what was under way cannot go on.
    func end() {
        owner = nil
        looking?.cancel()
        for (key, transfer) in transfers {
            transfer.cancel()
            ending[key] = transfer
        }
        transfers = [:]
        state = ObjectsState()
    }

    /// The objects of the screens above the list, for the navigation, which also takes one away.
    var path: [ObjectAddress] {
        get { state.isOpen ? [state.object?.address].compactMap(\.self) : [] }
        set { if let object = newValue.last { open(object.key) } else { close() } }
    }

    /// A row of the list was tapped.
    func open(_ key: String) {
        guard owner != nil else { return }
        state.object = ObjectState(key: key)
        state.isOpen = true
        look()
    }

    /// Back to the list. What is under way goes on.
    func close() {
        looking?.cancel()
        state.isOpen = false
    }

    /// Asks S3 what it knows of the object.
    func look() {
        guard let session, let owner, let key = state.object?.key else { return }
        looking?.cancel()
        state.object?.facts = .loading
        looking = Task {
            let facts: FactsState
            do throws(JetbridgeError) { facts = .known(try await session.headObject(ObjectAddress(key))) } catch {
                facts = .failed(error)
            }
            guard !Task.isCancelled, owner === self.owner else { return }
            if case .failed(.notFound) = facts { isGone(key) } else { show(facts, of: key) }
        }
    }

    /// The same by pulling down, which shows that it works until this returns.
    func lookAgain() async {
        look()
        await looking?.value
    }

    /// Brings the object to this device; what an earlier try has brought is used.
    func download(_ key: String) {
        guard let session, let owner, transfers[ObjectAddress(key)] == nil else { return }
        let before = ending.removeValue(forKey: ObjectAddress(key))
        state[download: key] = .underWay(nil)
        transfers[ObjectAddress(key)] = Task {
            await before?.value
            let outcome = await outcome(of: key, from: session)
            // Cancelled: there may be another one by now.
            guard !Task.isCancelled, owner === self.owner else { return }
            transfers[ObjectAddress(key)] = nil
            switch outcome {
            case .success((let file, let details)):
                state[download: key] = .done(file)
                show(.known(details), of: key)
            case .failure(.failed(.notFound)): isGone(key)
            case .failure(let problem): state[download: key] = .failed(problem)
            }
        }
    }

    /// Keeps what has come, for the next try.
    func cancelDownload(_ key: String) {
        if let transfer = transfers.removeValue(forKey: ObjectAddress(key)) {
            transfer.cancel()
            ending[ObjectAddress(key)] = transfer
        }
        state[download: key] = nil
    }

    /// The user has confirmed it.
    func delete(_ key: String) {
        guard let session, let owner, !(isShown(key) && state.object?.isDeleting == true) else { return }
        if isShown(key) { showDeletion(true) }
        Task {
            let refusal: JetbridgeError?
            do throws(JetbridgeError) {
                try await session.deleteObject(ObjectAddress(key))
                refusal = nil
            } catch { refusal = error }
            guard owner === self.owner else { return }
            if let refusal {
                guard isShown(key) else { return failed(refusal) }
                showDeletion(false, refusal)
            } else {
                leave(key, .deleted(key))
            }
        }
    }

    private func showDeletion(_ isUnderWay: Bool, _ refusal: JetbridgeError? = nil) {
        state.object?.isDeleting = isUnderWay
        state.object?.undeleted = refusal
    }

    private func outcome(
        of key: String, from session: any JetbridgeSessionProtocol
    ) async -> Result<(URL, ObjectDetails), Problem> {
        let file: URL
        do { file = try files.file(for: key) } catch {
            return .failure(.failed(.localFile(path: key, problem: error.localizedDescription)))
        }
        let size = isShown(key) ? state.object?.facts.details.map { Int64(clamping: $0.size) } : nil
        if !files.isBegun(file), let size, let problem = files.problem(writing: size) { return .failure(problem) }
        do throws(JetbridgeError) {
            let got = try await session.downloadObject(ObjectAddress(key), to: file) { [weak self] progress in
                self?.show(progress, of: key)
            }
            return .success((file, got.details))
        } catch {
            // The library has the system's words for it, in English. Here it is known how much is wanted.
            guard error.isAboutFile, let problem = files.problem(writing: left(of: key, size)) else {
                return .failure(.failed(error))
            }
            return .failure(problem)
        }
    }

    private func show(_ progress: TransferProgress, of key: String) {
        // Nothing is told after a cancel, but for what had been on its way.
        if case .underWay = state[download: key] { state[download: key] = .underWay(progress) }
    }

    private func left(of key: String, _ size: Int64?) -> Int64 {
        guard case .underWay(let progress?) = state[download: key] else { return size ?? 1 }
        return max(1, Int64(clamping: progress.total ?? 0) - Int64(clamping: progress.done))
    }

    private func isShown(_ key: String) -> Bool { state.isOpen && state.object?.address == ObjectAddress(key) }

    private func show(_ facts: FactsState, of key: String) {
        if state.object?.address == ObjectAddress(key) { state.object?.facts = facts }
    }

    /// Deleted meanwhile, by somebody else.
    private func isGone(_ key: String) { leave(key, .gone(key)) }

    private func leave(_ key: String, _ news: Notice) {
        cancelDownload(key)
        files.forget(key)
        if isShown(key) { close() }
        bucketChanged(news)
    }
}

extension Problem: Error {}
