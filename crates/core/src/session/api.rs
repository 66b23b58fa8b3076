//! Calls of an API behind IAM, signed with the session's credentials: sent here, or by whoever takes the headers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::renewal::CredentialRenewal;
use super::signed_call::send_signed;
use crate::aws::api::{ApiRequest, ApiResponse, CheckedRequest, SignedHeaders};
use crate::clock::CorrectedClock;
use crate::cognito::AwsCredentials;
use crate::config::{ApiEndpoint, Config};
use crate::diagnosis::{AwsFailure, CalledApi, Evidence, HttpError, read_api_refusal};
use crate::error::{MAY_BE_DONE, Service, SessionError};
use crate::life::UsedBy;
use crate::net::http::{Answer, Http, Rest};

/// As much as API Gateway passes on ("Payload size: 10 MB", API Gateway developer guide, quotas of REST and HTTP APIs).
const MOST_IN_MEMORY: usize = 10 * 1024 * 1024;
/// Before a request is sent once more, so that what has just failed is not asked at the same moment again.
const PAUSE: std::ops::RangeInclusive<u64> = 100..=400;

/// The APIs of a session.
#[derive(Debug, Clone)]
pub(super) struct Apis {
    pub(super) credentials: Arc<CredentialRenewal>,
    pub(super) config: Config,
    pub(super) http: Http,
    pub(super) clock: CorrectedClock,
}

impl Apis {
    pub(super) async fn call(&self, request: ApiRequest) -> Result<ApiResponse, SessionError> {
        self.stream(request).await?.into_response().map_err(|stream| stream.too_large())
    }

    pub(super) async fn stream(&self, request: ApiRequest) -> Result<ApiStream, SessionError> {
        let request = CheckedRequest::new(request, &self.config)?;
        let called = request.described();
        let evidence = Evidence::of(&self.config).for_api(called.clone());
        send_signed(&self.credentials, &evidence, |credentials| self.send(&request, &called, credentials)).await
    }

    /// What answers to a GET of the API's own address, or what refused it: with these credentials and no others, signed for
    /// what `api` says.
    pub(super) async fn probe(&self, api: &ApiEndpoint, credentials: AwsCredentials) -> Result<Probed, SessionError> {
        let request = ApiRequest {
            method: "GET".to_owned(),
            url: api.url.to_string(),
            service: Some(api.service.clone()),
            region: Some(api.region.clone()),
            ..ApiRequest::default()
        };
        let request = CheckedRequest::new(request, &self.config)?;
        let called = request.described();
        let evidence = Evidence::of(&self.config).for_api(called.clone());
        let answered = self.send(&request, &called, credentials).await;
        answered.map(|stream| Probed::read(&stream)).map_err(|failure| failure.into_session_error(&evidence))
    }

    pub(super) async fn sign(&self, request: ApiRequest) -> Result<SignedHeaders, SessionError> {
        let request = CheckedRequest::new(request, &self.config)?;
        // Nobody here learns from the answer that the time was wrong.
        self.credentials.check_the_clock().await;
        let credentials = self.credentials.credentials(UsedBy::Session).await?;
        request.sign(&credentials, self.clock.now())
    }

    /// The API's answer, after a second try where that is harmless.
    async fn send(
        &self,
        request: &CheckedRequest,
        called: &CalledApi,
        credentials: AwsCredentials,
    ) -> Result<ApiStream, AwsFailure> {
        let mut outcome = self.send_once(request, &credentials).await?;
        if request.is_idempotent() && is_passing(&outcome) {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(PAUSE))).await;
            outcome = self.send_once(request, &credentials).await?;
        }
        let is_idempotent = request.is_idempotent();
        let (answer, rest) = outcome.map_err(|error| explain(error, called, is_idempotent))?;
        match read_api_refusal(called, answer.status, &answer.headers, &answer.body) {
            Some(refusal) if rest.is_none() => Err(AwsFailure::Refused(refusal)),
            _ => Ok(ApiStream {
                begun: into_response(answer),
                rest,
                called: called.clone(),
                is_idempotent,
                failure: None,
            }),
        }
    }

    async fn send_once(
        &self,
        request: &CheckedRequest,
        credentials: &AwsCredentials,
    ) -> Result<Result<(Answer, Option<Rest>), HttpError>, SessionError> {
        let signed = request.sign(credentials, self.clock.now())?;
        Ok(self.http.call_api(request.to_http(&signed)?, MOST_IN_MEMORY).await)
    }
}

