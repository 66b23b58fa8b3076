//! The authorization endpoint (RFC 6749 section 3.1) and pushed authorization requests (RFC 9126): decides between the
//! sign-in page, an immediate answer for somebody who is signed in, and an error.

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::authorization_response::{issue_code, redirect_error};
use super::authorization_server::AuthorizationServer;
use super::call::Call;
use super::cookies::Cookie;
use super::errors::{ApiError, OAuthError, UNKNOWN_CLIENT, json_response};
use super::pages;
use super::parameters::{Parameters, is_form};
use super::request::{AuthorizationRequest, Prompt, RequestError, check_client};
use super::sign_in::show_sign_in_page;
use crate::faults::{Fault, FaultAnswer};

/// What comes back with the browser.
const FAULTS: &[Fault] = &[
    Fault::AuthorizeServerError,
    Fault::AuthorizeUnavailable,
    Fault::AuthorizeLoginRequired,
    Fault::AuthorizeConsentRequired,
    Fault::AuthorizeInteractionRequired,
    Fault::AuthorizeScopeDenied,
    Fault::AuthorizeNoScopeAllowed,
    Fault::AuthorizeLoginFailed,
    Fault::AuthorizeDenied,
    Fault::AuthorizeFeatureMissing,
    Fault::AuthorizePasswordExpired,
    Fault::AuthorizeUserStatus,
    Fault::AuthorizeUserCreation,
    Fault::AuthorizeUserLinking,
    Fault::AuthorizeIdpCancelled,
    Fault::AuthorizeIdpUnknown,
    Fault::AuthorizeAcrValues,
    Fault::AuthorizeRequestExpired,
    Fault::AuthorizeScopeInvalid,
    Fault::AuthorizeScopeUnknown,
    Fault::AuthorizeScopeNotAllowed,
    Fault::AuthorizeCustomScope,
    Fault::AuthorizeOpenIdMissing,
    Fault::AuthorizeResponseMode,
    Fault::AuthorizeRequestObject,
    Fault::AuthorizeRequestUriForeign,
    Fault::AuthorizeRequestUriInvalid,
    Fault::AuthorizeOrgServerOnly,
];

const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a pushed request waits for the browser, in seconds.
const PUSHED_REQUEST_LIFETIME: i64 = 300;

pub(super) fn authorize(server: &AuthorizationServer, call: &Call) -> Response {
    if let Some(FaultAnswer { code, message, .. }) = server.find_missing_feature() {
        return pages::error_page(StatusCode::BAD_REQUEST, code, message);
    }
    match read_request(server, call) {
        Ok(request) => answer(server, &request, &call.headers),
        Err(RequestError::ShowPage { code, description }) => {
            pages::error_page(StatusCode::BAD_REQUEST, code, &description)
        }
        Err(RequestError::Redirect { redirect_uri, state, code, description }) => {
            redirect_error(server, &redirect_uri, state.as_deref(), code, &description)
        }
    }
}

fn read_request(server: &AuthorizationServer, call: &Call) -> Result<AuthorizationRequest, RequestError> {
    let okta = &server.okta;
    let application = okta.application();
    let parameters = Parameters::parse(call.encoded_parameters())?;
    let Some(request_uri) = parameters.get("request_uri") else {
        let request = AuthorizationRequest::parse(&parameters, &application)?;
        let is_demanded =
            okta.shared.options.require_pushed_requests || okta.shared.faults.holds(Fault::OktaPushedRequestsDemanded);
        return if is_demanded { Err(request.not_pushed()) } else { Ok(request) };
    };
    check_client(&parameters, &application)?;
    let pushed = request_uri
        .strip_prefix(REQUEST_URI_PREFIX)
        .and_then(|secret| okta.sign_ins().pushed_requests.take(secret, okta.now()))
        .filter(|(kind, _)| *kind == server.kind);
    pushed.map(|(_, request)| request).ok_or_else(|| RequestError::ShowPage {
        code: "invalid_request_uri",
        description: "The authorize request_uri is invalid.".to_owned(),
    })
}

fn answer(server: &AuthorizationServer, request: &AuthorizationRequest, headers: &HeaderMap) -> Response {
    let okta = &server.okta;
    if let Some(FaultAnswer { code, message, .. }) = okta.shared.faults.take_answer(FAULTS) {
        return redirect_error(server, &request.redirect_uri, Some(&request.state), code, message);
    }
    let now = okta.now();
    let session = Cookie::Session
        .read(okta, headers)
        .and_then(|secret| okta.sign_ins().sessions.get(secret, now).cloned())
        // 0 asks for the password even in the second in which it was typed.
        .filter(|session| request.max_age.is_none_or(|seconds| seconds > 0 && now - session.auth_time <= seconds));
    match (session, request.prompt) {
        (Some(session), Prompt::Auto | Prompt::None) => issue_code(server, request, &session),
        (None, Prompt::None) => redirect_error(
            server,
            &request.redirect_uri,
            Some(&request.state),
            "login_required",
            "The client specified not to prompt, but the user is not logged in.",
        ),
        (_, Prompt::Login) | (None, Prompt::Auto) => show_sign_in_page(server, request, headers),
    }
}

/// Takes an authorization request from the app itself, ahead of the browser.
pub(super) fn push_request(server: &AuthorizationServer, call: &Call) -> Response {
    if !is_form(&call.headers) {
        return ApiError::WrongContentType.to_response();
    }
    match read_pushed_request(server, call) {
        Ok(request) => {
            let secret = server.okta.create_secret();
            let now = server.okta.now();
            let pushed = (server.kind, request);
            server.okta.sign_ins().pushed_requests.insert(&secret, pushed, now + PUSHED_REQUEST_LIFETIME, now);
            let body =
                json!({"request_uri": format!("{REQUEST_URI_PREFIX}{secret}"), "expires_in": PUSHED_REQUEST_LIFETIME});
            json_response(StatusCode::CREATED, &body)
        }
        Err(error) => error.to_response(),
    }
}

fn read_pushed_request(server: &AuthorizationServer, call: &Call) -> Result<AuthorizationRequest, OAuthError> {
    let refuse = |error: RequestError| match error.describe() {
        ("invalid_client", UNKNOWN_CLIENT) => OAuthError::unknown_client(),
        ("invalid_client", description) => OAuthError::invalid_client(description),
        (code, description) => OAuthError::new(code, description),
    };
    let parameters = Parameters::parse(&call.body).map_err(|repeated| refuse(repeated.into()))?;
    super::token::refuse_client_authentication(&parameters, call)?;
    if parameters.get("request_uri").is_some() {
        return Err(OAuthError::invalid_request("The 'request_uri' parameter must not be present in the request."));
    }
    AuthorizationRequest::parse(&parameters, &server.okta.application()).map_err(refuse)
}
