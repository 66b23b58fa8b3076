//! The format of an encrypted value, and nothing about files.
//!
//! Version 1: `JBSEALED` · version (1 byte) · key id (8) · nonce (24) · XChaCha20-Poly1305 ciphertext with its tag (16).
//! Everything before the nonce and the value's name are authenticated with it, so a file that was renamed to belong to
//! another account or configuration does not open. The nonce is random; with 192 bits none will ever repeat.

use chacha20poly1305::{AeadInPlace, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::key::Key;
use super::random::fill_random;
use super::{MAX_VALUE_BYTES, StorageError, StorageErrorKind};

const MAGIC: &[u8; 8] = b"JBSEALED";
const VERSION: u8 = 1;
const KEY_ID_AT: usize = MAGIC.len() + 1;
const NONCE_AT: usize = KEY_ID_AT + Key::ID_BYTES;
const CIPHERTEXT_AT: usize = NONCE_AT + NONCE_BYTES;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// The largest sealed value.
pub(super) const MAX_SEALED_BYTES: usize = CIPHERTEXT_AT + MAX_VALUE_BYTES + TAG_BYTES;

/// Encrypts `value` for `name`.
pub(super) fn seal(key: &Key, name: &str, value: &[u8]) -> Result<Vec<u8>, StorageError> {
    let mut nonce = [0; NONCE_BYTES];
    fill_random(&mut nonce)?;
    seal_with_nonce(key, &nonce, name, value)
}

pub(super) fn seal_with_nonce(
    key: &Key,
    nonce: &[u8; NONCE_BYTES],
    name: &str,
    value: &[u8],
) -> Result<Vec<u8>, StorageError> {
    let mut sealed = Vec::with_capacity(CIPHERTEXT_AT + value.len() + TAG_BYTES);
    sealed.extend_from_slice(MAGIC);
    sealed.push(VERSION);
    sealed.extend_from_slice(&key.id());
    let associated_data = associated_data(&sealed, name);
    sealed.extend_from_slice(nonce);
    sealed.extend_from_slice(value);
    let tag = cipher(key)
        .encrypt_in_place_detached(XNonce::from_slice(nonce), &associated_data, &mut sealed[CIPHERTEXT_AT..])
        .map_err(|_| StorageError::new(StorageErrorKind::Io, "failed to encrypt the session"))?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Decrypts what was sealed for `name`.
pub(super) fn open(key: &Key, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StorageError> {
    let damaged = || {
        StorageError::new(
            StorageErrorKind::Corrupt,
            format!("failed to read the stored session {name}: it is damaged; sign out to remove it, then sign in"),
        )
    };
    let Some((MAGIC, [version, ..])) = sealed.split_first_chunk() else { return Err(damaged()) };
    if *version > VERSION {
        return Err(StorageError::new(
            StorageErrorKind::Unavailable,
            format!(
                "failed to read the stored session {name}: a newer Jetbridge wrote it (format {version}); update this one"
            ),
        ));
    }
    if *version < VERSION || sealed.len() < CIPHERTEXT_AT + TAG_BYTES {
        return Err(damaged());
    }
    if sealed[KEY_ID_AT..NONCE_AT] != key.id() {
        return Err(StorageError::new(
            StorageErrorKind::KeyMissing,
            format!(
                "failed to read the stored session {name}: it was encrypted with another key; sign out to remove it, \
                 then sign in"
            ),
        ));
    }
    let (ciphertext, tag) = sealed[CIPHERTEXT_AT..].split_at(sealed.len() - CIPHERTEXT_AT - TAG_BYTES);
    let mut value = Zeroizing::new(ciphertext.to_vec());
    cipher(key)
        .decrypt_in_place_detached(
            XNonce::from_slice(&sealed[NONCE_AT..CIPHERTEXT_AT]),
            &associated_data(&sealed[..NONCE_AT], name),
            &mut value,
            Tag::from_slice(tag),
        )
        .map_err(|_| damaged())?;
    Ok(value)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

/// The header has a fixed length, so header and name cannot be confused.
fn associated_data(header: &[u8], name: &str) -> Vec<u8> {
    [header, name.as_bytes()].concat()
}
