//! Calls of an API behind IAM, signed with the session's credentials: sent here, or by whoever takes the headers.

use std::sync::Arc;
use std::time::Duration;

use super::renewal::CredentialRenewal;
use super::signed_call::send_signed;
use crate::aws::api::{ApiRequest, ApiResponse, CheckedRequest, SignedHeaders};
use crate::clock::CorrectedClock;
use crate::cognito::AwsCredentials;
use crate::config::Config;
use crate::diagnosis::{AwsFailure, CalledApi, Evidence, HttpError, read_api_refusal};
use crate::error::{MAY_BE_DONE, Service, SessionError};
use crate::life::UsedBy;
use crate::net::http::{Answer, Http};

/// As much as API Gateway passes on ("Payload size: 10 MB", API Gateway developer guide, quotas of REST and HTTP APIs).
const LARGEST_ANSWER: usize = 10 * 1024 * 1024;
/// Before a request is sent once more, so that what has just failed is not asked at the same moment again.
const PAUSE: std::ops::RangeInclusive<u64> = 100..=400;

/// The APIs of a session.
#[derive(Debug)]
pub(super) struct Apis {
    pub(super) credentials: Arc<CredentialRenewal>,
    pub(super) config: Config,
    pub(super) http: Http,
    pub(super) clock: CorrectedClock,
}

impl Apis {
    pub(super) async fn call(&self, request: ApiRequest) -> Result<ApiResponse, SessionError> {
        let request = CheckedRequest::new(request, &self.config)?;
        let called = request.described();
        let evidence = Evidence::of(&self.config).for_api(called.clone());
        send_signed(&self.credentials, &evidence, |credentials| self.send(&request, &called, credentials)).await
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
    ) -> Result<ApiResponse, AwsFailure> {
        let mut outcome = self.send_once(request, &credentials).await?;
        if request.is_idempotent() && is_passing(&outcome) {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(PAUSE))).await;
            outcome = self.send_once(request, &credentials).await?;
        }
        let answer = outcome.map_err(|error| explain(error, request, called))?;
        match read_api_refusal(called, answer.status, &answer.headers, &answer.body) {
            Some(refusal) => Err(AwsFailure::Refused(refusal)),
            None => Ok(into_response(answer)),
        }
    }

    async fn send_once(
        &self,
        request: &CheckedRequest,
        credentials: &AwsCredentials,
    ) -> Result<Result<Answer, HttpError>, SessionError> {
        let signed = request.sign(credentials, self.clock.now())?;
        Ok(self.http.call_api(request.to_http(&signed)?, LARGEST_ANSWER).await)
    }
}

/// Trouble of the network, or of a server that may be over it in a moment (RFC 9110 §15.6).
fn is_passing(outcome: &Result<Answer, HttpError>) -> bool {
    match outcome {
        Ok(answer) => matches!(answer.status, 500 | 502..=504),
        Err(HttpError::Connect(_) | HttpError::UnknownName(_) | HttpError::Timeout | HttpError::Broken(_)) => true,
        Err(_) => false,
    }
}

fn explain(error: HttpError, request: &CheckedRequest, called: &CalledApi) -> SessionError {
    let CalledApi { method, host, .. } = called;
    let may_be_done = !request.is_idempotent() && error.may_have_arrived();
    if let HttpError::TooLarge { limit } = error {
        let done = if may_be_done { format!("; {method} {MAY_BE_DONE}") } else { String::new() };
        return SessionError::Misconfigured {
            setting: format!("{method} {host}"),
            problem: format!("the answer is larger than {limit} bytes, which is as much as is held in memory{done}"),
            hint: "Ask the API for less at a time; or send the request with another HTTP client and the headers of \
                   Session::sign_request."
                .to_owned(),
        };
    }
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
