//! The checksums that S3 keeps with an object and holds uploads against: of bytes as they come, of parts together.
//!
//! Source: "Checking object integrity for data uploads in Amazon S3" (user guide, checking-object-integrity-upload).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use http::HeaderName;
use md5::Digest as _;
use ring::digest;
use subtle::ConstantTimeEq as _;

/// The algorithms that the stack computes. S3 has since got five more (SHA512, MD5, XXHASH64, XXHASH3, XXHASH128;
/// `ChecksumAlgorithm` in the API reference), which no SDK chooses by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub(super) const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As `x-amz-checksum-algorithm` and `x-amz-sdk-checksum-algorithm` have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The one of that name, in whatever case.
    pub(super) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The header, or trailer, that carries a value.
    pub(super) fn header(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        })
    }

    /// Bytes of a digest.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// None for those that cannot be put together from those of parts.
    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }
}

/// A checksum with its algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checksum {
    pub algorithm: Algorithm,
    /// In base64; of a composite one, a hyphen and the number of parts follow.
    pub value: String,
}

impl Checksum {
    /// None if `value` is no base64 of a digest's length. Not for composite values.
    pub(super) fn parse(algorithm: Algorithm, value: &str) -> Option<Self> {
        let checksum = Self { algorithm, value: value.to_owned() };
        checksum.digest().map(|_| checksum)
    }

    fn of_digest(algorithm: Algorithm, digest: &[u8]) -> Self {
        Self { algorithm, value: STANDARD.encode(digest) }
    }

    fn digest(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.value).ok().filter(|digest| digest.len() == self.algorithm.length())
    }

    /// Whether it is base64 of a digest's length, with or without a number of parts.
    pub(super) fn is_well_formed(&self) -> bool {
        let value = match self.value.split_once('-') {
            Some((value, parts)) if parts.parse::<u32>().is_ok() => value,
            _ => &self.value,
        };
        Self::parse(self.algorithm, value).is_some()
    }

    /// Compares in constant time.
    pub(super) fn matches(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && bool::from(self.value.as_bytes().ct_eq(other.value.as_bytes()))
    }

    /// The composite checksum of `parts`, in their order: "a checksum of the checksums of the parts", and how many there
    /// are (user guide: "Composite checksums"). None if one is of another algorithm or is itself composite.
    pub(super) fn composite(algorithm: Algorithm, parts: &[Self]) -> Option<Self> {
        let mut hasher = Hasher::new(algorithm);
        for part in parts {
            hasher.update(&part.digest().filter(|_| part.algorithm == algorithm)?);
        }
        let of_checksums = hasher.finish();
        Some(Self { value: format!("{}-{}", of_checksums.value, parts.len()), ..of_checksums })
    }

    /// The checksum of the whole, from those of its parts and their lengths in bytes, without the bytes. None for an
    /// algorithm that cannot do that: full-object checksums of multipart uploads are for CRCs alone (user guide:
    /// "Full object checksums").
    pub(super) fn full_object(algorithm: Algorithm, parts: &[(Self, u64)]) -> Option<Self> {
        let crc = algorithm.crc()?;
        let mut whole = crc_fast::Digest::new(crc).finalize();
        for (part, length) in parts {
            let digest = part.digest().filter(|_| part.algorithm == algorithm)?;
            let part = digest.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
            whole = crc_fast::checksum_combine(crc, whole, part, *length);
        }
        Some(Self::of_crc(algorithm, whole))
    }

    fn of_crc(algorithm: Algorithm, crc: u64) -> Self {
        Self::of_digest(algorithm, &crc.to_be_bytes()[8 - algorithm.length()..])
    }
}

/// Computes a checksum of bytes as they come.
#[derive(Clone)]
pub(super) struct Hasher {
    algorithm: Algorithm,
    state: State,
}

#[derive(Clone)]
enum State {
    Crc(crc_fast::Digest),
    Sha(digest::Context),
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        let state = match algorithm.crc() {
            Some(crc) => State::Crc(crc_fast::Digest::new(crc)),
            None if algorithm == Algorithm::Sha1 => State::Sha(digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
            None => State::Sha(digest::Context::new(&digest::SHA256)),
        };
        Self { algorithm, state }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc(crc) => crc.update(bytes),
            State::Sha(sha) => sha.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Checksum {
        match self.state {
            State::Crc(crc) => Checksum::of_crc(self.algorithm, crc.finalize()),
            State::Sha(sha) => Checksum::of_digest(self.algorithm, sha.finish().as_ref()),
        }
    }
}

/// Computes the MD5 digest that `Content-MD5` and the ETag of a plain object have.
#[derive(Clone, Default)]
pub(super) struct Md5(md5::Md5);

impl Md5 {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> [u8; 16] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(algorithm: Algorithm, bytes: &[u8]) -> Checksum {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    #[test]
    fn every_algorithm_gives_its_published_check_value() {
        // CRCs: the "check" of the catalogue of parametrised CRC algorithms, over these nine digits; the rest by Python.
        for (algorithm, expected) in [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Crc32c, "e3069283"),
            (Algorithm::Crc64Nvme, "ae8b14860a799888"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (Algorithm::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ] {
            let digest = of(algorithm, b"123456789").digest().unwrap();
            assert_eq!(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected, "{algorithm:?}");
        }
        let mut md5 = Md5::default();
        md5.update(b"12345");
        md5.update(b"6789");
        assert_eq!(STANDARD.encode(md5.finish()), "JfnnlDI7RTiF9RgfG2JNCw==");
    }

    #[test]
    fn a_value_of_another_length_or_no_base64_is_none() {
        assert!(Checksum::parse(Algorithm::Crc32, "y/Q5Jg==").is_some());
        for value in ["", "y/Q5Jg", "y/Q5Jg==-1", "y/Q5JgA=", " y/Q5Jg==", "y_Q5Jg==", "cbf43926"] {
            assert!(Checksum::parse(Algorithm::Crc32, value).is_none(), "{value}");
        }
    }

    #[test]
    fn a_full_object_checksum_of_parts_is_that_of_the_whole() {
        let whole: Vec<u8> = (0..100_000_u32).map(|number| number.to_le_bytes()[1] ^ number.to_le_bytes()[0]).collect();
        for algorithm in Algorithm::ALL {
            let parts: Vec<_> = [&whole[..0], &whole[..1], &whole[1..70_001], &whole[70_001..]]
                .map(|part| (of(algorithm, part), part.len() as u64))
                .into();
            let combined = Checksum::full_object(algorithm, &parts);
            assert_eq!(combined, algorithm.crc().map(|_| of(algorithm, &whole)), "{algorithm:?}");
        }
    }

    #[test]
    fn a_composite_checksum_is_of_the_checksums_and_counts_them() {
        let parts = [of(Algorithm::Sha256, b"a"), of(Algorithm::Sha256, b"b")];
        // By Python: b64encode(sha256(sha256(b"a").digest() + sha256(b"b").digest()).digest())
        let expected = "5aAf7hTg7VxIcU8iGA8lrYNltT+XefedxKPX6Tlj+Uo=-2";
        let composite = Checksum::composite(Algorithm::Sha256, &parts).unwrap();
        assert_eq!(composite.value, expected);
        assert!(Checksum::composite(Algorithm::Sha1, &parts).is_none());
        assert!(Checksum::composite(Algorithm::Sha256, &[composite]).is_none());
    }
}
