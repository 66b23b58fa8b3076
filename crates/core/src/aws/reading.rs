//! Single calls that read an object (HeadObject, GetObject), and what their answers say of it.

use std::error::Error;
use std::time::SystemTime;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{
    Builder, ConfigBag, Intercept, ResponseChecksumValidation, RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::types::{ChecksumMode, ChecksumType, RequestPayer};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use http::{HeaderName, HeaderValue};

use super::checksums::{Checker, may_have_md5_tags, md5_of_e_tag};
use super::objects::{Conditions, ObjectChecksum, ObjectDetails, ObjectHeaders};
use super::s3::{begin, for_call};
use crate::cognito::AwsCredentials;
use crate::diagnosis::{AwsFailure, UnusableAnswer, senseless, sort_sdk_error};
use crate::error::{Service, SessionError};
use crate::net::whole_answer::WholeRefusal;

/// "To retrieve the checksum, this mode must be enabled" (S3 API reference, GetObject).
const CHECKSUM_MODE: HeaderName = HeaderName::from_static("x-amz-checksum-mode");

/// Whether a header is one that S3 and servers like it alone send ("Common response headers", S3 API reference; of Google's
/// "XML API", "Reference headers").
pub(super) fn is_header_of_s3(name: &str) -> bool {
    ["x-amz-", "x-goog-"].iter().any(|own| name.starts_with(own))
}

/// Refuses answers that are not S3's, such as a network's sign-in page: S3 reads with no other status than these, and gives
/// every answer an id and every object an entity tag (S3 API reference, GetObject, HeadObject, "Common response headers"). Web
/// servers give pages a tag, too: one needs a header of S3's as well.
#[derive(Debug, Clone, Copy)]
struct OfS3;

#[dyn_dispatch_hint]
impl Intercept for OfS3 {
    fn name(&self) -> &'static str {
        "OfS3"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (status, headers) = (context.response().status(), context.response().headers());
        if !status.is_success() {
            return Ok(());
        }
        let is_page =
            headers.get("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
        let is_signed = headers.iter().any(|(name, _)| name == "etag" && !is_page || is_header_of_s3(name));
        if !is_signed || !matches!(status.as_u16(), 200 | 206) {
            return Err(UnusableAnswer::Foreign.into());
        }
        // Whoever asked for a part "MUST inspect" which bytes came (RFC 9110 §15.3.7).
        if status.as_u16() == 206 && headers.get("content-range").and_then(read_content_range).is_none() {
            return Err(UnusableAnswer::Damaged("it does not say which bytes it has").into());
        }
        Ok(())
    }
}

/// Which object.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub client: Client,
    pub bucket: String,
    pub key: String,
    pub requester_pays: bool,
}

impl Target {
    pub(crate) fn payer(&self) -> Option<RequestPayer> {
        self.requester_pays.then_some(RequestPayer::Requester)
    }
}

/// Which bytes of an object a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    /// From the first to the one before the second; the object may end earlier.
    Between(u64, u64),
    From(u64),
}

impl Wanted {
    /// As `Range` has it (RFC 9110 §14.2), which counts the last one in.
    fn header(self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Between(first, end) => Some(format!("bytes={first}-{}", end.saturating_sub(1))),
            Self::From(first) => Some(format!("bytes={first}-")),
        }
    }

    /// Whether the bytes that come begin where they have to, or earlier.
    fn begins_in(self, range: &ContentRange) -> bool {
        match self {
            Self::All => range.is_whole(),
            Self::Between(first, _) | Self::From(first) => (range.first..range.end).contains(&first),
        }
    }
}

/// What is known of an object.
pub(crate) struct Known {
    pub details: ObjectDetails,
    pub proof: Option<ObjectChecksum>,
}

