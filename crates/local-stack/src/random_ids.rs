//! Secrets and identifiers that nobody can guess, in the shapes that Okta and AWS give them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::OsRng;
use rand::{Rng as _, RngCore as _};

/// `length` characters, each chosen evenly from `alphabet`.
pub(crate) fn random_string(alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(alphabet[OsRng.gen_range(0..alphabet.len())])).collect()
}

/// `N` random bytes.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// `bytes` random bytes as base64url text.
pub(crate) fn random_text(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    OsRng.fill_bytes(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer)
}

/// A random UUID (RFC 9562, version 4), as request ids and identity ids are.
pub(crate) fn random_uuid() -> String {
    format_uuid(u128::from_be_bytes(random_bytes()))
}

/// A version 4 UUID of these bits, but for the few that say so.
pub(crate) fn format_uuid(mut bits: u128) -> String {
    bits = (bits & !(0xF << 76)) | (0x4 << 76);
    bits = (bits & !(0x3 << 62)) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        for _ in 0..50 {
            let uuid = random_uuid();
            assert_eq!(uuid.len(), 36);
            assert_eq!(uuid.as_bytes()[14], b'4');
            assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        }
        assert_ne!(random_uuid(), random_uuid());
    }

    #[test]
    fn a_string_keeps_to_its_alphabet() {
        let text = random_string(b"AB", 200);
        assert_eq!(text.len(), 200);
        assert!(text.contains('A') && text.contains('B') && text.chars().all(|c| c == 'A' || c == 'B'));
    }
}
