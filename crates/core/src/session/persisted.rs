//! What a session writes into the secure store: one blob for each account and configuration, with a schema version, so
//! that later versions can read it and an older one leaves a newer blob alone.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::User;
use super::pending::{CompletedLogin, PendingAuthorization};
use crate::cognito::AwsCredentials;
use crate::cognito::identity::Identity;
use crate::error::{SessionError, SignInReason};
use crate::storage::StorageErrorKind;

/// The version that this code writes.
const SCHEMA: u32 = 1;

/// Everything that outlives the process.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Persisted {
    /// Sign-ins whose browser may still be open.
    #[serde(default)]
    pub pending: Vec<PendingAuthorization>,
    /// The last sign-in that came to an end, so that its redirect may arrive twice.
    #[serde(default)]
    pub completed: Option<CompletedLogin>,
    #[serde(default)]
    pub signed_in: Option<SignedIn>,
    /// Why the last session ended, if not by a sign-out.
    #[serde(default)]
    pub ended: Option<EndedSession>,
    /// The user's identity in the pool, which outlives credentials and sign-ins of the same user.
    #[serde(default)]
    pub identity: Option<Identity>,
    /// What was last learnt about the device's clock, for a process that has not asked anybody yet.
    #[serde(default)]
    pub clock_offset_seconds: i64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub user: User,
    /// The ID token's own `iss`.
    pub issuer: String,
    pub tokens: Tokens,
    #[serde(default)]
    pub credentials: Option<AwsCredentials>,
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
    pub auth_time: Option<i64>,
    /// The nonce of the sign-in: a refreshed ID token may repeat it, and then it must be the same.
    #[serde(with = "crate::secret_text")]
    pub nonce: SecretString,
    #[serde(with = "crate::secret_text")]
    pub access_token: SecretString,
    pub access_token_expires_at: Option<i64>,
    #[serde(with = "crate::secret_text::optional", default)]
    pub refresh_token: Option<SecretString>,
    /// What a refresh asks for: never more than was granted (RFC 6749 §6), whatever the configuration says by then.
    pub scopes: Vec<String>,
}

impl Tokens {
    /// Whether they are the very same, judged by what a refresh changes.
    pub(crate) fn are(&self, other: &Self) -> bool {
        let same = |one: &SecretString, two: &SecretString| {
            bool::from(one.expose_secret().as_bytes().ct_eq(two.expose_secret().as_bytes()))
        };
        let same_refresh_token = match (&self.refresh_token, &other.refresh_token) {
            (Some(one), Some(two)) => same(one, two),
            (None, None) => true,
            _ => false,
        };
        self.belong_to(&other.nonce) && same_refresh_token && same(&self.access_token, &other.access_token)
    }

    /// Whether they come from the sign-in with this nonce.
    pub(crate) fn belong_to(&self, nonce: &SecretString) -> bool {
        self.nonce.expose_secret().as_bytes().ct_eq(nonce.expose_secret().as_bytes()).into()
    }
}

#[derive(Serialize)]
struct Written<'a> {
    schema: u32,
    #[serde(flatten)]
    persisted: &'a Persisted,
}

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

impl Persisted {
    /// The bytes for the store.
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        serde_json::to_vec(&Written { schema: SCHEMA, persisted: self })
            .map(Zeroizing::new)
            .map_err(|error| SessionError::internal(format!("the session cannot be written: {:?}", error.classify())))
    }

    /// Reads what [`to_bytes`](Self::to_bytes) or an older version wrote. The blob is never changed by a failure.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, SessionError> {
        let unreadable = |detail: String| SessionError::SecureStorage { kind: StorageErrorKind::Corrupt, detail };
        let version: Version = serde_json::from_slice(bytes)
            .map_err(|_| unreadable("the stored session is damaged; sign out to start afresh".to_owned()))?;
        match version.schema {
            SCHEMA => serde_json::from_slice(bytes).map_err(|error| {
                unreadable(format!("the stored session is damaged ({:?}); sign out to start afresh", error.classify()))
            }),
            newer => Err(SessionError::SecureStorage {
                kind: StorageErrorKind::Unavailable,
                detail: format!(
                    "the stored session was written by a newer version (schema {newer}, this one knows {SCHEMA}); it is \
                     left untouched: update this program"
                ),
            }),
        }
    }

    /// Whether there is anything worth a place in the store.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
            && self.completed.is_none()
            && self.signed_in.is_none()
            && self.ended.is_none()
            && self.identity.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 0.1 wrote it. Never edit it: a session of a user out there looks like this.
    const SCHEMA_1: &str = include_str!("../../tests-data/session/schema-1.json");

    #[test]
    fn a_session_that_an_older_version_wrote_is_read_whole() {
        let persisted = Persisted::from_bytes(SCHEMA_1.as_bytes()).unwrap();
        let signed_in = persisted.signed_in.as_ref().unwrap();
        assert_eq!(signed_in.user.email.as_deref(), Some("alice@example.com"));
        assert_eq!(signed_in.issuer, "https://dev-1.okta.com/oauth2/default");
        assert_eq!(signed_in.tokens.refresh_token.as_ref().unwrap().expose_secret(), "stored-refresh-token");
        assert_eq!(signed_in.credentials.as_ref().unwrap().access_key_id(), "ASIASTOREDKEYID00000");
        assert_eq!(persisted.identity.as_ref().unwrap().id(), "us-west-2:11111111-2222-3333-4444-555555555555");
        assert!(persisted.find_pending(&"stored-state".into()).is_some());
        assert!(persisted.was_completed(&"completed-state".into()));
        // Nothing of it is dropped on the way back.
        let written: serde_json::Value = serde_json::from_slice(&persisted.to_bytes().unwrap()).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(SCHEMA_1).unwrap());
    }

    #[test]
    fn a_newer_version_s_session_is_reported_and_a_damaged_one_too() {
        let refusal = |bytes: &[u8]| match Persisted::from_bytes(bytes) {
            Err(SessionError::SecureStorage { detail, .. }) => detail,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("accepted"),
        };
        assert!(refusal(br#"{"schema":2,"future":true}"#).contains("newer version"));
        for damaged in [&b""[..], b"{}", b"null", b"{\"schema\":1,\"signed_in\":7}", b"\xff"] {
            assert!(refusal(damaged).contains("damaged"), "{damaged:?}");
        }
    }

    #[test]
    fn the_empty_session_needs_no_place() {
        assert!(Persisted::default().is_empty());
        assert!(!Persisted::from_bytes(SCHEMA_1.as_bytes()).unwrap().is_empty());
    }
}
