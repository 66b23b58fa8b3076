//! A directory of private files: whatever is read from it belongs to this user and to nobody else, and whatever is
//! written to it is there whole or not at all.

mod access;
mod failure;
#[cfg(unix)]
mod owner;
#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

#[cfg(not(unix))]
use portable as platform;
#[cfg(unix)]
use unix as platform;

use self::access::Access;
use super::hex::hex;
use super::random::fill_random;
use super::{StorageError, StorageErrorKind};

const TEMPORARY_SUFFIX: &str = ".tmp";
const TEMPORARY_RANDOM_BYTES: usize = 8;
/// What is written to see whether anything can be: more than a session takes.
static TRIAL: [u8; 64 * 1024] = [0; 64 * 1024];

/// An open directory.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    handle: platform::Handle,
}

impl Directory {
    /// Opens the directory, and makes it (and its parents) when it is not there.
    pub(crate) fn create(path: &Path) -> Result<Self, StorageError> {
        platform::create_directory(path).map_err(|error| StorageError::io("create", path, &error))?;
        Self::open(path)
    }

    /// Opens a directory that has to be there. One that has vanished may be a disk that is not mounted now, so it does
    /// not count as empty.
    pub(super) fn open(path: &Path) -> Result<Self, StorageError> {
        Self::find(path)?.ok_or_else(|| StorageError::io("open", path, &ErrorKind::NotFound.into()))
    }

    /// Opens a directory if it is there.
    pub(super) fn find(path: &Path) -> Result<Option<Self>, StorageError> {
        // Without a slash at the end, which would make the system follow a symbolic link.
        let path: PathBuf = path.components().collect();
        let handle = platform::open_directory(&path)?;
        Ok(handle.map(|handle| Self { path, handle }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of a file; `None` when it is not there.
    pub(super) fn read(&self, file_name: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, StorageError> {
        let path = self.path.join(file_name);
        let file = match self.open_for(file_name, Access::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(platform::explain_open(&path, &error)),
        };
        platform::check_file(&file, &path)?;
        let mut bytes = Vec::new();
        file.take(max_bytes as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| StorageError::io("read", &path, &error))?;
        if bytes.len() > max_bytes {
            return Err(StorageError::new(
                StorageErrorKind::Corrupt,
                format!("failed to read {}: it is larger than {max_bytes} bytes", path.display()),
            ));
        }
        Ok(Some(bytes))
    }

    /// Puts a file in place of an old one. A crash, a full disk or a kill at any moment leaves the old file or the new
    /// one: the bytes go to a temporary file, onto the disk, and only then under the name.
    pub(super) fn write_atomic(&self, file_name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let path = self.path.join(file_name);
        let temporary = temporary_name(file_name)?;
        let written = self
            .open_for(&temporary, Access::CreateNew)
            .and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            })
            .and_then(|()| platform::rename(&self.handle, &self.path, &temporary, file_name));
        if let Err(error) = written {
            // Whether the removal works or not, the error to tell is the first one; leftovers go with the next save.
            let _ = platform::unlink(&self.handle, &self.path, &temporary);
            let is_full =
                matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge);
            return if is_full && self.overwrite(file_name, bytes).is_ok() {
                Ok(())
            } else {
                Err(StorageError::io("write", &path, &error))
            };
        }
        platform::sync_directory(&self.handle).map_err(|error| StorageError::io("write", &path, &error))
    }

    /// Tries whether a file can be written, with one of its own, which goes at once. Killed in between, it is a leftover like
    /// that of any other write.
    pub(super) fn try_to_write(&self) -> Result<(), StorageError> {
        let trial = temporary_name("trial")?;
        let written = self.open_for(&trial, Access::CreateNew).and_then(|mut file| {
            let written = file.write_all(&TRIAL).and_then(|()| file.sync_all());
            written.and(platform::unlink(&self.handle, &self.path, &trial))
        });
        written.map_err(|error| StorageError::io("write into", &self.path, &error))
    }

    /// Tries whether the directory at `path`, which is not there, could be made and written into: with another one in the
    /// nearest folder that is there, which goes at once. The directory itself somebody else may begin to use.
    pub(super) fn try_to_create(path: &Path) -> Result<(), StorageError> {
        let is_there = |part: &&Path| part.symlink_metadata().is_ok();
        let nearest = path.ancestors().skip(1).find(is_there).unwrap_or(Path::new("."));
        let trial = nearest.join(temporary_name(".jetbridge")?);
        let not_made = |error: io::Error| StorageError::io("create", path, &error);
        platform::create_directory(&trial).map_err(not_made)?;
        let written = Self::open(&trial).and_then(|directory| directory.try_to_write());
        written.and(std::fs::remove_dir(&trial).map_err(not_made))
    }

    /// The last resort on a full disk: into the room of the file that is there, if that is enough. A crash in the middle
    /// damages it, which is why it is no more than that; without it, what is to be saved would be lost for certain.
    pub(super) fn overwrite(&self, file_name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.open_for(file_name, Access::Overwrite)?;
        let room = file.metadata()?;
        if !room.is_file() || room.len() < bytes.len() as u64 {
            return Err(ErrorKind::StorageFull.into());
        }
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()
    }

    /// Removes a file for good; it need not be there. Of a symbolic link, which somebody else has put in its place, the link
    /// goes and no more: what it leads to may be anybody's, and the log says where that is.
    pub(crate) fn remove(&self, file_name: &str) -> Result<(), StorageError> {
        let path = self.path.join(file_name);
        // For words only, so that it does not matter what is there by the next call.
        let target = path.read_link().ok();
        let removed = self.unlink(file_name, &path);
        if let (Ok(()), Some(target)) = (&removed, target) {
            tracing::warn!(
                "{} was a symbolic link, and only the link is removed: what was stored may still be in {}",
                path.display(),
                self.path.join(target).display()
            );
        }
        removed
    }

    fn unlink(&self, file_name: &str, path: &Path) -> Result<(), StorageError> {
        match platform::unlink(&self.handle, &self.path, file_name) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed
                .and_then(|()| platform::sync_directory(&self.handle))
                .map_err(|error| StorageError::io("delete", path, &error)),
        }
    }

