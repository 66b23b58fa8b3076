// The answer to "What is wrong?": every link of the chain, whether it holds, and what to do about the one that does not.
import Jetbridge
import SwiftUI
import UIKit

/// Stands beside each error.
struct WhatIsWrongButton: View {
    let ask: @MainActor () -> Void

    var body: some View { Button("What is wrong?", action: ask).accessibilityIdentifier("what-is-wrong") }
}

struct DiagnosisView: View {
    let model: DiagnosisModel
    let state: DiagnosisState

    var body: some View {
        NavigationStack {
            List {
                switch state {
                case .walking:
                    Section {
                        ProgressView("Looking at everything from the configuration to the bucket…")
                            .frame(maxWidth: .infinity)
                            .padding()
                    }
                case .known(let report):
                    AnswerSections(model: model, report: report)
                }
            }
            .navigationTitle("What is wrong?")
            .navigationBarTitleDisplayMode(.inline)
            .toolbar {
                ToolbarItem(placement: .cancellationAction) { Button("Close", role: .cancel) { model.close() } }
            }
        }
    }
}

private struct AnswerSections: View {
    let model: DiagnosisModel
    let report: DiagnosisReport
    @AccessibilityFocusState private var isFocused: Bool

    var body: some View {
        Section {
            summary
                .font(.headline)
                .accessibilityAddTraits(.isHeader)
                .accessibilityFocused($isFocused)
                // It came by itself, after a while: VoiceOver begins here.
                .task { isFocused = true }
            // What is worse than a wrong clock comes first.
            let broken = report.findings.filter { $0.mark == .broken }.reversed()
            ForEach(broken.map(Row.init)) { BrokenView(finding: $0.finding) }
        }
        Section {
            Button("Copy report", systemImage: "doc.on.doc") { UIPasteboard.general.string = report.text }
            ShareLink(item: report.text)
            Button("Look again", systemImage: "arrow.clockwise") { model.open() }
        }
        Section {
            ForEach(report.findings.map(Row.init)) { FindingView(finding: $0.finding) }
        }
    }

    /// There is one for each link.
    private struct Row: Identifiable {
        let finding: DiagnosisFinding
        var id: DiagnosisLink { finding.link }
    }

    private var summary: Text {
        switch report.summary {
        case .broken(let finding): Text("This does not work: \(finding.title)")
        case .allWorks: Text("Everything works.")
        case .nothingBroken: Text("Nothing is broken, as far as it can be known now.")
        }
    }
}

/// What does not hold, and what to do: where the user looks first. What the library says of it is English.
private struct BrokenView: View {
    let finding: DiagnosisFinding

    var body: some View {
        Text(verbatim: finding.detail).textSelection(.enabled)
        if let setting = finding.setting { part("Setting", setting) }
        if let fix = finding.fix { part("What to do", fix) }
        if let paste = finding.paste {
            VStack(alignment: .leading, spacing: 8) {
                Text("To paste there").font(.footnote).foregroundStyle(.secondary)
                // As a machine reads it: letters of one width. Long lines are broken, not cut.
                Text(verbatim: paste).font(.footnote.monospaced()).textSelection(.enabled)
                Button("Copy this text") { UIPasteboard.general.string = paste }.buttonStyle(.bordered)
            }
        }
    }

    private func part(_ label: LocalizedStringKey, _ text: String) -> some View {
        VStack(alignment: .leading, spacing: 2) {
            Text(label).font(.footnote).foregroundStyle(.secondary)
            Text(verbatim: text).textSelection(.enabled)
        }
        .accessibilityElement(children: .combine)
    }
}

/// One link: its mark as a picture of its own shape, which VoiceOver reads as a word, then what it is and what was found.
private struct FindingView: View {
    let finding: DiagnosisFinding

    var body: some View {
        HStack(alignment: .firstTextBaseline, spacing: 12) {
            Image(systemName: finding.mark.picture)
                .foregroundStyle(.tint)
                .accessibilityLabel(finding.mark.word)
            VStack(alignment: .leading, spacing: 2) {
                Text(verbatim: finding.title)
                // What is broken is said above, with what to do.
                if !finding.detail.isEmpty, finding.mark != .broken {
                    Text(verbatim: finding.detail).font(.footnote).foregroundStyle(.secondary)
                }
            }
        }
        .accessibilityElement(children: .combine)
    }
}

extension DiagnosisMark {
    fileprivate var picture: String {
        switch self {
        case .ok: "checkmark.circle"
        case .broken: "xmark.octagon"
        case .notReached: "minus.circle"
        case .unknown: "questionmark.circle"
        }
    }

    fileprivate var word: Text {
        switch self {
        case .ok: Text("Works")
        case .broken: Text("Broken")
        case .notReached: Text("Not reached")
        case .unknown: Text("Not known")
        }
    }
}
