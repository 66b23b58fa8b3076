//! How a command ends: the exit codes that scripts rely on, and the one error type that carries them.

use std::io;

use jetbridge::storage::{StorageError, StorageErrorKind};
use jetbridge::{ConfigError, ConfigProblem, Service, SessionError};

use crate::invocation::{command, invocation};

/// The process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Internal = 1,
    /// Wrong usage, or a redirect that belongs to no open sign-in.
    Usage = 2,
    SignInRequired = 3,
    Misconfigured = 4,
    AccessDenied = 5,
    /// Network or another passing fault.
    Temporary = 6,
    Cancelled = 7,
    SecureStorage = 8,
    NotFound = 9,
    /// A command that `exec` was to run cannot be run, or is not there: what shells say then.
    CommandNotRun = 126,
    CommandNotFound = 127,
    /// An object is not what a condition says.
    ConditionNotMet = 10,
    /// A file here that cannot be read or written.
    LocalFile = 11,
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) enum CliError {
    /// To be told to the user.
    Failed(Failure),
    /// The reader of our output went away (`jetbridge ls | head`): it has what it wanted, unless the answer was one
    /// document.
    OutputClosed,
}

/// What happened, what to do, and the exit code.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// A stable name for machines; those of [`SessionError::kind`] and a few of our own.
    pub(crate) kind: &'static str,
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// It is about one object among many: the others may well do better.
    pub(crate) is_of_one: bool,
    /// Something in the chain from the files to the bucket does not hold: `doctor` says which.
    pub(crate) doctor_helps: bool,
}

impl Failure {
    pub(crate) fn new(kind: &'static str, exit: Exit, message: impl Into<String>) -> Self {
        Self { kind, exit, message: message.into(), hint: None, is_of_one: false, doctor_helps: false }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What the core says. How its shell is called, only the shell knows.
    pub(crate) fn from_session(error: &SessionError) -> Self {
        let hint = match error {
            SessionError::SignInRequired { .. } => Some(format!("Run: {}", command(&["login"]))),
            SessionError::SecureStorage { kind, detail } => Some(storage_hint(*kind, detail)),
            // Okta's page remembers who was refused: the next sign-in would end in the same way without asking anybody.
            SessionError::AccessDenied { service: Service::Okta, code, hint, .. } if code == "access_denied" => {
                Some(format!("{hint}\nTo sign in as somebody else, run: {}", command(&["login", "--force"])))
            }
            _ => error.hint(),
        };
        let is_of_one = error.is_about_one_object();
        let doctor_helps = !is_of_one
            && matches!(
                error,
                SessionError::Misconfigured { .. }
                    | SessionError::AccessDenied { .. }
                    | SessionError::Obstructed { .. }
            );
        Self { kind: error.kind(), exit: Exit::of(error), message: error.to_string(), hint, is_of_one, doctor_helps }
    }

    /// Says who tells more, to somebody who reads what failed.
    pub(crate) fn propose_doctor(mut self) -> Self {
        if std::mem::take(&mut self.doctor_helps) {
            let hint = self.hint.get_or_insert_default();
            let line_end = if hint.is_empty() { "" } else { "\n" };
            hint.push_str(&format!("{line_end}To see what else holds, run: {}", command(&["doctor"])));
        }
        self
    }

    /// The same failure of a sign-out: who wants to leave is not told to sign in instead.
    pub(crate) fn of_sign_out(mut self, words: &[&str]) -> Self {
        let Some(hint) = self.hint.as_ref().filter(|hint| hint.contains(BESIDE)) else { return self };
        let rest: Vec<_> = hint.lines().filter(|line| !line.starts_with(BESIDE)).collect();
        self.hint = Some(format!("You are not signed out. {}\nThen again: {}", rest.join("\n"), command(words)));
        self
    }

    /// Ctrl-C, or the end of the input that we waited for.
    pub(crate) fn cancelled() -> Self {
        Self::new("user_cancelled", Exit::Cancelled, "cancelled")
    }

    /// A bug, or a machine in a state that we cannot work in.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new("internal", Exit::Internal, message)
    }
}

/// How the lines begin that are for a sign-in alone.
const BESIDE: &str = "To sign in beside it";

/// The way out of a store that cannot be used, by a sign-in beside it too.
fn storage_hint(kind: StorageErrorKind, detail: &str) -> String {
    let advice = storage_advice(kind, detail);
    // Where every session is lost, one sign-out would leave the others in the way of whoever signs in next.
    let (what, logout) = match is_of_one_session(detail) {
        true => ("it", command(&["logout"])),
        false => ("all that is stored there", command(&["logout", "--all"])),
    };
    let give_up = match kind {
        StorageErrorKind::Unavailable => format!("\nTo give up {what} for good: {logout}"),
        // Whoever finds the key again has all of it back.
        StorageErrorKind::Corrupt | StorageErrorKind::KeyMissing if is_of_the_key(detail) => {
            format!("\nOnly if that is lost for good, end every session that is stored there: {logout}")
        }
        StorageErrorKind::Corrupt | StorageErrorKind::KeyMissing => format!("\nTo remove {what}: {logout}"),
        StorageErrorKind::Denied | StorageErrorKind::Io | StorageErrorKind::Misconfigured => String::new(),
        StorageErrorKind::Busy => return advice.to_owned(),
    };
    format!("{advice}{give_up}\n{BESIDE}, with a key file: {}", command(&["--store", "file:PATH", "login"]))
}

