//! The call of S3 that copies an object without its bytes coming here.

use aws_sdk_s3::operation::copy_object::CopyObjectError;
use aws_sdk_s3::types::MetadataDirective;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::object_headers::set_object_headers;
use super::objects::{CopyObject, ObjectChecksum};
use super::reading::Target;
use super::s3::{begin, for_call};
use super::writing::Written;
use crate::cognito::AwsCredentials;
use crate::diagnosis::{AwsFailure, senseless, sort_sdk_error};
use crate::error::Service;
use crate::net::document::Document;
use crate::net::whole_answer::WholeAnswer;

const COPIED: WholeAnswer = WholeAnswer(Document::Xml { root: "CopyObjectResult" });
/// "The value must be URL-encoded" (S3 API reference, CopyObject, `x-amz-copy-source`): all but what RFC 3986 leaves alone and
/// the slashes.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Copies `source` to `target`. A failure that comes after status 200 is one all the same (same page: "a 200 OK response can
/// contain either a success or an error").
pub(crate) async fn copy_object(
    credentials: &AwsCredentials,
    (source, target): (&Target, &Target),
    request: &CopyObject,
) -> Result<Written, AwsFailure> {
    let CopyObject { source_conditions: of_source, target_conditions: of_target, headers, .. } = request;
    let time = |time: Option<std::time::SystemTime>| time.map(Into::into);
    let mut copying = target
        .client
        .copy_object()
        .bucket(&target.bucket)
        .key(&target.key)
        .set_request_payer(target.payer().or(source.payer()))
        .copy_source(encode_source(&source.bucket, &source.key))
        .set_copy_source_if_match(of_source.if_match.clone())
        .set_copy_source_if_none_match(of_source.if_none_match.clone())
        .set_copy_source_if_modified_since(time(of_source.if_modified_since))
        .set_copy_source_if_unmodified_since(time(of_source.if_unmodified_since))
        .set_if_match(of_target.if_match.clone())
        .set_if_none_match(of_target.if_none_match.clone());
    if let Some(headers) = headers {
        copying = set_object_headers!(copying, headers).metadata_directive(MetadataDirective::Replace);
    }
    let output = begin(|| {
        copying
            .customize()
            .config_override(for_call::<CopyObjectError>(credentials).interceptor(COPIED).retry_classifier(COPIED))
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "copying", &error))?;
    let result = output.copy_object_result();
    let result = result.ok_or_else(|| senseless(Service::S3, "a copy without a word about it"))?;
    let checksums = [
        ("CRC64NVME", result.checksum_crc64_nvme()),
        ("CRC32", result.checksum_crc32()),
        ("CRC32C", result.checksum_crc32_c()),
        ("SHA1", result.checksum_sha1()),
        ("SHA256", result.checksum_sha256()),
    ];
    let checksum = checksums.into_iter().find_map(|(algorithm, value)| {
        let value = value?.to_owned();
        Some(ObjectChecksum { algorithm: algorithm.to_owned(), is_of_whole_object: !value.contains('-'), value })
    });
    Ok(Written {
        e_tag: result.e_tag().map(str::to_owned),
        version_id: output.version_id().map(str::to_owned),
        checksum,
        md5: None,
        tag_of_parts: None,
    })
}

/// `bucket/key`, or `ARN/object/key` for an access point.
fn encode_source(bucket: &str, key: &str) -> String {
    let between = if bucket.starts_with("arn:") { "/object/" } else { "/" };
    utf8_percent_encode(&format!("{bucket}{between}{key}"), ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_encoded_as_a_url_has_it() {
        for (bucket, key, expected) in [
            ("reports", "a/b c+d%é?#&=.txt", "reports/a/b%20c%2Bd%25%C3%A9%3F%23%26%3D.txt"),
            ("reports", "a/../b\n", "reports/a/../b%0A"),
            (
                "arn:aws:s3:us-west-2:123456789012:accesspoint/reports",
                "a",
                "arn%3Aaws%3As3%3Aus-west-2%3A123456789012%3Aaccesspoint/reports/object/a",
            ),
        ] {
            assert_eq!(encode_source(bucket, key), expected);
        }
    }
}
