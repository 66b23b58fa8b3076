//! The app's configuration against a synthesized CloudFormation template, such as the one of `infra/`: would what it
//! deploys accept this app? Only what both sides must agree on is read; the rest of the template is CloudFormation's to
//! check.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Check, Mismatch, Outcome};
use crate::config::Config;

/// CloudFormation takes templates of at most 1 MB (quotas page of its user guide).
const MAX_TEMPLATE_BYTES: usize = 1_000_000;

/// A text that is no synthesized template, or one without an identity pool. It says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {hint}")]
pub struct TemplateError {
    /// What is wrong with it, beginning with a verb: "is not JSON".
    pub problem: String,
    /// What to do.
    pub hint: String,
}

/// A provider that an identity pool trusts.
struct Provider {
    /// None if the template refers to it in a way that only a deployment can follow.
    url: Option<String>,
    /// None for one that the template does not create.
    client_ids: Option<Vec<String>>,
}

/// Compares `config` with the text of a synthesized template, in the order in which a sign-in would fail.
///
/// # Errors
/// When the text is no template with an identity pool.
pub fn check_template(config: &Config, template: &str) -> Result<Vec<Check>, TemplateError> {
    let template = Template::parse(template)?;
    let pools = template.pools()?;
    let is_trusted = |provider: &&Provider| provider.url.as_deref() == Some(config.issuer_url());
    let trusted = pools.iter().flatten().find(is_trusted);
    Ok(vec![
        Check { name: "issuer and provider", outcome: compare_issuer(config, &pools) },
        Check { name: "client id and audience", outcome: compare_client(config, trusted) },
        Check { name: "regions of pool and bucket", outcome: compare_regions(config, &template) },
        template.compare_output("identity pool", "IdentityPoolId", "Auth.identityPoolId", config.identity_pool_id()),
        template.compare_output("bucket", "BucketName", "Storage.AWSS3.bucket", config.bucket()),
        Check { name: "where listings start", outcome: compare_prefix(config, &template) },
    ])
}

/// The claims of the ID token that the pools of a synthesized template turn into tags or look at for a role, sorted.
///
/// # Errors
/// As [`check_template`].
pub fn mapped_claims(template: &str) -> Result<Vec<String>, TemplateError> {
    let template = Template::parse(template)?;
    let tags = template.of_type("AWS::Cognito::IdentityPoolPrincipalTag");
    let tags = tags.filter_map(|(_, tags)| tags.pointer("/Properties/PrincipalTags")?.as_object());
    let tagged = tags.flat_map(|tags| tags.values());
    let attachments = template.of_type("AWS::Cognito::IdentityPoolRoleAttachment");
    let mappings = attachments.filter_map(|(_, roles)| roles.pointer("/Properties/RoleMappings")?.as_object());
    let mappings = mappings.flat_map(|mappings| mappings.values());
    let rules = mappings.filter_map(|mapping| mapping.pointer("/RulesConfiguration/Rules")?.as_array()).flatten();
    let asked = rules.filter_map(|rule| rule.get("Claim"));
    let claims: BTreeSet<_> = tagged.chain(asked).filter_map(known_text).collect();
    Ok(claims.into_iter().collect())
}

fn compare_issuer(config: &Config, pools: &[Vec<Provider>]) -> Outcome {
    let issuer = config.issuer_url();
    let is_issuer = |provider: &Provider| provider.url.as_deref() == Some(issuer);
    let trusting = pools.iter().filter(|pool| pool.iter().any(is_issuer)).count();
    if trusting == pools.len() {
        return Outcome::Fits(issuer.to_owned());
    }
    if trusting > 0 {
        return Outcome::Unknown(format!("{trusting} of the template's {} pools trust this issuer", pools.len()));
    }
    if pools.iter().flatten().any(|provider| provider.url.is_none()) {
        return Outcome::Unknown("the template has a provider whose URL only the deployment knows".to_owned());
    }
    let trusted: Vec<_> = pools.iter().flatten().filter_map(|provider| provider.url.as_deref()).collect();
    Outcome::Differs(Mismatch {
        setting: "okta_issuer_url",
        problem: format!(
            "okta-config.json has the issuer {issuer}, the template's pool trusts {}",
            list_or_none(&trusted)
        ),
        hint:
            "Cognito compares them letter by letter: with this template every sign-in ends with \"Token is not from a \
               supported provider\". Synthesize it again with this okta-config.json, or correct okta_issuer_url"
                .to_owned(),
    })
}

