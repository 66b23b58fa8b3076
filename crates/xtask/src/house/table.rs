//! The tables of ARCHITECTURE.md that say who may know whom. They are what the check compares the code with, so they are
//! read strictly: what is not understood is a finding.

use std::collections::BTreeMap;

pub(super) const PAGE: &str = "ARCHITECTURE.md";

/// How a table of rooms begins. Its crate is named by the heading above it, as `crates/core`.
pub(super) const ROOMS: [&str; 3] = ["room", "what it is for", "may know"];
/// How the table of crates begins.
pub(super) const CRATES: [&str; 2] = ["crate", "may depend on"];

/// What stands where there is nobody to know.
pub(super) const NOBODY: &str = "–";

#[derive(Debug, Default)]
pub(super) struct Page {
    /// By the crates' folders.
    pub(super) rooms: BTreeMap<String, Vec<Row>>,
    pub(super) crates: Vec<Row>,
    pub(super) problems: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) purpose: String,
    pub(super) may_know: Vec<String>,
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut heading = None;
        let mut lines = (1..).zip(text.lines()).peekable();
        while let Some((number, line)) = lines.next() {
            if line.starts_with('#') {
                heading = crate_in(line);
            }
            let header = cells(line);
            let is_of_rooms = header == ROOMS;
            if !is_of_rooms && header != CRATES {
                continue;
            }
            let mut rows = Vec::new();
            // Below the header is the line of dashes.
            lines.next();
            while let Some((number, line)) = lines.next_if(|(_, line)| line.starts_with('|')) {
                match read_row(number, &cells(line), header.len()) {
                    Ok(row) => rows.push(row),
                    Err(problem) => page.problems.push(format!("{PAGE}:{number}: {problem}")),
                }
            }
            page.problems.extend(problems_of(&rows));
            let is_second = match heading.clone() {
                _ if !is_of_rooms => !std::mem::replace(&mut page.crates, rows).is_empty(),
                Some(name) => page.rooms.insert(name, rows).is_some(),
                None => {
                    page.problems.push(format!("{PAGE}:{number}: the heading above names no crate, as `crates/core`"));
                    false
                }
            };
            if is_second {
                page.problems.push(format!("{PAGE}:{number}: the same table is there twice"));
            }
        }
        page
    }
}

/// The room that a file is in: the one whose name is longest.
pub(super) fn room_of<'a>(rows: &'a [Row], place: &str) -> Option<&'a str> {
    let holds = |room: &str| place.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    rows.iter().map(|row| row.name.as_str()).filter(|room| holds(room)).max_by_key(|room| room.len())
}

fn crate_in(heading: &str) -> Option<String> {
    heading.split('`').find_map(|text| text.strip_prefix("crates/")).map(str::to_owned)
}

fn cells(line: &str) -> Vec<&str> {
    let inside = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    inside.map(|inside| inside.split('|').map(str::trim).collect()).unwrap_or_default()
}

fn read_row(line: usize, cells: &[&str], columns: usize) -> Result<Row, String> {
    let [name, between @ .., may_know] = cells else { return Err("an empty row".to_owned()) };
    if cells.len() != columns {
        return Err(format!("{} cells, not {columns}", cells.len()));
    }
    let may_know = match *may_know {
        NOBODY => Vec::new(),
        names => names.split(',').map(|name| read_name(name.trim())).collect::<Result<_, _>>()?,
    };
    Ok(Row { line, name: read_name(name)?, purpose: between.concat(), may_know })
}

fn read_name(cell: &str) -> Result<String, String> {
    let name = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap_or_default();
    let is_part = |character: char| character.is_ascii_alphanumeric() || "/_-".contains(character);
    if name.is_empty() || !name.chars().all(is_part) {
        return Err(format!("'{cell}' is no name, as `clock`; nobody is {NOBODY}"));
    }
    Ok(name.to_owned())
}

/// Names that stand twice, and names that nobody has.
fn problems_of(rows: &[Row]) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let mut say = |problem: String| problems.push(format!("{PAGE}:{}: {problem}", row.line));
        if rows[..at].iter().any(|other| other.name == row.name) {
            say(format!("`{}` is there twice", row.name));
        }
        for (at, known) in row.may_know.iter().enumerate() {
            if row.may_know[..at].contains(known) {
                say(format!("`{}` may know `{known}` twice", row.name));
            }
            if *known == row.name || !rows.iter().any(|other| other.name == *known) {
                say(format!("`{}` may know `{known}`, which is no other row of the table", row.name));
            }
        }
    }
    problems
}
