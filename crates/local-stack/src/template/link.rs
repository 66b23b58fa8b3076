//! Puts the parts together: each name of another resource becomes that resource, or a problem.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Issuer;
use super::deployment::{Deployment, Pool, Provider, Role};
use super::names::{ACCOUNT, REGION};
use super::resources::{Parts, RolePart, RolePolicyPart};
use crate::iam::Policy;

type Outputs = BTreeMap<String, String>;

/// "IAM and STS character limits" and "IAM object quotas", IAM user guide; the second one is a default.
const LARGEST_INLINE_POLICIES: usize = 10_240;
const MOST_MANAGED_POLICIES: usize = 10;

/// The outputs by which the template says what only it knows.
const BUCKET: &str = "BucketName";
const PREFIX: &str = "StartPrefix";
const ISSUER: &str = "OktaIssuerUrl";
const CLIENT_ID: &str = "OktaClientId";

pub(super) fn link(mut parts: Parts, outputs: &Outputs) -> Result<Deployment, Vec<String>> {
    let mut problems = find_doubles(&parts);
    let roles = link_roles(&mut parts, &mut problems);
    let buckets = link_buckets(&mut parts, &mut problems);
    let pool = link_pool(&mut parts, outputs, &mut problems);
    let data_bucket = match (outputs.get(BUCKET), buckets.keys().next()) {
        (Some(named), _) if buckets.contains_key(named) => named.clone(),
        (None, Some(only)) if buckets.len() == 1 => only.clone(),
        _ => {
            problems.push(format!("no output {BUCKET} says which bucket apps list"));
            String::new()
        }
    };
    let provider = pool.as_ref().and_then(|pool| pool.providers.first());
    let url = outputs.get(ISSUER).cloned().or_else(|| provider.map(|provider| provider.issuer.clone()));
    let client_id = outputs.get(CLIENT_ID).cloned().or_else(|| provider?.client_ids.first().cloned());
    let issuer = match url.map(|url| Issuer::parse(&url)) {
        Some(Ok(issuer)) => Some(issuer),
        Some(Err(problem)) => {
            problems.push(problem);
            None
        }
        None => {
            problems.push(format!("neither a provider nor output {ISSUER} says what Okta's issuer is"));
            None
        }
    };
    if client_id.is_none() {
        problems.push(format!("neither a provider nor output {CLIENT_ID} says the client id of the app in Okta"));
    }
    let (Some(pool), Some(issuer), Some(client_id), true) = (pool, issuer, client_id, problems.is_empty()) else {
        return Err(problems);
    };
    Ok(Deployment {
        issuer,
        client_id,
        region: REGION.to_owned(),
        account: ACCOUNT.to_owned(),
        pool,
        roles,
        buckets,
        data_bucket,
        start_prefix: outputs.get(PREFIX).cloned(),
        ignored: parts.ignored,
    })
}

/// What there can be only one of: AWS would refuse the second, or let it replace the first.
fn find_doubles(parts: &Parts) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    let mut see = |what: &'static str, name: &str| {
        if !seen.insert((what, name.to_owned())) {
            problems.push(format!("{what} {name} is there twice"));
        }
    };
    // IAM does not tell such names apart by their case.
    parts.roles.iter().for_each(|(_, role)| see("role", &role.name.to_ascii_lowercase()));
    parts.role_policies.iter().filter_map(|policy| policy.arn.as_ref()).for_each(|arn| see("managed policy", arn));
    parts.buckets.iter().for_each(|bucket| see("bucket", &bucket.name));
    parts.providers.iter().for_each(|provider| see("identity provider", &provider.issuer));
    for attachment in &parts.attachments {
        see("a role attachment for identity pool", &attachment.pool_id);
        attachment.mappings.iter().for_each(|(provider, _)| see("a role mapping for", provider));
    }
    parts.principal_tags.iter().for_each(|tags| see("a set of principal tags for", &tags.provider_arn));
    problems
}

