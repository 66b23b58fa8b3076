//! An object as the stack keeps it: content that is a rule, or bytes that somebody uploaded with all that S3 keeps beside
//! them, and how much of that there may be.

use std::ops::Range;
#[cfg(unix)]
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use futures_util::stream;
use s3s::dto::{ChecksumAlgorithm, ChecksumType, Metadata, ServerSideEncryption, StreamingBlob, Timestamp};
use sha2::{Digest as _, Sha256};

use super::body::{Blob, needs_file};
use super::checksum::Checksum;
use super::content;

use crate::hex::hex;

/// 2024-01-05T08:00:00Z, when the first object of every bucket was written. All were before S3 began to compute a checksum of
/// every object, which it announced on 2024-12-01 ("Amazon S3 adds new default data integrity protections", What's New), so
/// that they have none, whatever year some of the keys name.
const FIRST_WRITTEN: u64 = 1_704_441_600;
/// Descriptors that are left for connections and for uploads on their way.
#[cfg(unix)]
const SPARE_DESCRIPTORS: usize = 64;
/// What each thing that is kept counts beside its content: a key of 1 KiB and 8 KiB of headers at their longest, and some more.
const OVERHEAD: u64 = 10 * 1024;

/// One object as a listing shows it, and the way to its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub key: String,
    pub size: u64,
    /// In whole seconds, as S3 keeps it.
    pub last_modified: SystemTime,
    /// Without quotes.
    pub e_tag: String,
    pub content: Content,
}

/// How a request names the bytes that it is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskedFor {
    /// Not at all: all of them.
    All,
    /// By their positions.
    Range,
    /// As a part of the upload.
    Part,
}

/// Where the bytes of an object come from.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// From the key alone; they were there when the stack started.
    Generated { versioned: bool },
    /// From somebody who uploaded or copied them.
    Stored(Arc<Stored>),
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Generated { versioned }, Self::Generated { versioned: other }) => versioned == other,
            (Self::Stored(stored), Self::Stored(other)) => Arc::ptr_eq(stored, other),
            _ => false,
        }
    }
}

impl Eq for Content {}

impl Object {
    /// One that nobody uploaded. `size` may follow from the digest of the key, as time and ETag do. The ETag says that
    /// the object came in one part of a multipart upload, so that it is no digest of the content, which would take
    /// reading all of it ("Object", `ETag`, S3 API reference).
    pub(super) fn generated(key: String, versioned: bool, size: impl FnOnce(&[u8]) -> u64) -> Self {
        let digest = Sha256::digest(format!("e-tag of {key}"));
        // Days and minutes apart, never in the future.
        let age = u64::from(digest[18]) * 86_400 + u64::from(digest[19]) * 307;
        Self {
            last_modified: SystemTime::UNIX_EPOCH + Duration::from_secs(FIRST_WRITTEN + age % (120 * 86_400)),
            e_tag: hex(&digest[..16]) + "-1",
            size: size(&digest),
            key,
            content: Content::Generated { versioned },
        }
    }

    pub(super) fn stored(key: String, stored: Arc<Stored>) -> Self {
        Self {
            key,
            size: stored.blob.len(),
            last_modified: stored.last_modified,
            e_tag: stored.e_tag.clone(),
            content: Content::Stored(stored),
        }
    }

    /// What was uploaded with the content.
    pub(super) fn attributes(&self) -> Attributes {
        match &self.content {
            Content::Generated { .. } => Attributes::default(),
            Content::Stored(stored) => stored.attributes.clone(),
        }
    }

    /// None for STANDARD.
    pub(super) fn storage_class(&self) -> Option<&str> {
        match &self.content {
            Content::Generated { .. } => None,
            Content::Stored(stored) => stored.attributes.storage_class.as_deref(),
        }
    }

    /// None in a bucket that keeps no versions.
    pub(super) fn version_id(&self) -> Option<String> {
        match &self.content {
            Content::Generated { versioned: false } => None,
            Content::Generated { versioned: true } => {
                Some(hex(&Sha256::digest(format!("version of {}", self.key))[..16]))
            }
            Content::Stored(stored) => stored.version_id.clone(),
        }
    }

    /// None of what was there from the start: S3 has one of every object since it computes them itself, and none of
    /// those that were uploaded before ("Checking object integrity", user guide; see [`FIRST_WRITTEN`]).
    pub(super) fn checksum(&self) -> Option<&StoredChecksum> {
        match &self.content {
            Content::Generated { .. } => None,
            Content::Stored(stored) => Some(&stored.checksum),
        }
    }

