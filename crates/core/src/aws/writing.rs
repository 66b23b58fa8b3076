//! Single calls of S3 that write an object from bytes: the whole of it (PutObject), or the parts of a multipart upload. None
//! of them is sent again here: a body is read anew for each try, so that whoever has it repeats.

use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, StalledStreamProtectionConfig};
use aws_sdk_s3::operation::abort_multipart_upload::AbortMultipartUploadError;
use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadError;
use aws_sdk_s3::operation::create_multipart_upload::CreateMultipartUploadError;
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::operation::upload_part::UploadPartError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use std::time::Duration;

use super::checksums::{PartCrc, TagOfParts, may_have_md5_tags, md5_of_e_tag};
use super::digests::Digests;
use super::object_headers::set_object_headers;
use super::objects::{Conditions, ObjectChecksum, ObjectHeaders};
use super::reading::Target;
use super::s3::{begin, for_call};
use crate::cognito::AwsCredentials;
use crate::config::is_directory_bucket;
use crate::diagnosis::{AwsFailure, Blame, senseless, sort_sdk_error};
use crate::error::{Service, SessionError};
use crate::net::document::Document;
use crate::net::whole_answer::WholeAnswer;

const NOTHING: WholeAnswer = WholeAnswer(Document::Nothing);
const BEGUN: WholeAnswer = WholeAnswer(Document::Xml { root: "InitiateMultipartUploadResult" });
const COMPLETED: WholeAnswer = WholeAnswer(Document::Xml { root: "CompleteMultipartUploadResult" });
/// "Processing of a CompleteMultipartUpload request could take several minutes to complete", white space keeps the connection
/// busy meanwhile (S3 API reference).
const COMPLETION_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// What S3 says of what it wrote.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    pub e_tag: Option<String>,
    pub version_id: Option<String>,
    pub checksum: Option<ObjectChecksum>,
    /// The MD5 that the entity tag is, if it is one and there is no checksum.
    pub md5: Option<ObjectChecksum>,
    /// The entity tag if it may say of which parts the object was made, and there is no checksum.
    pub tag_of_parts: Option<String>,
}

/// A multipart upload that was begun.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Begun {
    pub upload_id: String,
    /// Whether the server keeps CRC64NVME of the whole. S3 does; one that is like it may not know it.
    pub keeps_crc: bool,
}

impl Begun {
    /// What vouches for a part where its CRC does not. To compute it takes longer than all else that is done with the bytes.
    pub(crate) fn wants_md5(&self) -> bool {
        !self.keeps_crc
    }
}

/// A part that S3 has.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct FinishedPart {
    pub number: i32,
    pub e_tag: String,
    pub crc: PartCrc,
    /// Whether the entity tag is the MD5 of what was sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_md5: bool,
}

impl FinishedPart {
    /// That of the object that is made of these parts.
    pub(crate) fn tag_of(parts: &[Self]) -> TagOfParts {
        TagOfParts::of(parts.iter().map(|part| part.has_md5.then_some(&*part.e_tag)))
    }
}

/// What the server said of a part that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptPart {
    pub e_tag: String,
    /// Whether that is the MD5 of what was sent.
    pub has_md5: bool,
}

/// A body that is sent, and what was computed of it.
pub(crate) struct Payload<'a> {
    pub body: SdkBody,
    pub digests: &'a Digests,
    /// Whether its CRC is sent: without, its MD5 alone vouches for it.
    pub with_crc: bool,
}

impl Payload<'_> {
    fn crc(&self) -> Option<String> {
        self.with_crc.then(|| self.digests.crc.base64())
    }

    fn length(&self) -> Option<i64> {
        i64::try_from(self.digests.crc.length).ok()
    }
}

