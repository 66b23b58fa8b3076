//! CopyObject and UploadPartCopy. The bytes of an upload are shared, not copied; those that are a rule are written out.
//!
//! Source: S3 API reference of both operations.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::StreamExt as _;
use http::HeaderMap;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopyPartResult, CopySource, ETag, ETagCondition, Timestamp,
    UploadPartCopyInput, UploadPartCopyOutput,
};
use s3s::{S3Error, S3Request, S3Response, S3Result};

use super::body::{Blob, BlobWriter};
use super::checksum::{Algorithm, Checksum, Hasher, Md5};
use super::condition::WriteCondition;
use super::content;
use super::error::Refusal;
use super::store::Store;
use super::stored::{Attributes, Content, Object, Room, Stored, StoredChecksum};
use super::uploads::{Part, check_part_number};
use super::writing::{check_options, read_attributes, refuse_version, set_checksum, whole_seconds};

use crate::hex::hex;

/// "You create a copy of your object up to 5 GB in size in a single atomic action" (CopyObject), and a part is at most as
/// large.
const MAX_SOURCE: u64 = 5 * 1024 * 1024 * 1024;
/// "You can copy a range only if the source object is greater than 5 MB" (`CopySourceRange`).
const MIN_RANGED_SOURCE: u64 = 5 * 1024 * 1024;

/// What `x-amz-copy-source-if-*` ask of the source.
pub(super) struct SourceConditions<'a> {
    pub if_match: Option<&'a ETagCondition>,
    pub if_none_match: Option<&'a ETagCondition>,
    pub if_unmodified_since: Option<&'a Timestamp>,
    pub if_modified_since: Option<&'a Timestamp>,
}

impl SourceConditions<'_> {
    /// "If both the x-amz-copy-source-if-match and x-amz-copy-source-if-unmodified-since headers are present" and only the
    /// date forbids it, S3 copies; if both `none-match` and `modified-since` are and only the ETag forbids it, it does not.
    /// So the ETag silences the date of its kind. Unlike for a GET, every refusal is 412.
    fn check(&self, source: &Object) -> Result<(), Refusal> {
        let matches = |condition: &ETagCondition| match condition {
            ETagCondition::Any => true,
            ETagCondition::ETag(tag) => tag.value() == source.e_tag,
        };
        // Of `If-Match` the comparison is the strong one (RFC 9110, section 13.1.1), of `If-None-Match` the weak one.
        let matches_strongly =
            |condition: &ETagCondition| !matches!(condition, ETagCondition::ETag(ETag::Weak(_))) && matches(condition);
        let modified_after = |time: &Timestamp| Timestamp::from(source.last_modified) > *time;
        let failed = match (self.if_match, self.if_unmodified_since) {
            (Some(condition), _) if !matches_strongly(condition) => Some("If-Match"),
            (None, Some(time)) if modified_after(time) => Some("If-Unmodified-Since"),
            _ => None,
        };
        let failed = failed.or(match (self.if_none_match, self.if_modified_since) {
            (Some(condition), _) if matches(condition) => Some("If-None-Match"),
            (None, Some(time)) if !modified_after(time) => Some("If-Modified-Since"),
            _ => None,
        });
        failed.map_or(Ok(()), |name| Err(Refusal::precondition_failed(&format!("x-amz-copy-source-{name}"))))
    }
}

/// Bucket and key of a source; versions and access points are refused by name.
pub(super) fn read_source(source: &CopySource) -> Result<(&str, &str), Refusal> {
    match source {
        CopySource::Bucket { bucket, key, version_id } => {
            refuse_version(version_id.as_deref())?;
            Ok((bucket, key))
        }
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => Err(Refusal::invalid_argument(
            "Invalid copy source bucket name",
            "x-amz-copy-source",
            source.format_to_string(),
        )),
    }
}