fn link_roles(parts: &mut Parts, problems: &mut Vec<String>) -> BTreeMap<String, Role> {
    let attached = parts.attached_roles();
    let mut roles = BTreeMap::new();
    for (arn, part) in std::mem::take(&mut parts.roles) {
        problems.extend(
            check_quotas(&part, &parts.role_policies).into_iter().map(|what| format!("role {}: {what}", part.name)),
        );
        if part.trust.principal_arns().any(|principal| principal == arn) {
            problems.push(format!("role {} trusts itself, which does not exist yet when AWS reads that", part.name));
        }
        let elsewhere = parts.role_policies.iter().filter(|policy| policy.is_for(&part));
        let elsewhere: Vec<_> = elsewhere.map(|found| Arc::clone(&found.policy)).collect();
        let policies = part.policies.into_iter().map(|(_, policy)| Arc::new(policy)).chain(elsewhere).collect();
        let is_known = |wanted: &&String| parts.role_policies.iter().any(|policy| policy.arn.as_ref() == Some(*wanted));
        // What nobody can have by way of the pool, the stack need not know.
        if attached.contains(&arn)
            && let Some(unknown) = part.managed_policy_arns.iter().find(|policy| !is_known(policy))
        {
            problems.push(format!("role {}: policy {unknown} is not in the template", part.name));
        }
        roles.insert(arn, (part.name, Role { id: part.id, trust: part.trust, policies, tags: part.tags }));
    }
    let own: BTreeMap<&str, &str> = roles.iter().map(|(arn, (name, _))| (arn.as_str(), name.as_str())).collect();
    let trusted = roles.values().flat_map(|(name, role)| {
        role.trust.principal_arns().map(move |principal| (format!("the trust policy of role {name}"), principal))
    });
    let named = parts.bucket_policies.iter().flat_map(|(bucket, policy)| {
        policy.principal_arns().map(move |principal| (format!("the policy of bucket {bucket}"), principal))
    });
    for (which, principal) in trusted.chain(named) {
        if !may_exist(principal, &own) {
            problems.push(format!(
                "{which} names {principal}, which is not in the template: AWS takes no principal that does not exist"
            ));
        }
    }
    let names: Vec<&String> = roles.values().map(|(name, _)| name).collect();
    let wanted = parts.role_policies.iter().flat_map(|policy| &policy.role_names);
    let missing = wanted.filter(|wanted| !names.contains(wanted));
    problems.extend(missing.map(|name| format!("a policy is for role {name}, which is not in the template")));
    for arn in attached.iter().filter(|arn| !roles.contains_key(*arn)) {
        problems.push(format!("role {arn} is attached to the identity pool and not in the template"));
    }
    roles.into_iter().map(|(arn, (_, role))| (arn, role)).collect()
}

/// What IAM refuses of the policies that a role has together.
fn check_quotas(role: &RolePart, elsewhere: &[RolePolicyPart]) -> Vec<String> {
    let mut problems = Vec::new();
    let (inline, managed): (Vec<_>, Vec<_>) =
        elsewhere.iter().filter(|policy| policy.is_for(role)).partition(|policy| policy.arn.is_none());
    let own = role.policies.iter().map(|(name, policy)| (name, policy));
    let inline: Vec<_> = own.chain(inline.iter().map(|part| (&part.name, part.policy.as_ref()))).collect();
    let size: usize = inline.iter().map(|(_, policy)| policy.size()).sum();
    if size > LARGEST_INLINE_POLICIES {
        problems.push(format!(
            "its inline policies have {size} characters, white space not counted; IAM takes 10,240 together: shorten them, or \
             move statements to a managed policy"
        ));
    }
    // PutRolePolicy "adds or updates" the policy of a name. That names are not told apart by their case is said of IAM's
    // names in general (CreateRole).
    let mut seen = BTreeSet::new();
    for (name, _) in inline.iter().filter(|(name, _)| !seen.insert(name.to_ascii_lowercase())) {
        problems.push(format!(
            "two inline policies are called {name:?}, of which the later one replaces the other: give each its own PolicyName"
        ));
    }
    let arns: BTreeSet<_> =
        role.managed_policy_arns.iter().chain(managed.iter().filter_map(|part| part.arn.as_ref())).collect();
    if arns.len() > MOST_MANAGED_POLICIES {
        problems.push(format!(
            "it has {} managed policies; IAM attaches 10, unless the account's quota was raised, to 20 at most",
            arns.len()
        ));
    }
    problems
}

