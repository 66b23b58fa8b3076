// Every state of the screen by name: for previews in Xcode, and for the pictures that the UI tests take.
#if DEBUG
import Foundation
import Jetbridge
import SwiftUI

struct Sample: Identifiable {
    let name: String
    let state: HomeState
    var objects = ObjectsState()
    var upload: UploadState?
    var diagnosis: DiagnosisState?

    /// Shows it and does nothing.
    @MainActor var model: HomeModel {
        HomeModel(showing: state, objects: objects, upload: upload, diagnosis: diagnosis)
    }

    var id: String { name }

    static func named(_ name: String) -> Sample? { all.first { $0.name == name } }

    static let all = ofSession + ofObjects + ofUploads + ofDiagnosis

    private static let ofSession: [Sample] = [
        Sample(name: "loading-session", state: HomeState()),
        Sample(name: "signed-out", state: signedOut()),
        Sample(name: "session-ended", state: signedOut(.refreshTokenRefused(code: "invalid_grant"))),
        Sample(name: "in-browser", state: signedOut { $0.signIn = .inBrowser }),
        Sample(name: "sign-in-failed", state: signedOut { $0.notice = .failed(offline) }),
        Sample(name: "signed-out-here-only", state: signedOut { $0.notice = .signedOutHereOnly(offline) }),
        Sample(name: "unavailable", state: HomeState(account: .unavailable)),
        Sample(name: "not-set-up", state: HomeState(account: .notSetUp(notSetUp))),
        Sample(name: "signed-in", state: signedIn(.notAsked)),
        Sample(name: "listing", state: signedIn(.loading)),
        Sample(name: "list", state: signedIn(.rows(Rows(objects: objects)))),
        Sample(name: "search", state: signedIn(.rows(Rows(objects: objects))) { $0.search = "report" }),
        Sample(name: "no-match", state: signedIn(.rows(Rows(objects: objects))) { $0.search = "zebra" }),
        Sample(name: "empty", state: signedIn(.rows(Rows(objects: [])))),
        Sample(name: "empty-page", state: signedIn(.rows(Rows(objects: [], hasMore: true)))),
        Sample(name: "list-failed", state: signedIn(.failed(denied))),
        Sample(name: "offline", state: signedIn(.failed(offline))),
        Sample(name: "refreshing", state: signedIn(.rows(Rows(objects: objects, isRefreshing: true)))),
        Sample(
            name: "searching-further",
            state: signedIn(.rows(Rows(objects: objects, hasMore: true))) { $0.search = "report" }),
        Sample(
            name: "next-page-failed",
            state: signedIn(.rows(Rows(objects: Array(objects.prefix(2)), hasMore: true, problem: offline)))),
    ]

    private static let ofObjects: [Sample] = [
        Sample(name: "details", state: list, objects: object(.known(photo))),
        Sample(name: "details-parts", state: list, objects: object(.known(film))),
        Sample(name: "details-loading", state: list, objects: object(.loading)),
        Sample(name: "details-failed", state: list, objects: object(.failed(offline))),
        Sample(name: "details-denied", state: list, objects: object(.failed(denied))),
        Sample(
            name: "downloading", state: list,
            objects: object(
                .known(photo), .underWay(TransferProgress(done: 3_145_728, total: photo.size, resumed: 1_048_576)))),
        Sample(name: "download-beginning", state: list, objects: object(.known(photo), .underWay(nil))),
        Sample(
            name: "downloading-unknown", state: list,
            objects: object(.known(photo), .underWay(TransferProgress(done: 3_145_728)))),
        Sample(
            name: "downloaded", state: list,
            objects: object(.known(photo), .done(URL(filePath: "/nowhere/harbour at dawn.jpg")))),
        Sample(name: "download-failed", state: list, objects: object(.known(photo), .failed(.failed(offline)))),
        Sample(
            name: "device-full", state: list,
            objects: object(.known(photo), .failed(.noRoom(needed: 5_912_004, free: 1_204_224)))),
        Sample(name: "deleting", state: list, objects: object(.known(photo)) { $0.isDeleting = true }),
        Sample(name: "not-deleted", state: list, objects: object(.known(photo)) { $0.undeleted = denied }),
        Sample(name: "deleted", state: listed(.deleted("shared/welcome.txt"))),
        Sample(name: "gone", state: listed(.gone("shared/welcome.txt"))),
    ]

    private static let ofUploads: [Sample] = [
        Sample(name: "upload-reading", state: list, upload: .reading),
        Sample(name: "upload-naming", state: list, upload: .naming(naming())),
        Sample(name: "upload-key-wrong", state: list, upload: .naming(naming { $0.key = "photos/" })),
        Sample(name: "upload-taken", state: list, upload: .naming(naming { $0.taken = $0.key })),
        Sample(
            name: "uploading", state: list,
            upload: .underWay(key: naming().key, TransferProgress(done: 2_097_152, total: 5_912_004))),
        Sample(name: "upload-failed", state: list, upload: .failed(key: naming().key, .failed(denied))),
        Sample(name: "upload-unreadable", state: list, upload: .unreadable),
        Sample(name: "upload-interrupted", state: list, upload: .interrupted(key: naming().key)),
        Sample(name: "upload-may-be-there", state: listed(.mayBeUploaded("photos/IMG_0001.heic"))),
        Sample(name: "upload-not-given-up", state: listed(.notGivenUp("photos/IMG_0001.heic", offline))),
        Sample(name: "uploaded", state: listed(.uploaded("photos/IMG_0001.heic"))),
    ]

