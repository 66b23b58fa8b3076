//! What CloudFormation asks of a template before it looks into any resource: its texts and counts, the names, and that the
//! resources can be made one after the other. Sources: "AWS CloudFormation quotas", "Template anatomy", "DependsOn
//! attribute" and "DeletionPolicy attribute", CloudFormation user guide (2023-05).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// "Template body size in an Amazon S3 object", where the CDK puts it.
const LARGEST_TEMPLATE: usize = 1024 * 1024;
const LONGEST_DESCRIPTION: usize = 1024;
const LONGEST_NAME: usize = 255;
const MOST_RESOURCES: usize = 500;
const MOST_OUTPUTS: usize = 200;
/// The only one there is.
const FORMAT_VERSION: &str = "2010-09-09";
const OUTPUT_FIELDS: &[&str] = &["Description", "Export", "Value"];
/// Attributes of a resource that are one of a few words. `Snapshot` is for types that nobody reads here.
const POLICIES: &[(&str, &[&str])] = &[
    ("DeletionPolicy", &["Delete", "Retain", "RetainExceptOnCreate"]),
    ("UpdateReplacePolicy", &["Delete", "Retain"]),
];

/// Everything that is wrong with it as a whole.
pub(super) fn check(text: &str, document: &Map<String, Value>, resources: &Map<String, Value>) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > LARGEST_TEMPLATE {
        problems.push(format!("the template has {} bytes; CloudFormation takes 1 MB", text.len()));
    }
    if document.get("AWSTemplateFormatVersion").is_some_and(|version| version != FORMAT_VERSION) {
        problems.push(format!("AWSTemplateFormatVersion is not {FORMAT_VERSION}"));
    }
    problems.extend(check_description(document));
    let outputs = document.get("Outputs").and_then(Value::as_object);
    for (what, count, most) in
        [("resources", resources.len(), MOST_RESOURCES), ("outputs", outputs.map_or(0, Map::len), MOST_OUTPUTS)]
    {
        if count > most {
            problems.push(format!("there are {count} {what}; CloudFormation takes {most}"));
        }
    }
    for (name, output) in outputs.into_iter().flatten() {
        let Some(output) = output.as_object() else { continue };
        let mut found = check_name(name);
        found.extend(check_description(output));
        let unknown = output.keys().filter(|field| !OUTPUT_FIELDS.contains(&field.as_str()));
        found.extend(unknown.map(|field| format!("{field} is not known here")));
        problems.extend(found.into_iter().map(|problem| format!("output {name}: {problem}")));
    }
    for (name, resource) in resources {
        let found = check_name(name).into_iter().chain(check_attributes(resource, resources));
        problems.extend(found.map(|problem| format!("{name}: {problem}")));
    }
    let waiting = find_circle(resources);
    if !waiting.is_empty() {
        let names = waiting.into_iter().collect::<Vec<_>>().join(", ");
        problems.push(format!(
            "resources wait for each other: {names}; take away one of the references or one DependsOn between them"
        ));
    }
    problems
}

fn check_description(section: &Map<String, Value>) -> Option<String> {
    match section.get("Description")? {
        Value::String(text) if text.len() <= LONGEST_DESCRIPTION => None,
        Value::String(text) => {
            Some(format!("Description has {} bytes; CloudFormation takes {LONGEST_DESCRIPTION}", text.len()))
        }
        // "You cannot use a parameter or function to specify the description."
        _ => Some("Description is not a text".to_owned()),
    }
}

fn check_name(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        problems.push("its name has other characters than letters and digits".to_owned());
    }
    if name.len() > LONGEST_NAME {
        problems.push(format!("its name has {} characters; CloudFormation takes {LONGEST_NAME}", name.len()));
    }
    problems
}

fn check_attributes(resource: &Value, resources: &Map<String, Value>) -> Vec<String> {
    let mut problems = Vec::new();
    for (attribute, words) in POLICIES {
        match resource.get(attribute) {
            Some(word) if !words.iter().any(|known| word == known) => {
                problems.push(format!("{attribute} {word} is none of {}", words.join(", ")));
            }
            _ => {}
        }
    }
    match depends_on(resource) {
        Some(names) => problems.extend(
            names
                .into_iter()
                .filter(|name| !resources.contains_key(*name))
                .map(|name| format!("DependsOn names {name}, which is not in the template")),
        ),
        None => problems.push("DependsOn is neither the name of a resource nor a list of such".to_owned()),
    }
    problems
}

fn depends_on(resource: &Value) -> Option<Vec<&str>> {
    match resource.get("DependsOn") {
        None => Some(Vec::new()),
        Some(Value::String(name)) => Some(vec![name]),
        Some(Value::Array(names)) => names.iter().map(Value::as_str).collect(),
        Some(_) => None,
    }
}

/// The resources of which none can be made first, and whatever lies between two such circles.
fn find_circle(resources: &Map<String, Value>) -> BTreeSet<&str> {
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, resource) in resources {
        let mut needed: BTreeSet<&str> = depends_on(resource).unwrap_or_default().into_iter().collect();
        collect_references(&resource["Properties"], &mut needed);
        needed.retain(|needed| resources.contains_key(*needed));
        needs.insert(name, needed);
    }
    loop {
        let before = needs.len();
        let left: BTreeSet<&str> = needs.keys().copied().collect();
        // What needs nothing that is left can be made, and what nothing else needs is in nobody's way.
        needs.retain(|_, needed| needed.iter().any(|needed| left.contains(needed)));
        let needed: BTreeSet<&str> = needs.values().flatten().copied().collect();
        needs.retain(|name, _| needed.contains(name));
        if needs.len() == before {
            return needs.into_keys().collect();
        }
    }
}

/// The resources that functions in `value` name.
fn collect_references<'v>(value: &'v Value, names: &mut BTreeSet<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, names)),
        Value::Object(fields) => {
            for (field, argument) in fields {
                match (field.as_str(), argument) {
                    ("Ref", Value::String(name)) => {
                        names.insert(name);
                    }
                    ("Fn::GetAtt", Value::String(path)) => names.extend(path.split('.').next()),
                    ("Fn::GetAtt", Value::Array(parts)) => names.extend(parts.first().and_then(Value::as_str)),
                    ("Fn::Sub", Value::String(text)) => collect_variables(text, names),
                    ("Fn::Sub", Value::Array(parts)) => {
                        parts
                            .first()
                            .and_then(Value::as_str)
                            .into_iter()
                            .for_each(|text| collect_variables(text, names));
                        parts.iter().skip(1).for_each(|part| collect_references(part, names));
                    }
                    _ => collect_references(argument, names),
                }
            }
        }
        _ => {}
    }
}

/// `${Name}` and `${Name.Attribute}`.
fn collect_variables<'v>(text: &'v str, names: &mut BTreeSet<&'v str>) {
    let variables = text.split("${").skip(1).filter_map(|rest| rest.split('}').next());
    names.extend(variables.filter_map(|variable| variable.split('.').next()));
}
