//! Sessions of roles, on which Cognito, STS and every service that takes signed requests agree: who may begin one, with
//! which tags, and what policies can ask about it later. Without a template there are two roles, and they are here too.
//!
//! Sources: "IAM and AWS STS condition context keys" and "Passing session tags in AWS STS", IAM user guide (awsdocs, 2022).

mod wrong_trust;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::credentials::{COGNITO, SessionFacts, TemporaryCredentials};
use crate::iam::{self, Call, Caller, Context, Policy, PolicyKind, trusts};
use crate::shared::Shared;
use crate::template::{DEFAULT_SESSION_SECONDS, Role, is_taggable};

/// The account of a stack without a template.
const ACCOUNT: &str = "123456789012";
/// The roles of a stack without a template. The first is for whoever signed in.
pub(crate) const AUTHENTICATED_ROLE: &str = "arn:aws:iam::123456789012:role/JetbridgeAuthenticated";
pub(crate) const GUEST_ROLE: &str = "arn:aws:iam::123456789012:role/JetbridgeGuest";
/// The id of the API of a stack without a template.
pub(crate) const API_ID: &str = "jetbridge0";

/// "You pass more than 50 session tags", and the next two of that list ("Session tagging operations").
const MAX_TAGS: usize = 50;
const MAX_TAG_KEY: usize = 128;
const MAX_TAG_VALUE: usize = 256;
/// The most bytes that the values of all session tags may have together: what Cognito's guide says of its own. STS packs
/// tags "into a packed binary format that has a separate limit" and tells nobody which, so that this stands for it.
const MAX_TAG_BYTES: usize = 460;

/// Why a session cannot have these tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagFault {
    /// This key, its value, or their number breaks a rule.
    Malformed { key: String },
    /// How much of what fits they would take, in per cent.
    TooLarge { percent: usize },
}

/// Checks the tags of a session, and says how much of what fits they take, in per cent.
pub(crate) fn check_tags(tags: &BTreeMap<String, String>) -> Result<usize, TagFault> {
    // "Rules for tagging in IAM and AWS STS": no key begins with `aws:`, and keys that differ by case alone are the same.
    let is_within = |text: &str, bounds: std::ops::RangeInclusive<usize>| {
        bounds.contains(&text.chars().count()) && text.chars().all(is_taggable)
    };
    let mut seen = BTreeSet::new();
    for (key, value) in tags {
        let lower = key.to_lowercase();
        let fits = is_within(key, 1..=MAX_TAG_KEY) && is_within(value, 0..=MAX_TAG_VALUE) && !lower.starts_with("aws:");
        if !fits || !seen.insert(lower) || seen.len() > MAX_TAGS {
            return Err(TagFault::Malformed { key: key.clone() });
        }
    }
    match (tags.values().map(String::len).sum::<usize>() * 100).div_ceil(MAX_TAG_BYTES) {
        percent @ 0..=100 => Ok(percent),
        percent => Err(TagFault::TooLarge { percent }),
    }
}

/// Whether a role's trust policy lets whoever vouches for this session begin it. Tags and a source identity need a
/// permission of their own each ("Permissions required to add session tags"; "Permissions required to set a source
/// identity").
fn may_begin(trust: &Policy, role_arn: &str, session: &SessionFacts, region: &str) -> bool {
    let mut context = with_provider_keys(Context::default(), session)
        .with("aws:SecureTransport", "true")
        .with("aws:RequestedRegion", region)
        .with("sts:RoleSessionName", &session.name)
        .with_optional("sts:SourceIdentity", session.source_identity.as_deref());
    let mut actions = vec!["sts:AssumeRoleWithWebIdentity"];
    if !session.tags.is_empty() {
        context = context.with_all("aws:TagKeys", session.tags.keys().cloned());
        for (key, value) in &session.tags {
            context = context.with(&format!("aws:RequestTag/{key}"), value);
        }
        actions.push("sts:TagSession");
    }
    if !session.transitive_tag_keys.is_empty() {
        context = context.with_all("sts:TransitiveTagKeys", session.transitive_tag_keys.iter().cloned());
    }
    if session.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    let caller = Caller::Federated(&session.federated_provider);
    actions.iter().all(|action| trusts(trust, &Call { caller, action, resource: role_arn, context: &context }))
}

