//! AssumeRoleWithWebIdentity: a token of an identity provider becomes credentials of a role. Sources: that operation in the
//! AWS STS API reference; "Passing session tags using AssumeRoleWithWebIdentity", IAM user guide. Where they are silent,
//! the strict reading: no leeway for `exp` (a token was refused 198 seconds after it, awslabs/aws-orbit-workbench#707).

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Sts;
use super::error::StsError;
use super::parameters::Parameters;
use super::xml::{element, wrap};
use crate::credentials::{COGNITO, SessionFacts};
use crate::faults::Fault;
use crate::issuer_keys::{COGNITO_ISSUER, KeysError, peek_claims};
use crate::role_session::{TagFault, check_tags, provider_arn};

const MIN_SECONDS: u32 = 900;
const MAX_SECONDS: u32 = 43_200;
const TAGS_CLAIM: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY_CLAIM: &str = "https://aws.amazon.com/source_identity";

/// Who vouches for the token's subject.
struct Provider {
    /// As trust policies name it.
    principal: String,
    /// What its condition keys begin with.
    prefix: String,
    /// For whom its tokens may be; none for Cognito, where the trust policy says it.
    client_ids: Option<Vec<String>>,
}

/// A token that was verified.
struct Identity {
    provider: Provider,
    subject: String,
    audience: String,
    claims: Value,
}

impl Sts {
    pub(super) async fn assume_role_with_web_identity(&self, mut parameters: Parameters) -> Result<String, StsError> {
        let role_arn = parameters.text("RoleArn", 20, 2048, false);
        let name = parameters.name("RoleSessionName", 2, 64);
        let token = parameters.text("WebIdentityToken", 4, 20_000, true);
        let seconds = parameters.number("DurationSeconds", MIN_SECONDS, MAX_SECONDS)?;
        parameters.check()?;
        // Each would change what the session may do, and nobody here evaluates it.
        for parameter in ["Policy", "PolicyArns", "ProviderId"] {
            if parameters.has(parameter) {
                return Err(StsError::not_imitated(&format!("{parameter} of AssumeRoleWithWebIdentity")));
            }
        }
        let identity = self.verify_token(&token).await?;
        let mut session = begin_session(name, &identity)?;
        let packed = add_tags(&mut session, &identity.claims)?;

        let denied = || StsError::access_denied("Not authorized to perform sts:AssumeRoleWithWebIdentity");
        let role =
            self.roles.find(&role_arn).filter(|_| self.roles.may_begin(&role_arn, &session)).ok_or_else(denied)?;
        if seconds.is_some_and(|seconds| seconds > role.max_session_seconds) {
            let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            return Err(StsError::validation(message));
        }
        let lifetime =
            seconds.map_or(self.shared.options.credentials_lifetime, |seconds| Duration::from_secs(seconds.into()));
        let identity_id = if identity.provider.principal == COGNITO { identity.subject.as_str() } else { "" };
        let source_identity = session.source_identity.clone();
        let credentials = self.credentials.issue_for(lifetime, identity_id, &role_arn, session);

        let expiration = OffsetDateTime::from_unix_timestamp(credentials.expires_at).ok();
        let expiration = expiration.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default();
        let keys = [
            ("AccessKeyId", credentials.access_key_id.as_str()),
            ("SecretAccessKey", &credentials.secret_access_key),
            ("SessionToken", &credentials.session_token),
            ("Expiration", &expiration),
        ];
        let keys: String = keys.iter().map(|(name, text)| element(name, text)).collect();
        let user = element("Arn", &credentials.assumed_role_arn())
            + &element("AssumedRoleId", &self.roles.session_id(&credentials));
        let mut result = wrap("Credentials", &keys)
            + &element("SubjectFromWebIdentityToken", &identity.subject)
            + &wrap("AssumedRoleUser", &user)
            // The reference says "the value of the iss field"; what people get is the provider's ARN.
            + &element("Provider", &identity.provider.principal)
            + &element("Audience", &identity.audience);
        if let Some(percent) = packed {
            result += &element("PackedPolicySize", &percent.to_string());
        }
        if let Some(source_identity) = source_identity {
            result += &element("SourceIdentity", &source_identity);
        }
        Ok(result)
    }

