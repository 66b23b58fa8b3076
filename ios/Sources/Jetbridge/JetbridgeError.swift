// An error of the generated bindings describes itself by a dump of its fields, and knows no language but English. Here each
// failure is a case to branch on, with texts for people (JetbridgeError+Text.swift) and a sentence for logs.
import Foundation
import JetbridgeFFI

/// Everything that Jetbridge throws. The case says what happened, ``recovery`` what the app should do about it, and ``text``
/// tells the person in front of the screen.
///
/// No case holds a secret: an error may be logged as it is.
public enum JetbridgeError: Error, Equatable, Sendable {
    /// The user closed the sign-in page, cancelled, or signed out while a sign-in was under way.
    case userCancelled
    /// Only a new sign-in helps.
    case signInRequired(reason: SignInReason)
    /// A passing fault of the network or a service, and how long the service asked to wait. The session is kept.
    case retryable(failure: String, retryAfter: Duration?)
    /// Something between this device and the service, which a person can do something about: who should have answered, what
    /// it is (an app may show the settings for the date, or the network's sign-in page), what was found, what to do. Trying
    /// again does not help before. The session is kept.
    case obstructed(service: RemoteService, obstacle: Obstacle, problem: String, hint: String)
    /// A setting in the app, in Okta or in AWS is wrong: its name, what is wrong with it, what to change and where.
    case misconfigured(setting: String, problem: String, hint: String)
    /// A service understood the request and refused it.
    case accessDenied(service: RemoteService, code: String, requestID: String?, hint: String)
    /// What was asked for does not exist.
    case notFound(what: String)
    /// A condition of the request does not hold: the object is another one than expected, or is there although it should not
    /// be. Nothing was done.
    case conditionNotMet(what: String)
    /// A file of this device that is read or written for a transfer: it is not there, the disk is full, it changed meanwhile.
    case localFile(path: String, problem: String)
    /// A redirect that belongs to no open sign-in, perhaps from another app. Nothing was changed.
    case unexpectedRedirect(detail: String)
    /// The secure storage of the device could not be read or written. What it holds was left as it is.
    case secureStorage(detail: String, mayPass: Bool)
    /// A bug in the library, or an answer that no correct service gives.
    case `internal`(detail: String)
    /// The configuration files have mistakes, and these are all of them.
    case invalidConfiguration(problems: [ConfigProblem])
    /// The app was built without one of its configuration files.
    case configurationFileMissing(file: String)
    /// The system could not show the sign-in page.
    case browserUnavailable(detail: String)
    /// The task that was waiting was cancelled. What it waited for comes to its end all the same.
    case cancelled

    /// The coarse answer to "what now?", for an app that does not look closer.
    public var recovery: Recovery {
        if let core { return core.recovery() }
        return switch self {
        case .invalidConfiguration, .configurationFileMissing: .fixConfiguration
        case .browserUnavailable: .retry
        default: .ignore
        }
    }

    /// What happened, in English, for a log. It holds no secret.
    public var logDescription: String {
        if let core { return core.describe() }
        return switch self {
        case .invalidConfiguration(let problems): ConfigError.Invalid(problems: problems).describe()
        case .configurationFileMissing(let file): "the app has no file \(file)"
        case .browserUnavailable(let detail): "the sign-in page could not be shown: \(detail)"
        default: "the waiting task was cancelled"
        }
    }

    /// The core's error of the same meaning: the core has the answers.
    var core: SessionError? {
        switch self {
        case .userCancelled: .UserCancelled
        case .signInRequired(let reason): .SignInRequired(reason: reason)
        case .retryable(let failure, let retryAfter):
            .Retryable(failure: failure, retryAfterSeconds: retryAfter.map { UInt64(clamping: $0.components.seconds) })
        case .obstructed(let service, let obstacle, let problem, let hint):
            .Obstructed(service: service, obstacle: obstacle, problem: problem, hint: hint)
        case .misconfigured(let setting, let problem, let hint):
            .Misconfigured(setting: setting, problem: problem, hint: hint)
        case .accessDenied(let service, let code, let requestID, let hint):
            .AccessDenied(service: service, code: code, requestId: requestID, hint: hint)
        case .notFound(let what): .NotFound(what: what)
        case .conditionNotMet(let what): .ConditionNotMet(what: what)
        case .localFile(let path, let problem): .LocalFile(path: path, problem: problem)
        case .unexpectedRedirect(let detail): .UnexpectedRedirect(detail: detail)
        case .secureStorage(let detail, let mayPass): .SecureStorage(detail: detail, mayPass: mayPass)
        case .internal(let detail): .Internal(detail: detail)
        case .invalidConfiguration, .configurationFileMissing, .browserUnavailable, .cancelled: nil
        }
    }
}

extension JetbridgeError {
    /// The error as an app sees it; whatever the core does not declare is a bug that it caught.
    init(_ error: any Error) {
        self =
            switch error {
            case let error as JetbridgeError: error
            case let error as SessionError: JetbridgeError(error)
            case ConfigError.Invalid(let problems): .invalidConfiguration(problems: problems)
            case StorageError.Unavailable(let detail): .secureStorage(detail: detail, mayPass: true)
            case StorageError.Misconfigured(let detail):
                .misconfigured(
                    setting: "secure storage", problem: detail,
                    hint: "Correct how the app is built and signed; what is stored is left as it is.")
            case StorageError.Corrupt(let detail), StorageError.KeyMissing(let detail),
                StorageError.Denied(let detail), StorageError.Io(let detail):
                .secureStorage(detail: detail, mayPass: false)
            case is CancellationError: .cancelled
            default: .internal(detail: error.localizedDescription)
            }
    }

    private init(_ error: SessionError) {
        self =
            switch error {
            case .UserCancelled: .userCancelled
            case .SignInRequired(let reason): .signInRequired(reason: reason)
            case .Retryable(let failure, let seconds):
                .retryable(failure: failure, retryAfter: seconds.map { .seconds(Int64(clamping: $0)) })
            case .Obstructed(let service, let obstacle, let problem, let hint):
                .obstructed(service: service, obstacle: obstacle, problem: problem, hint: hint)
            case .Misconfigured(let setting, let problem, let hint):
                .misconfigured(setting: setting, problem: problem, hint: hint)
            case .AccessDenied(let service, let code, let requestID, let hint):
                .accessDenied(service: service, code: code, requestID: requestID, hint: hint)
            case .NotFound(let what): .notFound(what: what)
            case .ConditionNotMet(let what): .conditionNotMet(what: what)
            case .LocalFile(let path, let problem): .localFile(path: path, problem: problem)
            case .UnexpectedRedirect(let detail): .unexpectedRedirect(detail: detail)
            case .SecureStorage(let detail, let mayPass): .secureStorage(detail: detail, mayPass: mayPass)
            case .Internal(let detail): .internal(detail: detail)
            }
    }
}
