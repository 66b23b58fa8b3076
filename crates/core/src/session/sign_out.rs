//! Signing out, in three strengths. What is on the device always goes, whatever the network says.

use std::sync::Arc;

use crate::error::SessionError;
use crate::session::okta::{AuthorizationServer, SignIns};
use crate::session::vault::Vault;

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

/// How a session is left.
pub(super) struct Leaving {
    sign_ins: Arc<SignIns>,
    server: Arc<AuthorizationServer>,
    vault: Vault,
}

impl Leaving {
    pub(super) fn new(sign_ins: Arc<SignIns>, server: Arc<AuthorizationServer>, vault: Vault) -> Self {
        Self { sign_ins, server, vault }
    }

    pub(super) async fn sign_out(&self, mode: SignOutMode) -> Result<SignOut, SessionError> {
        let erased = self.vault.erase().await?;
        self.sign_ins.drop_waiting();
        let mut outcome = SignOut { end_session_url: None, revocation: None };
        let Some(signed_in) = erased.signed_in.filter(|_| mode != SignOutMode::Local) else { return Ok(outcome) };
        if let Some(refresh_token) = &signed_in.tokens.refresh_token {
            outcome.revocation = Some(self.server.revoke(refresh_token).await);
        }
        if mode == SignOutMode::EndSession {
            outcome.end_session_url = Some(self.server.end_session_url(&signed_in.tokens.id_token).await);
        }
        Ok(outcome)
    }
}