    /// The checksum that stands beside these bytes. Of all of them, and of the one part of what was not uploaded in parts, it is
    /// the object's. "For completed uploads, you can get an individual part's checksum by using the GetObject or HeadObject
    /// operations and specifying a part number or byte range that aligns with a single part" ("Checking object integrity", user
    /// guide: "Part-level checksums"); "if it's an arbitrary range, not matching a part boundary, then checksum will not be
    /// received" (AWS's specification of its SDKs, as aws-sdk-js-v3#5345 quotes it; seen on S3: versity/versitygw#2056,
    /// minio/minio#17105).
    ///
    /// That a range which happens to be all of an object brings the object's checksum is written nowhere, and AWS's own client
    /// asks HeadObject rather than count on it (awslabs/aws-c-s3, `s3_auto_ranged_get.c`): here it brings none. A composite one
    /// came so, without the number of parts, and looked like one of the object (boto/botocore#3346): clients have to see that.
    pub(super) fn checksum_beside(&self, range: &Range<u64>, asked_for: AskedFor) -> Option<StoredChecksum> {
        let Content::Stored(stored) = &self.content else { return None };
        let whole = &stored.checksum;
        match asked_for {
            AskedFor::All => return Some(whole.clone()),
            AskedFor::Part if stored.parts.is_empty() => return Some(whole.clone()),
            AskedFor::Range if *range == (0..self.size) && stored.parts.len() > 1 => {
                let (bare, _) = whole.checksum.value.split_once('-').filter(|_| whole.is_composite)?;
                let checksum = Checksum { value: bare.to_owned(), ..whole.checksum.clone() };
                return Some(StoredChecksum { checksum, ..whole.clone() });
            }
            AskedFor::Range | AskedFor::Part => {}
        }
        // The guide makes no exception of objects with a checksum of the full object; S3 was seen to give none of their parts
        // (localstack/localstack#12842, by part number, while those of a composite came). Clients must not count on it.
        if !whole.is_composite && stored.parts.len() > 1 {
            return None;
        }
        let mut start = 0;
        stored.parts.iter().find_map(|(size, checksum)| {
            let is_it = *range == (start..start + size);
            start += size;
            is_it.then(|| StoredChecksum { checksum: checksum.clone(), ..whole.clone() })
        })
    }

    /// The sizes of the parts that the object was uploaded in. None if it was not a multipart upload.
    pub(super) fn part_sizes(&self) -> Vec<u64> {
        match &self.content {
            Content::Generated { .. } => vec![self.size],
            Content::Stored(stored) => stored.parts.iter().map(|(size, _)| *size).collect(),
        }
    }

    /// The bytes `range`, which must lie within the object.
    pub(super) fn read(&self, range: Range<u64>) -> StreamingBlob {
        match &self.content {
            Content::Generated { .. } => {
                let chunks = content::chunks(&self.key, range).map(Ok::<Bytes, std::io::Error>);
                StreamingBlob::wrap(stream::iter(chunks))
            }
            Content::Stored(stored) => StreamingBlob::wrap(stored.blob.slice(range).chunks()),
        }
    }
}

/// What somebody uploaded, with all that S3 keeps of it.
#[derive(Debug)]
pub(super) struct Stored {
    pub blob: Blob,
    pub e_tag: String,
    pub last_modified: SystemTime,
    pub attributes: Attributes,
    pub checksum: StoredChecksum,
    /// Size and checksum of the parts in their order; empty if the object was not uploaded in parts.
    pub parts: Vec<(u64, Checksum)>,
    /// In a bucket that keeps versions.
    pub version_id: Option<String>,
    /// The room that content and object take up.
    pub room: Vec<Arc<Room>>,
}

/// Headers that S3 keeps and gives back with the content ("Working with object metadata", user guide).
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes {
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub expires: Option<Timestamp>,
    /// `x-amz-meta-*`, without that prefix.
    pub metadata: Option<Metadata>,
    /// None for STANDARD, of which S3 says nothing ("GetObject", `StorageClass`, S3 API reference).
    pub storage_class: Option<String>,
}

/// How a bucket encrypts what is put into it: with S3's own keys, as every new bucket ("Setting default server-side
/// encryption behavior for Amazon S3 buckets", user guide), or with the one that KMS manages for S3.
#[derive(Debug, Clone, Default)]
pub(super) struct Encryption {
    pub kms_key: Option<String>,
}

impl Encryption {
    pub(super) fn algorithm(&self) -> ServerSideEncryption {
        let is_by_kms = self.kms_key.is_some();
        let name = if is_by_kms { ServerSideEncryption::AWS_KMS } else { ServerSideEncryption::AES256 };
        ServerSideEncryption::from_static(name)
    }

