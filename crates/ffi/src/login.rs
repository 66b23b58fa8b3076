//! Signing in, in two steps with the browser in between.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::SessionError;
use crate::facts::{JetbridgeUser, SessionState};
use crate::session::CoreSession;

/// How to sign in. Compared here: with an object in it, the generated record would not compare in Swift.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
#[uniffi::export(Eq, Hash)]
pub struct LoginOptions {
    /// Another redirect URI than `okta_callback_url`; it has to be registered in Okta.
    #[uniffi(default = None)]
    pub redirect_uri: Option<String>,
    /// Fills in the user name on the sign-in page.
    #[uniffi(default = None)]
    pub login_hint: Option<String>,
    /// What the sign-in page asks for; Okta decides if this does not.
    #[uniffi(default = None)]
    pub prompt: Option<LoginPrompt>,
    /// How long ago the user may have proved who they are; zero asks for the password now.
    #[uniffi(default = None)]
    pub max_age_seconds: Option<u64>,
    /// Further parameters of the authorization request, such as Okta's `idp`. Those that the library sets are refused.
    #[uniffi(default = [])]
    pub extra_parameters: Vec<Arc<LoginParameter>>,
}

/// One parameter of a request. An object: it may be a secret, such as an `id_token_hint` or a session token.
#[derive(PartialEq, Eq, Hash, uniffi::Object)]
#[uniffi::export(Eq, Hash)]
pub struct LoginParameter {
    name: String,
    value: String,
}

#[uniffi::export]
impl LoginParameter {
    /// A parameter of this name; the value is not encoded.
    #[uniffi::constructor]
    pub fn new(name: String, value: String) -> Self {
        Self { name, value }
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// Its value, not encoded. Perhaps a secret: never log it.
    pub fn value(&self) -> String {
        self.value.clone()
    }
}

impl fmt::Debug for LoginParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginParameter").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the sign-in page asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum LoginPrompt {
    /// The password, even if the browser is still signed in.
    Login,
    /// The consent to the scopes, even if it was given before.
    Consent,
    /// Nothing: whoever is not signed in comes back with `SignInRequired`.
    SignedInOnly,
}

impl From<LoginPrompt> for jetbridge::Prompt {
    fn from(prompt: LoginPrompt) -> Self {
        match prompt {
            LoginPrompt::Login => Self::Login,
            LoginPrompt::Consent => Self::Consent,
            LoginPrompt::SignedInOnly => Self::None,
        }
    }
}

impl From<LoginOptions> for jetbridge::LoginOptions {
    fn from(options: LoginOptions) -> Self {
        let extra = options.extra_parameters.iter().map(|parameter| (parameter.name(), parameter.value()));
        Self {
            redirect_uri: options.redirect_uri,
            login_hint: options.login_hint,
            prompt: options.prompt.map(Into::into),
            max_age: options.max_age_seconds.map(Duration::from_secs),
            extra_parameters: extra.collect(),
        }
    }
}

/// What the browser has to open. An object: the address carries `state` and `nonce`.
#[derive(Debug, uniffi::Object)]
pub struct AuthorizationRequest {
    inner: jetbridge::AuthorizationRequest,
}

#[uniffi::export]
impl AuthorizationRequest {
    /// The address of the sign-in page. Give it to the browser, not to a log.
    pub fn url(&self) -> String {
        self.inner.url.clone()
    }

    /// Where the browser will come back to.
    pub fn redirect_uri(&self) -> String {
        self.inner.redirect_uri.clone()
    }

    /// Until when it is worth waiting for the redirect.
    pub fn expires_at(&self) -> SystemTime {
        self.inner.expires_at
    }

    /// Until when the browser has to have opened the address, if the server said: a pushed request does not wait for long.
    pub fn open_before(&self) -> Option<SystemTime> {
        self.inner.open_before
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl CoreSession {
    /// Makes the authorization request and remembers it in the secure store, before anybody sees its URL: the app may be
    /// killed behind the browser.
    ///
    /// # Errors
    /// `Misconfigured` if the issuer is not what the server says it is, `Retryable` if it cannot be reached,
    /// `SecureStorage` if the request cannot be remembered.
    pub async fn begin_login(&self, options: LoginOptions) -> Result<Arc<AuthorizationRequest>, SessionError> {
        Ok(Arc::new(AuthorizationRequest { inner: self.inner.begin_login(options.into()).await? }))
    }

    /// Whether an address that the app was opened with is the answer to a sign-in, for `complete_login`. The end of a
    /// browser session, which may come back by the same scheme, and the app's own links are not.
    pub fn is_sign_in_redirect(&self, uri: &str) -> bool {
        self.inner.is_sign_in_redirect(uri)
    }

    /// Finishes a sign-in with the redirect URI that the app caught, whole. Giving the same one twice is harmless. The work
    /// goes on if the caller goes away.
    ///
    /// # Errors
    /// `UnexpectedRedirect` if it belongs to no open sign-in, `AccessDenied` if Okta or the user said no, `SignInRequired`
    /// if the code is too old or used, `UserCancelled` if the session was signed out or the sign-in cancelled meanwhile,
    /// `Retryable` after a network fault and `SecureStorage` if the session could not be saved: call again with the same
    /// redirect.
    pub async fn complete_login(&self, redirect_uri: &str) -> Result<SessionState, SessionError> {
        Ok(self.inner.complete_login(redirect_uri).await?.into())
    }

    /// Forgets the open sign-ins that this process has begun: the user came back without signing in. A process that has
    /// never begun one forgets all.
    ///
    /// # Errors
    /// `SecureStorage`.
    pub async fn cancel_login(&self) -> Result<(), SessionError> {
        Ok(self.inner.cancel_login().await?)
    }

    /// Asks Okta for the user's profile and keeps it. Signing in does this by itself.
    ///
    /// # Errors
    /// `AccessDenied` if the profile is another user's or the access token is not accepted, `SignInRequired`,
    /// `Retryable`.
    pub async fn user_info(&self) -> Result<JetbridgeUser, SessionError> {
        Ok(self.inner.user_info().await?.into())
    }
}
