//! `doctor --claims`: what the ID token of whoever is signed in says. Roles and tags come from it, so that one has to see it
//! when they are not what was meant; most of it is about a person, so that it is shortened unless somebody asks for all.

use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::{Map, Value};

use super::template;
use crate::context::Context;
use crate::exit::{CliError, Failure};
use crate::output::{DIM, Output, styled};
use crate::text::{count_of, escape, relative, rfc3339, short_time};

/// About a person, whatever they are mapped to (OpenID Connect Core 1.0 §5.1, "Standard Claims").
const PERSONAL: [&str; 19] = [
    "sub",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
];
/// What is about the sign-in and not about a person (OpenID Connect Core 1.0 §2; `ver`, `idp`: Okta's API reference, "ID
/// token claims").
const IMPERSONAL: [&str; 12] =
    ["iss", "aud", "azp", "ver", "iat", "exp", "nbf", "auth_time", "updated_at", "amr", "acr", "idp"];
/// RFC 7519 §2, `NumericDate`.
const TIMES: [&str; 5] = ["iat", "exp", "nbf", "auth_time", "updated_at"];

#[derive(Debug, Serialize)]
struct ClaimEvent<'a> {
    event: &'static str,
    name: &'a str,
    value: &'a Value,
    /// Whether there is more than is shown.
    shortened: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
}

/// Claims of an organization's own may be about a person, too: they are whole where `template` says what they are for.
pub(super) async fn run(
    context: &Context,
    all: bool,
    template: Option<&Path>,
    output: &mut Output,
) -> Result<(), CliError> {
    let mapped = match template {
        Some(file) => template::mapped(file, context.notes).await?,
        None => Vec::new(),
    };
    let is_whole = |name: &String| {
        all || IMPERSONAL.contains(&name.as_str()) || mapped.contains(name) && !PERSONAL.contains(&name.as_str())
    };
    let (session, _) = context.signed_in().await?;
    let claims = session.claims().and_then(|claims| serde_json::from_str::<Map<String, Value>>(claims.json()).ok());
    let claims = claims.ok_or_else(|| Failure::internal("the stored ID token cannot be read"))?;
    let now = session.details().now;
    let mut fields = Vec::new();
    let mut hides = false;
    for (name, value) in &claims {
        let shortened = if is_whole(name) { None } else { shorten(value) };
        let (shown, time) = (shortened.as_ref().unwrap_or(value), time_of(name, value));
        hides |= shortened.is_some();
        if output.is_json() {
            let (shortened, time) = (shortened.is_some(), time.map(rfc3339));
            output.event(&ClaimEvent { event: "claim", name, value: shown, shortened, time })?;
        } else {
            let text = match time {
                Some(time) => format!("{} UTC ({})", short_time(time), relative(time, now)),
                None => escape(&to_text(shown)).into_owned(),
            };
            // An empty value would make an empty line.
            fields.push((escape(name).into_owned(), if text.is_empty() { "\"\"".to_owned() } else { text }));
        }
    }
    let fields: Vec<_> = fields.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    output.fields(0, &fields)?;
    if hides && !output.is_json() {
        output.flush()?;
        let more = match template {
            Some(_) => "What is personal is shortened; --all shows it.",
            None => {
                "What may be personal is shortened. --template FILE shows what that template maps to tags and roles, --all shows \
                 everything."
            }
        };
        context.notes.say(styled(DIM, more));
    }
    Ok(())
}

/// The same with nothing in it by which one knows somebody; `None` if there is nothing to hide.
fn shorten(value: &Value) -> Option<Value> {
    let shortened = match value {
        Value::Null | Value::Bool(_) => return None,
        Value::Number(_) => "…".to_owned(),
        // Enough to tell two apart that one knows, and never most of it.
        Value::String(text) if text.chars().count() > 4 => format!("{}…", text.chars().take(2).collect::<String>()),
        Value::String(text) if text.is_empty() => return None,
        Value::String(_) => "…".to_owned(),
        Value::Array(items) => count_of(items.len() as u64, "value"),
        Value::Object(object) => count_of(object.len() as u64, "member"),
    };
    Some(Value::String(shortened))
}

fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_number()) => {
            items.iter().map(to_text).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn time_of(name: &str, value: &Value) -> Option<SystemTime> {
    let seconds = value.as_u64().filter(|_| TIMES.contains(&name))?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nobody_is_known_by_what_is_left() {
        for (value, left) in [
            (json!("alice@example.com"), json!("al…")),
            (json!("Ann"), json!("…")),
            (json!("Anna"), json!("…")),
            (json!("写真写真写真"), json!("写真…")),
            (json!(["Everyone", "admins"]), json!("2 values")),
            (json!(["Everyone"]), json!("1 value")),
            (json!({ "street": "x" }), json!("1 member")),
            (json!(4711), json!("…")),
        ] {
            assert_eq!(shorten(&value), Some(left), "{value}");
        }
        for value in [json!(true), json!(null), json!("")] {
            assert_eq!(shorten(&value), None, "{value}");
        }
    }

    #[test]
    fn times_are_read_and_other_numbers_are_not() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(time_of("exp", &json!(1_772_357_400)), Some(at(1_772_357_400)));
        for (name, value) in [("ver", json!(1)), ("exp", json!("soon")), ("exp", json!(-1)), ("exp", json!(u64::MAX))] {
            assert_eq!(time_of(name, &value), None, "{name} {value}");
        }
    }
}
