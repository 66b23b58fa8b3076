//! What is said about single objects: which one, what is known of it, under which conditions something is done with it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Which object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectAddress {
    /// Another bucket than the configuration's: its name, or the ARN of an access point.
    pub bucket: Option<String>,
    /// The whole key: `Storage.AWSS3.prefix` is where listings start, and is not put before it.
    pub key: String,
    /// Whoever asks pays for it: demanded by buckets with Requester Pays.
    pub requester_pays: bool,
}

impl ObjectAddress {
    /// An object of the configuration's bucket.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), ..Self::default() }
    }

    /// An object of another bucket.
    pub fn in_bucket(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: Some(bucket.into()), ..Self::new(key) }
    }
}

impl From<&str> for ObjectAddress {
    fn from(key: &str) -> Self {
        Self::new(key)
    }
}

/// What an object has to be for something to be done with it (RFC 9110 §13, Amazon S3 user guide, "Conditional requests").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Only the object with this entity tag, quotes included.
    pub if_match: Option<String>,
    /// Only another object than the one with this entity tag; `*`: only if there is none.
    pub if_none_match: Option<String>,
    /// Only if it was written after this.
    pub if_modified_since: Option<SystemTime>,
    /// Only if it was not written after this.
    pub if_unmodified_since: Option<SystemTime>,
}

/// What is known of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectDetails {
    /// Its key.
    pub key: String,
    /// Bytes of the whole object, even if only a part of it was asked for.
    pub size: u64,
    /// The entity tag with its quotes.
    pub e_tag: Option<String>,
    /// When it was last written.
    pub last_modified: Option<SystemTime>,
    /// What it was said to be when it was written.
    pub headers: ObjectHeaders,
    /// `STANDARD` if S3 says nothing.
    pub storage_class: Option<String>,
    /// Its version, in a bucket with versioning.
    pub version_id: Option<String>,
    /// The checksum that S3 keeps with it.
    pub checksum: Option<ObjectChecksum>,
}

/// What is kept with an object, and said with it to whoever reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectHeaders {
    /// What kind of document it is, such as `image/jpeg`.
    pub content_type: Option<String>,
    /// How long readers may keep it.
    pub cache_control: Option<String>,
    /// The name under which browsers save it.
    pub content_disposition: Option<String>,
    /// How it is packed, such as `gzip`. It is never unpacked here.
    pub content_encoding: Option<String>,
    /// The language of its readers.
    pub content_language: Option<String>,
    /// The app's own, without `x-amz-meta-`; names in lower case.
    pub metadata: BTreeMap<String, String>,
}

/// A checksum that S3 keeps with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectChecksum {
    /// `CRC64NVME`, `CRC32`, `CRC32C`, `SHA1` or `SHA256`.
    pub algorithm: String,
    /// In base64; with a dash and the number of parts if it is one of their checksums.
    pub value: String,
    /// Whether it is of the whole object, and not one of the checksums of its parts.
    pub is_of_whole_object: bool,
}

/// What to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetObject {
    /// Which object.
    pub object: ObjectAddress,
    /// Under which conditions.
    pub conditions: Conditions,
    /// These bytes of it alone.
    pub range: Option<Range<u64>>,
}

impl From<&str> for GetObject {
    fn from(key: &str) -> Self {
        Self { object: key.into(), ..Self::default() }
    }
}

/// What to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutObject {
    /// Which object.
    pub object: ObjectAddress,
    /// What is kept with it. Without a content type, one by the ending of the key, if that is known.
    pub headers: ObjectHeaders,
    /// Under which conditions: `if_match`, or `if_none_match` with `*`; S3 knows no others here.
    pub conditions: Conditions,
}

impl From<&str> for PutObject {
    fn from(key: &str) -> Self {
        Self { object: key.into(), ..Self::default() }
    }
}

/// What to delete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteObject {
    /// Which object.
    pub object: ObjectAddress,
    /// Under which conditions: `if_match`; S3 knows no others here.
    pub conditions: Conditions,
}

impl From<&str> for DeleteObject {
    fn from(key: &str) -> Self {
        Self { object: key.into(), ..Self::default() }
    }
}

/// What to delete of one bucket at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteObjects {
    /// The bucket, or the ARN of an access point; without it, the configuration's bucket.
    pub bucket: Option<String>,
    /// Whole keys, as many as there are.
    pub keys: Vec<String>,
    /// For buckets whose readers pay for the transfer.
    pub requester_pays: bool,
}

