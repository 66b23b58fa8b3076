//! What a session writes into the secure store: one blob for each account and configuration. It says which schema it
//! follows, so that later versions can read it and an older one leaves a newer blob alone, and whose it is, so that a
//! store that mixes up its names does not hand one account's session to another.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use super::attempt::{Attempt, Spends};
use super::pending::{CompletedLogin, MOST_COMPLETED, MOST_PENDING, PendingAuthorization};
use super::tokens::{EndedSession, SignedIn};
use crate::cognito::AwsCredentials;
use crate::cognito::identity::Identity;
use crate::error::{SIGNED_IN_MEANWHILE, SessionError};
use crate::life::Life;
use crate::oidc::keys::KeySet;
use crate::storage::StorageErrorKind;

/// The version that this code writes. 1 did not say whose the blob is, and remembered one completed sign-in only.
const SCHEMA: u32 = 2;
/// The oldest version that this code reads.
const OLDEST_SCHEMA: u32 = 1;

/// Everything that outlives the process.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredSession {
    /// Sign-ins whose browser may still be open.
    #[serde(default)]
    pub pending: Vec<PendingAuthorization>,
    /// The last sign-ins that came to an end, so that their redirects may arrive twice.
    #[serde(default, deserialize_with = "read_completed")]
    pub completed: Vec<CompletedLogin>,
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
    /// A code or a refresh token that is being spent, or whose answer was never saved; at most one of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

/// Whose a blob is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub account: String,
    /// The whole fingerprint; the blob's name has the beginning of it.
    pub configuration: String,
    /// What the fingerprint is of, for whoever finds the session with another configuration. Earlier versions left it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<OwnSettings>,
}

/// The settings that a session belongs to, by the words of the configuration. None of them is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnSettings {
    pub issuer: String,
    pub client_id: String,
    pub identity_pool_id: String,
    pub identity_pool_endpoint: Option<String>,
}

impl PartialEq for Owner {
    /// The fingerprint says all that the settings do.
    fn eq(&self, other: &Self) -> bool {
        (&self.account, &self.configuration) == (&other.account, &other.configuration)
    }
}

impl Eq for Owner {}

#[derive(Serialize)]
struct Written<'a> {
    schema: u32,
    owner: &'a Owner,
    #[serde(flatten)]
    session: &'a StoredSession,
}

/// What is looked at before anything else: a newer version may have other fields.
#[derive(Deserialize)]
struct Header {
    schema: u32,
    #[serde(default)]
    owner: Option<Owner>,
}

/// Schema 1 had one or none.
fn read_completed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CompletedLogin>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Completed {
        Many(Vec<CompletedLogin>),
        One(CompletedLogin),
    }
    Ok(match Option::deserialize(deserializer)? {
        Some(Completed::Many(many)) => many,
        Some(Completed::One(one)) => vec![one],
        None => Vec::new(),
    })
}

impl StoredSession {
    /// The bytes for the store.
    pub(crate) fn to_bytes(&self, owner: &Owner) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        serde_json::to_vec(&Written { schema: SCHEMA, owner, session: self })
            .map(Zeroizing::new)
            .map_err(|error| SessionError::internal(format!("the session cannot be written: {:?}", error.classify())))
    }

    /// Reads what [`to_bytes`](Self::to_bytes) or an older version wrote. The blob is never changed by a failure.
    pub(crate) fn from_bytes(bytes: &[u8], owner: &Owner) -> Result<Self, SessionError> {
        let unreadable = |detail: String| SessionError::SecureStorage { kind: StorageErrorKind::Corrupt, detail };
        let header: Header = serde_json::from_slice(bytes)
            .map_err(|_| unreadable("the stored session is damaged; sign out to start afresh".to_owned()))?;
        if header.schema > SCHEMA {
            return Err(SessionError::SecureStorage {
                kind: StorageErrorKind::Unavailable,
                detail: format!(
                    "the stored session was written by a newer version (schema {}, this one knows {SCHEMA}); it is left \
                     untouched: update this program",
                    header.schema
                ),
            });
        }
        let is_ours = match &header.owner {
            Some(found) => found == owner,
            None => header.schema == OLDEST_SCHEMA,
        };
        if !is_ours {
            return Err(unreadable(
                "what is stored is another account's or configuration's session; it is left untouched: report this as a \
                 bug of the secure store"
                    .to_owned(),
            ));
        }
        serde_json::from_slice(bytes).map_err(|error| {
            unreadable(format!("the stored session is damaged ({:?}); sign out to start afresh", error.classify()))
        })
    }

    /// Whose a blob says that it is. Schema 1 did not say.
    pub(crate) fn read_owner(bytes: &[u8]) -> Option<Owner> {
        serde_json::from_slice::<Header>(bytes).ok()?.owner
    }

    /// Whether there is anything worth a place in the store.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
            && self.completed.is_empty()
            && self.signed_in.is_none()
            && self.ended.is_none()
            && self.identity.is_none()
    }
}

