//! Takes the AWS SDK's errors apart: what the service said, or what the network did. The SDK passes on what this library's
//! HTTP client told it, so that both directions are here.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::answer::{Blame, LONGEST_CODE, Refusal, shorten};
use super::evidence::Evidence;
use super::table::classify;
use super::transport::HttpError;
use crate::error::{Service, SessionError};

/// Either the service refused, or there is no answer that can be used.
pub(crate) enum AwsFailure {
    Refused(Refusal),
    Unanswered(SessionError),
}

impl AwsFailure {
    /// The error for the app.
    pub(crate) fn into_session_error(self, evidence: &Evidence) -> SessionError {
        match self {
            Self::Refused(refusal) => classify(&refusal, evidence),
            Self::Unanswered(error) => error,
        }
    }

    /// What the service holds responsible, if it refused.
    pub(crate) fn blame(&self) -> Option<Blame> {
        match self {
            Self::Refused(refusal) => refusal.blame(),
            Self::Unanswered(_) => None,
        }
    }
}

impl From<SessionError> for AwsFailure {
    fn from(error: SessionError) -> Self {
        Self::Unanswered(error)
    }
}

/// Reads an SDK error. `Debug` of these errors can hold headers and so is never used.
pub(crate) fn sort_sdk_error<E>(service: Service, error: &SdkError<E, HttpResponse>) -> AwsFailure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let unreachable = |what: &str| {
        let failure = format!("{service} cannot be reached: {what}");
        AwsFailure::Unanswered(SessionError::Retryable { failure, retry_after: None })
    };
    match error {
        SdkError::ServiceError(context) => {
            let response = context.raw();
            let header = |name: &str| response.headers().get(name).map(|value| shorten(value, LONGEST_CODE));
            let code = context.err().code().or_else(|| code_by_status(response.status().as_u16()));
            let mut refusal =
                Refusal::new(service, code.unwrap_or("Unknown"), context.err().message().unwrap_or_default());
            refusal.request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
            refusal.bucket_region = header("x-amz-bucket-region");
            refusal.status = Some(response.status().as_u16());
            AwsFailure::Refused(refusal)
        }
        SdkError::TimeoutError(_) => unreachable("no answer in time"),
        SdkError::DispatchFailure(context) => {
            let connector = context.as_connector_error();
            match connector.and_then(http_error) {
                Some(error @ (HttpError::PathRewritten | HttpError::Insecure)) => {
                    AwsFailure::Unanswered(SessionError::Misconfigured {
                        setting: "request".to_owned(),
                        problem: error.to_string(),
                        hint:
                            "Rename the object, or use a presigned URL made elsewhere; keys with `.` or `..` as a path \
                               segment cannot be addressed over this HTTP client."
                                .to_owned(),
                    })
                }
                Some(error) => AwsFailure::Unanswered(error.clone().into_session_error(service, "request")),
                None if connector.is_some_and(ConnectorError::is_timeout) => unreachable("no answer in time"),
                None => unreachable("the connection failed"),
            }
        }
        SdkError::ResponseError(_) => unreachable("the answer broke off or cannot be read"),
        _ => AwsFailure::Unanswered(SessionError::internal(format!("the request to {service} could not be built"))),
    }
}

/// Answers to HEAD and answers of proxies have no body to tell a code from.
fn code_by_status(status: u16) -> Option<&'static str> {
    match status {
        301 => Some("PermanentRedirect"),
        403 => Some("AccessDenied"),
        503 => Some("ServiceUnavailable"),
        _ => None,
    }
}

/// What the SDK is told of a request that it gave to this library's HTTP client: it repeats all but what the caller did wrong.
impl From<HttpError> for ConnectorError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Timeout => Self::timeout(Box::new(error)),
            HttpError::Insecure | HttpError::PathRewritten | HttpError::NoTrust(_) | HttpError::Obstructed(_) => {
                Self::user(Box::new(error))
            }
            _ => Self::io(Box::new(error)),
        }
    }
}

/// The same on its way back.
fn http_error(connector: &ConnectorError) -> Option<&HttpError> {
    let mut source = connector.source();
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref::<HttpError>() {
            return Some(found);
        }
        source = error.source();
    }
    None
}
