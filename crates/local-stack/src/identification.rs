//! What the stack says of itself, on each of its ports: its issuer, and where its services are. Neither Okta nor AWS has such
//! a page. It is for whoever has mixed the addresses of two stacks, or of two services, in one configuration: those services
//! refuse each other in the words of their models, which know of one Okta and one AWS only.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::request_log::Operation;
use crate::shared::Shared;

/// A well-known path (RFC 8615) by the project's name, which no bucket and no route can have.
pub(crate) const PATH: &str = "/.well-known/jetbridge-local-stack";

/// The page.
pub(crate) fn answer(shared: &Shared) -> Response {
    let endpoints = shared.endpoints();
    let page = json!({
        "issuer": shared.custom_issuer(),
        "cognito": endpoints.cognito,
        "s3": endpoints.s3,
        "sts": endpoints.sts,
        "api": endpoints.api,
    });
    let mut response = Json(page).into_response();
    response.extensions_mut().insert(Operation("local_stack"));
    response
}
