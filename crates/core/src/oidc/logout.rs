//! Ending things at Okta: revoking the refresh token (RFC 7009) and the browser's session (OpenID Connect RP-Initiated
//! Logout 1.0).

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::diagnosis::{issuer, okta};
use crate::error::SessionError;
use crate::net::http::Http;
use crate::oidc::token::conceal;

/// Revokes a refresh token; at Okta its access tokens die with it.
pub(crate) async fn revoke_refresh_token(
    http: &Http,
    endpoint: &Url,
    client_id: &str,
    refresh_token: &SecretString,
) -> Result<(), SessionError> {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", refresh_token.expose_secret())
        .append_pair("token_type_hint", "refresh_token")
        .append_pair("client_id", client_id)
        .finish();
    let mut request = reqwest::Request::new(reqwest::Method::POST, endpoint.clone());
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    *request.body_mut() = Some(body.into());
    // A page that says 200 has revoked nothing.
    let answer = http.send_bounded(request).await.and_then(|answer| answer.own(endpoint));
    let answer = answer.map_err(|error| issuer::unanswered("revocation", endpoint, error))?;
    if answer.status == 200 {
        return Ok(());
    }
    let told = conceal(&answer.body, std::slice::from_ref(refresh_token));
    Err(okta::revocation_refused(answer.status, &told))
}

/// The URL that ends the browser's session. It carries the ID token as a hint and so is a secret until it is opened.
pub(crate) fn end_session_url(endpoint: &Url, id_token: &SecretString, return_to: Option<&str>) -> String {
    let mut url = endpoint.clone();
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("id_token_hint", id_token.expose_secret());
        if let Some(return_to) = return_to {
            query.append_pair("post_logout_redirect_uri", return_to);
            query.append_pair("state", oauth2::CsrfToken::new_random().secret());
        }
    }
    url.into()
}