fn with_provider_keys(context: Context, session: &SessionFacts) -> Context {
    let keys = session.provider_keys.iter();
    keys.fold(context, |context, (key, values)| context.with_all(key, values.iter().cloned()))
}

/// What policies may ask about a request that these credentials signed, whatever the service. `role` is the signer's.
pub(crate) fn request_context(shared: &Shared, role: Option<&Role>, signer: &TemporaryCredentials) -> Context {
    let session = &signer.session;
    let account = shared.deployment().map_or(ACCOUNT, |deployment| &deployment.account);
    let mut context = with_provider_keys(Context::default(), session)
        .with("aws:SecureTransport", shared.options.tls.to_string())
        .with("aws:RequestedRegion", &shared.options.region)
        .with("aws:PrincipalArn", &signer.role_arn)
        .with("aws:PrincipalAccount", account)
        .with("aws:PrincipalType", "AssumedRole")
        .with("aws:FederatedProvider", &session.federated_provider)
        .with("aws:userid", session_id(role, signer))
        .with_optional("aws:SourceIdentity", session.source_identity.as_deref());
    // Tags of the session come second: they replace the role's own.
    let of_role = role.into_iter().flat_map(|role| &role.tags).map(|(key, value)| (key, value));
    for (key, value) in of_role.chain(&session.tags) {
        context = context.with(&format!("aws:PrincipalTag/{key}"), value);
    }
    context
}

/// The session as `aws:userid` and STS's answers name it: the role's id and the session's name.
fn session_id(role: Option<&Role>, signer: &TemporaryCredentials) -> String {
    format!("{}:{}", role.map_or("", |role| &role.id), signer.session.name)
}

/// Every role of the stack.
pub(crate) struct Roles {
    shared: Arc<Shared>,
    /// By ARN; none if there is a template, which has its own.
    built_in: BTreeMap<String, Role>,
}

impl Roles {
    /// The endpoints have to be known: Okta's issuers are what the built-in roles trust.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let built_in = if shared.deployment().is_some() { BTreeMap::new() } else { built_in_roles(&shared) };
        Self { shared, built_in }
    }

    pub(crate) fn account(&self) -> &str {
        self.shared.deployment().map_or(ACCOUNT, |deployment| &deployment.account)
    }

    pub(crate) fn find(&self, arn: &str) -> Option<&Role> {
        match self.shared.deployment() {
            Some(deployment) => deployment.roles.get(arn),
            None => self.built_in.get(arn),
        }
    }

    /// Whether there is this role and its trust policy, as it is now, lets whoever vouches for the session begin it.
    pub(crate) fn may_begin(&self, role_arn: &str, session: &SessionFacts) -> bool {
        let region = &self.shared.options.region;
        self.find(role_arn).is_some_and(|role| match wrong_trust::spoil(&role.trust, &self.shared.faults) {
            None => may_begin(&role.trust, role_arn, session, region),
            Some(Ok(trust)) => may_begin(&trust, role_arn, session, region),
            Some(Err(_)) => false,
        })
    }

    /// The id of the signer's session.
    pub(crate) fn session_id(&self, signer: &TemporaryCredentials) -> String {
        session_id(self.find(&signer.role_arn), signer)
    }

    /// Decides by the policies of the signer's role.
    pub(crate) fn decide(
        &self,
        signer: &TemporaryCredentials,
        action: &str,
        resource: &str,
    ) -> Result<(), iam::Refusal> {
        let role = self.find(&signer.role_arn);
        let context = request_context(&self.shared, role, signer);
        let session_arn = signer.assumed_role_arn();
        let caller = Caller::Session { role_arn: &signer.role_arn, session_arn: &session_arn };
        let policies = role.into_iter().flat_map(|role| role.policies.iter().map(AsRef::as_ref));
        iam::evaluate(policies, None, &Call { caller, action, resource, context: &context })
    }
}

