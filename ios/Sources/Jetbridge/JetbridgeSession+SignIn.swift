import Foundation
import JetbridgeFFI

extension JetbridgeSession {
    /// Signs in: shows Okta's page, waits for the user, and finishes. Whoever calls it while a sign-in is under way waits for
    /// that one.
    ///
    /// Cancelling the task closes the page and throws ``JetbridgeError/userCancelled``, as the user does by closing it.
    /// To ``signInProgress`` that is no failure.
    @discardableResult
    public func signIn(
        options: LoginOptions, browser: any SignInBrowser
    ) async throws(JetbridgeError) -> SessionState {
        if let attempt { return try await attempt.answer() }
        let attempt = SignInAttempt()
        self.attempt = attempt
        let task = Task {
            let answer = await perform(attempt, options, browser)
            if case .failure(let error) = answer { signInProgress = .ended(by: error) }
            self.attempt = nil
            attempt.finish(answer)
            return answer
        }
        attempt.task = task
        let answer = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        return try answer.get()
    }

    /// Gives up the sign-in that is under way, as a Cancel button does. What is being finished is not stopped.
    public func cancelSignIn() {
        if signInProgress != .finishing { attempt?.task?.cancel() }
    }

    /// The user has read about the failed sign-in: ``signInProgress`` is idle again.
    public func dismissSignInFailure() {
        if case .failed = signInProgress { signInProgress = .idle }
    }

    /// Takes a URL that the app was opened with, from `onOpenURL` or a Universal Link, and finishes the sign-in that it
    /// belongs to, also one that was begun before the app was ended. Gives `nil` for a URL that is no sign-in's.
    ///
    /// Giving the same one twice is harmless, and so is one from another app: it throws
    /// ``JetbridgeError/unexpectedRedirect(detail:)`` and changes nothing.
    @discardableResult
    public func handleRedirect(_ url: URL) async throws(JetbridgeError) -> SessionState? {
        guard core.isSignInRedirect(uri: url.absoluteString) else { return nil }
        let before = signInProgress
        signInProgress = .finishing
        let redirect = Task { await finish { try await $0.completeLogin(redirectUri: url.absoluteString) } }
        attempt?.redirects.append(redirect)
        let answer = await redirect.value
        refreshState()
        switch answer {
        case .success:
            signInProgress = .idle
        case .failure(.unexpectedRedirect) where attempt != nil || user != nil:
            // Another app's, or the second time for the same: the user need not hear of it.
            signInProgress = attempt?.progress ?? (before == .finishing ? .idle : before)
        case .failure(let error):
            signInProgress = .ended(by: error)
        }
        if case .failure(.unexpectedRedirect) = answer {} else { attempt?.arrive(.finished(answer)) }
        return try answer.get()
    }

    /// The same in steps, for an app that opens the browser itself.
    public nonisolated var manualSignIn: ManualSignIn { ManualSignIn(session: self) }

    private func perform(
        _ attempt: SignInAttempt, _ options: LoginOptions, _ browser: any SignInBrowser
    ) async -> Result<SessionState, JetbridgeError> {
        signInProgress = attempt.progress
        let request: AuthorizationRequest
        switch await finish({ try AuthorizationRequest(await $0.beginLogin(options: options)) }) {
        case .success(let begun): request = begun
        case .failure(let error): return .failure(error)
        }
        attempt.progress = .inBrowser
        signInProgress = .inBrowser
        switch await attempt.show(request, in: browser) {
        case .finished(let answer):
            return answer
        case .closed(let error):
            // The browser is left by a redirect, too, and that one may be at work.
            if let answer = await attempt.answerOfRedirects() { return answer }
            // If the store does not answer now, the open request is forgotten when it is too old.
            _ = await finish { try await $0.cancelLogin() }
            return .failure(error)
        case .redirect(let url):
            signInProgress = .finishing
            let answer = await finish { try await $0.completeLogin(redirectUri: url.absoluteString) }
            refreshState()
            if case .success = answer { signInProgress = .idle }
            return answer
        }
    }
}
