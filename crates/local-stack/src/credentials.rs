//! The temporary credentials that Cognito and STS handed out, so that a signature can be checked against them. Stands
//! between those that issue and every service that takes signed requests.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

use crate::random_ids::{random_bytes, random_string};
use crate::shared::Shared;

/// How many are remembered; the oldest go first. Far more than a run needs, so that a loop of sign-ins stays bounded.
const CAPACITY: usize = 4096;

/// One set of credentials as STS gives them, with what they stand for.
pub(crate) struct TemporaryCredentials {
    /// 20 characters, begins with `ASIA`.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: String,
    /// Opaque. In base64 with `+`, `/` and `=`, as real ones are: a client that does not encode it in a query fails.
    pub session_token: String,
    /// Seconds since the Unix epoch on the stack's clock.
    pub expires_at: i64,
    /// The Cognito identity they belong to; empty if no pool had a part in it.
    pub identity_id: String,
    /// The role that was assumed.
    pub role_arn: String,
    /// What else the role's policies may ask about.
    pub session: SessionFacts,
}

/// Who vouches for the identities of pools: the principal of trust policies, and the prefix of their condition keys.
pub(crate) const COGNITO: &str = "cognito-identity.amazonaws.com";
/// The name of every session that Cognito begins.
pub(crate) const SESSION_NAME: &str = "CognitoIdentityCredentials";

/// What is known of a role's session beside the identity, for conditions and variables of policies.
#[derive(Debug, Clone)]
pub(crate) struct SessionFacts {
    /// The last part of the session's ARN.
    pub name: String,
    /// Who vouched for its user: Cognito, or a provider's ARN.
    pub federated_provider: String,
    /// What the provider said, as condition keys.
    pub provider_keys: Vec<(String, Vec<String>)>,
    /// Session tags, from the claims of the token.
    pub tags: BTreeMap<String, String>,
    /// The keys of those that would go along into a session of another role.
    pub transitive_tag_keys: Vec<String>,
    /// Who the provider says it is all done for.
    pub source_identity: Option<String>,
    /// The `amr` of Cognito: signed in or not, and where.
    pub authentication_methods: Vec<String>,
}

impl Default for SessionFacts {
    fn default() -> Self {
        Self {
            name: SESSION_NAME.to_owned(),
            federated_provider: COGNITO.to_owned(),
            provider_keys: Vec::new(),
            tags: BTreeMap::new(),
            transitive_tag_keys: Vec::new(),
            source_identity: None,
            authentication_methods: Vec::new(),
        }
    }
}

impl SessionFacts {
    /// A session of an identity of a pool.
    pub(crate) fn of_pool(pool_id: &str, identity_id: &str, authentication_methods: Vec<String>) -> Self {
        let one = |value: &str| vec![value.to_owned()];
        let keys = [("aud", one(pool_id)), ("sub", one(identity_id)), ("amr", authentication_methods.clone())];
        let provider_keys = keys.map(|(name, values)| (format!("{COGNITO}:{name}"), values)).into();
        Self { provider_keys, authentication_methods, ..Self::default() }
    }
}

impl TemporaryCredentials {
    /// Compares in constant time, so that a token cannot be guessed byte by byte.
    pub(crate) fn has_session_token(&self, presented: &str) -> bool {
        self.session_token.as_bytes().ct_eq(presented.as_bytes()).into()
    }

    /// The caller as IAM names it in an AccessDenied message.
    pub(crate) fn assumed_role_arn(&self) -> String {
        // A role's path is not in it.
        let (account, role) = self.role_arn.split_once(":role/").unwrap_or((&self.role_arn, ""));
        let name = role.rsplit('/').next().unwrap_or_default();
        format!("{}:assumed-role/{name}/{}", account.replacen(":iam:", ":sts:", 1), self.session.name)
    }
}

impl std::fmt::Debug for TemporaryCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TemporaryCredentials")
            .field("access_key_id", &self.access_key_id)
            .field("expires_at", &self.expires_at)
            .field("identity_id", &self.identity_id)
            .finish_non_exhaustive()
    }
}

/// Issues credentials and finds them again by access key id.
pub(crate) struct CredentialRegistry {
    shared: Arc<Shared>,
    issued: Mutex<Issued>,
}

#[derive(Default)]
struct Issued {
    by_access_key_id: HashMap<String, Arc<TemporaryCredentials>>,
    oldest_first: VecDeque<String>,
}

