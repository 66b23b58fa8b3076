//! The claims of ID and access tokens as Okta issues them.
//!
//! ID tokens are thin, as Okta's are in the code flow: `email` and the parts of the name come from userinfo only. What
//! a custom authorization server adds is what somebody configured there, "ID Token, Always".

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::grants::Authorization;
use super::scopes::{Scope, Scopes};
use crate::options::DemoUser;
use crate::random_ids::random_text;

/// The id of Okta's own user store, the identity provider that checked the password.
const IDENTITY_PROVIDER: &str = "00ojetbridgelocal05d";
/// The group of which docs/okta.md makes a claim with one value (Okta expression language, "Group functions").
const ADMIN_GROUP: &str = "jetbridge-admins";
/// The default audience of the `default` authorization server's access tokens.
const ACCESS_TOKEN_AUDIENCE: &str = "api://default";

/// What both tokens have in common.
pub(super) struct TokenContext<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub user: &'a DemoUser,
    pub authorization: &'a Authorization,
    pub scopes: &'a Scopes,
    pub now: i64,
    pub id_token_expires_at: i64,
    pub access_token_expires_at: i64,
    /// Whether the authorization server has claims of its own for what access to AWS depends on.
    pub has_access_claims: bool,
    pub department: Option<&'a str>,
}

/// The ID token's claims (OpenID Connect Core section 2). `nonce` is the one to answer with: a refresh has none.
pub(super) fn id_token_claims(context: &TokenContext<'_>, nonce: Option<&str>, access_token: &str) -> Value {
    let mut claims = json!({
        "sub": context.user.id,
        "ver": 1,
        "iss": context.issuer,
        "aud": context.client_id,
        "iat": context.now,
        "exp": context.id_token_expires_at,
        "jti": format!("ID.{}", random_text(32)),
        "amr": ["pwd"],
        "idp": IDENTITY_PROVIDER,
        "auth_time": context.authorization.auth_time,
        "at_hash": hash_access_token(access_token),
    });
    if context.scopes.contains(Scope::Profile) {
        claims["name"] = json!(context.user.name);
        claims["preferred_username"] = json!(context.user.login);
    }
    if context.has_access_claims {
        if let Some(department) = context.department {
            claims["department"] = json!(department);
        }
        claims["groups"] = json!(context.user.groups);
        // isMemberOfGroup("…") ? "admin" : "user"
        let is_admin = context.user.groups.iter().any(|group| group == ADMIN_GROUP);
        claims["jetbridge_role"] = json!(if is_admin { "admin" } else { "user" });
    }
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    claims
}

/// The claims of the custom authorization server's access token.
pub(super) fn access_token_claims(context: &TokenContext<'_>) -> Value {
    json!({
        "ver": 1,
        "jti": format!("AT.{}", random_text(32)),
        "iss": context.issuer,
        "aud": ACCESS_TOKEN_AUDIENCE,
        "iat": context.now,
        "exp": context.access_token_expires_at,
        "cid": context.client_id,
        "uid": context.user.id,
        "scp": context.scopes.names(),
        "auth_time": context.authorization.auth_time,
        "sub": context.user.login,
    })
}

/// `at_hash` (OpenID Connect Core section 3.1.3.6): the left half of the hash that the signature uses.
fn hash_access_token(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(access_token)[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_access_token_hash_is_the_standards_example() {
        // The access token and `at_hash` of OpenID Connect Core, appendix A.3 and A.4.
        assert_eq!(hash_access_token("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
