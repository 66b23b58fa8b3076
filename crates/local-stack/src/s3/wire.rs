//! Requests as `s3s` gets them and its answers as S3 gives them. What a reading operation is told by headers and parameters
//! the service reads from [`Asked`], with S3's rules; `s3s` has its own for what is doubled, empty or no number.

use axum::body::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use url::form_urlencoded;

use super::error::Refusal;
use super::operations::Asked;
use crate::sigv4::without_signature;

const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// How the headers end that bring a key along (SSE-C), of the object and of a copy's source.
const CUSTOMER_KEY: &str = "-encryption-customer-key";

/// Operations whose parameters `s3s` does not see.
const READING: [&str; 7] =
    ["ListBuckets", "HeadBucket", "GetBucketLocation", "ListObjects", "ListObjectsV2", "GetObject", "HeadObject"];

/// The headers that GetObject and HeadObject can be told to answer with, and by which parameters ("Overriding response
/// header values through the request", GetObject, S3 API reference).
const OVERRIDES: [(&str, HeaderName); 6] = [
    ("response-cache-control", header::CACHE_CONTROL),
    ("response-content-disposition", header::CONTENT_DISPOSITION),
    ("response-content-encoding", header::CONTENT_ENCODING),
    ("response-content-language", header::CONTENT_LANGUAGE),
    ("response-content-type", header::CONTENT_TYPE),
    ("response-expires", header::EXPIRES),
];

/// "The PUT request header is limited to 8 KB in size" ("Working with object metadata", S3 user guide), and people are told of
/// 8,192 bytes for other requests, too. Whether the request line counts is not documented: it does not here.
const MAX_HEADERS: usize = 8192;

/// Refuses headers that are too many or too long. Code and sentence are those of "Error responses", S3 API reference.
pub(super) fn check_size(headers: &HeaderMap) -> Result<(), Refusal> {
    // A colon and a space, and the end of the line.
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size <= MAX_HEADERS {
        return Ok(());
    }
    let message = "Your request header and query parameters exceed the maximum allowed size.";
    Err(Refusal::bad_request("RequestHeaderSectionTooLarge", message).with("MaxSizeAllowed", MAX_HEADERS))
}

/// The headers of a request with those that a presigned URL has in its query: presigners put `x-amz-` headers there, and S3
/// takes them from there.
pub(super) fn with_hoisted_headers(parts: &Parts) -> HeaderMap {
    let mut headers = parts.headers.clone();
    let query = without_signature(&parts.uri);
    let query = query.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let name = name.to_ascii_lowercase();
        if !name.starts_with("x-amz-") {
            continue;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value.as_ref())) {
            headers.entry(name).or_insert(value);
        }
    }
    headers
}

/// The request for `s3s`, which refuses anything signed when it has no credentials of its own.
pub(super) fn unsigned(mut parts: Parts, body: Bytes, asked: &Asked) -> http::Request<s3s::Body> {
    parts.headers.remove(header::AUTHORIZATION);
    // s3s writes whole requests into its debug log. Keys of the customer's are refused only later, by whoever sees them.
    parts.headers.remove(SECURITY_TOKEN);
    let keys = parts.headers.iter_mut().filter(|(name, _)| name.as_str().ends_with(CUSTOMER_KEY));
    keys.for_each(|(_, value)| value.set_sensitive(true));
    let operation = asked.operation;
    let uri = if READING.contains(&operation.name) {
        for name in [
            header::RANGE,
            header::IF_RANGE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::IF_MODIFIED_SINCE,
            header::IF_UNMODIFIED_SINCE,
        ] {
            parts.headers.remove(name);
        }
        format!("{}?{}", parts.uri.path(), operation.selectors())
    } else {
        without_signature(&parts.uri)
    };
    // Taking parameters out of a valid URI leaves a valid one.
    parts.uri = uri.parse().unwrap_or_else(|_| Uri::from_static("/"));
    http::Request::from_parts(parts, s3s::Body::from(body))
}

/// The headers that the request wants in the answer. An empty value wants none.
///
/// # Errors
/// 400 for what HTTP cannot carry.
pub(super) fn read_overrides(asked: &Asked) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    if !matches!(asked.operation.name, "GetObject" | "HeadObject") {
        return Ok(headers);
    }
    for (parameter, name) in OVERRIDES {
        let Some(text) = asked.parameter(parameter).filter(|text| !text.is_empty()) else { continue };
        let latin_1: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(character).ok()).collect();
        let value = latin_1.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok()).ok_or_else(|| {
            let message = "Header value cannot be represented using ISO-8859-1.";
            Refusal::invalid_argument(message, parameter, text)
        })?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Makes an answer with a part of an object 206, which `s3s` does for GetObject alone, and puts the headers in that were
/// asked for.
pub(super) fn finish(status: &mut StatusCode, headers: &mut HeaderMap, overrides: HeaderMap) {
    if *status == StatusCode::OK && headers.contains_key(header::CONTENT_RANGE) {
        *status = StatusCode::PARTIAL_CONTENT;
    }
    if status.is_success() {
        headers.extend(overrides);
    }
    if *status == StatusCode::NOT_MODIFIED {
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_LENGTH);
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::Address;
    use super::*;

    #[test]
    fn no_secret_gets_where_whole_requests_are_logged() {
        let names = [
            "authorization",
            "x-amz-security-token",
            "x-amz-server-side-encryption-customer-key",
            "x-amz-copy-source-server-side-encryption-customer-key",
        ];
        let request = http::Request::put("/b/k?X-Amz-Signature=a-secret&X-Amz-Security-Token=a-secret");
        let request = names.iter().fold(request, |request, name| request.header(*name, "a-secret"));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let asked = Asked::identify(&parts.method, Address::parse("/b/k"), "", parts.headers.clone()).unwrap();
        let request = unsigned(parts, Bytes::new(), &asked);
        assert_eq!(request.headers()[names[2]], "a-secret");
        let shown = format!("{request:?}");
        assert!(!shown.contains("a-secret"), "{shown}");
    }
}
