//! Takes the AWS SDK's errors apart: what the service said, or what the network did. The SDK passes on what this library's
//! HTTP client told it, so that both directions are here.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::operation::create_session::CreateSessionError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::answer::{Blame, LONGEST_CODE, Refusal, shorten};
use super::evidence::Evidence;
use super::place::{Foreign, Said};
use super::s3;
use super::table::classify;
use super::transport::{HttpError, is_unavailable};
use crate::error::{SENSELESS, Service, SessionError};

/// How the reading of an object's head is called, whose answers have no body (RFC 9110 §9.3.2).
const HEAD: &str = "head of ";
/// However long a service asks to be left alone.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Either the service refused, or there is no answer that can be used.
pub(crate) enum AwsFailure {
    Refused(Refusal),
    Unanswered(SessionError),
    /// The service never says so. Whether it was the service that was asked, the configuration tells.
    Foreign {
        service: Service,
        what: String,
        said: Said,
        /// What it is if nobody has configured another place.
        otherwise: Box<AwsFailure>,
    },
}

impl AwsFailure {
    /// The error for the app.
    pub(crate) fn into_session_error(self, evidence: &Evidence) -> SessionError {
        match self {
            Self::Refused(refusal) => match classify(&refusal, evidence) {
                SessionError::Retryable { failure, retry_after } => {
                    SessionError::Retryable { failure, retry_after: retry_after.or(refusal.retry_after) }
                }
                error => error,
            },
            Self::Unanswered(error) => error,
            Self::Foreign { service, what, said, otherwise } => {
                let wrong = evidence.places.wrong(service, &what, &said);
                wrong.unwrap_or_else(|| otherwise.into_session_error(evidence))
            }
        }
    }

    /// What the service holds responsible, if it refused.
    pub(crate) fn blame(&self) -> Option<Blame> {
        match self {
            Self::Refused(refusal) => refusal.blame(),
            Self::Unanswered(_) | Self::Foreign { .. } => None,
        }
    }

    /// Whether it is a refusal whose answer had no room for the words that would tell why: that to a HEAD.
    pub(crate) fn wants_words(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.message.is_empty() && matches!(refusal.status, Some(400 | 403 | 404)))
    }

    /// Whether it is a refusal without any word, which S3 itself never gives but to a HEAD.
    pub(crate) fn is_bare(&self) -> bool {
        matches!(self, Self::Foreign { otherwise, .. } if matches!(**otherwise, Self::Refused(_)))
    }

    /// Whether the object does not have the bytes that were asked for.
    pub(crate) fn is_about_range(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == "InvalidRange")
    }

    /// The condition that does not hold, if that is why; empty where the answer does not name it.
    pub(crate) fn unmet_condition(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) if refusal.code == "PreconditionFailed" => {
                Some(refusal.condition.as_deref().unwrap_or_default())
            }
            _ => None,
        }
    }

    /// Whether a server that is like S3 may have refused a header that S3 knows.
    pub(crate) fn is_about_unknown_header(&self) -> bool {
        let codes = ["InvalidArgument", "InvalidRequest", "NotImplemented"];
        matches!(self, Self::Refused(refusal) if codes.contains(&&*refusal.code))
    }
}

impl From<SessionError> for AwsFailure {
    fn from(error: SessionError) -> Self {
        Self::Unanswered(error)
    }
}

/// An answer that came and counts for nothing. The SDK is given this in place of the answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnusableAnswer {
    /// A document of the service that is not all there, or that cannot be read as it is meant.
    #[error("{0}")]
    Damaged(&'static str),
    /// Nothing that the service would say.
    #[error("it is no document of this service")]
    Foreign,
}

/// Whether a refusal counts whatever stands in its body: the service signs its answers with an id, and the gateways before it
/// say in words of their own that it is out of order. S3's id is another one than that of the other services.
pub(crate) fn is_taken_without_words(service: Service, response: &HttpResponse) -> bool {
    let of_service: &[&str] = match service {
        Service::S3 => &["x-amz-request-id", "x-amz-bucket-region"],
        _ => &["x-amzn-requestid", "x-amzn-errortype"],
    };
    is_out_of_order(response.status().as_u16()) || of_service.iter().any(|name| response.headers().get(*name).is_some())
}