fn list_or_none(items: &[impl AsRef<str>]) -> String {
    let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(" and ") }
}

fn compare_client(config: &Config, trusted: Option<&Provider>) -> Outcome {
    let Some(provider) = trusted else {
        return Outcome::Unknown("the template's pool does not trust this issuer at all".to_owned());
    };
    let Some(client_ids) = &provider.client_ids else {
        return Outcome::Unknown(
            "the provider is an existing one: its audiences are in the IAM console, not in the template".to_owned(),
        );
    };
    let client_id = config.client_id();
    if client_ids.iter().any(|known| known == client_id) {
        return Outcome::Fits(client_id.to_owned());
    }
    Outcome::Differs(Mismatch {
        setting: "okta_client_id",
        problem: format!("okta-config.json has the client {client_id}, the template's provider accepts {}", list_or_none(client_ids)),
        hint: "Cognito would refuse the ID token's audience. Synthesize the template again with this okta-config.json, or \
               correct okta_client_id"
            .to_owned(),
    })
}

/// A stack is in one region, and so is what it makes.
fn compare_regions(config: &Config, template: &Template) -> Outcome {
    let (pool, bucket) = (config.region(), config.bucket_region());
    let makes_the_bucket = template.outputs.get("BucketName").is_some_and(|output| template.refers_to_bucket(output));
    match template.output("Region") {
        Some(region) if region != pool => Outcome::Differs(Mismatch {
            setting: "Auth.region",
            problem: format!("aws-exports.json has the region {pool}, the template {region}"),
            hint: format!("Set Auth.region to {region}"),
        }),
        _ if makes_the_bucket && pool != bucket => Outcome::Differs(Mismatch {
            setting: "Storage.AWSS3.region",
            problem: format!(
                "aws-exports.json has the pool in {pool} and the bucket in {bucket}, the template makes both"
            ),
            hint: "A stack is in one region. Write aws-exports.json anew from the stack's outputs".to_owned(),
        }),
        _ if makes_the_bucket => Outcome::Fits(format!("pool and bucket are both in {pool}")),
        _ => Outcome::Unknown("the template does not say that it makes the bucket".to_owned()),
    }
}

fn compare_prefix(config: &Config, template: &Template) -> Outcome {
    let Some(start) = template.output("StartPrefix") else {
        return Outcome::Unknown("the template has no output StartPrefix".to_owned());
    };
    match config.listing_prefix() {
        Some(prefix) if prefix == start => Outcome::Fits(start),
        prefix => Outcome::Differs(Mismatch {
            setting: "Storage.AWSS3.prefix",
            problem: match prefix {
                Some(prefix) => {
                    format!("aws-exports.json starts listings at {prefix}, the template's users at {start}")
                }
                None => {
                    format!("aws-exports.json does not say where listings start, the template's users may list {start}")
                }
            },
            hint: format!("Set Storage.AWSS3.prefix to {start}, or listings end with AccessDenied"),
        }),
    }
}

/// Stands for what only the deployment knows.
const UNKNOWN: char = '\u{fffd}';

/// A text, also one that the template puts together; what it refers to is unknown.
fn literal(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    if let Some(parts) = value.get("Fn::Join").and_then(Value::as_array) {
        let [separator, Value::Array(parts)] = &parts[..] else { return None };
        let parts: Vec<_> = parts.iter().map(|part| literal(part).unwrap_or_else(|| UNKNOWN.to_string())).collect();
        return Some(parts.join(separator.as_str()?));
    }
    let mut text = String::new();
    let mut rest = value.get("Fn::Sub")?.as_str()?;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        text.push(UNKNOWN);
        rest = after.split_once('}')?.1;
    }
    text.push_str(rest);
    Some(text)
}

/// A text of which nothing is unknown.
fn known_text(value: &Value) -> Option<String> {
    literal(value).filter(|text| !text.contains(UNKNOWN))
}

struct Template {
    resources: Map<String, Value>,
    outputs: Map<String, Value>,
}

