// One object: what S3 knows of it, and what can be done with it.
import Accessibility
import Foundation
import Jetbridge
import QuickLook
import SwiftUI

#if os(Linux)
import AppleFoundation
#endif

struct ObjectView: View {
    let model: ObjectsModel
    let key: String
    /// What is wrong?
    let ask: @MainActor () -> Void
    @State private var asksToDelete = false

    var body: some View {
        List {
            Section {
                // What the list shows of a key is for reading. Here it is to be told from every other, and copied.
                Text(verbatim: key.spelledOut)
                    .font(.headline)
                    .textSelection(.enabled)
                    .accessibilityIdentifier("key")
                if object.isDeleting { ProgressView("Deleting…") }
                if let undeleted = object.undeleted {
                    ProblemView(title: "It was not deleted", problem: .failed(undeleted), ask: { ask() }) {
                        if undeleted.canRetry { Button("Try again") { model.delete(key) } }
                    }
                }
            }
            switch object.facts {
            case .loading:
                Section { ProgressView("Asking Amazon S3…").frame(maxWidth: .infinity).padding() }
            case .failed(let error):
                Section {
                    ProblemView(title: "The details could not be loaded", problem: .failed(error), ask: { ask() }) {
                        if error.canRetry { Button("Try again") { model.look() } }
                    }
                }
                // Some roles may read an object and not look at it first.
                download(size: nil)
            case .known(let details):
                download(size: details.size)
                FactsSection(details: details)
            }
        }
        .navigationTitle(ObjectRow(key: key, size: 0, changed: nil).name.printable)
        .navigationBarTitleDisplayMode(.inline)
        .refreshable { await model.lookAgain() }
        .toolbar {
            ToolbarItem(placement: .topBarTrailing) {
                Button("Delete this object", systemImage: "trash") { asksToDelete = true }
                    .labelStyle(.iconOnly)
                    .disabled(object.isDeleting)
                    .confirmDeletion(of: key, isPresented: $asksToDelete) { model.delete(key) }
            }
        }
    }

    /// While the screen goes away, another object may be the one that was asked for last.
    private var object: ObjectState {
        let other = ObjectState(key: key)
        guard let object = model.state.object, object.address == other.address else { return other }
        return object
    }

    @ViewBuilder
    private func download(size: UInt64?) -> some View {
        if !object.isDeleting { DownloadSection(model: model, key: key, size: size, ask: { ask() }) }
    }
}

private struct DownloadSection: View {
    let model: ObjectsModel
    let key: String
    let size: UInt64?
    let ask: @MainActor () -> Void
    @State private var preview: URL?

    var body: some View {
        let download = model.state[download: key]
        Section {
            switch download {
            case nil:
                Button(action: start) {
                    if let size {
                        Text("Download \(Int64(clamping: size).formatted(.byteCount(style: .file)))")
                    } else {
                        Text("Download")
                    }
                }
                .accessibilityIdentifier("download")
            case .underWay(let progress):
                TransferView(title: "Downloading", progress: progress) { model.cancelDownload(key) }
            case .failed(let problem):
                ProblemView(title: "The download did not finish", problem: problem, ask: { ask() }) {
                    if problem.canRetry { Button("Try again", action: start) }
                }
            case .done(let file):
                Label("Downloaded", systemImage: "checkmark.circle")
                ShareLink(item: file)
                Button("Open", systemImage: "eye") { preview = file }
                Button("Download again", systemImage: "arrow.clockwise", action: start)
            }
        }
        .quickLookPreview($preview)
        // The bytes on their way are for eyes: VoiceOver would say nothing else.
        .onChange(of: download) { _, now in now?.announce() }
    }

    private func start() { model.download(key) }
}

extension DownloadState {
    @MainActor
    fileprivate func announce() {
        switch self {
        case .underWay: break
        case .done: AccessibilityNotification.Announcement(String(localized: "Downloaded")).post()
        case .failed: AccessibilityNotification.Announcement(String(localized: "The download did not finish")).post()
        }
    }
}

private struct FactsSection: View {
    let details: ObjectDetails

    var body: some View {
        let headers = details.headers
        Section {
            Fact(
                label: "Size",
                value: Int64(clamping: details.size).formatted(.byteCount(style: .file, includesActualByteCount: true)))
            LabeledContent("Changed") {
                if let changed = details.lastModified {
                    Text(changed, format: .dateTime.day().month().year().hour().minute().second())
                } else {
                    Text("unknown date")
                }
            }
            Fact(label: "Content type", value: headers.contentType)
            Fact(label: "ETag", value: details.eTag)
            Fact(label: "Storage class", value: details.storageClass)
            if let checksum = details.checksum {
                LabeledContent("Checksum") {
                    Group {
                        if checksum.isOfWholeObject {
                            Text("\(checksum.algorithm) \(checksum.value)")
                        } else {
                            Text("\(checksum.algorithm) \(checksum.value), of its parts")
                        }
                    }
                    .textSelection(.enabled)
                }
            }
            Fact(label: "Version", value: details.versionId)
            Fact(label: "Content encoding", value: headers.contentEncoding)
            Fact(label: "Content language", value: headers.contentLanguage)
            Fact(label: "Content disposition", value: headers.contentDisposition)
            Fact(label: "Cache control", value: headers.cacheControl)
        } header: {
            Text("Details")
        }
        if !headers.metadata.isEmpty {
            Section {
                ForEach(headers.metadata.sorted { $0.key < $1.key }, id: \.key) { name, value in
                    LabeledContent(name.spelledOut) { Text(verbatim: value.spelledOut).textSelection(.enabled) }
                }
            } header: {
                Text("Metadata")
            }
        }
    }
}

/// What machines have written may be long, and is to be copied.
private struct Fact: View {
    let label: LocalizedStringKey
    let value: String?

    var body: some View {
        if let value { LabeledContent(label) { Text(verbatim: value.spelledOut).textSelection(.enabled) } }
    }
}

extension View {
    /// Names what will be gone, and that nothing brings it back.
    func confirmDeletion(
        of key: String, isPresented: Binding<Bool>, delete: @escaping @MainActor () -> Void
    ) -> some View {
        confirmationDialog("Delete this object?", isPresented: isPresented, titleVisibility: .visible) {
            Button("Delete", role: .destructive, action: delete)
        } message: {
            Text(
                "\(key.spelledOut) will be deleted from the bucket, for everybody who uses it. This cannot be undone.")
        }
    }
}