/// Whether a role or a session of one can be there, as far as the template tells: of another account it says nothing.
fn may_exist(principal: &str, own: &BTreeMap<&str, &str>) -> bool {
    let is_own = principal.split(':').nth(4) == Some(ACCOUNT);
    let session_of = principal.split_once(":assumed-role/").and_then(|(_, session)| session.split('/').next());
    match session_of {
        _ if !is_own => true,
        Some(role) => own.values().any(|name| *name == role),
        None => own.contains_key(principal),
    }
}

fn link_buckets(parts: &mut Parts, problems: &mut Vec<String>) -> BTreeMap<String, Option<Policy>> {
    let mut buckets: BTreeMap<_, _> = parts.buckets.iter().map(|bucket| (bucket.name.clone(), None)).collect();
    for (name, policy) in parts.bucket_policies.drain(..) {
        let blocks_public_policy =
            parts.buckets.iter().any(|bucket| bucket.name == name && bucket.blocks_public_policy);
        if blocks_public_policy && policy.is_public() {
            problems
                .push(format!("the policy of bucket {name} is public, and its BlockPublicPolicy refuses such ones"));
        }
        match buckets.get_mut(&name) {
            Some(place @ None) => *place = Some(policy),
            Some(Some(_)) => problems.push(format!("bucket {name} has two policies")),
            None => problems.push(format!("a policy is for bucket {name}, which is not in the template")),
        }
    }
    buckets
}

fn link_pool(parts: &mut Parts, outputs: &Outputs, problems: &mut Vec<String>) -> Option<Pool> {
    let [part] = &parts.pools[..] else {
        problems.push(format!("there are {} identity pools; the stack has one", parts.pools.len()));
        return None;
    };
    let mut providers = Vec::new();
    for arn in &part.provider_arns {
        let known = parts.providers.iter().find(|provider| provider.arn == *arn);
        let found = known.map(|known| (known.issuer.clone(), known.client_ids.clone()));
        // One that was there before the stack is known by its ARN alone.
        match found.or_else(|| existing_provider(arn, outputs)) {
            Some((issuer, client_ids)) => providers.push(Provider {
                arn: arn.clone(),
                issuer,
                client_ids,
                role_mapping: None,
                principal_tags: Vec::new(),
            }),
            None => problems.push(format!(
                "provider {arn} is not in the template, and no output {CLIENT_ID} says for which app it is"
            )),
        }
    }
    let mut pool = Pool {
        id: part.id.clone(),
        allow_guests: part.allow_guests,
        allow_classic_flow: part.allow_classic_flow,
        providers,
        authenticated_role: None,
        guest_role: None,
    };
    let is_of_pool = |id: &str, what: &str, problems: &mut Vec<String>| {
        if id != part.id {
            problems.push(format!("{what} are for identity pool {id}, which is not in the template"));
        }
    };
    for attachment in parts.attachments.drain(..) {
        is_of_pool(&attachment.pool_id, "roles", problems);
        pool.authenticated_role = attachment.authenticated.or(pool.authenticated_role);
        pool.guest_role = attachment.unauthenticated.or(pool.guest_role);
        for (arn, mapping) in attachment.mappings {
            match provider_mut(&mut pool, &arn) {
                Some(provider) => provider.role_mapping = Some(mapping),
                None => problems.push(format!("a role mapping is for {arn}, which is no provider of the pool")),
            }
        }
    }
    for part in parts.principal_tags.drain(..) {
        is_of_pool(&part.pool_id, "principal tags", problems);
        match provider_mut(&mut pool, &part.provider_arn) {
            Some(provider) => provider.principal_tags = part.tags,
            None => {
                problems
                    .push(format!("principal tags are for {}, which is no provider of the pool", part.provider_arn));
            }
        }
    }
    Some(pool)
}

fn provider_mut<'p>(pool: &'p mut Pool, arn: &str) -> Option<&'p mut Provider> {
    pool.providers.iter_mut().find(|provider| provider.arn == arn)
}

/// Issuer and client ids of a provider that the template only names.
fn existing_provider(arn: &str, outputs: &Outputs) -> Option<(String, Vec<String>)> {
    let (account, name) = arn.split_once(":oidc-provider/")?;
    account.starts_with("arn:").then(|| format!("https://{name}")).zip(Some(vec![outputs.get(CLIENT_ID)?.clone()]))
}