/// What to copy within S3, without the bytes coming here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyObject {
    /// The object that is there.
    pub source: ObjectAddress,
    /// What the source has to be.
    pub source_conditions: Conditions,
    /// Where the copy goes, under which conditions, and what is kept with it.
    pub target: ObjectAddress,
    /// What the place has to be: `if_match`, or `if_none_match` with `*`.
    pub target_conditions: Conditions,
    /// Kept with the copy instead of what is kept with the source.
    pub headers: Option<ObjectHeaders>,
}

/// How bytes are moved.
#[derive(Clone, Default)]
pub struct TransferOptions {
    /// Is told how far it is, for each hundredth of the whole and ten times a second while bytes come, and at last that all is
    /// there. Never less than before, unless it begins anew because the object
    /// was replaced meanwhile.
    pub progress: Option<Arc<dyn Fn(TransferProgress) + Send + Sync>>,
    /// Requests at once; without it, four for phones' sake.
    pub parallel: Option<usize>,
    /// Bytes of each part; without it, 8 MiB, or more where an object would have too many parts.
    pub part_size: Option<u64>,
    /// Where it is remembered what was sent: an upload that the end of the process broke off goes on from there if the same
    /// file is uploaded to the same place again. Without it, it begins anew. A folder of the app's own. One that cannot be used
    /// keeps nothing from being uploaded: the log says that the upload is not remembered.
    pub resume_folder: Option<PathBuf>,
    /// Not to go on with what an earlier process began.
    pub start_over: bool,
    /// Bytes that the object to read has, as a listing said: one of another size is refused (`ConditionNotMet`) before
    /// anything of it is written.
    pub expected_size: Option<u64>,
}

impl fmt::Debug for TransferOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransferOptions")
            .field("parallel", &self.parallel)
            .field("part_size", &self.part_size)
            .field("resume_folder", &self.resume_folder)
            .field("start_over", &self.start_over)
            .field("expected_size", &self.expected_size)
            .finish_non_exhaustive()
    }
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransferProgress {
    /// Bytes that have arrived, those of an earlier process included.
    pub done: u64,
    /// Bytes in all, if that is known.
    pub total: Option<u64>,
    /// Bytes of `done` that an earlier process had moved.
    pub resumed: u64,
}

/// A file that was downloaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadedObject {
    /// What is known of the object.
    pub details: ObjectDetails,
    /// Bytes that an earlier process had already brought.
    pub resumed: u64,
    /// Whether the bytes were held against a checksum that S3 keeps. `false` if it keeps none that can be computed: of a range,
    /// of an object from before S3 kept one of each, and of one with a checksum of its parts' checksums (`COMPOSITE`) where the
    /// server does not tell how large these are.
    pub is_verified: bool,
}

/// An object that was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadedObject {
    /// Its key.
    pub key: String,
    /// Bytes; 0 for a copy, of which S3 does not tell it.
    pub size: u64,
    /// The entity tag with its quotes.
    pub e_tag: Option<String>,
    /// Its version, in a bucket with versioning.
    pub version_id: Option<String>,
    /// The checksum that S3 computed and compared.
    pub checksum: Option<ObjectChecksum>,
    /// Bytes that an earlier process had already sent.
    pub resumed: u64,
}

/// What a presigned URL permits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PresignedMethod {
    /// Reading the object.
    #[default]
    Get,
    /// Writing the object.
    Put,
}

/// What to presign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PresignObject {
    /// Which object.
    pub object: ObjectAddress,
    /// What the URL permits.
    pub method: PresignedMethod,
    /// How long it is wanted for; 15 minutes without it, seven days at most. The credentials that sign it end it earlier.
    pub lasts: Option<Duration>,
    /// With `Put`: the content type that whoever uses it has to send.
    pub content_type: Option<String>,
    /// With `Get`: the name under which browsers save it.
    pub file_name: Option<String>,
}

/// A URL that does one thing for whoever has it, until it expires: a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl {
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) expires_at: SystemTime,
    pub(crate) is_cut_short: bool,
}

impl PresignedUrl {
    /// The URL. Never log it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Headers that have to be sent with it, as they were signed.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// When it stops working, by S3's clock.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Whether the credentials that signed it end it before the time that was asked for.
    pub fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresignedUrl")
            .field("expires_at", &self.expires_at)
            .field("is_cut_short", &self.is_cut_short)
            .finish_non_exhaustive()
    }
}
