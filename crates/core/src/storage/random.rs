//! The only source of randomness for keys, nonces and names of a store: the operating system's. When it fails, nothing is
//! stored.

use super::{StorageError, StorageErrorKind};

/// Fills `bytes` from the operating system's random generator.
pub(super) fn fill_random(bytes: &mut [u8]) -> Result<(), StorageError> {
    getrandom::fill(bytes).map_err(|error| {
        StorageError::new(StorageErrorKind::Io, format!("failed to get random bytes from the system: {error}"))
    })
}
