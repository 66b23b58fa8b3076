// The code of docs/ios.md and docs/aws.md, compiled and run: GuideTests compares the two and signs in with it.
import AWSSTS
import AuthenticationServices
import Foundation
import Jetbridge
import JetbridgeAWS
import JetbridgeTesting
import SwiftUI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

struct SignInButton: View {
    let session: JetbridgeSession
    @Environment(\.webAuthenticationSession) private var webAuthenticationSession

    var body: some View {
        Button("Sign in") { Task { try? await session.signIn(using: webAuthenticationSession) } }
    }
}

struct DownloadView: View {
    let session: any JetbridgeSessionProtocol
    let object: ObjectAddress
    let file: URL
    @State private var progress: TransferProgress?
    @State private var isThere = false
    @State private var problem: JetbridgeError?

    var body: some View {
        VStack {
            if let problem { ProblemView(problem: problem) }
            if isThere { Text(verbatim: file.lastPathComponent) } else { ProgressView(value: progress?.fraction) }
        }
        .task {
            do throws(JetbridgeError) {
                try await session.downloadObject(object, to: file) { progress = $0 }
                isThere = true
            } catch { if error != .cancelled { problem = error } }
        }
    }
}

struct AccountsView: View {
    let accounts: JetbridgeAccounts
    @State private var all: [JetbridgeAccount] = []
    @State private var session: JetbridgeSession?
    @State private var problem: JetbridgeError?

    var body: some View {
        VStack {
            if let problem { ProblemView(problem: problem) }
            ForEach(all, id: \.name) { account in
                Button(title(of: account)) { act { session = try await accounts.switchTo(account.name) } }
                Button("Sign out \(title(of: account))") { act { try await accounts.signOut(account.name, .revoke) } }
            }
            Button("Add an account") {
                act {
                    // Nobody sees its name.
                    let added = try accounts.session(for: UUID().uuidString)
                    try await added.signIn(options: LoginOptions(prompt: .login))
                    session = try await accounts.switchTo(added.details().account)
                }
            }
            if let session { FilesView(session: session).id(ObjectIdentifier(session)) }
        }
        // At first, and after each sign-in and sign-out in FilesView.
        .task(id: session?.user?.subject) {
            act { if session == nil { session = try accounts.session(for: await accounts.current) } }
        }
    }

    private func title(of account: JetbridgeAccount) -> String {
        switch account.state {
        case .signedIn(let user), .signInRequired(_, let user?): user.displayName
        default: account.name
        }
    }

    private func act(_ work: @escaping @MainActor () async throws -> Void) {
        problem = nil
        Task {
            do { try await work() } catch {
                if let error = error as? JetbridgeError, error.recovery != .ignore { problem = error }
            }
            // Also after a failure, which may be a sign-out that Okta was not told of.
            if let now = try? await accounts.all { all = now }
        }
    }
}

#if DEBUG
extension FilesView {
    static var preview: FilesView {
        FilesView(
            session: FakeJetbridgeSession.signedIn(objects: [
                ListedObject(key: "reports/2026/summary.csv", size: 18_902, lastModified: .now, eTag: nil)
            ]))
    }
}
#endif

@MainActor
final class Snippets {
    let session: JetbridgeSession
    private(set) var shown: [String] = []
    private(set) var hasForgotten = false

    init(session: JetbridgeSession) { self.session = session }

    private func show(_ text: String) { shown.append(text) }
    private func show(_ texts: [String]) { shown += texts }
    private func forgetFiles() { hasForgotten = true }

    var progress: String {
        switch session.signInProgress {
        case .idle: ""
        case .preparing: "Contacting Okta…"
        case .inBrowser: "Waiting for you…"
        case .finishing: "Finishing your sign-in…"
        case .failed(let error): error.text
        }
    }

    func list() async {
        do {
            for try await object in session.listObjects(prefix: "reports/") { show(object.key) }
        } catch let error as JetbridgeError where error.recovery == .signIn {
            _ = try? await session.signIn()
        } catch {
            show((error as? JetbridgeError)?.text ?? error.localizedDescription)
        }
    }

    func diagnose() async throws {
        let report = try await session.diagnose()
        if let broken = report.broken {
            show([broken.title, broken.detail, broken.setting, broken.fix, broken.paste].compactMap(\.self))
        } else {
            show("Everything holds, as far as it is known.")
        }
        show(report.text)  // all of it, for a ticket
    }

    func page() async throws {
        let listing = session.listing(ListingRequest(prefix: "reports/", delimiter: "/", pageSize: 50))
        guard let page = try await listing.nextPage() else { return }  // nil: that was the last one
        show(page.commonPrefixes + page.objects.map(\.key))
    }

    func backend(_ request: inout URLRequest) async throws {
        let token = try await session.accessToken()
        request.setValue("Bearer \(token.value)", forHTTPHeaderField: "Authorization")
    }

