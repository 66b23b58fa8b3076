// What the user sees of an upload: two places that things come from, the question what it will be called, and how far it is.
import Accessibility
import Foundation
import Jetbridge
import PhotosUI
import SwiftUI
import UniformTypeIdentifiers

#if os(Linux)
import AppleFoundation
#endif

/// What the user picks from now.
struct Picks {
    var photo = false
    var file = false
}

/// The two places that things come from.
struct UploadMenu: View {
    @Binding var picks: Picks
    let isEnabled: Bool

    var body: some View {
        Menu("Upload", systemImage: "plus") {
            Button("Photo or video", systemImage: "photo") { picks.photo = true }
            Button("File", systemImage: "doc") { picks.file = true }
        }
        .disabled(!isEnabled)
        .accessibilityIdentifier("upload")
    }
}

/// Shows the places over `content`. Both are shown by iOS in a process of its own, which gives the app what was picked and
/// nothing else: no permission is asked for. Apple:
/// [PhotosPicker](https://developer.apple.com/documentation/photosui/photospicker).
struct UploadPickers<Content: View>: View {
    let model: UploadModel
    /// What the key begins with.
    let folder: String
    @Binding var picks: Picks
    @ViewBuilder let content: Content
    @State private var photo: PhotosPickerItem?

    var body: some View {
        content
            // As it is: what is uploaded is not to be another file than the one that was picked.
            .photosPicker(isPresented: $picks.photo, selection: $photo, preferredItemEncoding: .current)
            .onChange(of: photo) { _, picked in
                guard let picked else { return }
                photo = nil
                model.take(into: folder) { try await picked.loadTransferable(type: PickedFile.self) }
            }
            .fileImporter(isPresented: $picks.file, allowedContentTypes: [.item]) { result in
                guard case .success(let url) = result else { return }
                model.take(into: folder) { try await Task.detached { try PickedFile.document(url) }.value }
            }
    }
}

/// What the user decides before something is sent.
struct NamingView: View {
    @Bindable var model: UploadModel
    let naming: Naming

    var body: some View {
        NavigationStack {
            Form {
                Section {
                    LabeledContent(naming.name.printable) { Text(naming.size.formatted(.byteCount(style: .file))) }
                }
                Section {
                    TextField("Key in the bucket", text: $model.key, axis: .vertical)
                        .textInputAutocapitalization(.never)
                        .autocorrectionDisabled()
                        .accessibilityIdentifier("new-key")
                } header: {
                    Text("Key in the bucket")
                } footer: {
                    if naming.isKey {
                        Text("Slashes make folders.")
                    } else {
                        Text("A key has 1 to 1,024 bytes and does not end with a slash.")
                    }
                }
                if naming.replaces {
                    Section {
                        Label {
                            Text("There is such an object already. What it holds now would be gone.")
                        } icon: {
                            Image(systemName: "exclamationmark.triangle").foregroundStyle(.tint)
                        }
                        Button("Replace", role: .destructive) { model.start(replacing: true) }
                    }
                }
            }
            .navigationTitle("Upload to the bucket")
            .navigationBarTitleDisplayMode(.inline)
            .toolbar {
                ToolbarItem(placement: .cancellationAction) {
                    Button("Cancel", role: .cancel) { model.giveUp() }
                }
                ToolbarItem(placement: .confirmationAction) {
                    Button("Upload") { model.start() }.disabled(!naming.isKey || naming.replaces)
                }
            }
        }
        // A swipe must not throw away what was picked.
        .interactiveDismissDisabled()
    }
}

/// How far an upload is, while the user does something else.
struct UploadBar: View {
    let model: UploadModel
    let state: UploadState
    /// What is wrong?
    let ask: @MainActor () -> Void

    var body: some View {
        Group {
            switch state {
            case .naming: EmptyView()
            case .reading:
                TransferView(title: "Reading what you picked…", progress: nil) { model.giveUp() }
            case .underWay(let key, let progress):
                TransferView(title: "Uploading \(key.printable)", progress: progress) { model.giveUp() }
            case .failed(let key, let problem):
                VStack(alignment: .leading, spacing: 8) {
                    whose(key)
                    ProblemView(title: "The upload did not finish", problem: problem, ask: { ask() }) {
                        inALine {
                            if problem.canRetry { Button("Try again") { model.retry() } }
                            Button("Another name") { model.chooseAgain() }
                            discard
                        }
                    }
                }
            case .interrupted(let key):
                VStack(alignment: .leading, spacing: 8) {
                    Label("An upload is not finished", systemImage: "pause.circle").font(.headline)
                    whose(key)
                    Text("The app was closed in the middle of it. What has arrived is not sent again.")
                    inALine {
                        Button("Go on") { model.retry() }
                        Button("Another name") { model.chooseAgain() }
                        discard
                    }
                    .buttonStyle(.bordered)
                }
            case .unreadable:
                VStack(alignment: .leading, spacing: 8) {
                    Label("The upload did not finish", systemImage: "exclamationmark.triangle").font(.headline)
                    Text(
                        "What you picked could not be read. Its app may have taken it back, or there is no room for a copy. Pick it again."
                    )
                    discard.buttonStyle(.bordered)
                }
            }
        }
    }

    private func whose(_ key: String) -> some View {
        Text(verbatim: key.printable).font(.footnote).foregroundStyle(.secondary).shortened()
    }

    /// One under the other when large letters need the room.
    private func inALine(@ViewBuilder _ choices: () -> some View) -> some View {
        let choices = choices()
        return ViewThatFits(in: .horizontal) {
            HStack { choices }
            VStack(alignment: .leading) { choices }
        }
    }

    private var discard: some View { Button("Discard", role: .destructive) { model.giveUp() } }
}

extension UploadState {
    /// Tells VoiceOver of an end that is no notice.
    @MainActor
    func announce() {
        switch self {
        case .reading, .naming, .underWay, .interrupted: break
        case .failed, .unreadable:
            AccessibilityNotification.Announcement(String(localized: "The upload did not finish")).post()
        }
    }
}
