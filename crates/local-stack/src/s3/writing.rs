//! PutObject, DeleteObject and DeleteObjects, and what every request that makes an object may ask for: what S3 has and
//! the stack does not is refused by name, so that nobody believes it was done.

use std::time::{Duration, SystemTime};

use http::{Extensions, HeaderMap};
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag,
    Error as DeletionError, Metadata, ObjectIdentifier, PutObjectInput, PutObjectOutput, Timestamp, TimestampFormat,
};
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use super::address::check_key;
use super::condition::WriteCondition;
use super::error::Refusal;
use super::store::Store;
use super::stored::{Attributes, Encryption, Stored, StoredChecksum};
use super::upload::Upload;

/// "The user-defined metadata is limited to 2 KB in size": "the sum of the number of bytes in the UTF-8 encoding of each key
/// and value" ("Working with object metadata", user guide).
const MAX_METADATA: usize = 2 * 1024;
/// "The system-defined metadata is limited to 2 KB in size", measured in the same way ("Uploading objects", "Making direct REST
/// API calls", user guide). Which of S3's errors then comes is not documented.
const MAX_SYSTEM_METADATA: usize = 2 * 1024;
/// The most that DeleteObjects names ("up to 1,000 keys", S3 API reference).
const MAX_DELETIONS: usize = 1000;
/// Classes that can be read at once ("Storage Class", user guide); STANDARD is none that has to be named.
const STORAGE_CLASSES: [&str; 6] =
    ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"];
/// What a caller says of the content ("System-defined object metadata", user guide).
const SYSTEM_METADATA: [&str; 6] =
    ["content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires"];
/// Canned ACLs ("Access control list (ACL) overview", user guide).
const CANNED_ACLS: [&str; 7] = [
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
];
const GRANTS: [&str; 5] = [
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];
/// What the stack does not have, by the header that asks for it; one that ends in a hyphen stands for all that begin so.
const ABSENT: [(&str, &str); 6] = [
    ("x-amz-server-side-encryption-customer-", "encryption with keys of the customer (SSE-C)"),
    ("x-amz-copy-source-server-side-encryption-customer-", "encryption with keys of the customer (SSE-C)"),
    ("x-amz-server-side-encryption-", "encryption with keys of KMS (SSE-KMS)"),
    ("x-amz-tagging", "tags of objects"),
    ("x-amz-website-redirect-location", "redirects of objects (x-amz-website-redirect-location)"),
    ("x-amz-write-offset-bytes", "appending to objects, which is for directory buckets"),
];

pub(super) fn put_object(
    store: &Store,
    request: S3Request<PutObjectInput>,
    now: SystemTime,
) -> S3Result<S3Response<PutObjectOutput>> {
    check_options(&request.headers, &store.encryption)?;
    let condition = WriteCondition::of_write(&request.headers)?;
    let attributes = read_attributes(&request.headers, request.input.metadata)?;
    let upload = take_upload(&request.extensions)?;
    let checksum = upload.checksum.unwrap_or(upload.crc64nvme);
    let e_tag = store.encryption.e_tag(upload.md5);
    let object = Stored {
        room: vec![upload.room],
        blob: upload.blob,
        e_tag: e_tag.clone(),
        last_modified: whole_seconds(now),
        attributes,
        checksum: StoredChecksum::full_object(checksum.clone()),
        parts: Vec::new(),
        version_id: None,
    };
    let kind = object.checksum.kind();
    let version_id = store.put(&request.input.key, object, &condition)?;
    let mut output = PutObjectOutput {
        e_tag: Some(ETag::Strong(e_tag)),
        server_side_encryption: Some(store.encryption.algorithm()),
        ssekms_key_id: store.encryption.kms_key.clone(),
        version_id,
        checksum_type: Some(kind),
        ..PutObjectOutput::default()
    };
    set_checksum!(output, checksum);
    Ok(S3Response::new(output))
}

pub(super) fn delete_object(
    store: &Store,
    request: &S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    refuse_version(request.input.version_id.as_deref())?;
    refuse_bypass(&request.headers)?;
    let condition = WriteCondition::of_deletion(&request.headers)?;
    let version_id = store.delete(&request.input.key, &condition)?;
    Ok(S3Response::new(DeleteObjectOutput {
        delete_marker: version_id.is_some().then_some(true),
        version_id,
        ..DeleteObjectOutput::default()
    }))
}

