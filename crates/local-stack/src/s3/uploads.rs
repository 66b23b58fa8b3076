//! Multipart uploads of a bucket: what has been begun, which parts are there, and whether they make an object.
//!
//! Sources: "Multipart upload overview" and "Amazon S3 multipart upload limits", user guide (mpuoverview, qfacts); S3 API
//! reference of each operation; "Checking object integrity for data uploads in Amazon S3" (checking-object-integrity-upload).

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;
use std::time::SystemTime;

use http::StatusCode;

use super::body::Blob;
use super::checksum::{Algorithm, Checksum, Md5};
use super::condition::unquote;
use super::error::{Refusal, internal_error};
use super::stored::{Attributes, Room, Stored, StoredChecksum};
use crate::hex::hex;
use crate::random_ids::random_string;

/// "Part numbers: 1 to 10,000 (inclusive)".
const MAX_PART_NUMBER: i32 = 10_000;
/// "Part size: 5 MiB to 5 GiB. There is no minimum size limit on the last part of your multipart upload."
const MIN_PART: u64 = 5 * 1024 * 1024;
/// How many finished uploads are remembered, for those who complete one again.
const REMEMBERED: usize = 1000;
const ID_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

/// The uploads of one bucket.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    /// By key and id. Ids begin with a number that grows, so that those of one key are "in ascending order based on the
    /// upload initiation time" (ListMultipartUploads).
    open: BTreeMap<(String, String), Upload>,
    begun: u64,
    finished: VecDeque<Finished>,
}

/// An upload that has been begun.
#[derive(Debug)]
pub(super) struct Upload {
    pub initiated: SystemTime,
    /// The ARN of who began it.
    pub initiator: String,
    pub attributes: Attributes,
    pub checksums: Checksums,
    parts: BTreeMap<i32, Part>,
    room: Arc<Room>,
}

/// Which checksum the object is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checksums {
    /// What was declared; S3 takes CRC64NVME if nothing was.
    pub declared: Option<Algorithm>,
    pub is_composite: bool,
}

/// A part that has been uploaded.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub blob: Blob,
    pub md5: [u8; 16],
    /// By the algorithm of the upload.
    pub checksum: Checksum,
    /// What the client sent with it.
    pub given: Option<Checksum>,
    pub last_modified: SystemTime,
    pub room: Vec<Arc<Room>>,
}

/// A part as CompleteMultipartUpload names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedPart {
    pub number: i32,
    /// Without quotes.
    pub e_tag: String,
    pub checksums: Vec<Checksum>,
}

/// What CompleteMultipartUpload says of the object.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub checksums: Vec<Checksum>,
    /// `x-amz-checksum-type`.
    pub checksum_type: Option<String>,
    /// `x-amz-mp-object-size`.
    pub size: Option<i64>,
}

/// What a completed upload came to.
#[derive(Debug, Clone)]
pub(super) struct Completed {
    pub e_tag: String,
    pub checksum: StoredChecksum,
    pub version_id: Option<String>,
}

#[derive(Debug)]
struct Finished {
    key: String,
    id: String,
    parts: Vec<NamedPart>,
    outcome: Completed,
}

