// Whoever reads of an error asks what is wrong. The session walks the whole chain for them, from the configuration to the
// bucket. Without SwiftUI, so that its tests run anywhere.
import Foundation
import Jetbridge
import Observation

/// The walk that the user has asked for, until they leave its screen.
@MainActor
@Observable
final class DiagnosisModel {
    /// What is shown; nothing unless somebody wants to know.
    private(set) var state: DiagnosisState?

    /// The session could not answer.
    @ObservationIgnored var failed: @MainActor (JetbridgeError) -> Void = { _ in }

    @ObservationIgnored private let session: (any JetbridgeSessionProtocol)?
    @ObservationIgnored private var walk: Task<Void, Never>?

    init(_ session: (any JetbridgeSessionProtocol)?, showing state: DiagnosisState? = nil) {
        (self.session, self.state) = (session, state)
    }

    /// For the sheet, which takes it away.
    var sheet: DiagnosisState? {
        get { state }
        set { if newValue == nil { close() } }
    }

    /// The user wants to know; also, wants to know again.
    func open() {
        guard let session else { return }
        walk?.cancel()
        state = .walking
        walk = Task {
            let answer = await session.answer()
            // Who has left, or asks once more, wants none of this one.
            guard !Task.isCancelled else { return }
            switch answer {
            case .success(let report): state = .known(report)
            case .failure(let error):
                state = nil
                failed(error)
            }
        }
    }

    /// The user has read it, or does not want to wait: then the walk ends where it is.
    func close() {
        walk?.cancel()
        state = nil
    }
}

/// The answer to "What is wrong?".
enum DiagnosisState: Identifiable, Equatable, Sendable {
    /// The session walks.
    case walking
    case known(DiagnosisReport)

    /// The same throughout: a sheet whose item is another one is taken away, and a new one is shown.
    var id: String { "diagnosis" }
}

extension DiagnosisReport {
    /// What there is to say about all of it.
    enum Summary: Equatable {
        case broken(DiagnosisFinding)
        case allWorks, nothingBroken
    }

    var summary: Summary {
        if let broken { return .broken(broken) }
        return findings.allSatisfy { $0.mark == .ok } ? .allWorks : .nothingBroken
    }
}

extension JetbridgeSessionProtocol {
    /// The report, in a form that can be looked at before it is used.
    fileprivate func answer() async -> Result<DiagnosisReport, JetbridgeError> {
        do throws(JetbridgeError) { return .success(try await diagnose()) } catch { return .failure(error) }
    }
}