/// The ARN of the provider that IAM has for an issuer.
pub(crate) fn provider_arn(account: &str, issuer: &str) -> String {
    let name = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    format!("arn:aws:iam::{account}:oidc-provider/{name}")
}

/// The two roles of a stack without a template. Both may be had by way of the pool, the first also with a token of Okta's.
/// What they allow is asked by STS and the API; S3 lets whoever signed in read.
fn built_in_roles(shared: &Shared) -> BTreeMap<String, Role> {
    let options = &shared.options;
    let of_pool = |method: &str| {
        json!({
            "Effect": "Allow",
            "Principal": { "Federated": COGNITO },
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            "Condition": {
                "StringEquals": { "cognito-identity.amazonaws.com:aud": options.identity_pool_id },
                "ForAnyValue:StringLike": { "cognito-identity.amazonaws.com:amr": method },
            },
        })
    };
    let of_okta = [shared.custom_issuer(), shared.org_issuer()].map(|issuer| {
        let key = format!("{}:aud", issuer.split_once("://").map_or(issuer.as_str(), |(_, rest)| rest));
        json!({
            "Effect": "Allow",
            "Principal": { "Federated": provider_arn(ACCOUNT, &issuer) },
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"],
            "Condition": { "StringEquals": { key: options.client_id } },
        })
    });
    let invoke = |routes: &[&str]| {
        let arn = |route: &&str| format!("arn:aws:execute-api:{}:{ACCOUNT}:{API_ID}/*/{route}", options.region);
        let resources: Vec<_> = routes.iter().map(arn).collect();
        json!([{ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resources }])
    };
    let trust: Vec<_> = std::iter::once(of_pool("authenticated")).chain(of_okta).collect();
    let authenticated = role(
        "AROAJETBRIDGEAUTH0001",
        trust.into(),
        invoke(&["GET/", "*/echo", "GET/echo/*", "*/status/*", "GET/slow/*"]),
    );
    let guest = role("AROAJETBRIDGEGUEST001", json!([of_pool("unauthenticated")]), invoke(&["GET/echo"]));
    let named = [(AUTHENTICATED_ROLE, authenticated), (GUEST_ROLE, guest)];
    named.into_iter().filter_map(|(arn, role)| Some((arn.to_owned(), role?))).collect()
}

