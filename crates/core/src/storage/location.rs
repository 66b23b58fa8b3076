//! Where the desktop keeps its store unless told otherwise.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::{StorageError, StorageErrorKind};

/// The environment variable `JETBRIDGE_HOME`, else the place where the platform wants such files: `~/Library/Application
/// Support/Jetbridge` on macOS, `%LOCALAPPDATA%\Jetbridge` on Windows, `$XDG_STATE_HOME/jetbridge` or
/// `~/.local/state/jetbridge` elsewhere (XDG Base Directory Specification).
///
/// # Errors
/// [`Unavailable`](StorageErrorKind::Unavailable) when none of these variables is set, or the one that counts to a relative path.
pub fn default_directory() -> Result<PathBuf, StorageError> {
    directory_from(|variable| std::env::var_os(variable))
}

pub(super) fn directory_from(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, StorageError> {
    let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // Each current directory would have a session of its own, and a key in whatever folder the user happens to be.
    let whole_path = |name: &str| match path(name) {
        Some(relative) if !relative.has_root() => Err(StorageError::new(
            StorageErrorKind::Unavailable,
            format!(
                "failed to find a directory for the session: {name} is '{}' and has to be a whole path",
                relative.display()
            ),
        )),
        found => Ok(found),
    };
    if let Some(chosen) =
        path("JETBRIDGE_HOME").filter(|chosen| chosen.as_os_str().as_encoded_bytes().starts_with(b"~"))
    {
        return absolute_path(&chosen);
    }
    if let Some(chosen) = whole_path("JETBRIDGE_HOME")? {
        return absolute_path(&chosen);
    }
    let directory = {
        if cfg!(target_os = "macos") {
            whole_path("HOME")?.map(|home| home.join("Library/Application Support/Jetbridge"))
        } else if cfg!(windows) {
            whole_path("LOCALAPPDATA")?.map(|data| data.join("Jetbridge"))
        } else {
            // The specification says to ignore a relative path here.
            let state = match path("XDG_STATE_HOME").filter(|state| state.is_absolute()) {
                Some(state) => Some(state),
                None => whole_path("HOME")?.map(|home| home.join(".local/state")),
            };
            state.map(|state| state.join("jetbridge"))
        }
    };
    directory.ok_or_else(|| {
        StorageError::new(
            StorageErrorKind::Unavailable,
            "failed to find a directory for the session: set JETBRIDGE_HOME to one",
        )
    })
}

const HOME: &str = if cfg!(windows) { "the home directory (USERPROFILE)" } else { "the home directory (HOME)" };

/// A path as a person writes it: `~/` at its beginning is the user's home, and what is relative is so to the current
/// directory. A shell has done the first where it could: not behind `file:` or `=`, and not in a file that names a command.
///
/// # Errors
/// [`Denied`](StorageErrorKind::Denied) for an empty path and for another user's `~name`;
/// [`Unavailable`](StorageErrorKind::Unavailable) when home or current directory are not known.
pub fn absolute_path(path: &Path) -> Result<PathBuf, StorageError> {
    let refused = |reason: &str| {
        StorageError::new(StorageErrorKind::Denied, format!("failed to use the path '{}': {reason}", path.display()))
    };
    let unknown = |what: &str| {
        StorageError::new(
            StorageErrorKind::Unavailable,
            format!("failed to use the path '{}': {what} is not known; write the whole path", path.display()),
        )
    };
    let mut components = path.components();
    let full = match components.next() {
        None => return Err(refused("it is empty")),
        Some(Component::Normal(first)) if first == "~" => {
            home_directory().ok_or_else(|| unknown(HOME))?.join(components.as_path())
        }
        Some(Component::Normal(first)) if first.as_encoded_bytes().starts_with(b"~") => {
            return Err(refused("only ~/ is understood; write the whole path (or ./~ for a folder of that name)"));
        }
        Some(_) => path.to_owned(),
    };
    std::path::absolute(full).map_err(|_| unknown("the current directory"))
}

/// The user's home, for paths and advice.
pub(super) fn home_directory() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute())
}
