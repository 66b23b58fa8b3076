//! What S3's errors say beside code and message. `s3s` writes neither into the XML, but keeps headers: the elements travel
//! in one of the stack's own, which [`take`] removes before the answer is sent.

use http::{HeaderMap, HeaderName, HeaderValue};
use s3s::{S3Error, S3ErrorCode};
use url::form_urlencoded;

const DETAILS: HeaderName = HeaderName::from_static("x-local-stack-error-details");

/// An error with these elements and their texts.
pub(super) fn refuse(code: S3ErrorCode, message: impl Into<String>, details: &[(&'static str, String)]) -> S3Error {
    let mut error = S3Error::with_message(code, message.into());
    let mut headers = HeaderMap::new();
    put(&mut headers, details);
    error.set_headers(headers);
    error
}

/// Sends these elements along.
pub(super) fn put(headers: &mut HeaderMap, details: &[(&'static str, String)]) {
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(details).finish();
    // An error without a body goes out with its headers as they are.
    if !details.is_empty()
        && let Ok(value) = HeaderValue::try_from(text)
    {
        headers.insert(DETAILS, value);
    }
}

/// The elements of an error's answer, in their order.
pub(super) fn take(headers: &mut HeaderMap) -> Vec<(String, String)> {
    let value = headers.remove(DETAILS);
    value.map(|value| form_urlencoded::parse(value.as_bytes()).into_owned().collect()).unwrap_or_default()
}

/// 400 for an argument that cannot be, with its name and value.
pub(super) fn invalid_argument(message: impl Into<String>, name: &str, value: impl ToString) -> S3Error {
    let details = [("ArgumentName", name.to_owned()), ("ArgumentValue", value.to_string())];
    refuse(S3ErrorCode::InvalidArgument, message, &details)
}

/// 400 for a request that cannot be, as S3's sentence says.
pub(super) fn invalid_request(message: impl Into<String>) -> S3Error {
    refuse(S3ErrorCode::InvalidRequest, message, &[])
}

/// 501 for what S3 does and the stack does not, by name.
pub(super) fn not_implemented(what: &str) -> S3Error {
    refuse(S3ErrorCode::NotImplemented, format!("The local stack does not implement {what}."), &[])
}