/// What of an answer can be held against the MD5 of what was sent. The SDK has two types for the same headers. "For objects
/// where the ETag is the MD5 digest of the object, you can calculate the MD5 while putting an object to Amazon S3 and compare the
/// returned ETag to the calculated MD5 value" (S3 API reference, PutObject, ETag).
macro_rules! find_md5 {
    ($answer:expr, $bucket:expr) => {{
        let answer = &$answer;
        let may_be = may_have_md5_tags($bucket, answer.server_side_encryption(), answer.sse_customer_algorithm());
        let tag = answer.e_tag().filter(|_| may_be && answer.checksum_crc64_nvme().is_none());
        tag.and_then(md5_of_e_tag)
    }};
}

/// S3 has something else than was sent, by what it says itself.
pub(crate) fn other_bytes(by: &ObjectChecksum) -> SessionError {
    senseless(Service::S3, &format!("it keeps other bytes than were sent, by their {}", by.algorithm))
}

/// Writes a whole object in one request.
pub(crate) async fn put_object(
    target: &Target,
    credentials: &AwsCredentials,
    headers: &ObjectHeaders,
    conditions: &Conditions,
    payload: Payload<'_>,
) -> Result<Written, AwsFailure> {
    let output = begin(|| {
        set_object_headers!(target.client.put_object(), headers)
            .bucket(&target.bucket)
            .key(&target.key)
            .set_request_payer(target.payer())
            .set_if_match(conditions.if_match.clone())
            .set_if_none_match(conditions.if_none_match.clone())
            .set_content_length(payload.length())
            .set_content_md5(payload.digests.md5.clone())
            .set_checksum_crc64_nvme(payload.crc())
            .body(ByteStream::new(payload.body))
            .customize()
            .config_override(once(for_call::<PutObjectError>(credentials)))
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "writing an object", &error))?;
    let e_tag = output.e_tag().ok_or_else(|| senseless(Service::S3, "an object without an entity tag"))?;
    Ok(Written {
        e_tag: Some(e_tag.to_owned()),
        version_id: output.version_id().map(str::to_owned),
        checksum: crc_of_whole(output.checksum_crc64_nvme()),
        md5: find_md5!(output, &target.bucket),
        tag_of_parts: None,
    })
}

/// Begins a multipart upload: with CRC64NVME of the whole, and without where a server like S3 does not know it.
pub(crate) async fn create_upload(
    target: &Target,
    credentials: &AwsCredentials,
    headers: &ObjectHeaders,
    is_like_s3: bool,
) -> Result<Begun, AwsFailure> {
    match create(target, credentials, headers, true).await {
        Err(failure) if is_like_s3 && failure.is_about_unknown_header() => {
            create(target, credentials, headers, false).await
        }
        outcome => outcome,
    }
}

async fn create(
    target: &Target,
    credentials: &AwsCredentials,
    headers: &ObjectHeaders,
    with_crc: bool,
) -> Result<Begun, AwsFailure> {
    let output = begin(|| {
        set_object_headers!(target.client.create_multipart_upload(), headers)
            .bucket(&target.bucket)
            .key(&target.key)
            .set_request_payer(target.payer())
            .set_checksum_algorithm(with_crc.then_some(ChecksumAlgorithm::Crc64Nvme))
            .set_checksum_type(with_crc.then_some(ChecksumType::FullObject))
            .customize()
            .config_override(
                for_call::<CreateMultipartUploadError>(credentials).interceptor(BEGUN).retry_classifier(BEGUN),
            )
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "beginning an upload", &error))?;
    let upload_id = output.upload_id().filter(|id| !id.is_empty());
    let upload_id = upload_id.ok_or_else(|| senseless(Service::S3, "an upload without an id"))?.to_owned();
    Ok(Begun { upload_id, keeps_crc: output.checksum_algorithm() == Some(&ChecksumAlgorithm::Crc64Nvme) })
}

