//! Preflights of browsers ("OPTIONS object", S3 API reference). No bucket here has a CORS configuration, and a template
//! that gives it one is refused by name, so that none is let pass.

use http::{HeaderMap, StatusCode};

use super::error::Refusal;

/// The methods that a preflight may ask about.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

/// What S3 answers. The page has 400 for a request without its headers and 403 for what CORS does not allow; the words are
/// those of S3 in September 2026, as brekkylab/backlot noted them.
pub(super) fn refuse(headers: &HeaderMap, bucket_exists: bool) -> Refusal {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
    let bad_request = |message: String| Refusal::new(StatusCode::BAD_REQUEST, "BadRequest", message);
    if value("origin").is_none() {
        return bad_request("Insufficient information. Origin request header needed.".to_owned());
    }
    let asked = value("access-control-request-method").unwrap_or("OPTIONS");
    if !METHODS.contains(&asked) {
        return bad_request(format!("Invalid Access-Control-Request-Method: {asked}"));
    }
    let message = if bucket_exists {
        "CORSResponse: CORS is not enabled for this bucket."
    } else {
        "CORSResponse: Bucket not found"
    };
    Refusal::access_forbidden(message, asked)
}
