//! The names in the pages that say how something is proven: tests of Rust, Kotlin and Swift, and files. What is looked up is what
//! stands in code, by its form:
//!
//! - `cargo test … FILTER`, `… FILTER`, `module::test`: each filter is a part of the path of some Rust test, as for Cargo;
//! - `NameTests`, `NameTest.what it shows…`, `.test`, `… what it shows…`: a class of tests, and a test in it;
//! - `crates/…` and whatever else begins with a folder of the root: a file or folder that Git knows.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser};

use super::files::Files;
use super::links::line_at;

/// What follows these is no filter.
const OPTIONS_WITH_VALUE: [&str; 4] = ["-p", "--test", "--bin", "--example"];

#[derive(Debug, Default)]
pub(super) struct Known {
    /// As Cargo tells them: `oidc::redirect::tests::a_state_that_is_foreign`.
    rust: Vec<String>,
    /// The texts of the files in which a class of tests is, by its name.
    classes: BTreeMap<String, String>,
    files: Files,
}

impl Known {
    pub(super) fn of(files: &Files) -> Result<Self, String> {
        let mut known = Self { files: Files { paths: files.paths.clone(), ..Files::default() }, ..Self::default() };
        for (path, text) in &files.texts {
            if let Some(module) = module_of(path) {
                known.rust.extend(rust_tests(&module, text));
            }
            if path.ends_with(".kt") || path.ends_with(".swift") {
                for name in declared(text).filter(|name| is_class(name)) {
                    known.classes.entry(name.to_owned()).or_default().push_str(text);
                }
            }
        }
        if known.rust.is_empty() || known.classes.is_empty() {
            return Err("no test was found at all: the sources are not where they are looked for".to_owned());
        }
        Ok(known)
    }

    /// Each name of a page that is nowhere, with its place.
    pub(super) fn missing_in(&self, page: &str, text: &str) -> Vec<String> {
        let mut missing = Vec::new();
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            // Code within a line; what is in a block comes as text.
            if let Event::Code(code) = event {
                let place = |problem| format!("{page}:{}: {problem}", line_at(text, range.start));
                missing.extend(self.problems_of(&code).map(place));
            }
        }
        missing
    }

    fn problems_of(&self, code: &str) -> impl Iterator<Item = String> {
        let code = code.trim();
        let is_cargo = code.starts_with("cargo test ");
        let rest = code.strip_prefix("… ").or_else(|| code.strip_prefix("cargo test "));
        let mut problems = Vec::new();
        let mut look_up = |filter: &str| {
            if !self.rust.iter().any(|test| test.contains(filter)) {
                problems.push(format!("`{code}`: no Rust test has {filter} in its path"));
            }
        };
        match rest {
            Some(rest) if is_cargo || rest.contains("::") || rest.contains('_') => filters(rest).for_each(&mut look_up),
            Some(rest) if !self.has_member(None, rest) => problems.push(format!("`{code}`: no such test")),
            Some(_) => {}
            None if is_rust(code) => look_up(code.trim_end_matches('…')),
            None => {
                let (class, member) =
                    code.split_once('.').map_or((code, None), |(class, member)| (class, Some(member)));
                let is_known = match (is_class(class), member) {
                    (true, None) => self.classes.contains_key(class),
                    (true, Some(member)) => self.has_member(Some(class), member),
                    (false, Some(member)) if class.is_empty() && is_word(member) => self.has_member(None, member),
                    (false, _) => self.is_no_lost_path(code),
                };
                if !is_known {
                    problems.push(format!("`{code}`: there is no such thing"));
                }
            }
        }
        problems.into_iter()
    }

    /// Whether a class of tests, or any, has a test that begins so.
    fn has_member(&self, class: Option<&str>, member: &str) -> bool {
        let member = member.trim_end_matches('…').trim_end();
        let mut texts = self.classes.iter().filter(|(name, _)| class.is_none_or(|class| class == name.as_str()));
        texts.any(|(_, text)| {
            ["fun `", "func `", "fun ", "func "].iter().any(|start| text.contains(&format!("{start}{member}")))
        })
    }

    /// What does not look like a path of this repository, or is one. What is built is not looked for.
    fn is_no_lost_path(&self, code: &str) -> bool {
        let Some((top, _)) = code.split_once('/') else { return true };
        let is_plain = !code.contains(|c: char| c.is_whitespace() || "<>{}$".contains(c));
        let is_built = code.split('/').any(|part| ["build", "target", "cdk.out", "node_modules"].contains(&part));
        if !is_plain || is_built || !self.files.has(top) || top.is_empty() {
            return true;
        }
        match code.split_once('*') {
            Some((before, _)) => self.files.paths.iter().any(|path| path.starts_with(before)),
            None => self.files.has(code.trim_end_matches('/')),
        }
    }
}

