//! The properties of one resource, each read or passed over by name. What is left at the end is not known.

use serde_json::{Map, Value};

use crate::iam::{Policy, PolicyKind};

pub(super) struct Properties {
    values: Map<String, Value>,
    problems: Vec<String>,
}

impl Properties {
    pub(super) fn new(values: Map<String, Value>) -> Self {
        Self { values, problems: Vec::new() }
    }

    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name)
    }

    /// Left where it is, to be read once more.
    pub(super) fn peek(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.values.remove(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.problems.push(format!("{name} is not a text"));
                None
            }
        }
    }

    pub(super) fn required_text(&mut self, name: &str) -> String {
        if !self.values.contains_key(name) {
            self.problems.push(format!("{name} is missing"));
        }
        self.text(name).unwrap_or_default()
    }

    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.values.remove(name) else { return Vec::new() };
        let texts =
            value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        texts.unwrap_or_else(|| {
            self.problems.push(format!("{name} is not a list of texts"));
            Vec::new()
        })
    }

    /// False if it is absent. CloudFormation takes the words too.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.values.remove(name) {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(Value::String(word)) if word == "true" || word == "false" => word == "true",
            Some(_) => {
                self.problems.push(format!("{name} is neither true nor false"));
                false
            }
        }
    }

    /// An object within, to be read in the same way.
    pub(super) fn object(&mut self, name: &str) -> Map<String, Value> {
        match self.values.remove(name) {
            None => Map::new(),
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.problems.push(format!("{name} is not an object"));
                Map::new()
            }
        }
    }

    pub(super) fn policy(&mut self, name: &str, kind: PolicyKind) -> Option<Policy> {
        let Some(document) = self.values.remove(name) else {
            self.problems.push(format!("{name} is missing"));
            return None;
        };
        match Policy::parse(&document, kind) {
            Ok(policy) => Some(policy),
            Err(found) => {
                self.problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
                None
            }
        }
    }

    /// Properties that change nothing about who may do what.
    pub(super) fn pass_over(&mut self, names: &[&str]) {
        for name in names {
            self.values.remove(*name);
        }
    }

    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// Reads a part in the same way; its problems begin with `name`.
    pub(super) fn within<T>(&mut self, name: &str, part: Map<String, Value>, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut inner = Self::new(part);
        let result = read(&mut inner);
        self.problems.extend(inner.finish().into_iter().map(|problem| format!("{name}: {problem}")));
        result
    }

    /// Every problem, unknown properties among them.
    pub(super) fn finish(self) -> Vec<String> {
        let unknown = self.values.keys().map(|name| format!("property {name} is not known here"));
        self.problems.into_iter().chain(unknown).collect()
    }
}
