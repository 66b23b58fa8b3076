//! What a failure of the file system means to whoever uses the store. Every text has the path in it, because the remedy is
//! there.

use std::io::{self, ErrorKind};
use std::path::Path;

#[cfg(unix)]
use super::owner::describe_owner;
use crate::storage::{StorageError, StorageErrorKind};

impl StorageError {
    /// A failure of the file system while it was asked to `action` the file at `path`.
    pub(in crate::storage) fn io(action: &str, path: &Path, error: &io::Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::PermissionDenied => StorageErrorKind::Denied,
            _ => StorageErrorKind::Io,
        };
        #[cfg(unix)]
        let owner = if kind == StorageErrorKind::Denied { describe_owner(path) } else { None };
        // Access lists say more than one owner.
        #[cfg(not(unix))]
        let owner: Option<String> = None;
        let owner = owner.map(|owner| format!("; {owner}")).unwrap_or_default();
        Self::new(kind, format!("failed to {action} {}: {error}{owner}", path.display()))
    }

    /// Something at `path` is not safe to use.
    pub(super) fn refused(path: &Path, reason: &str) -> Self {
        Self::new(StorageErrorKind::Denied, format!("refused to use {}: {reason}", path.display()))
    }
}
