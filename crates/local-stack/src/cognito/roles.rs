//! Which role an identity gets, with which session tags, and whether the role lets Cognito have it. Sources: "Using
//! role-based access control" and "Using attributes for access control", Cognito developer guide.
//!
//! Where the guide is silent, this is the strict reading: of a claim that is a list only `Contains` can be true, by a
//! part of one of its items; a list gives no tag.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::CognitoError;
use super::open_id_token::authentication_methods;
use super::provider::Verified;
use crate::credentials::SessionFacts;
use crate::faults::Fault;
use crate::role_session::{Roles, check_tags};
use crate::shared::Shared;
use crate::template::{Deployment, Fallback, MatchType, RoleMapping, RoleRule};

pub(super) use crate::role_session::{AUTHENTICATED_ROLE, GUEST_ROLE};

/// A role that was assumed.
#[derive(Debug)]
pub(super) struct Assumed {
    pub(super) role_arn: String,
    pub(super) session: SessionFacts,
}

/// Chooses the role of `identity` and assumes it.
pub(super) fn assume(
    shared: &Shared,
    roles: &Roles,
    identity: &str,
    verified: &[Verified],
    custom_role: Option<String>,
) -> Result<Assumed, CognitoError> {
    let methods = authentication_methods(verified.iter().map(|verified| &verified.login));
    let has_role = !shared.faults.holds(Fault::CognitoRoleMissing);
    let role_arn = match shared.deployment() {
        Some(deployment) => choose_role(deployment, has_role, verified, custom_role)?,
        None if verified.is_empty() => only(GUEST_ROLE, custom_role)?,
        None if has_role => only(AUTHENTICATED_ROLE, custom_role)?,
        None => return Err(CognitoError::RolesMisconfigured),
    };
    let tags = session_tags(shared, verified)?;
    let session = SessionFacts { tags, ..SessionFacts::of_pool(&shared.options.identity_pool_id, identity, methods) };
    // The enhanced flow also scopes guests down to a list of services by a session policy. S3 is on it, with all that
    // it does here, so that nothing would come of evaluating it.
    if roles.may_begin(&role_arn, &session) {
        Ok(Assumed { role_arn, session })
    } else {
        Err(CognitoError::RolesMisconfigured)
    }
}

fn choose_role(
    deployment: &Deployment,
    has_role: bool,
    verified: &[Verified],
    custom_role: Option<String>,
) -> Result<String, CognitoError> {
    let pool = &deployment.pool;
    let attached = |role: Option<&String>| role.cloned().ok_or(CognitoError::RolesMisconfigured);
    let authenticated = || attached(pool.authenticated_role.as_ref().filter(|_| has_role));
    if verified.is_empty() {
        return only(&attached(pool.guest_role.as_ref())?, custom_role);
    }
    let mapped = verified.iter().find_map(|verified| {
        let mapping = pool.provider(&verified.login.provider)?.role_mapping.as_ref()?;
        Some((mapping, verified))
    });
    let Some((RoleMapping { rules, fallback }, Verified { login, claims })) = mapped else {
        return only(&authenticated()?, custom_role);
    };
    let mut fitting = rules.iter().filter(|rule| fits(rule, claims.get(&rule.claim))).map(|rule| &rule.role_arn);
    match (custom_role, fallback) {
        // Any role of a rule that fits may be asked for; without asking, the first is meant.
        (Some(asked), _) if fitting.clone().any(|role| *role == asked) => Ok(asked),
        (custom_role, fallback) => match (fitting.next(), fallback) {
            (Some(first), _) => only(first, custom_role),
            (None, Fallback::AuthenticatedRole) => only(&authenticated()?, custom_role),
            (None, Fallback::Deny) => Err(CognitoError::RoleRulesDenied(login.provider.clone())),
        },
    }
}

/// The role, unless another one was asked for.
fn only(role: &str, custom_role: Option<String>) -> Result<String, CognitoError> {
    match custom_role {
        Some(asked) if asked != role => Err(CognitoError::RoleForbidden(asked)),
        _ => Ok(role.to_owned()),
    }
}

/// A claim that is absent fits no rule, `NotEqual` included.
fn fits(rule: &RoleRule, claim: Option<&Value>) -> bool {
    let wanted = rule.value.as_str();
    match (rule.match_type, claim) {
        (MatchType::Contains, Some(Value::Array(items))) => {
            items.iter().filter_map(Value::as_str).any(|item| item.contains(wanted))
        }
        (match_type, Some(claim)) => claim_text(claim).is_some_and(|claim| match match_type {
            MatchType::Equals => claim == wanted,
            MatchType::NotEqual => claim != wanted,
            MatchType::StartsWith => claim.starts_with(wanted),
            MatchType::Contains => claim.contains(wanted),
        }),
        (_, None) => false,
    }
}

