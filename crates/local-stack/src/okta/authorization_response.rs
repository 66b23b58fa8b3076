//! The authorization response (RFC 6749 section 4.1.2): how a sign-in ends for the app, with a code or with an error. It
//! is the same whether somebody came from the sign-in page or never had to see it.

use axum::response::Response;

use super::authorization_server::AuthorizationServer;
use super::errors::{NO_MATCHING_POLICY, USER_NOT_ASSIGNED};
use super::grants::Authorization;
use super::redirect::redirect;
use super::request::AuthorizationRequest;
use super::server_kind::ServerKind;
use super::sessions::Session;
use crate::faults::Fault;

/// Sends a signed-in user back to the app with a code, if the user may use the app.
pub(super) fn issue_code(server: &AuthorizationServer, request: &AuthorizationRequest, session: &Session) -> Response {
    let okta = &server.okta;
    let refuse =
        |description| redirect_error(server, &request.redirect_uri, Some(&request.state), "access_denied", description);
    if !okta.is_assigned(&session.user_id) {
        return refuse(USER_NOT_ASSIGNED);
    }
    let is_spoiled = server.kind == ServerKind::Custom && okta.shared.faults.take(Fault::NoMatchingPolicy);
    if is_spoiled || !server.allows(&request.scopes) {
        return refuse(NO_MATCHING_POLICY);
    }
    let authorization = Authorization {
        kind: server.kind,
        issuer: server.issuer(),
        redirect_uri: request.redirect_uri.clone(),
        scopes: request.scopes.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        user_id: session.user_id.clone(),
        auth_time: session.auth_time,
    };
    let code = okta.create_secret();
    let now = okta.now();
    let lifetime = i64::try_from(okta.shared.options.code_lifetime.as_secs()).unwrap_or(i64::MAX);
    okta.grants().add_code(&code, authorization, now.saturating_add(lifetime), now);
    let parameters = [("code", code.as_str()), ("state", &request.state), ("iss", &server.issuer())];
    redirect(&request.redirect_uri, &parameters)
}

/// Sends an error to the app (RFC 6749 section 4.1.2.1) with the issuer beside it (RFC 9207).
pub(super) fn redirect_error(
    server: &AuthorizationServer,
    redirect_uri: &str,
    state: Option<&str>,
    code: &str,
    description: &str,
) -> Response {
    let issuer = server.issuer();
    let mut parameters = vec![("error", code), ("error_description", description), ("iss", &issuer)];
    parameters.extend(state.map(|state| ("state", state)));
    redirect(redirect_uri, &parameters)
}