/// A gateway's word. "Not implemented" is none: it says that this server never does what it was asked for (RFC 9110 §15.6.2).
pub(crate) fn is_out_of_order(status: u16) -> bool {
    is_unavailable(status) && status != 501
}

/// Whether S3 and Cognito would say why they refuse so, and sign it with their id. To a HEAD nobody has words, and what stands
/// before a server like S3 may have none for a denial.
fn is_bare(service: Service, what: &str, response: &HttpResponse) -> bool {
    matches!(response.status().as_u16(), 400..=402 | 404 | 405 | 421 | 501)
        && response.body().bytes().is_some_and(<[u8]>::is_empty)
        && !is_taken_without_words(service, response)
        && !what.starts_with(HEAD)
}

/// An answer that is whole and cannot be meant.
pub(crate) fn senseless(service: Service, problem: &str) -> SessionError {
    let failure = format!("the answer of {service} {SENSELESS}: {problem}");
    SessionError::Retryable { failure, retry_after: None }
}

/// Cognito gave keys whose time is up.
pub(crate) fn ended_credentials(ended: SystemTime, now: SystemTime) -> SessionError {
    let [ended, now] = [ended, now].map(httpdate::fmt_http_date);
    senseless(Service::Cognito, &format!("it gives credentials that ended at {ended}, and it is {now}"))
}

/// Reads an SDK error of the operation `what`. `Debug` of these errors can hold headers and so is never used.
pub(crate) fn sort_sdk_error<E>(service: Service, what: &str, error: &SdkError<E, HttpResponse>) -> AwsFailure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let unreachable = |what: &str| {
        let failure = format!("{service} cannot be reached: {what}");
        AwsFailure::Unanswered(SessionError::Retryable { failure, retry_after: None })
    };
    let foreign = |said: Said, otherwise: AwsFailure| AwsFailure::Foreign {
        service,
        what: what.to_owned(),
        said,
        otherwise: Box::new(otherwise),
    };
    let answer_of =
        |response: &HttpResponse| Said::answer(response.status().as_u16(), response.headers().get("content-type"));
    let intercepted = |response: &HttpResponse| {
        let said = answer_of(response);
        let otherwise = AwsFailure::Unanswered(said.in_between(service, what, ""));
        foreign(said, otherwise)
    };
    let unusable = |problem: &str| {
        let failure = format!("the answer of {service} cannot be used ({what}): {problem}");
        AwsFailure::Unanswered(SessionError::Retryable { failure, retry_after: None })
    };
    // It has no code: what is it?
    let without_code = |response: &HttpResponse| {
        let has_words = response.body().bytes().is_some_and(|body| !body.is_empty());
        match (response.status().is_success(), has_words) {
            (true, _) => Some(unusable("something in it is not what it should be")),
            (false, true) if !is_taken_without_words(service, response) => Some(intercepted(response)),
            (false, _) => None,
        }
    };
    // An object's own coding is no matter here: what cannot be read are documents.
    let unread = match error {
        SdkError::ResponseError(context) => Some(context.raw()),
        SdkError::ServiceError(context) if context.err().code().is_none() => Some(context.raw()),
        _ => None,
    };
    if let Some(compressed) =
        unread.and_then(|response| HttpError::from_encoding(response.headers().get("content-encoding")))
    {
        return AwsFailure::Unanswered(compressed.into_session_error(service, what));
    }
    if let SdkError::ServiceError(context) = error
        && context.err().code().is_none()
        && let Some(failure) = without_code(context.raw())
    {
        return failure;
    }
    match error {
        SdkError::ServiceError(context) => {
            let (code, message) = (context.err().code(), context.err().message());
            let refused = AwsFailure::Refused(read_refusal(service, context.raw(), code, message));
            match is_bare(service, what, context.raw()) {
                true => foreign(answer_of(context.raw()), refused),
                false => refused,
            }
        }
        SdkError::TimeoutError(_) => unreachable("no answer in time"),
        SdkError::DispatchFailure(context) => {
            let connector = context.as_connector_error();
            // For a directory bucket the SDK opens a session first (CreateSession), and wraps what became of it.
            if let Some(error) =
                connector.and_then(|error| find_source::<SdkError<CreateSessionError, HttpResponse>>(error))
            {
                return sort_sdk_error(service, what, error);
            }
            match connector.and_then(|error| find_source::<HttpError>(error)) {
                Some(HttpError::Foreign(Foreign { said, place })) => {
                    let otherwise = said.in_between(service, what, &place.authority);
                    foreign(said.clone(), AwsFailure::Unanswered(otherwise))
                }
                Some(error) => AwsFailure::Unanswered(error.clone().into_session_error(service, "request")),
                None if connector.is_some_and(ConnectorError::is_timeout) => unreachable("no answer in time"),
                None => unreachable("the connection failed"),
            }
        }
        SdkError::ResponseError(context) => match find_source(error) {
            Some(UnusableAnswer::Foreign) => intercepted(context.raw()),
            Some(UnusableAnswer::Damaged(problem)) => unusable(problem),
            // Cognito's SDK reads no refusal without a body, and gateways send some.
            None if is_unavailable(context.raw().status().as_u16()) => {
                AwsFailure::Refused(read_refusal(service, context.raw(), None, None))
            }
            None if context.raw().body().bytes().is_none() => unreachable("the answer broke off"),
            None => without_code(context.raw()).unwrap_or_else(|| unusable("it cannot be read")),
        },
        _ => AwsFailure::Unanswered(SessionError::internal(format!("the request to {service} could not be built"))),
    }
}

