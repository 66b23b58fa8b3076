//! The operations that the stack's S3 has, on `s3s`, which speaks the wire protocol. Whoever gets here is signed in and may
//! do what is asked: the router checked both. Every other operation answers NotImplemented.

use std::sync::Arc;
use std::time::SystemTime;

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket as BucketEntry, CommonPrefix,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
    DeleteObjectsOutput, ETag, ETagCondition, EncodingType, GetObjectInput, GetObjectOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput,
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsV2Input, ListObjectsV2Output, ListPartsInput,
    ListPartsOutput, Object as ObjectEntry, ObjectStorageClass, Owner, PutObjectInput, PutObjectOutput, Range,
    StorageClass, Timestamp, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use time::OffsetDateTime;
use url::form_urlencoded;

use super::authorization::Authorizer;
use super::details::not_implemented;
use super::listing::{Listing, Position, TokenSealer, list};
use super::objects::{Bucket, Buckets, Lookup, Object};
use super::store::Store;
use super::writing::{encryption, set_checksum};
use super::{copy, multipart, writing};
use crate::credentials::TemporaryCredentials;
use crate::shared::Shared;

/// The most that one page holds (ListObjectsV2, `max-keys`).
const MAX_KEYS: usize = 1000;
/// What S3 gives objects that were stored without a content type.
const CONTENT_TYPE: &str = "binary/octet-stream";
/// The canonical user id of the account that owns everything here.
const OWNER: &str = "7d1c0f4b9be9c6a4c0e3b5f29d4a18e6f37b0c52a9d8e4f1b6c3a7059e2d81f4";

pub(super) struct ObjectStore {
    pub shared: Arc<Shared>,
    pub buckets: Arc<Buckets>,
    pub authorizer: Authorizer,
    pub region: String,
    pub tokens: TokenSealer,
}

impl ObjectStore {
    fn bucket(&self, name: &str) -> S3Result<Bucket<'_>> {
        match self.buckets.find(name) {
            Lookup::Found(bucket) => Ok(bucket),
            Lookup::Denied => Err(s3_error!(AccessDenied, "Access Denied")),
            Lookup::Missing => Err(s3_error!(NoSuchBucket, "The specified bucket does not exist")),
        }
    }

    /// A bucket that can be written.
    fn store(&self, name: &str) -> S3Result<&Store> {
        match self.bucket(name)? {
            Bucket::Stored(store) => Ok(store),
            Bucket::Synthetic { .. } => Err(not_implemented("writing to buckets whose objects are a rule")),
        }
    }

    fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }

    fn object(&self, extensions: &Extensions, bucket: &str, key: &str) -> S3Result<Object> {
        if let Some(object) = self.bucket(bucket)?.find(key) {
            return Ok(object);
        }
        self.authorizer.may_know_keys(extensions, bucket)?;
        Err(no_such_key(self.bucket(bucket)?.delete_marker(key)))
    }
}

/// Puts into the answer of GetObject or HeadObject what S3 keeps beside the content.
macro_rules! describe {
    ($output:expr, $object:expr, $with_checksum:expr) => {{
        let attributes = $object.attributes();
        $output.content_type = Some(attributes.content_type.unwrap_or_else(|| CONTENT_TYPE.to_owned()));
        $output.cache_control = attributes.cache_control;
        $output.content_disposition = attributes.content_disposition;
        $output.content_encoding = attributes.content_encoding;
        $output.content_language = attributes.content_language;
        $output.expires = attributes.expires;
        $output.metadata = attributes.metadata;
        $output.storage_class = attributes.storage_class.map(StorageClass::from);
        $output.last_modified = Some($object.last_modified.into());
        $output.e_tag = Some(ETag::Strong($object.e_tag.clone()));
        $output.version_id = $object.version_id();
        $output.server_side_encryption = Some(encryption());
        if let Some(stored) = $object.checksum().filter(|_| $with_checksum) {
            $output.checksum_type = Some(stored.kind());
            set_checksum!($output, stored.checksum.clone());
        }
    }};
}

