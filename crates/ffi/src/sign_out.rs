//! Signing out, in three strengths.

use std::sync::Arc;

use crate::error::SessionError;
use crate::session::CoreSession;

/// How much is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SignOutMode {
    /// Erase everything on this device.
    Local,
    /// Also revoke the refresh token at Okta.
    Revoke,
    /// Also give the URL that ends the browser's session.
    EndSession,
}

impl From<SignOutMode> for jetbridge::SignOutMode {
    fn from(mode: SignOutMode) -> Self {
        match mode {
            SignOutMode::Local => Self::Local,
            SignOutMode::Revoke => Self::Revoke,
            SignOutMode::EndSession => Self::EndSession,
        }
    }
}

/// What came of it beyond the device. An object: the address carries the ID token.
#[derive(Debug, uniffi::Object)]
pub struct SignOut {
    inner: jetbridge::SignOut,
}

#[uniffi::export]
impl SignOut {
    /// The address for the browser; nothing without `EndSession`, or if there is none. A secret: never log it.
    pub fn end_session_url(&self) -> Option<String> {
        self.inner.end_session_url.as_ref()?.as_ref().ok().cloned()
    }

    /// Why there is no address although it was asked for.
    pub fn end_session_problem(&self) -> Option<SessionError> {
        self.inner.end_session_url.as_ref()?.as_ref().err().cloned().map(Into::into)
    }

    /// Whether Okta took the refresh token back.
    pub fn is_revoked(&self) -> bool {
        matches!(self.inner.revocation, Some(Ok(())))
    }

    /// Why Okta did not take the refresh token back although it was asked to.
    pub fn revocation_problem(&self) -> Option<SessionError> {
        self.inner.revocation.as_ref()?.as_ref().err().cloned().map(Into::into)
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl CoreSession {
    /// Signs out. What is on the device always goes, network or not; the answer says what came of the rest.
    ///
    /// # Errors
    /// `SecureStorage` if the device's copy could not be erased.
    pub async fn sign_out(&self, mode: SignOutMode) -> Result<Arc<SignOut>, SessionError> {
        Ok(Arc::new(SignOut { inner: self.inner.sign_out(mode.into()).await? }))
    }
}
