//! Policy documents. Everything in them is read or refused. Sources: "Grammar of the IAM JSON policy language" and the pages
//! on each element, IAM user guide (2023-05-11).

use serde_json::{Map, Value};

use super::conditions::{self, Condition};
use super::pattern::{Language, PARTITION, Pattern, fits_wildcards};

/// The condition keys that say who calls.
const CALLER_KEYS: &[&str] =
    &["aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount", "aws:SourceArn", "aws:userid"];

/// Everybody's identity pools vouch under this name, so that IAM takes no trust policy that does not say which pool
/// ("Identity-provider controls for shared OIDC providers", IAM user guide).
const COGNITO: &str = "cognito-identity.amazonaws.com";
const POOL_KEY: &str = "cognito-identity.amazonaws.com:aud";

/// The actions of trust policies, in lower case ("Actions, resources, and condition keys for AWS Security Token Service",
/// service authorization reference: those on a role).
const TRUST_ACTIONS: &[&str] =
    &["assumerole", "assumerolewithsaml", "assumerolewithwebidentity", "setcontext", "setsourceidentity", "tagsession"];

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
    size: usize,
    document: Value,
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
        let whole = document;
        let Some(document) = document.as_object() else { return Err(vec!["the policy is not an object".to_owned()]) };
        // "The id_block ... must not be included in identity-based policies."
        let known = ["Version", "Statement", "Id"];
        let mut problems = name_unknown(document, &known[..if kind == PolicyKind::Identity { 2 } else { 3 }]);
        let language = match document.get("Version").map(Value::as_str) {
            Some(Some("2012-10-17")) => Language::Of2012,
            None | Some(Some("2008-10-17")) => Language::Of2008,
            _ => {
                problems.push("Version is neither 2012-10-17 nor 2008-10-17".to_owned());
                Language::Of2012
            }
        };
        let text = Value::from(document.clone()).to_string();
        if kind != PolicyKind::Resource
            && let Some(other) = text.chars().find(|character| !is_policy_character(*character))
        {
            problems.push(format!(
                "the policy has the character {other:?}, which IAM does not take: only those up to U+00FF"
            ));
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
            if statement.get("Sid").is_some() && sid.is_none() {
                problems.push(format!("{name}: Sid is not a text"));
            }
            // "In IAM, the Sid value must be unique", of letters and digits. S3 asks neither ("Unique Sids recommended" is
            // only a warning among the policy checks of IAM Access Analyzer; examples of the S3 user guide have spaces).
            if let (true, Some(sid)) = (kind != PolicyKind::Resource, sid.filter(|sid| !sid.is_empty())) {
                if sids.contains(&sid) {
                    problems.push(format!("{name} is there twice; give each its own Sid, or none"));
                }
                if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    problems.push(format!("{name}: Sid {sid:?} has other characters than letters and digits"));
                }
            }
            sids.extend(sid);
            match Statement::parse(statement, kind, language) {
                Ok(statement) => statements.push(statement),
                Err(found) => problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}"))),
            }
        }
        let size = text.chars().filter(|character| !character.is_whitespace()).count();
        if problems.is_empty() { Ok(Self { statements, size, document: whole.clone() }) } else { Err(problems) }
    }

    /// What it was read from.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// Its characters, as IAM counts them against its quotas: "IAM does not count white space" ("IAM and STS character
    /// limits", IAM user guide).
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The ARNs of the roles and their sessions that it names as principals.
    pub(crate) fn principal_arns(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(|statement| &statement.principals).filter_map(|principal| match principal {
            Principal::Aws(arn) => Some(arn.as_str()),
            _ => None,
        })
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
    fn parse(statement: &Value, kind: PolicyKind, language: Language) -> Result<Self, Vec<String>> {
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
        let mut read = |name: &'static str, parse: fn(&str, Language) -> Result<Pattern, String>| -> Vec<Pattern> {
            if !known.contains(&name) {
                return Vec::new();
            }
            let texts = texts(statement.get(name));
            if texts.as_ref().is_none_or(Vec::is_empty) {
                problems.push(format!("{name} is neither a text nor a list of texts"));
            }
            let mut patterns = Vec::new();
            for text in texts.unwrap_or_default() {
                match parse(text, language) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(problem) => problems.push(format!("{name}: {problem}")),
                }
            }
            patterns
        };
        let actions = read("Action", if kind == PolicyKind::Trust { parse_trust_action } else { parse_action });
        let resources = read("Resource", Pattern::resource);
        let principals = if kind == PolicyKind::Identity {
            Vec::new()
        } else {
            parse_principals(statement.get("Principal"), kind).unwrap_or_else(|found| {
                problems.extend(found);
                Vec::new()
            })
        };
        let conditions = match statement.get("Condition").map(|element| conditions::parse(element, language)) {
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

/// "A service namespace as an action prefix ... followed by the name of the action", which may have wildcards; the prefix
/// has none ("Vendor ... is not valid").
fn parse_action(text: &str, language: Language) -> Result<Pattern, String> {
    let is_action = text == "*"
        || text.split_once(':').is_some_and(|(service, name)| {
            let consists_of = |part: &str, others: &[u8]| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
            };
            (service == "*" || consists_of(service, b"-")) && consists_of(name, b"-*?")
        });
    if !is_action {
        return Err(format!("{text:?} is no action: a service, a colon, and a name, in which alone wildcards may be"));
    }
    Ok(Pattern::with_wildcards(text, language)?.ignoring_case())
}

