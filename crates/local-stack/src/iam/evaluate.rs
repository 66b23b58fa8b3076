//! The decision: an explicit deny beats an allow, and what nothing allows is refused. Within one account it is enough
//! that either the caller's role or the bucket's policy allows. Nothing else takes part here: no permissions boundary,
//! no session policy and no policy of an organisation.

use super::context::Context;
use super::policy::{Effect, Policy, Principal, Statement};

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Caller<'a> {
    /// A session of a role.
    Session { role_arn: &'a str, session_arn: &'a str },
    /// Somebody without AWS credentials, for whom this identity provider vouches.
    Federated(&'a str),
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) caller: Caller<'a>,
    /// `s3:ListBucket`, say.
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) context: &'a Context,
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A statement of one of the role's policies denies it.
    DeniedByIdentity,
    /// A statement of the resource's policy denies it.
    DeniedByResource,
    /// No statement allows it.
    NotAllowed,
}

/// Decides a call by the policies of the caller's role and by that of the resource.
pub(crate) fn evaluate<'p>(
    identity: impl IntoIterator<Item = &'p Policy>,
    resource: Option<&Policy>,
    call: &Call<'_>,
) -> Result<(), Refusal> {
    let by_identity = effect_of(identity.into_iter().flat_map(|policy| &policy.statements), false, call);
    let by_resource = effect_of(resource.into_iter().flat_map(|policy| &policy.statements), true, call);
    match (by_identity, by_resource) {
        (_, Some(Effect::Deny)) => Err(Refusal::DeniedByResource),
        (Some(Effect::Deny), _) => Err(Refusal::DeniedByIdentity),
        (Some(Effect::Allow), _) | (_, Some(Effect::Allow)) => Ok(()),
        (None, None) => Err(Refusal::NotAllowed),
    }
}

/// Whether a role's trust policy lets the caller do `call.action` with it.
pub(crate) fn trusts(trust: &Policy, call: &Call<'_>) -> bool {
    effect_of(&trust.statements, true, call) == Some(Effect::Allow)
}

/// What the statements that are about this call come to.
fn effect_of<'p>(
    statements: impl IntoIterator<Item = &'p Statement>,
    has_principals: bool,
    call: &Call<'_>,
) -> Option<Effect> {
    let applying = statements.into_iter().filter(|statement| statement.applies(has_principals, call));
    applying.fold(None, |so_far, statement| match (so_far, statement.effect) {
        (Some(Effect::Deny), _) | (_, Effect::Deny) => Some(Effect::Deny),
        (_, Effect::Allow) => Some(Effect::Allow),
    })
}

impl Statement {
    fn applies(&self, has_principals: bool, call: &Call<'_>) -> bool {
        let action = call.action.to_ascii_lowercase();
        (!has_principals || self.principals.iter().any(|principal| principal.is(call.caller)))
            && self.actions.iter().any(|pattern| pattern.matches(&action, call.context))
            // A trust policy has no resources: its role is the only one it can be about.
            && (self.resources.is_empty()
                || self.resources.iter().any(|pattern| pattern.matches(call.resource, call.context)))
            && self.conditions.iter().all(|condition| condition.holds(call.context))
    }
}

impl Principal {
    fn is(&self, caller: Caller<'_>) -> bool {
        match (self, caller) {
            (Self::Everybody, _) => true,
            (Self::Aws(arn), Caller::Session { role_arn, session_arn }) => arn == role_arn || arn == session_arn,
            (Self::Federated(provider), Caller::Federated(voucher)) => provider == voucher,
            _ => false,
        }
    }
}
