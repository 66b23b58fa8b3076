//! Signing out, in three strengths. What is on the device always goes, whatever the network says.

use secrecy::SecretString;

use super::state::Event;
use super::{Inner, Session};
use crate::error::SessionError;
use crate::oidc::logout;

/// How much is ended. None of them takes back AWS credentials that were handed out: those end by themselves, within the
/// hour (IAM can deny them earlier by `aws:TokenIssueTime`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOutMode {
    /// Erase everything on this device.
    Local,
    /// Also revoke the refresh token at Okta, so that nobody can use a copy of it.
    Revoke,
    /// Also give the URL that ends the browser's session; without that, the next sign-in may ask for no password.
    EndSession,
}

/// What came of it beyond the device.
pub struct SignOut {
    /// For the browser, with [`SignOutMode::EndSession`], if the server has one. It carries the ID token: a secret.
    pub end_session_url: Option<String>,
    /// Whether Okta took the refresh token back; `None` if it was not asked to.
    pub revocation: Option<Result<(), SessionError>>,
}

impl std::fmt::Debug for SignOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignOut")
            .field("has_end_session_url", &self.end_session_url.is_some())
            .field("revocation", &self.revocation)
            .finish()
    }
}

impl Session {
    /// Signs out. Works without a network; then the remote part reports what it could not do.
    ///
    /// # Errors
    /// `SecureStorage` if the device's copy could not be erased.
    pub async fn sign_out(&self, mode: SignOutMode) -> Result<SignOut, SessionError> {
        let inner = &self.inner;
        // What the remote part needs, before it is erased. A store that cannot be read can still be erased.
        let signed_in = match inner.vault.load().await {
            Ok(content) => content.signed_in,
            Err(_) => inner.vault.copy().and_then(|content| content.signed_in),
        };
        inner.vault.erase().await?;
        inner.publish(Event::SignedOut);
        let mut outcome = SignOut { end_session_url: None, revocation: None };
        let Some(signed_in) = signed_in.filter(|_| mode != SignOutMode::Local) else { return Ok(outcome) };
        if let Some(refresh_token) = &signed_in.tokens.refresh_token {
            outcome.revocation = Some(inner.revoke(refresh_token).await);
        }
        if mode == SignOutMode::EndSession {
            outcome.end_session_url = inner.end_session_url(&signed_in.tokens.id_token).await;
        }
        Ok(outcome)
    }
}

impl Inner {
    async fn revoke(&self, refresh_token: &SecretString) -> Result<(), SessionError> {
        let provider = self.discovery.provider(&self.http, self.clock.now()).await?;
        let endpoint = provider.metadata.revocation_endpoint.ok_or_else(|| SessionError::NotFound {
            what: "a revocation endpoint: the authorization server announces none".to_owned(),
        })?;
        logout::revoke_refresh_token(&self.http, &endpoint, self.config.client_id(), refresh_token).await
    }

    async fn end_session_url(&self, id_token: &SecretString) -> Option<String> {
        let provider = self.discovery.provider(&self.http, self.clock.now()).await.ok()?;
        let endpoint = provider.metadata.end_session_endpoint?;
        Some(logout::end_session_url(&endpoint, id_token, self.config.logout_url()))
    }
}
