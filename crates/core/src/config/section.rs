//! Takes values out of a JSON object by key and notes what is wrong with each, so that one pass finds all problems.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::document::Document;
use super::problem::ConfigProblem;
use super::validate::{self, Fault};

/// A key of a configuration file, and what its value should look like.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) expectation: &'static str,
}

/// One JSON object of a file.
pub(super) struct Section<'a> {
    file: &'a str,
    /// The keys that lead here, each followed by a dot; empty at the top.
    path: String,
    object: &'a Map<String, Value>,
    /// The paths of keys that the document has more than once.
    repeated: &'a BTreeSet<String>,
    problems: &'a mut Vec<ConfigProblem>,
}

impl<'a> Section<'a> {
    pub(super) fn new(file: &'a str, document: &'a Document, problems: &'a mut Vec<ConfigProblem>) -> Self {
        Self { file, path: String::new(), object: &document.object, repeated: &document.repeated, problems }
    }

    /// An object that must be there.
    pub(super) fn required_section(&mut self, key: &Key) -> Option<Section<'_>> {
        self.section(key, true)
    }

    /// An object that may be left out.
    pub(super) fn optional_section(&mut self, key: &Key) -> Option<Section<'_>> {
        self.section(key, false)
    }

    fn section(&mut self, key: &Key, required: bool) -> Option<Section<'_>> {
        let value = self.find(key, required)?;
        let Value::Object(object) = value else {
            self.note(key, wrong_type(value, "an object"));
            return None;
        };
        Some(self.inside(key.name, object))
    }

    /// A list of objects that may be left out; each is given to `read`.
    pub(super) fn optional_list<T>(&mut self, key: &Key, mut read: impl FnMut(&mut Section<'_>) -> T) -> Vec<T> {
        let Some(value) = self.find(key, false) else { return Vec::new() };
        let Value::Array(entries) = value else {
            self.note(key, wrong_type(value, "a list"));
            return Vec::new();
        };
        let mut found = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let name = format!("{}[{index}]", key.name);
            match entry {
                Value::Object(object) => found.push(read(&mut self.inside(&name, object))),
                other => {
                    let path = format!("{}{name}", self.path);
                    let fault = wrong_type(other, "an object");
                    self.problems.push(fault.into_problem(self.file, &path, key.expectation));
                }
            }
        }
        found
    }

    fn inside(&mut self, name: &str, object: &'a Map<String, Value>) -> Section<'_> {
        Section {
            file: self.file,
            path: format!("{}{name}.", self.path),
            object,
            repeated: self.repeated,
            problems: &mut *self.problems,
        }
    }

    /// Text that must be there and keep `rule`.
    pub(super) fn required<T>(&mut self, key: &Key, rule: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        let value = self.find(key, true)?;
        self.check(key, value, |value| filled_in(value).and_then(rule))
    }

    /// Like [`required`](Self::required), for a value with a rule of its own for what is filled in.
    pub(super) fn required_value<T>(&mut self, key: &Key, rule: impl FnOnce(&Value) -> Result<T, Fault>) -> Option<T> {
        let value = self.find(key, true)?;
        self.check(key, value, rule)
    }

    /// Text that may be left out; when it is there it keeps `rule`. Nothing is given for a wrong value either, but then
    /// a problem is noted.
    pub(super) fn optional<T>(&mut self, key: &Key, rule: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        let value = self.find(key, false)?;
        self.check(key, value, |value| filled_in(value).and_then(rule))
    }

    /// Like [`optional`](Self::optional), for a value that need not be text.
    pub(super) fn optional_value<T>(&mut self, key: &Key, rule: impl FnOnce(&Value) -> Result<T, Fault>) -> Option<T> {
        let value = self.find(key, false)?;
        self.check(key, value, rule)
    }

    /// Notes a problem of a value that is right by itself but does not fit another.
    pub(super) fn note(&mut self, key: &Key, fault: Fault) {
        let path = format!("{}{}", self.path, key.name);
        self.problems.push(fault.into_problem(self.file, &path, key.expectation));
    }

    fn check<T>(&mut self, key: &Key, value: &Value, rule: impl FnOnce(&Value) -> Result<T, Fault>) -> Option<T> {
        rule(value).map_err(|fault| self.note(key, fault)).ok()
    }

    /// Looks a key up. A misspelt one is told as such, since leaving it out silently would be worse than an error.
    fn find(&mut self, key: &Key, required: bool) -> Option<&'a Value> {
        if let Some(value) = self.object.get(key.name) {
            if self.repeated.contains(&format!("{}{}", self.path, key.name)) {
                // Readers of JSON differ in which one counts (RFC 8259 §4), so none is guessed.
                self.note(key, Fault::new("is there more than once").expecting("the key once; take the others out"));
                return None;
            }
            return Some(value);
        }
        if let Some(misspelt) = self.object.keys().find(|name| is_near_miss(name, key.name)) {
            let fault = Fault::new("is not a known key").expecting(format!("did you mean {:?}?", key.name));
            self.problems.push(fault.into_problem(self.file, &format!("{}{misspelt}", self.path), ""));
        } else if required {
            self.note(key, Fault::new("is missing"));
        }
        None
    }
}

/// Text as it stands in the file.
pub(super) fn text(value: &Value) -> Result<&str, Fault> {
    let Value::String(text) = value else { return Err(wrong_type(value, "text in quotes")) };
    Ok(text)
}

/// Text as it should stand in a file: filled in, and without spaces that were copied along.
fn filled_in(value: &Value) -> Result<&str, Fault> {
    text(value).and_then(validate::plain_text)
}

pub(super) fn boolean(value: &Value) -> Result<bool, Fault> {
    value.as_bool().ok_or_else(|| wrong_type(value, "true or false"))
}

pub(super) fn wrong_type(value: &Value, wanted: &str) -> Fault {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Fault::new(format!("is {found}, not {wanted}"))
}

/// Whether someone who wrote `given` probably meant `known`: another case or separator, or at most two wrong letters of more than three.
pub(super) fn is_near_miss(given: &str, known: &str) -> bool {
    let bare = |name: &str| -> Vec<char> {
        name.chars().filter(|c| !matches!(c, '_' | '-' | '.' | ' ')).flat_map(char::to_lowercase).collect()
    };
    // The bound keeps the quadratic comparison away from names that are far too long to be a slip.
    if given.len() > known.len() + 8 {
        return false;
    }
    // Of a name of three letters two are nearly all.
    edit_distance(&bare(given), &bare(known)) <= if known.len() > 3 { 2 } else { 0 }
}

/// Levenshtein's distance: insertions, deletions and replacements from one name to the other.
fn edit_distance(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, a) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}
