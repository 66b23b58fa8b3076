import Foundation
import JetbridgeFFI

/// One sign-in with its page: waits for whatever comes first of the page's end, a redirect that reached the app another
/// way, and a caller who gives up.
@MainActor
final class SignInAttempt {
    enum Arrival: Sendable {
        case redirect(URL)
        case closed(JetbridgeError)
        case finished(Result<SessionState, JetbridgeError>)
    }

    var task: Task<Result<SessionState, JetbridgeError>, Never>?
    var progress = SignInProgress.preparing
    /// What reached the app beside the page, and is being exchanged or was refused.
    var redirects: [Task<Result<SessionState, JetbridgeError>, Never>] = []
    private let arrivals: AsyncStream<Arrival>
    private let arrival: AsyncStream<Arrival>.Continuation
    private var first: Arrival?
    private var waiting: [AsyncStream<Result<SessionState, JetbridgeError>>.Continuation] = []

    init() {
        (arrivals, arrival) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    func arrive(_ news: Arrival) {
        first = first ?? news
        arrival.yield(news)
    }

    /// Shows the page until something arrives, and closes it.
    func show(_ request: AuthorizationRequest, in browser: any SignInBrowser) async -> Arrival {
        // Decided while the page was being prepared: nothing is to be seen of it.
        if Task.isCancelled { return .closed(.userCancelled) }
        if let first { return first }
        let page = Task {
            guard !Task.isCancelled else { return }
            do { arrive(.redirect(try await browser.open(request.url, redirect: request.redirectURL))) } catch {
                arrive(.closed(Self.failure(error)))
            }
        }
        defer { page.cancel() }
        for await arrived in arrivals { return arrived }
        return .closed(.userCancelled)
    }

    /// What came of the redirects, but for those that were another app's.
    func answerOfRedirects() async -> Result<SessionState, JetbridgeError>? {
        for redirect in redirects {
            let answer = await redirect.value
            if case .failure(.unexpectedRedirect) = answer { continue }
            return answer
        }
        return nil
    }

    /// Waits for the end of a sign-in that somebody else began.
    func answer() async throws(JetbridgeError) -> SessionState {
        let (answers, caller) = AsyncStream.makeStream(of: Result<SessionState, JetbridgeError>.self)
        waiting.append(caller)
        for await answer in answers { return try answer.get() }
        throw .cancelled
    }

    func finish(_ answer: Result<SessionState, JetbridgeError>) {
        for caller in waiting {
            caller.yield(answer)
            caller.finish()
        }
    }

    /// A browser of the app's own may throw anything, and nobody knows what is in its text.
    static func failure(_ error: any Error) -> JetbridgeError {
        switch error {
        case let error as JetbridgeError: error
        case is CancellationError: .userCancelled
        default: .browserUnavailable(detail: "\(type(of: error))")
        }
    }
}
