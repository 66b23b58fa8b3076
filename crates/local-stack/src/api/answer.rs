//! What a request to the API ends in: the answer of a function, or one of API Gateway's own.

use http::{HeaderName, StatusCode, header};
use serde_json::Value;

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
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden")
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }
}