/// Who is signed in, for those whose work is for one sign-in only.
impl StoredSession {
    /// Of all that ends by itself.
    pub(crate) fn lives(&self) -> Vec<Life> {
        let Some(signed_in) = &self.signed_in else { return Vec::new() };
        let tokens = &signed_in.tokens;
        let credentials = signed_in.credentials.as_ref().map(AwsCredentials::life);
        [tokens.id_token_life(), tokens.access_token_life()].into_iter().chain(credentials).collect()
    }

    pub(crate) fn require_signed_in(&self) -> Result<&SignedIn, SessionError> {
        self.signed_in.as_ref().ok_or_else(|| match &self.ended {
            Some(ended) => SessionError::SignInRequired { reason: ended.reason.clone() },
            None => SessionError::signed_out(),
        })
    }

    /// What a renewal gets whose sign-in is no longer the stored one.
    pub(crate) fn came_too_late(&self) -> SessionError {
        match self.require_signed_in() {
            Err(error) => error,
            Ok(_) => SessionError::Retryable { failure: SIGNED_IN_MEANWHILE.to_owned(), retry_after: None },
        }
    }
}

/// Single-use tokens that are being spent.
impl StoredSession {
    /// Gives the one before, whose answer was lost.
    pub(crate) fn begin_attempt(&mut self, attempt: Attempt) -> Option<Attempt> {
        let before = self.attempts.iter().copied().find(|before| before.spends == attempt.spends);
        self.end_attempt(attempt.spends);
        self.attempts.push(attempt);
        before
    }

    /// Its answer is there, or nobody waits for it any more.
    pub(crate) fn end_attempt(&mut self, spends: Spends) {
        self.attempts.retain(|attempt| attempt.spends != spends);
    }
}

/// Open sign-ins, and the memory of finished ones.
impl StoredSession {
    /// Adds a sign-in, and lets go of expired and surplus ones, but of none that is `in_use`: a code of theirs is being
    /// exchanged at this moment.
    pub(crate) fn add_pending(&mut self, pending: PendingAuthorization, unix_now: i64, in_use: &[SecretString]) {
        let is_in_use = |pending: &PendingAuthorization| pending.is_of(in_use);
        self.pending.retain(|other| other.expires_at > unix_now || is_in_use(other));
        while self.pending.len() >= MOST_PENDING {
            let Some(oldest) = self.pending.iter().position(|other| !is_in_use(other)) else { break };
            self.pending.remove(oldest);
        }
        self.pending.push(pending);
    }

    pub(crate) fn find_pending(&self, state: &SecretString) -> Option<&PendingAuthorization> {
        self.pending.iter().find(|pending| pending.has_state(state))
    }

