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
use crate::config::is_directory_bucket;

/// Never that of a checksum which S3 keeps.
const MD5: &str = "MD5";
/// "Maximum number of parts per upload" (Amazon S3 user guide, "Amazon S3 multipart upload limits").
const MOST_PARTS: u64 = 10_000;

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

impl State {
    fn new(algorithm: &str) -> Option<Self> {
        Some(match algorithm {
            "CRC64NVME" => Self::Crc64(crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme)),
            "CRC32" => Self::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32IsoHdlc)),
            "CRC32C" => Self::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi)),
            MD5 => Self::Md5(<Md5 as md5::Digest>::new()),
            "SHA1" => Self::Sha1(<sha1::Sha1 as sha1::Digest>::new()),
            "SHA256" => Self::Sha256(Sha256::new()),
            _ => return None,
        })
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc32(crc) | Self::Crc64(crc) => crc.update(bytes),
            Self::Md5(md5) => md5::Digest::update(md5, bytes),
            Self::Sha1(sha) => sha1::Digest::update(sha, bytes),
            Self::Sha256(sha) => sha.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Crc32(crc) => crc.finalize().to_be_bytes()[4..].to_vec(),
            Self::Crc64(crc) => crc.finalize().to_be_bytes().to_vec(),
            Self::Md5(md5) => md5::Digest::finalize(md5).to_vec(),
            Self::Sha1(sha) => sha1::Digest::finalize(sha).to_vec(),
            Self::Sha256(sha) => sha.finalize().to_vec(),
        }
    }
}

impl Checker {
    /// None if it is a checksum of checksums, or of an algorithm that is not known here.
    pub(crate) fn new(checksum: &ObjectChecksum) -> Option<Self> {
        let state = State::new(&checksum.algorithm).filter(|_| checksum.is_of_whole_object)?;
        Some(Self { state, expected: STANDARD.decode(&checksum.value).ok()? })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    /// Whether the bytes were those that S3 keeps.
    pub(crate) fn finds_right(self) -> bool {
        self.state.finish().ct_eq(&self.expected).into()
    }
}

/// A checksum of the checksums of an upload's parts: "The object-level checksum is … the checksum of all of the concatenated
/// part-level checksums", and ends in the number of parts ("Checking object integrity", user guide, "Composite checksums").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Composite {
    algorithm: String,
    expected: Vec<u8>,
    pub part_count: u64,
}

impl Composite {
    pub(crate) fn new(checksum: &ObjectChecksum) -> Option<Self> {
        let (value, count) = checksum.value.split_once('-').filter(|_| !checksum.is_of_whole_object)?;
        State::new(&checksum.algorithm)?;
        let expected = STANDARD.decode(value).ok()?;
        let part_count = count.parse().ok().filter(|count| (1..=MOST_PARTS).contains(count))?;
        Some(Self { algorithm: checksum.algorithm.clone(), expected, part_count })
    }

    pub(crate) fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The sizes of the parts of an object of this size if they are as large as the first one, and the last may be smaller.
    pub(crate) fn alike(&self, first: u64, size: u64) -> Option<Vec<u64>> {
        if self.part_count == 1 {
            return Some(vec![size]);
        }
        let is_possible = first > 0 && size.div_ceil(first) == self.part_count;
        let last = size.checked_sub(first.checked_mul(self.part_count - 1)?)?;
        is_possible.then(|| (1..self.part_count).map(|_| first).chain([last]).collect())
    }

    /// Whether the sizes of all parts follow from the size of the first one and of the whole.
    pub(crate) fn is_certain(&self) -> bool {
        self.part_count <= 2
    }

    /// `sizes`: of all parts, in their order.
    pub(crate) fn checker(&self, sizes: Vec<u64>) -> Option<CompositeChecker> {
        let (whole, part) = (State::new(&self.algorithm)?, State::new(&self.algorithm)?);
        let mut later = sizes.into_iter();
        let left = later.next()?;
        Some(CompositeChecker { composite: self.clone(), later, left, part, whole, has_more: false })
    }
}

