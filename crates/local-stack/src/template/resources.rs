//! The resource types that are known: how the ones that matter are read, and the ones that do not by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::deployment::{Fallback, MatchType, RoleMapping, RoleRule};
use super::functions::Resolver;
use super::issuer::check_provider_url;
use super::properties::Properties;
use super::{bucket_policy, schema, schemas};
use crate::iam::{Policy, PolicyKind};

/// Known, and without a part in who may do what: they run code, keep logs, keep a name or serve an API that the stack has
/// not.
const IGNORED: &[&str] = &[
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "Custom::S3AutoDeleteObjects",
];
/// What stands beside type and properties and changes nothing while the stack runs.
const RESOURCE_FIELDS: &[&str] =
    &["DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"];
/// "IAM and STS character limits", IAM user guide; white space is not counted. The trust policy's is a default.
const LARGEST_TRUST_POLICY: usize = 2048;
const LARGEST_MANAGED_POLICY: usize = 6144;

/// What has been read so far; it still names its parts instead of holding them.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) providers: Vec<ProviderPart>,
    pub(super) pools: Vec<PoolPart>,
    pub(super) attachments: Vec<AttachmentPart>,
    pub(super) principal_tags: Vec<PrincipalTagPart>,
    /// With the ARN of each.
    pub(super) roles: Vec<(String, RolePart)>,
    pub(super) role_policies: Vec<RolePolicyPart>,
    pub(super) buckets: Vec<BucketPart>,
    pub(super) bucket_policies: Vec<(String, Policy)>,
    pub(super) ignored: Vec<String>,
}

pub(super) struct ProviderPart {
    pub(super) arn: String,
    pub(super) issuer: String,
    pub(super) client_ids: Vec<String>,
}

pub(super) struct PoolPart {
    pub(super) id: String,
    pub(super) allow_guests: bool,
    pub(super) allow_classic_flow: bool,
    pub(super) provider_arns: Vec<String>,
}

pub(super) struct AttachmentPart {
    pub(super) pool_id: String,
    pub(super) authenticated: Option<String>,
    pub(super) unauthenticated: Option<String>,
    /// With the ARN of the provider that each is for.
    pub(super) mappings: Vec<(String, RoleMapping)>,
}

pub(super) struct PrincipalTagPart {
    pub(super) pool_id: String,
    pub(super) provider_arn: String,
    pub(super) tags: Vec<(String, String)>,
}

pub(super) struct RolePart {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) trust: Policy,
    /// With the name of each.
    pub(super) policies: Vec<(String, Policy)>,
    pub(super) managed_policy_arns: Vec<String>,
    pub(super) tags: Vec<(String, String)>,
}

pub(super) struct RolePolicyPart {
    /// Only managed policies have one.
    pub(super) arn: Option<String>,
    /// Of a policy that becomes part of its roles.
    pub(super) name: String,
    pub(super) role_names: Vec<String>,
    pub(super) policy: Arc<Policy>,
}

impl RolePolicyPart {
    pub(super) fn is_for(&self, role: &RolePart) -> bool {
        self.role_names.contains(&role.name)
            || self.arn.as_ref().is_some_and(|arn| role.managed_policy_arns.contains(arn))
    }
}

pub(super) struct BucketPart {
    pub(super) name: String,
    pub(super) blocks_public_policy: bool,
}

impl Parts {
    /// The ARNs of all roles that the pool may hand out.
    pub(super) fn attached_roles(&self) -> BTreeSet<String> {
        let of_one = |attachment: &AttachmentPart| {
            let rules = attachment.mappings.iter().flat_map(|(_, mapping)| &mapping.rules);
            let by_rule = rules.map(|rule| rule.role_arn.clone());
            let roles = [&attachment.authenticated, &attachment.unauthenticated].into_iter().flatten().cloned();
            roles.chain(by_rule).collect::<Vec<_>>()
        };
        self.attachments.iter().flat_map(of_one).collect()
    }
}

