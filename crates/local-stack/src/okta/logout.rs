//! The logout endpoint (OpenID Connect RP-Initiated Logout 1.0): ends the session in the browser, not the tokens.

use axum::response::Response;
use http::{Method, StatusCode};

use super::authorize::{redirect, with_cookie};
use super::cookies::Cookie;
use super::pages;
use super::parameters::{Parameters, is_form};
use super::{AuthorizationServer, Call};
use crate::jws;

pub(super) fn logout(server: &AuthorizationServer, call: &Call) -> Response {
    match try_logout(server, call) {
        Ok(response) => with_cookie(response, Cookie::Session.clear(&server.okta)),
        Err(problem) => pages::error_page(StatusCode::BAD_REQUEST, "invalid_request", &problem),
    }
}

fn try_logout(server: &AuthorizationServer, call: &Call) -> Result<Response, String> {
    let okta = &server.okta;
    let encoded =
        if call.method == Method::POST && is_form(&call.headers) { &call.body[..] } else { call.query.as_bytes() };
    let parameters = Parameters::parse(encoded)
        .map_err(|repeated| format!("The parameter '{}' was sent more than once.", repeated.0))?;
    let hint = parameters.get("id_token_hint").ok_or("The 'id_token_hint' parameter is missing.")?;
    let user_id = verify_hint(server, hint).ok_or("The 'id_token_hint' is not an ID token of this application.")?;
    let target = parameters.get("post_logout_redirect_uri");
    if target.is_some_and(|uri| !okta.shared.options.logout_redirect_uris.iter().any(|registered| registered == uri)) {
        return Err(
            "The 'post_logout_redirect_uri' parameter must be a sign-out redirect URI of the application.".to_owned()
        );
    }
    if let Some(secret) = Cookie::Session.read(okta, &call.headers) {
        let now = okta.now();
        let mut sign_ins = okta.sign_ins();
        // An app can end the session of its own user, not that of somebody who signed in after.
        if sign_ins.sessions.get(secret, now).is_some_and(|session| session.user_id == user_id) {
            sign_ins.sessions.take(secret, now);
        }
    }
    Ok(match target {
        Some(uri) => {
            let state = parameters.get("state").map(|state| ("state", state));
            redirect(uri, state.as_slice())
        }
        None => pages::signed_out_page(),
    })
}

/// The subject of an ID token that this server issued to the application. It may have expired: people sign out late.
fn verify_hint(server: &AuthorizationServer, hint: &str) -> Option<String> {
    let claims = jws::verify(hint, &server.okta.keys.to_jwks()).ok()?;
    let is = |name: &str, value: &str| claims.get(name).and_then(serde_json::Value::as_str) == Some(value);
    let subject = claims.get("sub")?.as_str()?;
    (is("iss", &server.issuer()) && is("aud", &server.okta.shared.options.client_id)).then(|| subject.to_owned())
}
