//! The token endpoint (RFC 6749 section 3.2): codes and refresh tokens become ID and access tokens. What it refuses, and
//! with which words, is in Okta's errors catalogue where that has it (okta-developer-docs, data/oauth2-error-codes.json,
//! 2026.08.1).

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::authorization_server::AuthorizationServer;
use super::call::Call;
use super::errors::{
    ApiError, NO_MATCHING_POLICY, OAuthError, RATE_LIMIT_RESET, USER_NOT_ASSIGNED, json_response, unavailable,
};
use super::grants::{Authorization, GrantError, GrantId};
use super::id_token::{TokenContext, access_token_claims, id_token_claims};
use super::parameters::{Parameters, is_form};
use super::scopes::{Scope, Scopes};
use super::server_kind::ServerKind;
use crate::faults::{Fault, Faults};
use crate::jws::KeyError;
use crate::random_ids::random_text;
use crate::server::BreakConnection;

/// Grants that Okta has, and this application does not.
const FOREIGN_GRANT_TYPES: &[&str] = &[
    "client_credentials",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:openid:params:grant-type:ciba",
];
/// What is said to a request whatever it holds.
const FAULTS: &[Fault] = &[
    Fault::TokenServerError,
    Fault::TokenTooManyGroups,
    Fault::TokenTemporarilyUnavailable,
    Fault::TokenGrantMismatched,
    Fault::TokenGrantOfAnotherServer,
    Fault::TokenUserRateLimited,
    Fault::TokenCodeInvalid,
    Fault::TokenPkceFailed,
    Fault::TokenRedirectUriDiffers,
    Fault::TokenRefreshTokenInvalid,
    Fault::TokenRefreshScopesDenied,
    Fault::TokenCredentialsMissing,
    Fault::TokenClientUnknown,
    Fault::TokenGrantTypeUnsupported,
    Fault::TokenClaimFailed,
];
/// A department that STS takes for the value of no tag.
const NO_TAG_VALUE: &str = "R&D";
const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

pub(super) fn token(server: &AuthorizationServer, call: &Call) -> Response {
    let okta = &server.okta;
    let faults = &okta.shared.faults;
    if faults.take(Fault::TokenUnavailable) {
        return unavailable();
    }
    if faults.take(Fault::TokenRateLimited) {
        return ApiError::RateLimited { reset: okta.now() + RATE_LIMIT_RESET }.to_response();
    }
    if faults.holds(Fault::OktaNetworkZone)
        && let Some(answer) = Fault::OktaNetworkZone.answer()
    {
        return OAuthError::from(answer).to_response();
    }
    if let Some(answer) = faults.take_answer(FAULTS) {
        return OAuthError::from(answer).to_response();
    }
    if let Some(refusal) = demand_proof(faults, call) {
        return refusal;
    }
    if !is_form(&call.headers) {
        return ApiError::WrongContentType.to_response();
    }
    // The application has no trusted origin, and a native one's requests come from no page.
    if call.headers.contains_key(ORIGIN) {
        let told = "Browser requests to the token endpoint must be made from one of the registered Trusted Origins.";
        return OAuthError::invalid_request(told).to_response();
    }
    let mut response = match read_and_grant(server, call) {
        Ok(granted) => match build_answer(server, granted) {
            Ok(body) => json_response(StatusCode::OK, &body),
            Err(KeyError) => ApiError::Internal.to_response(),
        },
        Err(error) => error.to_response(),
    };
    if faults.take(Fault::TokenGatewayTimeout) {
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    if faults.take(Fault::TokenResponseLost) {
        response.extensions_mut().insert(BreakConnection);
    }
    if let Some(hold) = faults.take_hold() {
        response.extensions_mut().insert(hold);
    }
    response
}

/// What an accepted code or refresh token is worth.
struct Granted {
    id: GrantId,
    authorization: Authorization,
    scopes: Scopes,
    nonce: Option<String>,
    refresh_token: Option<String>,
}

fn read_and_grant(server: &AuthorizationServer, call: &Call) -> Result<Granted, OAuthError> {
    let parameters =
        Parameters::parse(&call.body).map_err(|repeated| OAuthError::invalid_request(repeated.describe()))?;
    authenticate_client(server, &parameters, call)?;
    let application = server.okta.application();
    let unticked = || {
        let told = "The client is not authorized to use the provided grant type.";
        OAuthError::new("unauthorized_client", format!("{told} {}", application.grant_types()))
    };
    match parameters.get("grant_type") {
        Some("authorization_code") if !application.has_code_grant => Err(unticked()),
        Some("refresh_token") if !application.has_refresh_grant => Err(unticked()),
        Some("authorization_code") => redeem_code(server, &parameters),
        Some("refresh_token") => refresh(server, &parameters),
        Some(known) if FOREIGN_GRANT_TYPES.contains(&known) => Err(unticked()),
        Some(_) => Err(OAuthError::new(
            "unsupported_grant_type",
            format!(
                "The authorization grant type is not supported by the authorization server. {}",
                application.grant_types()
            ),
        )),
        None => Err(OAuthError::invalid_request(
            "The token request must specify a 'grant_type'. Valid values: [authorization_code, refresh_token]",
        )),
    }
}

fn required<'p>(parameters: &'p Parameters, name: &str) -> Result<&'p str, OAuthError> {
    let missing = || OAuthError::invalid_request(format!("The required parameter '{name}' is missing."));
    parameters.get(name).ok_or_else(missing)
}

