//! The operations that the stack's S3 has, on `s3s`, which speaks the wire protocol. Whoever gets here is signed in and may
//! do what is asked: the router checked both. Every other operation answers NotImplemented.

use std::sync::Arc;
use std::time::SystemTime;

use http::{Extensions, HeaderName};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket as BucketEntry, BucketLocationConstraint,
    CommonPrefix, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
    DeleteObjectsOutput, ETag, EncodingType, GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput,
    GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput,
    ListBucketsOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsInput, ListObjectsOutput,
    ListObjectsV2Input, ListObjectsV2Output, ListPartsInput, ListPartsOutput, Object as ObjectEntry,
    ObjectStorageClass, Owner, PutObjectInput, PutObjectOutput, StorageClass, Timestamp, UploadPartCopyInput,
    UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use time::OffsetDateTime;

use super::address::Address;
use super::authorization::Authorizer;
use super::error::Refusal;
use super::listing::{Position, TokenSealer, list};
use super::listing_parameters::Parameters;
use super::objects::{Bucket, Buckets, Lookup, Object};
use super::operations::Asked;
use super::reading::{self, Selection};
use super::store::Store;
use super::stored::StoredChecksum;
use super::writing::set_checksum;
use super::{bucket_list, copy, multipart, writing};
use crate::credentials::TemporaryCredentials;
use crate::shared::Shared;

/// What S3 gives objects that were stored without a content type.
const CONTENT_TYPE: &str = "binary/octet-stream";
/// The canonical user id of the account that owns everything here.
const OWNER: &str = "7d1c0f4b9be9c6a4c0e3b5f29d4a18e6f37b0c52a9d8e4f1b6c3a7059e2d81f4";

const DELETE_MARKER: HeaderName = HeaderName::from_static("x-amz-delete-marker");
const VERSION_ID: HeaderName = HeaderName::from_static("x-amz-version-id");

pub(super) struct ObjectStore {
    pub shared: Arc<Shared>,
    pub buckets: Arc<Buckets>,
    pub authorizer: Authorizer,
    pub tokens: TokenSealer,
    /// In place of a bucket whose objects are a rule. There is no room in it.
    pub nothing: Store,
}

impl ObjectStore {
    /// Where buckets are.
    fn region(&self) -> String {
        self.shared.bucket_region().to_owned()
    }

    fn bucket(&self, name: &str) -> S3Result<Bucket<'_>> {
        match self.buckets.find(name) {
            Lookup::Found(bucket) => Ok(bucket),
            Lookup::Denied => Err(s3_error!(AccessDenied, "Access Denied")),
            Lookup::Missing => Err(Refusal::no_such_bucket(name).into()),
        }
    }

    /// The object that a reading operation asks for and which bytes of it.
    fn read(&self, extensions: &Extensions) -> S3Result<(Object, Selection)> {
        let asked = asked(extensions)?;
        let part_number = asked.parameter("partNumber");
        reading::check_request(&asked.headers, part_number)?;
        let Address { bucket, key } = &asked.address;
        let object = self.object(extensions, bucket, key)?;
        reading::check_conditions(&asked.headers, &object)?;
        let headers = reading::without_stale_range(&asked.headers, &object);
        let selection = reading::select(&headers, part_number, object.size, &object.part_sizes())?;
        Ok((object, selection))
    }

    fn object(&self, extensions: &Extensions, bucket: &str, key: &str) -> S3Result<Object> {
        let objects = self.bucket(bucket)?;
        if let Some(object) = objects.find(key) {
            return Ok(object);
        }
        self.authorizer.may_know_keys(extensions, bucket)?;
        // "If the current version of the object is a delete marker, Amazon S3 behaves as if the object was deleted and
        // includes x-amz-delete-marker: true in the response" (GetObject, S3 API reference), and the marker's version.
        let refusal = Refusal::no_such_key(key);
        Err(match objects.delete_marker(key) {
            None => refusal.into(),
            Some(version) => refusal.with_header(DELETE_MARKER, "true").with_header(VERSION_ID, &version).into(),
        })
    }

    /// What can be written and uploaded in parts: nothing where objects are a rule, since no policy lets anybody.
    fn store(&self, name: &str) -> S3Result<&Store> {
        match self.bucket(name)? {
            Bucket::Stored(store) => Ok(store),
            Bucket::Synthetic(_) => Ok(&self.nothing),
        }
    }

    fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }
}

/// What the table made of the request.
fn asked(extensions: &Extensions) -> S3Result<&Asked> {
    extensions
        .get::<Arc<Asked>>()
        .map(AsRef::as_ref)
        .ok_or_else(|| s3_error!(InternalError, "The request has no name."))
}

