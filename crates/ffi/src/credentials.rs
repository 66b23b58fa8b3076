//! AWS keys and access tokens. Objects, because records print what they hold.

use std::time::SystemTime;

/// Keys that sign AWS requests until they expire, for an AWS SDK of the shell's own language.
#[derive(Debug, uniffi::Object)]
pub struct AwsCredentials {
    pub(crate) inner: jetbridge::AwsCredentials,
}

#[uniffi::export]
impl AwsCredentials {
    /// The public half, which names the keys in logs of AWS.
    pub fn access_key_id(&self) -> String {
        self.inner.access_key_id().to_owned()
    }

    /// The secret half. Never log it.
    pub fn secret_access_key(&self) -> String {
        self.inner.secret_access_key().to_owned()
    }

    /// Has to be sent with every request. Never log it.
    pub fn session_token(&self) -> String {
        self.inner.session_token().to_owned()
    }

    /// When they stop working, by the service's clock.
    pub fn expires_at(&self) -> SystemTime {
        self.inner.expires_at()
    }
}

/// A token for the app's own backend.
#[derive(Debug, uniffi::Object)]
pub struct AccessToken {
    pub(crate) inner: jetbridge::AccessToken,
}

#[uniffi::export]
impl AccessToken {
    /// The token, for an `Authorization: Bearer` header. Never log it.
    pub fn text(&self) -> String {
        self.inner.text().to_owned()
    }

    /// When it stops working, if Okta told.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.inner.expires_at()
    }
}