fn read_refusal(service: Service, response: &HttpResponse, code: Option<&str>, message: Option<&str>) -> Refusal {
    let header = |name: &str| response.headers().get(name).map(|value| shorten(value, LONGEST_CODE));
    let status = response.status().as_u16();
    let mut refusal = match code.or_else(|| code_by_status(status)) {
        Some(code) => Refusal::new(service, code, message.unwrap_or_default()),
        None => Refusal::without_code(service, status),
    };
    refusal.status = Some(status);
    refusal.retry_after = requested_wait(response);
    refusal.request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
    if service == Service::S3 {
        let body = response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
        let by_header = header("x-amz-bucket-region").as_deref().and_then(s3::region);
        refusal.bucket_region = by_header.or_else(|| s3::region_in(&body, &refusal.message));
        refusal.endpoint = s3::endpoint_in(&body);
        refusal.condition = s3::condition_in(&body);
    }
    refusal
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3), which servers like S3 send with 503.
pub(super) fn requested_wait(response: &HttpResponse) -> Option<Duration> {
    let seconds: u64 = response.headers().get("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// Answers to HEAD and answers of proxies have no body to tell a code from.
fn code_by_status(status: u16) -> Option<&'static str> {
    match status {
        301 => Some("PermanentRedirect"),
        304 => Some("NotModified"),
        403 => Some("AccessDenied"),
        412 => Some("PreconditionFailed"),
        416 => Some("InvalidRange"),
        503 => Some("ServiceUnavailable"),
        _ => None,
    }
}

/// What the SDK is told of a request that it gave to this library's HTTP client: it repeats all but what would be
/// the same again.
impl From<HttpError> for ConnectorError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Timeout => Self::timeout(Box::new(error)),
            HttpError::Insecure
            | HttpError::PathRewritten
            | HttpError::NoTrust(_)
            | HttpError::Obstructed(_)
            | HttpError::Compressed(_)
            | HttpError::Foreign(_) => Self::user(Box::new(error)),
            _ => Self::io(Box::new(error)),
        }
    }
}

/// What this library said, on its way back from the SDK, or any other error that the SDK has wrapped.
fn find_source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        source = error.source();
    }
    None
}