fn claim_text(claim: &Value) -> Option<String> {
    match claim {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(claim.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The claims that the pool maps to tags. One that is missing gives no tag. A stack without a template maps none, unless it is
/// asked what can go wrong then.
fn session_tags(shared: &Shared, verified: &[Verified]) -> Result<BTreeMap<String, String>, CognitoError> {
    let built_in = [("department".to_owned(), "department".to_owned())];
    let mut tags = BTreeMap::new();
    for Verified { login, claims } in verified {
        let mapped: &[_] = match shared.deployment() {
            Some(deployment) => deployment.pool.provider(&login.provider).map_or(&[], |known| &known.principal_tags),
            None if shared.maps_department() => &built_in,
            None => &[],
        };
        let found = mapped.iter().filter_map(|(key, claim)| Some((key.clone(), claim_text(claims.get(claim)?)?)));
        tags.extend(found);
    }
    // STS refuses such tags, and with them the whole session.
    check_tags(&tags).map(|_| tags).map_err(|_| CognitoError::RolesMisconfigured)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::login::Login;
    use super::*;
    use crate::options::Options;
    use crate::template::Template;

    const GUEST: &str = include_str!("../../../../tests/e2e/template/infra-guest.template.json");
    const ADMIN: &str = include_str!("../../../../tests/e2e/template/infra-admin.template.json");
    const ROLE: &str = "AuthenticatedRole86104F1A";
    const IDENTITY: &str = "us-west-2:00000000-0000-4000-8000-000000000000";

    fn template(text: &str, change: impl FnOnce(&mut Value)) -> Template {
        let mut document: Value = serde_json::from_str(text).unwrap();
        change(&mut document["Resources"]);
        Template::parse(&document.to_string(), "Stack").unwrap()
    }

    fn signed_in(claims: Value) -> Vec<Verified> {
        let login = Login { provider: "dev-12345678.okta.com/oauth2/default".to_owned(), subject: "00u".to_owned() };
        vec![Verified { login, claims }]
    }

    fn assume_in(
        template: &Template,
        verified: &[Verified],
        custom_role: Option<String>,
    ) -> Result<Assumed, CognitoError> {
        let options = Options { template: Some(template.clone()), ..Options::default() };
        let shared = Arc::new(Shared::new(options));
        assume(&shared, &Roles::new(Arc::clone(&shared)), IDENTITY, verified, custom_role)
    }

    /// The name of the role in the template, or the error.
    fn role(template: &Template, verified: &[Verified], custom_role: Option<&str>) -> Result<String, CognitoError> {
        let deployment = template.deployment();
        let arn = custom_role.map(|name| {
            deployment.roles.keys().find(|arn| arn.contains(name)).map_or_else(|| name.to_owned(), Clone::clone)
        });
        assume_in(template, verified, arn).map(|assumed| {
            let name = assumed.role_arn.split('-').nth(1).and_then(|name| name.split_once("Role"));
            format!("{}Role", name.unwrap_or_default().0)
        })
    }

    /// The rule of the admin template, changed.
    fn rules(match_type: &str, value: &str, ambiguous: &str) -> Template {
        template(ADMIN, |resources| {
            let mapping =
                &mut resources["IdentityPoolDefaultRoleAttachmentD81AFC39"]["Properties"]["RoleMappings"]["okta"];
            mapping["AmbiguousRoleResolution"] = json!(ambiguous);
            let rule = &mut mapping["RulesConfiguration"]["Rules"][0];
            (rule["Claim"], rule["MatchType"], rule["Value"]) = (json!("groups"), json!(match_type), json!(value));
        })
    }

    #[test]
    fn a_rule_that_fits_gives_its_role_and_everybody_else_gets_the_pool_s() {
        for (match_type, value, claim, fits) in [
            ("Contains", "jetbridge-admins", json!(["Everyone", "jetbridge-admins"]), true),
            ("Contains", "jetbridge-admins", json!(["Everyone"]), false),
            ("Contains", "admin", json!("jetbridge-admins"), true),
            ("Contains", "jetbridge-admins", Value::Null, false),
            ("Equals", "admins", json!("admins"), true),
            ("Equals", "admins", json!("Admins"), false),
            ("Equals", "admins", json!(["admins"]), false),
            ("Equals", "true", json!(true), true),
            ("StartsWith", "jet", json!("jetbridge"), true),
            ("StartsWith", "jet", json!("a jet"), false),
            ("NotEqual", "guest", json!("admins"), true),
            ("NotEqual", "guest", json!("guest"), false),
            ("NotEqual", "guest", json!(["admins"]), false),
        ] {
            let verified = signed_in(json!({ "groups": claim }));
            let expected = if fits { "AdminRole" } else { "AuthenticatedRole" };
            let found = role(&rules(match_type, value, "AuthenticatedRole"), &verified, None);
            assert_eq!(
                found.as_deref(),
                Ok(expected),
                "{match_type} {value} {verified:?}",
                verified = verified[0].claims
            );
            let denied = role(&rules(match_type, value, "Deny"), &verified, None);
            assert_eq!(denied.is_ok(), fits, "{match_type} {value}");
            assert!(
                fits || denied == Err(CognitoError::RoleRulesDenied("dev-12345678.okta.com/oauth2/default".to_owned()))
            );
        }
        // A claim that is absent is no claim that differs.
        let without = role(&rules("NotEqual", "guest", "AuthenticatedRole"), &signed_in(json!({})), None);
        assert_eq!(without.as_deref(), Ok("AuthenticatedRole"));
    }

    #[test]
    fn a_role_may_be_asked_for_only_where_the_pool_would_give_it() {
        let admin = template(ADMIN, |_| {});
        let bob = signed_in(json!({ "jetbridge_role": "admin" }));
        let alice = signed_in(json!({ "jetbridge_role": "user" }));
        assert_eq!(role(&admin, &bob, Some("AdminRole")).as_deref(), Ok("AdminRole"));
        assert_eq!(role(&admin, &alice, Some("AuthenticatedRole")).as_deref(), Ok("AuthenticatedRole"));
        for (verified, asked) in [(&alice, "AdminRole"), (&bob, "AuthenticatedRole"), (&bob, "arn:aws:iam::1:role/x")] {
            assert!(matches!(role(&admin, verified, Some(asked)), Err(CognitoError::RoleForbidden(_))), "{asked}");
        }
        let guest = template(GUEST, |_| {});
        assert_eq!(role(&guest, &[], None).as_deref(), Ok("GuestRole"));
        assert!(matches!(role(&guest, &[], Some("AuthenticatedRole")), Err(CognitoError::RoleForbidden(_))));
    }

    #[test]
    fn a_role_that_does_not_trust_the_pool_is_a_wrong_configuration() {
        type Change = fn(&mut Value);
        let statement = |change: Change| {
            template(GUEST, move |resources| {
                change(&mut resources[ROLE]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]);
            })
        };
        let (plain, tagged) = (signed_in(json!({})), signed_in(json!({ "department": "research" })));
        let changes: [Change; 5] = [
            |s| s["Condition"]["StringEquals"]["cognito-identity.amazonaws.com:aud"] = json!("us-west-2:other"),
            |s| s["Condition"]["ForAnyValue:StringLike"] = json!({ "cognito-identity.amazonaws.com:amr": "un*" }),
            |s| s["Principal"]["Federated"] = json!({ "Ref": "OktaProviderD88D9C1B" }),
            |s| s["Action"] = json!("sts:AssumeRole"),
            |s| s["Effect"] = json!("Deny"),
        ];
        for change in changes {
            assert_eq!(role(&statement(change), &plain, None), Err(CognitoError::RolesMisconfigured));
        }
        // Tags need a permission of their own, and only they do.
        let untagged = statement(|s| s["Action"] = json!("sts:AssumeRoleWithWebIdentity"));
        assert_eq!(role(&untagged, &plain, None).as_deref(), Ok("AuthenticatedRole"));
        assert_eq!(role(&untagged, &tagged, None), Err(CognitoError::RolesMisconfigured));
        // The trust policy may look at the tags.
        let only_research = statement(|s| {
            s["Condition"]["StringEquals"]["aws:RequestTag/department"] = json!("research");
        });
        assert!(role(&only_research, &tagged, None).is_ok());
        assert!(role(&only_research, &signed_in(json!({ "department": "sales" })), None).is_err());
    }

    #[test]
    fn claims_become_tags_as_far_as_sts_takes_them() {
        let guest = template(GUEST, |_| {});
        let tags = |department: Value| {
            let verified = signed_in(json!({ "department": department, "groups": ["a"], "name": "Alice" }));
            assume_in(&guest, &verified, None).map(|assumed| assumed.session.tags)
        };
        let one = |value: &str| Ok(BTreeMap::from([("department".to_owned(), value.to_owned())]));
        assert_eq!(tags(json!("research")), one("research"));
        assert_eq!(tags(json!(7)), one("7"));
        assert_eq!(tags(json!("a".repeat(256))), one(&"a".repeat(256)));
        assert_eq!(tags(json!(["research"])), Ok(BTreeMap::new()));
        assert_eq!(tags(Value::Null), Ok(BTreeMap::new()));
        for refused in ["R&D", "*", &"a".repeat(257), &"é".repeat(231)] {
            assert_eq!(tags(json!(refused)), Err(CognitoError::RolesMisconfigured), "{refused}");
        }
        let methods = assume_in(&guest, &signed_in(json!({})), None).unwrap();
        assert_eq!(
            methods.session.authentication_methods[..2],
            ["authenticated", "dev-12345678.okta.com/oauth2/default"]
        );
    }

    #[test]
    fn a_pool_without_a_role_for_somebody_is_a_wrong_configuration() {
        let demo = template(GUEST, |resources| {
            resources["IdentityPoolDefaultRoleAttachmentD81AFC39"]["Properties"]["Roles"] = json!({});
        });
        assert_eq!(role(&demo, &[], None), Err(CognitoError::RolesMisconfigured));
        assert_eq!(role(&demo, &signed_in(json!({})), None), Err(CognitoError::RolesMisconfigured));
    }
}