impl Checksums {
    /// Which algorithms go with which type, and what the type is where none was named: SHA-1 and SHA-256 are composite,
    /// CRC64NVME is of the full object, CRC32 and CRC32C can be both and are composite by default
    /// (checking-object-integrity-upload, "Full object and composite checksum types").
    pub(super) fn declare(algorithm: Option<&str>, kind: Option<&str>) -> Result<Self, Refusal> {
        let is_composite = match kind {
            None => None,
            Some("COMPOSITE") => Some(true),
            Some("FULL_OBJECT") => Some(false),
            Some(_) => return Err(Refusal::invalid_request("Value for x-amz-checksum-type header is invalid.")),
        };
        let Some(name) = algorithm else {
            return match kind {
                None => Ok(Self { declared: None, is_composite: false }),
                Some(_) => Err(Refusal::invalid_request(
                    "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
                )),
            };
        };
        let algorithm = Algorithm::find(name).ok_or_else(|| {
            Refusal::invalid_request(
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, \
                 CRC64NVME, SHA1, SHA256]",
            )
        })?;
        let (allowed, default): (&[bool], bool) = match algorithm {
            Algorithm::Sha1 | Algorithm::Sha256 => (&[true], true),
            Algorithm::Crc64Nvme => (&[false], false),
            Algorithm::Crc32 | Algorithm::Crc32c => (&[true, false], true),
        };
        let is_composite = is_composite.unwrap_or(default);
        if !allowed.contains(&is_composite) {
            let kind = if is_composite { "COMPOSITE" } else { "FULL_OBJECT" };
            return Err(Refusal::invalid_request(format!(
                "The {kind} checksum type cannot be used with the {} checksum algorithm.",
                lower(algorithm)
            )));
        }
        Ok(Self { declared: Some(algorithm), is_composite })
    }

    pub(super) fn algorithm(self) -> Algorithm {
        self.declared.unwrap_or(Algorithm::Crc64Nvme)
    }

    /// Refuses a part that came with a checksum of another algorithm than was declared, or with none where the object's
    /// is made of those of the parts. With nothing declared a part may come with any.
    pub(super) fn accept(self, given: Option<Algorithm>) -> Result<(), Refusal> {
        let Some(declared) = self.declared else { return Ok(()) };
        match given {
            Some(given) if given == declared => Ok(()),
            None if !self.is_composite => Ok(()),
            _ => Err(Refusal::invalid_request(format!(
                "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
                lower(declared),
                given.map_or("null".to_owned(), lower)
            ))),
        }
    }

    fn kind(self) -> &'static str {
        if self.is_composite { "COMPOSITE" } else { "FULL_OBJECT" }
    }
}

fn lower(algorithm: Algorithm) -> String {
    algorithm.name().to_ascii_lowercase()
}

pub(super) fn check_part_number(number: i32) -> Result<(), Refusal> {
    if (1..=MAX_PART_NUMBER).contains(&number) {
        return Ok(());
    }
    Err(Refusal::invalid_argument(
        "Part number must be an integer between 1 and 10000, inclusive",
        "partNumber",
        number,
    ))
}

impl Uploads {
    /// Begins an upload and gives its id.
    pub(super) fn begin(&mut self, key: &str, upload: Upload) -> String {
        self.begun += 1;
        let id = format!("{:012}{}", self.begun, random_string(ID_ALPHABET, 84));
        self.open.insert((key.to_owned(), id.clone()), upload);
        id
    }

    pub(super) fn find(&self, key: &str, id: &str) -> Result<&Upload, Refusal> {
        self.open.get(&(key.to_owned(), id.to_owned())).ok_or_else(|| no_such_upload(id))
    }

    /// Takes the part, in place of an earlier one of that number: "the previously uploaded part is overwritten"
    /// (UploadPart).
    pub(super) fn add(&mut self, key: &str, id: &str, number: i32, part: Part) -> Result<(), Refusal> {
        let upload = self.open.get_mut(&(key.to_owned(), id.to_owned())).ok_or_else(|| no_such_upload(id))?;
        upload.parts.insert(number, part);
        Ok(())
    }

    /// Ends an upload. Its parts go with it.
    pub(super) fn abort(&mut self, key: &str, id: &str) -> Result<(), Refusal> {
        self.open.remove(&(key.to_owned(), id.to_owned())).map(|_| ()).ok_or_else(|| no_such_upload(id))
    }

    /// Uploads after the one that `key_marker` and `id_marker` name, in their order.
    pub(super) fn after<'u>(
        &'u self,
        key_marker: &str,
        id_marker: Option<&str>,
    ) -> impl Iterator<Item = (&'u str, &'u str, &'u Upload)> + use<'u> {
        // No id is above this one: without a marker for it, the marker's key is over.
        let id = id_marker.unwrap_or("\u{10ffff}");
        let from = match key_marker {
            "" => Bound::Unbounded,
            key => Bound::Excluded((key.to_owned(), id.to_owned())),
        };
        self.open.range((from, Bound::Unbounded)).map(|((key, id), upload)| (key.as_str(), id.as_str(), upload))
    }

    /// What an upload that is over came to, if it was with these parts: S3 answers a repeated CompleteMultipartUpload
    /// as it did the first one. That is observed (issues minio/minio#13318 and adobe/S3Mock#2586, of 2021 and 2025), while
    /// the API reference only has NoSuchUpload "might have been aborted or completed".
    pub(super) fn finished(&self, key: &str, id: &str, parts: &[NamedPart]) -> Option<Completed> {
        let is_it = |finished: &&Finished| finished.key == key && finished.id == id && finished.parts == parts;
        self.finished.iter().find(is_it).map(|finished| finished.outcome.clone())
    }

    /// Ends an upload that has become an object.
    pub(super) fn finish(&mut self, key: &str, id: &str, parts: Vec<NamedPart>, outcome: Completed) {
        self.open.remove(&(key.to_owned(), id.to_owned()));
        if self.finished.len() == REMEMBERED {
            self.finished.pop_front();
        }
        self.finished.push_back(Finished { key: key.to_owned(), id: id.to_owned(), parts, outcome });
    }
}