/// Puts into the answer of GetObject or HeadObject what S3 keeps beside the content.
macro_rules! describe {
    ($output:expr, $object:expr, $bytes:expr, $asked:expr, $bucket:expr) => {{
        let (range, asked_for) = $bytes;
        let (object, asked): (&Object, &Asked) = (&$object, $asked);
        let encryption = $bucket.encryption();
        let attributes = object.attributes();
        $output.accept_ranges = Some("bytes".to_owned());
        $output.content_type = Some(attributes.content_type.unwrap_or_else(|| CONTENT_TYPE.to_owned()));
        $output.cache_control = attributes.cache_control;
        $output.content_disposition = attributes.content_disposition;
        $output.content_encoding = attributes.content_encoding;
        $output.content_language = attributes.content_language;
        $output.expires = attributes.expires;
        $output.metadata = attributes.metadata;
        $output.storage_class = attributes.storage_class.map(StorageClass::from);
        $output.last_modified = Some(object.last_modified.into());
        $output.e_tag = Some(ETag::Strong(object.e_tag.clone()));
        $output.version_id = object.version_id();
        $output.server_side_encryption = Some(encryption.algorithm());
        $output.ssekms_key_id = encryption.kms_key;
        // "This value is only returned if you specify partNumber in your request and the object was uploaded as a
        // multipart upload" (`PartsCount`).
        let parts = object.part_sizes().len();
        if parts > 0 && asked.parameter("partNumber").is_some() {
            $output.parts_count = i32::try_from(parts).ok();
        }
        // "To retrieve the checksum, this mode must be enabled" (`ChecksumMode`).
        let is_asked = asked.headers.contains_key(reading::CHECKSUM_MODE);
        let stored = object.checksum_beside(range, asked_for);
        if let Some(stored) = stored.filter(|_| is_asked) {
            $output.checksum_type = Some(stored.kind());
            set_checksum!($output, stored.checksum);
        }
    }};
}

