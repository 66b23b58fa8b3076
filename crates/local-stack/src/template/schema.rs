//! Holds a resource's properties to what AWS takes in them: which there are, which there have to be, how long they may be
//! and what may stand in them. What is asked of each is one table, `schemas.rs`.

use std::collections::BTreeSet;

use serde_json::Value;

/// What a value has to be.
#[derive(Clone, Copy)]
pub(super) enum Schema {
    /// Read by its own parser, which tells its problems itself: a policy.
    Any,
    Text {
        /// The least and the most characters.
        length: (usize, usize),
        forms: &'static [Form],
    },
    /// One of these texts.
    Words(&'static [&'static str]),
    /// The least and the most. CloudFormation takes the digits as a text too.
    Number(i64, i64),
    Flag,
    List {
        of: &'static Schema,
        count: (usize, usize),
    },
    /// A list of tags, whose keys are different.
    Tags {
        of: &'static Schema,
        /// Whether `Team` and `team` are one key.
        ignoring_case: bool,
    },
    Map {
        keys: &'static Schema,
        values: &'static Schema,
        most: usize,
    },
    Object(&'static [Property]),
}

/// One property of an object.
#[derive(Clone, Copy)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) schema: Schema,
    pub(super) is_required: bool,
    /// What to do about it, where the rule alone does not say; it follows a semicolon.
    pub(super) hint: &'static str,
}

/// What a text has to look like.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Whether a character may be in it, and which may, in words.
    Of(fn(char) -> bool, &'static str),
    /// What is wrong with it, in words that follow it.
    Rule(fn(&str) -> Result<(), &'static str>),
}

/// No limit that is known.
pub(super) const MANY: usize = usize::MAX;
/// The most tags of a resource.
const MOST_TAGS: usize = 50;

/// What is wrong with `value`, which is called `name`.
pub(super) fn check(name: &str, value: &Value, schema: &Schema) -> Vec<String> {
    match schema {
        Schema::Any => Vec::new(),
        Schema::Text { length, forms } => match value.as_str() {
            Some(text) => check_text(name, text, *length, forms),
            None => vec![format!("{name} is not a text")],
        },
        Schema::Words(words) => match value.as_str() {
            Some(word) if words.contains(&word) => Vec::new(),
            Some(other) => vec![format!("{name} {other:?} is none of {}", words.join(", "))],
            None => vec![format!("{name} is not a text")],
        },
        Schema::Number(least, most) => match as_number(value) {
            Some(number) if (*least..=*most).contains(&number) => Vec::new(),
            Some(number) => vec![format!("{name} is {number}: AWS takes {least} to {most}")],
            None => vec![format!("{name} is not a number")],
        },
        Schema::Flag => match value {
            Value::Bool(_) => Vec::new(),
            Value::String(word) if word == "true" || word == "false" => Vec::new(),
            _ => vec![format!("{name} is neither true nor false")],
        },
        Schema::List { of, count } => check_list(name, value, of, *count),
        Schema::Tags { of, ignoring_case } => {
            let mut problems = check_list(name, value, of, (0, MOST_TAGS));
            let mut seen = BTreeSet::new();
            for key in value.as_array().into_iter().flatten().filter_map(|tag| tag["Key"].as_str()) {
                let same = if *ignoring_case { key.to_lowercase() } else { key.to_owned() };
                if !seen.insert(same) {
                    problems.push(format!("{name}: tag {key:?} is there twice"));
                }
            }
            problems
        }
        Schema::Map { keys, values, most } => {
            let Some(map) = value.as_object() else { return vec![format!("{name} is not an object")] };
            let mut problems = check_count(name, map.len(), (0, *most));
            for (key, value) in map {
                problems.extend(check(&format!("a key of {name}"), &Value::from(key.as_str()), keys));
                problems.extend(check(&format!("{name}.{key}"), value, values));
            }
            problems
        }
        Schema::Object(properties) => match value.as_object() {
            None => vec![format!("{name} is not an object")],
            Some(_) => {
                check_properties(value, properties).into_iter().map(|problem| format!("{name}: {problem}")).collect()
            }
        },
    }
}

/// What is wrong with an object that has these properties, which it does not name itself.
pub(super) fn check_properties(object: &Value, properties: &[Property]) -> Vec<String> {
    let mut problems = Vec::new();
    for Property { name, schema, is_required, hint } in properties {
        match object.get(*name) {
            None if *is_required => problems.push(format!("{name} is missing")),
            None => {}
            Some(value) if hint.is_empty() => problems.extend(check(name, value, schema)),
            Some(value) => {
                problems.extend(check(name, value, schema).into_iter().map(|problem| format!("{problem}; {hint}")));
            }
        }
    }
    let names = object.as_object().into_iter().flat_map(|object| object.keys());
    let unknown = names.filter(|name| !properties.iter().any(|property| property.name == name.as_str()));
    problems.extend(unknown.map(|name| format!("property {name} is not known here")));
    problems
}

fn check_text(name: &str, text: &str, (least, most): (usize, usize), forms: &[Form]) -> Vec<String> {
    let length = text.chars().count();
    if !(least..=most).contains(&length) {
        return vec![format!("{name} has {length} characters: AWS takes {}", range(least, most))];
    }
    let find = |form: &Form| match form {
        Form::Of(is_taken, which) => {
            let other = text.chars().find(|character| !is_taken(*character))?;
            Some(format!("has {other:?}, which AWS does not take: {which}"))
        }
        Form::Rule(rule) => rule(text).err().map(str::to_owned),
    };
    forms.iter().filter_map(find).map(|problem| format!("{name} {text:?} {problem}")).collect()
}

fn check_list(name: &str, value: &Value, of: &Schema, count: (usize, usize)) -> Vec<String> {
    let Some(items) = value.as_array() else {
        let what = if matches!(of, Schema::Object(_)) { "objects" } else { "texts" };
        return vec![format!("{name} is not a list of {what}")];
    };
    let mut problems = check_count(name, items.len(), count);
    problems.extend(items.iter().flat_map(|item| check(name, item, of)));
    problems
}

fn check_count(name: &str, count: usize, (least, most): (usize, usize)) -> Vec<String> {
    match count {
        0 if least > 0 => vec![format!("{name} is empty: AWS takes {}", range(least, most))],
        _ if (least..=most).contains(&count) => Vec::new(),
        _ => vec![format!("{name} has {count} entries: AWS takes {}", range(least, most))],
    }
}

fn range(least: usize, most: usize) -> String {
    match (least, most) {
        (_, MANY) => format!("at least {least}"),
        (0, _) => format!("up to {most}"),
        _ if least == most => format!("{least}"),
        _ => format!("{least} to {most}"),
    }
}

fn as_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
