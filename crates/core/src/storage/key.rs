//! The key of an encrypted file store, and the two places that can keep it.
//!
//! The keyring keeps a key of 32 bytes and not the session itself, because Windows limits an entry to 2,560 bytes.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::directory::Directory;
use super::patience::KeyringPatience;
use super::random::fill_random;
use super::{StorageError, StorageErrorKind, keyring};

const KEY_BYTES: usize = 32;
const KEY_FILE: &str = "store.key";

/// Encrypts the values of one directory.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    pub(super) const ID_BYTES: usize = 8;

    pub(super) fn generate() -> Result<Self, StorageError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        fill_random(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Names the key without giving it away, so that a replaced key is told from a damaged file.
    pub(super) fn id(&self) -> [u8; Self::ID_BYTES] {
        let digest = Sha256::new().chain_update(b"jetbridge store key id 1").chain_update(self.0.as_slice()).finalize();
        let mut id = [0; Self::ID_BYTES];
        id.copy_from_slice(&digest[..Self::ID_BYTES]);
        id
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Which place keeps the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// The system's keyring: macOS Keychain, Windows Credential Manager, Secret Service.
    Keyring,
    /// The file `store.key` beside the data, readable by its owner only: for machines without a keyring. It protects
    /// from other users, not from whoever can copy the directory.
    KeyFile,
}

impl KeySource {
    /// The key of the directory that is known as `directory_id`; `None` when this place keeps none.
    pub(super) fn load(
        self,
        directory: &Directory,
        directory_id: &str,
        patience: KeyringPatience,
    ) -> Result<Option<Key>, StorageError> {
        let (bytes, place) = match self {
            Self::Keyring => {
                (keyring::load(directory_id, patience)?, "in the keyring (service \"jetbridge\")".to_owned())
            }
            Self::KeyFile => {
                let path = directory.path().join(KEY_FILE);
                (directory.read(KEY_FILE, KEY_BYTES)?.map(Zeroizing::new), path.display().to_string())
            }
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let key = Key::from_slice(&bytes).ok_or_else(|| {
            StorageError::new(
                StorageErrorKind::Corrupt,
                format!(
                    "failed to use the store's key {place}: it does not have 32 bytes; put it back if it is in a backup"
                ),
            )
        })?;
        Ok(Some(key))
    }

    /// Keeps a new key. The caller holds the directory's write lock and has seen that there is none yet.
    pub(super) fn save(
        self,
        directory: &Directory,
        directory_id: &str,
        key: &Key,
        patience: KeyringPatience,
    ) -> Result<(), StorageError> {
        match self {
            Self::Keyring => keyring::save(directory_id, key.bytes(), patience),
            Self::KeyFile => directory.write_atomic(KEY_FILE, key.bytes()),
        }
    }

    /// Tries whether a key could be kept here; of the file, whoever writes beside it finds out.
    pub(super) fn probe(self, patience: KeyringPatience) -> Result<(), StorageError> {
        match self {
            Self::Keyring => keyring::probe(patience),
            Self::KeyFile => Ok(()),
        }
    }

    /// The keyring when it can really keep something, else a key file.
    pub(super) fn detect(patience: KeyringPatience) -> Self {
        match Self::Keyring.probe(patience) {
            Ok(()) => Self::Keyring,
            Err(error) => {
                // Said when the choice is made, which is once for a store, and not to who chose the file.
                tracing::warn!(%error, "no keyring works here: the key of the stored session goes into a file beside it");
                Self::KeyFile
            }
        }
    }
}