/// Whether the other sessions in the store may be well: it is not the key that fails, nor what says where that is. By the core's
/// own words.
fn is_of_one_session(detail: &str) -> bool {
    detail.contains("the stored session ") || detail.contains(".sealed: ")
}

/// Whether what is stored may be well, and only the key is away or what says where that is. By the core's own words.
pub(crate) fn is_of_the_key(detail: &str) -> bool {
    ["store.key", "store.json", "the keyring"].iter().any(|what| detail.contains(what))
}

/// Windows' Credential Manager needs no unlocking, and has nothing for a network logon (learn.microsoft.com, "CredWriteW":
/// ERROR_NO_SUCH_LOGON_SESSION).
const KEYRING_ADVICE: &str = if cfg!(windows) {
    "Sign in at the desktop or by Remote Desktop and try again: Windows' Credential Manager keeps nothing for network logons, as \
     by ssh with a key or by WinRM, and nothing for some services."
} else if cfg!(target_os = "macos") {
    "Unlock the login keychain and try again; over ssh, security unlock-keychain does that."
} else {
    "Unlock the keyring and try again. Where none is to be reached (ssh, a container, cron), \
     DBUS_SESSION_BUS_ADDRESS may have to name the desktop's bus: unix:path=/run/user/UID/bus."
};

/// Windows says the same of a medium that is write-protected, of an access list, and of a file that another program has open.
const DENIED_ADVICE: &str = if cfg!(windows) {
    "Windows has to allow this user to change the store's folder and the files in it: see Properties > Security in Explorer, \
     whether its drive can be written, and whether another program has a file there open."
} else {
    "The store's folder and the files in it have to be yours alone."
};

const LOST_PATH_ADVICE: &str = if cfg!(windows) {
    "Look at that path, which JETBRIDGE_HOME, LOCALAPPDATA or --store names: its drive may not be connected, a link in it may \
     lead nowhere, or a name have a sign that Windows does not allow."
} else if cfg!(target_os = "macos") {
    "Look at that path, which JETBRIDGE_HOME, HOME or --store names: its disk may not be mounted, a link in it may lead nowhere, \
     or a name be too long."
} else {
    "Look at that path, which JETBRIDGE_HOME, XDG_STATE_HOME, HOME or --store names: its disk may not be mounted, a \
     link in it may lead nowhere, or a name be too long."
};