/// An object whose bytes are coming.
pub(crate) struct Opened {
    pub details: ObjectDetails,
    /// What its bytes can be held against once all of them are there.
    pub proof: Option<ObjectChecksum>,
    /// Whether the server said how large the object is.
    pub has_size: bool,
    /// Whether the server knows ranges.
    pub has_ranges: bool,
    /// Some of the bytes were asked for, and all seem to come: only their number says that they are not just some.
    pub may_be_a_part: bool,
    /// The first byte of the object that comes, and where they end, if the server said so.
    pub start: u64,
    pub end: Option<u64>,
    pub body: SdkBody,
}

/// What the bytes of an object can be held against: its checksum, or its entity tag where that is an MD5.
macro_rules! find_proof {
    ($answer:expr, $details:expr, $bucket:expr) => {{
        let (answer, details) = (&$answer, &$details);
        let may_be = may_have_md5_tags($bucket, answer.server_side_encryption(), answer.sse_customer_algorithm());
        let tag = details.e_tag.as_deref().filter(|_| may_be);
        let checksum = details.checksum.clone().filter(|checksum| Checker::new(checksum).is_some());
        checksum.or_else(|| tag.and_then(md5_of_e_tag))
    }};
}

/// What an answer says of the object. The SDK has two types for the same headers.
macro_rules! read_details {
    ($answer:expr, $key:expr) => {{
        let answer = &$answer;
        let text = |value: Option<&str>| value.map(str::to_owned);
        let checksums = [
            ("CRC64NVME", answer.checksum_crc64_nvme()),
            ("CRC32C", answer.checksum_crc32_c()),
            ("CRC32", answer.checksum_crc32()),
            ("SHA256", answer.checksum_sha256()),
            ("SHA1", answer.checksum_sha1()),
        ];
        ObjectDetails {
            key: $key.clone(),
            size: answer.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
            e_tag: text(answer.e_tag()),
            last_modified: answer.last_modified().and_then(to_system_time),
            headers: ObjectHeaders {
                content_type: text(answer.content_type()),
                cache_control: text(answer.cache_control()),
                content_disposition: text(answer.content_disposition()),
                content_encoding: text(answer.content_encoding()),
                content_language: text(answer.content_language()),
                metadata: answer.metadata().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect(),
            },
            storage_class: answer.storage_class().map(|class| class.as_str().to_owned()),
            version_id: text(answer.version_id()),
            checksum: read_checksum(checksums, answer.checksum_type(), answer.e_tag()),
        }
    }};
}

/// For a request that the SDK does not repeat, because whoever asks does, and whose answer has to be S3's.
fn once<E>(credentials: &AwsCredentials) -> Builder
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    for_call::<E>(credentials).retry_config(RetryConfig::disabled()).interceptor(OfS3)
}

/// Asks what is known of an object, once.
pub(crate) async fn head(
    target: &Target,
    credentials: &AwsCredentials,
    conditions: &Conditions,
) -> Result<Known, AwsFailure> {
    let Conditions { if_match, if_none_match, if_modified_since, if_unmodified_since } = conditions.clone();
    let answer = begin(|| {
        target
            .client
            .head_object()
            .bucket(&target.bucket)
            .key(&target.key)
            .set_request_payer(target.payer())
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            .set_if_modified_since(if_modified_since.map(DateTime::from))
            .set_if_unmodified_since(if_unmodified_since.map(DateTime::from))
            .checksum_mode(ChecksumMode::Enabled)
            .customize()
            .config_override(once::<HeadObjectError>(credentials))
            .send()
    })
    .await;
    let refused = match answer {
        Ok(answer) => {
            let details = read_details!(answer, target.key);
            let proof = find_proof!(answer, details, &target.bucket);
            return Ok(Known { details, proof });
        }
        Err(error) => sort_sdk_error(Service::S3, "head of an object", &error),
    };
    if !refused.wants_words() {
        return Err(refused);
    }
    // "Because HEAD requests don't return a response body, if the HEAD request generates an error, it returns a generic code …
    // It's not possible to retrieve the exact exception" (S3 API reference, HeadObject): not even that the credentials have
    // expired. GET has words.
    let opened = open(target, credentials, conditions, Wanted::Between(0, 1)).await;
    match opened {
        Ok(Opened { details, proof, .. }) => Ok(Known { details, proof }),
        // There is an object by now, without a first byte.
        Err(failure) if failure.is_about_range() => Err(refused),
        // Nor has this server: then the first answer says as much.
        Err(failure) if failure.is_bare() => Err(refused),
        Err(failure) => Err(failure),
    }
}

