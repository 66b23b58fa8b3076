//! What a template comes to, as far as the stack enforces it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::Issuer;
use super::api::HttpApi;
use crate::iam::Policy;
use crate::random_ids::format_uuid;

/// `MaxSessionDuration` of a role that does not say: "the default value of one hour" (CreateRole, IAM API reference).
pub(crate) const DEFAULT_SESSION_SECONDS: u32 = 3600;

/// Everything that the services ask.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// Where the stack's Okta has to be. It is what the template says of Okta, which need not be what its identity
    /// provider says: then the two do not fit, and the stack shows how that looks.
    pub(crate) issuer: Issuer,
    pub(crate) client_id: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) pool: Pool,
    /// The OpenID Connect providers that IAM has, of the pool or not.
    pub(crate) account_providers: Vec<AccountProvider>,
    /// By ARN.
    pub(crate) roles: BTreeMap<String, Role>,
    /// The policy of each bucket, by the bucket's name.
    pub(crate) buckets: BTreeMap<String, Option<Policy>>,
    /// Which of them keep versions.
    pub(crate) versioned_buckets: BTreeSet<String>,
    /// Which of them encrypt with the key that KMS manages for S3, not with S3's own.
    pub(crate) kms_buckets: BTreeSet<String>,
    /// The bucket that apps list.
    pub(crate) data_bucket: String,
    /// Where apps begin to list.
    pub(crate) start_prefix: Option<String>,
    /// The one HTTP API, if there is one.
    pub(crate) api: Option<HttpApi>,
    pub(crate) ignored: Vec<String>,
}

/// The identity pool with the roles attached to it.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) id: String,
    pub(crate) allow_guests: bool,
    pub(crate) allow_classic_flow: bool,
    pub(crate) providers: Vec<Provider>,
    /// ARNs of roles.
    pub(crate) authenticated_role: Option<String>,
    pub(crate) guest_role: Option<String>,
}

impl Pool {
    /// The identity of who signs in first with this login. The same at every start, so that a user's folder can be
    /// there before the user is.
    pub(crate) fn identity_id(&self, logins_key: &str, subject: &str) -> String {
        let digest = Sha256::digest(format!("{}\n{logins_key}\n{subject}", self.id));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        let region = self.id.split(':').next().unwrap_or_default();
        format!("{region}:{}", format_uuid(u128::from_be_bytes(bytes)))
    }

    pub(crate) fn provider(&self, logins_key: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.logins_key() == logins_key)
    }
}

/// An OpenID Connect provider of the account, to which STS listens by itself.
#[derive(Debug, Clone)]
pub(crate) struct AccountProvider {
    pub(crate) arn: String,
    /// Compared with `iss` letter for letter.
    pub(crate) issuer: String,
    pub(crate) client_ids: Vec<String>,
}

/// An OpenID Connect provider of the pool.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) arn: String,
    /// Compared with `iss` letter for letter.
    pub(crate) issuer: String,
    pub(crate) client_ids: Vec<String>,
    pub(crate) role_mapping: Option<RoleMapping>,
    /// Tag key and the claim that it is taken from.
    pub(crate) principal_tags: Vec<(String, String)>,
}

impl Provider {
    /// The key of its tokens in `Logins`.
    pub(crate) fn logins_key(&self) -> &str {
        self.issuer.strip_prefix("https://").unwrap_or(&self.issuer)
    }
}

/// Rules that choose a role by the claims of the token; the first that fits counts.
#[derive(Debug)]
pub(crate) struct RoleMapping {
    pub(crate) rules: Vec<RoleRule>,
    pub(crate) fallback: Fallback,
}

/// Whom no rule fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fallback {
    AuthenticatedRole,
    Deny,
}

#[derive(Debug)]
pub(crate) struct RoleRule {
    pub(crate) claim: String,
    pub(crate) match_type: MatchType,
    pub(crate) value: String,
    pub(crate) role_arn: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MatchType {
    Equals,
    NotEqual,
    StartsWith,
    Contains,
}

#[derive(Debug)]
pub(crate) struct Role {
    /// `aws:userid` of a session is this and the session's name.
    pub(crate) id: String,
    pub(crate) trust: Policy,
    pub(crate) policies: Vec<Arc<Policy>>,
    /// Tags of the role itself. Tags of a session replace those of the same name.
    pub(crate) tags: Vec<(String, String)>,
    /// The longest session that STS gives.
    pub(crate) max_session_seconds: u32,
}
