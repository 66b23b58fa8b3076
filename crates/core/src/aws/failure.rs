//! Takes the AWS SDK's errors apart: what the service said, or what the network did.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::diagnosis::{Blame, Evidence, LONGEST_CODE, Refusal, classify, shorten};
use crate::error::{Service, SessionError};
use crate::net::http::HttpError;

/// Either the service refused, or there was no answer to speak of.
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

/// Reads an SDK error. `Debug` of these errors can hold headers and so is never used.
pub(crate) fn sort_sdk_error<E>(service: Service, error: &SdkError<E, HttpResponse>) -> AwsFailure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let unanswered = |what: &str| {
        AwsFailure::Unanswered(SessionError::Retryable {
            failure: format!("{service} cannot be reached: {what}"),
            retry_after: None,
        })
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
        SdkError::TimeoutError(_) => unanswered("no answer in time"),
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
                Some(error) => unanswered(&error.to_string()),
                None if connector.is_some_and(ConnectorError::is_timeout) => unanswered("no answer in time"),
                None => unanswered("the connection failed"),
            }
        }
        SdkError::ResponseError(_) => unanswered("the answer broke off or cannot be read"),
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
