//! Policy documents. Everything in them is read or refused.

use serde_json::{Map, Value};

use super::conditions::{self, Condition};
use super::pattern::Pattern;

/// The condition keys that say who calls.
const CALLER_KEYS: &[&str] =
    &["aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount", "aws:SourceArn", "aws:userid"];

/// Everybody's identity pools vouch under this name, so that IAM takes no trust policy that does not say which pool
/// ("Identity-provider controls for shared OIDC providers", IAM user guide).
const COGNITO: &str = "cognito-identity.amazonaws.com";
const POOL_KEY: &str = "cognito-identity.amazonaws.com:aud";

/// Where a policy stands, which decides what its statements have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    /// On a role: what it may do. Statements have resources and no principal.
    Identity,
    /// On a bucket: who may do what with it. Statements have both.
    Resource,
    /// On a role: who may assume it. Statements have a principal and no resource.
    Trust,
}

#[derive(Debug)]
pub(crate) struct Policy {
    pub(super) statements: Vec<Statement>,
}

#[derive(Debug)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    pub(super) principals: Vec<Principal>,
    /// Compared in lower case: names of actions have none.
    pub(super) actions: Vec<Pattern>,
    pub(super) resources: Vec<Pattern>,
    pub(super) conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// Whom a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principal {
    Everybody,
    /// A role or a session of one, by ARN.
    Aws(String),
    /// Who vouches for the caller: `cognito-identity.amazonaws.com`, or the ARN of a provider.
    Federated(String),
    /// An AWS service. None of them calls here.
    Service,
}

impl Policy {
    /// Reads a document whose CloudFormation functions are resolved.
    ///
    /// # Errors
    /// Everything that is wrong or not known.
    pub(crate) fn parse(document: &Value, kind: PolicyKind) -> Result<Self, Vec<String>> {
        let Some(document) = document.as_object() else { return Err(vec!["the policy is not an object".to_owned()]) };
        let mut problems = name_unknown(document, &["Version", "Id", "Statement"]);
        match document.get("Version").and_then(Value::as_str) {
            Some("2012-10-17") => {}
            // Variables are plain text in policies of the other version.
            _ => problems.push("Version is not 2012-10-17".to_owned()),
        }
        let found = match document.get("Statement") {
            Some(Value::Array(several)) => several.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => Vec::new(),
        };
        if found.is_empty() {
            problems.push("there is no Statement".to_owned());
        }
        let (mut statements, mut sids) = (Vec::new(), Vec::new());
        for (index, statement) in found.into_iter().enumerate() {
            let sid = statement.get("Sid").and_then(Value::as_str);
            let name = sid.map_or_else(|| format!("statement {}", index + 1), |sid| format!("statement {sid}"));
            if sid.is_some_and(|sid| sids.contains(&sid)) {
                problems.push(format!("{name} is there twice"));
            }
            sids.extend(sid);
            match Statement::parse(statement, kind) {
                Ok(statement) => statements.push(statement),
                Err(found) => problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}"))),
            }
        }
        if problems.is_empty() { Ok(Self { statements }) } else { Err(problems) }
    }

    /// Whether the policy of a bucket is open to the world: it allows something to everybody, and no condition holds only
    /// for callers that it names ("The meaning of public", S3 user guide).
    pub(crate) fn is_public(&self) -> bool {
        let is_open = |statement: &Statement| {
            statement.effect == Effect::Allow
                && statement.principals.contains(&Principal::Everybody)
                && !statement.conditions.iter().any(|condition| condition.demands_fixed(CALLER_KEYS))
        };
        self.statements.iter().any(is_open)
    }
}

