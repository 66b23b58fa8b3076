//! The app's configuration against a synthesized CloudFormation template, such as the one of `infra/`: would what it
//! deploys accept this app? Only what both sides must agree on is read; the rest of the template is CloudFormation's to
//! check.

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

/// A provider that the identity pool trusts.
struct Provider {
    url: String,
    /// None for one that the template does not create.
    client_ids: Option<Vec<String>>,
}

/// Compares `config` with the text of a synthesized template, in the order in which a sign-in would fail.
///
/// # Errors
/// When the text is no template with an identity pool.
pub fn check_template(config: &Config, template: &str) -> Result<Vec<Check>, TemplateError> {
    let template = Template::parse(template)?;
    let providers = template.providers()?;
    let trusted = providers.iter().find(|provider| provider.url == config.issuer_url());
    Ok(vec![
        Check { name: "issuer and provider", outcome: compare_issuer(config, &providers) },
        Check { name: "client id and audience", outcome: compare_client(config, trusted) },
        Check { name: "regions of pool and bucket", outcome: compare_regions(config, &template) },
        template.compare_output("identity pool", "IdentityPoolId", "Auth.identityPoolId", config.identity_pool_id()),
        template.compare_output("bucket", "BucketName", "Storage.AWSS3.bucket", config.bucket()),
        Check { name: "where listings start", outcome: compare_prefix(config, &template) },
    ])
}

fn compare_issuer(config: &Config, providers: &[Provider]) -> Outcome {
    let issuer = config.issuer_url();
    if providers.iter().any(|provider| provider.url == issuer) {
        return Outcome::Fits(issuer.to_owned());
    }
    let trusted: Vec<_> = providers.iter().map(|provider| provider.url.as_str()).collect();
    let trusted = if trusted.is_empty() { "none".to_owned() } else { trusted.join(" and ") };
    Outcome::Differs(Mismatch {
        setting: "okta_issuer_url",
        problem: format!("okta-config.json has the issuer {issuer}, the template's pool trusts {trusted}"),
        hint:
            "Cognito compares them letter by letter: with this template every sign-in ends with \"Token is not from a \
               supported provider\". Synthesize it again with this okta-config.json, or correct okta_issuer_url"
                .to_owned(),
    })
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
        problem: format!("okta-config.json has the client {client_id}, the template's provider accepts {}", client_ids.join(", ")),
        hint: "Cognito would refuse the ID token's audience. Synthesize the template again with this okta-config.json, or \
               correct okta_client_id"
            .to_owned(),
    })
}

/// A stack is in one region, and both are in the stack.
fn compare_regions(config: &Config, template: &Template) -> Outcome {
    let (pool, bucket) = (config.region(), config.bucket_region());
    let same_stack = template.creates("AWS::S3::Bucket");
    match template.output("Region") {
        Some(region) if region != pool => Outcome::Differs(Mismatch {
            setting: "Auth.region",
            problem: format!("aws-exports.json has the region {pool}, the template {region}"),
            hint: format!("Set Auth.region to {region}"),
        }),
        _ if same_stack && pool != bucket => Outcome::Differs(Mismatch {
            setting: "Storage.AWSS3.region",
            problem: format!(
                "aws-exports.json has the pool in {pool} and the bucket in {bucket}, the template makes both"
            ),
            hint: "A stack is in one region. Write aws-exports.json anew from the stack's outputs".to_owned(),
        }),
        Some(region) => Outcome::Fits(region.to_owned()),
        None if same_stack => Outcome::Fits(format!("both {pool}, if that is where the stack is")),
        None => Outcome::Unknown("the template does not make the bucket".to_owned()),
    }
}

fn compare_prefix(config: &Config, template: &Template) -> Outcome {
    let Some(start) = template.output("StartPrefix") else {
        return Outcome::Unknown("the template has no output StartPrefix".to_owned());
    };
    match config.listing_prefix() {
        Some(prefix) if prefix == start => Outcome::Fits(start.to_owned()),
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

    fn creates(&self, type_name: &str) -> bool {
        self.of_type(type_name).next().is_some()
    }

    /// What the identity pools trust. A provider that no pool refers to does not count.
    fn providers(&self) -> Result<Vec<Provider>, TemplateError> {
        if !self.creates("AWS::Cognito::IdentityPool") {
            return Err(TemplateError {
                problem: "has no Cognito identity pool".to_owned(),
                hint: "give the template of the stack that has one".to_owned(),
            });
        }
        let mut providers = Vec::new();
        for (_, pool) in self.of_type("AWS::Cognito::IdentityPool") {
            let arns = pool.pointer("/Properties/OpenIdConnectProviderARNs").and_then(Value::as_array);
            for arn in arns.into_iter().flatten() {
                providers.push(self.provider(arn)?);
            }
        }
        Ok(providers)
    }

    /// From the reference to a provider of this template, or from the ARN of an existing one.
    fn provider(&self, arn: &Value) -> Result<Provider, TemplateError> {
        if let Some((_, name)) = arn.as_str().and_then(|arn| arn.split_once(":oidc-provider/")) {
            return Ok(Provider { url: format!("https://{name}"), client_ids: None });
        }
        let by_attribute = arn.pointer("/Fn::GetAtt/0");
        let name = arn.get("Ref").or(by_attribute).and_then(Value::as_str);
        let found = name.and_then(|name| self.of_type("AWS::IAM::OIDCProvider").find(|(logical, _)| *logical == name));
        let properties = found.and_then(|(_, provider)| provider.get("Properties"));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let url = properties.and_then(|properties| properties.get("Url")).and_then(text);
        let Some(url) = url else {
            return Err(TemplateError {
                problem: format!("has an identity pool with a provider that cannot be followed: {arn}"),
                hint: "its URL has to be in the template as plain text".to_owned(),
            });
        };
        let client_ids = properties.and_then(|properties| properties.get("ClientIdList")).and_then(Value::as_array);
        let client_ids = client_ids.map(|ids| ids.iter().filter_map(text).collect()).unwrap_or_default();
        Ok(Provider { url, client_ids: Some(client_ids) })
    }

    /// The value of an output, if it is known before the deployment.
    fn output(&self, name: &str) -> Option<&str> {
        self.outputs.get(name)?.get("Value")?.as_str()
    }

    fn compare_output(&self, name: &'static str, output: &str, setting: &'static str, configured: &str) -> Check {
        let outcome = match self.output(output) {
            None => Outcome::Unknown("known after the deployment, from the stack's outputs".to_owned()),
            Some(value) if value == configured => Outcome::Fits(value.to_owned()),
            Some(value) => Outcome::Differs(Mismatch {
                setting,
                problem: format!("aws-exports.json has {configured}, the template {value}"),
                hint: format!("Set {setting} to {value}"),
            }),
        };
        Check { name, outcome }
    }
}
