// The app of docs/ios.md as it stands there, but for its `@main`: a test has one of its own.
import Jetbridge
import SwiftUI

struct FilesApp: App {
    @State private var session = Result<JetbridgeSession, JetbridgeError> { () throws(JetbridgeError) in
        try JetbridgeSession()
    }

    var body: some Scene {
        WindowGroup {
            switch session {
            case .success(let session): FilesView(session: session)
            case .failure(let problem): ProblemView(problem: problem)
            }
        }
    }
}

struct FilesView: View {
    let session: any JetbridgeSessionProtocol
    @State private var files: [ListedObject] = []
    @State private var problem: JetbridgeError?

    var body: some View {
        NavigationStack {
            List {
                if let problem { ProblemView(problem: problem) }
                switch session.state {
                case .notLoaded:
                    ProgressView()
                case .signedIn(let user):
                    Section(user.displayName) {
                        // By bytes, as S3 has it: to Swift two keys that look the same are one.
                        ForEach(files, id: \.keyBytes) { file in
                            NavigationLink(file.key) { FileView(file: file) }
                        }
                    }
                    Button("Refresh") { Task { await reload() } }
                    Button("Sign out", role: .destructive) { attempt { try await session.signOut(.revoke) } }
                case .signedOut:
                    signInButtons
                case .signInRequired(let reason, _):
                    Text(verbatim: reason.text)
                    signInButtons
                case .storageUnavailable(let detail):
                    Text(verbatim: detail)
                    Button("Try again") { attempt { await session.restore() } }
                }
            }
            .navigationTitle("Files")
            .refreshable { await reload() }
        }
        // Not by the whole state: it changes once more when the e-mail address arrives.
        .task(id: session.user?.subject) { await reload() }
        .onOpenURL { url in attempt { try await session.handleRedirect(url) } }
    }

    @ViewBuilder private var signInButtons: some View {
        switch session.signInProgress {
        case .idle, .failed:
            Button("Sign in") { attempt { try await session.signIn() } }
            // The browser remembers who signed in last, also somebody whom Okta refuses.
            Button("Sign in as somebody else") {
                attempt { try await session.signIn(options: LoginOptions(prompt: .login)) }
            }
        case .preparing, .inBrowser: Button("Cancel") { session.cancelSignIn() }
        case .finishing: ProgressView("Finishing your sign-in…")
        }
    }

    private func reload() async {
        files = []
        guard let subject = session.user?.subject else { return }
        await tell {
            var listed: [ListedObject] = []
            // A page may still come when nobody waits for it any more, or for another user.
            for try await page in session.pages() where !Task.isCancelled && session.user?.subject == subject {
                listed += page.objects
                files = listed
            }
        }
    }

    private func attempt(_ work: @escaping @MainActor () async throws -> Void) {
        Task { await tell(work) }
    }

    private func tell(_ work: @MainActor () async throws -> Void) async {
        problem = nil
        do { try await work() } catch {
            // Everything that Jetbridge throws is a JetbridgeError. Whoever cancels knows it.
            if let error = error as? JetbridgeError, error.recovery != .ignore { problem = error }
        }
    }
}

struct FileView: View {
    let file: ListedObject

    var body: some View {
        List {
            LabeledContent("Key") { Text(verbatim: file.key) }
            LabeledContent("Size") { Text(Int64(clamping: file.size), format: .byteCount(style: .file)) }
            if let date = file.lastModified {
                LabeledContent("Changed") { Text(date, format: .dateTime) }
            }
        }
        .navigationTitle("File")
    }
}

struct ProblemView: View {
    let problem: JetbridgeError

    var body: some View {
        VStack(alignment: .leading) {
            Text(problem.localizedDescription).font(.headline)
            Text(problem.recoverySuggestion ?? "")
        }
    }
}
