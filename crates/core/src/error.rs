//! The few kinds of failure an app has to tell apart. Each answers "what should the app do now?"; the many causes behind
//! them are sorted by one table, [`crate::diagnosis`]. Everything in here is safe to log.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::storage::{StorageError, StorageErrorKind};

/// Why the user has to sign in (again).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignInReason {
    /// Nobody has signed in with this configuration and account yet, or the user signed out.
    SignedOut,
    /// Okta refused the refresh token: it expired, was revoked, or was used twice. Holds Okta's `error` code.
    RefreshTokenRefused {
        /// The `error` of Okta's answer, such as `invalid_grant`.
        code: String,
    },
    /// The ID token expired and there is no refresh token: `offline_access` was not asked for or not granted.
    NoRefreshToken,
    /// Okta refused the authorization code: it is older than its few minutes, or was used before.
    AuthorizationCodeRefused,
    /// Cognito finds the ID token expired, even a fresh one. Holds Cognito's error code.
    IdTokenRefused {
        /// The error type of Cognito's answer.
        code: String,
    },
    /// Okta wants the user to interact, although the request asked it not to (`login_required` and its kin).
    InteractionRequired {
        /// The `error` of the redirect.
        code: String,
    },
}

impl fmt::Display for SignInReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOut => f.write_str("nobody is signed in"),
            Self::RefreshTokenRefused { code } => {
                write!(
                    f,
                    "Okta no longer renews this sign-in: it has expired, was ended, or was used elsewhere ({code})"
                )
            }
            Self::NoRefreshToken => {
                f.write_str("the sign-in has expired and there is no refresh token (scope offline_access)")
            }
            Self::AuthorizationCodeRefused => f.write_str("the sign-in took too long or was already used"),
            Self::IdTokenRefused { code } => write!(f, "Cognito no longer accepts the sign-in ({code})"),
            Self::InteractionRequired { code } => write!(f, "Okta asks the user to sign in ({code})"),
        }
    }
}

/// Who answered, or should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Service {
    /// The Okta authorization server.
    Okta,
    /// Amazon Cognito identity pools.
    Cognito,
    /// Amazon S3.
    S3,
    /// An API that the app calls.
    Api,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Okta => "Okta",
            Self::Cognito => "Cognito",
            Self::S3 => "S3",
            Self::Api => "the API",
        })
    }
}

/// What stands between this device and a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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

/// What went wrong, sorted by what the app should do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The user gave up: closed the browser (only the shell can know), cancelled or signed out while a sign-in was under
    /// way. "No" said on Okta's page is [`AccessDenied`](Self::AccessDenied).
    #[error("the sign-in was cancelled")]
    UserCancelled,
    /// Only a new sign-in helps.
    #[error("{reason}")]
    SignInRequired {
        /// Why.
        reason: SignInReason,
    },
    /// A passing fault: network, throttling, an outage. The session is kept.
    #[error("{failure}")]
    Retryable {
        /// What failed, as a sentence.
        failure: String,
        /// How long the service asked to wait, if it did; at most ten minutes.
        retry_after: Option<Duration>,
    },
    /// Something between this device and the service, which a person can do something about; trying again does not help
    /// before. The session is kept.
    #[error("{service} cannot be reached: {problem}")]
    Obstructed {
        /// Who should have answered.
        service: Service,
        /// What it is: an app may show the device's settings for its date, or the network's sign-in page.
        obstacle: Obstacle,
        /// What was found in the way.
        problem: String,
        /// What to do about it.
        hint: String,
    },
    /// A setting here, in Okta or in AWS is wrong.
    #[error("{setting}: {problem}")]
    Misconfigured {
        /// The setting, by the name it has in the configuration files or consoles; or what else the app chose.
        setting: String,
        /// What is wrong with it.
        problem: String,
        /// What to change, and where.
        hint: String,
    },
    /// A service understood the request and refused it.
    #[error("{service} refused: {code}")]
    AccessDenied {
        /// Who refused.
        service: Service,
        /// The service's own error code.
        code: String,
        /// The service's id of the request, for its support.
        request_id: Option<String>,
        /// What would change the answer.
        hint: String,
    },
    /// What was asked for does not exist.
    #[error("not found: {what}")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// Nobody has a bucket of this name.
    #[error("not found: bucket {bucket}: check {}", setting.as_deref().unwrap_or("its name"))]
    NoSuchBucket {
        /// The name.
        bucket: String,
        /// The setting that names it, if it is the configuration's and not one that the app has asked for.
        setting: Option<String>,
    },
    /// A condition of the request does not hold: the object is another one than expected, or is there although it should not
    /// be. Nothing was done. Look at it again and decide.
    #[error("a condition was not met: {what}")]
    ConditionNotMet {
        /// Which one.
        what: String,
    },
    /// A file of this device that is read or written for a transfer: it is not there, the disk is full, it changed meanwhile.
    #[error("{path}: {problem}")]
    LocalFile {
        /// Which file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A redirect that belongs to no open sign-in of this session. No code was exchanged and nothing was changed.
    #[error("unexpected redirect: {detail}")]
    UnexpectedRedirect {
        /// How it differs from what was expected.
        detail: String,
    },
    /// The secure store could not be read or written. What it holds is left as it is. One that the app may not use as it was
    /// built is [`Misconfigured`](Self::Misconfigured).
    #[error("secure storage: {detail}")]
    SecureStorage {
        /// What kind of failure: `Unavailable` may pass by itself, the others do not.
        kind: StorageErrorKind,
        /// What failed and what to do.
        detail: String,
    },
    /// A bug in this library, or an answer that no correct service gives.
    #[error("internal error: {detail}")]
    Internal {
        /// For the bug report.
        detail: String,
    },
}