#[async_trait::async_trait]
impl S3 for ObjectStore {
    async fn list_buckets(&self, request: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let asked = asked(&request.extensions)?;
        let page = bucket_list::list(asked, &self.region(), self.buckets.names(), &self.tokens)?;
        let entry = |name| BucketEntry {
            name: Some(name),
            bucket_region: page.has_regions.then(|| self.region()),
            creation_date: Some(Timestamp::from(OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000))),
        };
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(page.names.into_iter().map(entry).collect()),
            owner: Some(owner()),
            prefix: page.prefix,
            continuation_token: page.next,
        }))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.bucket(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput {
            bucket_region: Some(self.region()),
            access_point_alias: Some(false),
            ..HeadBucketOutput::default()
        }))
    }

    async fn get_bucket_location(
        &self,
        _: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        // "Buckets in Region us-east-1 have a LocationConstraint of null" (GetBucketLocation, S3 API reference). That of
        // eu-west-1 is `EU` only where the bucket was created with this old name.
        let is_named = self.region() != "us-east-1";
        let location_constraint = is_named.then(|| BucketLocationConstraint::from(self.region()));
        Ok(S3Response::new(GetBucketLocationOutput { location_constraint }))
    }

    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        let asked = asked(&request.extensions)?;
        let bucket = self.bucket(&asked.address.bucket)?;
        let parameters = Parameters::read(asked)?;
        let (page_size, max_keys) = parameters.max_keys()?;
        let mut listing = parameters.listing(page_size);
        let marker = asked.parameter("marker").unwrap_or_default();
        listing.start = listing.after_key(marker);
        let page = list(bucket, &listing);
        let is_truncated = page.next.is_some();
        // "This element is returned only if you have the delimiter request parameter specified" (`NextMarker`).
        let next_marker = page.next.as_ref().filter(|_| listing.delimiter.is_some()).map(Position::text);
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(asked.address.bucket.clone()),
            prefix: Some(parameters.encode(parameters.prefix)),
            marker: Some(parameters.encode(marker)),
            next_marker: next_marker.map(|marker| parameters.encode(marker)),
            max_keys: Some(max_keys),
            is_truncated: Some(is_truncated),
            delimiter: parameters.delimiter.map(|delimiter| parameters.encode(delimiter)),
            encoding_type: parameters.encoding_type.map(|name| EncodingType::from(name.to_owned())),
            contents: Some(entries(page.objects, &parameters, true)),
            common_prefixes: Some(common_prefixes(&page.common_prefixes, &parameters)),
            ..ListObjectsOutput::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let asked = asked(&request.extensions)?;
        let bucket = self.bucket(&asked.address.bucket)?;
        let parameters = Parameters::read(asked)?;
        let mut listing = parameters.listing(0);
        let (token, start_after) = (asked.parameter("continuation-token"), asked.parameter("start-after"));
        if let Some(token) = token {
            listing.start = self.tokens.open(&asked.address.bucket, &listing, token).ok_or_else(|| {
                let message = "The continuation token provided is incorrect";
                Refusal::invalid_argument_without_value(message, "continuation-token")
            })?;
        } else if let Some(key) = start_after {
            listing.start = listing.after_key(key);
        }
        // "If StartAfter was sent with the request, it is included in the response" (ListObjectsV2, S3 API reference, model of
        // 2006-03-01). With a token S3 ignores it (the same page in 2016) and, as LocalStack's recordings of it (2025 and 2026) and
        // brekkylab/backlot have it, leaves it out.
        let start_after = start_after.filter(|_| token.is_none());
        let (page_size, max_keys) = parameters.max_keys()?;
        listing.max_keys = page_size;

        let page = list(bucket, &listing);
        let next = page.next.as_ref().map(|position| self.tokens.seal(&asked.address.bucket, &listing, position));
        // "set the fetch-owner field to `true`" (same page). In 2016 S3 took no `True` (boto3, issue 719), in 2026 it did
        // (brekkylab/backlot): the page counts.
        let with_owner = asked.parameter("fetch-owner") == Some("true");
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(asked.address.bucket.clone()),
            prefix: Some(parameters.encode(parameters.prefix)),
            key_count: i32::try_from(page.key_count()).ok(),
            max_keys: Some(max_keys),
            is_truncated: Some(next.is_some()),
            next_continuation_token: next,
            continuation_token: token.map(str::to_owned),
            start_after: start_after.map(|key| parameters.encode(key)),
            delimiter: parameters.delimiter.map(|delimiter| parameters.encode(delimiter)),
            encoding_type: parameters.encoding_type.map(|name| EncodingType::from(name.to_owned())),
            contents: Some(entries(page.objects, &parameters, with_owner)),
            common_prefixes: Some(common_prefixes(&page.common_prefixes, &parameters)),
            ..ListObjectsV2Output::default()
        }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let (object, Selection { range, content_range, asked_for }) = self.read(&request.extensions)?;
        let mut output = GetObjectOutput {
            content_length: i64::try_from(range.end - range.start).ok(),
            body: Some(object.read(range.clone())),
            content_range,
            ..GetObjectOutput::default()
        };
        describe!(
            output,
            object,
            (&range, asked_for),
            asked(&request.extensions)?,
            self.bucket(&request.input.bucket)?
        );
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let (object, Selection { range, content_range, asked_for }) = self.read(&request.extensions)?;
        let mut output = HeadObjectOutput {
            content_length: i64::try_from(range.end - range.start).ok(),
            content_range,
            ..HeadObjectOutput::default()
        };
        describe!(
            output,
            object,
            (&range, asked_for),
            asked(&request.extensions)?,
            self.bucket(&request.input.bucket)?
        );
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
        // Each key is refused by itself, also where the whole bucket lets nobody in.
        let store = match self.buckets.find(&bucket) {
            Lookup::Denied => &self.nothing,
            _ => self.store(&bucket)?,
        };
        writing::delete_objects(store, request, |object| {
            self.authorizer.may_delete(&extensions, &bucket, &object.key, object.version_id.as_deref())?;
            match &object.e_tag {
                Some(tag) if tag.value() != "*" => self.authorizer.may_compare(&extensions, &bucket, &object.key),
                _ => Ok(()),
            }
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
        multipart::complete(self.store(&request.input.bucket)?, request, &self.region(), self.now())
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
        let parameters = Parameters::read(asked(&request.extensions)?)?;
        let bucket = request.input.bucket.clone();
        multipart::list_uploads(self.store(&bucket)?, request.input, &owner(), |text| parameters.encode(text))
    }
}

/// The keys of a page.
fn entries(objects: Vec<Object>, parameters: &Parameters<'_>, with_owner: bool) -> Vec<ObjectEntry> {
    let entry = |object: Object| ObjectEntry {
        size: i64::try_from(object.size).ok(),
        last_modified: Some(object.last_modified.into()),
        storage_class: Some(storage_class(&object)),
        checksum_algorithm: object.checksum().map(|stored| vec![stored.algorithm()]),
        checksum_type: object.checksum().map(StoredChecksum::kind),
        key: Some(parameters.encode(&object.key)),
        e_tag: Some(ETag::Strong(object.e_tag)),
        owner: with_owner.then(owner),
        ..ObjectEntry::default()
    };
    objects.into_iter().map(entry).collect()
}

fn storage_class(object: &Object) -> ObjectStorageClass {
    let standard = || ObjectStorageClass::from_static(ObjectStorageClass::STANDARD);
    object.storage_class().map_or_else(standard, |name| ObjectStorageClass::from(name.to_owned()))
}

fn common_prefixes(prefixes: &[String], parameters: &Parameters<'_>) -> Vec<CommonPrefix> {
    prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(parameters.encode(prefix)) }).collect()
}

/// S3 no longer tells a display name: "Beginning November 21, 2025, Amazon S3 will stop returning DisplayName" (`Owner`,
/// S3 API reference).
fn owner() -> Owner {
    Owner { display_name: None, id: Some(OWNER.to_owned()) }
}
