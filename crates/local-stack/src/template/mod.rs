//! Reads a synthesized CloudFormation template, as `cdk synth` writes it, and makes of it what the stack enforces:
//! providers, identity pool, roles, buckets with their policies and an API. Deny by default: a resource type, property,
//! function or policy element that is not known here is named and refused, because passing over it would show a
//! deployment that AWS does not make. All problems are told at once.

mod api;
mod bucket_policy;
mod deployment;
mod functions;
mod issuer;
mod link;
mod names;
mod properties;
mod resources;
mod schema;
mod schemas;
mod sections;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

pub(crate) use api::{Authorization, DEFAULT_STAGE, Function, HttpApi, Route};
#[cfg(test)]
pub(crate) use bucket_policy::{BUCKET_ACTIONS, OBJECT_ACTIONS};
pub(crate) use deployment::{DEFAULT_SESSION_SECONDS, Deployment, Fallback, MatchType, Role, RoleMapping, RoleRule};
pub(crate) use issuer::Issuer;
pub(crate) use schemas::is_taggable;

use functions::Resolver;

/// Larger than CloudFormation takes: no more than this is read to say so.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;
/// What may stand at the top. Anything else changes what the rest means.
const KNOWN_SECTIONS: &[&str] =
    &["AWSTemplateFormatVersion", "Description", "Metadata", "Outputs", "Parameters", "Resources"];

/// A template that the stack can be started from.
#[derive(Clone)]
pub struct Template {
    deployment: Arc<Deployment>,
}

/// The template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file could not be read.
    #[error("failed to read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text is not JSON. CDK writes JSON; templates in YAML are not read.
    #[error("not JSON: {0}")]
    NotJson(serde_json::Error),
    /// It is JSON, but not a template.
    #[error("not a synthesized CloudFormation template: it has no Resources")]
    NotATemplate,
    /// It has parts that are wrong or not known here.
    #[error("{}", problems.join("\n"))]
    Refused {
        /// One sentence for each of them, with the resource's name first.
        problems: Vec<String>,
    },
}

impl Template {
    /// Reads a file. The stack is named by the file, as CDK names its files by the stack.
    ///
    /// # Errors
    /// [`TemplateError`] with everything that is in the way.
    pub fn load(path: &Path) -> Result<Self, TemplateError> {
        let describe = |source| TemplateError::Read { path: path.to_owned(), source };
        if std::fs::metadata(path).map_err(describe)?.len() > LARGEST_FILE {
            return Err(describe(io::Error::other("the file is larger than 4 MiB")));
        }
        let text = std::fs::read_to_string(path).map_err(describe)?;
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
        Self::parse(&text, name.unwrap_or("Stack"))
    }

    /// Reads a template's text as that of the stack `stack_name`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(text: &str, stack_name: &str) -> Result<Self, TemplateError> {
        let document: Value = serde_json::from_str(text).map_err(TemplateError::NotJson)?;
        let document = document.as_object().ok_or(TemplateError::NotATemplate)?;
        let resources = document.get("Resources").and_then(Value::as_object);
        let resources = resources.filter(|resources| !resources.is_empty()).ok_or(TemplateError::NotATemplate)?;
        match read(text, document, resources, stack_name) {
            Ok(deployment) => Ok(Self { deployment: Arc::new(deployment) }),
            Err(problems) => Err(TemplateError::Refused { problems }),
        }
    }

    /// The resources that are known and have no part in what the stack does, as `name (type)`.
    pub fn ignored_resources(&self) -> &[String] {
        &self.deployment.ignored
    }

    pub(crate) fn deployment(&self) -> &Arc<Deployment> {
        &self.deployment
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("issuer", &self.deployment.issuer.url).finish_non_exhaustive()
    }
}

fn read(
    text: &str,
    document: &Map<String, Value>,
    resources: &Map<String, Value>,
    stack_name: &str,
) -> Result<Deployment, Vec<String>> {
    let unknown = document.keys().filter(|section| !KNOWN_SECTIONS.contains(&section.as_str()));
    let mut problems: Vec<String> =
        unknown.map(|section| format!("{section}: this section is not known here")).collect();
    let parameters = document.get("Parameters").and_then(Value::as_object).into_iter().flatten();
    problems.extend(parameters.map(|(name, parameter)| {
        let description = parameter.get("Description").and_then(Value::as_str).unwrap_or("It is not known here.");
        format!("{name}: the template asks for a parameter, which the stack cannot give. {description}")
    }));
    problems.extend(sections::check(text, document, resources));

    let resolver = Resolver::new(resources, stack_name);
    let mut parts = resources::Parts::default();
    for (name, resource) in resources {
        let found = resources::read(&resolver, name, resource, &mut parts);
        problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    let mut outputs = std::collections::BTreeMap::new();
    for (name, output) in document.get("Outputs").and_then(Value::as_object).into_iter().flatten() {
        match resolver.resolve(&output["Value"]) {
            Ok(Some(Value::String(text))) => {
                outputs.insert(name.clone(), text);
            }
            Ok(_) => problems.push(format!("output {name}: its value is not a text")),
            Err(problem) => problems.push(format!("output {name}: {problem}")),
        }
    }
    // What refers to something that could not be read would only be a second complaint about it.
    if problems.is_empty() { link::link(parts, &outputs) } else { Err(problems) }
}