impl Template {
    fn parse(text: &str) -> Result<Self, TemplateError> {
        let wrong = |problem: &str| TemplateError {
            problem: problem.to_owned(),
            hint: "give the JSON that `npx cdk synth` writes to infra/cdk.out/JetbridgeStack.template.json".to_owned(),
        };
        if text.len() > MAX_TEMPLATE_BYTES {
            return Err(wrong("is larger than CloudFormation takes (1 MB)"));
        }
        let Ok(Value::Object(mut template)) = serde_json::from_str(text) else {
            return Err(wrong("is not a JSON object"));
        };
        let Some(Value::Object(resources)) = template.remove("Resources") else {
            return Err(wrong("has no Resources, so it is no CloudFormation template"));
        };
        let outputs = match template.remove("Outputs") {
            Some(Value::Object(outputs)) => outputs,
            _ => Map::new(),
        };
        Ok(Self { resources, outputs })
    }

    fn of_type<'a>(&'a self, type_name: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let is_it = move |resource: &Value| resource.get("Type").and_then(Value::as_str) == Some(type_name);
        self.resources
            .iter()
            .filter(move |(_, resource)| is_it(resource))
            .map(|(name, resource)| (name.as_str(), resource))
    }

    /// What each identity pool trusts. A provider that no pool refers to does not count.
    fn pools(&self) -> Result<Vec<Vec<Provider>>, TemplateError> {
        let trusted = |(_, pool): (&str, &Value)| {
            let arns = pool.pointer("/Properties/OpenIdConnectProviderARNs").and_then(Value::as_array);
            arns.into_iter().flatten().map(|arn| self.provider(arn)).collect()
        };
        let pools: Vec<_> = self.of_type("AWS::Cognito::IdentityPool").map(trusted).collect();
        if pools.is_empty() {
            return Err(TemplateError {
                problem: "has no Cognito identity pool".to_owned(),
                hint: "give the template of the stack that has one".to_owned(),
            });
        }
        Ok(pools)
    }

    /// From the reference to a provider of this template, or from the ARN of an existing one.
    fn provider(&self, arn: &Value) -> Provider {
        if let Some((_, name)) = literal(arn).as_deref().and_then(|arn| arn.split_once(":oidc-provider/")) {
            let url = (!name.contains(UNKNOWN)).then(|| format!("https://{name}"));
            return Provider { url, client_ids: None };
        }
        let by_attribute = arn.pointer("/Fn::GetAtt/0");
        let name = arn.get("Ref").or(by_attribute).and_then(Value::as_str);
        let found = name.and_then(|name| self.of_type("AWS::IAM::OIDCProvider").find(|(logical, _)| *logical == name));
        let property = |name: &str| found.and_then(|(_, provider)| provider.pointer(&format!("/Properties/{name}")));
        let client_ids = property("ClientIdList").and_then(Value::as_array);
        let client_ids = client_ids.map(|ids| ids.iter().filter_map(known_text).collect()).unwrap_or_default();
        Provider { url: property("Url").and_then(known_text), client_ids: Some(client_ids) }
    }

    fn refers_to_bucket(&self, output: &Value) -> bool {
        let name = output.pointer("/Value/Ref").and_then(Value::as_str);
        name.is_some_and(|name| self.of_type("AWS::S3::Bucket").any(|(logical, _)| logical == name))
    }

    /// The value of an output, if it is known before the deployment.
    fn output(&self, name: &str) -> Option<String> {
        let value = self.outputs.get(name)?.get("Value")?;
        // A bucket's reference is its name, which the template may have chosen.
        let chosen = value.get("Ref").and_then(Value::as_str).and_then(|logical| self.resources.get(logical));
        known_text(value).or_else(|| chosen?.pointer("/Properties/BucketName").and_then(known_text))
    }

    fn compare_output(&self, name: &'static str, output: &str, setting: &'static str, configured: &str) -> Check {
        let outcome = match self.output(output) {
            None => Outcome::Unknown("known after the deployment, from the stack's outputs".to_owned()),
            Some(value) if value == configured => Outcome::Fits(value),
            Some(value) => Outcome::Differs(Mismatch {
                setting,
                problem: format!("aws-exports.json has {configured}, the template {value}"),
                hint: format!("Set {setting} to {value}"),
            }),
        };
        Check { name, outcome }
    }
}