    /// The ETag of content with this MD5 digest, which objects have "that are not an MD5 digest of their object data" if
    /// they "are encrypted by SSE-C or SSE-KMS" ("Object", `ETag`, S3 API reference).
    pub(super) fn e_tag(&self, md5: [u8; 16]) -> String {
        match &self.kms_key {
            None => hex(&md5),
            Some(key) => hex(&Sha256::digest([&md5[..], key.as_bytes()].concat())[..16]),
        }
    }
}

/// The checksum of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredChecksum {
    pub checksum: Checksum,
    /// Of the checksums of the parts, not of the content.
    pub is_composite: bool,
}

impl StoredChecksum {
    pub(super) fn full_object(checksum: Checksum) -> Self {
        Self { checksum, is_composite: false }
    }

    pub(super) fn algorithm(&self) -> ChecksumAlgorithm {
        ChecksumAlgorithm::from_static(self.checksum.algorithm.name())
    }

    pub(super) fn kind(&self) -> ChecksumType {
        ChecksumType::from_static(if self.is_composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT })
    }
}

/// How much the stack keeps at once. Real S3 has no such limit.
#[derive(Debug)]
pub(super) struct Quota {
    most: u64,
    taken: AtomicU64,
}

impl Quota {
    pub(super) fn new(most: u64) -> Arc<Self> {
        Arc::new(Self { most, taken: AtomicU64::new(0) })
    }

    /// Takes room for something with this much content, if there is enough.
    pub(super) fn take(self: &Arc<Self>, content: u64) -> Option<Arc<Room>> {
        if needs_file(content) && !has_spare_descriptors() {
            return None;
        }
        let size = content.checked_add(OVERHEAD)?;
        let fits = |taken: u64| taken.checked_add(size).filter(|sum| *sum <= self.most);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(Arc::new(Room { quota: Arc::clone(self), size }))
    }
}

/// A file is open for each large upload that is kept. Without a descriptor for the next connection nobody could delete
/// anything any more.
#[cfg(unix)]
pub(super) fn has_spare_descriptors() -> bool {
    let stderr = std::io::stderr();
    let spare: Result<Vec<_>, _> = (0..SPARE_DESCRIPTORS).map(|_| stderr.as_fd().try_clone_to_owned()).collect();
    spare.is_ok()
}

/// Handles are not scarce.
#[cfg(not(unix))]
pub(super) fn has_spare_descriptors() -> bool {
    true
}

/// Room that is taken up until the last holder lets go.
#[derive(Debug)]
pub(super) struct Room {
    quota: Arc<Quota>,
    size: u64,
}

impl Room {
    /// Whether it is for content, and not only for what is kept beside it.
    pub(super) fn has_content(&self) -> bool {
        self.size > OVERHEAD
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.quota.taken.fetch_sub(self.size, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a process of its own, since the limit is the process's.
    #[cfg(unix)]
    #[test]
    fn descriptors_are_left_for_connections() {
        const INSIDE: &str = "TEST_WITH_FEW_DESCRIPTORS";
        const LARGE: u64 = 512 * 1024;
        if std::env::var_os(INSIDE).is_none() {
            let limited =
                "ulimit -n 128 && exec \"$0\" --exact s3::stored::tests::descriptors_are_left_for_connections";
            let program = std::env::current_exe().unwrap();
            let output = std::process::Command::new("sh").args(["-c", limited]).arg(program).env(INSIDE, "1").output();
            let output = output.unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            return;
        }
        let quota = Quota::new(u64::MAX);
        let mut kept = Vec::new();
        while let Some(room) = quota.take(LARGE) {
            kept.push((room, std::fs::File::open("/dev/null").unwrap()));
        }
        assert!((20..128 - SPARE_DESCRIPTORS).contains(&kept.len()), "{}", kept.len());
        // What is small needs no file.
        assert!(quota.take(LARGE / 2).is_some());
        kept.pop();
        assert!(quota.take(LARGE).is_some());
    }

    #[test]
    fn room_is_taken_up_until_the_last_holder_lets_go() {
        let quota = Quota::new(3 * OVERHEAD);
        let first = quota.take(OVERHEAD).unwrap();
        let shared = Arc::clone(&first);
        assert!(quota.take(1).is_none() && quota.take(u64::MAX).is_none());
        let second = quota.take(0).unwrap();
        drop(first);
        assert!(quota.take(0).is_none());
        drop((shared, second));
        assert_eq!(quota.taken.load(Ordering::Relaxed), 0);
    }
}