    async fn verify_token(&self, token: &str) -> Result<Identity, StsError> {
        let not_a_token =
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
        let unverified = peek_claims(token).ok_or_else(|| StsError::invalid_token(not_a_token))?;
        let issuer = required(&unverified, "iss")?;
        let provider = self.find_provider(issuer).ok_or_else(|| {
            let issuer: String = issuer.chars().take(255).collect();
            StsError::invalid_token(format!("No OpenIDConnect provider found in your account for {issuer}"))
        })?;
        if self.shared.faults.take(Fault::StsProviderUnreachable) {
            return Err(unreachable());
        }
        let claims = self.keys.verify_signature(issuer, token).await.map_err(|error| match error {
            // Said when the keys cannot be read (repost.aws/knowledge-center/iam-sts-invalididentitytoken). What is said when
            // they are read and the signature is not by one of them was not found.
            KeysError::Unreachable | KeysError::Unverified => StsError::invalid_token(
                "Couldn't retrieve verification key from your identity provider,  please reference \
                 AssumeRoleWithWebIdentity documentation for requirements",
            ),
            KeysError::Internal => StsError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalFailure",
                "The request processing has failed because of an unknown error, exception or failure.",
            ),
        })?;
        let audience = find_audience(&claims)?;
        if provider.client_ids.as_ref().is_some_and(|known| !known.contains(&audience)) {
            return Err(StsError::invalid_token("Incorrect token audience"));
        }
        let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
        let (now, exp) = (self.shared.clock.unix_now(), seconds("exp").ok_or_else(|| missing("exp"))?);
        if now >= exp {
            // As in 2025; older answers have no space before the second number (awslabs/aws-orbit-workbench#707).
            return Err(StsError::new(
                StatusCode::BAD_REQUEST,
                "ExpiredTokenException",
                format!("Token expired: current date/time {now} must be before the expiration date/time {exp}"),
            ));
        }
        seconds("iat").ok_or_else(|| missing("iat"))?;
        let subject = required(&claims, "sub")?.to_owned();
        Ok(Identity { provider, subject, audience, claims })
    }

    /// Cognito is known to everybody, others are in the account.
    fn find_provider(&self, issuer: &str) -> Option<Provider> {
        let without_scheme = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        if issuer == COGNITO_ISSUER {
            return Some(Provider { principal: COGNITO.to_owned(), prefix: COGNITO.to_owned(), client_ids: None });
        }
        let faults = &self.shared.faults;
        if faults.holds(Fault::IamProviderMissing) {
            return None;
        }
        let (principal, client_ids) = match self.shared.deployment() {
            Some(deployment) => {
                let known = deployment.account_providers.iter().find(|provider| provider.issuer == issuer)?;
                (known.arn.clone(), known.client_ids.clone())
            }
            None if self.shared.has_built_in_provider(issuer) => {
                (provider_arn(self.roles.account(), issuer), vec![self.shared.options.client_id.clone()])
            }
            None => return None,
        };
        let client_ids = if faults.holds(Fault::IamAudienceMissing) { Vec::new() } else { client_ids };
        Some(Provider { principal, prefix: without_scheme.to_owned(), client_ids: Some(client_ids) })
    }
}

fn unreachable() -> StsError {
    StsError::new(
        StatusCode::BAD_REQUEST,
        "IDPCommunicationError",
        "The identity provider that was asked to verify the incoming identity token could not be reached",
    )
}

fn missing(claim: &str) -> StsError {
    StsError::invalid_token(format!("Missing a required claim: {claim}"))
}

fn required<'c>(claims: &'c Value, name: &str) -> Result<&'c str, StsError> {
    claims.get(name).and_then(Value::as_str).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
}

/// `azp` if it is there, else the one `aud` ("aud", available keys for AWS web identity federation).
fn find_audience(claims: &Value) -> Result<String, StsError> {
    let audience = match (claims.get("azp"), claims.get("aud")) {
        (_, None) => return Err(missing("aud")),
        (Some(azp), _) => azp.as_str(),
        (None, Some(Value::Array(several))) if several.len() == 1 => several[0].as_str(),
        (None, Some(one)) => one.as_str(),
    };
    audience.map(str::to_owned).ok_or_else(|| StsError::invalid_token("Incorrect token audience"))
}