/// Asks how large a part of an object is that was uploaded in several: "Effectively performs a 'ranged' HEAD request for the
/// part specified. Useful querying about the size of the part" (S3 API reference, HeadObject, partNumber).
pub(crate) async fn part_size(
    target: &Target,
    credentials: &AwsCredentials,
    e_tag: Option<&str>,
    number: u16,
) -> Result<Option<u64>, AwsFailure> {
    let answer = begin(|| {
        target
            .client
            .head_object()
            .bucket(&target.bucket)
            .key(&target.key)
            .set_request_payer(target.payer())
            .set_if_match(e_tag.map(str::to_owned))
            .part_number(number.into())
            .customize()
            .config_override(once::<HeadObjectError>(credentials))
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "head of a part", &error))?;
    Ok(answer.content_length().and_then(|size| u64::try_from(size).ok()))
}

/// Begins to read an object. Asks once: whoever reads its bytes has to repeat it anyway, and to wait in between.
pub(crate) async fn open(
    target: &Target,
    credentials: &AwsCredentials,
    conditions: &Conditions,
    wanted: Wanted,
) -> Result<Opened, AwsFailure> {
    let Conditions { if_match, if_none_match, if_modified_since, if_unmodified_since } = conditions.clone();
    let config = once::<GetObjectError>(credentials)
        .interceptor(WholeRefusal)
        // The checksum is asked for below and compared by whoever reads the bytes: of an object that comes in several
        // answers no single one can be.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        // Whoever reads the bytes also sees that none come, and then goes on where they ended.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    let answer = begin(|| {
        target
            .client
            .get_object()
            .bucket(&target.bucket)
            .key(&target.key)
            .set_request_payer(target.payer())
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            .set_if_modified_since(if_modified_since.map(DateTime::from))
            .set_if_unmodified_since(if_unmodified_since.map(DateTime::from))
            .set_range(wanted.header())
            .customize()
            .config_override(config)
            .mutate_request(|request| {
                request.headers_mut().insert(CHECKSUM_MODE, HeaderValue::from_static("ENABLED"));
            })
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "object", &error))?;
    let mut details = read_details!(answer, target.key);
    let mut proof = find_proof!(answer, details, &target.bucket);
    let range = answer.content_range().and_then(read_content_range);
    if range.as_ref().is_some_and(|range| !wanted.begins_in(range)) {
        return Err(other_bytes().into());
    }
    let (start, end) = match &range {
        Some(range) => {
            details.size = range.size.unwrap_or(0);
            // Of some of the bytes it is theirs, if they are a part of an upload ("Checking object integrity", user guide:
            // "a byte range that aligns with a single part").
            if !range.is_whole() {
                (details.checksum, proof) = (None, None);
            }
            (range.first, Some(range.end))
        }
        None => (0, answer.content_length().and_then(|length| u64::try_from(length).ok())),
    };
    let has_size = details.size > 0 || end == Some(0);
    let has_ranges = range.is_some() || answer.accept_ranges() == Some("bytes");
    let may_be_a_part = range.is_none() && wanted != Wanted::All;
    let body = answer.body.into_inner();
    Ok(Opened { details, proof, has_size, has_ranges, may_be_a_part, start, end, body })
}

pub(crate) fn other_bytes() -> SessionError {
    senseless(Service::S3, "other bytes came than were asked for")
}

/// What `Content-Range` says (RFC 9110 §14.4).
#[derive(Debug, PartialEq, Eq)]
struct ContentRange {
    first: u64,
    /// After the last byte.
    end: u64,
    size: Option<u64>,
}

impl ContentRange {
    fn is_whole(&self) -> bool {
        self.first == 0 && self.size == Some(self.end)
    }
}