/// "AssumeRole policy may only specify STS AssumeRole actions", as IAM says (pulumi-aws#4629), and what goes with them.
fn parse_trust_action(text: &str, language: Language) -> Result<Pattern, String> {
    let name = text.to_ascii_lowercase();
    let is_of_trust = |pattern: &str| TRUST_ACTIONS.iter().any(|action| fits_wildcards(pattern, action));
    match name.strip_prefix("sts:") {
        Some(pattern) if is_of_trust(pattern) => parse_action(text, language),
        Some(_) => Err(format!("{text:?} is nothing that a trust policy allows: it speaks of assuming the role")),
        None => Err(format!("{text:?} is not of sts, and a trust policy speaks of nothing else")),
    }
}

fn parse_principals(element: Option<&Value>, policy: PolicyKind) -> Result<Vec<Principal>, Vec<String>> {
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
            match parse_principal(kind, name, policy) {
                Ok(principal) => principals.push(principal),
                Err(problem) => problems.push(format!("Principal.{kind}{problem}")),
            }
        }
    }
    if problems.is_empty() { Ok(principals) } else { Err(problems) }
}

/// One principal ("AWS JSON policy elements: Principal"). What is wrong with it begins with what joins it to its kind.
fn parse_principal(kind: &str, name: &str, policy: PolicyKind) -> Result<Principal, String> {
    let is_domain = name.contains('.') && !name.contains([':', '/', '*', '?']);
    match kind {
        "AWS" if name == "*" => Ok(Principal::Everybody),
        // "You cannot use a wildcard to match part of a principal name or ARN."
        "AWS" | "Federated" | "Service" if name.contains(['*', '?']) => {
            Err(format!(": {name:?} has a wildcard, which AWS takes in no part of a principal: name each of them"))
        }
        "AWS" if is_role(name) => Ok(Principal::Aws(name.to_owned())),
        // An account as principal leaves the decision to its identity policies, which nothing here needs.
        "AWS" => Err(format!(": {name:?} is neither \"*\" nor the ARN of a role")),
        // "Federated principal not supported" among the policy checks of IAM Access Analyzer.
        "Federated" if policy == PolicyKind::Resource => {
            Err(format!(": {name:?} stands in the policy of a bucket, which takes no identity provider: name the role"))
        }
        "Federated" if is_domain || is_provider(name) => Ok(Principal::Federated(name.to_owned())),
        "Federated" => Err(format!(": {name:?} is neither a domain nor the ARN of an identity provider")),
        "Service" if is_domain => Ok(Principal::Service),
        "Service" => Err(format!(": {name:?} is no name of a service, such as logging.s3.amazonaws.com")),
        _ => Err(" is not known".to_owned()),
    }
}

fn is_role(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let of_account = |account: &str| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    match parts[..] {
        ["arn", PARTITION, "iam", "", account, resource] => {
            of_account(account) && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty())
        }
        ["arn", PARTITION, "sts", "", account, resource] => {
            of_account(account) && resource.starts_with("assumed-role/") && resource.split('/').count() == 3
        }
        _ => false,
    }
}

fn is_provider(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", PARTITION, "iam", "", _, resource]
        if resource.starts_with("oidc-provider/") || resource.starts_with("saml-provider/"))
}

/// "Policy documents can contain only the following Unicode characters: horizontal tab, linefeed, carriage return, and
/// characters in the range U+0020 to U+00FF" ("IAM name requirements", IAM user guide).
fn is_policy_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}')
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