    /// The server's keys have come while the browser is open: whoever finishes the sign-in need not ask for them.
    pub(crate) fn keep_keys(&mut self, state: &SecretString, keys: KeySet) {
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.has_state(state)) {
            pending.provider.keys = keys;
        }
    }

    /// The sign-in came to a good end.
    pub(crate) fn complete_pending(&mut self, state: &SecretString) {
        self.forget_pending(state);
        let surplus = (self.completed.len() + 1).saturating_sub(MOST_COMPLETED);
        self.completed.drain(..surplus);
        self.completed.push(CompletedLogin::of(state));
    }

    /// The sign-in was definitely refused.
    pub(crate) fn forget_pending(&mut self, state: &SecretString) {
        self.pending.retain(|pending| !pending.has_state(state));
    }

    pub(crate) fn was_completed(&self, state: &SecretString) -> bool {
        self.completed.iter().any(|completed| completed.is(state))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    /// As version 0.1 wrote it, and as this one does. Never edit them: sessions of users out there look like this.
    pub(crate) const SCHEMA_1: &str = include_str!("../../../tests-data/session/schema-1.json");
    const SCHEMA_2: &str = include_str!("../../../tests-data/session/schema-2.json");
    /// The same with what the configuration says.
    const SCHEMA_2_SETTINGS: &str = include_str!("../../../tests-data/session/schema-2-settings.json");
    /// The same while a refresh token is being spent.
    const SCHEMA_2_ATTEMPT: &str = include_str!("../../../tests-data/session/schema-2-attempt.json");

    const CONFIGURATION: &str = "d39979567891dfb9b2d096232ae60cf78c363b913247ca27478375ba49591b0d";

    pub(crate) fn owner() -> Owner {
        Owner { account: "default".to_owned(), configuration: CONFIGURATION.to_owned(), settings: None }
    }

    fn refusal(bytes: &[u8]) -> String {
        match StoredSession::from_bytes(bytes, &owner()) {
            Err(SessionError::SecureStorage { detail, .. }) => detail,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("accepted"),
        }
    }

    #[test]
    fn a_session_that_an_older_version_wrote_is_read_whole() {
        for (text, completed) in [(SCHEMA_1, 1), (SCHEMA_2, 2), (SCHEMA_2_ATTEMPT, 2), (SCHEMA_2_SETTINGS, 2)] {
            let persisted = StoredSession::from_bytes(text.as_bytes(), &owner()).unwrap();
            let signed_in = persisted.signed_in.as_ref().unwrap();
            assert_eq!(signed_in.user.email.as_deref(), Some("alice@example.com"));
            assert_eq!(signed_in.issuer, "https://dev-1.okta.com/oauth2/default");
            assert_eq!(signed_in.tokens.refresh_token.as_ref().unwrap().expose_secret(), "stored-refresh-token");
            assert_eq!(signed_in.credentials.as_ref().unwrap().access_key_id(), "ASIASTOREDKEYID00000");
            assert_eq!(persisted.identity.as_ref().unwrap().id(), "us-west-2:11111111-2222-3333-4444-555555555555");
            assert!(persisted.find_pending(&"stored-state".into()).is_some());
            assert!(persisted.was_completed(&"completed-state".into()));
            assert_eq!(persisted.completed.len(), completed);
        }
    }

    #[test]
    fn nothing_of_a_session_is_dropped_on_the_way_back() {
        let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        let written = |text: &str| {
            let owner = StoredSession::read_owner(text.as_bytes()).unwrap_or_else(owner);
            json(&StoredSession::from_bytes(text.as_bytes(), &owner).unwrap().to_bytes(&owner).unwrap())
        };
        for text in [SCHEMA_2, SCHEMA_2_ATTEMPT, SCHEMA_2_SETTINGS] {
            assert_eq!(written(text), json(text.as_bytes()));
        }
        // What schema 2 has more.
        let mut upgraded = json(SCHEMA_1.as_bytes());
        upgraded["schema"] = 2.into();
        upgraded["owner"] = serde_json::to_value(owner()).unwrap();
        upgraded["completed"] = serde_json::json!([upgraded["completed"]]);
        upgraded["signed_in"]["tokens"]["obtained_at"] = serde_json::Value::Null;
        upgraded["signed_in"]["credentials"]["obtained_at"] = serde_json::Value::Null;
        for pending in upgraded["pending"].as_array_mut().unwrap() {
            pending["max_age"] = serde_json::Value::Null;
            pending["provider"]["metadata"]["pushed_authorization_request_endpoint"] = serde_json::Value::Null;
            pending["provider"]["metadata"]["require_pushed_authorization_requests"] = false.into();
        }
        assert_eq!(written(SCHEMA_1), upgraded);
    }

    #[test]
    fn an_attempt_ends_by_itself_alone_and_there_is_one_of_each_kind() {
        let mut session = StoredSession::from_bytes(SCHEMA_2_ATTEMPT.as_bytes(), &owner()).unwrap();
        assert_eq!(session.attempts, [Attempt { spends: Spends::RefreshToken, began_at: 1_800_000_000 }]);
        assert_eq!(session.begin_attempt(Attempt { spends: Spends::Code, began_at: 1 }), None);
        let before = session.begin_attempt(Attempt { spends: Spends::RefreshToken, began_at: 2 });
        assert_eq!(before, Some(Attempt { spends: Spends::RefreshToken, began_at: 1_800_000_000 }));
        session.end_attempt(Spends::Code);
        assert_eq!(session.attempts, [Attempt { spends: Spends::RefreshToken, began_at: 2 }]);
    }

    #[test]
    fn a_refresh_names_the_whole_granted_scope_or_none() {
        let scopes = |text: &str| {
            let session = StoredSession::from_bytes(text.as_bytes(), &owner()).unwrap();
            session.signed_in.unwrap().tokens.scopes_to_refresh().to_vec()
        };
        // Earlier versions left `offline_access` out of what they stored: they named a part.
        assert!(scopes(SCHEMA_1).is_empty() && scopes(SCHEMA_2).is_empty());
        assert_eq!(scopes(SCHEMA_2_ATTEMPT), ["openid", "profile", "email", "offline_access"]);
    }

    #[test]
    fn a_newer_version_s_session_is_reported_and_a_damaged_one_too() {
        assert!(refusal(br#"{"schema":3,"future":true}"#).contains("newer version"));
        for damaged in [&b""[..], b"{}", b"null", b"{\"schema\":1,\"signed_in\":7}", b"\xff"] {
            assert!(refusal(damaged).contains("damaged"), "{damaged:?}");
        }
    }

    #[test]
    fn another_account_s_or_configuration_s_session_is_refused_even_if_the_store_hands_it_out() {
        for (found, other) in [("\"default\"", "\"work\""), (CONFIGURATION, &CONFIGURATION.replace('1', "2"))] {
            let text = SCHEMA_2.replacen(found, other, 1);
            assert_ne!(text, SCHEMA_2);
            assert!(refusal(text.as_bytes()).contains("another account"), "{other}");
        }
        // Only the first version may leave it out.
        assert!(refusal(br#"{"schema":2}"#).contains("another account"));
    }

    #[test]
    fn the_empty_session_needs_no_place() {
        assert!(StoredSession::default().is_empty());
        assert!(!StoredSession::from_bytes(SCHEMA_1.as_bytes(), &owner()).unwrap().is_empty());
    }
}