/// `a::b`, `a::` or `a_name…`: how tests are told in Rust.
fn is_rust(word: &str) -> bool {
    let name = word.trim_end_matches('…');
    let is_name = |part: &str| part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let is_filter = name.contains("::") || name != word && name.contains('_');
    is_filter && name.split("::").all(is_name)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphanumeric)
}

/// A class of tests, by its name.
fn is_class(name: &str) -> bool {
    let is_named_so = ["Test", "Tests"].iter().any(|ending| name.ends_with(ending) && name.len() > ending.len());
    is_named_so && name.starts_with(|c: char| c.is_ascii_uppercase()) && is_word(name)
}

/// The filters among the arguments of `cargo test`.
fn filters(arguments: &str) -> impl Iterator<Item = &str> {
    let words: Vec<_> = arguments.split_whitespace().collect();
    let follows_option = |at: usize| at > 0 && OPTIONS_WITH_VALUE.contains(&words[at - 1]);
    let filters: Vec<_> = (0..words.len())
        .filter(|at| !words[*at].starts_with('-') && !follows_option(*at))
        .map(|at| words[at])
        .collect();
    filters.into_iter().map(|word| word.trim_end_matches('…'))
}

/// What the path of a test in this file begins with, each part followed by `::`; none if Cargo finds no tests there.
fn module_of(path: &str) -> Option<String> {
    let parts: Vec<_> = path.strip_suffix(".rs")?.split('/').collect();
    let inside = match parts[..] {
        ["crates", _, "src", ref inside @ ..]
        | ["crates", _, "tests", _, ref inside @ ..]
        | ["tests", "e2e", ref inside @ ..] => inside,
        _ => return None,
    };
    let names = inside.iter().filter(|name| !["lib", "main", "mod"].contains(name));
    Some(names.map(|name| format!("{name}::")).collect())
}

/// The paths of the tests in a file. The code is formatted, so that a module ends where a brace stands below its first letter.
fn rust_tests(module: &str, text: &str) -> Vec<String> {
    let mut tests = Vec::new();
    let mut inside: Vec<(usize, &str)> = Vec::new();
    let mut is_test = false;
    for line in text.lines() {
        let code = line.trim_start();
        let depth = line.len() - code.len();
        if code == "}" && inside.last().is_some_and(|(opened, _)| *opened == depth) {
            inside.pop();
        }
        let words: Vec<_> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let after =
            |word: &str| words.iter().position(|known| *known == word).and_then(|at| words.get(at + 1)).copied();
        if code.ends_with('{') && !code.contains('(') && words.contains(&"mod") {
            inside.extend(after("mod").map(|name| (depth, name)));
        }
        if code.starts_with("#[") && (code.contains("[test]") || code.contains("::test")) {
            is_test = true;
        } else if let Some(name) = after("fn").filter(|_| is_test) {
            let modules: String = inside.iter().map(|(_, name)| format!("{name}::")).collect();
            tests.push(format!("{module}{modules}{name}"));
            is_test = false;
        }
    }
    tests
}

/// The names of the types that a file of Kotlin or Swift declares or extends.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let mut words = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.find(|word| ["class", "struct", "enum", "actor", "extension", "object", "interface"].contains(word))?;
        words.next()
    })
}
