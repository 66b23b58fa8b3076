//! Why a signed request was refused, with the codes, texts and statuses that S3 answers.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const HEADER_MALFORMED: &str = "The authorization header is malformed; ";
/// Of all that is wrong in the scope but its date (versity/versitygw, `s3err/presigned-urls.go`).
pub(super) const CREDENTIAL_MALFORMED: &str = "Error parsing the X-Amz-Credential parameter; ";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SigV4Error {
    #[error("Access Denied")]
    Anonymous,
    #[error("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")]
    UnsupportedMechanism,
    #[error(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
         Signature query string parameter or the Authorization header should be specified"
    )]
    TwoMechanisms,
    #[error("{}{problem}", if *.presigned { "" } else { HEADER_MALFORMED })]
    Malformed { presigned: bool, problem: String },
    #[error("{}{problem}", if *.presigned { CREDENTIAL_MALFORMED } else { HEADER_MALFORMED })]
    WrongRegion { presigned: bool, problem: String, expected: String },
    /// `general` is what services other than S3 say ("Troubleshoot signed requests for AWS APIs", IAM user guide).
    #[error("{}{problem}", if *.presigned { "" } else { HEADER_MALFORMED })]
    WrongScope { presigned: bool, problem: String, general: String },
    #[error("AWS authentication requires a valid Date or x-amz-date header")]
    MissingDate,
    #[error("The difference between the request time and the current time is too large.")]
    RequestTimeTooSkewed { request_time: String, server_time: SystemTime, max_skew: Duration },
    #[error("Request is not yet valid")]
    NotYetValid { signed: SystemTime, expires_in: Duration, server_time: SystemTime },
    #[error("Request has expired")]
    PresignedExpired { expires_in: Duration, expires: SystemTime, server_time: SystemTime },
    #[error("The AWS Access Key Id you provided does not exist in our records.")]
    InvalidAccessKeyId { access_key_id: String },
    #[error("The provided token is malformed or otherwise invalid.")]
    InvalidToken,
    #[error("The provided token has expired.")]
    ExpiredToken,
    #[error("There were headers present in the request which were not signed")]
    HeadersNotSigned { names: String },
    #[error("Missing required header for this request: x-amz-content-sha256")]
    MissingContentSha256,
    #[error(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
         STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, \
         STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER \
         or a valid sha256 value."
    )]
    InvalidContentSha256 { value: String },
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    ContentSha256Mismatch { declared: String, computed: String },
    #[error("The local stack does not verify SigV4A, which {value} needs.")]
    AsymmetricPayload { value: String },
    #[error(
        "The request signature we calculated does not match the signature you provided. \
         Check your key and signing method."
    )]
    SignatureDoesNotMatch,
}

impl SigV4Error {
    /// The error code in the answer.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Anonymous
            | Self::MissingDate
            | Self::NotYetValid { .. }
            | Self::PresignedExpired { .. }
            | Self::HeadersNotSigned { .. } => "AccessDenied",
            Self::UnsupportedMechanism | Self::MissingContentSha256 => "InvalidRequest",
            Self::TwoMechanisms | Self::InvalidContentSha256 { .. } => "InvalidArgument",
            Self::Malformed { presigned, .. }
            | Self::WrongRegion { presigned, .. }
            | Self::WrongScope { presigned, .. } => {
                if *presigned {
                    "AuthorizationQueryParametersError"
                } else {
                    "AuthorizationHeaderMalformed"
                }
            }
            Self::RequestTimeTooSkewed { .. } => "RequestTimeTooSkewed",
            Self::InvalidAccessKeyId { .. } => "InvalidAccessKeyId",
            Self::InvalidToken => "InvalidToken",
            Self::ExpiredToken => "ExpiredToken",
            Self::ContentSha256Mismatch { .. } => "XAmzContentSHA256Mismatch",
            Self::AsymmetricPayload { .. } => "NotImplemented",
            Self::SignatureDoesNotMatch => "SignatureDoesNotMatch",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.code() {
            "AccessDenied" | "RequestTimeTooSkewed" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" => {
                StatusCode::FORBIDDEN
            }
            "NotImplemented" => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Further elements of the answer. None holds a secret: what was signed and the right signature stay here.
    pub(crate) fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::WrongRegion { expected, .. } => vec![("Region", expected.clone())],
            Self::RequestTimeTooSkewed { request_time, server_time, max_skew } => vec![
                ("RequestTime", request_time.clone()),
                ("ServerTime", rfc3339(*server_time)),
                ("MaxAllowedSkewMilliseconds", max_skew.as_millis().to_string()),
            ],
            // Observed (brekkylab/backlot, `auth.py`): the time of the signature in milliseconds.
            Self::NotYetValid { signed, expires_in, server_time } => vec![
                ("X-Amz-Date", (OffsetDateTime::from(*signed).unix_timestamp() * 1000).to_string()),
                ("Expires", rfc3339(*signed + *expires_in)),
                ("ServerTime", rfc3339(*server_time)),
            ],
            // S3 also gives the header's value back; a signature is better not repeated.
            Self::TwoMechanisms => vec![("ArgumentName", "Authorization".to_owned())],
            Self::PresignedExpired { expires_in, expires, server_time } => vec![
                ("X-Amz-Expires", expires_in.as_secs().to_string()),
                ("Expires", rfc3339(*expires)),
                ("ServerTime", rfc3339(*server_time)),
            ],
            Self::InvalidAccessKeyId { access_key_id } => vec![("AWSAccessKeyId", access_key_id.clone())],
            Self::HeadersNotSigned { names } => vec![("HeadersNotSigned", names.clone())],
            Self::InvalidContentSha256 { value } => {
                vec![("ArgumentName", "x-amz-content-sha256".to_owned()), ("ArgumentValue", value.clone())]
            }
            Self::ContentSha256Mismatch { declared, computed } => {
                vec![("ClientComputedContentSHA256", declared.clone()), ("S3ComputedContentSHA256", computed.clone())]
            }
            _ => Vec::new(),
        }
    }
}

/// Whole seconds, as AWS writes times in errors.
fn rfc3339(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).unwrap_or_default()
}
