//! Trust policies as people get them wrong: the role's own document with one thing changed, which is then evaluated like any.

use serde_json::{Value, json};

use crate::faults::{Fault, Faults};
use crate::iam::{Policy, PolicyKind};

const AUDIENCE: &str = "cognito-identity.amazonaws.com:aud";
const METHOD: &str = "cognito-identity.amazonaws.com:amr";
const WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";
const TAG_SESSION: &str = "sts:TagSession";

/// Makes the mistake in a document.
type Mistake = fn(&mut Value);

/// The mistakes that can be made in a trust policy, each with what makes it of a document.
const MISTAKES: &[(Fault, Mistake)] = &[
    (Fault::TrustOtherPool, |document| {
        set_conditions(document, AUDIENCE, |_| json!("us-west-2:00000000-0000-0000-0000-000000000000"));
    }),
    (Fault::TrustOtherAmr, |document| {
        set_conditions(document, METHOD, |value| match value.to_string().contains("\"authenticated\"") {
            true => json!("unauthenticated"),
            false => json!("authenticated"),
        });
    }),
    (Fault::TrustAssumeRole, |document| set_actions(document, WEB_IDENTITY, Some("sts:AssumeRole"))),
    (Fault::TrustWithoutTagSession, |document| set_actions(document, TAG_SESSION, None)),
];

/// The policy with the mistakes that somebody has made in it; none if nobody made any.
///
/// # Errors
/// If IAM would not take what comes of it: the role then trusts nobody.
pub(super) fn spoil(trust: &Policy, faults: &Faults) -> Option<Result<Policy, Vec<String>>> {
    let mut made = MISTAKES.iter().filter(|(fault, _)| faults.holds(*fault)).peekable();
    made.peek()?;
    let mut document = trust.document().clone();
    made.for_each(|(_, change)| change(&mut document));
    Some(Policy::parse(&document, PolicyKind::Trust))
}

fn statements(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let (several, one) = match document.get_mut("Statement") {
        Some(Value::Array(several)) => (Some(several), None),
        Some(one) => (None, Some(one)),
        None => (None, None),
    };
    several.into_iter().flatten().chain(one)
}

fn set_conditions(document: &mut Value, key: &str, change: fn(&Value) -> Value) {
    for statement in statements(document) {
        let operators = statement.get_mut("Condition").and_then(Value::as_object_mut);
        for keys in operators.into_iter().flat_map(|operators| operators.values_mut()) {
            if let Some(value) = keys.get_mut(key) {
                *value = change(value);
            }
        }
    }
}

/// Puts another action in an action's place, or none. A statement with nothing left is gone.
fn set_actions(document: &mut Value, action: &str, other: Option<&str>) {
    let change = |statement: &mut Value| {
        let actions = match statement.get_mut("Action") {
            Some(Value::Array(several)) => several.clone(),
            Some(one) => vec![one.clone()],
            None => return true,
        };
        let is_it = |value: &Value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(action));
        let changed: Vec<Value> = actions
            .into_iter()
            .filter_map(|value| if is_it(&value) { other.map(Value::from) } else { Some(value) })
            .collect();
        let is_left = !changed.is_empty();
        statement["Action"] = Value::Array(changed);
        is_left
    };
    match document.get_mut("Statement") {
        Some(Value::Array(several)) => {
            let mut kept = std::mem::take(several);
            kept.retain_mut(change);
            *several = kept;
        }
        Some(one) => {
            change(one);
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let condition = json!({
            "StringEquals": { AUDIENCE: "us-west-2:1" },
            "ForAnyValue:StringLike": { METHOD: "authenticated" },
        });
        let statement = |action: Value| {
            let principal = json!({ "Federated": "cognito-identity.amazonaws.com" });
            json!({ "Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition })
        };
        let statements = json!([statement(json!([WEB_IDENTITY, TAG_SESSION])), statement(json!(TAG_SESSION))]);
        json!({ "Version": "2012-10-17", "Statement": statements })
    }

    #[test]
    fn a_mistake_changes_one_thing_and_gives_a_policy_that_iam_takes() {
        let trust = Policy::parse(&document(), PolicyKind::Trust).unwrap();
        assert!(spoil(&trust, &Faults::default()).is_none());
        let spoilt = |fault| {
            let faults = Faults::default();
            faults.inject(fault, 1);
            spoil(&trust, &faults).unwrap().unwrap().document().clone()
        };
        let first = |fault| spoilt(fault)["Statement"][0].clone();
        assert_ne!(first(Fault::TrustOtherPool)["Condition"]["StringEquals"][AUDIENCE], "us-west-2:1");
        let other = first(Fault::TrustOtherAmr);
        assert_eq!(other["Condition"]["ForAnyValue:StringLike"][METHOD], "unauthenticated");
        assert_eq!(other["Action"], json!([WEB_IDENTITY, TAG_SESSION]));
        assert_eq!(first(Fault::TrustAssumeRole)["Action"], json!(["sts:AssumeRole", TAG_SESSION]));
        let untagged = spoilt(Fault::TrustWithoutTagSession);
        assert_eq!(untagged["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(untagged["Statement"][0]["Action"], json!([WEB_IDENTITY]));
    }
}
