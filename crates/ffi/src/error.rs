//! Errors as other languages see them: variants with typed fields, and methods that give the core's own answers.
//!
//! No field is called `message` or `cause`: Kotlin's exceptions have those already.

use std::fmt;
use std::time::Duration;

use jetbridge::storage::StorageErrorKind;

use crate::facts::SignInReason;

/// What went wrong, sorted by what the app should do about it. Everything in here is safe to log.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
pub enum SessionError {
    /// The user gave up, or signed out while a sign-in was under way.
    UserCancelled,
    /// Only a new sign-in helps.
    SignInRequired {
        /// Why.
        reason: SignInReason,
    },
    /// A passing fault: network, throttling, an outage. The session is kept.
    Retryable {
        /// What failed, as a sentence.
        failure: String,
        /// How long the service asked to wait, if it did; at most ten minutes.
        retry_after_seconds: Option<u64>,
    },
    /// Something between this device and the service, which a person can do something about; trying again does not help
    /// before. The session is kept.
    Obstructed {
        /// Who should have answered.
        service: RemoteService,
        /// What it is: an app may show the device's settings for its date, or the network's sign-in page.
        obstacle: Obstacle,
        /// What was found in the way.
        problem: String,
        /// What to do about it.
        hint: String,
    },
    /// A setting in the app, in Okta or in AWS is wrong.
    Misconfigured {
        /// The setting, by the name it has in the configuration files or consoles.
        setting: String,
        /// What is wrong with it.
        problem: String,
        /// What to change, and where.
        hint: String,
    },
    /// A service understood the request and refused it.
    AccessDenied {
        /// Who refused.
        service: RemoteService,
        /// The service's own error code.
        code: String,
        /// The service's id of the request, for its support.
        request_id: Option<String>,
        /// What would change the answer.
        hint: String,
    },
    /// What was asked for does not exist.
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// A condition of the request does not hold: the object is another one than expected, or is there although it should not
    /// be. Nothing was done.
    ConditionNotMet {
        /// Which one.
        what: String,
    },
    /// A file of this device that is read or written for a transfer: it is not there, the disk is full, it changed meanwhile.
    LocalFile {
        /// Which file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A redirect that belongs to no open sign-in of this session. Nothing was changed.
    UnexpectedRedirect {
        /// How it differs from what was expected.
        detail: String,
    },
    /// The secure store could not be read or written. What it holds is left as it is.
    SecureStorage {
        /// What failed and what to do.
        detail: String,
        /// Whether it may pass by itself: a locked device, a keyring that does not answer.
        may_pass: bool,
    },
    /// A bug in this library, or an answer that no correct service gives.
    Internal {
        /// For the bug report.
        detail: String,
    },
}

/// Who answered, or should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum RemoteService {
    /// The Okta authorization server.
    Okta,
    /// Amazon Cognito identity pools.
    Cognito,
    /// Amazon S3.
    S3,
    /// An API that the app calls.
    Api,
}

/// What stands between this device and a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Obstacle {
    /// The certificate is not trusted: a network's sign-in page, an inspecting proxy, or a CA that this device does not
    /// know.
    Certificate,
    /// This device's clock is so wrong that certificates seem not yet or no longer valid.
    Clock,
    /// The proxy refuses, or is not there.
    Proxy,
    /// Something else answers in the service's place: a network's sign-in page, a web filter.
    Interception,
}

/// The coarse answer to "what now?", for a shell that does not look closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Recovery {
    /// Offer to sign in.
    SignIn,
    /// Try again, now or later; nothing is lost.
    Retry,
    /// A developer or administrator has to change a setting.
    FixConfiguration,
    /// Ask for access; trying again does not help.
    AskForAccess,
    /// Nothing to do: the user chose this, or the event can be ignored.
    Ignore,
    /// Report it: a bug, or a damaged device.
    Report,
}

#[uniffi::export]
impl SessionError {
    /// The variant's name in snake case, stable, for machines.
    pub fn kind(&self) -> String {
        self.to_core().kind().to_owned()
    }

    /// The coarse answer to "what should the app do now?".
    pub fn recovery(&self) -> Recovery {
        self.to_core().recovery().into()
    }

    /// What happened and, where there is more to say, what to do: English sentences for a log or a developer. Apps show
    /// texts of their own.
    pub fn describe(&self) -> String {
        let error = self.to_core();
        error.hint().map_or_else(|| error.to_string(), |hint| format!("{error}. {hint}"))
    }
}

impl SessionError {
    /// The core's error of the same meaning: it has the answers, this crate only carries them.
    pub(crate) fn to_core(&self) -> jetbridge::SessionError {
        use jetbridge::SessionError as Core;
        match self.clone() {
            Self::UserCancelled => Core::UserCancelled,
            Self::SignInRequired { reason } => Core::SignInRequired { reason: reason.into() },
            Self::Retryable { failure, retry_after_seconds } => {
                Core::Retryable { failure, retry_after: retry_after_seconds.map(Duration::from_secs) }
            }
            Self::Obstructed { service, obstacle, problem, hint } => {
                Core::Obstructed { service: service.into(), obstacle: obstacle.into(), problem, hint }
            }
            Self::Misconfigured { setting, problem, hint } => Core::Misconfigured { setting, problem, hint },
            Self::AccessDenied { service, code, request_id, hint } => {
                Core::AccessDenied { service: service.into(), code, request_id, hint }
            }
            Self::NotFound { what } => Core::NotFound { what },
            Self::ConditionNotMet { what } => Core::ConditionNotMet { what },
            Self::LocalFile { path, problem } => Core::LocalFile { path, problem },
            Self::UnexpectedRedirect { detail } => Core::UnexpectedRedirect { detail },
            Self::SecureStorage { detail, may_pass } => {
                // Which of the lasting kinds it was makes no difference to what the app should do.
                let kind = if may_pass { StorageErrorKind::Unavailable } else { StorageErrorKind::Io };
                Core::SecureStorage { kind, detail }
            }
            Self::Internal { detail } => Core::Internal { detail },
        }
    }
}