/// A native application is a public client: it says its client id in the body and has no secret.
pub(super) fn authenticate_client(
    server: &AuthorizationServer,
    parameters: &Parameters,
    call: &Call,
) -> Result<(), OAuthError> {
    if server.okta.shared.faults.holds(Fault::OktaClientSecretDemanded)
        && let Some(answer) = Fault::OktaClientSecretDemanded.answer()
    {
        return Err(answer.into());
    }
    refuse_client_authentication(parameters, call)?;
    match parameters.get("client_id") {
        Some(id) if server.okta.application().has_client_id(id) => Ok(()),
        Some(_) => Err(OAuthError::unknown_client()),
        None => Err(OAuthError::invalid_client("No client credentials found.")),
    }
}

pub(super) fn refuse_client_authentication(parameters: &Parameters, call: &Call) -> Result<(), OAuthError> {
    let credentials = ["client_id", "client_secret", "client_assertion"];
    if form_urlencoded::parse(call.query.as_bytes()).any(|(name, _)| credentials.contains(&&*name)) {
        return Err(OAuthError::invalid_request("Client credentials cannot be supplied via query parameters."));
    }
    let tries = call.headers.contains_key(AUTHORIZATION)
        || ["client_secret", "client_assertion"].iter().any(|name| parameters.get(name).is_some());
    if tries {
        // What is said to an app without a secret when it comes with one was not found; this is what is said to one with a
        // secret when it comes without (okta/okta-auth-js#455).
        let told = "Client authentication failed. Either the client or the client credentials are invalid.";
        return Err(OAuthError::invalid_client(told));
    }
    Ok(())
}