pub(super) async fn copy_object(
    store: &Store,
    source: &Object,
    request: S3Request<CopyObjectInput>,
    now: SystemTime,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let input = request.input;
    check_options(&request.headers, &store.encryption)?;
    let condition = WriteCondition::of_write(&request.headers)?;
    let given = read_attributes(&request.headers, input.metadata)?;
    let replaces = read_directive(&request.headers)?;
    let is_same = read_source(&input.copy_source)? == (&*input.bucket, &*input.key);
    let attributes =
        if replaces { given } else { Attributes { storage_class: given.storage_class, ..source.attributes() } };
    if is_same && !replaces && !changes_itself(&request.headers, source, &attributes) {
        return Err(Refusal::invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        )
        .into());
    }
    check_size(source.size)?;
    let conditions = SourceConditions {
        if_match: input.copy_source_if_match.as_ref(),
        if_none_match: input.copy_source_if_none_match.as_ref(),
        if_unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
        if_modified_since: input.copy_source_if_modified_since.as_ref(),
    };
    conditions.check(source)?;

    let algorithm = choose_algorithm(&request.headers, source)?;
    let (blob, mut room) = open(store, source, 0..source.size).await?;
    let (md5, checksum) = digest(&blob, algorithm).await.map_err(S3Error::internal_error)?;
    room.push(store.take_room(0)?);
    let e_tag = store.encryption.e_tag(md5);
    let last_modified = whole_seconds(now);
    let object = Stored {
        blob,
        e_tag: e_tag.clone(),
        last_modified,
        attributes,
        // "If the source object … was uploaded by using a multipart upload, the object copy will be a single part object"
        // (`CopySource`), so that ETag and checksum are of the whole.
        checksum: StoredChecksum::full_object(checksum.clone()),
        parts: Vec::new(),
        version_id: None,
        room,
    };
    let kind = object.checksum.kind();
    let version_id = store.put(&input.key, object, &condition)?;
    let mut result = CopyObjectResult {
        e_tag: Some(ETag::Strong(e_tag)),
        last_modified: Some(last_modified.into()),
        checksum_type: Some(kind),
        ..CopyObjectResult::default()
    };
    set_checksum!(result, checksum);
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(result),
        server_side_encryption: Some(store.encryption.algorithm()),
        ssekms_key_id: store.encryption.kms_key.clone(),
        copy_source_version_id: source.version_id(),
        version_id,
        ..CopyObjectOutput::default()
    }))
}

pub(super) async fn upload_part_copy(
    store: &Store,
    source: &Object,
    request: S3Request<UploadPartCopyInput>,
    now: SystemTime,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let input = request.input;
    check_part_number(input.part_number)?;
    let checksums = store.read().uploads.find(&input.key, &input.upload_id)?.checksums;
    check_options(&request.headers, &store.encryption)?;
    let conditions = SourceConditions {
        if_match: input.copy_source_if_match.as_ref(),
        if_none_match: input.copy_source_if_none_match.as_ref(),
        if_unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
        if_modified_since: input.copy_source_if_modified_since.as_ref(),
    };
    conditions.check(source)?;
    let range = read_range(input.copy_source_range.as_deref(), source.size)?;
    check_size(range.end - range.start)?;

    let (blob, mut room) = open(store, source, range).await?;
    let (md5, checksum) = digest(&blob, checksums.algorithm()).await.map_err(S3Error::internal_error)?;
    room.push(store.take_room(0)?);
    let last_modified = whole_seconds(now);
    let part = Part { blob, md5, checksum: checksum.clone(), given: None, last_modified, room };
    store.write().uploads.add(&input.key, &input.upload_id, input.part_number, part)?;
    let mut result = CopyPartResult {
        e_tag: Some(ETag::Strong(hex(&md5))),
        last_modified: Some(last_modified.into()),
        ..CopyPartResult::default()
    };
    if checksums.declared.is_some() {
        set_checksum!(result, checksum);
    }
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(result),
        copy_source_version_id: source.version_id(),
        server_side_encryption: Some(store.encryption.algorithm()),
        ssekms_key_id: store.encryption.kms_key.clone(),
        ..UploadPartCopyOutput::default()
    }))
}

/// Whether metadata and headers are those of the request, not of the source.
fn read_directive(headers: &HeaderMap) -> Result<bool, Refusal> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // Nothing here has tags, so that both come to the same.
    if let Some(other) = text("x-amz-tagging-directive").filter(|value| !["COPY", "REPLACE"].contains(value)) {
        return Err(Refusal::invalid_argument("Unknown tagging directive.", "x-amz-tagging-directive", other));
    }
    match text("x-amz-metadata-directive") {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(Refusal::invalid_argument("Unknown metadata directive.", "x-amz-metadata-directive", other)),
    }
}

/// Whether a copy onto itself changes something beside the metadata.
fn changes_itself(headers: &HeaderMap, source: &Object, attributes: &Attributes) -> bool {
    attributes.storage_class != source.attributes().storage_class
        || headers.contains_key("x-amz-server-side-encryption")
}

