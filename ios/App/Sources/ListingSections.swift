// What the second button brings. Sections of the screen's one list, so that everything scrolls together.
import Jetbridge
import SwiftUI

struct ListingSections: View {
    let model: HomeModel

    var body: some View {
        let bucket = model.state.bucket
        switch model.state.listing {
        case .notAsked:
            Message {
                ContentUnavailableView(
                    "Nothing listed yet", systemImage: "folder",
                    description: Text("AWS SDK Call lists the objects in \(bucket)."))
            }
        case .loading:
            Message {
                ProgressView("Listing \(bucket)…").frame(maxWidth: .infinity).padding()
            }
        case .failed(let error):
            Message {
                ContentUnavailableView {
                    Label("The list could not be loaded", systemImage: "exclamationmark.triangle")
                } description: {
                    Text(error.text)
                } actions: {
                    if error.canRetry { Button("Try again") { model.list() }.buttonStyle(.bordered) }
                    WhatIsWrongButton { model.diagnosis.open() }
                }
            }
        case .rows(let rows) where rows.objects.isEmpty && !rows.hasMore:
            Message {
                ContentUnavailableView {
                    Label("This bucket is empty", systemImage: "folder")
                } description: {
                    Text("Put an object into \(bucket), then pull down to refresh.")
                } actions: {
                    Button("Refresh the list") { model.list() }.buttonStyle(.bordered)
                }
            }
        case .rows(let rows):
            RowsSection(model: model, rows: rows, found: rows.matching(model.state.query))
        }
    }
}

/// Nothing to show, why, and what to do; on the list's own background.
private struct Message<Content: View>: View {
    @ViewBuilder let content: Content

    var body: some View {
        Section { content.listRowBackground(Color.clear) }
    }
}

private struct RowsSection: View {
    let model: HomeModel
    let rows: Rows
    let found: [ObjectRow]

    var body: some View {
        let query = model.state.query
        if found.isEmpty && !rows.hasMore {
            Message { ContentUnavailableView.search(text: query) }
        } else {
            Section {
                ForEach(found) { ObjectLink(model: model.objects, row: $0) }
                if let problem = rows.problem {
                    NextPageFailed(problem: problem, ask: { model.diagnosis.open() }, retry: { model.loadMore() })
                } else if rows.hasMore {
                    HStack(spacing: 12) {
                        // A spinner that a list has recycled stands still, so each page gets a new one.
                        ProgressView().id(rows.page)
                        Text(query.isEmpty ? "Loading more…" : "Searching further…").foregroundStyle(.secondary)
                    }
                    // Shown means wanted: the next page is asked for when the end of the list comes into sight.
                    .task(id: rows.page) { model.loadMore() }
                }
            } header: {
                // Side by side, and one under the other when large letters need the room.
                ViewThatFits(in: .horizontal) {
                    HStack {
                        title
                        Spacer()
                        count
                    }
                    VStack(alignment: .leading) {
                        title
                        count
                    }
                }
                // A bucket's name is not for capital letters.
                .textCase(nil)
            } footer: {
                if !rows.hasMore { Text("That is all of them.") }
            }
        }
    }

    private var title: some View { Text("Objects in \(model.state.bucket)") }

    @ViewBuilder
    private var count: some View {
        if rows.isRefreshing { ProgressView() } else { Text("\(found.count) objects") }
    }
}

private struct NextPageFailed: View {
    let problem: JetbridgeError
    let ask: @MainActor () -> Void
    let retry: @MainActor () -> Void

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            Text("The next page could not be loaded.")
            Text(problem.text).font(.footnote).foregroundStyle(.secondary)
            Button("Try again", action: retry).buttonStyle(.bordered)
            WhatIsWrongButton { ask() }.buttonStyle(.borderless)
        }
    }
}

/// A tap shows the details. A swipe deletes, after a question: a button with the role of a deletion would take the row away
/// before.
private struct ObjectLink: View {
    let model: ObjectsModel
    let row: ObjectRow
    @State private var asksToDelete = false

    var body: some View {
        NavigationLink(value: row.id) { ObjectRowView(row: row) }
            .accessibilityLabel(Text("\(row.key.printable), \(row.sizeText), changed \(row.changedText)"))
            .accessibilityIdentifier("object")
            .swipeActions(edge: .trailing, allowsFullSwipe: false) {
                Button("Delete", systemImage: "trash") { asksToDelete = true }.tint(.red)
            }
            .confirmDeletion(of: row.key, isPresented: $asksToDelete) { model.delete(row.key) }
    }
}

private struct ObjectRowView: View {
    let row: ObjectRow

    var body: some View {
        Label {
            VStack(alignment: .leading, spacing: 2) {
                Text(row.name.printable)
                Group {
                    if !row.folder.isEmpty { Text(verbatim: "\(row.folder.printable)/") }
                    Text("\(row.sizeText) · \(row.changedText)")
                }
                .font(.footnote)
                .foregroundStyle(.secondary)
            }
        } icon: {
            Image(systemName: row.isFolder ? "folder" : "doc").foregroundStyle(.tint)
        }
    }
}

extension ObjectRow {
    fileprivate var sizeText: String { size.formatted(.byteCount(style: .file)) }

    fileprivate var changedText: Text {
        guard let changed else { return Text("unknown date") }
        return Text(changed, format: .dateTime.day().month().year().hour().minute())
    }
}
