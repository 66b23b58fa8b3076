//! Private files on Unix. Everything is opened relative to the open directory and without following symbolic links, so
//! that nobody can lead a write elsewhere between two calls.

use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::access::Access;
use super::owner::{OTHER_FOLDER, is_the_store_s, not_mine};
use crate::shell::quote_for_shell;
use crate::storage::StorageError;

pub(super) type Handle = OwnedFd;

/// A umask may take rights from the owner too; what is made here has the mode that it needs.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    let missing: Vec<_> = path.ancestors().take_while(|part| !part.as_os_str().is_empty() && !part.exists()).collect();
    for part in missing.into_iter().rev() {
        match DirBuilder::new().mode(0o700).create(part) {
            // Another process was faster, or it is a link that leads nowhere: who opens it finds out.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => {
                made?;
                std::fs::set_permissions(part, Permissions::from_mode(0o700))?;
            }
        }
    }
    Ok(())
}

/// `None` when it is not there.
pub(super) fn open_directory(path: &Path) -> Result<Option<Handle>, StorageError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(handle) => handle,
        Err(Errno::NOENT) => return Ok(None),
        // Linux says ENOTDIR, other systems ELOOP, when the last component is a symbolic link.
        Err(Errno::LOOP | Errno::NOTDIR) => {
            return Err(StorageError::not_a_folder(path));
        }
        Err(error) => return Err(StorageError::io("open", path, &error.into())),
    };
    let stat = rustix::fs::fstat(&handle).map_err(|error| StorageError::io("open", path, &error.into()))?;
    check_private(&stat, path, "700")?;
    Ok(Some(handle))
}

pub(super) fn open_file(directory: &Handle, _path: &Path, file_name: &str, access: Access) -> io::Result<File> {
    let flags = match access {
        // Not waiting for a writer, should somebody have put a named pipe here.
        Access::Read => OFlags::RDONLY | OFlags::NONBLOCK,
        Access::CreateNew => OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL,
        Access::Overwrite => OFlags::RDWR | OFlags::NONBLOCK,
        Access::Lock => OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK,
    };
    // Not inherited by child processes: a browser that was started would otherwise keep a lock.
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(directory, file_name, flags, Mode::RUSR | Mode::WUSR)?);
    if flags.contains(OFlags::CREATE) {
        repair_mode(&file)?;
    }
    Ok(file)
}

/// Gives the owner what a umask has taken. What others can reach is left as it is, to be refused.
fn repair_mode(file: &File) -> io::Result<()> {
    let stat = rustix::fs::fstat(file)?;
    let mode = Mode::from_raw_mode(stat.st_mode);
    let owned = Mode::RUSR | Mode::WUSR;
    let is_own = stat.st_uid == rustix::process::geteuid().as_raw();
    if is_own && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && !mode.contains(owned) {
        rustix::fs::fchmod(file, mode | owned)?;
    }
    Ok(())
}

/// Tells a symbolic link from other reasons why a file did not open.
pub(super) fn explain_open(path: &Path, error: &io::Error) -> StorageError {
    if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
        StorageError::is_a_link(path)
    } else {
        StorageError::io("open", path, error)
    }
}

pub(super) fn check_file(file: &File, path: &Path) -> Result<(), StorageError> {
    let stat = rustix::fs::fstat(file).map_err(|error| StorageError::io("open", path, &error.into()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(StorageError::not_a_file(path));
    }
    check_private(&stat, path, "600")
}

/// The names of what is in the directory that is open, whatever has its path by now. A name that is not UTF-8 is none of
/// ours.
pub(super) fn file_names(directory: &Handle, _path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        names.extend(entry?.file_name().to_str().ok().map(str::to_owned));
    }
    Ok(names)
}

pub(super) fn rename(directory: &Handle, _path: &Path, from: &str, to: &str) -> io::Result<()> {
    Ok(rustix::fs::renameat(directory, from, directory, to)?)
}

pub(super) fn unlink(directory: &Handle, _path: &Path, file_name: &str) -> io::Result<()> {
    Ok(rustix::fs::unlinkat(directory, file_name, AtFlags::empty())?)
}

/// Makes a rename or removal survive a power cut. Some FUSE and CIFS mounts cannot do that for a directory: what was
/// written is there all the same. fsync(2): EINVAL for what does not support synchronization.
pub(super) fn sync_directory(directory: &Handle) -> io::Result<()> {
    match rustix::fs::fsync(directory) {
        Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
        synced => Ok(synced?),
    }
}

fn check_private(stat: &Stat, path: &Path, wanted_mode: &str) -> Result<(), StorageError> {
    if let Some(reason) = not_mine(path, stat.st_uid) {
        return Err(StorageError::refused(path, &format!("it {reason}")));
    }
    if Mode::from_raw_mode(stat.st_mode).intersects(Mode::RWXG | Mode::RWXO) {
        let is_file = FileType::from_raw_mode(stat.st_mode) != FileType::Directory;
        let way_out = if is_file || is_the_store_s(path) {
            format!("run: chmod {wanted_mode} {}", quote_for_shell(&path.display().to_string()))
        } else {
            OTHER_FOLDER.to_owned()
        };
        return Err(StorageError::refused(path, &format!("other users can reach it; {way_out}")));
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// As FUSE and CIFS mounts answer where they cannot do it, so does the kernel for `/proc`.
    #[test]
    fn a_directory_that_cannot_be_synced_is_no_failure() {
        let handle = rustix::fs::open("/proc/self/", OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        assert_eq!(rustix::fs::fsync(&handle), Err(Errno::INVAL));
        sync_directory(&handle).expect("no failure");
    }
}
