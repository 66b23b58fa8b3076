//! Services that the stack has not. `AWS_ENDPOINT_URL` of its configuration leads all of them to this port, so that no call
//! that was meant for the stack reaches AWS (AWS SDKs and Tools Reference Guide, "Service-specific endpoints"). Each is
//! refused by name, in the form that its client reads (Smithy specification, "AWS JSON 1.1 protocol" and "AWS restJson1
//! protocol": `X-Amzn-Errortype`, or `__type`, and `message`).

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use super::error::StsError;
use crate::random_ids::random_uuid;
use crate::request_log::Operation;
use crate::sigv4::{RequestHead, ServiceRules, signed_service};

/// The service that the request was signed for, if that is another one. Whether the signature is good does not matter:
/// nothing is done for it.
pub(super) fn find(parts: &Parts) -> Option<String> {
    let head = RequestHead { method: &parts.method, uri: &parts.uri, headers: &parts.headers };
    signed_service(head).filter(|service| service != ServiceRules::STS.name)
}

/// Whether its client reads XML, as STS's does; all others are answered in JSON.
pub(super) fn speaks_the_query_protocol(parts: &Parts) -> bool {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/x-www-form-urlencoded")
}

pub(super) fn refuse_in_json(service: &str) -> Response {
    let error = StsError::not_imitated(service);
    let mut response = Response::new(Body::from(json!({ "__type": error.code, "message": error.message }).to_string()));
    *response.status_mut() = error.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    headers.insert("x-amzn-errortype", HeaderValue::from_static(error.code));
    add_request_id(&mut response);
    response.extensions_mut().insert(Operation("unsupported"));
    response
}

/// A path that STS has not.
pub(super) fn not_found() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    add_request_id(&mut response);
    response
}

/// Every answer of AWS has one ("Common response headers" of its services; `x-amzn-RequestId`, which the SDKs read).
fn add_request_id(response: &mut Response) {
    if let Ok(id) = HeaderValue::try_from(random_uuid()) {
        response.headers_mut().insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
}
