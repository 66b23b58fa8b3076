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

/// Both places are shown by iOS in a process of its own, which gives the app what was picked and nothing else: no permission is
/// asked for. Apple: [PhotosPicker](https://developer.apple.com/documentation/photosui/photospicker).
struct UploadMenu: View {
    let model: UploadModel
    /// What the key begins with.
    let folder: String
    @State private var picksPhoto = false
    @State private var picksFile = false
    @State private var photo: PhotosPickerItem?

    var body: some View {
        Menu("Upload", systemImage: "plus") {
            Button("Photo or video", systemImage: "photo") { picksPhoto = true }
            Button("File", systemImage: "doc") { picksFile = true }
        }
        .disabled(model.state != nil)
        .accessibilityIdentifier("upload")
        // As it is: what is uploaded is not to be another file than the one that was picked.
        .photosPicker(isPresented: $picksPhoto, selection: $photo, preferredItemEncoding: .current)
        .onChange(of: photo) { _, picked in
            guard let picked else { return }
            photo = nil
            model.take(into: folder) { try await picked.loadTransferable(type: PickedFile.self) }
        }
        .fileImporter(isPresented: $picksFile, allowedContentTypes: [.item]) { result in
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

    var body: some View {
        Group {
            switch state {
            case .naming: EmptyView()
            case .reading:
                TransferView(title: "Reading what you picked…", progress: nil) { model.giveUp() }
            case .underWay(let key, let progress):
                TransferView(title: "Uploading \(key.printable)", progress: progress) { model.giveUp() }
            case .failed(_, let problem):
                ProblemView(title: "The upload did not finish", problem: problem) {
                    HStack {
                        Button("Try again") { model.chooseAgain() }
                        discard
                    }
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

    private var discard: some View { Button("Discard", role: .destructive) { model.giveUp() } }
}

extension UploadState {
    /// Tells VoiceOver of an end that is no notice.
    @MainActor
    func announce() {
        switch self {
        case .reading, .naming, .underWay: break
        case .failed, .unreadable:
            AccessibilityNotification.Announcement(String(localized: "The upload did not finish")).post()
        }
    }
}
