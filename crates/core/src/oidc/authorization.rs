//! The authorization request (RFC 6749 §4.1.1) with PKCE S256 (RFC 7636), state and nonce; pushed to the server first
//! (RFC 9126) where the server or the configuration wants that.

use std::time::Duration;

use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope, StandardRevocableToken,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenResponse},
};
use openidconnect::Nonce;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::config::Config;
use crate::diagnosis::{Evidence, HttpError, issuer, okta};
use crate::error::{Service, SessionError};
use crate::net::http::Http;
use crate::oidc::discovery::ProviderMetadata;

/// What this library sets by itself: a second value from elsewhere would take its protection away, or break it.
const OWN_PARAMETERS: [&str; 16] = [
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// What errors call it.
const PUSH: &str = "pushed authorization request";

/// A URL for the browser, and what has to be remembered to understand the answer.
pub(crate) struct Prepared {
    pub url: String,
    pub state: SecretString,
    pub nonce: SecretString,
    pub verifier: SecretString,
    /// In seconds.
    pub max_age: Option<u64>,
    /// How long the URL can be opened, if the server said.
    pub opens_within: Option<Duration>,
}

/// What the sign-in page asks of the user (OpenID Connect Core §3.1.2.1 `prompt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// The password, even if the browser is still signed in.
    Login,
    /// The consent to the scopes, even if it was given before.
    Consent,
    /// Nothing: whoever is not signed in comes back with [`SignInRequired`](SessionError::SignInRequired).
    None,
}

impl Prompt {
    fn value(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Consent => "consent",
            Self::None => "none",
        }
    }
}

/// What the app wants of one authorization request beside the usual. Not `Debug`: a parameter may hold a secret.
#[derive(Default)]
pub(crate) struct Wishes<'a> {
    pub login_hint: Option<&'a str>,
    pub prompt: Option<Prompt>,
    pub max_age: Option<Duration>,
    pub extra_parameters: &'a [(String, String)],
}

/// Makes fresh secrets and the URL that carries their public halves.
pub(crate) fn prepare(
    config: &Config,
    metadata: &ProviderMetadata,
    redirect_uri: &str,
    wishes: &Wishes<'_>,
) -> Result<Prepared, SessionError> {
    check_extra_parameters(wishes.extra_parameters)?;
    let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| SessionError::Misconfigured {
        setting: "redirect URI".to_owned(),
        problem: format!("{redirect_uri} is not a URI: {error}"),
        hint: "Use a sign-in redirect URI of the Okta application.".to_owned(),
    })?;
    let client = oauth2::Client::<
        BasicErrorResponse,
        BasicTokenResponse,
        BasicTokenIntrospectionResponse,
        StandardRevocableToken,
        BasicRevocationErrorResponse,
    >::new(ClientId::new(config.client_id().to_owned()))
    .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
    .set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let nonce = Nonce::new_random();
    let max_age = wishes.max_age.map(|age| age.as_secs());
    let mut request = client
        .authorize_url(CsrfToken::new_random)
        .add_scopes(config.scopes().iter().cloned().map(Scope::new))
        .set_pkce_challenge(challenge)
        .add_extra_param("nonce", nonce.secret());
    if let Some(login_hint) = wishes.login_hint {
        request = request.add_extra_param("login_hint", login_hint);
    }
    if let Some(prompt) = wishes.prompt {
        request = request.add_extra_param("prompt", prompt.value());
    }
    if let Some(seconds) = max_age {
        request = request.add_extra_param("max_age", seconds.to_string());
    }
    for (name, value) in wishes.extra_parameters {
        request = request.add_extra_param(name, value);
    }
    let (url, state) = request.url();
    Ok(Prepared {
        url: url.to_string(),
        state: state.into_secret().into(),
        nonce: nonce.secret().as_str().into(),
        verifier: verifier.into_secret().into(),
        max_age,
        opens_within: None,
    })
}

fn check_extra_parameters(parameters: &[(String, String)]) -> Result<(), SessionError> {
    let misconfigured = |problem: String| SessionError::Misconfigured {
        setting: "extra parameters".to_owned(),
        problem,
        hint: "Give each parameter once, and none that the library sets by itself.".to_owned(),
    };
    for (position, (name, _)) in parameters.iter().enumerate() {
        if name.is_empty() {
            return Err(misconfigured("one has no name".to_owned()));
        }
        if OWN_PARAMETERS.contains(&name.as_str()) {
            return Err(misconfigured(format!("{name} is set by this library")));
        }
        if parameters[..position].iter().any(|(earlier, _)| earlier == name) {
            return Err(misconfigured(format!("{name} is there twice")));
        }
    }
    Ok(())
}

/// The endpoint for pushed requests, if the request has to go there first: the server demands it (RFC 9126 §5) or the
/// configuration does.
pub(crate) fn pushed_to<'m>(config: &Config, metadata: &'m ProviderMetadata) -> Result<Option<&'m Url>, SessionError> {
    if !config.pushes_authorization_requests() && !metadata.require_pushed_authorization_requests {
        return Ok(None);
    }
    metadata
        .pushed_authorization_request_endpoint
        .as_ref()
        .ok_or_else(|| okta::nowhere_to_push(metadata.require_pushed_authorization_requests))
        .map(Some)
}

/// Sends the request's parameters to the server itself, and gives the URL that stands for them: the browser, its history
/// and whatever looks over its shoulder see a one-time name instead.
pub(crate) async fn push(
    http: &Http,
    endpoint: &Url,
    client_id: &str,
    evidence: &Evidence,
    prepared: Prepared,
) -> Result<Prepared, SessionError> {
    let no_url = |_| SessionError::internal(format!("Okta ({PUSH}): the request is no URL"));
    let mut url = Url::parse(&prepared.url).map_err(no_url)?;
    let mut request = reqwest::Request::new(reqwest::Method::POST, endpoint.clone());
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    *request.body_mut() = Some(url.query().unwrap_or_default().to_owned().into());
    let answer = http.send_bounded(request).await.and_then(|answer| answer.own(endpoint));
    let answer = answer.map_err(|error| issuer::unanswered(PUSH, endpoint, error))?;
    // RFC 9126 §2.2 says 201; a 200 means the same.
    if !matches!(answer.status, 200 | 201) {
        return Err(okta::push_refused(answer.status, &answer.body, evidence));
    }
    let pushed: Pushed = serde_json::from_slice(&answer.body)
        .map_err(|error| HttpError::from_json(&error).into_session_error(Service::Okta, PUSH))?;
    url.set_query(None);
    url.query_pairs_mut().append_pair("client_id", client_id).append_pair("request_uri", &pushed.request_uri);
    Ok(Prepared { url: url.into(), opens_within: pushed.expires_in.map(Duration::from_secs), ..prepared })
}

#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
    /// In seconds. Required by RFC 9126 §2.2, and not worth a failure.
    #[serde(default)]
    expires_in: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_sets_itself_cannot_be_set_again() {
        let check = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            check_extra_parameters(&pairs)
        };
        assert_eq!(check(&[("idp", "0oa1"), ("ui_locales", "de")]), Ok(()));
        for own in OWN_PARAMETERS {
            assert!(check(&[("idp", "0oa1"), (own, "x")]).unwrap_err().to_string().contains(own), "{own}");
        }
        assert!(check(&[("idp", "a"), ("idp", "b")]).unwrap_err().to_string().contains("twice"));
        assert!(check(&[("", "a")]).unwrap_err().to_string().contains("no name"));
    }
}