    func sdk() async throws -> String? {
        let config = try await STSClient.STSClientConfig(
            awsCredentialIdentityResolver: JetbridgeIdentityResolver(session), region: "eu-central-1")
        let who = try await STSClient(config: config).getCallerIdentity(input: GetCallerIdentityInput())
        return who.arn
    }

    func objects() async throws {
        try await session.putObject("notes/today.txt", body: Data("Water the plants.".utf8))
        let details = try await session.headObject("notes/today.txt")
        show("\(details.size) bytes, \(details.headers.contentType ?? "of no kind")")
        let note = try await session.getObject("notes/today.txt")
        show(String(decoding: note, as: UTF8.self))
        try await session.copyObject("notes/today.txt", to: "notes/yesterday.txt")
        try await session.deleteObject("notes/today.txt")
    }

    func move(_ report: URL, to copy: URL) async throws -> PresignedURL {
        try await session.uploadFile(report, to: "reports/2026/report.pdf")
        try await session.downloadObject("reports/2026/report.pdf", to: copy)
        let shared = try await session.presignObject(PresignRequest("reports/2026/report.pdf", lasts: .seconds(1800)))
        return shared
    }

    func new(_ plan: Data) async throws {
        let isNew = ObjectConditions(ifNoneMatch: "*")
        try await session.putObject("notes/plan.txt", body: plan, conditions: isNew)
    }

    func upload(_ document: URL) async throws {
        try await session.uploadFile(document, to: "inbox/\(document.lastPathComponent)") { progress in
            self.show("\(progress.done) of \(progress.total ?? 0) bytes")
        }
    }

    func delete(_ old: [ListedObject]) async throws {
        for refused in try await session.deleteObjects(old.map(\.key)) { show("\(refused.key): \(refused.problem)") }
    }

    func discard(_ document: URL) async throws {
        try await session.abortUpload(of: document, to: "inbox/\(document.lastPathComponent)")
    }

    func left() async {
        await session.settle()
        if session.leftovers.mayBeWritten { show("It may have been uploaded all the same.") }
        if let problem = session.leftovers.parts { show(problem.text) }
    }

    func upload(_ film: URL, in background: URLSession) async throws {
        let wanted = PresignRequest("films/holiday.mov", .put, lasts: .seconds(1800), contentType: "video/quicktime")
        let permit = try await session.presignObject(wanted)
        background.uploadTask(with: permit.request, fromFile: film).resume()
    }

    func api(_ orders: URL) async throws {
        var request = URLRequest(url: orders)  // https://api.example.com/orders
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data(#"{"item": 7}"#.utf8)
        let (data, response) = try await session.data(for: request)
        show("\(response.statusCode): \(data.count) bytes")
    }

    func sign(_ request: inout URLRequest) async throws -> (Data, URLResponse) {
        let signing = URLSession(configuration: .default, delegate: RefusedRedirects(), delegateQueue: nil)
        try await session.authorize(&request)
        let (data, response) = try await signing.data(for: request)
        return (data, response)
    }

    func watch() async {
        for await event in session.events {
            if case .userChanged = event { forgetFiles() }
        }
    }

    func signOut() async throws {
        let done = try await session.signOutEverywhere()
        if !done.isBrowserSignedOut { show("The browser may still be signed in.") }
        if let problem = done.problem ?? done.browserProblem { show(problem.text) }
    }

    func inSteps(_ open: (URL) async -> URL?) async throws {
        let request = try await session.manualSignIn.begin()
        if let redirect = await open(request.url) {
            try await session.manualSignIn.complete(redirect)
        } else {
            try await session.manualSignIn.cancel()
        }
    }

    func claims() throws {
        struct MyClaims: Decodable { let onCall: Bool? }

        if session.claims?.groups.contains("admins") == true { show("Settings") }
        show(session.claims?["department"] ?? "no department")
        let mine = try session.claims?.decode(MyClaims.self)
        if mine?.onCall == true { show("Duty roster") }
    }

    func follow() async {
        for await state in session.states {
            if case .signedIn(let user) = state { show(user.displayName) } else { show("Nobody") }
        }
    }

    func fromWindow(_ window: ASPresentationAnchor) async throws {
        try await session.signIn(from: window)
    }

    func ephemeral() async throws {
        try await session.signIn(browser: WebAuthenticationBrowser(prefersEphemeral: true))
    }

    func local() throws {
        #if DEBUG
        let session = try JetbridgeSession.localStack(port: 9400)
        #endif
        show(session.bucket)
    }

    func shared() throws -> JetbridgeSession {
        let session = try JetbridgeSession(appGroup: "group.com.example.files")
        return session
    }

    func firstStart() async throws {
        let folder = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        let mark = folder.appending(path: "installed")
        if !FileManager.default.fileExists(atPath: mark.path(percentEncoded: false)) {
            try await session.signOut()
            try Data().write(to: mark)
        }
    }
}
