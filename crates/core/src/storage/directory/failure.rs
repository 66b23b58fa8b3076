//! What a failure of the file system means to whoever uses the store. Every text has the path in it, because the remedy is
//! there.

use std::io::{self, ErrorKind};
use std::path::Path;

#[cfg(unix)]
use super::owner::explain_denied;
use crate::storage::{StorageError, StorageErrorKind};

impl StorageError {
    /// A failure of the file system while it was asked to `action` the file at `path`.
    pub(in crate::storage) fn io(action: &str, path: &Path, error: &io::Error) -> Self {
        if error.kind() == ErrorKind::IsADirectory {
            return Self::not_a_file(path);
        }
        let kind = match error.kind() {
            ErrorKind::PermissionDenied => StorageErrorKind::Denied,
            _ => StorageErrorKind::Io,
        };
        let nowhere = match error.kind() {
            // It is not the disk's fault: there is no such place, or can be none.
            ErrorKind::NotFound | ErrorKind::InvalidFilename | ErrorKind::NotADirectory => "; the path leads nowhere",
            _ => "",
        };
        #[cfg(unix)]
        let why = if kind == StorageErrorKind::Denied { explain_denied(path) } else { None };
        // Access lists say more than one owner and a mode.
        #[cfg(not(unix))]
        let why = if kind == StorageErrorKind::Denied { explain_read_only(path) } else { None };
        let why = why.map(|why| format!("; {why}")).unwrap_or_default();
        Self::new(kind, format!("failed to {action} {}: {error}{nowhere}{why}", path.display()))
    }

    /// A folder, a pipe or the like is where one of the store's files belongs.
    pub(super) fn not_a_file(path: &Path) -> Self {
        Self::refused(path, "it is not a file; move it elsewhere or delete it")
    }

    /// A symbolic link is where one of the store's files belongs.
    #[cfg(unix)]
    pub(super) fn is_a_link(path: &Path) -> Self {
        Self::refused(path, "it is a symbolic link; move it elsewhere or delete it")
    }

    /// Something other than the store's folder is at `path`, or at a part of it.
    pub(super) fn not_a_folder(path: &Path) -> Self {
        let (place, metadata) = path
            .ancestors()
            .find_map(|part| Some((part, part.symlink_metadata().ok()?)))
            .map_or((path, None), |(part, metadata)| (part, Some(metadata)));
        let is_link = metadata.is_some_and(|metadata| metadata.is_symlink());
        let what = if is_link { "is a symbolic link; use the folder that it leads to" } else { "is not a folder" };
        let subject = if place == path { "it".to_owned() } else { place.display().to_string() };
        Self::refused(path, &format!("{subject} {what}"))
    }

    /// Something at `path` is not safe to use.
    pub(super) fn refused(path: &Path, reason: &str) -> Self {
        Self::new(StorageErrorKind::Denied, format!("refused to use {}: {reason}", path.display()))
    }
}

/// What keeps everybody from writing a file of Windows, and is as simple as a mode.
#[cfg(any(not(unix), test))]
fn explain_read_only(path: &Path) -> Option<String> {
    use crate::shell::quote_for_shell;

    let is_read_only = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().readonly());
    is_read_only.then(|| format!("it is read-only; run: attrib -R {}", quote_for_shell(&path.display().to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_read_only_is_told_with_what_makes_it_writable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.sealed");
        std::fs::write(&file, "").unwrap();
        assert_eq!(explain_read_only(&file), None);
        let mut permissions = file.metadata().unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&file, permissions.clone()).unwrap();
        let told = explain_read_only(&file).unwrap();
        assert!(told.ends_with(&format!("run: attrib -R {}", file.display())), "{told}");
        // Windows does not delete it before.
        #[expect(clippy::permissions_set_readonly_false, reason = "nobody else gets into the folder")]
        permissions.set_readonly(false);
        std::fs::set_permissions(&file, permissions).unwrap();
    }
}
