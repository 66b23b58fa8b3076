//! What Cognito's refusals mean where the table alone does not decide.

use super::answer::Refusal;
use super::denier::{denied, fix_of_policy};
use super::evidence::Evidence;
use super::session_tags::{LONGEST_TAG, TAG_PUNCTUATION};
use crate::error::SessionError;

/// As the Cognito console calls it (Identity pools > the pool > User access > Authenticated access).
pub(super) const ROLE: &str = "the pool's authenticated role";

/// A token's time is up, and Okta issued it a moment ago: the services' clocks disagree. Another sign-in would bring the
/// same, so it is not asked for.
pub(crate) fn fresh_id_token_expired() -> SessionError {
    SessionError::Retryable {
        failure: "Cognito finds an ID token expired that Okta issued a moment ago: their clocks disagree".to_owned(),
        retry_after: None,
    }
}

/// `GetCredentialsForIdentity` says the same whether the role does not let Cognito have it, or one user's claim cannot be a
/// session tag ("Thrown if the identity pool has no role associated for the given auth type (auth/unauth) or if the
/// AssumeRole fails", API reference). The ID token tells which of them is worth a look first.
pub(super) fn no_role(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let trust = "Give the pool an authenticated role whose trust policy allows sts:AssumeRoleWithWebIdentity (and \
                 sts:TagSession with attributes for access control) to {pool_issuer}, with {pool_issuer}:aud = \
                 {identity_pool_id} and amr = authenticated. The role trusts Cognito, not Okta.";
    let (problem, hint) = if evidence.untaggable_claims.is_empty() {
        ("Cognito cannot assume a role for identity pool {identity_pool_id}".to_owned(), trust.to_owned())
    } else {
        let claims = evidence.untaggable_claims.join(", ");
        (
            format!(
                "Cognito cannot assume a role for this user; the ID token has values that cannot be session tags ({claims})"
            ),
            format!(
                "A value that the pool maps to a principal tag (attributes for access control) may have letters, digits, \
                 spaces and {TAG_PUNCTUATION} only, {LONGEST_TAG} characters at most. Change the value in Okta, or take \
                 the claim out of the mapping: {claims}. If the pool maps none of them, or refuses everybody: {trust}"
            ),
        )
    };
    SessionError::Misconfigured {
        setting: ROLE.to_owned(),
        problem: format!("{} ({})", evidence.fill(&problem), refusal.said()),
        hint: evidence.fill(&hint),
    }
}

/// Nobody signs what Cognito is asked ("User: anonymous"): what denies it is a policy of the organization or of a VPC endpoint.
pub(super) fn access_denied(refusal: &Refusal, _: &Evidence) -> SessionError {
    let says = refusal.words().map(|words| format!(" Cognito says: {words}")).unwrap_or_default();
    let fix = fix_of_policy(refusal).unwrap_or_else(|| {
        "A policy of AWS forbids this call: ask who runs the AWS organization about its resource control policies for \
         Cognito (AWS Organizations console > Policies)."
            .to_owned()
    });
    denied(refusal, format!("{fix}{says}"))
}