fn read_content_range(text: &str) -> Option<ContentRange> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let size = if size == "*" { None } else { Some(size.parse().ok()?) };
    let end = last.checked_add(1).filter(|end| first < *end && size.is_none_or(|size| *end <= size))?;
    Some(ContentRange { first, end, size })
}

/// An object has one; the fastest, should a server send several.
fn read_checksum(
    values: [(&str, Option<&str>); 5],
    kind: Option<&ChecksumType>,
    e_tag: Option<&str>,
) -> Option<ObjectChecksum> {
    let (algorithm, value) = values.into_iter().find_map(|(algorithm, value)| Some((algorithm, value?)))?;
    // A checksum of the parts' checksums ends in their number, except where a range covers all of the object: then S3 leaves
    // it away (botocore, issue 3346). Its ETag keeps it.
    let is_of_parts = value.contains('-') || e_tag.is_some_and(|e_tag| e_tag.contains('-'));
    let is_of_whole_object = match kind {
        Some(ChecksumType::FullObject) => !value.contains('-'),
        Some(_) => false,
        None => !is_of_parts,
    };
    // "CRC64NVME: full object" alone, whatever the type says (same guide, "Supported checksum types").
    let is_of_whole_object = is_of_whole_object || algorithm == "CRC64NVME" && !value.contains('-');
    Some(ObjectChecksum { algorithm: algorithm.to_owned(), value: value.to_owned(), is_of_whole_object })
}

fn to_system_time(time: &DateTime) -> Option<SystemTime> {
    SystemTime::try_from(*time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read_or_none() {
        let range = |first, end, size| Some(ContentRange { first, end, size });
        for (text, expected) in [
            ("bytes 0-0/1", range(0, 1, Some(1))),
            ("bytes 5-9/10", range(5, 10, Some(10))),
            ("bytes 5-9/*", range(5, 10, None)),
            ("bytes 9-5/10", None),
            ("bytes 5-10/10", None),
            ("bytes */10", None),
            ("bytes 0-18446744073709551615/*", None),
            ("items 0-1/2", None),
            ("", None),
        ] {
            assert_eq!(read_content_range(text), expected, "{text}");
        }
    }

    #[test]
    fn a_range_is_asked_for_with_its_last_byte() {
        assert_eq!(Wanted::All.header(), None);
        assert_eq!(Wanted::Between(0, 1).header().as_deref(), Some("bytes=0-0"));
        assert_eq!(Wanted::Between(10, 30).header().as_deref(), Some("bytes=10-29"));
        assert_eq!(Wanted::From(7).header().as_deref(), Some("bytes=7-"));
    }

    #[test]
    fn what_may_be_a_checksum_of_checksums_is_not_taken_for_one_of_the_object() {
        let whole = |value, kind: Option<&str>, e_tag| {
            let values =
                [("CRC64NVME", None), ("CRC32C", None), ("CRC32", Some(value)), ("SHA256", None), ("SHA1", None)];
            read_checksum(values, kind.map(ChecksumType::from).as_ref(), Some(e_tag)).unwrap().is_of_whole_object
        };
        assert!(whole("UymZPQ==", Some("FULL_OBJECT"), "\"0a-7\""));
        assert!(!whole("UymZPQ==", Some("COMPOSITE"), "\"0a-7\""));
        assert!(!whole("UymZPQ==-7", Some("FULL_OBJECT"), "\"0a-7\""));
        assert!(!whole("UymZPQ==", None, "\"0a-7\""));
        assert!(whole("UymZPQ==", None, "\"0a\""));
        let nvme =
            [("CRC64NVME", Some("rosUhgp5mIg=")), ("CRC32C", None), ("CRC32", None), ("SHA256", None), ("SHA1", None)];
        for kind in [Some(ChecksumType::Composite), None] {
            assert!(read_checksum(nvme, kind.as_ref(), Some("\"0a-7\"")).unwrap().is_of_whole_object);
        }
    }
}
