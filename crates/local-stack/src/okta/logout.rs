//! The logout endpoint (OpenID Connect RP-Initiated Logout 1.0; reference/api/oidc of 2024-08-21, "/logout"): ends the
//! session in the browser, not the tokens. Takes a query or a posted form ("logoutCustomASWithPost" of today's reference).

use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::authorization_server::AuthorizationServer;
use super::call::Call;
use super::cookies::{Cookie, with_cookie};
use super::pages;
use super::parameters::Parameters;
use super::redirect::redirect;
use crate::jws;

pub(super) fn logout(server: &AuthorizationServer, call: &Call) -> Response {
    match read_request(server, call) {
        Ok(request) => end_session(server, &call.headers, &request),
        Err(problem) => pages::error_page(StatusCode::BAD_REQUEST, "invalid_request", &problem),
    }
}

/// A valid logout request.
struct LogoutRequest {
    user_id: String,
    /// Where to go, and the state to hand back there.
    target: Option<(String, Option<String>)>,
}

fn read_request(server: &AuthorizationServer, call: &Call) -> Result<LogoutRequest, String> {
    let parameters = Parameters::parse(call.encoded_parameters()).map_err(|repeated| repeated.describe())?;
    let hint = parameters.get("id_token_hint").ok_or("The 'id_token_hint' parameter is missing.")?;
    let user_id = verify_hint(server, hint).ok_or("The 'id_token_hint' is not an ID token of this application.")?;
    let registered = &server.okta.shared.options.logout_redirect_uris;
    let target = match parameters.get("post_logout_redirect_uri") {
        Some(uri) if registered.iter().any(|known| known == uri) => {
            Some((uri.to_owned(), parameters.get("state").map(str::to_owned)))
        }
        Some(_) => {
            return Err(
                "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings."
                    .to_owned(),
            );
        }
        None => None,
    };
    Ok(LogoutRequest { user_id, target })
}

fn end_session(server: &AuthorizationServer, headers: &HeaderMap, request: &LogoutRequest) -> Response {
    let okta = &server.okta;
    let now = okta.now();
    let mut sign_ins = okta.sign_ins();
    let secret = Cookie::Session.read(okta, headers).unwrap_or_default();
    // "Logs the user out if the subject matches the current Okta session": an app cannot end that of somebody who signed
    // in after. Without a session "this endpoint has no effect", and the browser goes where it was to go.
    if sign_ins.sessions.get(secret, now).is_some_and(|session| session.user_id != request.user_id) {
        let told = "The ID token subject does not match the current session's user.";
        return pages::error_page(StatusCode::BAD_REQUEST, "id_token_does_not_match_session", told);
    }
    sign_ins.sessions.take(secret, now);
    let response = match &request.target {
        Some((uri, state)) => redirect(uri, state.as_deref().map(|state| ("state", state)).as_slice()),
        None => pages::signed_out_page(),
    };
    with_cookie(response, Cookie::Session.clear(okta))
}

/// The subject of an ID token that this server issued to the application. It may have expired: people sign out late.
fn verify_hint(server: &AuthorizationServer, hint: &str) -> Option<String> {
    let claims = jws::verify(hint, &server.okta.keys.to_jwks()).ok()?;
    let is = |name: &str, value: &str| claims.get(name).and_then(serde_json::Value::as_str) == Some(value);
    let subject = claims.get("sub")?.as_str()?;
    (is("iss", &server.issuer()) && is("aud", &server.okta.shared.options.client_id)).then(|| subject.to_owned())
}