impl From<jetbridge::SessionError> for SessionError {
    fn from(error: jetbridge::SessionError) -> Self {
        use jetbridge::SessionError as Core;
        // What a newer core adds is told, until it is given a variant here: a test compares the two.
        let unknown = |error: &Core| Self::Internal { detail: error.to_string() };
        match error {
            Core::UserCancelled => Self::UserCancelled,
            Core::SignInRequired { reason } => Self::SignInRequired { reason: reason.into() },
            Core::Retryable { failure, retry_after } => {
                Self::Retryable { failure, retry_after_seconds: retry_after.map(|wait| wait.as_secs()) }
            }
            Core::Obstructed { service, obstacle, ref problem, ref hint } => {
                match RemoteService::known(service).zip(Obstacle::known(obstacle)) {
                    Some((service, obstacle)) => {
                        Self::Obstructed { service, obstacle, problem: problem.clone(), hint: hint.clone() }
                    }
                    None => unknown(&error),
                }
            }
            Core::Misconfigured { setting, problem, hint } => Self::Misconfigured { setting, problem, hint },
            Core::AccessDenied { service, ref code, ref request_id, ref hint } => match RemoteService::known(service) {
                Some(service) => Self::AccessDenied {
                    service,
                    code: code.clone(),
                    request_id: request_id.clone(),
                    hint: hint.clone(),
                },
                None => unknown(&error),
            },
            Core::NotFound { what } => Self::NotFound { what },
            Core::NoSuchBucket { bucket, setting } => {
                let check = setting.as_deref().unwrap_or("its name");
                Self::NotFound { what: format!("bucket {bucket}: check {check}") }
            }
            Core::ConditionNotMet { what } => Self::ConditionNotMet { what },
            Core::LocalFile { path, problem } => Self::LocalFile { path, problem },
            Core::UnexpectedRedirect { detail } => Self::UnexpectedRedirect { detail },
            Core::SecureStorage { kind, detail } => {
                Self::SecureStorage { detail, may_pass: kind == StorageErrorKind::Unavailable }
            }
            Core::Internal { detail } => Self::Internal { detail },
            _ => unknown(&error),
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_core().fmt(f)
    }
}

impl std::error::Error for SessionError {}

impl Obstacle {
    fn known(obstacle: jetbridge::Obstacle) -> Option<Self> {
        match obstacle {
            jetbridge::Obstacle::Certificate => Some(Self::Certificate),
            jetbridge::Obstacle::Clock => Some(Self::Clock),
            jetbridge::Obstacle::Proxy => Some(Self::Proxy),
            jetbridge::Obstacle::Interception => Some(Self::Interception),
            _ => None,
        }
    }
}

impl From<Obstacle> for jetbridge::Obstacle {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::Certificate => Self::Certificate,
            Obstacle::Clock => Self::Clock,
            Obstacle::Proxy => Self::Proxy,
            Obstacle::Interception => Self::Interception,
        }
    }
}

impl RemoteService {
    fn known(service: jetbridge::Service) -> Option<Self> {
        match service {
            jetbridge::Service::Okta => Some(Self::Okta),
            jetbridge::Service::Cognito => Some(Self::Cognito),
            jetbridge::Service::S3 => Some(Self::S3),
            jetbridge::Service::Api => Some(Self::Api),
            _ => None,
        }
    }
}

impl From<RemoteService> for jetbridge::Service {
    fn from(service: RemoteService) -> Self {
        match service {
            RemoteService::Okta => Self::Okta,
            RemoteService::Cognito => Self::Cognito,
            RemoteService::S3 => Self::S3,
            RemoteService::Api => Self::Api,
        }
    }
}

impl From<jetbridge::Recovery> for Recovery {
    fn from(recovery: jetbridge::Recovery) -> Self {
        match recovery {
            jetbridge::Recovery::SignIn => Self::SignIn,
            jetbridge::Recovery::Retry => Self::Retry,
            jetbridge::Recovery::FixConfiguration => Self::FixConfiguration,
            jetbridge::Recovery::AskForAccess => Self::AskForAccess,
            jetbridge::Recovery::Ignore => Self::Ignore,
            _ => Self::Report,
        }
    }
}

/// A foreign listener (an observer, a log) failed. The session goes on without what it was told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ListenerError {
    /// What it threw. The text is not logged: nobody knows what is in it.
    #[error("the listener failed")]
    Failed {
        /// For whoever catches it.
        detail: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { detail: exception_name(&error.reason).to_owned() }
    }
}

/// The name of the exception's class, if the text begins with one. What follows it may hold anything, a secret included.
pub(crate) fn exception_name(reason: &str) -> &str {
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$');
    let name = reason.split([':', '(']).next().unwrap_or_default().trim();
    if name.is_empty() || name.len() > 200 || !name.chars().all(is_part_of_name) { "an exception" } else { name }
}