impl SessionError {
    /// The variant's name in snake case, stable, for machines.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UserCancelled => "user_cancelled",
            Self::SignInRequired { .. } => "sign_in_required",
            Self::Retryable { .. } => "retryable",
            Self::Obstructed { .. } => "obstructed",
            Self::Misconfigured { .. } => "misconfigured",
            Self::AccessDenied { .. } => "access_denied",
            Self::NotFound { .. } | Self::NoSuchBucket { .. } => "not_found",
            Self::ConditionNotMet { .. } => "condition_not_met",
            Self::LocalFile { .. } => "local_file",
            Self::UnexpectedRedirect { .. } => "unexpected_redirect",
            Self::SecureStorage { .. } => "secure_storage",
            Self::Internal { .. } => "internal",
        }
    }

    /// The service was asked too much in a time, and fewer requests help.
    pub(crate) fn is_rate_limit(&self) -> bool {
        matches!(self, Self::Retryable { failure, .. } if failure.contains(RATE_LIMITED))
    }

    /// What to do about it, where there is more to say than the message says.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Obstructed { hint, .. } | Self::Misconfigured { hint, .. } | Self::AccessDenied { hint, .. } => {
                Some(hint.clone())
            }
            Self::SignInRequired { .. } => Some("Sign in again.".to_owned()),
            Self::Retryable { retry_after: Some(wait), .. } => {
                Some(format!("Try again in {} s.", wait.as_secs().max(1)))
            }
            Self::Retryable { failure, .. } => Some(advise_on_passing(failure).to_owned()),
            Self::UnexpectedRedirect { detail } if detail.starts_with(PAGE_OF_OKTA) => Some(
                "Run jetbridge doctor. If the page wants a sign-in instead, finish that, and give the address that the browser \
                 ends at."
                    .to_owned(),
            ),
            Self::UnexpectedRedirect { .. } => {
                Some("Start the sign-in again and use the redirect of that very attempt.".to_owned())
            }
            Self::Internal { .. } => {
                Some("Please report this, with what the log says around it (on the command line: -vv).".to_owned())
            }
            Self::NoSuchBucket { setting: Some(setting), .. } => {
                Some(format!("Compare {setting} with the S3 console > Buckets."))
            }
            Self::UserCancelled
            | Self::NotFound { .. }
            | Self::NoSuchBucket { setting: None, .. }
            | Self::ConditionNotMet { .. }
            | Self::LocalFile { .. }
            | Self::SecureStorage { .. } => None,
        }
    }

    /// The coarse answer to "what should the app do now?".
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::UserCancelled | Self::UnexpectedRedirect { .. } => Recovery::Ignore,
            Self::SignInRequired { .. } => Recovery::SignIn,
            // What the user can look at and decide about is worth another try, and never to be passed over in silence.
            Self::Retryable { .. }
            | Self::Obstructed { .. }
            | Self::ConditionNotMet { .. }
            | Self::LocalFile { .. }
            | Self::SecureStorage { kind: StorageErrorKind::Unavailable, .. } => Recovery::Retry,
            Self::Misconfigured { .. } | Self::NotFound { .. } | Self::NoSuchBucket { .. } => {
                Recovery::FixConfiguration
            }
            Self::AccessDenied { .. } => Recovery::AskForAccess,
            Self::SecureStorage { .. } | Self::Internal { .. } => Recovery::Report,
        }
    }

    /// Whether it is about the one object that was asked for, by its key or its size: whoever works on many goes on with the
    /// others. What the configuration or all requests have in common is not.
    pub fn is_about_one_object(&self) -> bool {
        match self {
            Self::NotFound { .. } | Self::ConditionNotMet { .. } | Self::LocalFile { .. } => true,
            Self::Misconfigured { setting, .. } => {
                [SETTING_KEY, SETTING_OBJECT, SETTING_COPY_SOURCE].contains(&setting.as_str())
            }
            _ => false,
        }
    }

    /// Whether it says that there is no session any more. All else leaves it as it was: what is at hand may be used for as
    /// long as it lasts. Without a refresh token there never will be anything better.
    pub(crate) fn ends_session(&self) -> bool {
        matches!(self, Self::SignInRequired { reason } if *reason != SignInReason::NoRefreshToken)
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::Internal { detail: detail.into() }
    }

    pub(crate) fn interrupted() -> Self {
        Self::Retryable { failure: format!("{INTERRUPTED}: the app's runtime ended"), retry_after: None }
    }

    pub(crate) fn signed_out() -> Self {
        Self::SignInRequired { reason: SignInReason::SignedOut }
    }
}

