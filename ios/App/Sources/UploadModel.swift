// A photo or a file on its way into the bucket: copied, named by the user, sent. The copy and its name survive the end of the
// app, so that the user finds them where they were, and the library sends no part twice. So does what was begun, until it is an
// object or S3 has nothing of it any more: parts that nobody wants are paid for, and no list shows them.
import Foundation
import Jetbridge
import Observation

/// The one upload that there is at a time.
@MainActor
@Observable
final class UploadModel {
    private(set) var state: UploadState?

    /// The bucket is another than the list says, and why.
    @ObservationIgnored var bucketChanged: @MainActor (Notice) -> Void = { _ in }
    /// Something is to be known that concerns no upload on the screen.
    @ObservationIgnored var told: @MainActor (Notice) -> Void = { _ in }

    @ObservationIgnored private let session: (any JetbridgeSessionProtocol)?
    @ObservationIgnored private let files: LocalFiles
    @ObservationIgnored private var owner: String?
    @ObservationIgnored private var picked: PickedFile?
    @ObservationIgnored private var chosenKey = ""
    /// What the user has said about an object that is there, the last time.
    @ObservationIgnored private var replaces = false
    @ObservationIgnored private var work: Task<Void, Never>?
    @ObservationIgnored private var tidying: Task<Void, Never>?

    init(_ session: (any JetbridgeSessionProtocol)?, files: LocalFiles, showing state: UploadState? = nil) {
        (self.session, self.files, self.state) = (session, files, state)
    }

    /// Somebody is signed in, with what they had picked when the app was ended.
    func begin(_ owner: String) {
        self.owner = owner
        guard state == nil else { return }
        guard let (picked, key) = files.remembered(of: owner) else { return tidy() }
        (self.picked, chosenKey) = (picked, key)
        if files.begunUploads(of: owner).contains(where: { $0.exact == key.exact }) {
            state = .interrupted(key: key)
        } else {
            name()
        }
    }

    /// Nobody is signed in, or it has to be proved again: what was picked waits for them.
    func end() {
        owner = nil
        work?.cancel()
        (work, picked, state) = (nil, nil, nil)
    }

    /// The user has picked something, which `read` copies. `folder` is what its key begins with.
    func take(into folder: String, _ read: @escaping @Sendable () async throws -> PickedFile?) {
        guard let owner else { return }
        let before = work
        giveUp()
        state = .reading
        work = Task {
            // It may be in its file for a moment longer.
            await before?.value
            let copy = try? await read()
            guard !Task.isCancelled, owner == self.owner else {
                copy?.discard()
                return
            }
            work = nil
            guard let copy, let picked = try? files.keep(copy) else {
                copy?.discard()
                state = .unreadable
                return
            }
            (self.picked, chosenKey) = (picked, folder + picked.name)
            files.remember(picked, key: chosenKey, owner: owner)
            name()
        }
    }

    /// The question that the user is asked, for a sheet, which also takes it away.
    var naming: Naming? {
        get { state?.naming }
        set { if newValue == nil, state?.naming != nil { giveUp() } }
    }

    /// What it will be called; the user may correct it.
    var key: String {
        get { state?.naming?.key ?? chosenKey }
        set {
            guard case .naming(var naming) = state, let picked, let owner else { return }
            // A field of several lines takes Return for one more, which nobody wants in a key.
            chosenKey = newValue.filter { !$0.isNewline }
            naming.key = chosenKey
            state = .naming(naming)
            files.remember(picked, key: chosenKey, owner: owner)
        }
    }

    /// Sends it: only if there is no such object, or the user has read that it will be replaced.
    func start(replacing: Bool = false) {
        guard let session, let owner, let picked, work == nil else { return }
        let key = chosenKey
        replaces = replacing
        state = .underWay(key: key, nil)
        files.beginUpload(to: key, of: owner)
        // It may have been begun under another name.
        tidy(sparing: key)
        work = Task { [tidying] in
            await tidying?.value
            let refusal: JetbridgeError?
            do throws(JetbridgeError) {
                try await session.uploadFile(
                    picked.file, to: ObjectAddress(key), headers: ObjectHeaders(contentType: picked.type),
                    conditions: ObjectConditions(ifNoneMatch: replacing ? nil : "*")
                ) { [weak self] progress in self?.show(progress) }
                refusal = nil
            } catch { refusal = error }
            guard owner == self.owner else { return }
            if refusal == nil { files.endUpload(to: key, of: owner) }
            if Task.isCancelled {
                // The user's wish came too late.
                if refusal == nil { bucketChanged(.uploaded(key)) }
                return
            }
            work = nil
            switch refusal {
            case nil:
                files.discardUpload()
                (self.picked, state) = (nil, nil)
                bucketChanged(.uploaded(key))
            case .conditionNotMet:
                // S3 keeps no part of what it does not take.
                files.endUpload(to: key, of: owner)
                name(taken: key)
            case .some(let error): state = .failed(key: key, .failed(error))
            }
        }
    }

    /// The same once more; no part is sent twice.
    func retry() { start(replacing: replaces) }

    /// The user is asked again what it will be called.
    func chooseAgain() { if work == nil { name() } }

    /// The user does not want it any more: S3 keeps nothing of it, and neither does the device.
    func giveUp() {
        let before = work
        before?.cancel()
        (work, state) = (nil, nil)
        guard picked != nil else { return }
        picked = nil
        files.discardUpload()
        tidy(after: before, of: chosenKey)
    }

    /// S3 forgets what was sent under every key but this one. What cannot be given up now is tried again with the next upload,
    /// and when the app is started or its user comes back. `cancelled`: an upload that was under way just now.
    private func tidy(sparing spared: String? = nil, after cancelled: Task<Void, Never>? = nil, of last: String = "") {
        guard let session, let owner else { return }
        tidying = Task { [tidying] in
            await tidying?.value
            if let cancelled {
                await cancelled.value
                // The library gives it up by itself, beside.
                await session.settle()
                if owner == self.owner, session.leftovers.mayBeWritten { bucketChanged(.mayBeUploaded(last)) }
            }
            for key in files.begunUploads(of: owner) where key.exact != spared?.exact {
                guard owner == self.owner else { return }
                do throws(JetbridgeError) {
                    _ = try await session.abortUpload(of: files.content, to: ObjectAddress(key))
                    // With another user it looks for another upload.
                    if owner == self.owner { files.endUpload(to: key, of: owner) }
                } catch {
                    if owner == self.owner { told(.notGivenUp(key, error)) }
                }
            }
        }
    }

    /// Returns when nothing is being given up any more.
    func tidied() async { await tidying?.value }

    private func name(taken: String? = nil) {
        guard let picked else {
            state = nil
            return
        }
        state = .naming(
            Naming(
                id: picked.file.path(percentEncoded: false), name: picked.name, size: picked.size, key: chosenKey,
                taken: taken))
    }

    private func show(_ progress: TransferProgress) {
        if case .underWay(let key, _) = state { state = .underWay(key: key, progress) }
    }
}