fn begin_session(name: String, identity: &Identity) -> Result<SessionFacts, StsError> {
    let Identity { provider, subject, audience, claims } = identity;
    let methods = match claims.get("amr") {
        Some(Value::Array(methods)) => methods.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let source_identity = match claims.get(SOURCE_IDENTITY_CLAIM) {
        None => None,
        Some(Value::String(text)) if is_source_identity(text) => Some(text.clone()),
        Some(_) => return Err(StsError::invalid_token("The token's source identity is malformed")),
    };
    let facts = if provider.principal == COGNITO {
        SessionFacts::of_pool(audience, subject, methods)
    } else {
        let key = |claim: &str| format!("{}:{claim}", provider.prefix);
        let mut provider_keys =
            vec![(key("aud"), vec![audience.clone()]), (key("sub"), vec![subject.clone()]), (key("amr"), methods)];
        // The same as `aud` if there is no `azp`.
        if let Some(Value::String(original)) = claims.get("aud") {
            provider_keys.push((key("oaud"), vec![original.clone()]));
        }
        SessionFacts { federated_provider: provider.principal.clone(), provider_keys, ..SessionFacts::default() }
    };
    Ok(SessionFacts { name, source_identity, ..facts })
}

fn is_source_identity(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

/// The tags of the token's claim, nested or, "flattened" in newer editions of the guide, each as a claim of its own. Gives
/// how much of what fits they take, if there are any.
fn add_tags(session: &mut SessionFacts, claims: &Value) -> Result<Option<usize>, StsError> {
    let malformed = || StsError::invalid_token("The token's session tags are malformed");
    let flat = |name: &str| format!("{TAGS_CLAIM}/{name}");
    let nested = match claims.get(TAGS_CLAIM) {
        None => None,
        Some(Value::Object(nested)) => Some(nested),
        Some(_) => return Err(malformed()),
    };
    let mut tags = BTreeMap::new();
    let of_nested = match nested.and_then(|nested| nested.get("principal_tags")) {
        None => Vec::new(),
        Some(Value::Object(tags)) => tags.iter().map(|(key, value)| (key.as_str(), value)).collect(),
        Some(_) => return Err(malformed()),
    };
    let prefix = flat("principal_tags/");
    let of_flat = claims.as_object().into_iter().flatten();
    let of_flat = of_flat.filter_map(|(name, value)| Some((name.strip_prefix(&prefix)?, value)));
    for (key, value) in of_nested.into_iter().chain(of_flat) {
        // "You must pass a single value for each session tag."
        let value = match value {
            Value::String(value) => Some(value),
            Value::Array(values) => match &values[..] {
                [Value::String(value)] => Some(value),
                _ => None,
            },
            _ => None,
        };
        tags.insert(key.to_owned(), value.ok_or_else(malformed)?.clone());
    }
    let transitive = nested.and_then(|nested| nested.get("transitive_tag_keys"));
    let transitive = match transitive.or_else(|| claims.get(flat("transitive_tag_keys"))) {
        None => Vec::new(),
        Some(Value::Array(keys)) => {
            keys.iter().map(|key| key.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or_else(malformed)?
        }
        Some(_) => return Err(malformed()),
    };
    if transitive.iter().any(|key: &String| !tags.contains_key(key)) {
        let message = "The specified transitive tag key must be included in the requested tags.";
        return Err(StsError::validation(message));
    }
    let percent = check_tags(&tags).map_err(|fault| match fault {
        TagFault::Malformed { key } => StsError::validation(format!("The session tag '{key}' is none that STS takes")),
        TagFault::TooLarge { percent } => StsError::new(
            StatusCode::BAD_REQUEST,
            "PackedPolicyTooLarge",
            format!("Packed size of session tags consumes {percent}% of allotted space."),
        ),
    })?;
    let any = !tags.is_empty();
    (session.tags, session.transitive_tag_keys) = (tags, transitive);
    Ok(any.then_some(percent))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tags_of(claims: &Value) -> Result<(SessionFacts, Option<usize>), &'static str> {
        let mut session = SessionFacts::default();
        let packed = add_tags(&mut session, claims).map_err(|error| error.code)?;
        Ok((session, packed))
    }

    #[test]
    fn tags_are_read_nested_and_flattened() {
        let nested = json!({ TAGS_CLAIM: {
            "principal_tags": { "Project": ["Automation"], "Team": "eng" },
            "transitive_tag_keys": ["Project"],
        }});
        let flat = json!({
            format!("{TAGS_CLAIM}/principal_tags/Project"): ["Automation"],
            format!("{TAGS_CLAIM}/principal_tags/Team"): "eng",
            format!("{TAGS_CLAIM}/transitive_tag_keys"): ["Project"],
        });
        for claims in [nested, flat] {
            let (session, packed) = tags_of(&claims).unwrap();
            assert_eq!(session.tags["Project"], "Automation");
            assert_eq!((session.tags["Team"].as_str(), session.tags.len(), packed), ("eng", 2, Some(3)));
            assert_eq!(session.transitive_tag_keys, ["Project"]);
        }
        assert!(matches!(tags_of(&json!({})), Ok((session, None)) if session.tags.is_empty()));
    }

    #[test]
    fn tags_that_sts_does_not_take_are_refused() {
        let tags = |tags: Value| json!({ TAGS_CLAIM: { "principal_tags": tags } });
        for (claims, code) in [
            (tags(json!({ "a": ["x", "y"] })), "InvalidIdentityToken"),
            (tags(json!({ "a": 1 })), "InvalidIdentityToken"),
            (tags(json!(["a"])), "InvalidIdentityToken"),
            (json!({ TAGS_CLAIM: "a" }), "InvalidIdentityToken"),
            (tags(json!({ "a": "R&D" })), "ValidationError"),
            (json!({ TAGS_CLAIM: { "transitive_tag_keys": ["a"] } }), "ValidationError"),
            (tags(json!({ "a": "x".repeat(250), "b": "x".repeat(250) })), "PackedPolicyTooLarge"),
        ] {
            assert_eq!(tags_of(&claims).err(), Some(code), "{claims}");
        }
    }

    #[test]
    fn the_audience_is_azp_or_the_only_aud() {
        let audience = |claims: Value| find_audience(&claims).map_err(|error| error.message);
        assert_eq!(audience(json!({ "aud": "a" })), Ok("a".to_owned()));
        assert_eq!(audience(json!({ "aud": ["a"] })), Ok("a".to_owned()));
        assert_eq!(audience(json!({ "aud": ["a", "b"], "azp": "c" })), Ok("c".to_owned()));
        assert_eq!(audience(json!({ "azp": "c" })), Err("Missing a required claim: aud".to_owned()));
        for claims in [json!({ "aud": ["a", "b"] }), json!({ "aud": 1 }), json!({ "aud": "a", "azp": null })] {
            assert_eq!(audience(claims), Err("Incorrect token audience".to_owned()));
        }
    }

    #[test]
    fn a_session_knows_what_the_provider_said() {
        let provider =
            Provider { principal: "arn:x".to_owned(), prefix: "id.example.com".to_owned(), client_ids: None };
        let claims = json!({ "aud": "b", "azp": "a", SOURCE_IDENTITY_CLAIM: "alice" });
        let identity = Identity { provider, subject: "s".to_owned(), audience: "a".to_owned(), claims };
        let session = begin_session("n".to_owned(), &identity).unwrap();
        let key = |name: &str| {
            let found = session.provider_keys.iter().find(|(key, _)| key == name);
            found.map(|(_, values)| values.join(","))
        };
        assert_eq!(key("id.example.com:aud").as_deref(), Some("a"));
        assert_eq!(key("id.example.com:oaud").as_deref(), Some("b"));
        assert_eq!(key("id.example.com:sub").as_deref(), Some("s"));
        assert_eq!((session.name.as_str(), session.source_identity.as_deref()), ("n", Some("alice")));
        assert_eq!(session.federated_provider, "arn:x");
        let odd = Identity { claims: json!({ "aud": "a", SOURCE_IDENTITY_CLAIM: "a b" }), ..identity };
        assert!(begin_session("n".to_owned(), &odd).is_err());
    }
}
