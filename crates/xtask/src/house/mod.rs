//! Whether the house is built as ARCHITECTURE.md says: no file knows another in a circle, and no room or crate knows one
//! that its table does not name. The tables are the check's input, so page and code cannot differ.
//!
//! A file knows another when it names what is defined there, by `use` or by a path in its code. `mod`, re-exports and tests
//! are no arrows. Calls of methods are not seen: whoever calls one has the type from somewhere that is.

mod graph;
mod imports;
mod resolve;
mod rules;
mod sources;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::Value;

use crate::cargo::cargo;
use crate::report::say;

use resolve::{Arrows, arrows};
use rules::{Findings, Known, known_rooms};
use sources::Crate;
use table::{CRATES, NOBODY, PAGE, Page, ROOMS, Row, room_of};

/// The rules, each with what breaks it.
pub(crate) fn check(root: &Path) -> Result<[(&'static str, Vec<String>); 6], String> {
    let House { crates, dependencies, mut page } = House::read(root)?;
    let mut findings = Findings::default();
    for (source, arrows) in &crates {
        let rows = page.rooms.remove(&source.name).unwrap_or_default();
        findings.of_rooms(source, arrows, &rows);
    }
    for name in page.rooms.keys() {
        page.problems.push(format!("{PAGE}: a table for crates/{name}, which is not there"));
    }
    let names: Vec<_> = crates.iter().map(|(source, _)| source.name.clone()).collect();
    findings.of_crates(&names, &dependencies, &page.crates);
    Ok([
        ("the tables can be read", page.problems),
        ("no file knows another in a circle", findings.file_circles),
        ("every file has a room, and every room a file", findings.missing),
        ("nobody knows whom the tables do not name", findings.forbidden),
        ("no table names whom nobody knows", findings.unused),
        ("no table has a circle", findings.circles),
    ])
}

/// Prints the tables as they would be if they said what is: whoever changes the page starts from there.
pub(crate) fn print_tables(root: &Path) -> Result<(), String> {
    let House { crates, dependencies, page } = House::read(root)?;
    let names = crates.iter().map(|(source, _)| source.name.clone()).collect();
    say(&format!("{}\n", tell_table(&CRATES, names, &page.crates, &dependencies)));
    for (source, arrows) in &crates {
        let rows = page.rooms.get(&source.name).map_or(&[][..], Vec::as_slice);
        let room = |place: &str| {
            let top = place.split('/').next().unwrap_or(place);
            room_of(rows, place).unwrap_or(top).to_owned()
        };
        let names = (0..source.files.len()).map(|file| room(&source.place(file))).collect();
        let known = known_rooms(source, arrows, |place| Some(room(place)));
        say(&format!("### `crates/{}`\n\n{}\n", source.name, tell_table(&ROOMS, names, rows, &known)));
    }
    Ok(())
}

/// A table in the order of the page's rows, and what they say beside the arrows; what is new comes last.
fn tell_table(header: &[&str], mut names: Vec<String>, rows: &[Row], known: &Known) -> String {
    let row = |name: &str| rows.iter().position(|row| row.name == name);
    names.sort_by_key(|name| (row(name).unwrap_or(rows.len()), name.clone()));
    names.dedup();
    let mut lines =
        vec![format!("| {} |", header.join(" | ")), format!("| {} |", vec!["---"; header.len()].join(" | "))];
    for name in &names {
        let purpose = row(name).map_or("", |at| &rows[at].purpose);
        let others = names.iter().filter(|other| known.contains_key(&(name.clone(), (*other).clone())));
        let others: Vec<_> = others.map(|other| format!("`{other}`")).collect();
        let others = if others.is_empty() { NOBODY.to_owned() } else { others.join(", ") };
        let between = if header.len() > 2 { format!(" {purpose} |") } else { String::new() };
        lines.push(format!("| `{name}` |{between} {others} |"));
    }
    lines.join("\n")
}

struct House {
    crates: Vec<(Crate, Arrows)>,
    dependencies: Known,
    page: Page,
}

impl House {
    fn read(root: &Path) -> Result<Self, String> {
        let page = std::fs::read_to_string(root.join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
        let (names, dependencies) = read_workspace(root)?;
        let mut crates = Vec::new();
        for name in names {
            let source = Crate::read(&name, &|path| std::fs::read_to_string(root.join(path)).ok())?;
            let arrows = arrows(&source);
            crates.push((source, arrows));
        }
        Ok(Self { crates, dependencies, page: Page::read(&page) })
    }
}

/// The folders under `crates`, and which of them depend on which. Tests may depend on whom they like.
fn read_workspace(root: &Path) -> Result<(Vec<String>, Known), String> {
    let output = cargo(root, &["metadata", "--no-deps", "--locked", "--format-version", "1"]).output();
    let output = output.map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let crates = root.join("crates");
    let folder = |path: &Value| {
        let below = Path::new(path.as_str()?).strip_prefix(&crates).ok()?;
        below.iter().next().map(|name| name.to_string_lossy().into_owned())
    };
    let mut names = Vec::new();
    let mut known = Known::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let Some(name) = folder(&package["manifest_path"]) else { continue };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if let Some(other) = folder(&dependency["path"]).filter(|_| dependency["kind"] != "dev") {
                let place = format!("crates/{name}/Cargo.toml -> crates/{other}");
                known.insert((name.clone(), other), vec![place]);
            }
        }
        names.push(name);
    }
    if names.is_empty() {
        return Err("cargo metadata tells no crates".to_owned());
    }
    names.sort();
    Ok((names, known))
}
