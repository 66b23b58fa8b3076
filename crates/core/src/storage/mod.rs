//! Where a session's secrets rest between two runs.
//!
//! The core knows only the port [`SecretStore`]: bytes under a name. Its adapters differ in where the bytes go: a file
//! encrypted with a key from the system's keyring ([`EncryptedFileStore`]), the keychain of Apple's phones, memory
//! ([`MemoryStore`]), or what a mobile shell brings along. All keep one promise above all: **what cannot be read is an error, never an empty store.** A
//! locked keychain or a damaged file that passes for "nobody signed in" would be overwritten and lose a session.

mod directory;
mod encrypted_file;
mod envelope;
mod hex;
mod key;
#[cfg(any(target_vendor = "apple", test))]
#[cfg_attr(not(target_vendor = "apple"), expect(unreachable_pub, reason = "elsewhere only tests see it"))]
mod keychain;
mod keyring;
mod location;
mod lock;
mod marker;
mod memory;
#[cfg_attr(
    not(any(target_os = "linux", target_os = "macos", target_os = "windows")),
    expect(dead_code, reason = "elsewhere there is no keyring to wait for")
)]
mod patience;
mod random;
#[cfg(test)]
mod tests;

use std::fmt;

use zeroize::Zeroizing;

pub(crate) use directory::Directory as PrivateFolder;
pub use encrypted_file::{EncryptedFileStore, FileStoreOptions};
pub use key::KeySource;
#[cfg(target_vendor = "apple")]
pub use keychain::KeychainStore;
pub use location::{absolute_path, default_directory};
pub use lock::LockFolder;
pub use memory::MemoryStore;
pub use patience::KeyringPatience;

/// The largest value that a store takes: 1 MiB, many times a session with the longest tokens.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// The longest name, so that a file name made from it stays below every file system's limit.
const MAX_NAME_BYTES: usize = 128;

/// Keeps secret bytes under names.
///
/// The calls block, on the disk and perhaps on a dialogue that asks the user to unlock a keyring: asynchronous code
/// makes them on a thread that may wait. Names have letters, digits, `.`, `_` and `-`, at most 128, and do not begin
/// with a dot; any other name is [`Denied`](StorageErrorKind::Denied).
pub trait SecretStore: Send + Sync + fmt::Debug {
    /// What was saved last under `name`; `None` only when it is sure that nothing is stored.
    ///
    /// # Errors
    /// Whatever keeps the store from being sure; nothing is changed or deleted then.
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError>;

    /// Stores `value`, of at most [`MAX_VALUE_BYTES`], in place of what was there. A crash leaves the old value or the
    /// new one, never a part.
    ///
    /// # Errors
    /// The old value is still there, except when only the confirmation that the new one reached the disk failed. A
    /// stored value that cannot be read is not replaced: it has to be deleted first.
    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError>;

    /// Removes what is stored under `name`, readable or not; it is no error when nothing was there.
    ///
    /// # Errors
    /// The value may still be there.
    fn delete(&self, name: &str) -> Result<(), StorageError>;

    /// The names under which something is stored, readable or not, in any order.
    ///
    /// # Errors
    /// When the store cannot tell.
    fn list(&self) -> Result<Vec<String>, StorageError>;

    /// Waits for the right to change `name`, which one holder has at a time, in all processes, until the answer is
    /// dropped or the process ends. The store does not enforce it: `load` and `save` work without.
    ///
    /// # Errors
    /// [`Busy`](StorageErrorKind::Busy) when another holder keeps it for longer than the store's limit.
    fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, StorageError>;

    /// Tries whether a value could be saved now, and touches nothing that is stored. A store that can only tell by a save
    /// does not tell.
    ///
    /// # Errors
    /// What a save would end with.
    fn check_writable(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// The right to change a name; dropping it gives it up.
pub trait StoreLock: Send + Sync + fmt::Debug {}

/// What kind of failure it was, and so what may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StorageErrorKind {
    /// The store cannot be reached now but may be later: a locked keyring, no keyring service, a newer file format.
    Unavailable,
    /// Another process holds the lock.
    Busy,
    /// The stored bytes are not what was saved.
    Corrupt,
    /// Something is stored, but the key that opens it is gone or another one.
    KeyMissing,
    /// Refused for safety: a name that is not allowed, or files that others can reach.
    Denied,
    /// The disk or the file system failed.
    Io,
    /// The app may not use the store as it was built: an entitlement is missing, say. Whoever builds it has to mend that.
    Misconfigured,
}

/// Why a store did not do what it was asked. It holds no secret and may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct StorageError {
    /// What kind of failure it was.
    pub kind: StorageErrorKind,
    /// What happened, where, and what to do, for a person.
    pub detail: String,
}

impl StorageError {
    /// An error with a text that may be logged.
    pub fn new(kind: StorageErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

/// Names become file names, so nothing is let through that a file system could take for something else.
fn check_name(name: &str) -> Result<(), StorageError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    // "store" is the stem of the encrypted file store's own files.
    let right = (1..=MAX_NAME_BYTES).contains(&name.len())
        && name.bytes().all(allowed)
        && !name.starts_with('.')
        && name != "store";
    if right {
        Ok(())
    } else {
        Err(StorageError::new(
            StorageErrorKind::Denied,
            "failed to use the storage name: it may have up to 128 letters, digits, dots, hyphens and underscores, may \
             not begin with a dot, and may not be \"store\"",
        ))
    }
}

fn check_value(value: &[u8]) -> Result<(), StorageError> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(StorageError::new(StorageErrorKind::Denied, "failed to save: the value is larger than 1 MiB"));
    }
    Ok(())
}