/// Computes it of bytes as they come.
pub(crate) struct CompositeChecker {
    composite: Composite,
    /// Sizes of the parts after this one.
    later: std::vec::IntoIter<u64>,
    /// Bytes of this part that are still to come.
    left: u64,
    part: State,
    whole: State,
    /// Bytes came after the last part.
    has_more: bool,
}

impl CompositeChecker {
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left == 0 && !self.begin_next() {
                self.has_more = true;
                return;
            }
            let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (now, later) = bytes.split_at(length);
            self.part.update(now);
            bytes = later;
            self.left -= length as u64;
        }
    }

    /// Ends a part whose bytes have come; says whether there is another one.
    fn begin_next(&mut self) -> bool {
        let (Some(left), Some(part)) = (self.later.next(), State::new(&self.composite.algorithm)) else { return false };
        let ended = std::mem::replace(&mut self.part, part);
        self.whole.update(&ended.finish());
        self.left = left;
        true
    }

    pub(crate) fn finds_right(mut self) -> bool {
        if self.left > 0 || self.later.len() > 0 || self.has_more {
            return false;
        }
        self.whole.update(&self.part.finish());
        self.whole.finish().ct_eq(&self.composite.expected).into()
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

/// The entity tag of an object that was made of parts: the MD5 of their MD5s, a dash, and their number. So S3 makes it (Amazon S3
/// user guide, "Checking object integrity"), and servers like it: Cloudflare R2 ("Upload objects": "the hash of the concatenated
/// binary MD5 sums of all parts, followed by a hyphen and the number of parts"), Wangsu, MinIO, Ceph. A tag of another form says
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagOfParts {
    /// In hexadecimal digits, if those of all parts are known.
    md5: Option<String>,
    part_count: usize,
}

impl TagOfParts {
    /// `parts`: of each its entity tag, if that is the MD5 of what was sent.
    pub(crate) fn of<'a>(parts: impl Iterator<Item = Option<&'a str>>) -> Self {
        let (mut part_count, mut md5) = (0, Some(<Md5 as md5::Digest>::new()));
        for tag in parts {
            part_count += 1;
            let digest = tag.and_then(md5_of_e_tag).and_then(|md5| STANDARD.decode(md5.value).ok());
            md5 = md5.zip(digest).map(|(md5, digest)| md5::Digest::chain_update(md5, digest));
        }
        let hex = |md5| md5::Digest::finalize(md5).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { md5: md5.map(hex), part_count }
    }

    /// Whether an object with this tag was made of these very parts.
    pub(crate) fn is(&self, e_tag: &str) -> bool {
        let told = read_tag_of_parts(e_tag);
        told.is_some_and(|(md5, count)| self.md5.as_deref() == Some(&*md5) && count == self.part_count)
    }

    /// What an object with this tag was made of instead, in words.
    pub(crate) fn contradicted_by(&self, e_tag: &str) -> Option<String> {
        let (md5, count) = read_tag_of_parts(e_tag)?;
        if count != self.part_count {
            return Some(format!("it made an object of {count} parts, and {} were sent", self.part_count));
        }
        let is_other = self.md5.as_ref().is_some_and(|own| *own != md5);
        is_other.then(|| "it made an object of other parts than were sent, by their MD5s".to_owned())
    }
}

fn read_tag_of_parts(e_tag: &str) -> Option<(String, usize)> {
    let (md5, count) = e_tag.trim_matches('"').split_once('-')?;
    let is_md5 = md5.len() == 32 && md5.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((md5.to_ascii_lowercase(), count.parse().ok().filter(|_| is_md5)?))
}