impl Statement {
    fn parse(statement: &Value, kind: PolicyKind) -> Result<Self, Vec<String>> {
        let Some(statement) = statement.as_object() else { return Err(vec!["it is not an object".to_owned()]) };
        let mut known = vec!["Sid", "Effect", "Action", "Condition"];
        if kind != PolicyKind::Identity {
            known.push("Principal");
        }
        if kind != PolicyKind::Trust {
            known.push("Resource");
        }
        let mut problems = name_unknown(statement, &known);
        let effect = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => {
                problems.push("Effect is neither Allow nor Deny".to_owned());
                Effect::Deny
            }
        };
        let mut read = |name: &'static str, parse: fn(&str) -> Result<Pattern, String>| -> Vec<Pattern> {
            if !known.contains(&name) {
                return Vec::new();
            }
            let texts = texts(statement.get(name));
            if texts.as_ref().is_none_or(Vec::is_empty) {
                problems.push(format!("{name} is neither a text nor a list of texts"));
            }
            let mut patterns = Vec::new();
            for text in texts.unwrap_or_default() {
                match parse(text) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(problem) => problems.push(format!("{name}: {problem}")),
                }
            }
            patterns
        };
        let actions = read("Action", if kind == PolicyKind::Trust { parse_trust_action } else { parse_action });
        let resources = read("Resource", parse_resource);
        let principals = if kind == PolicyKind::Identity {
            Vec::new()
        } else {
            parse_principals(statement.get("Principal")).unwrap_or_else(|found| {
                problems.extend(found);
                Vec::new()
            })
        };
        let conditions = match statement.get("Condition").map(conditions::parse) {
            None => Vec::new(),
            Some(Ok(conditions)) => conditions,
            Some(Err(found)) => {
                problems.extend(found);
                Vec::new()
            }
        };
        let trusts_cognito = kind == PolicyKind::Trust
            && effect == Effect::Allow
            && principals.contains(&Principal::Federated(COGNITO.to_owned()));
        // A condition that could not be read has its problem already.
        if trusts_cognito && problems.is_empty() && !conditions.iter().any(|condition| condition.demands(&[POOL_KEY])) {
            problems.push(format!("no condition says which {POOL_KEY} it trusts, without which IAM refuses the role"));
        }
        if problems.is_empty() {
            Ok(Self { effect, principals, actions, resources, conditions })
        } else {
            Err(problems)
        }
    }
}

fn parse_action(text: &str) -> Result<Pattern, String> {
    let is_action = text == "*"
        || text.split_once(':').is_some_and(|(service, name)| {
            let is_name = |part: &str| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-*?".contains(&byte))
            };
            is_name(service) && is_name(name)
        });
    if !is_action {
        return Err(format!("{text:?} is no action"));
    }
    Ok(Pattern::with_wildcards(text)?.ignoring_case())
}

fn parse_trust_action(text: &str) -> Result<Pattern, String> {
    match text.split_once(':') {
        Some((service, _)) if service.eq_ignore_ascii_case("sts") => parse_action(text),
        _ => Err(format!("{text:?} is not of sts, and a trust policy speaks of nothing else")),
    }
}

fn parse_resource(text: &str) -> Result<Pattern, String> {
    if text != "*" && !text.starts_with("arn:") {
        return Err(format!("{text:?} is no ARN"));
    }
    Pattern::with_wildcards(text)
}

fn parse_principals(element: Option<&Value>) -> Result<Vec<Principal>, Vec<String>> {
    let kinds = match element {
        Some(Value::String(text)) if text == "*" => return Ok(vec![Principal::Everybody]),
        Some(Value::Object(kinds)) if !kinds.is_empty() => kinds,
        _ => return Err(vec!["Principal is neither \"*\" nor an object".to_owned()]),
    };
    let (mut principals, mut problems) = (Vec::new(), Vec::new());
    for (kind, names) in kinds {
        let names = texts(Some(names)).filter(|names| !names.is_empty());
        let Some(names) = names else {
            problems.push(format!("Principal.{kind} is neither a text nor a list of texts"));
            continue;
        };
        for name in names {
            principals.push(match kind.as_str() {
                "AWS" if name == "*" => Principal::Everybody,
                "AWS" if is_role(name) => Principal::Aws(name.to_owned()),
                "Federated" => Principal::Federated(name.to_owned()),
                "Service" => Principal::Service,
                // An account as principal leaves the decision to its identity policies, which nothing here needs.
                "AWS" => {
                    problems.push(format!("Principal.AWS: {name:?} is neither \"*\" nor the ARN of a role"));
                    continue;
                }
                _ => {
                    problems.push(format!("Principal.{kind} is not known"));
                    continue;
                }
            });
        }
    }
    if problems.is_empty() { Ok(principals) } else { Err(problems) }
}

fn is_role(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "iam", "", _, resource] if resource.starts_with("role/"))
        || matches!(parts[..], ["arn", _, "sts", "", _, resource] if resource.starts_with("assumed-role/"))
}

/// A text, or a list of texts.
fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    match value? {
        Value::String(text) => Some(vec![text.as_str()]),
        Value::Array(several) => several.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn name_unknown(object: &Map<String, Value>, known: &[&str]) -> Vec<String> {
    let unknown = object.keys().filter(|name| !known.contains(&name.as_str()));
    unknown.map(|name| format!("{name} is not known here")).collect()
}
