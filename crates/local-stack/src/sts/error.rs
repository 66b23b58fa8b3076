//! STS's refusals. Codes and statuses are those of "Common Errors" and of each operation, AWS STS API reference; the
//! sentences are those that the reference does not give and users report, or, for a signature, those of "Troubleshoot
//! signed requests for AWS APIs", IAM user guide.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::faults::FaultAnswer;
use crate::sigv4::SigV4Error;

const OWN_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// Of what no operation answers, because there is none.
const FAULT_NAMESPACE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StsError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) namespace: &'static str,
}

impl StsError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), namespace: OWN_NAMESPACE }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationError", message)
    }

    pub(super) fn invalid_token(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidIdentityToken", message)
    }

    pub(super) fn access_denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }

    pub(super) fn throttled() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded")
    }

    pub(super) fn missing_action() -> Self {
        let message = "The request is missing an action or a required parameter.";
        Self::new(StatusCode::BAD_REQUEST, "MissingAction", message)
    }

    pub(super) fn invalid_action(action: &str, version: Option<&str>) -> Self {
        let version = version.unwrap_or("NO_VERSION_SPECIFIED");
        let message = format!("Could not find operation {action} for version {version}");
        Self { namespace: FAULT_NAMESPACE, ..Self::new(StatusCode::BAD_REQUEST, "InvalidAction", message) }
    }

    /// Of a request that cannot be read. The words are not found in the reference.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MalformedInput", message)
    }

    /// What AWS does and the stack does not. No service says this.
    pub(super) fn not_imitated(what: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", format!("The local stack does not imitate {what}."))
    }

    /// Whose fault it is.
    pub(super) fn kind(&self) -> &'static str {
        if self.status.is_client_error() { "Sender" } else { "Receiver" }
    }
}

impl From<FaultAnswer> for StsError {
    fn from(answer: FaultAnswer) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
        Self::new(status, answer.code, answer.message)
    }
}

impl From<SigV4Error> for StsError {
    fn from(error: SigV4Error) -> Self {
        let mismatch = |message: String| Self::new(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", message);
        let incomplete = |message: String| Self::new(StatusCode::BAD_REQUEST, "IncompleteSignature", message);
        match error {
            SigV4Error::Anonymous => Self::new(
                StatusCode::FORBIDDEN,
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            ),
            SigV4Error::InvalidAccessKeyId { .. } | SigV4Error::InvalidToken => Self::new(
                StatusCode::FORBIDDEN,
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            ),
            SigV4Error::ExpiredToken => Self::new(
                StatusCode::FORBIDDEN,
                "ExpiredToken",
                "The security token included in the request is expired",
            ),
            SigV4Error::Malformed { problem, .. } => incomplete(problem),
            SigV4Error::UnsupportedMechanism | SigV4Error::TwoMechanisms => {
                incomplete("Authorization header or parameters are not formatted correctly.".to_owned())
            }
            SigV4Error::MissingDate => incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned(),
            ),
            SigV4Error::WrongRegion { .. } => mismatch("Credential should be scoped to a valid region.".to_owned()),
            SigV4Error::WrongScope { general, .. } => mismatch(general),
            SigV4Error::RequestTimeTooSkewed { request_time, server_time, max_skew } => {
                mismatch(describe_skew(&request_time, server_time, max_skew))
            }
            SigV4Error::NotYetValid { signed, server_time, .. } => mismatch(format!(
                "Signature not yet current: {} is still later than {}",
                basic(signed),
                basic(server_time)
            )),
            SigV4Error::PresignedExpired { expires, server_time, .. } => {
                mismatch(format!("Signature expired: {} is now earlier than {}", basic(expires), basic(server_time)))
            }
            SigV4Error::HeadersNotSigned { names } if names.split(", ").any(|name| name == "host") => {
                mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned())
            }
            // With them whatever makes the signature another one.
            _ => mismatch(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details."
                    .to_owned(),
            ),
        }
    }
}

fn describe_skew(request_time: &str, now: SystemTime, max_skew: Duration) -> String {
    let minutes = max_skew.as_secs() / 60;
    let (earliest, latest) = (basic(now - max_skew), basic(now + max_skew));
    let now = basic(now);
    // Both are of one length, so that the order of the texts is that of the times.
    if request_time < now.as_str() {
        format!("Signature expired: {request_time} is now earlier than {earliest} ({now} - {minutes} min.)")
    } else {
        format!("Signature not yet current: {request_time} is still later than {latest} ({now} + {minutes} min.)")
    }
}

/// The "basic format" of ISO 8601, in which signatures have their times.
fn basic(time: SystemTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    OffsetDateTime::from(time).format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_is_told_which_way() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let skew = Duration::from_secs(300);
        assert_eq!(
            describe_skew("20270115T075000Z", now, skew),
            "Signature expired: 20270115T075000Z is now earlier than 20270115T075500Z (20270115T080000Z - 5 min.)"
        );
        assert_eq!(
            describe_skew("20270115T081000Z", now, skew),
            "Signature not yet current: 20270115T081000Z is still later than 20270115T080500Z (20270115T080000Z + 5 min.)"
        );
    }
}
