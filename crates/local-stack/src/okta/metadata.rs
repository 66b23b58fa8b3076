//! What the authorization servers say about themselves: discovery (OpenID Connect Discovery 1.0, RFC 8414) and keys.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Value, json};

use super::authorization_server::AuthorizationServer;
use super::call::Call;
use super::errors::unavailable;
use super::scopes::Scope;
use crate::faults::Fault;

pub(super) fn discovery(server: &AuthorizationServer, call: &Call) -> Response {
    if is_spoiled(server, call, Fault::DiscoveryUnavailable) {
        return unavailable();
    }
    let document = json!({
        "issuer": server.issuer(),
        "authorization_endpoint": server.endpoint("authorize"),
        "token_endpoint": server.endpoint("token"),
        "userinfo_endpoint": server.endpoint("userinfo"),
        "jwks_uri": server.endpoint("keys"),
        "revocation_endpoint": server.endpoint("revoke"),
        "end_session_endpoint": server.endpoint("logout"),
        "pushed_authorization_request_endpoint": server.endpoint("par"),
        "require_pushed_authorization_requests": server.okta.shared.options.require_pushed_requests,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": Scope::ALL.map(Scope::name),
        "claims_supported": [
            "ver", "jti", "iss", "aud", "iat", "exp", "auth_time", "amr", "idp", "nonce", "at_hash", "sub",
            "name", "preferred_username", "given_name", "family_name", "email", "email_verified", "locale", "zoneinfo",
            "updated_at",
        ],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    });
    cacheable(&document, "max-age=86400, must-revalidate")
}

pub(super) fn keys(server: &AuthorizationServer, call: &Call) -> Response {
    if is_spoiled(server, call, Fault::JwksUnavailable) {
        return unavailable();
    }
    cacheable(&server.okta.keys.to_jwks(), "max-age=3600, must-revalidate")
}

/// Cognito asks here too. What it meets has a fault of its own: otherwise it might use up what was meant for the client.
fn is_spoiled(server: &AuthorizationServer, call: &Call, fault: Fault) -> bool {
    let shared = &server.okta.shared;
    !shared.is_own_request(&call.headers) && shared.faults.take(fault)
}

fn cacheable(document: &Value, cache_control: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, cache_control)];
    (StatusCode::OK, headers, document.to_string()).into_response()
}
