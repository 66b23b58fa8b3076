//! The table of objects. Its columns have fixed widths, so that it can be written page by page while pages arrive,
//! however many there are.

use comfy_table::{CellAlignment, ColumnConstraint, Row, Table, TableStyle, Width};
use jetbridge::{ListedEntry, ListedObject};

use crate::output::{ACCENT, DIM, styled};
use crate::text::{escape, human_size, short_time, shorten};

const SIZE_COLUMNS: u16 = 10;
const TIME_COLUMNS: u16 = 16;
const GAP: u16 = 2;

/// Formats objects as rows of key, size and time of the last change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ObjectTable {
    indent: usize,
    key_columns: u16,
}

impl ObjectTable {
    /// A table that ends before the terminal's right edge and begins `indent` columns from its left.
    pub(crate) fn new(terminal_width: usize, indent: usize) -> Self {
        let others = usize::from(SIZE_COLUMNS + TIME_COLUMNS + 2 * GAP) + indent;
        let key_columns = terminal_width.saturating_sub(others).clamp(12, 120);
        Self { indent, key_columns: u16::try_from(key_columns).unwrap_or(120) }
    }

    pub(crate) fn header(self) -> String {
        let header = Row::from(["KEY", "SIZE", "MODIFIED (UTC)"]);
        styled(DIM, self.lines([header]).concat().trim_end())
    }

    pub(crate) fn rule(self) -> String {
        let width = self.key_columns + SIZE_COLUMNS + TIME_COLUMNS + 2 * GAP;
        format!("{}{}", " ".repeat(self.indent), styled(DIM, "─".repeat(width.into())))
    }

    /// A line for each object and each common prefix, which is what a folder is in S3.
    pub(crate) fn entries(self, entries: &[ListedEntry]) -> Vec<String> {
        // Objects that follow each other are laid out together: each layout costs as much as some rows.
        let runs =
            entries.chunk_by(|left, right| [left, right].iter().all(|entry| matches!(entry, ListedEntry::Object(_))));
        runs.flat_map(|run| match run {
            [ListedEntry::Prefix(prefix)] => vec![self.prefix(prefix)],
            run => self.objects(run.iter().filter_map(|entry| match entry {
                ListedEntry::Object(object) => Some(object),
                ListedEntry::Prefix(_) => None,
            })),
        })
        .collect()
    }

    /// A line for each object.
    pub(crate) fn objects<'a>(self, objects: impl IntoIterator<Item = &'a ListedObject>) -> Vec<String> {
        self.lines(objects.into_iter().map(|object| {
            let modified = object.last_modified.map_or_else(|| "-".to_owned(), short_time);
            let key = shorten(&escape(&object.key), self.key_columns.into()).into_owned();
            // The layout counts the codes of a style as text. Only the last column has room for them.
            let size = object.known_size().map_or_else(|| "-".to_owned(), human_size);
            Row::from([key, size, styled(DIM, modified)])
        }))
    }

    fn prefix(self, prefix: &str) -> String {
        let indent = " ".repeat(self.indent);
        format!("{indent}{}", styled(ACCENT, shorten(&escape(prefix), self.key_columns.into())))
    }

    /// Lays rows out, a line each.
    fn lines(self, rows: impl IntoIterator<Item = Row>) -> Vec<String> {
        let mut table = Table::new();
        table.load_style(TableStyle::new());
        table.add_rows(rows);
        let absolute = |columns| ColumnConstraint::Absolute(Width::Fixed(columns));
        table.set_constraints([absolute(self.key_columns + GAP), absolute(SIZE_COLUMNS + GAP)]);
        for column in table.column_iter_mut() {
            column.set_padding(if column.index < 2 { (0, GAP) } else { (0, 0) });
        }
        if let Some(size) = table.column_mut(1) {
            size.set_cell_alignment(CellAlignment::Right);
        }
        let indent = " ".repeat(self.indent);
        table.lines().map(|line| format!("{indent}{line}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::text::columns;

    fn object(key: &str, size: u64) -> ListedObject {
        ListedObject {
            key: key.to_owned(),
            size,
            last_modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_357_400)),
            e_tag: None,
            size_unknown: false,
        }
    }

    #[test]
    fn every_row_is_one_line_that_ends_at_the_same_column() {
        let table = ObjectTable::new(80, 3);
        let keys =
            ["a", "写真/休暇.jpg", &"k".repeat(900), &"写 ".repeat(99), "tab\there", "e\u{301}te\u{301}.txt", "🚀.bin"];
        let objects = keys.map(|key| object(key, 1_572_864));
        let rows = table.objects(&objects);
        assert_eq!(rows.len(), keys.len(), "{rows:?}");
        for row in rows {
            let row = anstream::adapter::strip_str(&row).to_string();
            assert_eq!(columns(&row), 80, "{row}");
            assert!(row.ends_with("   1.5 MiB  2026-03-01 09:30"), "{row}");
        }
    }

    #[test]
    fn a_size_that_nobody_said_is_a_dash() {
        let unknown = ListedObject { size_unknown: true, ..object("a", 0) };
        let row = anstream::adapter::strip_str(&ObjectTable::new(80, 3).objects(&[unknown])[0]).to_string();
        assert!(row.ends_with("  -  2026-03-01 09:30"), "{row}");
    }

    #[test]
    fn the_header_stands_above_its_columns() {
        let table = ObjectTable::new(80, 3);
        let header = anstream::adapter::strip_str(&table.header()).to_string();
        assert!(header.starts_with("   KEY  ") && header.ends_with("      SIZE  MODIFIED (UTC)"), "{header}");
        assert_eq!(columns(&header), 78);
        assert!(table.objects(&[]).is_empty());
    }
}
