//! Signing out, in three strengths. What is on the device always goes, whatever the network says.

use std::sync::Arc;

use secrecy::SecretString;

use super::{Inner, Session};
use crate::diagnosis::okta;
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
    /// The address for the browser, or why there is none; `None` without [`SignOutMode::EndSession`]. It carries the ID
    /// token: a secret.
    pub end_session_url: Option<Result<String, SessionError>>,
    /// Whether Okta took the refresh token back; `None` if it was not asked to.
    pub revocation: Option<Result<(), SessionError>>,
}

impl std::fmt::Debug for SignOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignOut")
            .field("end_session_url", &self.end_session_url.as_ref().map(|url| url.as_ref().map(|_| "…")))
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
        // Half a sign-out would leave the remote part undone.
        self.inner.detached(|inner| async move { inner.sign_out(mode).await }).await
    }
}

impl Inner {
    async fn sign_out(self: &Arc<Self>, mode: SignOutMode) -> Result<SignOut, SessionError> {
        let erased = self.vault.erase().await?;
        self.follow_the_store();
        self.drop_answers(|_| true);
        let mut outcome = SignOut { end_session_url: None, revocation: None };
        let Some(signed_in) = erased.signed_in.filter(|_| mode != SignOutMode::Local) else { return Ok(outcome) };
        if let Some(refresh_token) = &signed_in.tokens.refresh_token {
            outcome.revocation = Some(self.revoke(refresh_token).await);
        }
        if mode == SignOutMode::EndSession {
            outcome.end_session_url = Some(self.end_session_url(&signed_in.tokens.id_token).await);
        }
        Ok(outcome)
    }

    pub(super) async fn revoke(&self, refresh_token: &SecretString) -> Result<(), SessionError> {
        let provider = self.discovery.provider(&self.http, self.clock.now()).await?;
        let endpoint =
            provider.metadata.revocation_endpoint.ok_or_else(|| okta::not_announced("a revocation endpoint"))?;
        logout::revoke_refresh_token(&self.http, &endpoint, self.config.client_id(), refresh_token).await
    }

    async fn end_session_url(&self, id_token: &SecretString) -> Result<String, SessionError> {
        let provider = self.discovery.provider(&self.http, self.clock.now()).await?;
        let endpoint =
            provider.metadata.end_session_endpoint.ok_or_else(|| okta::not_announced("an end-session endpoint"))?;
        Ok(logout::end_session_url(&endpoint, id_token, self.config.logout_url()))
    }
}
