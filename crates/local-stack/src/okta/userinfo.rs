//! The userinfo endpoint (OpenID Connect Core section 5.3): everything about the user that the thin ID token leaves out.
//! "You must include an access token in the HTTP Authorization header" (reference/api/oidc of 2024-08-21, "/userinfo");
//! the refusals are those of Okta's errors catalogue (data/oauth2-error-codes.json, 2026.08.1).

use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::authorization_server::AuthorizationServer;
use super::call::Call;
use super::errors::json_response;
use super::parameters::is_form;
use super::scopes::{Scope, Scopes};
use crate::faults::{Fault, FaultAnswer};
use crate::options::DemoUser;

pub(super) fn userinfo(server: &AuthorizationServer, call: &Call) -> Response {
    let okta = &server.okta;
    let is_sent_in = |encoded: &[u8]| form_urlencoded::parse(encoded).any(|(name, _)| name == "access_token");
    if is_sent_in(call.query.as_bytes()) {
        let told = "The access token cannot be presented in a query string.";
        return refuse(server, StatusCode::BAD_REQUEST, "invalid_request", told);
    }
    if call.headers.contains_key(AUTHORIZATION) && is_form(&call.headers) && is_sent_in(&call.body) {
        let told = "The access token cannot be specified in both the Authorization header and the request-body.";
        return refuse(server, StatusCode::BAD_REQUEST, "invalid_request", told);
    }
    let told = okta.shared.faults.take_answer(&[Fault::UserInfoScopeMissing, Fault::UserInfoTokenRefused]);
    if let Some(FaultAnswer { status, code, message, .. }) = told {
        return refuse(server, StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN), code, message);
    }
    let Some(token) = read_bearer_token(&call.headers) else {
        return refuse(server, StatusCode::UNAUTHORIZED, "invalid_request", "The access token is missing.");
    };
    let found = okta
        .grants()
        .find_access_token(token, server.kind, okta.now())
        .map(|(authorization, scopes)| (authorization.user_id.clone(), scopes.clone()));
    let user = found.as_ref().and_then(|(id, _)| okta.user(id));
    let (Some(user), Some((_, scopes))) = (user, &found) else {
        return refuse(
            server,
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "The access token is invalid or has expired.",
        );
    };
    if !scopes.contains(Scope::OpenId) {
        return refuse(
            server,
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            "The access token provided does not contain the required scopes.",
        );
    }
    let mut claims = user_claims(user, scopes);
    if okta.shared.faults.take(Fault::UserInfoWrongSubject) {
        claims["sub"] = json!("00umallory0000000009");
    }
    json_response(StatusCode::OK, &claims)
}

fn user_claims(user: &DemoUser, scopes: &Scopes) -> Value {
    let mut claims = json!({"sub": user.id});
    if scopes.contains(Scope::Profile) {
        let (given_name, family_name) = user.name.split_once(' ').unwrap_or((&user.name, ""));
        claims["name"] = json!(user.name);
        claims["given_name"] = json!(given_name);
        claims["family_name"] = json!(family_name);
        claims["preferred_username"] = json!(user.login);
        claims["locale"] = json!("en_US");
        claims["zoneinfo"] = json!("America/Los_Angeles");
    }
    if scopes.contains(Scope::Email) {
        claims["email"] = json!(user.login);
        claims["email_verified"] = json!(true);
    }
    claims
}

/// The token of a Bearer header (RFC 6750 section 2.1); other ways to send one are not offered.
fn read_bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn refuse(server: &AuthorizationServer, status: StatusCode, error: &str, description: &str) -> Response {
    let challenge = format!(
        "Bearer authorization_uri=\"{}\", realm=\"{}\", scope=\"openid\", error=\"{error}\", \
         error_description=\"{description}\"",
        server.endpoint("authorize"),
        server.okta.shared.org_issuer(),
    );
    let mut response = (status, [(CACHE_CONTROL, "no-store")]).into_response();
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}
