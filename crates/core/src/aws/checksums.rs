//! Checksums of what is read: held against the one that S3 keeps with an object (Amazon S3 user guide, "Checking object
//! integrity"). S3 computes one of each object, so that most have one.

use aws_sdk_s3::types::ServerSideEncryption;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::objects::ObjectChecksum;

/// Never that of a checksum which S3 keeps.
const MD5: &str = "MD5";
/// Directory buckets end so (Amazon S3 user guide, "Directory bucket naming rules").
const DIRECTORY_BUCKET: &str = "--x-s3";

/// Computes the checksum that an object should have, of bytes as they come.
pub(crate) struct Checker {
    state: State,
    expected: Vec<u8>,
}

enum State {
    Crc32(crc_fast::Digest),
    Crc64(crc_fast::Digest),
    Md5(Md5),
    Sha1(sha1::Sha1),
    Sha256(Sha256),
}

impl Checker {
    /// None if it is a checksum of checksums, or of an algorithm that is not known here.
    pub(crate) fn new(checksum: &ObjectChecksum) -> Option<Self> {
        let state = match checksum.algorithm.as_str() {
            _ if !checksum.is_of_whole_object => return None,
            "CRC64NVME" => State::Crc64(crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme)),
            "CRC32" => State::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32IsoHdlc)),
            "CRC32C" => State::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi)),
            MD5 => State::Md5(<Md5 as md5::Digest>::new()),
            "SHA1" => State::Sha1(<sha1::Sha1 as sha1::Digest>::new()),
            "SHA256" => State::Sha256(Sha256::new()),
            _ => return None,
        };
        Some(Self { state, expected: STANDARD.decode(&checksum.value).ok()? })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc32(crc) | State::Crc64(crc) => crc.update(bytes),
            State::Md5(md5) => md5::Digest::update(md5, bytes),
            State::Sha1(sha) => sha1::Digest::update(sha, bytes),
            State::Sha256(sha) => sha.update(bytes),
        }
    }

    /// Whether the bytes were those that S3 keeps.
    pub(crate) fn finds_right(self) -> bool {
        let found: Vec<u8> = match self.state {
            State::Crc32(crc) => crc.finalize().to_be_bytes()[4..].to_vec(),
            State::Crc64(crc) => crc.finalize().to_be_bytes().to_vec(),
            State::Md5(md5) => md5::Digest::finalize(md5).to_vec(),
            State::Sha1(sha) => sha1::Digest::finalize(sha).to_vec(),
            State::Sha256(sha) => sha.finalize().to_vec(),
        };
        found.ct_eq(&self.expected).into()
    }
}

/// The MD5 that an entity tag is, if it is one: of objects "encrypted by SSE-S3 or plaintext", with SSE-C or SSE-KMS it is
/// none, and of a multipart upload neither (S3 API reference, Object, ETag). Those of directory buckets are none either (Amazon
/// S3 user guide, "Differences for directory buckets"). Servers like S3 that make up a tag give it another form for this reason:
/// MinIO ends it with "-1" (`cmd/utils.go`, `ToS3ETag`). The AWS SDK for Java 1 relies on the same (`SkipMd5CheckStrategy`).
pub(crate) fn md5_of_e_tag(e_tag: &str) -> Option<ObjectChecksum> {
    let digits = e_tag.strip_prefix('"')?.strip_suffix('"')?;
    let is_md5 = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
    let value = STANDARD.encode(bytes.collect::<Option<Vec<u8>>>().filter(|_| is_md5)?);
    Some(ObjectChecksum { algorithm: MD5.to_owned(), value, is_of_whole_object: true })
}

/// Whether answers about objects of this bucket, encrypted like this, have entity tags that can be MD5s at all.
pub(crate) fn may_have_md5_tags(bucket: &str, sse: Option<&ServerSideEncryption>, sse_customer: Option<&str>) -> bool {
    let is_of_keys = sse_customer.is_some() || sse.is_some_and(|kind| kind.as_str().starts_with("aws:kms"));
    !is_of_keys && !bucket.ends_with(DIRECTORY_BUCKET)
}

/// The CRC64NVME of a part, from which that of the whole can be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct PartCrc {
    pub value: u64,
    pub length: u64,
}

/// Computes it of bytes as they come.
#[derive(Clone)]
pub(crate) struct PartHasher {
    crc: crc_fast::Digest,
    length: u64,
}

impl PartHasher {
    pub(crate) fn new() -> Self {
        Self { crc: crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme), length: 0 }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        self.length += bytes.len() as u64;
    }

    pub(crate) fn finish(self) -> PartCrc {
        PartCrc { value: self.crc.finalize(), length: self.length }
    }
}

