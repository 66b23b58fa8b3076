//! Sign-ins whose browser is open. They are in the secure store before the browser opens, because the system may kill
//! the app behind it; any process of the app can then finish them.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::oidc::discovery::Provider;
use crate::secret_text::is_same;

/// A person needs a few minutes for a password, a second factor and a forgotten phone.
pub(crate) const LIFETIME_SECONDS: i64 = 15 * 60;
/// Tabs that were left open; the oldest goes first.
pub(crate) const MOST_PENDING: usize = 4;
/// Redirects that may still be delivered twice: as many as can be open.
pub(crate) const MOST_COMPLETED: usize = MOST_PENDING;

/// All that is needed to understand and finish the answer to one authorization request.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingAuthorization {
    #[serde(with = "crate::secret_text")]
    state: SecretString,
    #[serde(with = "crate::secret_text")]
    pub nonce: SecretString,
    #[serde(with = "crate::secret_text")]
    pub verifier: SecretString,
    pub redirect_uri: String,
    pub client_id: String,
    /// The server that was asked. The code goes to its token endpoint and no other (mix-up, RFC 9700 §4.4).
    pub provider: Provider,
    /// How long ago the user may have proved who they are, in seconds, if the app has asked.
    #[serde(default)]
    pub max_age: Option<u64>,
    pub expires_at: i64,
}

impl PendingAuthorization {
    pub(crate) fn new(
        prepared: crate::oidc::authorization::Prepared,
        redirect_uri: &str,
        client_id: &str,
        provider: Provider,
        unix_now: i64,
    ) -> Self {
        Self {
            state: prepared.state,
            nonce: prepared.nonce,
            verifier: prepared.verifier,
            redirect_uri: redirect_uri.to_owned(),
            client_id: client_id.to_owned(),
            provider,
            max_age: prepared.max_age,
            expires_at: unix_now + LIFETIME_SECONDS,
        }
    }

    /// The earliest time at which the user may have proved who they are, if the app has asked. `unix_now` is by the clock
    /// that the token endpoint has corrected: this device's may have been wrong when the sign-in began.
    pub(crate) fn earliest_auth_time(&self, unix_now: i64) -> Option<i64> {
        let begun_at = self.expires_at.saturating_sub(LIFETIME_SECONDS);
        let begun_at = begun_at.clamp(unix_now.saturating_sub(LIFETIME_SECONDS), unix_now);
        self.max_age.map(|max_age| begun_at.saturating_sub_unsigned(max_age))
    }

    pub(crate) fn is_of(&self, states: &[SecretString]) -> bool {
        states.iter().any(|state| self.has_state(state))
    }

    pub(crate) fn has_state(&self, state: &SecretString) -> bool {
        is_same(&self.state, state)
    }
}

/// The digest of a finished sign-in's `state`, so that the same redirect can come twice, in another process too.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CompletedLogin {
    state_digest: String,
}

impl CompletedLogin {
    pub(crate) fn of(state: &SecretString) -> Self {
        let digest = Sha256::digest(state.expose_secret());
        Self { state_digest: digest.iter().map(|byte| format!("{byte:02x}")).collect() }
    }

    pub(crate) fn is(&self, state: &SecretString) -> bool {
        self.state_digest.as_bytes().ct_eq(Self::of(state).state_digest.as_bytes()).into()
    }
}
