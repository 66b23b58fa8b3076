//! Requests to an API behind IAM, signed with the session's credentials.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::SessionError;
use crate::session::CoreSession;

/// One header of a request or an answer. Names may come more than once.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ApiHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for ApiHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiHeader").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What to send.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ApiRequest {
    /// The whole URL. Its server is one of `API.endpoints`, or `service` and `region` are both given.
    pub url: String,
    /// `GET`, `POST` and so on.
    #[uniffi(default = "GET")]
    pub method: String,
    /// Headers of the app's own, such as `X-Amz-Target`; those of the signature are added.
    #[uniffi(default = [])]
    pub headers: Vec<ApiHeader>,
    /// The body, empty for none.
    #[uniffi(default = None)]
    pub body: Option<Vec<u8>>,
    /// The service that the request is signed for, such as `execute-api`, `appsync`, `lambda`.
    #[uniffi(default = None)]
    pub service: Option<String>,
    /// The region that the request is signed for.
    #[uniffi(default = None)]
    pub region: Option<String>,
}

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        jetbridge::ApiRequest::from(self.clone()).fmt(f)
    }
}

impl From<ApiRequest> for jetbridge::ApiRequest {
    fn from(request: ApiRequest) -> Self {
        let ApiRequest { url, method, headers, body, service, region } = request;
        let headers = headers.into_iter().map(|ApiHeader { name, value }| (name, value)).collect();
        Self { method, url, headers, body: body.unwrap_or_default(), service, region }
    }
}

fn to_headers(pairs: &[(String, String)]) -> Vec<ApiHeader> {
    pairs.iter().map(|(name, value)| ApiHeader { name: name.clone(), value: value.clone() }).collect()
}

/// What the API answered. An object, because what it says may be anybody's secret.
#[derive(Debug, uniffi::Object)]
pub struct ApiResponse(jetbridge::ApiResponse);

#[uniffi::export]
impl ApiResponse {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The headers, in the answer's order.
    pub fn headers(&self) -> Vec<ApiHeader> {
        to_headers(&self.0.headers)
    }

    /// The body.
    pub fn body(&self) -> Vec<u8> {
        self.0.body.clone()
    }
}

/// Headers that sign one request: whoever sends it adds them, and changes nothing else. A secret.
#[derive(Debug, uniffi::Object)]
pub struct SignedHeaders(jetbridge::SignedHeaders);

#[uniffi::export]
impl SignedHeaders {
    /// The headers. Never log them.
    pub fn headers(&self) -> Vec<ApiHeader> {
        to_headers(self.0.headers())
    }

    /// Until when the request has to arrive: five minutes after it was signed, or the end of the credentials if that is sooner.
    pub fn expires_at(&self) -> SystemTime {
        self.0.expires_at()
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl CoreSession {
    /// Signs a request, sends it, and hands out whatever the API answers. Redirects are handed out too. What the credentials
    /// or the clock are refused for is signed anew once.
    ///
    /// # Errors
    /// Everything that `aws_credentials` can say; `Misconfigured` for a server that is not configured; `AccessDenied` if
    /// IAM refuses; `Retryable` for the network.
    pub async fn call_api(&self, request: ApiRequest) -> Result<Arc<ApiResponse>, SessionError> {
        Ok(Arc::new(ApiResponse(self.unless_cancelled(self.inner.call_api(request.into())).await?)))
    }

    /// The headers that sign a request which somebody else sends.
    ///
    /// # Errors
    /// As for `call_api`; the API is not asked.
    pub async fn sign_request(&self, request: ApiRequest) -> Result<Arc<SignedHeaders>, SessionError> {
        let request = request.into();
        Ok(Arc::new(SignedHeaders(self.unless_cancelled(self.inner.sign_request(&request)).await?)))
    }

    /// Whether this is a URL of one of `API.endpoints`, for an HTTP client that signs what is one and leaves the rest alone.
    pub fn is_api(&self, url: &str) -> bool {
        self.inner.is_api(url)
    }
}