impl CredentialRegistry {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, issued: Mutex::default() }
    }

    /// New credentials for `identity_id` in `role_arn`, valid for the configured lifetime from now.
    pub(crate) fn issue(&self, identity_id: &str, role_arn: &str, session: SessionFacts) -> Arc<TemporaryCredentials> {
        self.issue_for(self.shared.options.credentials_lifetime, identity_id, role_arn, session)
    }

    /// As [`issue`](Self::issue), valid for `lifetime`.
    pub(crate) fn issue_for(
        &self,
        lifetime: Duration,
        identity_id: &str,
        role_arn: &str,
        session: SessionFacts,
    ) -> Arc<TemporaryCredentials> {
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let credentials = TemporaryCredentials {
            access_key_id: format!("ASIA{}", random_string(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
            secret_access_key: STANDARD.encode(random_bytes::<30>()),
            session_token: STANDARD.encode(random_bytes::<400>()),
            expires_at: self.shared.clock.unix_now().saturating_add(lifetime),
            identity_id: identity_id.to_owned(),
            role_arn: role_arn.to_owned(),
            session,
        };
        self.insert(credentials)
    }

    pub(crate) fn insert(&self, credentials: TemporaryCredentials) -> Arc<TemporaryCredentials> {
        // The access key id is a name, not a secret: it may appear in logs.
        self.shared.issued.record(&credentials.secret_access_key);
        self.shared.issued.record(&credentials.session_token);
        let credentials = Arc::new(credentials);
        let mut issued = self.lock();
        if issued.oldest_first.len() >= CAPACITY
            && let Some(oldest) = issued.oldest_first.pop_front()
        {
            issued.by_access_key_id.remove(&oldest);
        }
        issued.oldest_first.push_back(credentials.access_key_id.clone());
        issued.by_access_key_id.insert(credentials.access_key_id.clone(), Arc::clone(&credentials));
        credentials
    }

    /// What was issued under this access key id, expired or not.
    pub(crate) fn find(&self, access_key_id: &str) -> Option<Arc<TemporaryCredentials>> {
        self.lock().by_access_key_id.get(access_key_id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Issued> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for CredentialRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CredentialRegistry({})", self.lock().oldest_first.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    const ROLE: &str = "arn:aws:iam::123456789012:role/Reader";

    fn registry() -> CredentialRegistry {
        CredentialRegistry::new(Arc::new(Shared::new(Options::default())))
    }

    #[test]
    fn issued_credentials_have_the_shape_of_real_ones_and_are_found_again() {
        let registry = registry();
        let credentials = registry.issue("us-west-2:id", ROLE, SessionFacts::default());
        assert!(credentials.access_key_id.starts_with("ASIA"));
        assert_eq!(credentials.access_key_id.len(), 20);
        assert_eq!(credentials.secret_access_key.len(), 40);
        assert_eq!(credentials.expires_at, registry.shared.clock.unix_now() + 3600);
        let found = registry.find(&credentials.access_key_id).unwrap();
        assert!(found.has_session_token(&credentials.session_token));
        assert!(!found.has_session_token(&credentials.session_token[1..]));
        assert!(registry.find("ASIAUNKNOWN").is_none());
        assert_eq!(
            found.assumed_role_arn(),
            "arn:aws:sts::123456789012:assumed-role/Reader/CognitoIdentityCredentials"
        );
    }

    #[test]
    fn secrets_are_recorded_for_the_leak_test_and_absent_from_debug() {
        let registry = registry();
        let credentials = registry.issue("us-west-2:id", ROLE, SessionFacts::default());
        let issued = registry.shared.issued.all();
        assert!(issued.contains(&credentials.secret_access_key) && issued.contains(&credentials.session_token));
        let shown = format!("{registry:?} {credentials:?}");
        assert!(!issued.iter().any(|secret| shown.contains(secret)));
    }

    #[test]
    fn the_oldest_make_room() {
        let registry = registry();
        let first = registry.issue("us-west-2:id", ROLE, SessionFacts::default());
        for _ in 0..CAPACITY {
            registry.issue("us-west-2:id", ROLE, SessionFacts::default());
        }
        assert!(registry.find(&first.access_key_id).is_none());
        assert_eq!(registry.lock().by_access_key_id.len(), CAPACITY);
    }
}