/// Reads one resource into `parts`; every problem is told.
pub(super) fn read(resolver: &Resolver<'_>, name: &str, resource: &Value, parts: &mut Parts) -> Vec<String> {
    let Some(fields) = resource.as_object() else { return vec!["it is not an object".to_owned()] };
    let unknown = fields.keys().filter(|field| !RESOURCE_FIELDS.contains(&field.as_str()));
    let mut problems: Vec<_> = unknown.map(|field| format!("{field} is not known here")).collect();
    let Some(kind) = fields.get("Type").and_then(Value::as_str) else {
        problems.push("it has no type".to_owned());
        return problems;
    };
    let properties = fields.get("Properties").map_or(Ok(None), |properties| resolver.resolve(properties));
    let properties = match properties {
        Ok(None) => Map::new(),
        Ok(Some(Value::Object(properties))) => properties,
        Ok(Some(_)) => {
            problems.push("its Properties are not an object".to_owned());
            return problems;
        }
        Err(problem) => {
            problems.push(problem);
            return problems;
        }
    };
    if IGNORED.contains(&kind) {
        parts.ignored.push(format!("{name} ({kind})"));
        return problems;
    }
    let own = |attribute: Option<&str>| {
        let reference = match attribute {
            None => serde_json::json!({ "Ref": name }),
            Some(attribute) => serde_json::json!({ "Fn::GetAtt": [name, attribute] }),
        };
        let value = resolver.resolve(&reference).ok().flatten();
        value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    // What AWS refuses is told first; of what is read after it, nothing is told twice.
    let found = schemas::of_type(kind)
        .map(|known| schema::check_properties(&Value::Object(properties.clone()), known))
        .unwrap_or_default();
    let mut properties = Properties::new(properties);
    let p = &mut properties;
    match kind {
        "AWS::IAM::OIDCProvider" => read_provider(p, own(None), parts),
        "AWS::IAM::Role" => read_role(p, own(None), own(Some("Arn")), own(Some("RoleId")), parts),
        "AWS::IAM::Policy" => {
            let name = p.text("PolicyName").unwrap_or_default();
            read_role_policy(p, None, name, parts);
        }
        "AWS::IAM::ManagedPolicy" => {
            p.pass_over(&["Description", "ManagedPolicyName", "Path"]);
            read_role_policy(p, Some(own(None)), String::new(), parts);
        }
        "AWS::Cognito::IdentityPool" => read_pool(p, own(None), parts),
        "AWS::Cognito::IdentityPoolRoleAttachment" => read_attachment(p, parts),
        "AWS::Cognito::IdentityPoolPrincipalTag" => read_principal_tags(p, parts),
        "AWS::S3::Bucket" => read_bucket(p, own(None), parts),
        "AWS::S3::BucketPolicy" => read_bucket_policy(p, parts),
        _ => {
            problems.push(format!("type {kind} is not known here"));
            return problems;
        }
    }
    let further: Vec<_> = properties.finish().into_iter().filter(|problem| !found.contains(problem)).collect();
    problems.extend(found.into_iter().chain(further).map(|problem| format!("{kind}: {problem}")));
    problems
}

fn read_provider(p: &mut Properties, arn: String, parts: &mut Parts) {
    let issuer = p.required_text("Url");
    if let Err(problem) = check_provider_url(&issuer) {
        p.problem(problem);
    }
    let client_ids = p.texts("ClientIdList");
    p.pass_over(&["Tags", "ThumbprintList"]);
    parts.providers.push(ProviderPart { arn, issuer, client_ids });
}

fn read_role(p: &mut Properties, name: String, arn: String, id: String, parts: &mut Parts) {
    p.pass_over(&["Description", "MaxSessionDuration", "Path", "RoleName"]);
    let trust = p.policy("AssumeRolePolicyDocument", PolicyKind::Trust);
    if let Some(size) = trust.as_ref().map(Policy::size).filter(|size| *size > LARGEST_TRUST_POLICY) {
        p.problem(format!(
            "AssumeRolePolicyDocument has {size} characters, white space not counted; IAM takes 2,048 unless the account's \
             quota \"Role trust policy length\" was raised, to 4,096 at most"
        ));
    }
    let mut policies = Vec::new();
    for part in objects(p, "Policies") {
        p.within("Policies", part, |p| {
            let name = p.text("PolicyName").unwrap_or_default();
            policies.extend(p.policy("PolicyDocument", PolicyKind::Identity).map(|policy| (name, policy)));
        });
    }
    let managed_policy_arns = p.texts("ManagedPolicyArns");
    let mut tags = Vec::new();
    for part in objects(p, "Tags") {
        p.within("Tags", part, |p| {
            tags.push((p.required_text("Key"), p.required_text("Value")));
        });
    }
    if let Some(trust) = trust {
        parts.roles.push((arn, RolePart { name, id, trust, policies, managed_policy_arns, tags }));
    }
}

fn read_role_policy(p: &mut Properties, arn: Option<String>, name: String, parts: &mut Parts) {
    let role_names = p.texts("Roles");
    if let Some(policy) = p.policy("PolicyDocument", PolicyKind::Identity) {
        let size = policy.size();
        if arn.is_some() && size > LARGEST_MANAGED_POLICY {
            p.problem(format!(
                "PolicyDocument has {size} characters, white space not counted; IAM takes 6,144: make two policies of it"
            ));
        }
        parts.role_policies.push(RolePolicyPart { arn, name, role_names, policy: Arc::new(policy) });
    }
}

fn read_bucket_policy(p: &mut Properties, parts: &mut Parts) {
    let bucket = p.required_text("Bucket");
    let document = p.peek("PolicyDocument").cloned();
    if let (Some(policy), Some(document)) = (p.policy("PolicyDocument", PolicyKind::Resource), document) {
        let problems = bucket_policy::check(&bucket, &document);
        problems.into_iter().for_each(|problem| p.problem(format!("PolicyDocument: {problem}")));
        parts.bucket_policies.push((bucket, policy));
    }
}

fn read_pool(p: &mut Properties, id: String, parts: &mut Parts) {
    p.pass_over(&["IdentityPoolName", "IdentityPoolTags"]);
    // User pools sign people in by themselves; what they would do here nobody has built.
    if p.value("CognitoIdentityProviders").is_some_and(|users| users.as_array().is_none_or(|users| !users.is_empty())) {
        p.problem("CognitoIdentityProviders: user pools are not known here");
    }
    let pool = PoolPart {
        id,
        allow_guests: p.flag("AllowUnauthenticatedIdentities"),
        allow_classic_flow: p.flag("AllowClassicFlow"),
        provider_arns: p.texts("OpenIdConnectProviderARNs"),
    };
    parts.pools.push(pool);
}

fn read_attachment(p: &mut Properties, parts: &mut Parts) {
    let pool_id = p.required_text("IdentityPoolId");
    let roles = p.object("Roles");
    let (authenticated, unauthenticated) =
        p.within("Roles", roles, |p| (p.text("authenticated"), p.text("unauthenticated")));
    let mut mappings = Vec::new();
    for (key, mapping) in p.object("RoleMappings") {
        let Value::Object(mapping) = mapping else {
            p.problem(format!("RoleMappings.{key} is not an object"));
            continue;
        };
        mappings.push(p.within(&format!("RoleMappings.{key}"), mapping, |p| {
            // The key stands for the provider only where nothing else does.
            let provider = p.text("IdentityProvider").unwrap_or_else(|| key.clone());
            (provider, read_mapping(p))
        }));
    }
    parts.attachments.push(AttachmentPart { pool_id, authenticated, unauthenticated, mappings });
}

fn read_mapping(p: &mut Properties) -> RoleMapping {
    let kind = p.required_text("Type");
    if kind != "Rules" {
        p.problem(format!("Type {kind:?} is not known here: tokens of Okta name no roles"));
    }
    let fallback = match p.required_text("AmbiguousRoleResolution").as_str() {
        "AuthenticatedRole" => Fallback::AuthenticatedRole,
        // The schema knows no third.
        _ => Fallback::Deny,
    };
    if kind == "Rules" && p.peek("RulesConfiguration").is_none() {
        p.problem("RulesConfiguration is missing");
    }
    let configuration = p.object("RulesConfiguration");
    let rules = p.within("RulesConfiguration", configuration, |p| {
        let mut rules = Vec::new();
        for part in objects(p, "Rules") {
            rules.push(p.within("Rules", part, read_rule));
        }
        rules
    });
    RoleMapping { rules, fallback }
}

fn read_rule(p: &mut Properties) -> RoleRule {
    let match_type = match p.required_text("MatchType").as_str() {
        "NotEqual" => MatchType::NotEqual,
        "StartsWith" => MatchType::StartsWith,
        "Contains" => MatchType::Contains,
        // The schema knows no other.
        _ => MatchType::Equals,
    };
    RoleRule {
        claim: p.required_text("Claim"),
        match_type,
        value: p.required_text("Value"),
        role_arn: p.required_text("RoleARN"),
    }
}

fn read_principal_tags(p: &mut Properties, parts: &mut Parts) {
    let (pool_id, provider_arn) = (p.required_text("IdentityPoolId"), p.required_text("IdentityProviderName"));
    let mut tags = Vec::new();
    for (key, claim) in p.object("PrincipalTags") {
        tags.extend(claim.as_str().map(|claim| (key, claim.to_owned())));
    }
    if p.flag("UseDefaults") {
        tags = [("username", "sub"), ("client", "aud")].map(|(key, claim)| (key.to_owned(), claim.to_owned())).into();
    }
    parts.principal_tags.push(PrincipalTagPart { pool_id, provider_arn, tags });
}

fn read_bucket(p: &mut Properties, name: String, parts: &mut Parts) {
    p.pass_over(&[
        "BucketName",
        "LifecycleConfiguration",
        "LoggingConfiguration",
        "OwnershipControls",
        "Tags",
        "VersioningConfiguration",
    ]);
    let encryption = p.object("BucketEncryption");
    p.within("BucketEncryption", encryption, |p| {
        for rule in objects(p, "ServerSideEncryptionConfiguration") {
            p.within("ServerSideEncryptionConfiguration", rule, read_encryption);
        }
    });
    let blocks_public_policy = match p.value("PublicAccessBlockConfiguration") {
        // S3 blocks everything in a new bucket of which nothing is said.
        None => true,
        Some(Value::Object(block)) => p.within("PublicAccessBlockConfiguration", block, |p| {
            p.pass_over(&["BlockPublicAcls", "IgnorePublicAcls", "RestrictPublicBuckets"]);
            p.flag("BlockPublicPolicy")
        }),
        Some(_) => {
            p.problem("PublicAccessBlockConfiguration is not an object");
            true
        }
    };
    parts.buckets.push(BucketPart { name, blocks_public_policy });
}

/// Keys of S3, and those that KMS manages for it, serve everybody of the account who may read. A key with a policy of
/// its own is one more decision, which nobody makes here.
fn read_encryption(p: &mut Properties) {
    p.pass_over(&["BucketKeyEnabled"]);
    let default = p.object("ServerSideEncryptionByDefault");
    p.within("ServerSideEncryptionByDefault", default, |p| {
        if let Some(other) = p.text("SSEAlgorithm").filter(|name| !["AES256", "aws:kms"].contains(&name.as_str())) {
            p.problem(format!("SSEAlgorithm {other:?} is not known here"));
        }
        if p.value("KMSMasterKeyID").is_some() {
            p.problem("KMSMasterKeyID: reading would need kms:Decrypt, which is not known here");
        }
    });
}

/// The objects of a list.
fn objects(p: &mut Properties, name: &str) -> Vec<Map<String, Value>> {
    let objects = match p.value(name) {
        None => Some(Vec::new()),
        Some(Value::Array(items)) => items
            .into_iter()
            .map(|item| match item {
                Value::Object(object) => Some(object),
                _ => None,
            })
            .collect(),
        Some(_) => None,
    };
    objects.unwrap_or_else(|| {
        p.problem(format!("{name} is not a list of objects"));
        Vec::new()
    })
}
