// The code of docs/ios.md, compiled and run: GuideTests compares the two and signs in with it.
import AuthenticationServices
import Foundation
import Jetbridge
import Smithy
import SmithyIdentity
import SwiftUI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

struct FilesApp: App {
    @State private var session = Result { try JetbridgeSession() }

    var body: some Scene {
        WindowGroup {
            switch session {
            case .success(let session): FilesView(session: session)
            case .failure(let error): Text(error.localizedDescription)
            }
        }
    }
}

struct FilesView: View {
    let session: JetbridgeSession
    @State private var rows: [String] = []
    @State private var problem: JetbridgeError?

    var body: some View {
        VStack {
            if let problem { Text(problem.text) }
            if session.user == nil {
                Button("Sign in") { Task { await attempt { try await session.signIn() } } }
            } else {
                Button("Sign out") { Task { await attempt { try await session.signOut() } } }
            }
            List(rows, id: \.self) { Text($0) }
        }
        // Not by the whole state: it changes once more when the e-mail address arrives.
        .task(id: session.user?.subject) {
            rows = []
            guard session.user != nil else { return }
            await attempt {
                for try await object in session.listObjects() where !Task.isCancelled { rows.append(object.key) }
            }
        }
        .onOpenURL { url in Task { await attempt { try await session.handleRedirect(url) } } }
    }

    private func attempt(_ work: @MainActor () async throws -> Void) async {
        problem = nil
        do { try await work() } catch {
            // Everything that Jetbridge throws is a JetbridgeError. Whoever cancels knows it.
            if let error = error as? JetbridgeError, error.recovery != .ignore { problem = error }
        }
    }
}

struct SignInButton: View {
    let session: JetbridgeSession
    @Environment(\.webAuthenticationSession) private var webAuthenticationSession  // import AuthenticationServices

    var body: some View {
        Button("Sign in") { Task { try? await session.signIn(using: webAuthenticationSession) } }
    }
}

struct JetbridgeResolver: AWSCredentialIdentityResolver {
    let session: JetbridgeSession

    func getIdentity(identityProperties: Attributes?) async throws -> AWSCredentialIdentity {
        let keys = try await session.credentials()
        return AWSCredentialIdentity(
            accessKey: keys.accessKeyId(), secret: keys.secretAccessKey(), expiration: keys.expiresAt(),
            sessionToken: keys.sessionToken())
    }
}

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

    func page() async throws {
        let listing = session.listing(ListingRequest(prefix: "reports/", delimiter: "/", pageSize: 50))
        guard let page = try await listing.nextPage() else { return }  // nil: that was the last one
        show(page.commonPrefixes + page.objects.map(\.key))
    }

    func backend(_ request: inout URLRequest) async throws {
        let token = try await session.accessToken()
        request.setValue("Bearer \(token.text())", forHTTPHeaderField: "Authorization")
    }

    func watch() async {
        for await event in session.events {
            if case .userChanged = event { forgetFiles() }
        }
    }

    func signOut() async throws {
        let done = try await session.signOut(.endSession)
        if let url = done.endSessionURL { try await session.endBrowserSession(url) }
        if let problem = done.problem { show(problem.text) }
    }

    func fromWindow(_ window: ASPresentationAnchor) async throws {
        try await session.signIn(from: window)
    }

    func ephemeral() async throws {
        try await session.signIn(browser: WebAuthenticationBrowser(prefersEphemeral: true))
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