/// Sends a part. `None`: the upload is not there any more.
pub(crate) async fn upload_part(
    target: &Target,
    credentials: &AwsCredentials,
    (upload_id, number): (&str, i32),
    payload: Payload<'_>,
) -> Result<Option<KeptPart>, AwsFailure> {
    let payload_md5 = payload.digests.md5.clone();
    let output = begin(|| {
        target
            .client
            .upload_part()
            .bucket(&target.bucket)
            .key(&target.key)
            .set_request_payer(target.payer())
            .upload_id(upload_id)
            .part_number(number)
            .set_content_length(payload.length())
            .set_content_md5(payload.digests.md5.clone())
            .set_checksum_crc64_nvme(payload.crc())
            .body(ByteStream::new(payload.body))
            .customize()
            .config_override(once(for_call::<UploadPartError>(credentials)))
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "sending a part", &error));
    let Some(output) = unless_gone(output)? else { return Ok(None) };
    let e_tag = output.e_tag().ok_or_else(|| senseless(Service::S3, "a part without an entity tag"))?;
    let kept = find_md5!(output, &target.bucket);
    let has_md5 = match (&payload_md5, &kept) {
        (Some(sent), Some(kept)) if kept.value != *sent => return Err(other_bytes(kept).into()),
        (sent, kept) => sent.is_some() && kept.is_some(),
    };
    Ok(Some(KeptPart { e_tag: e_tag.to_owned(), has_md5 }))
}

/// Makes an object of the parts. `None`: the upload is not there any more.
pub(crate) async fn complete_upload(
    target: &Target,
    credentials: &AwsCredentials,
    begun: &Begun,
    parts: &[FinishedPart],
    conditions: &Conditions,
) -> Result<Option<Written>, AwsFailure> {
    let crc = |crc: PartCrc| begun.keeps_crc.then(|| crc.base64());
    let named = parts.iter().map(|part| {
        CompletedPart::builder()
            .part_number(part.number)
            .e_tag(&part.e_tag)
            .set_checksum_crc64_nvme(crc(part.crc))
            .build()
    });
    let whole = PartCrc::of_whole(parts.iter().map(|part| part.crc));
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(COMPLETION_TIMEOUT).build();
    let output = begin(|| {
        target
            .client
            .complete_multipart_upload()
            .bucket(&target.bucket)
            .key(&target.key)
            .set_request_payer(target.payer())
            .upload_id(&begun.upload_id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(named.collect())).build())
            .set_checksum_crc64_nvme(crc(whole))
            .set_checksum_type(begun.keeps_crc.then_some(ChecksumType::FullObject))
            .set_mpu_object_size(begun.keeps_crc.then(|| i64::try_from(whole.length).ok()).flatten())
            .set_if_match(conditions.if_match.clone())
            .set_if_none_match(conditions.if_none_match.clone())
            .customize()
            .config_override(
                for_call::<CompleteMultipartUploadError>(credentials)
                    .interceptor(COMPLETED)
                    .retry_config(RetryConfig::disabled())
                    .timeout_config(timeouts),
            )
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "completing an upload", &error));
    let may_have_tag = !is_directory_bucket(&target.bucket);
    Ok(unless_gone(output)?.map(|output| Written {
        tag_of_parts: output
            .e_tag()
            .filter(|_| may_have_tag && output.checksum_crc64_nvme().is_none())
            .map(str::to_owned),
        e_tag: output.e_tag().map(str::to_owned),
        version_id: output.version_id().map(str::to_owned),
        checksum: crc_of_whole(output.checksum_crc64_nvme()),
        // Of parts the entity tag is none of the whole.
        md5: None,
    }))
}

/// Forgets a multipart upload with all of its parts. One that is not there is forgotten.
pub(crate) async fn abort_upload(
    target: &Target,
    credentials: &AwsCredentials,
    upload_id: &str,
) -> Result<(), AwsFailure> {
    let output = begin(|| {
        target
            .client
            .abort_multipart_upload()
            .bucket(&target.bucket)
            .key(&target.key)
            .set_request_payer(target.payer())
            .upload_id(upload_id)
            .customize()
            .config_override(
                for_call::<AbortMultipartUploadError>(credentials).interceptor(NOTHING).retry_classifier(NOTHING),
            )
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "giving an upload up", &error));
    unless_gone(output).map(|_| ())
}