/// What to do about the store itself.
fn storage_advice(kind: StorageErrorKind, detail: &str) -> &'static str {
    match kind {
        StorageErrorKind::Unavailable if detail.contains("a newer Jetbridge") => "Update this program.",
        StorageErrorKind::Unavailable => KEYRING_ADVICE,
        StorageErrorKind::Corrupt | StorageErrorKind::KeyMissing if detail.contains("the keyring") => {
            "The sessions come back with their key: unlock the keyring, or restore its entry (service \"jetbridge\")."
        }
        StorageErrorKind::Corrupt | StorageErrorKind::KeyMissing if is_of_the_key(detail) => {
            "The sessions come back with that file: if it was moved or is in a backup, put it back into that folder."
        }
        StorageErrorKind::Corrupt | StorageErrorKind::KeyMissing => {
            "What is stored cannot be read any more; only you may remove it."
        }
        StorageErrorKind::Denied
            if ["is not a folder", "symbolic link; use"].iter().any(|what| detail.contains(what)) =>
        {
            "Name a folder, or a path where nothing is yet: with --store file:PATH, or by JETBRIDGE_HOME."
        }
        StorageErrorKind::Denied if detail.contains("move it elsewhere") => {
            "Nothing but this program's own files may be in their place; only you know whether you need that."
        }
        StorageErrorKind::Denied if detail.contains("choose the automatic store") => {
            "Leave --store and JETBRIDGE_STORE out, or use --store auto: it finds the key."
        }
        StorageErrorKind::Denied
            if detail.contains("choose another folder") || detail.contains("folder of your own") =>
        {
            "Name a folder of your own: by JETBRIDGE_HOME, or with --store file:PATH."
        }
        StorageErrorKind::Denied => DENIED_ADVICE,
        StorageErrorKind::Busy => "Try again when the other process is done.",
        StorageErrorKind::Misconfigured => "Install a build of this program that is signed for the system's store.",
        // By the core's own words: the system's are in any language.
        StorageErrorKind::Io if detail.contains("leads nowhere") => LOST_PATH_ADVICE,
        StorageErrorKind::Io => "Make room on the disk, or make it writable, and try again.",
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Exit {
    /// The code for what the core says.
    pub(crate) fn of(error: &SessionError) -> Self {
        match error {
            SessionError::UserCancelled => Self::Cancelled,
            SessionError::SignInRequired { .. } => Self::SignInRequired,
            SessionError::Retryable { .. } | SessionError::Obstructed { .. } => Self::Temporary,
            SessionError::Misconfigured { .. } => Self::Misconfigured,
            SessionError::AccessDenied { .. } => Self::AccessDenied,
            SessionError::NotFound { .. } | SessionError::NoSuchBucket { .. } => Self::NotFound,
            SessionError::ConditionNotMet { .. } => Self::ConditionNotMet,
            SessionError::LocalFile { .. } => Self::LocalFile,
            SessionError::UnexpectedRedirect { .. } => Self::Usage,
            SessionError::SecureStorage { .. } => Self::SecureStorage,
            _ => Self::Internal,
        }
    }
}

impl From<SessionError> for CliError {
    fn from(error: SessionError) -> Self {
        Self::Failed(Failure::from_session(&error))
    }
}

impl From<StorageError> for CliError {
    fn from(error: StorageError) -> Self {
        SessionError::from(error).into()
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let mut message = match error.problems.len() {
            1 => "the configuration has a problem".to_owned(),
            number => format!("the configuration has {number} problems"),
        };
        for (index, ConfigProblem { file, key, problem, expectation }) in error.problems.iter().enumerate() {
            let subject = if key.is_empty() { file.clone() } else { format!("{file}: {key}") };
            message.push_str(&format!("\n{subject} {problem}"));
            // Said once of several.
            if error.problems.get(index + 1).is_none_or(|next| next.expectation != *expectation) {
                message.push_str(&format!("\n  expected: {expectation}"));
            }
        }
        let hint = format!(
            "Every key is explained in config/README.md. `{} local-stack --write-config DIR` writes a configuration that \
             works without an account.",
            invocation()
        );
        Failure::new("misconfigured", Exit::Misconfigured, message).hint(hint).into()
    }
}

impl From<io::Error> for CliError {
    /// Only writing results gives a bare I/O error.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Failure::internal(format!("the output could not be written: {error}")).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_network_and_storage_has_a_next_step() {
        for kind in [
            StorageErrorKind::Unavailable,
            StorageErrorKind::Busy,
            StorageErrorKind::Corrupt,
            StorageErrorKind::KeyMissing,
            StorageErrorKind::Denied,
            StorageErrorKind::Io,
        ] {
            let CliError::Failed(failure) = StorageError::new(kind, "it failed").into() else { panic!("{kind:?}") };
            let is_busy = kind == StorageErrorKind::Busy;
            assert_eq!(failure.exit, if is_busy { Exit::Temporary } else { Exit::SecureStorage });
            assert!(failure.hint.is_some_and(|hint| is_busy || hint.contains(" login")), "{kind:?}");
            let error = SessionError::from(StorageError::new(kind, "it failed"));
            let sign_out = Failure::from_session(&error).of_sign_out(&["logout"]).hint.unwrap();
            assert!(!sign_out.contains(" login") && (is_busy || sign_out.contains(" logout")), "{kind:?}: {sign_out}");
        }
        let away = StorageError::new(StorageErrorKind::KeyMissing, "its key is not in the keyring; unlock the keyring");
        let hint = Failure::from_session(&away.into()).hint.unwrap();
        let lines: Vec<_> = hint.lines().collect();
        assert!(
            lines[0].contains("unlock the keyring, or restore its entry") && !lines[0].contains("logout"),
            "{hint}"
        );
        assert!(lines[1].starts_with("Only if that is lost for good") && lines[1].contains(" logout --all"), "{hint}");
        let newer = StorageError::new(StorageErrorKind::Unavailable, "a newer Jetbridge wrote it");
        let CliError::Failed(failure) = newer.into() else { panic!("a failure") };
        assert!(failure.hint.is_some_and(|hint| hint.starts_with("Update") && !hint.contains("keyring")));
        let unsigned = StorageError::new(StorageErrorKind::Misconfigured, "it lacks an entitlement");
        let CliError::Failed(failure) = unsigned.into() else { panic!("a failure") };
        assert_eq!(failure.exit, Exit::Misconfigured);
        assert!(failure.hint.is_some_and(|hint| hint.contains("signed")), "no sign-in helps there");
        for retry_after in [None, Some(std::time::Duration::from_secs(3))] {
            let failure = SessionError::Retryable { failure: "no answer".to_owned(), retry_after };
            assert!(Failure::from_session(&failure).hint.is_some());
        }
    }
}