/// What an application that wants DPoP says to requests without it (guides/dpop).
fn demand_proof(faults: &Faults, call: &Call) -> Option<Response> {
    let is_demanded = faults.holds(Fault::OktaDpopDemanded);
    let fault = match faults.take(Fault::TokenDpopNonceDemanded) {
        false if is_demanded && !call.headers.contains_key(DPOP) => Fault::OktaDpopDemanded,
        false if !is_demanded => return None,
        _ => Fault::TokenDpopNonceDemanded,
    };
    let mut response = OAuthError::from(fault.answer()?).to_response();
    if fault == Fault::TokenDpopNonceDemanded
        && let Ok(nonce) = HeaderValue::try_from(random_text(24))
    {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    Some(response)
}

/// Whether the user may still have tokens of the application, and the server's policy still allows these scopes. What Okta says
/// of a user who was unassigned after signing in is not found: here it is what the browser is told.
fn check_access(server: &AuthorizationServer, user_id: &str, scopes: &Scopes) -> Result<(), OAuthError> {
    if !server.okta.is_assigned(user_id) {
        return Err(OAuthError::new("access_denied", USER_NOT_ASSIGNED));
    }
    if !server.allows(scopes) {
        return Err(OAuthError::new("access_denied", NO_MATCHING_POLICY).with_status(StatusCode::UNAUTHORIZED));
    }
    Ok(())
}

fn redeem_code(server: &AuthorizationServer, parameters: &Parameters) -> Result<Granted, OAuthError> {
    let okta = &server.okta;
    let (code, redirect_uri) = (required(parameters, "code")?, required(parameters, "redirect_uri")?);
    let verifier = parameters
        .get("code_verifier")
        .ok_or_else(|| OAuthError::invalid_request("PKCE code verifier is required by the application."))?;
    if !is_code_verifier(verifier) {
        return Err(OAuthError::invalid_request("The 'code_verifier' is not 43 to 128 unreserved characters."));
    }
    let now = okta.now();
    let mut grants = okta.grants();
    let (id, authorization) =
        grants.redeem_code(code, server.kind, redirect_uri, verifier, now).map_err(describe_grant_error)?;
    let scopes = authorization.scopes.clone();
    let refresh_token = if scopes.contains(Scope::OfflineAccess) {
        grants.add_refresh_token(id, &random_text(16), &random_text(32), now)
    } else {
        None
    };
    let nonce = authorization.nonce.clone();
    Ok(Granted { id, authorization, scopes, nonce, refresh_token })
}

fn refresh(server: &AuthorizationServer, parameters: &Parameters) -> Result<Granted, OAuthError> {
    let token = required(parameters, "refresh_token")?;
    let requested = parameters.get("scope").map(Scopes::parse).transpose().map_err(|_| {
        OAuthError::new("invalid_scope", "One or more scopes are not configured for the authorization server resource.")
    })?;
    let rotation = server.okta.shared.options.rotation;
    // Before the token is spent.
    let owner = server.okta.grants().find_refresh_token(token, server.kind, server.okta.now()).cloned();
    if let Some(owner) = owner {
        check_access(server, &owner.user_id, requested.as_ref().unwrap_or(&owner.scopes))?;
    }
    let refreshed = server
        .okta
        .grants()
        .refresh(token, server.kind, requested.as_ref(), &random_text(32), rotation, server.okta.now())
        .map_err(describe_grant_error)?;
    let is_withheld = server.okta.shared.faults.take(Fault::RefreshTokenWithheld);
    Ok(Granted {
        id: refreshed.grant,
        authorization: refreshed.authorization,
        scopes: refreshed.scopes,
        nonce: None,
        refresh_token: refreshed.refresh_token.filter(|_| !is_withheld),
    })
}

fn describe_grant_error(error: GrantError) -> OAuthError {
    match error {
        GrantError::CodeInvalid => OAuthError::invalid_grant("The authorization code is invalid or has expired."),
        // `mismatched_authorization_server` of the catalogue.
        GrantError::OtherServer => {
            OAuthError::invalid_request("The grant was issued for another authorization server.")
        }
        GrantError::RedirectUriMismatch => OAuthError::invalid_grant(
            "The 'redirect_uri' does not match the redirection URI used in the authorization request.",
        ),
        GrantError::VerifierMismatch => OAuthError::invalid_grant("PKCE verification failed."),
        GrantError::RefreshTokenInvalid => OAuthError::invalid_grant("The refresh token is invalid or expired."),
        GrantError::OpenIdScopeMissing => OAuthError::new(
            "invalid_scope",
            "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope.",
        ),
        // `refresh_scopes_denied`. RFC 6749 section 5.2 would have it `invalid_scope`, and reference/api/oidc of
        // 2024-08-21 says only that they "have to be a subset of the scopes used to generate the refresh token".
        GrantError::ScopesNotGranted(denied) => OAuthError::new(
            "access_denied",
            format!(
                "Some of the scopes requested for the refresh request were not granted in the original authorize \
                 request. Denied scopes: {denied}."
            ),
        ),
    }
}

fn build_answer(server: &AuthorizationServer, granted: Granted) -> Result<Value, KeyError> {
    let okta = &server.okta;
    let options = &okta.shared.options;
    let now = okta.now();
    let seconds = |lifetime: Duration| i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    let access_token_lifetime = seconds(options.access_token_lifetime);
    // Users cannot be removed while the stack runs; one that is not there would be a bug and gets no token.
    let user = okta.user(&granted.authorization.user_id).ok_or(KeyError)?;
    let key = okta.keys.current();
    let context = TokenContext {
        issuer: &granted.authorization.issuer,
        client_id: &options.client_id,
        user,
        authorization: &granted.authorization,
        scopes: &granted.scopes,
        now,
        id_token_expires_at: now.saturating_add(seconds(options.id_token_lifetime)),
        access_token_expires_at: now.saturating_add(access_token_lifetime),
        has_access_claims: server.kind == ServerKind::Custom && okta.shared.has_access_claims(),
        department: match okta.shared.faults.holds(Fault::TagValueRefused) {
            true => Some(NO_TAG_VALUE),
            false => user.department.as_deref(),
        },
    };
    let access_token = match server.kind {
        ServerKind::Custom => key.sign(&access_token_claims(&context))?,
        ServerKind::Org => random_text(48),
    };
    okta.shared.issued.record(&access_token);
    let expires_at = context.access_token_expires_at;
    okta.grants().add_access_token(granted.id, &access_token, granted.scopes.clone(), expires_at, now);
    let mut body = json!({
        "token_type": "Bearer",
        "expires_in": access_token_lifetime,
        "access_token": access_token,
        "scope": granted.scopes.to_string(),
    });
    if granted.scopes.contains(Scope::OpenId) {
        let faults = &okta.shared.faults;
        let wrong_nonce = faults.take(Fault::IdTokenWrongNonce).then(|| random_text(16));
        let nonce = wrong_nonce.as_deref().or(granted.nonce.as_deref());
        let mut id_token = key.sign(&id_token_claims(&context, nonce, &access_token))?;
        if faults.take(Fault::IdTokenTampered) {
            id_token = tamper(&id_token);
        }
        okta.shared.issued.record(&id_token);
        body["id_token"] = json!(id_token);
    }
    if let Some(refresh_token) = granted.refresh_token {
        okta.shared.issued.record(&refresh_token);
        body["refresh_token"] = json!(refresh_token);
    }
    Ok(body)
}

/// The token with another subject under the old signature.
fn tamper(token: &str) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let claims = parts.get(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let claims: Option<Value> = claims.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let (Some(mut claims), Some(payload)) = (claims, parts.get_mut(1)) {
        claims["sub"] = json!("00umallory0000000009");
        *payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    }
    parts.join(".")
}

/// RFC 7636 section 4.1.
fn is_code_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
