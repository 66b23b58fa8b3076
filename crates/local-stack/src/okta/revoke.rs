//! The revocation endpoint (RFC 7009).

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;

use super::authorization_server::AuthorizationServer;
use super::call::Call;
use super::errors::{ApiError, OAuthError};
use super::parameters::{Parameters, is_form};
use super::token::authenticate_client;

pub(super) fn revoke(server: &AuthorizationServer, call: &Call) -> Response {
    if !is_form(&call.headers) {
        return ApiError::WrongContentType.to_response();
    }
    match try_revoke(server, call) {
        // "Revoking a token that is invalid, expired, or already revoked returns a 200 OK" (guides/revoke-tokens).
        Ok(()) => (StatusCode::OK, [(CACHE_CONTROL, "no-store")]).into_response(),
        Err(error) => error.to_response(),
    }
}

fn try_revoke(server: &AuthorizationServer, call: &Call) -> Result<(), OAuthError> {
    let parameters =
        Parameters::parse(&call.body).map_err(|repeated| OAuthError::invalid_request(repeated.describe()))?;
    authenticate_client(server, &parameters, call)?;
    let token =
        parameters.get("token").ok_or_else(|| OAuthError::invalid_request("The 'token' parameter is required."))?;
    let okta = &server.okta;
    okta.grants().revoke(token, server.kind, okta.shared.options.rotation, okta.now());
    Ok(())
}