/// `may_delete` says for each object whether the caller may: who may not gets it as the error of that object alone.
pub(super) fn delete_objects(
    store: &Store,
    request: S3Request<DeleteObjectsInput>,
    may_delete: impl Fn(&ObjectIdentifier) -> S3Result<()>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    refuse_bypass(&request.headers)?;
    let delete = request.input.delete;
    // A key has at least one character in the model of the API (`ObjectKey`).
    let has_nameless = delete.objects.iter().any(|object| object.key.is_empty());
    if delete.objects.is_empty() || delete.objects.len() > MAX_DELETIONS || has_nameless {
        return Err(Refusal::malformed_xml().into());
    }
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in delete.objects {
        let outcome = may_delete(&object).and_then(|()| {
            check_key(&object.key)?;
            refuse_version(object.version_id.as_deref())?;
            // "This functionality is only supported for directory buckets" (`ObjectIdentifier`).
            if object.size.is_some() || object.last_modified_time.is_some() {
                return Err(
                    Refusal::not_implemented("conditions on size and time, which are for directory buckets").into()
                );
            }
            let condition =
                object.e_tag.as_ref().map_or(WriteCondition::None, |tag| WriteCondition::of_tag(tag.value()));
            store.delete(&object.key, &condition).map_err(S3Error::from)
        });
        match outcome {
            Ok(marker) => deleted.push(DeletedObject {
                delete_marker: marker.is_some().then_some(true),
                delete_marker_version_id: marker,
                key: Some(object.key),
                version_id: None,
            }),
            Err(error) => errors.push(DeletionError {
                code: Some(error.code().as_str().to_owned()),
                message: error.message().map(str::to_owned),
                key: Some(object.key),
                version_id: object.version_id,
            }),
        }
    }
    // "In quiet mode the response includes only keys where the delete operation encountered an error."
    if delete.quiet.unwrap_or(false) {
        deleted.clear();
    }
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: Some(deleted),
        errors: Some(errors),
        ..DeleteObjectsOutput::default()
    }))
}

/// Object Lock is a property of a bucket, and none here has it. That S3 says so is not documented; LocalStack's tests, which
/// run against S3 too, expect it.
fn refuse_bypass(headers: &HeaderMap) -> Result<(), Refusal> {
    const NAME: &str = "x-amz-bypass-governance-retention";
    let Some(value) = headers.get(NAME) else { return Ok(()) };
    let message = format!("{NAME} is only applicable to Object Lock enabled buckets.");
    Err(Refusal::invalid_argument(message, NAME, value.to_str().unwrap_or_default()))
}

/// Which may have asked for another one than the current.
pub(super) fn refuse_version(version_id: Option<&str>) -> Result<(), Refusal> {
    version_id.map_or(Ok(()), |_| Err(Refusal::not_implemented("requests that name a version")))
}

/// The verified body.
pub(super) fn take_upload(extensions: &Extensions) -> S3Result<Upload> {
    extensions.get::<Upload>().cloned().ok_or_else(|| s3_error!(InternalError))
}

/// Refuses what a new object cannot have here. S3 and the stack store nothing then.
pub(super) fn check_options(headers: &HeaderMap, encryption: &Encryption) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    check_acl(headers, text("x-amz-acl"))?;
    match text("x-amz-server-side-encryption") {
        None => {}
        Some("AES256") if encryption.kms_key.is_none() => {}
        Some("AES256") => {
            return Err(Refusal::not_implemented("another encryption of an object than its bucket's"));
        }
        Some("aws:kms" | "aws:kms:dsse" | "aws:fsx") => {
            return Err(Refusal::not_implemented("encryption with keys of KMS (SSE-KMS)"));
        }
        Some(_) => {
            let message = "The encryption request that you specified is not valid. The valid value is AES256.";
            return Err(Refusal::bad_request("InvalidEncryptionAlgorithmError", message));
        }
    }
    for name in headers.keys() {
        // Object Lock is a property of a bucket, and none here has it: S3 says this ("Object Lock considerations").
        if name.as_str().starts_with("x-amz-object-lock-") {
            return Err(Refusal::invalid_request("Bucket is missing Object Lock Configuration"));
        }
        let asks = |asking: &str| name == asking || asking.ends_with('-') && name.as_str().starts_with(asking);
        if let Some((_, what)) = ABSENT.iter().find(|(asking, _)| asks(asking)) {
            return Err(Refusal::not_implemented(what));
        }
    }
    Ok(())
}

/// Refuses a part, or a completion, with a key of the customer's: no upload here was begun with one.
pub(super) fn check_keys(headers: &HeaderMap) -> Result<(), Refusal> {
    let (prefix, what) = ABSENT[0];
    let has_key = headers.keys().any(|name| name.as_str().starts_with(prefix));
    if has_key { Err(Refusal::not_implemented(what)) } else { Ok(()) }
}