/// Settings of `Misconfigured` that are no settings of the configuration: what is wrong is one object.
pub(crate) const SETTING_KEY: &str = "key";
pub(crate) const SETTING_OBJECT: &str = "object";
pub(crate) const SETTING_COPY_SOURCE: &str = "copy source";

/// Passing faults by the words that say what failed, the more special ones first. An error crosses to Kotlin and Swift as
/// words, so its advice is found by them there too.
const PASSING: [(&str, &str); 15] = [
    (MAY_BE_DONE, "Look whether it was carried out before you send it again: the answer was lost, not the request."),
    (
        NOBODY_LISTENS,
        "Start what the configuration names there (the local stack, say), or correct host and port in the configuration.",
    ),
    (
        LOOPBACK_DOWN,
        if cfg!(target_os = "linux") {
            "Bring the loopback interface up (ip link set lo up); a sandbox without any network has none that is up."
        } else {
            "See what keeps programs of this machine from each other: a firewall, a sandbox without any network."
        },
    ),
    (
        UNKNOWN_NAME,
        "Check that this device is online, then its DNS or VPN, and the spelling of the host in the configuration. A name that \
         only a test knows takes --resolve HOST:PORT:ADDRESS; where a proxy finds names, NO_PROXY must not name this one.",
    ),
    (
        NO_CONNECTION,
        "Check that this device is online, and that host and port in the configuration are right; a firewall or VPN may \
         keep them apart.",
    ),
    (NO_ANSWER, "The network is slow, or swallows what is sent. Try again, or over another network."),
    (BROKEN, "The connection broke on the way: try again. If it lasts, try another network or ask who runs this one."),
    (OUT_OF_ORDER, "The trouble is on its side, not on this device's: try again in a few minutes."),
    (RATE_LIMITED, "Wait a minute, then try again; fewer requests at a time help."),
    (SENSELESS, ON_THE_SERVER),
    (WRONG_CLOCK, ON_THE_SERVER),
    (CLOCKS_DISAGREE, ON_THE_SERVER),
    (
        IN_USE,
        "Try again when the other process is done. One that hangs or was stopped (Ctrl-Z) has to go on, or be ended, first.",
    ),
    (INTERRUPTED, "Try again; a process or app that is about to end begins nothing new."),
    (SIGNED_IN_MEANWHILE, "Try again: the new sign-in is the one that counts."),
];
const ON_THE_SERVER: &str = "Nothing on this device mends that: if it lasts, ask who runs the server.";
pub(crate) const PAGE_OF_OKTA: &str = "it is the address of a page of Okta's";
pub(crate) const MAY_BE_DONE: &str = "may have been carried out";
pub(crate) const NOBODY_LISTENS: &str = "nothing listens at";
pub(crate) const LOOPBACK_DOWN: &str = "this machine's loopback interface is down";
pub(crate) const UNKNOWN_NAME: &str = "its name cannot be resolved";
pub(crate) const NO_CONNECTION: &str = "no connection";
pub(crate) const NO_ANSWER: &str = "no answer in time";
pub(crate) const BROKEN: &str = "the connection broke";
pub(crate) const OUT_OF_ORDER: &str = "cannot answer now";
pub(crate) const RATE_LIMITED: &str = "limits the rate of requests";
pub(crate) const SENSELESS: &str = "makes no sense, which is the server's fault";
// As the table of services' words has them.
const WRONG_CLOCK: &str = "clock seems to be wrong";
const CLOCKS_DISAGREE: &str = "their clocks disagree";
pub(crate) const SIGNED_IN_MEANWHILE: &str = "somebody else signed in meanwhile";
const IN_USE: &str = "the stored session is in use";
const INTERRUPTED: &str = "the work was interrupted";

