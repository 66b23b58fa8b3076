//! What an app says about a sign-in, and what it gets for the browser.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::oidc::authorization::Prompt;

/// How to sign in.
#[derive(Clone, Default)]
pub struct LoginOptions {
    /// Another redirect URI than `okta_callback_url`; it has to be registered in Okta, port included.
    pub redirect_uri: Option<String>,
    /// Fills in the user name on the sign-in page.
    pub login_hint: Option<String>,
    /// What the sign-in page asks for; Okta decides if this does not.
    pub prompt: Option<Prompt>,
    /// How long ago the user may have proved who they are, in whole seconds; zero asks for the password now. An ID token
    /// that does not say so is refused (OpenID Connect Core §3.1.2.1 `max_age`).
    pub max_age: Option<Duration>,
    /// Further parameters of the authorization request, such as Okta's `idp` or `ui_locales`. Those that the library sets
    /// by itself are refused.
    pub extra_parameters: Vec<(String, String)>,
}

/// Extra parameters may be secrets, such as an `id_token_hint`: only their names are shown.
impl fmt::Debug for LoginOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra: Vec<_> = self.extra_parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("LoginOptions")
            .field("redirect_uri", &self.redirect_uri)
            .field("login_hint", &self.login_hint)
            .field("prompt", &self.prompt)
            .field("max_age", &self.max_age)
            .field("extra_parameters", &extra)
            .finish()
    }
}

/// What the browser has to open.
#[derive(Clone)]
pub struct AuthorizationRequest {
    /// The address of the sign-in page. It carries `state` and `nonce`: give it to the browser, not to a log.
    pub url: String,
    /// Where the browser will come back to.
    pub redirect_uri: String,
    /// Until when it is worth waiting for the redirect; after that, Okta hardly accepts its code.
    pub expires_at: SystemTime,
    /// Until when the browser has to have opened the URL, if the server said: a pushed request does not wait for long.
    pub open_before: Option<SystemTime>,
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("redirect_uri", &self.redirect_uri)
            .field("expires_at", &self.expires_at)
            .field("open_before", &self.open_before)
            .finish_non_exhaustive()
    }
}
