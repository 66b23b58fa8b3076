//! A request once it has arrived whole. Endpoints are plain functions of it, so that nothing in them has to wait.

use axum::body::Bytes;
use http::{HeaderMap, Method};

use super::parameters::is_form;

/// What an endpoint gets to see of a request.
pub(super) struct Call {
    pub method: Method,
    pub headers: HeaderMap,
    pub query: String,
    pub body: Bytes,
}

impl Call {
    /// The parameters of an endpoint that takes them in the query or as a posted form, still encoded. Of a POST the
    /// query does not count (OpenID Connect Core section 3.1.2.1; Okta's "authorizeWithPost").
    pub(super) fn encoded_parameters(&self) -> &[u8] {
        match self.method {
            Method::POST if is_form(&self.headers) => &self.body,
            Method::POST => &[],
            _ => self.query.as_bytes(),
        }
    }
}