    private static let ofDiagnosis: [Sample] = [
        Sample(name: "diagnosis-walking", state: signedIn(.failed(denied)), diagnosis: .walking),
        Sample(name: "diagnosis-broken", state: signedIn(.failed(denied)), diagnosis: .known(report(.role))),
        Sample(name: "diagnosis-all-works", state: list, diagnosis: .known(report(nil))),
        Sample(
            name: "diagnosis-signed-out", state: signedOut { $0.notice = .failed(offline) },
            diagnosis: .known(report(nil, isSignedIn: false))),
    ]

    /// A few links are enough to look at.
    private static func report(_ broken: DiagnosisLink?, isSignedIn: Bool = true) -> DiagnosisReport {
        let links: [(DiagnosisLink, String)] = [
            (.files, "configuration files"), (.clock, "clock"), (.signIn, "sign-in"), (.role, "role"),
            (.bucket, "bucket"),
        ]
        let place = links.firstIndex { $0.0 == broken } ?? links.count
        let findings = links.enumerated().map { at, link in
            let isKnown = isSignedIn || at < 2
            let mark: DiagnosisMark = at == place ? .broken : at > place ? .notReached : isKnown ? .ok : .unknown
            return mark == .broken
                ? DiagnosisFinding(
                    link: link.0, mark: mark, title: link.1,
                    detail: "the role does not let this identity pool's users have it", setting: "trust policy",
                    fix: "Put this statement into the role's trust policy.",
                    paste: "{\n  \"Effect\": \"Allow\",\n  \"Action\": \"sts:AssumeRoleWithWebIdentity\"\n}")
                : DiagnosisFinding(
                    link: link.0, mark: mark, title: link.1,
                    detail: mark == .ok ? "it holds" : mark == .unknown ? "nobody is signed in" : "", setting: nil,
                    fix: nil, paste: nil)
        }
        return DiagnosisReport(findings: findings, text: "a report")
    }

    private static let list = listed(nil)

    private static func listed(_ notice: Notice?) -> HomeState {
        signedIn(.rows(Rows(objects: objects))) { $0.notice = notice }
    }

    private static func object(
        _ facts: FactsState, _ download: DownloadState? = nil, _ change: (inout ObjectState) -> Void = { _ in }
    ) -> ObjectsState {
        var object = ObjectState(key: photo.key, facts: facts)
        change(&object)
        var state = ObjectsState(object: object, isOpen: true)
        state[download: photo.key] = download
        return state
    }

    private static func naming(_ change: (inout Naming) -> Void = { _ in }) -> Naming {
        var naming = Naming(id: "1", name: "IMG_0001.heic", size: 5_912_004, key: "photos/IMG_0001.heic")
        change(&naming)
        return naming
    }

    private static let film = ObjectDetails(
        key: photo.key, size: 734_003_200, eTag: nil, lastModified: nil, headers: ObjectHeaders(), storageClass: nil,
        versionId: nil, checksum: ObjectChecksum(algorithm: "CRC32", value: "DUoRhQ==-88", isOfWholeObject: false))

    private static let photo = ObjectDetails(
        key: "photos/harbour at dawn.jpg", size: 5_912_004, eTag: "\"9b2cf535f27731c974343645a3985328\"",
        lastModified: try? Date("2026-06-21T03:58:00Z", strategy: .iso8601),
        headers: ObjectHeaders(
            contentType: "image/jpeg", cacheControl: "max-age=3600", contentDisposition: "inline",
            contentEncoding: "identity", contentLanguage: "en", metadata: ["camera": "x100", "place": "harbour"]),
        storageClass: "STANDARD", versionId: "3HL4kqtJlcpXroDTDmJ",
        checksum: ObjectChecksum(algorithm: "CRC64NVME", value: "AuUcyF784aU=", isOfWholeObject: true))

    private static func signedOut(
        _ reason: SignInReason? = nil, _ change: (inout HomeState) -> Void = { _ in }
    ) -> HomeState {
        var state = HomeState(account: .signedOut(reason))
        change(&state)
        return state
    }

    private static func signedIn(
        _ listing: ListingState, _ change: (inout HomeState) -> Void = { _ in }
    ) -> HomeState {
        let aws = listing == .notAsked ? Clock() : Clock(left: .seconds(58 * 60))
        let alice = Account(
            subject: "00ualice", name: "Alice Archer", email: "alice@example.com",
            okta: Clock(left: .seconds(52 * 60)), aws: aws)
        var state = HomeState(account: .signedIn(alice), bucket: "jetbridge-demo", listing: listing)
        change(&state)
        return state
    }

    private static let offline = JetbridgeError.retryable(failure: "no network", retryAfter: nil)
    private static let denied = JetbridgeError.accessDenied(
        service: .s3, code: "AccessDenied", requestID: nil, hint: "the role may not list the bucket")
    private static let notSetUp = JetbridgeError.configurationFileMissing(file: "okta-config.json")

    private static let objects = [
        object("readme.txt", 1_024, "2026-09-14T08:30:00Z"),
        object("reports/2026/summary.csv", 18_902, "2026-10-01T17:05:00Z"),
        object("reports/2026/october.pdf", 2_480_112, "2026-11-02T06:45:00Z"),
        object("photos/harbour at dawn.jpg", 5_912_004, "2026-06-21T03:58:00Z"),
        object("photos/", 0, "2026-06-21T03:50:00Z"),
        object("shared/welcome.txt", 612, nil),
    ]

    private static func object(_ key: String, _ size: Int64, _ changed: String?) -> ObjectRow {
        ObjectRow(key: key, size: size, changed: changed.flatMap { try? Date($0, strategy: .iso8601) })
    }
}

/// The macro `#Preview` is only in Xcode; this is compiled everywhere.
struct HomeViewPreviews: PreviewProvider {
    static var previews: some View {
        ForEach(Sample.all) { sample in
            HomeView(model: sample.model).previewDisplayName(sample.name)
        }
    }
}
#endif