/// Buckets whose owner enforces ownership, the default, "only accept PUT requests that don't specify an ACL or PUT requests
/// that specify bucket owner full control ACLs": others get 400 AccessControlListNotSupported (PutObject, `ACL`, S3 API
/// reference). `private` gives an owner the same, and the texts do not name it.
fn check_acl(headers: &HeaderMap, canned: Option<&str>) -> Result<(), Refusal> {
    let has_grant = GRANTS.iter().any(|name| headers.contains_key(*name));
    match canned {
        None | Some("bucket-owner-full-control") if !has_grant => Ok(()),
        Some(other) if !CANNED_ACLS.contains(&other) => Err(Refusal::invalid_argument("", "x-amz-acl", other)),
        _ => Err(Refusal::bad_request("AccessControlListNotSupported", "The bucket does not allow ACLs")),
    }
}

/// The headers that S3 keeps.
pub(super) fn read_attributes(headers: &HeaderMap, metadata: Option<Metadata>) -> Result<Attributes, Refusal> {
    let text = |name: &str| {
        let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        value.filter(|value| !value.is_empty())
    };
    let of_user: usize = metadata.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
    let of_system: usize = SYSTEM_METADATA.iter().filter_map(|name| Some(name.len() + headers.get(*name)?.len())).sum();
    for (size, limit) in [(of_user, MAX_METADATA), (of_system, MAX_SYSTEM_METADATA)] {
        if size > limit {
            let message = "Your metadata headers exceed the maximum allowed metadata size";
            return Err(Refusal::bad_request("MetadataTooLarge", message)
                .with("Size", size)
                .with("MaxSizeAllowed", limit));
        }
    }
    Ok(Attributes {
        content_type: text("content-type"),
        cache_control: text("cache-control"),
        content_disposition: text("content-disposition"),
        content_encoding: text("content-encoding"),
        content_language: text("content-language"),
        expires: text("expires").and_then(|time| Timestamp::parse(TimestampFormat::HttpDate, &time).ok()),
        metadata,
        storage_class: read_storage_class(text("x-amz-storage-class"))?,
    })
}

fn read_storage_class(name: Option<String>) -> Result<Option<String>, Refusal> {
    match name.as_deref() {
        None | Some("STANDARD") => Ok(None),
        Some(known) if STORAGE_CLASSES.contains(&known) => Ok(name),
        Some(archive @ ("GLACIER" | "DEEP_ARCHIVE")) => {
            Err(Refusal::not_implemented(&format!("the storage class {archive}, which has to be restored to be read")))
        }
        Some(other) => {
            let message = "The storage class you specified is not valid";
            Err(Refusal::bad_request("InvalidStorageClass", message).with("StorageClassRequested", other))
        }
    }
}

/// S3 keeps times in whole seconds: every one it gives ends in `.000Z`.
pub(super) fn whole_seconds(time: SystemTime) -> SystemTime {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Puts a checksum into the field that its algorithm has in the answer.
macro_rules! set_checksum {
    ($output:expr, $checksum:expr) => {{
        let $crate::s3::checksum::Checksum { algorithm, value } = $checksum;
        match algorithm {
            $crate::s3::checksum::Algorithm::Crc32 => $output.checksum_crc32 = Some(value),
            $crate::s3::checksum::Algorithm::Crc32c => $output.checksum_crc32c = Some(value),
            $crate::s3::checksum::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = Some(value),
            $crate::s3::checksum::Algorithm::Sha1 => $output.checksum_sha1 = Some(value),
            $crate::s3::checksum::Algorithm::Sha256 => $output.checksum_sha256 = Some(value),
        }
    }};
}
/// The checksums that a request's type has in its fields.
macro_rules! given_checksums {
    ($input:expr) => {
        [
            ($crate::s3::checksum::Algorithm::Crc32, &$input.checksum_crc32),
            ($crate::s3::checksum::Algorithm::Crc32c, &$input.checksum_crc32c),
            ($crate::s3::checksum::Algorithm::Crc64Nvme, &$input.checksum_crc64nvme),
            ($crate::s3::checksum::Algorithm::Sha1, &$input.checksum_sha1),
            ($crate::s3::checksum::Algorithm::Sha256, &$input.checksum_sha256),
        ]
        .into_iter()
        .filter_map(|(algorithm, value)| Some($crate::s3::checksum::Checksum { algorithm, value: value.clone()? }))
        .collect::<Vec<_>>()
    };
}
pub(super) use {given_checksums, set_checksum};

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn no_bucket_has_object_lock_to_pass_by() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-amz-bypass-governance-retention"),
            HeaderValue::from_static("true"),
        )]);
        assert_eq!(refuse_bypass(&headers).unwrap_err().code, "InvalidArgument");
        assert!(refuse_bypass(&HeaderMap::new()).is_ok());
    }
}
