import Foundation
import JetbridgeFFI

extension JetbridgeError: LocalizedError {
    /// What happened and what to do, as sentences for the user, in the user's language.
    public var text: String { texts.whole }

    /// The first half of ``text``: what happened. It is `localizedDescription`, too.
    ///
    /// An alert shows it over the second half, as a title is over its message. So neither repeats the other, and there is
    /// no `failureReason`, which would. Apple:
    /// [LocalizedError](https://developer.apple.com/documentation/foundation/localizederror).
    public var errorDescription: String? { texts.reason }

    /// The second half of ``text``: what to do.
    public var recoverySuggestion: String? { texts.suggestion }

    private var texts: Texts {
        switch self {
        case .userCancelled: Texts("user_cancelled")
        case .signInRequired(let reason): reason.texts
        case .retryable(_, let wait?):
            Texts("retryable_after", suggestion: [wait.formatted(.units(allowed: [.minutes, .seconds], width: .wide))])
        case .retryable: Texts("retryable")
        case .obstructed(let service, let obstacle, _, _): Texts("obstructed_\(obstacle.key)", [service.name])
        case .misconfigured(let setting, let problem, let hint):
            Texts("misconfigured", ["\(setting): \(problem)"], suggestion: [hint.asSentence])
        case .accessDenied(let service, let code, let requestID?, _):
            Texts("access_denied_request", [service.name, code], suggestion: [requestID])
        case .accessDenied(let service, let code, nil, _): Texts("access_denied", [service.name, code])
        case .notFound(let what): Texts("not_found", [what])
        case .conditionNotMet(let what): Texts("condition_not_met", [what])
        // The folders above it are the system's.
        case .localFile(let path, let problem):
            Texts("local_file", [path.split(separator: "/").last.map(String.init) ?? path, problem])
        case .unexpectedRedirect: Texts("unexpected_redirect")
        case .secureStorage(_, let mayPass): Texts(mayPass ? "secure_storage_passing" : "secure_storage_lost")
        case .internal: Texts("internal")
        case .invalidConfiguration(let problems):
            Texts("invalid_configuration", [problems.map(\.item).joined(separator: "\n")])
        case .configurationFileMissing(let file): Texts("configuration_file_missing", [file])
        case .browserUnavailable(let detail): Texts("browser_unavailable", [detail])
        case .cancelled: Texts("cancelled")
        }
    }
}

extension SignInReason {
    /// Why the user has to sign in and what to do, as sentences for the user, in the user's language.
    public var text: String { texts.whole }

    fileprivate var texts: Texts {
        switch self {
        case .signedOut: Texts("sign_in_required.signed_out")
        case .refreshTokenRefused: Texts("sign_in_required.refused")
        case .noRefreshToken: Texts("sign_in_required.no_refresh_token")
        case .authorizationCodeRefused: Texts("sign_in_required.code_refused")
        case .idTokenRefused(let code): Texts("sign_in_required.token_refused", [code])
        case .interactionRequired(let code): Texts("sign_in_required.interaction", [code])
        }
    }
}

extension ConfigProblem {
    /// A line of a list. The key is empty when the file as a whole is meant.
    fileprivate var item: String {
        let place = key.isEmpty ? file : "\(file), \(key)"
        return Texts.text("jetbridge.error.invalid_configuration.item", [place, problem, expectation])
    }
}

extension RemoteService {
    fileprivate var name: String {
        switch self {
        case .okta: "Okta"
        case .cognito: "Amazon Cognito"
        case .s3: "Amazon S3"
        case .api: Texts.text("jetbridge.error.service.api")
        }
    }
}

extension Obstacle {
    fileprivate var key: String {
        switch self {
        case .certificate: "certificate"
        case .clock: "clock"
        case .proxy: "proxy"
        case .interception: "interception"
        }
    }
}

extension String {
    /// The core's hints are sentences without an end; in the middle of a text they need both.
    fileprivate var asSentence: String {
        guard let last else { return self }
        return prefix(1).uppercased() + dropFirst() + (".!?".contains(last) ? "" : ".")
    }
}