impl PartCrc {
    /// That of the parts one after another, if it is what `checksum` says; none if that is of another algorithm, for which the
    /// bytes have to be read once more.
    pub(crate) fn are_those_of(parts: impl IntoIterator<Item = Self>, checksum: &ObjectChecksum) -> Option<bool> {
        if checksum.algorithm != "CRC64NVME" || !checksum.is_of_whole_object {
            return None;
        }
        Some(Self::of_whole(parts).base64() == checksum.value)
    }

    /// That of the parts one after another ("full object checksums", same guide).
    pub(crate) fn of_whole(parts: impl IntoIterator<Item = Self>) -> Self {
        let nothing = PartHasher::new().finish();
        parts.into_iter().fold(nothing, |whole, part| Self {
            value: crc_fast::checksum_combine(CrcAlgorithm::Crc64Nvme, whole.value, part.value, part.length),
            length: whole.length + part.length,
        })
    }

    /// As S3's headers have it.
    pub(crate) fn base64(self) -> String {
        STANDARD.encode(self.value.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(algorithm: &str, value: &str) -> ObjectChecksum {
        ObjectChecksum { algorithm: algorithm.to_owned(), value: value.to_owned(), is_of_whole_object: true }
    }

    /// Of the nine digits. CRCs: the "check" of the catalogue of parametrised CRC algorithms; the rest by Python.
    const KNOWN: [(&str, &str); 6] = [
        ("MD5", "JfnnlDI7RTiF9RgfG2JNCw=="),
        ("CRC64NVME", "rosUhgp5mIg="),
        ("CRC32", "y/Q5Jg=="),
        ("CRC32C", "4waSgw=="),
        ("SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        ("SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
    ];

    #[test]
    fn every_algorithm_finds_the_bytes_right_and_others_wrong() {
        for (algorithm, value) in KNOWN {
            let is_right = |bytes: [&[u8]; 2]| {
                let mut checker = Checker::new(&checksum(algorithm, value)).unwrap();
                bytes.into_iter().for_each(|bytes| checker.update(bytes));
                checker.finds_right()
            };
            assert!(is_right([b"1234", b"56789"]), "{algorithm}");
            assert!(!is_right([b"1234", b"56780"]) && !is_right([b"1234", b"5678"]), "{algorithm}");
        }
    }

    #[test]
    fn what_cannot_be_computed_is_no_checker() {
        assert!(Checker::new(&checksum("XXHASH3", "AAAA")).is_none());
        assert!(Checker::new(&checksum("CRC32", "no base64")).is_none());
        let of_parts = ObjectChecksum { is_of_whole_object: false, ..checksum("CRC32", "y/Q5Jg==") };
        assert!(Checker::new(&of_parts).is_none());
    }

    #[test]
    fn an_entity_tag_is_an_md5_or_none() {
        let md5 = md5_of_e_tag("\"25f9e794323b453885f5181f1b624d0b\"").unwrap();
        let mut checker = Checker::new(&md5).unwrap();
        checker.update(b"123456789");
        assert!(checker.finds_right());
        for none in [
            "25f9e794323b453885f5181f1b624d0b",
            "\"25f9e794323b453885f5181f1b624d0b-2\"",
            "\"25f9e794323b453885f5181f1b624d0\"",
            "\"25F9E794323B453885F5181F1B624D0B\"",
            "\"+5f9e794323b453885f5181f1b624d0b\"",
            "W/\"25f9e794323b453885f5181f1b624d0b\"",
            "\"\"",
        ] {
            assert_eq!(md5_of_e_tag(none), None, "{none}");
        }
    }

    #[test]
    fn the_parts_are_put_together() {
        let crc = |bytes: &[u8]| {
            let mut hasher = PartHasher::new();
            hasher.update(bytes);
            hasher.finish()
        };
        let whole = checksum("CRC64NVME", "rosUhgp5mIg=");
        let are_right = |parts: &[&[u8]]| PartCrc::are_those_of(parts.iter().map(|part| crc(part)), &whole);
        assert_eq!(are_right(&[b"123", b"456", b"789"]), Some(true));
        assert_eq!(are_right(&[b"123456789", b""]), Some(true));
        assert_eq!(are_right(&[b"456", b"123", b"789"]), Some(false));
        assert_eq!(PartCrc::are_those_of([crc(b"123456789")], &checksum("CRC32", "y/Q5Jg==")), None);
        let empty = checksum("CRC64NVME", "AAAAAAAAAAA=");
        assert_eq!(PartCrc::are_those_of([], &empty), Some(true));
    }
}
