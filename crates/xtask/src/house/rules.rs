//! What must hold between the code and the tables. Each rule finds what breaks it, in words that say what to do.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::circles;
use super::resolve::Arrows;
use super::sources::Crate;
use super::table::{PAGE, Row, room_of};

/// Who knows whom, and one line for each place that says so.
pub(super) type Known = BTreeMap<(String, String), Vec<String>>;

/// What breaks the rules, by rule.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) file_circles: Vec<String>,
    pub(super) missing: Vec<String>,
    pub(super) forbidden: Vec<String>,
    pub(super) unused: Vec<String>,
    pub(super) circles: Vec<String>,
}

impl Findings {
    /// Compares a crate's files with its table.
    pub(super) fn of_rooms(&mut self, source: &Crate, arrows: &Arrows, rows: &[Row]) {
        for circle in circles(arrows.keys().copied()) {
            let ways = circle.iter().zip(circle.iter().cycle().skip(1));
            let ways: Vec<_> = ways.map(|(from, to)| describe(source, arrows, (*from, *to))).collect();
            self.file_circles.push(format!("{}: turn or remove one of them", ways.join("\n    and ")));
        }
        let places: BTreeSet<String> = (0..source.files.len()).map(|file| source.place(file)).collect();
        for place in places.iter().filter(|place| room_of(rows, place).is_none()) {
            self.missing.push(format!("crates/{}: `{place}` is in no room of the table", source.name));
        }
        let lived_in: BTreeSet<_> = places.iter().filter_map(|place| room_of(rows, place)).collect();
        for row in rows.iter().filter(|row| !lived_in.contains(row.name.as_str())) {
            self.missing.push(format!("{PAGE}:{}: no file is in `{}`: take out the room", row.line, row.name));
        }
        self.compare(rows, &known_rooms(source, arrows, |place| room_of(rows, place).map(str::to_owned)), "room");
    }

    /// Compares the crates' dependencies with their table.
    pub(super) fn of_crates(&mut self, crates: &[String], known: &Known, rows: &[Row]) {
        for name in crates.iter().filter(|name| rows.iter().all(|row| row.name != **name)) {
            self.missing.push(format!("crates/{name}: no row of the crates' table"));
        }
        for row in rows.iter().filter(|row| !crates.contains(&row.name)) {
            self.missing.push(format!("{PAGE}:{}: there is no crates/{}: take out the row", row.line, row.name));
        }
        self.compare(rows, known, "crate");
    }

    fn compare(&mut self, rows: &[Row], known: &Known, what: &str) {
        let may = |from: &str, to: &str| {
            rows.iter().any(|row| row.name == from && row.may_know.iter().any(|allowed| allowed == to))
        };
        for ((from, to), places) in known.iter().filter(|((from, to), _)| !may(from, to)) {
            for place in places {
                self.forbidden.push(format!(
                    "{place}: {what} `{from}` may not know `{to}`: turn the arrow, or change {PAGE} first"
                ));
            }
        }
        for row in rows {
            for to in row.may_know.iter().filter(|to| !known.contains_key(&(row.name.clone(), (*to).clone()))) {
                self.unused.push(format!("{PAGE}:{}: `{}` knows nothing of `{to}`: take it out", row.line, row.name));
            }
        }
        let arrows = rows.iter().flat_map(|row| row.may_know.iter().map(|to| (row.name.as_str(), to.as_str())));
        for circle in circles(arrows) {
            let first = circle.first().copied().unwrap_or_default();
            let line = rows.iter().find(|row| row.name == first).map_or(0, |row| row.line);
            self.circles
                .push(format!("{PAGE}:{line}: {} -> {first}: one of these arrows goes back", circle.join(" -> ")));
        }
    }
}

/// The arrows between rooms. A file without a room has none.
pub(super) fn known_rooms(source: &Crate, arrows: &Arrows, room_of: impl Fn(&str) -> Option<String>) -> Known {
    let mut known = Known::new();
    for &(from, to) in arrows.keys() {
        if let (Some(room), Some(other)) = (room_of(&source.place(from)), room_of(&source.place(to)))
            && room != other
        {
            known.entry((room, other)).or_default().push(describe(source, arrows, (from, to)));
        }
    }
    known
}

fn describe(source: &Crate, arrows: &Arrows, (from, to): (usize, usize)) -> String {
    let (line, names) = arrows
        .get(&(from, to))
        .map_or((0, Vec::new()), |arrow| (arrow.line, arrow.names.iter().map(String::as_str).collect()));
    let [from, to] = [from, to].map(|file| source.files[file].path.display());
    format!("{from}:{line} -> {to} ({})", names.join(", "))
}
