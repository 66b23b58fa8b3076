// Every state of the screen by name: for previews in Xcode, and for the pictures that the UI tests take.
#if DEBUG
import Foundation
import Jetbridge
import SwiftUI

struct Sample: Identifiable {
    let name: String
    let state: HomeState

    var id: String { name }

    static func named(_ name: String) -> Sample? { all.first { $0.name == name } }

    static let all: [Sample] = [
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
            HomeView(model: HomeModel(showing: sample.state)).previewDisplayName(sample.name)
        }
    }
}
#endif