#[async_trait::async_trait]
impl S3 for ObjectStore {
    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let entry = |name: &str| BucketEntry {
            name: Some(name.to_owned()),
            bucket_region: Some(self.region.clone()),
            creation_date: Some(Timestamp::from(OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000))),
        };
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(self.buckets.names().map(entry).collect()),
            owner: Some(owner()),
            ..ListBucketsOutput::default()
        }))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.bucket(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput {
            bucket_region: Some(self.region.clone()),
            ..HeadBucketOutput::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket)?;
        let url_encoded = match input.encoding_type.as_ref().map(EncodingType::as_str) {
            None => false,
            Some(EncodingType::URL) => true,
            Some(_) => return Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request")),
        };
        let max_keys = match input.max_keys {
            None => MAX_KEYS,
            Some(number) => usize::try_from(number)
                .map_err(|_| {
                    s3_error!(InvalidArgument, "Argument maxKeys must be an integer between 0 and 2147483647")
                })?
                .min(MAX_KEYS),
        };
        let prefix = input.prefix.unwrap_or_default();
        let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
        let mut listing =
            Listing { prefix: &prefix, delimiter: delimiter.as_deref(), max_keys, start: Position::Beginning };
        if let Some(token) = &input.continuation_token {
            listing.start = self
                .tokens
                .open(&input.bucket, &listing, token)
                .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))?;
        } else if let Some(key) = &input.start_after {
            listing.start = Position::AfterKey(key.clone());
        }

        let page = list(bucket, &listing);
        let next = page.next.as_ref().map(|position| self.tokens.seal(&input.bucket, &listing, position));
        let encode = |text: String| if url_encoded { encode_url(&text) } else { text };
        let with_owner = input.fetch_owner.unwrap_or(false);
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(page.key_count()).ok(),
            max_keys: i32::try_from(max_keys).ok(),
            is_truncated: Some(next.is_some()),
            next_continuation_token: next,
            contents: Some(
                page.objects
                    .into_iter()
                    .map(|object| ObjectEntry {
                        e_tag: Some(ETag::Strong(object.e_tag)),
                        size: i64::try_from(object.size).ok(),
                        last_modified: Some(object.last_modified.into()),
                        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
                        owner: with_owner.then(owner),
                        key: Some(encode(object.key)),
                        ..ObjectEntry::default()
                    })
                    .collect(),
            ),
            common_prefixes: Some(
                page.common_prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(encode(prefix)) }).collect(),
            ),
            prefix: Some(encode(prefix)),
            delimiter: delimiter.map(encode),
            start_after: input.start_after.map(encode),
            name: Some(input.bucket),
            continuation_token: input.continuation_token,
            encoding_type: input.encoding_type,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        refuse_variants(input.version_id.is_some() || input.part_number.is_some() || input.sse_customer_key.is_some())?;
        let object = self.object(&request.extensions, &input.bucket, &input.key)?;
        check_conditions(
            &object,
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
            input.if_unmodified_since.as_ref(),
            input.if_modified_since.as_ref(),
        )?;
        let (range, content_range) = select_range(input.range, object.size)?;
        let length = range.end - range.start;
        let mut output = GetObjectOutput {
            body: Some(object.read(range)),
            content_length: i64::try_from(length).ok(),
            content_range,
            accept_ranges: Some("bytes".to_owned()),
            ..GetObjectOutput::default()
        };
        describe!(output, object, input.checksum_mode.is_some());
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        refuse_variants(input.version_id.is_some() || input.part_number.is_some() || input.sse_customer_key.is_some())?;
        let object = self.object(&request.extensions, &input.bucket, &input.key)?;
        check_conditions(
            &object,
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
            input.if_unmodified_since.as_ref(),
            input.if_modified_since.as_ref(),
        )?;
        let (range, content_range) = select_range(input.range, object.size)?;
        let mut output = HeadObjectOutput {
            content_length: i64::try_from(range.end - range.start).ok(),
            content_range,
            accept_ranges: Some("bytes".to_owned()),
            ..HeadObjectOutput::default()
        };
        describe!(output, object, input.checksum_mode.is_some());
        Ok(S3Response::new(output))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        writing::put_object(self.store(&request.input.bucket)?, request, self.now())
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        writing::delete_object(self.store(&request.input.bucket)?, &request)
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let (bucket, extensions) = (request.input.bucket.clone(), request.extensions.clone());
        writing::delete_objects(self.store(&bucket)?, request, |object| {
            self.authorizer.may_delete(&extensions, &bucket, &object.key, object.version_id.as_deref())
        })
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let (bucket, key) = copy::read_source(&request.input.copy_source)?;
        let source = self.object(&request.extensions, bucket, key)?;
        copy::copy_object(self.store(&request.input.bucket)?, &source, request, self.now()).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let signer = request.extensions.get::<Arc<TemporaryCredentials>>();
        let initiator = signer.map_or_else(String::new, |signer| signer.assumed_role_arn());
        multipart::create(self.store(&request.input.bucket)?, request, initiator, self.now())
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        multipart::upload_part(self.store(&request.input.bucket)?, request, self.now()).await
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let (bucket, key) = copy::read_source(&request.input.copy_source)?;
        let source = self.object(&request.extensions, bucket, key)?;
        copy::upload_part_copy(self.store(&request.input.bucket)?, &source, request, self.now()).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        multipart::complete(self.store(&request.input.bucket)?, request, &self.region, self.now())
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        multipart::abort(self.store(&request.input.bucket)?, &request.input)
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        multipart::list_parts(self.store(&request.input.bucket)?, request.input, owner())
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = request.input;
        let is_url = input.encoding_type.as_ref().is_some_and(|encoding| encoding.as_str() == EncodingType::URL);
        let encode = |text: String| if is_url { encode_url(&text) } else { text };
        let bucket = input.bucket.clone();
        multipart::list_uploads(self.store(&bucket)?, input, &owner(), encode)
    }
}

