/// A store that holds file locks. iOS ends an app that is suspended while it holds one (`0xdead10cc`), so the session tells
/// the store when the time for finishing is over.
public protocol SuspensionAware: Sendable {
    /// Gives up every file lock at once. What is being saved may fail; what was saved before stays.
    func releaseLocks()
}
