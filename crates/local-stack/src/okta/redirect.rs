//! Sends a browser on to one of the app's registered addresses, after a sign-in as after a sign-out.

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};
use url::form_urlencoded;

use super::errors::ApiError;

/// 303, so that a browser follows a form's answer with GET too.
pub(super) fn redirect(uri: &str, parameters: &[(&str, &str)]) -> Response {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let separator = if query.is_empty() {
        ""
    } else if uri.contains('?') {
        "&"
    } else {
        "?"
    };
    let Ok(location) = HeaderValue::try_from(format!("{uri}{separator}{query}")) else {
        // Registered URIs come from the options; one that no header can carry is a mistake of whoever set them.
        return ApiError::Internal.to_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(CACHE_CONTROL, "no-store")]).into_response();
    response.headers_mut().insert(LOCATION, location);
    response
}
