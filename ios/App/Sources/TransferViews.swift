// Bytes on their way look the same in both directions, and so does what keeps them from it.
import Jetbridge
import SwiftUI

/// How far a transfer is. VoiceOver reads it when it is asked, and hears of the end by itself.
struct TransferView: View {
    let title: LocalizedStringKey
    let progress: TransferProgress?
    let cancel: @MainActor () -> Void

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            ProgressView(value: progress?.fraction) {
                Text(title).shortened()
            } currentValueLabel: {
                if let progress { moved(progress) }
            }
            if let progress, progress.resumed > 0 {
                Text("\(size(progress.resumed)) were there from before.")
                    .font(.footnote)
                    .foregroundStyle(.secondary)
            }
            Button("Cancel", role: .cancel, action: cancel).buttonStyle(.bordered)
        }
    }

    private func moved(_ progress: TransferProgress) -> Text {
        guard let total = progress.total, let fraction = progress.fraction else {
            return Text("\(size(progress.done)) so far")
        }
        let percent = fraction.formatted(.percent.precision(.fractionLength(0)))
        return Text("\(size(progress.done)) of \(size(total)) · \(percent)")
    }

    private func size(_ bytes: UInt64) -> String { Int64(clamping: bytes).formatted(.byteCount(style: .file)) }
}

extension View {
    /// A key has up to 1,024 bytes, and its ends tell most.
    func shortened() -> some View { lineLimit(3).truncationMode(.middle) }
}

/// What went wrong with one thing, why, and what can be done.
struct ProblemView<Actions: View>: View {
    let title: LocalizedStringKey
    let problem: Problem
    let ask: @MainActor () -> Void
    @ViewBuilder let actions: Actions

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            Label(title, systemImage: "exclamationmark.triangle").font(.headline)
            problem.text
            if let hint = problem.forAdministrator {
                // To be copied into a message to somebody else.
                Text("For your administrator: \(hint)")
                    .font(.footnote)
                    .foregroundStyle(.secondary)
                    .textSelection(.enabled)
            }
            actions.buttonStyle(.bordered)
            WhatIsWrongButton { ask() }.buttonStyle(.borderless)
        }
    }
}

extension Problem {
    var text: Text {
        switch self {
        case .failed(let error): return Text(error.text)
        case .noRoom(let needed, let free):
            let (needed, free) = (needed.formatted(.byteCount(style: .file)), free.formatted(.byteCount(style: .file)))
            return Text(
                "There is not enough room on this device: \(needed) are needed, \(free) are free. Delete something, then try again."
            )
        }
    }

    fileprivate var forAdministrator: String? {
        if case .failed(let error) = self { error.forAdministrator } else { nil }
    }
}
