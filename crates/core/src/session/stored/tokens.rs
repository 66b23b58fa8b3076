//! A signed-in session: who, Okta's tokens, AWS credentials.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

use super::user::User;
use crate::cognito::AwsCredentials;
use crate::error::SignInReason;
use crate::life::Life;
use crate::oidc::discovery::KnownProvider;
use crate::secret_text::is_same;

/// The scope that stands for a refresh token (OpenID Connect Core §11).
const OFFLINE_ACCESS: &str = "offline_access";

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub user: User,
    /// The ID token's own `iss`.
    pub issuer: String,
    pub tokens: Tokens,
    #[serde(default)]
    pub credentials: Option<AwsCredentials>,
    /// The server's endpoints and keys as they were last asked for, so that the next process need not ask before it renews.
    #[serde(default, deserialize_with = "if_readable", skip_serializing_if = "Option::is_none")]
    pub provider: Option<KnownProvider>,
}

/// The server can be asked again: what another version has written must not cost the session.
fn if_readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KnownProvider>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(deserializer)?).ok())
}

/// A session that Okta no longer accepts; the name is kept for the sign-in screen.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct EndedSession {
    pub user: User,
    pub reason: SignInReason,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tokens {
    #[serde(with = "crate::secret_text")]
    pub id_token: SecretString,
    pub id_token_expires_at: i64,
    /// When this session got them, to know how long they live.
    #[serde(default)]
    pub obtained_at: Option<i64>,
    pub auth_time: Option<i64>,
    /// The nonce of the sign-in: a refreshed ID token may repeat it, and then it must be the same.
    #[serde(with = "crate::secret_text")]
    pub nonce: SecretString,
    #[serde(with = "crate::secret_text")]
    pub access_token: SecretString,
    pub access_token_expires_at: Option<i64>,
    #[serde(with = "crate::secret_text::optional", default)]
    pub refresh_token: Option<SecretString>,
    /// What was granted, `offline_access` included; versions before 0.2 left that out.
    pub scopes: Vec<String>,
}

impl Tokens {
    /// The scope that a refresh names: all that was granted, never more (RFC 6749 §6) and never less, whatever the
    /// configuration says by then. None where the whole is not known, which the server takes for the same.
    pub(crate) fn scopes_to_refresh(&self) -> &[String] {
        let is_whole = self.scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
        if is_whole { &self.scopes } else { &[] }
    }

    pub(crate) fn id_token_life(&self) -> Life {
        Life { obtained_at: self.obtained_at, expires_at: self.id_token_expires_at }
    }

    /// One whose end Okta did not tell is taken to be good until it is refused.
    pub(crate) fn access_token_life(&self) -> Life {
        Life { obtained_at: self.obtained_at, expires_at: self.access_token_expires_at.unwrap_or(i64::MAX) }
    }

    /// Whether they are the very same, judged by what a refresh changes.
    pub(crate) fn are(&self, other: &Self) -> bool {
        let same_refresh_token = match (&self.refresh_token, &other.refresh_token) {
            (Some(one), Some(two)) => is_same(one, two),
            (None, None) => true,
            _ => false,
        };
        self.belong_to(&other.nonce) && same_refresh_token && is_same(&self.access_token, &other.access_token)
    }

    /// Whether they come from the sign-in with this nonce.
    pub(crate) fn belong_to(&self, nonce: &SecretString) -> bool {
        is_same(&self.nonce, nonce)
    }
}