/// Whether answers about objects of this bucket, encrypted like this, have entity tags that can be MD5s at all.
pub(crate) fn may_have_md5_tags(bucket: &str, sse: Option<&ServerSideEncryption>, sse_customer: Option<&str>) -> bool {
    let is_of_keys = sse_customer.is_some() || sse.is_some_and(|kind| kind.as_str().starts_with("aws:kms"));
    !is_of_keys && !is_directory_bucket(bucket)
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

    /// The MD5s of "a" and "b" (RFC 1321), and by Python the MD5 of both.
    #[test]
    fn the_tag_of_an_object_of_parts_is_known_and_another_one_told() {
        let (a, b) = ("\"0cc175b9c0f1b6a831c399e269772661\"", "\"92eb5ffee6ae2fec3ad71c777531578f\"");
        let tag = TagOfParts::of([Some(a), Some(b)].into_iter());
        let right = "96e024ba2074fe77e8e965ba43a704be-2";
        assert!(tag.is(right) && tag.is(&format!("\"{}\"", right.to_ascii_uppercase())));
        assert_eq!(tag.contradicted_by(right), None);
        for (other, words) in
            [("96e024ba2074fe77e8e965ba43a704be-1", "1 parts, and 2"), (&right.replace("96e", "06e"), "MD5s")]
        {
            assert!(!tag.is(other) && tag.contradicted_by(other).unwrap().contains(words), "{other}");
        }
        for silent in [a, "\"1-2\"", "\"96e024ba2074fe77e8e965ba43a704be-x\"", ""] {
            assert!(!tag.is(silent) && tag.contradicted_by(silent).is_none(), "{silent}");
        }
        // Of a part nobody knows the MD5: the number counts all the same.
        let tag = TagOfParts::of([Some(a), None].into_iter());
        assert!(
            !tag.is(right)
                && tag.contradicted_by(right).is_none()
                && tag.contradicted_by(&right.replace("-2", "-3")).is_some()
        );
    }

    /// By Python: the checksum of the checksums of "1234", "5678" and "9".
    #[test]
    fn a_checksum_of_checksums_is_computed_of_parts() {
        for (algorithm, value) in [
            ("CRC32", "+vEo6Q=="),
            ("SHA1", "dTcKdjYm1TzQORJOtCI1ajTa40w="),
            ("SHA256", "RWtJBRAdYQ9Y6rETLya5JMkap8fADJo5biSsdBWQ50E="),
        ] {
            let checksum = ObjectChecksum { is_of_whole_object: false, ..checksum(algorithm, &format!("{value}-3")) };
            let composite = Composite::new(&checksum).unwrap();
            assert_eq!(composite.alike(4, 9), Some(vec![4, 4, 1]));
            assert_eq!(composite.alike(3, 9), Some(vec![3, 3, 3]));
            assert!([0, 2, 5, 9, u64::MAX].iter().all(|first| composite.alike(*first, 9).is_none()));
            let is_right = |sizes: &[u64], chunks: &[&[u8]]| {
                let mut checker = composite.checker(sizes.to_vec()).unwrap();
                chunks.iter().for_each(|bytes| checker.update(bytes));
                checker.finds_right()
            };
            let parts = [4, 4, 1];
            assert!(is_right(&parts, &[b"123456789"]) && is_right(&parts, &[b"123", b"45", b"6789"]), "{algorithm}");
            for wrong in [&b"123456780"[..], b"12345678", b"1234567890", b"1234"] {
                assert!(!is_right(&parts, &[wrong]), "{algorithm}: {wrong:?}");
            }
            for others in [&[3, 3, 3][..], &[4, 4], &[4, 4, 1, 0], &[4, 0, 4, 1], &[4, 4, 2]] {
                assert!(!is_right(others, &[b"123456789"]), "{algorithm}: {others:?}");
            }
        }
        for none in ["y/Q5Jg==", "y/Q5Jg==-0", "y/Q5Jg==-x", "y/Q5Jg==-10001", "no base64-3"] {
            let checksum = ObjectChecksum { is_of_whole_object: false, ..checksum("CRC32", none) };
            assert_eq!(Composite::new(&checksum), None, "{none}");
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