impl Upload {
    pub(super) fn new(
        initiated: SystemTime,
        initiator: String,
        attributes: Attributes,
        checksums: Checksums,
        room: Arc<Room>,
    ) -> Self {
        Self { initiated, initiator, attributes, checksums, parts: BTreeMap::new(), room }
    }

    /// Parts above number `marker`, in their order.
    pub(super) fn parts_after(&self, marker: i32) -> impl Iterator<Item = (i32, &Part)> {
        self.parts.range((Bound::Excluded(marker), Bound::Unbounded)).map(|(number, part)| (*number, part))
    }

    /// The object that these parts make, without copying a byte.
    ///
    /// # Errors
    /// Those of CompleteMultipartUpload (S3 API reference). Which comes first when there are several is not documented.
    pub(super) fn assemble(
        &self,
        id: &str,
        named: &[NamedPart],
        expected: &Expected,
        now: SystemTime,
    ) -> Result<Stored, Refusal> {
        self.check_order(id, named)?;
        let mut parts = Vec::with_capacity(named.len());
        for (position, name) in named.iter().enumerate() {
            let part = self.parts.get(&name.number).filter(|part| hex(&part.md5) == name.e_tag);
            let part = part.ok_or_else(|| invalid_part(id, name))?;
            self.check_part_checksum(id, name, part)?;
            if position + 1 < named.len() && part.blob.len() < MIN_PART {
                return Err(too_small(name, part.blob.len()));
            }
            parts.push(part);
        }
        let blob = Blob::concat(parts.iter().map(|part| &part.blob));
        if let Some(size) = expected.size {
            check_size(size, blob.len())?;
        }
        let checksum = self.combine(&parts)?;
        self.check_checksum(&checksum, expected)?;
        let mut md5 = Md5::default();
        parts.iter().for_each(|part| md5.update(&part.md5));
        Ok(Stored {
            blob,
            // Not documented beyond being no MD5 digest of the content ("Object", `ETag`); this is what S3 gives.
            e_tag: format!("{}-{}", hex(&md5.finish()), parts.len()),
            last_modified: now,
            attributes: self.attributes.clone(),
            checksum,
            parts: parts.iter().map(|part| (part.blob.len(), part.checksum.clone())).collect(),
            version_id: None,
            room: parts.iter().flat_map(|part| &part.room).chain([&self.room]).map(Arc::clone).collect(),
        })
    }

    /// "The complete request must include the checksum for each part" where the object's checksum is made of them: S3's
    /// words, as boto/s3transfer#241 quotes them.
    ///
    /// Where nothing was declared, a part that came with a checksum has to be named with it: without, S3 says that there is
    /// no such part (aws/aws-sdk-go-v2#3005 and aws/aws-sdk-java-v2#6518, both of CRC32, the default of AWS's SDKs). No page
    /// says so.
    fn check_part_checksum(&self, id: &str, name: &NamedPart, part: &Part) -> Result<(), Refusal> {
        if let (Some(declared), true, []) = (self.checksums.declared, self.checksums.is_composite, &name.checksums[..])
        {
            return Err(Refusal::invalid_request(format!(
                "The upload was created using a {} checksum. The complete request must include the checksum for each \
                 part. It was missing for part {} in the request.",
                lower(declared),
                name.number
            )));
        }
        let is_missing = self.checksums.declared.is_none() && part.given.is_some() && name.checksums.is_empty();
        let has = |named: &Checksum| {
            [Some(&part.checksum), part.given.as_ref()].into_iter().flatten().any(|own| own.matches(named))
        };
        if is_missing || !name.checksums.iter().all(has) {
            return Err(invalid_part(id, name));
        }
        Ok(())
    }

