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
                        ForEach(files, id: \.key) { file in
                            NavigationLink(file.key) { FileView(file: file) }
                        }
                    }
                    Button("Sign out", role: .destructive) { attempt { try await session.signOut(.revoke) } }
                case .signedOut, .signInRequired:
                    switch session.signInProgress {
                    case .idle, .failed: Button("Sign in") { attempt { try await session.signIn() } }
                    case .preparing, .inBrowser: Button("Cancel") { session.cancelSignIn() }
                    case .finishing: ProgressView("Finishing your sign-in…")
                    }
                case .storageUnavailable:
                    Button("Unlock, then try again") { attempt { await session.restore() } }
                }
            }
            .navigationTitle("Files")
        }
        // Not by the whole state: it changes once more when the e-mail address arrives.
        .task(id: session.user?.subject) {
            files = []
            if session.user != nil { await list() }
        }
        .onOpenURL { url in attempt { try await session.handleRedirect(url) } }
    }

    private func list() async {
        await tell {
            for try await file in session.listObjects() where !Task.isCancelled { files.append(file) }
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