/// What an API's own address says to a GET.
pub(super) struct Probed {
    pub(super) status: u16,
    /// Without it anybody may have answered.
    pub(super) is_of_aws: bool,
    /// What kind of page it is, as its server says.
    pub(super) content_type: String,
}

impl Probed {
    /// HTTP APIs number what they answer in `apigw-requestid`, REST APIs in `x-amz-apigw-id` and `x-amzn-requestid`, function URLs
    /// and AppSync in the latter (API Gateway developer guide, "Monitoring"; Lambda developer guide, "Invoking Lambda function
    /// URLs", Response payload). No web server has them by itself.
    fn read(stream: &ApiStream) -> Self {
        const NUMBERED: [&str; 3] = ["apigw-requestid", "x-amz-apigw-id", "x-amzn-requestid"];
        let header = |wanted: &str| stream.headers().iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let content_type =
            header("content-type").map_or("no content type", |value| value.split(';').next().unwrap_or(value));
        Self {
            status: stream.status(),
            is_of_aws: NUMBERED.into_iter().any(|name| header(name).is_some()),
            content_type: crate::diagnosis::shorten(content_type, 40),
        }
    }
}

/// Trouble of the network, or of a server that may be over it in a moment (RFC 9110 §15.6).
fn is_passing(outcome: &Result<(Answer, Option<Rest>), HttpError>) -> bool {
    match outcome {
        Ok((answer, _)) => matches!(answer.status, 500 | 502..=504),
        Err(HttpError::Connect(_) | HttpError::UnknownName(_) | HttpError::Timeout | HttpError::Broken(_)) => true,
        Err(_) => false,
    }
}

fn explain(error: HttpError, called: &CalledApi, is_idempotent: bool) -> SessionError {
    let CalledApi { method, host, .. } = called;
    let may_be_done = !is_idempotent && error.may_have_arrived();
    match error.into_session_error(Service::Api, &format!("{method} {host}")) {
        SessionError::Retryable { failure, retry_after } if may_be_done => SessionError::Retryable {
            failure: format!("{failure}; {method} {MAY_BE_DONE} and is not sent again by itself"),
            retry_after,
        },
        error => error,
    }
}

fn into_response(answer: Answer) -> ApiResponse {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    ApiResponse {
        status: answer.status,
        headers: answer.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: answer.body,
    }
}

/// What an API answered, its body as it comes: of any size.
pub struct ApiStream {
    /// As much of the body as was read to see what it is.
    begun: ApiResponse,
    rest: Option<Rest>,
    called: CalledApi,
    is_idempotent: bool,
    failure: Option<SessionError>,
}

impl ApiStream {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.begun.status
    }

    /// Names in lower case, and values, in the answer's order. What is not UTF-8 in a value is replaced.
    pub fn headers(&self) -> &[(String, String)] {
        &self.begun.headers
    }

    /// The next bytes of the body, or `None` after the last. Each has a minute to come. After an error there is nothing more but
    /// this error.
    ///
    /// # Errors
    /// `Retryable` if the connection breaks: nothing is asked for once more, because some of it was handed out.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, SessionError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if !self.begun.body.is_empty() {
            return Ok(Some(std::mem::take(&mut self.begun.body).into()));
        }
        let Some(rest) = &mut self.rest else { return Ok(None) };
        let chunk = rest.next_chunk().await.map_err(|error| explain(error, &self.called, self.is_idempotent));
        self.failure = chunk.as_ref().err().cloned();
        chunk
    }

    /// The whole answer if it is no larger than 10 MiB, before anything was read from here; else the stream again.
    #[expect(clippy::result_large_err, reason = "it is no error")]
    pub fn into_response(self) -> Result<ApiResponse, Self> {
        if self.rest.is_none() { Ok(self.begun) } else { Err(self) }
    }

    fn too_large(&self) -> SessionError {
        let CalledApi { method, host, .. } = &self.called;
        let done = if self.is_idempotent { String::new() } else { format!("; {method} {MAY_BE_DONE}") };
        SessionError::Misconfigured {
            setting: format!("{method} {host}"),
            problem: format!(
                "the answer is larger than {MOST_IN_MEMORY} bytes, which is as much as is held in memory{done}"
            ),
            hint: "Ask the API for less at a time; or have the request signed, and send it by an HTTP client that reads an \
                   answer as it comes."
                .to_owned(),
        }
    }
}

/// No header and no body.
impl fmt::Debug for ApiStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiStream").field("status", &self.begun.status).finish_non_exhaustive()
    }
}