    /// "When an additional checksum … is applied to each part, the `PartNumber` must start at 1 and the part numbers must be
    /// consecutive. Otherwise, Amazon S3 generates an HTTP `400 Bad Request` status code and an `InvalidPartOrder` error code"
    /// (CompletedPart, `PartNumber`). The one that S3 computes by itself is not among those that the page lists.
    fn check_order(&self, id: &str, named: &[NamedPart]) -> Result<(), Refusal> {
        for name in named {
            check_part_number(name.number)?;
        }
        let is_given = |name: &NamedPart| self.parts.get(&name.number).is_some_and(|part| part.given.is_some());
        let has_additional = self.checksums.declared.is_some() || named.iter().any(is_given);
        let is_consecutive = || (1..).zip(named).all(|(number, name)| number == name.number);
        if named.is_sorted_by(|one, next| one.number < next.number) && (!has_additional || is_consecutive()) {
            return Ok(());
        }
        let message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
        Err(Refusal::bad_request("InvalidPartOrder", message).with("UploadId", id))
    }

    fn combine(&self, parts: &[&Part]) -> Result<StoredChecksum, Refusal> {
        let algorithm = self.checksums.algorithm();
        let checksum = if self.checksums.is_composite {
            let checksums: Vec<_> = parts.iter().map(|part| part.checksum.clone()).collect();
            Checksum::composite(algorithm, &checksums)
        } else {
            let checksums: Vec<_> = parts.iter().map(|part| (part.checksum.clone(), part.blob.len())).collect();
            Checksum::full_object(algorithm, &checksums)
        };
        // Every part has a checksum of the upload's algorithm.
        let checksum = checksum.ok_or_else(internal_error)?;
        Ok(StoredChecksum { checksum, is_composite: self.checksums.is_composite })
    }

    /// "If the checksum type doesn't match the checksum type that was specified for the object during the
    /// CreateMultipartUpload request, it'll result in a BadDigest error" (`ChecksumType`); a value that does not match
    /// likewise ("Checking object integrity for data uploads").
    fn check_checksum(&self, checksum: &StoredChecksum, expected: &Expected) -> Result<(), Refusal> {
        let bad = |message: String| Refusal::bad_request("BadDigest", message);
        if expected.checksum_type.as_deref().is_some_and(|kind| kind != self.checksums.kind()) {
            return Err(bad(format!(
                "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
                self.checksums.kind()
            )));
        }
        for given in &expected.checksums {
            let algorithm = checksum.checksum.algorithm;
            if given.algorithm != algorithm {
                return Err(Refusal::invalid_request(format!(
                    "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
                    lower(algorithm),
                    lower(given.algorithm)
                )));
            }
            if !given.is_well_formed() {
                return Err(Refusal::invalid_checksum(&algorithm.header()));
            }
            // The number of parts after a composite value may be left out.
            let value = checksum.checksum.value.split_once('-').map_or(&*checksum.checksum.value, |(value, _)| value);
            if given.value != checksum.checksum.value && given.value != value {
                let name = algorithm.name();
                return Err(bad(format!("The {name} you specified did not match the calculated checksum.")));
            }
        }
        Ok(())
    }
}

/// "If there's a mismatch between the specified object size value and the actual object size value, it results in an
/// HTTP 400 InvalidRequest error" (`MpuObjectSize`).
fn check_size(expected: i64, size: u64) -> Result<(), Refusal> {
    if u64::try_from(expected) == Ok(size) {
        return Ok(());
    }
    Err(Refusal::invalid_request(format!(
        "The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}"
    )))
}

pub(super) fn no_such_upload(id: &str) -> Refusal {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted \
                   or completed.";
    Refusal::new(StatusCode::NOT_FOUND, "NoSuchUpload", message).with("UploadId", id)
}

fn invalid_part(id: &str, part: &NamedPart) -> Refusal {
    let message = "One or more of the specified parts could not be found. The part may not have been uploaded, or the \
                   specified entity tag may not match the part's entity tag.";
    Refusal::bad_request("InvalidPart", message)
        .with("UploadId", id)
        .with("PartNumber", part.number)
        .with("ETag", &part.e_tag)
}

fn too_small(part: &NamedPart, size: u64) -> Refusal {
    Refusal::bad_request("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        .with("ProposedSize", size)
        .with("MinSizeAllowed", MIN_PART)
        .with("PartNumber", part.number)
        .with("ETag", &part.e_tag)
}

impl NamedPart {
    pub(super) fn new(number: i32, e_tag: &str, checksums: Vec<Checksum>) -> Self {
        Self { number, e_tag: unquote(e_tag).to_owned(), checksums }
    }
}

#[cfg(test)]
mod tests;
