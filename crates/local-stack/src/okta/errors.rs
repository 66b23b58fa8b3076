//! Okta's two error shapes: OAuth's `error`/`error_description` (RFC 6749 section 5.2) where OAuth speaks, and the
//! Okta API's `errorCode`/`errorSummary` where the request did not get that far. One error of OAuth comes in the API's
//! shape: that of a client ID nobody has.

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::faults::FaultAnswer;
use crate::random_ids::random_text;

/// A JSON answer that no cache may keep.
pub(super) fn json_response(status: StatusCode, body: &Value) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")];
    (status, headers, body.to_string()).into_response()
}

/// Seconds until a rate-limited client may come back: short, so that tests need not wait for Okta's minute.
pub(super) const RATE_LIMIT_RESET: i64 = 1;

/// What the authorization and the token endpoint say alike.
pub(super) const USER_NOT_ASSIGNED: &str = "User is not assigned to the client application.";
pub(super) const NO_MATCHING_POLICY: &str =
    "Policy evaluation failed for this request, please check the policy configurations.";

/// The description that makes an `invalid_client` one of a client ID nobody has.
pub(super) const UNKNOWN_CLIENT: &str = "Invalid value for 'client_id' parameter.";

/// An OAuth error for the token, revocation and PAR endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OAuthError {
    pub status: StatusCode,
    pub code: &'static str,
    pub description: String,
    /// In which shape it is written.
    shape: Shape,
}

/// How an OAuth error's code and description are named in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    OAuth,
    Api,
}

impl OAuthError {
    pub(super) fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, description: description.into(), shape: Shape::OAuth }
    }

    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    /// Nobody has the client ID: the one OAuth error that Okta writes as an error of its API, with the OAuth code as
    /// `errorCode` and `errorLink` (support.okta.com, "invalid_client Error Returned When Requesting OAuth Token(s)";
    /// okta/okta-idx-java#500 has both shapes side by side). Its status is the catalogue's 401; newer orgs are told of that
    /// answer 400, and the fault `token-client-unknown` has OAuth's shape, which the catalogue describes.
    pub(super) fn unknown_client() -> Self {
        Self { shape: Shape::Api, ..Self::invalid_client(UNKNOWN_CLIENT) }
    }

    /// 401: the client did not say who it is, or is public and tried to authenticate.
    pub(super) fn invalid_client(description: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::new("invalid_client", description) }
    }

    /// With the status that Okta's errors catalogue has for it.
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(super) fn to_response(&self) -> Response {
        let body = match self.shape {
            Shape::OAuth => json!({"error": self.code, "error_description": self.description}),
            Shape::Api => api_error(self.code, &self.description),
        };
        let mut response = json_response(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 6749 section 5.2 asks for it when a client tried HTTP authentication, RFC 9110 for every 401.
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Okta\""));
        }
        response
    }
}

impl From<FaultAnswer> for OAuthError {
    fn from(answer: FaultAnswer) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
        Self::new(answer.code, answer.message).with_status(status)
    }
}

/// An error of the Okta API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApiError {
    /// There is no such path.
    NotFound,
    /// The path has no such method.
    MethodNotAllowed,
    /// The body is not of the type that the endpoint takes.
    WrongContentType,
    /// Too many requests; `reset` is the Unix time at which they are welcome again.
    RateLimited { reset: i64 },
    /// The server could not do its work.
    Internal,
    /// A fault that has its own code and words.
    Fault(FaultAnswer),
}

impl ApiError {
    pub(super) fn to_response(self) -> Response {
        let (status, code, summary) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "E0000008", "The requested path was not found"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "E0000022", "The endpoint does not support the provided HTTP method")
            }
            Self::WrongContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "E0000021",
                "Bad request.  Accept and/or Content-Type headers likely do not match supported values.",
            ),
            Self::RateLimited { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "E0000047", "API call exceeded rate limit due to too many requests.")
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "E0000009", "Internal Server Error"),
            Self::Fault(FaultAnswer { status, code, message, .. }) => {
                (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), code, message)
            }
        };
        let mut response = json_response(status, &api_error(code, summary));
        if let Self::RateLimited { reset } = self {
            for (name, value) in [("limit", 600), ("remaining", 0), ("reset", reset)] {
                let name = HeaderName::try_from(format!("x-rate-limit-{name}"));
                if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value.to_string())) {
                    response.headers_mut().insert(name, value);
                }
            }
        }
        response
    }
}

/// The body of an error of the Okta API (reference/error-codes).
fn api_error(code: &str, summary: &str) -> Value {
    json!({
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": format!("oae{}", random_text(16)),
        "errorCauses": [],
    })
}

/// There is no authorization server with this ID (reference/api/oidc of 2024-08-21 has the sentence).
pub(super) fn no_such_server(id: &str) -> Response {
    let id: String = id.chars().take(64).collect();
    let told = format!("Not found: Resource not found: {id} (AuthorizationServer)");
    json_response(StatusCode::NOT_FOUND, &api_error("E0000007", &told))
}

/// What a gateway in front of Okta answers when the service behind it is down: no JSON at all.
pub(super) fn unavailable() -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(CONTENT_TYPE, "text/plain"), (CACHE_CONTROL, "no-store")],
        "Service Unavailable",
    )
        .into_response()
}
