//! What a request to the API ends in: the answer of a function, or one of API Gateway's own.

use http::{HeaderName, StatusCode, header};
use serde_json::{Value, json};

use crate::faults::FaultAnswer;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// What only a policy is about ("Troubleshoot access denied error messages", IAM user guide).
const OF_A_POLICY: &str = "is not authorized to perform";

/// What a function returns, and API Gateway hands on.
pub(super) struct FunctionAnswer {
    pub status: StatusCode,
    pub headers: Vec<(HeaderName, &'static str)>,
    pub body: String,
}

impl FunctionAnswer {
    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        Self { status, headers: vec![(header::CONTENT_TYPE, "application/json")], body: body.to_string() }
    }
}

/// What API Gateway answers by itself.
pub(super) struct Refusal {
    pub status: StatusCode,
    pub message: String,
    /// `x-amzn-errortype`, which HTTP APIs leave out.
    pub kind: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), kind: None }
    }

    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden")
    }

    /// Where the message stands: REST APIs write it large when a policy speaks (aws-samples' spacefinder shows such an answer), small of credentials
    /// that nobody knows (kndt84/aws-api-gateway-client#31), AppSync in a list ("Troubleshooting authorization", AppSync developer guide).
    pub(super) fn to_answer(&self) -> FunctionAnswer {
        let body = match self.kind {
            Some("AccessDeniedException") if self.message.contains(OF_A_POLICY) => json!({ "Message": self.message }),
            Some(kind @ "UnauthorizedException") => {
                json!({ "errors": [{ "errorType": kind, "message": self.message }] })
            }
            _ => json!({ "message": self.message }),
        };
        let mut answer = FunctionAnswer::json(self.status, &body);
        answer.headers.extend(self.kind.map(|kind| (ERROR_TYPE, kind)));
        answer
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }
}

impl From<FaultAnswer> for Refusal {
    fn from(answer: FaultAnswer) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::FORBIDDEN);
        Self { kind: (!answer.code.is_empty()).then_some(answer.code), ..Self::new(status, answer.message) }
    }
}
