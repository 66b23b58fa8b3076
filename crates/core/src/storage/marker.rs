//! `store.json`: what an encrypted file store remembers about itself. It tells where the key is, so that a session made
//! with the keyring is never looked for in a key file or the other way round, and which key it is.

use serde::{Deserialize, Serialize};

use super::directory::Directory;
use super::hex::hex;
use super::key::{Key, KeySource};
use super::random::fill_random;
use super::{StorageError, StorageErrorKind};

const MARKER_FILE: &str = "store.json";
const MAX_MARKER_BYTES: usize = 4096;
const FORMAT: u32 = 1;

/// The contents of `store.json`. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    format: u32,
    /// Names the directory in the keyring; random, so that the directory can be moved.
    pub(super) directory_id: String,
    pub(super) key_source: KeySource,
    key_id: String,
}

impl Marker {
    pub(super) fn new(directory_id: String, key_source: KeySource, key: &Key) -> Self {
        Self { format: FORMAT, directory_id, key_source, key_id: hex(&key.id()) }
    }

    pub(super) fn names(&self, key: &Key) -> bool {
        self.key_id == hex(&key.id())
    }

    pub(super) fn read(directory: &Directory) -> Result<Option<Self>, StorageError> {
        let Some(bytes) = directory.read(MARKER_FILE, MAX_MARKER_BYTES)? else { return Ok(None) };
        let path = directory.path().join(MARKER_FILE);
        // The format is looked at alone first: a newer one may have other fields.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let format = serde_json::from_slice(&bytes).map(|Format { format }| format);
        match (format, serde_json::from_slice(&bytes)) {
            (Ok(FORMAT), Ok(marker)) => Ok(Some(marker)),
            (Ok(newer), _) if newer > FORMAT => Err(StorageError::new(
                StorageErrorKind::Unavailable,
                format!(
                    "failed to read {}: a newer Jetbridge wrote it (format {newer}); update this one",
                    path.display()
                ),
            )),
            _ => Err(StorageError::new(
                StorageErrorKind::Corrupt,
                format!("failed to read {}: it is damaged; put it back if it is in a backup", path.display()),
            )),
        }
    }

    pub(super) fn write(&self, directory: &Directory) -> Result<(), StorageError> {
        let mut json = serde_json::to_vec(self)
            .map_err(|error| StorageError::new(StorageErrorKind::Io, format!("failed to write store.json: {error}")))?;
        json.push(b'\n');
        directory.write_atomic(MARKER_FILE, &json)
    }
}

/// A name for a directory that no other one has.
pub(super) fn new_directory_id() -> Result<String, StorageError> {
    let mut random = [0; 16];
    fill_random(&mut random)?;
    Ok(hex(&random))
}
