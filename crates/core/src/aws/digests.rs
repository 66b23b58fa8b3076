//! What is computed of bytes before they are sent: the checksum that S3 keeps with an object, and the MD5 that servers like S3
//! know (docs/adr/0017).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

use super::checksums::{PartCrc, PartHasher};

/// Computes both as the bytes come.
pub(crate) struct Hasher {
    crc: PartHasher,
    md5: Option<Md5>,
}

/// The digests of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    pub crc: PartCrc,
    /// In base64, as `Content-MD5` has it.
    pub md5: Option<String>,
}

impl Hasher {
    /// With the MD5 or without: it takes longer than the other.
    pub(crate) fn new(with_md5: bool) -> Self {
        Self { crc: PartHasher::new(), md5: with_md5.then(Md5::new) }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        Digests { crc: self.crc.finish(), md5: self.md5.map(|md5| STANDARD.encode(md5.finalize())) }
    }
}

impl Digests {
    pub(crate) fn of(bytes: &[u8], with_md5: bool) -> Self {
        let mut hasher = Hasher::new(with_md5);
        hasher.update(bytes);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_that_nvme_and_md5_specify() {
        // NVM Express, "NVM Command Set Specification" 1.0, 5.2.1.3.4: the check value of "123456789" and that of 4 KiB of
        // zeros. RFC 1321 A.5 for MD5.
        let digests = Digests::of(b"123456789", true);
        assert_eq!(digests.crc.base64(), STANDARD.encode(0xAE8B_1486_0A79_9888_u64.to_be_bytes()));
        assert_eq!(
            Digests::of(&[0; 4096], false).crc.base64(),
            STANDARD.encode(0x6482_D367_EB22_B64E_u64.to_be_bytes())
        );
        assert_eq!(Digests::of(b"", true).md5.as_deref(), Some("1B2M2Y8AsgTpgAmY7PhCfg=="));
        assert_eq!(Digests::of(b"a", false).md5, None);
    }

    #[test]
    fn the_checksum_of_the_whole_is_put_together_from_those_of_its_parts() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|number| (number * 7 % 251) as u8).collect();
        for size in [1, 999, 65_536, 100_000, 200_000] {
            let parts = bytes.chunks(size).map(|part| Digests::of(part, false).crc);
            assert_eq!(PartCrc::of_whole(parts), Digests::of(&bytes, false).crc, "parts of {size}");
        }
        assert_eq!(PartCrc::of_whole(std::iter::empty()), Digests::of(b"", false).crc);
    }
}