fn owner() -> Owner {
    Owner { display_name: Some("jetbridge".to_owned()), id: Some(OWNER.to_owned()) }
}

/// "If the current version of the object is a delete marker, Amazon S3 behaves as if the object was deleted and includes
/// x-amz-delete-marker: true in the response" (GetObject, S3 API reference), and the version of the marker.
fn no_such_key(marker: Option<String>) -> S3Error {
    let mut error = s3_error!(NoSuchKey, "The specified key does not exist.");
    if let Some(version) = marker.and_then(|version| HeaderValue::try_from(version).ok()) {
        let delete_marker = (HeaderName::from_static("x-amz-delete-marker"), HeaderValue::from_static("true"));
        let version_id = (HeaderName::from_static("x-amz-version-id"), version);
        error.set_headers(HeaderMap::from_iter([delete_marker, version_id]));
    }
    error
}

/// Answering with the plain object would be a wrong answer.
fn refuse_variants(asked: bool) -> S3Result<()> {
    if asked {
        Err(s3_error!(NotImplemented, "Versions, parts and customer keys are not implemented."))
    } else {
        Ok(())
    }
}

/// RFC 9110, section 13.2.2: the entity-tag conditions come first and silence the date of their kind.
fn check_conditions(
    object: &Object,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
    if_unmodified_since: Option<&Timestamp>,
    if_modified_since: Option<&Timestamp>,
) -> S3Result<()> {
    let matches = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(tag) => tag.value() == object.e_tag,
    };
    let modified_after = |time: &Timestamp| Timestamp::from(object.last_modified) > *time;
    let met = match (if_match, if_unmodified_since) {
        (Some(condition), _) => matches(condition),
        (None, Some(time)) => !modified_after(time),
        (None, None) => true,
    };
    if !met {
        return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"));
    }
    let changed = match (if_none_match, if_modified_since) {
        (Some(condition), _) => !matches(condition),
        (None, Some(time)) => modified_after(time),
        (None, None) => true,
    };
    if changed { Ok(()) } else { Err(not_modified(object)) }
}

fn not_modified(object: &Object) -> S3Error {
    let mut error = s3_error!(NotModified);
    let mut headers = HeaderMap::new();
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", object.e_tag)) {
        headers.insert(header::ETAG, tag);
    }
    error.set_headers(headers);
    error
}

/// The bytes to send, and `Content-Range` if they were asked for as a range.
fn select_range(range: Option<Range>, size: u64) -> S3Result<(std::ops::Range<u64>, Option<String>)> {
    let Some(range) = range else { return Ok((0..size, None)) };
    let unsatisfiable = || s3_error!(InvalidRange, "The requested range is not satisfiable");
    let selected = range.check(size).map_err(|_| unsatisfiable())?;
    if selected.is_empty() {
        return Err(unsatisfiable());
    }
    let content_range = format!("bytes {}-{}/{size}", selected.start, selected.end - 1);
    Ok((selected, Some(content_range)))
}

/// `encoding-type=url`: S3 encodes like a form, a space as `+`, but keeps slashes.
fn encode_url(text: &str) -> String {
    text.split('/')
        .map(|part| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>())
        .collect::<Vec<_>>()
        .join("/")
}
