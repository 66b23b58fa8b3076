//! The device under all processes of the app: stored bytes, locks, disk and clock, which outlive every process as files do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use jetbridge::storage::{MemoryStore, SecretStore as _, StorageError, StorageErrorKind};

use super::stored::Stored;
use crate::bench::DeviceClock;

/// What all processes of the app share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device {
    pub(crate) store: MemoryStore,
    pub(crate) clock: DeviceClock,
    disk: Arc<Mutex<Disk>>,
    record: Arc<Mutex<Record>>,
}

/// How long the disk goes on taking writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) writes_left: u32,
    pub(crate) is_read_only_then: bool,
}

impl Disk {
    pub(crate) const WELL: Self = Self { writes_left: u32::MAX, is_read_only_then: false };

    pub(crate) fn is_well(self) -> bool {
        self == Self::WELL
    }

    pub(crate) fn is_full(self) -> bool {
        self.writes_left == 0
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::WELL
    }
}

/// What the store saw.
#[derive(Debug, Default)]
struct Record {
    /// Name of the blob and `sub`.
    users: BTreeSet<(String, String)>,
    /// AWS access keys and when they expire.
    access_keys: BTreeMap<String, i64>,
    overwrote_unread: bool,
}

impl Device {
    pub(crate) fn disk(&self) -> Disk {
        *self.disk.lock().unwrap()
    }

    pub(crate) fn set_disk(&self, disk: Disk) {
        *self.disk.lock().unwrap() = disk;
    }

    /// Writes as one that `could_read` what was there before.
    pub(crate) fn save(&self, name: &str, value: &[u8], could_read: bool) -> Result<(), StorageError> {
        let mut disk = self.disk.lock().unwrap();
        if disk.is_full() {
            return Err(StorageError::new(StorageErrorKind::Io, "the disk is full"));
        }
        if !disk.is_well() {
            disk.writes_left -= 1;
        }
        let mut record = self.record.lock().unwrap();
        record.overwrote_unread |= !could_read;
        let saved = Stored::parse(value);
        record.users.extend(saved.user.map(|user| (name.to_owned(), user)));
        record.access_keys.extend(saved.access_key.zip(saved.access_key_expires_at));
        self.store.save(name, value)
    }

    pub(crate) fn delete(&self, name: &str) -> Result<(), StorageError> {
        let disk = self.disk();
        if disk.is_full() && disk.is_read_only_then {
            return Err(StorageError::new(StorageErrorKind::Io, "the disk is read-only"));
        }
        self.store.delete(name)
    }

    /// Whether this user was ever saved as signed in, under this name.
    pub(crate) fn has_known(&self, name: &str, subject: &str) -> bool {
        self.record.lock().unwrap().users.contains(&(name.to_owned(), subject.to_owned()))
    }

    /// When these credentials expire, if they were ever saved.
    pub(crate) fn expiry_of(&self, access_key: &str) -> Option<i64> {
        self.record.lock().unwrap().access_keys.get(access_key).copied()
    }

    /// Whether a process ever wrote over something that it had just failed to read.
    pub(crate) fn was_overwritten_unread(&self) -> bool {
        self.record.lock().unwrap().overwrote_unread
    }
}
