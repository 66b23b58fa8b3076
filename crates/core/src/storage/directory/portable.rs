//! Private files where there are no Unix modes. On Windows the store is below the user's profile, whose access list
//! already keeps other users out.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::access::Access;
use crate::storage::StorageError;

pub(super) type Handle = ();

pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// `None` when it is not there.
pub(super) fn open_directory(path: &Path) -> Result<Option<Handle>, StorageError> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(Some(())),
        Ok(_) => Err(StorageError::not_a_folder(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StorageError::io("open", path, &error)),
    }
}

pub(super) fn open_file(_directory: &Handle, path: &Path, file_name: &str, access: Access) -> io::Result<File> {
    let path = path.join(file_name);
    if std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is a symbolic link"));
    }
    let mut options = OpenOptions::new();
    match access {
        Access::Read => options.read(true),
        Access::CreateNew => options.write(true).create_new(true),
        Access::Overwrite => options.read(true).write(true),
        Access::Lock => options.read(true).write(true).create(true).truncate(false),
    };
    options.open(path)
}

pub(super) fn explain_open(path: &Path, error: &io::Error) -> StorageError {
    StorageError::io("open", path, error)
}

pub(super) fn check_file(file: &File, path: &Path) -> Result<(), StorageError> {
    let metadata = file.metadata().map_err(|error| StorageError::io("open", path, &error))?;
    if metadata.is_file() { Ok(()) } else { Err(StorageError::not_a_file(path)) }
}

/// The names of what is in the directory. A name that is not UTF-8 is none of ours.
pub(super) fn file_names(_directory: &Handle, path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

pub(super) fn rename(_directory: &Handle, path: &Path, from: &str, to: &str) -> io::Result<()> {
    std::fs::rename(path.join(from), path.join(to))
}

pub(super) fn unlink(_directory: &Handle, path: &Path, file_name: &str) -> io::Result<()> {
    std::fs::remove_file(path.join(file_name))
}

/// Windows has no call for it: renames are in the file system's journal.
pub(super) fn sync_directory(_directory: &Handle) -> io::Result<()> {
    Ok(())
}
