//! The authorization request (RFC 6749 §4.1.1) with PKCE S256 (RFC 7636), state and nonce.

use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope, StandardRevocableToken,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenResponse},
};
use openidconnect::Nonce;
use secrecy::SecretString;

use crate::config::Config;
use crate::error::SessionError;
use crate::oidc::discovery::ProviderMetadata;

/// A URL for the browser, and what has to be remembered to understand the answer.
pub(crate) struct Prepared {
    pub url: String,
    pub state: SecretString,
    pub nonce: SecretString,
    pub verifier: SecretString,
}

/// How the user should meet the sign-in page.
#[derive(Debug, Default)]
pub(crate) struct Prompt<'a> {
    /// Fills in the user name (OpenID Connect Core §3.1.2.1 `login_hint`).
    pub login_hint: Option<&'a str>,
    /// Shows the page even if the browser still has a session (`prompt=login`).
    pub force_sign_in: bool,
}

/// Makes fresh secrets and the URL that carries their public halves.
pub(crate) fn prepare(
    config: &Config,
    metadata: &ProviderMetadata,
    redirect_uri: &str,
    prompt: &Prompt<'_>,
) -> Result<Prepared, SessionError> {
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
    let mut request = client
        .authorize_url(CsrfToken::new_random)
        .add_scopes(config.scopes().iter().cloned().map(Scope::new))
        .set_pkce_challenge(challenge)
        .add_extra_param("nonce", nonce.secret());
    if let Some(login_hint) = prompt.login_hint {
        request = request.add_extra_param("login_hint", login_hint);
    }
    if prompt.force_sign_in {
        request = request.add_extra_param("prompt", "login");
    }
    let (url, state) = request.url();
    Ok(Prepared {
        url: url.to_string(),
        state: state.into_secret().into(),
        nonce: nonce.secret().as_str().into(),
        verifier: verifier.into_secret().into(),
    })
}