/// For a request with a body, which lasts as long as the network needs: not sent again by the SDK, and without its limits.
/// Nothing but the checksums that are given is sent, or the SDK would put one into a trailer.
fn once(config: Builder) -> Builder {
    config
        .interceptor(NOTHING)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().disable_operation_attempt_timeout().build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
}

#[expect(clippy::result_large_err, reason = "it is handed on, as by every call")]
fn unless_gone<T>(outcome: Result<T, AwsFailure>) -> Result<Option<T>, AwsFailure> {
    match outcome {
        Ok(output) => Ok(Some(output)),
        Err(failure) if failure.blame() == Some(Blame::Upload) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn crc_of_whole(value: Option<&str>) -> Option<ObjectChecksum> {
    let value = value?.to_owned();
    Some(ObjectChecksum { algorithm: "CRC64NVME".to_owned(), value, is_of_whole_object: true })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_config::SdkConfig;
    use aws_sdk_s3::config::{BehaviorVersion, Region};
    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

    use super::*;

    /// A server like S3. An old one knows no CRC64NVME: it says so, or it looks away.
    #[derive(Debug, Clone)]
    struct Server {
        knows_crc: bool,
        refuses: bool,
        asked: Arc<Mutex<Vec<Vec<String>>>>,
    }

    impl HttpClient for Server {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Server {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let headers = request.headers().iter().map(|(name, _)| name.to_owned());
            let digests: Vec<_> = headers
                .filter(|name| name.contains("checksum") || name == "content-md5" || name == "x-amz-trailer")
                .collect();
            let is_refused = self.refuses && digests.iter().any(|name| name == "x-amz-checksum-algorithm");
            self.asked.lock().unwrap().push(digests);
            let (status, body) = match (request.method(), is_refused) {
                (_, true) => (501, "<Error><Code>NotImplemented</Code><Message>A header</Message></Error>"),
                ("POST", _) => {
                    (200, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
                }
                _ => (200, ""),
            };
            let mut answer = HttpResponse::new(http::StatusCode::from_u16(status).unwrap().into(), SdkBody::from(body));
            answer.headers_mut().insert("etag", "\"1\"");
            if self.knows_crc {
                answer.headers_mut().insert("x-amz-checksum-algorithm", "CRC64NVME");
            }
            HttpConnectorFuture::new(std::future::ready(Ok(answer)))
        }
    }

    #[tokio::test]
    async fn a_part_goes_with_one_digest_and_md5_is_for_servers_that_know_no_crc() {
        for (knows_crc, refuses, requests) in [(false, true, 2), (false, false, 1), (true, false, 1)] {
            let server = Server { knows_crc, refuses, asked: Arc::default() };
            let sdk_config = SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-west-2"))
                .http_client(server.clone())
                .build();
            let target = Target {
                client: aws_sdk_s3::Client::new(&sdk_config),
                bucket: "reports".to_owned(),
                key: "k".to_owned(),
                requester_pays: false,
            };
            let (headers, credentials) = (ObjectHeaders::default(), AwsCredentials::for_fuzzing());
            let begun = create_upload(&target, &credentials, &headers, true).await.map_err(|_| "refused").unwrap();
            assert_eq!(begun.keeps_crc, knows_crc);
            let asked = std::mem::take(&mut *server.asked.lock().unwrap());
            assert_eq!(asked.len(), requests);
            let digests = Digests::of(b"x", begun.wants_md5());
            let payload = Payload { body: SdkBody::from("x"), digests: &digests, with_crc: begun.keeps_crc };
            let kept_part = upload_part(&target, &credentials, (&begun.upload_id, 1), payload).await;
            let kept = KeptPart { e_tag: "\"1\"".to_owned(), has_md5: false };
            assert_eq!(kept_part.map_err(|_| "refused").unwrap(), Some(kept));
            let sent = if knows_crc { "x-amz-checksum-crc64nvme" } else { "content-md5" };
            assert_eq!(*server.asked.lock().unwrap(), [[sent]]);
            // S3 itself is not asked twice.
            if refuses {
                assert!(create_upload(&target, &credentials, &headers, false).await.is_err());
            }
        }
    }
}