fn role(id: &str, trust: Value, policy: Value) -> Option<Role> {
    let read = |statements: Value, kind| {
        let policy = Policy::parse(&json!({ "Version": "2012-10-17", "Statement": statements }), kind);
        debug_assert!(policy.is_ok(), "a built-in policy is none: {policy:?}");
        // Without it there is no such role: nobody is let in by a mistake here.
        policy.ok()
    };
    Some(Role {
        id: id.to_owned(),
        trust: read(trust, PolicyKind::Trust)?,
        policies: vec![Arc::new(read(policy, PolicyKind::Identity)?)],
        tags: Vec::new(),
        max_session_seconds: DEFAULT_SESSION_SECONDS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVIDER: &str = "arn:aws:iam::123456789012:oidc-provider/id.example.com";

    fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn tags_are_what_iam_takes() {
        assert_eq!(check_tags(&BTreeMap::new()), Ok(0));
        assert_eq!(check_tags(&tags(&[("Team", "a b_c.d:e/f=g+h-i@j"), ("é", "")])), Ok(5));
        // Every separator (`\p{Z}`), not the space alone, and every number (`\p{N}`).
        assert_eq!(check_tags(&tags(&[("a\u{a0}b", "\u{3000}½"), ("c", "漢字\u{2028}")])), Ok(4));
        for (key, value) in [
            ("", "x"),
            ("aws:x", "x"),
            ("AWS:x", "x"),
            ("R&D", "x"),
            ("x", "R&D"),
            ("x", "a\nb"),
            ("x", "का"),
            ("Ⓐ", "x"),
            ("x", "e\u{301}"),
        ] {
            let fault = Err(TagFault::Malformed { key: key.to_owned() });
            assert_eq!(check_tags(&tags(&[(key, value)])), fault, "{key} {value}");
        }
        let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
        assert!(check_tags(&tags(&[(&long_key, "")])).is_err() && check_tags(&tags(&[("k", &long_value)])).is_err());
        assert!(check_tags(&tags(&[("team", "a"), ("Team", "b")])).is_err());
        let many = |count: usize| (0..count).map(|n| (format!("k{n}"), String::new())).collect::<BTreeMap<_, _>>();
        assert_eq!(check_tags(&many(50)), Ok(0));
        assert!(check_tags(&many(51)).is_err());
    }

    #[test]
    fn tags_that_are_too_much_together_are_told_by_per_cent() {
        let value = "v".repeat(230);
        assert_eq!(check_tags(&tags(&[("a", &value), ("b", &value)])), Ok(100));
        let fault = check_tags(&tags(&[("a", &value), ("b", &value), ("c", "x")]));
        assert_eq!(fault, Err(TagFault::TooLarge { percent: 101 }));
    }

    fn trusting(statement: &Value) -> Role {
        role("AROA", statement.clone(), json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])).unwrap()
    }

    #[test]
    fn tags_a_source_identity_and_the_session_s_name_need_the_role_s_permission() {
        let facts = SessionFacts { federated_provider: PROVIDER.to_owned(), ..SessionFacts::default() };
        let plain = SessionFacts { name: "alice".to_owned(), ..facts };
        let tagged = SessionFacts {
            tags: tags(&[("team", "red"), ("cost", "1")]),
            transitive_tag_keys: vec!["team".to_owned()],
            ..plain.clone()
        };
        let sourced = SessionFacts { source_identity: Some("alice".to_owned()), ..plain.clone() };
        let statement = |actions: Value, condition: Value| {
            let principal = json!({ "Federated": PROVIDER });
            json!([{ "Effect": "Allow", "Principal": principal, "Action": actions, "Condition": condition }])
        };
        let assume = "sts:AssumeRoleWithWebIdentity";
        let all = json!([assume, "sts:TagSession", "sts:SetSourceIdentity"]);
        let cases = [
            (json!(assume), json!({}), [true, false, false]),
            (json!([assume, "sts:TagSession"]), json!({}), [true, true, false]),
            (json!([assume, "sts:SetSourceIdentity"]), json!({}), [true, false, true]),
            (all.clone(), json!({ "StringEquals": { "sts:RoleSessionName": "alice" } }), [true, true, true]),
            (all.clone(), json!({ "StringEquals": { "sts:RoleSessionName": "bob" } }), [false, false, false]),
            (all.clone(), json!({ "StringEquals": { "aws:RequestTag/team": "red" } }), [false, true, false]),
            (all.clone(), json!({ "StringEquals": { "aws:RequestTag/team": "blue" } }), [false, false, false]),
            (all.clone(), json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } }), [true, false, true]),
            (all.clone(), json!({ "Null": { "sts:TransitiveTagKeys": "true" } }), [true, false, true]),
            (all, json!({ "StringEquals": { "sts:SourceIdentity": "alice" } }), [false, false, true]),
        ];
        for (actions, condition, wanted) in cases {
            let role = trusting(&statement(actions.clone(), condition.clone()));
            let found =
                [&plain, &tagged, &sourced].map(|session| may_begin(&role.trust, "arn:r", session, "us-west-2"));
            assert_eq!(found, wanted, "{actions} {condition}");
        }
        let role = trusting(&statement(json!(assume), json!({})));
        let stranger = SessionFacts {
            federated_provider: "arn:aws:iam::123456789012:oidc-provider/other.example.com".to_owned(),
            ..plain
        };
        assert!(!may_begin(&role.trust, "arn:r", &stranger, "us-west-2"));
    }
}
