//! Exclusion between processes by locking a file that is there for nothing else.
//!
//! The operating system gives the lock up when the process ends, however it ends, so no lock can be left behind. The
//! lock file is never removed or replaced: two processes could then hold locks on two files of the same name. Two
//! handles exclude each other inside one process as well, so no second mechanism is needed there.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::directory::Directory;
use super::{StorageError, StorageErrorKind, StoreLock, check_name};
use crate::mutex::lock;

/// How long to wait for a lock: longer than a code exchange or a renewal usually takes.
pub(super) const DEFAULT_LOCK_LIMIT: Duration = Duration::from_secs(10);

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A locked file; closing it unlocks it.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

impl StoreLock for FileLock {}

/// Locks `file_name`, which is created when it is not there. The standard library can wait for a lock without limit or
/// not at all, so waiting with a limit is done by asking again and again.
pub(super) fn lock_file(directory: &Directory, file_name: &str, limit: Duration) -> Result<FileLock, StorageError> {
    let file = directory.open_file(file_name)?;
    let path = directory.path().join(file_name);
    let mut polls_left = limit.as_millis() / POLL_INTERVAL.as_millis();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(FileLock { _file: file }),
            Err(TryLockError::Error(error)) => return Err(StorageError::io("lock", &path, &error)),
            Err(TryLockError::WouldBlock) if polls_left == 0 => return Err(busy(&path)),
            Err(TryLockError::WouldBlock) => {
                polls_left -= 1;
                std::thread::sleep(POLL_INTERVAL);
            }
        }
    }
}

fn busy(path: &Path) -> StorageError {
    StorageError::new(
        StorageErrorKind::Busy,
        format!("failed to lock {}: another Jetbridge process is using it", path.display()),
    )
}

/// Locks for a store that has none of its own between processes: an app and its extensions over one keychain.
///
/// iOS ends an app that it suspends while it holds a file lock in a folder that others share (0xdead10cc), so the locks
/// can be given up before: see [`release_all`](Self::release_all).
#[derive(Debug, Clone)]
pub struct LockFolder {
    path: PathBuf,
    limit: Duration,
    held: Arc<Held>,
}

#[derive(Debug, Default)]
struct Held {
    locks: Mutex<Locks>,
}

#[derive(Debug, Default)]
struct Locks {
    files: HashMap<u64, FileLock>,
    next: u64,
    /// Between `release_all` and `resume`, no file is kept locked.
    is_suspended: bool,
}

impl LockFolder {
    /// The folder is made at the first lock, with its parents, for this user alone. It has to be the same one for all
    /// processes, and nothing else belongs into it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), limit: DEFAULT_LOCK_LIMIT, held: Arc::default() }
    }

    /// The same folder, with another limit on waiting for a lock.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Waits for the right to change `name`, as [`SecretStore::lock`](super::SecretStore::lock) does.
    ///
    /// # Errors
    /// [`Busy`](StorageErrorKind::Busy), and whatever keeps the folder from being used.
    pub fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, StorageError> {
        check_name(name)?;
        let file = Directory::create(&self.path)
            .and_then(|directory| lock_file(&directory, &format!("{name}.lock"), self.limit))
            .map_err(unusable)?;
        let mut locks = lock(&self.held.locks);
        let id = locks.next;
        locks.next += 1;
        if !locks.is_suspended {
            locks.files.insert(id, file);
        }
        Ok(Box::new(FolderLock { held: Arc::clone(&self.held), id }))
    }

    /// Gives up every lock that this object and its clones hold now, although the work under it goes on, and keeps none
    /// until [`resume`](Self::resume): for a process that is about to be suspended. It may have to work without the lock
    /// for a moment when it is woken; being ended would have cost it the lock and the work.
    pub fn release_all(&self) {
        let mut locks = lock(&self.held.locks);
        locks.is_suspended = true;
        locks.files.clear();
    }

    /// The process is awake: locks are kept again.
    pub fn resume(&self) {
        lock(&self.held.locks).is_suspended = false;
    }
}

/// A folder that cannot be used says nothing about what is stored, and may be usable later: before the first unlock of a
/// phone its files cannot be opened.
fn unusable(error: StorageError) -> StorageError {
    match error.kind {
        StorageErrorKind::Busy | StorageErrorKind::Unavailable => error,
        _ => StorageError::new(
            StorageErrorKind::Unavailable,
            format!("the folder for locks cannot be used: {}", error.detail),
        ),
    }
}

#[derive(Debug)]
struct FolderLock {
    held: Arc<Held>,
    id: u64,
}

impl StoreLock for FolderLock {}

impl Drop for FolderLock {
    fn drop(&mut self) {
        lock(&self.held.locks).files.remove(&self.id);
    }
}
