//! Where the desktop keeps its store unless told otherwise.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{StorageError, StorageErrorKind};

/// The environment variable `JETBRIDGE_HOME`, else the place where the platform wants such files: `~/Library/Application
/// Support/Jetbridge` on macOS, `%LOCALAPPDATA%\Jetbridge` on Windows, `$XDG_STATE_HOME/jetbridge` or
/// `~/.local/state/jetbridge` elsewhere (XDG Base Directory Specification).
///
/// # Errors
/// [`Unavailable`](StorageErrorKind::Unavailable) when none of these variables is set.
pub fn default_directory() -> Result<PathBuf, StorageError> {
    directory_from(|variable| std::env::var_os(variable))
}

pub(super) fn directory_from(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, StorageError> {
    let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let directory = path("JETBRIDGE_HOME").or_else(|| {
        if cfg!(target_os = "macos") {
            path("HOME").map(|home| home.join("Library/Application Support/Jetbridge"))
        } else if cfg!(windows) {
            path("LOCALAPPDATA").map(|data| data.join("Jetbridge"))
        } else {
            path("XDG_STATE_HOME")
                // The specification says to ignore a relative path here.
                .filter(|state| state.is_absolute())
                .or_else(|| path("HOME").map(|home| home.join(".local/state")))
                .map(|state| state.join("jetbridge"))
        }
    });
    directory.ok_or_else(|| {
        StorageError::new(
            StorageErrorKind::Unavailable,
            "failed to find a directory for the session: set JETBRIDGE_HOME to one",
        )
    })
}