    /// Removes the temporary files of processes that were killed while they wrote. Other files with such an ending may be
    /// somebody's own.
    pub(super) fn remove_leftovers(&self) -> Result<(), StorageError> {
        self.remove_leftovers_of("")
    }

    /// The same for one file that was to be written, or whose name begins so.
    pub(super) fn remove_leftovers_of(&self, file_name: &str) -> Result<(), StorageError> {
        let temporary = self.file_names_ending(TEMPORARY_SUFFIX)?;
        for name in temporary.iter().filter(|name| is_temporary(name) && name.starts_with(file_name)) {
            self.remove(name)?;
        }
        Ok(())
    }

    /// Opens a file to read, write and lock it, and makes it when it is not there.
    pub(crate) fn open_file(&self, file_name: &str) -> Result<File, StorageError> {
        let path = self.path.join(file_name);
        let file = self.open_for(file_name, Access::Lock).map_err(|error| platform::explain_open(&path, &error))?;
        platform::check_file(&file, &path)?;
        Ok(file)
    }

    fn open_for(&self, file_name: &str, access: Access) -> io::Result<File> {
        platform::open_file(&self.handle, &self.path, file_name, access)
    }

    pub(crate) fn file_names_ending(&self, suffix: &str) -> Result<Vec<String>, StorageError> {
        let mut names = platform::file_names(&self.handle, &self.path)
            .map_err(|error| StorageError::io("list", &self.path, &error))?;
        names.retain(|name| name.ends_with(suffix));
        Ok(names)
    }
}

/// A name that no other writer has.
fn temporary_name(file_name: &str) -> Result<String, StorageError> {
    let mut random = [0; TEMPORARY_RANDOM_BYTES];
    fill_random(&mut random)?;
    Ok(format!("{file_name}.{}{TEMPORARY_SUFFIX}", hex(&random)))
}

/// Whether [`temporary_name`] gives such names.
fn is_temporary(name: &str) -> bool {
    let random = name.strip_suffix(TEMPORARY_SUFFIX).and_then(|rest| rest.rsplit_once('.'));
    random.is_some_and(|(_, random)| {
        random.len() == 2 * TEMPORARY_RANDOM_BYTES && random.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