fn advise_on_passing(failure: &str) -> &'static str {
    let found = PASSING.iter().find(|(words, _)| failure.contains(words));
    found.map_or("It may pass by itself: try again in a moment.", |(_, advice)| advice)
}

impl From<StorageError> for SessionError {
    fn from(error: StorageError) -> Self {
        match error.kind {
            StorageErrorKind::Busy => {
                Self::Retryable { failure: format!("{IN_USE}: {}", error.detail), retry_after: None }
            }
            // As of every setting: nobody who uses the app can do anything about it.
            StorageErrorKind::Misconfigured => Self::Misconfigured {
                setting: "secure storage".to_owned(),
                problem: error.detail,
                hint: "Correct how the app is built and signed; what is stored is left as it is.".to_owned(),
            },
            kind => Self::SecureStorage { kind, detail: error.detail },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_machine_does_to_itself_is_not_blamed_on_the_network() {
        let busy = SessionError::from(StorageError::new(StorageErrorKind::Busy, "failed to lock x.lock"));
        let interrupted = SessionError::interrupted();
        for (error, word) in [(busy, "Ctrl-Z"), (interrupted, "about to end")] {
            let hint = error.hint().unwrap();
            assert_eq!(error.recovery(), Recovery::Retry);
            assert!(hint.contains(word) && !hint.contains("network") && !hint.contains("online"), "{error}: {hint}");
        }
    }

    /// Of a bucket that the app names itself, the configuration says nothing; and it has no other objects either.
    #[test]
    fn a_bucket_is_told_by_whoever_names_it() {
        let absent = |setting: Option<&str>| SessionError::NoSuchBucket {
            bucket: "data".to_owned(),
            setting: setting.map(str::to_owned),
        };
        let configured = absent(Some("Storage.AWSS3.bucket"));
        assert_eq!(configured.to_string(), "not found: bucket data: check Storage.AWSS3.bucket");
        assert_eq!(configured.hint().unwrap(), "Compare Storage.AWSS3.bucket with the S3 console > Buckets.");
        let named = absent(None);
        assert_eq!((named.to_string().as_str(), named.hint()), ("not found: bucket data: check its name", None));
        let object = SessionError::NotFound { what: "bucket list.txt".to_owned() };
        assert_eq!(object.hint(), None, "it is an object's name");
        assert!(object.is_about_one_object() && !named.is_about_one_object());
    }

    /// Apps show everything but what is to be ignored.
    #[test]
    fn nothing_that_failed_for_the_user_is_to_be_ignored() {
        let changed = SessionError::ConditionNotMet { what: "the object is another one".to_owned() };
        let full = SessionError::LocalFile { path: "film.mov".to_owned(), problem: "there is no room".to_owned() };
        for error in [changed, full] {
            assert_eq!(error.recovery(), Recovery::Retry, "{error}");
        }
    }

    #[test]
    fn a_store_that_the_app_was_not_built_for_is_the_developer_s_to_mend() {
        let error = SessionError::from(StorageError::new(StorageErrorKind::Misconfigured, "no entitlement"));
        assert_eq!((error.kind(), error.recovery()), ("misconfigured", Recovery::FixConfiguration));
        assert!(error.to_string().contains("no entitlement") && !error.ends_session(), "{error}");
    }

    #[test]
    fn every_advice_is_the_one_of_its_words() {
        for (words, advice) in PASSING {
            assert_eq!(advise_on_passing(words), advice, "{words}");
        }
    }
}