fn check_size(size: u64) -> Result<(), Refusal> {
    if size <= MAX_SOURCE {
        return Ok(());
    }
    Err(Refusal::invalid_request(format!(
        "The specified copy source is larger than the maximum allowable size for a copy source: {MAX_SOURCE}"
    )))
}

/// "If the CopyObject request does not include this x-amz-checksum-algorithm header, the checksum algorithm will be copied
/// from the source object to the destination object (if it's present on the source object)" (`ChecksumAlgorithm`).
fn choose_algorithm(headers: &HeaderMap, source: &Object) -> Result<Algorithm, Refusal> {
    let of_source = source.checksum().map_or(Algorithm::Crc64Nvme, |stored| stored.checksum.algorithm);
    let Some(name) = headers.get("x-amz-checksum-algorithm") else { return Ok(of_source) };
    let name = name.to_str().unwrap_or_default();
    Algorithm::find(name).ok_or_else(|| {
        Refusal::invalid_request(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, \
             CRC64NVME, SHA1, SHA256]",
        )
    })
}

/// "The range value must use the form bytes=first-last, where the first and last are the zero-based byte offsets to copy."
fn read_range(range: Option<&str>, size: u64) -> Result<Range<u64>, Refusal> {
    const NAME: &str = "x-amz-copy-source-range";
    let Some(range) = range else { return Ok(0..size) };
    let parse =
        |digits: &str| if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None };
    let ends = range.strip_prefix("bytes=").and_then(|ends| ends.split_once('-'));
    let ends: Option<(u64, u64)> = ends.and_then(|(first, last)| parse(first).zip(parse(last)));
    let Some((first, last)) = ends.filter(|(first, last)| first <= last) else {
        return Err(Refusal::invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the \
             zero-based offsets of the first and last bytes to copy",
            NAME,
            range,
        ));
    };
    if last >= size {
        let message = format!("Range specified is not valid for source object of size: {size}");
        return Err(Refusal::invalid_argument(message, NAME, range));
    }
    if size <= MIN_RANGED_SOURCE {
        return Err(Refusal::invalid_request("The specified copy source is not supported as a byte-range copy source"));
    }
    Ok(first..last + 1)
}

/// The bytes of a source, and the room that they take up.
async fn open(store: &Store, source: &Object, range: Range<u64>) -> S3Result<(Blob, Vec<Arc<Room>>)> {
    match &source.content {
        // What the source counts beside its content is its own, and ends with it.
        Content::Stored(stored) => {
            let room = stored.room.iter().filter(|room| room.has_content()).map(Arc::clone).collect();
            Ok((stored.blob.slice(range), room))
        }
        Content::Generated { .. } => {
            let room = store.take_room(range.end - range.start)?;
            let blob = write_out(&source.key, range).await.map_err(S3Error::internal_error)?;
            Ok((blob, vec![room]))
        }
    }
}

async fn write_out(key: &str, range: Range<u64>) -> io::Result<Blob> {
    let mut writer = BlobWriter::default();
    for chunk in content::chunks(key, range) {
        writer.write(&chunk).await?;
    }
    writer.finish().await
}

async fn digest(blob: &Blob, algorithm: Algorithm) -> io::Result<([u8; 16], Checksum)> {
    let (mut md5, mut hasher) = (Md5::default(), Hasher::new(algorithm));
    let mut chunks = std::pin::pin!(blob.clone().chunks());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        md5.update(&chunk);
        hasher.update(&chunk);
    }
    Ok((md5.finish(), hasher.finish()))
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::super::stored::Quota;
    use super::*;

    /// Else an object that is copied onto itself again and again would use up what the stack may keep.
    #[tokio::test]
    async fn a_copy_takes_the_room_of_its_content_over_and_none_else_of_its_source() {
        let store = Store::new(Vec::new(), false, Quota::new(1 << 20));
        let blob = Blob::from(Bytes::from_static(b"x"));
        let checksum = StoredChecksum::full_object(Hasher::new(Algorithm::Crc32).finish());
        let mut room = vec![store.take_room(1).unwrap()];
        for _ in 0..1000 {
            let stored = Stored {
                blob: blob.clone(),
                e_tag: String::new(),
                last_modified: SystemTime::UNIX_EPOCH,
                attributes: Attributes::default(),
                checksum: checksum.clone(),
                parts: Vec::new(),
                version_id: None,
                room,
            };
            let source = Object::stored("key".to_owned(), Arc::new(stored));
            (_, room) = open(&store, &source, 0..1).await.unwrap();
            room.push(store.take_room(0).unwrap());
        }
        assert_eq!(room.len(), 2);
    }
}
