//! The userinfo endpoint (OpenID Connect Core §5.3): the profile that Okta leaves out of a thin ID token.

use reqwest::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use crate::diagnosis::{HttpError, issuer, okta};
use crate::error::{Service, SessionError};
use crate::net::http::Http;

/// What is known of the user beyond the ID token.
#[derive(Debug, Deserialize)]
pub(crate) struct Profile {
    sub: String,
    pub name: Option<String>,
    pub preferred_username: Option<String>,
    pub email: Option<String>,
}

/// Asks for the profile, and refuses one of somebody else: §5.3.2, "the sub Claim in the UserInfo Response MUST be
/// verified to exactly match the sub Claim in the ID Token". `None` if the access token is not accepted.
pub(crate) async fn fetch_profile(
    http: &Http,
    endpoint: &Url,
    access_token: &SecretString,
    subject: &str,
) -> Result<Option<Profile>, SessionError> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access_token.expose_secret()))
        .map_err(|_| SessionError::internal("the access token cannot be sent in a header"))?;
    bearer.set_sensitive(true);
    let mut request = reqwest::Request::new(reqwest::Method::GET, endpoint.clone());
    request.headers_mut().insert(AUTHORIZATION, bearer);
    let answer = http.send_bounded(request).await.and_then(|answer| answer.own(endpoint));
    let answer = answer.map_err(|error| issuer::unanswered("userinfo", endpoint, error))?;
    if answer.status == 401 {
        return Ok(None);
    }
    if answer.status != 200 {
        let challenge = answer.headers.get(WWW_AUTHENTICATE).and_then(|challenge| challenge.to_str().ok());
        return Err(okta::userinfo_refused(answer.status, challenge, &answer.body));
    }
    let profile: Profile = serde_json::from_slice(&answer.body)
        .map_err(|error| HttpError::from_json(&error).into_session_error(Service::Okta, "userinfo"))?;
    if profile.sub != subject {
        return Err(okta::userinfo_of_another_user());
    }
    Ok(Some(profile))
}
