//! Exclusion between processes by locking a file that is there for nothing else.
//!
//! The operating system gives the lock up when the process ends, however it ends, so no lock can be left behind. The
//! lock file is never removed or replaced: two processes could then hold locks on two files of the same name. Two
//! handles exclude each other inside one process as well, so no second mechanism is needed there.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::directory::Directory;
use super::{StorageError, StorageErrorKind, StoreLock};

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
    let file = directory.open_lock_file(file_name)?;
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
        format!("failed to lock {}: another Jetbridge process is using it; try again when it is done", path.display()),
    )
}
