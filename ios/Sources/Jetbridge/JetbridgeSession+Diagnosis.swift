import Foundation
import JetbridgeFFI

extension JetbridgeSession {
    /// What is wrong: walks the whole chain from the configuration to the bucket, says of each link whether it holds, and stops
    /// at the first that does not, with what to do. For a screen beside an error, and for a ticket: the report holds no secret
    /// and nothing personal beyond the shortened name of the user.
    ///
    /// A clock that is more than five minutes off is broken and stops nothing: it is corrected here, and other programs fail
    /// by it.
    ///
    /// It asks Okta and AWS, renews like any call, and changes nothing else; it signs nobody in, and what only a sign-in tells
    /// is `.unknown` before one. On a bad network it takes as long as all its answers do. What fails is what the report is
    /// about: it throws ``JetbridgeError/cancelled`` in a task that is cancelled, where the walk ends, and nothing else.
    public nonisolated func diagnose() async throws(JetbridgeError) -> DiagnosisReport {
        try await interruptibly { try await $0.diagnose() }
    }
}

extension DiagnosisReport {
    /// The link that does not hold; `nil` if none is known to be broken. Beside a wrong clock, which is corrected, it is the
    /// other one.
    public var broken: DiagnosisFinding? { findings.last { $0.mark == .broken } }
}
