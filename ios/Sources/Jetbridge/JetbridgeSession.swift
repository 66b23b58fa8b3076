import Foundation
import JetbridgeFFI
import Observation

#if canImport(UIKit)
import UIKit
#endif

/// The session with Okta and AWS: the one object an app holds, for as long as its process lives.
///
/// Every function throws ``JetbridgeError`` and nothing else. A task that is cancelled stops waiting at once; what it waited
/// for, such as a renewal, comes to its end all the same, because half of it would lose the session.
@MainActor
@Observable
public final class JetbridgeSession: JetbridgeSessionProtocol {
    /// Who is signed in, if anybody. `.notLoaded` until the secure store was read, which begins with the session.
    public internal(set) var state: SessionState { didSet { if state != oldValue { stateListeners.tell(state) } } }

    /// How far the sign-in of ``signIn(options:browser:)`` or ``handleRedirect(_:)`` is.
    public internal(set) var signInProgress = SignInProgress.idle

    /// The bucket of the configuration, for headings.
    public nonisolated let bucket: String

    nonisolated let core: CoreSession
    nonisolated let config: JetbridgeConfig
    nonisolated let suspension: SuspensionGuard
    private nonisolated let news: SessionNews
    private nonisolated let stateListeners = Listeners<SessionState>()
    private nonisolated let eventListeners = Listeners<SessionEvent>()
    private nonisolated let notifications = Notifications()

    /// Counts new tokens, for whoever observes what is in them.
    private(set) var renewals = 0

    /// The sign-in whose page is open or being prepared.
    @ObservationIgnored var attempt: SignInAttempt?

    /// Around a session of the core: one of several accounts, or one with the local stack's clock, in tests.
    init(config: JetbridgeConfig, core: CoreSession) {
        self.core = core
        self.config = config
        bucket = config.bucket
        state = core.state()
        // A file lock that is held while the app is suspended would end it.
        suspension = SuspensionGuard(whenGiven: { core.resumeLocks() }, whenOver: { core.releaseLocks() })
        news = SessionNews(of: core)
        follow()
    }

    /// What happens beside the state: renewals, another user, a wrong clock, trouble with the store. Each call gives a
    /// stream of its own, which holds the newest 64 for a slow reader.
    public nonisolated var events: AsyncStream<SessionEvent> { eventListeners.stream() }

    /// The state of now, then each change, for UIKit: SwiftUI follows ``state`` by itself. Each call gives a stream of its
    /// own, which holds the newest 64 for a slow reader, and ends with the session.
    public var states: AsyncStream<SessionState> { stateListeners.stream(first: state) }

    /// Reads the secure store again; no network. Worth calling after `.storageUnavailable`; the session does so by itself
    /// when the device is unlocked.
    @discardableResult
    public func restore() async -> SessionState {
        _ = await suspension.during { [core] in await core.restore() }
        refreshState()
        return state
    }

    /// The facts of the session, with both clocks: the ID token's and the AWS credentials'. From memory, at once.
    public nonisolated func details() -> SessionDetails { core.details() }

    /// What the core knows is newer than any news of it.
    func refreshState() {
        let now = core.state()
        if now != state { state = now }
    }

    private func follow() {
        Task { [weak self, arrivals = news.arrivals] in
            for await event in arrivals {
                guard let self else { return }
                refreshState()
                if case .renewed(.tokens, _) = event { renewals += 1 }
                if let event { eventListeners.tell(event) }
            }
        }
        #if canImport(UIKit)
        // Before the first unlock after a restart, and in a process that was started in advance, the store is locked.
        // A process that was suspended meanwhile may have missed the unlocking.
        let unlocked = [
            UIApplication.protectedDataDidBecomeAvailableNotification, UIApplication.willEnterForegroundNotification,
        ]
        for name in unlocked {
            notifications.on(name) { [weak self] in
                Task { @MainActor in if case .storageUnavailable = self?.state { await self?.restore() } }
            }
        }
        // What the user taps next need not wait for connections. The scene's news comes at the launch, too.
        notifications.on(UIScene.willEnterForegroundNotification) { [core] in Task { await core.prepare() } }
        #endif
        let settle: @Sendable () -> Void = { [core, suspension] in
            Task { await suspension.during { await core.settle() } }
        }
        // A renewal of the core's own begins without a call from here.
        for name in Notifications.appLeavesForeground { notifications.on(name, settle) }
        Task { await restore() }
    }
}
