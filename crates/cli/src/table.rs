//! The table of objects. Its columns have fixed widths, so that it can be written row by row while pages arrive, however
//! many there are.

use jetbridge::ListedObject;

use crate::output::{ACCENT, DIM, styled};
use crate::text::{escape, human_size, pad_left, pad_right, short_time, shorten};

const SIZE_COLUMNS: usize = 10;
const TIME_COLUMNS: usize = 16;
const GAP: &str = "  ";

/// Formats objects as rows of key, size and time of the last change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ObjectTable {
    indent: usize,
    key_columns: usize,
}

impl ObjectTable {
    /// A table that ends before the terminal's right edge and begins `indent` columns from its left.
    pub(crate) fn new(terminal_width: usize, indent: usize) -> Self {
        let others = indent + SIZE_COLUMNS + TIME_COLUMNS + 2 * GAP.len();
        Self { indent, key_columns: terminal_width.saturating_sub(others).clamp(12, 120) }
    }

    pub(crate) fn header(self) -> String {
        styled(DIM, self.row("KEY", "SIZE", "MODIFIED (UTC)").trim_end())
    }

    pub(crate) fn rule(self) -> String {
        let width = self.key_columns + SIZE_COLUMNS + TIME_COLUMNS + 2 * GAP.len();
        format!("{}{}", " ".repeat(self.indent), styled(DIM, "─".repeat(width)))
    }

    pub(crate) fn object(self, object: &ListedObject) -> String {
        let modified = object.last_modified.map_or_else(|| "-".to_owned(), short_time);
        self.row(&escape(&object.key), &human_size(object.size), &styled(DIM, modified))
    }

    /// A common prefix: what a folder is in S3.
    pub(crate) fn prefix(self, prefix: &str) -> String {
        let indent = " ".repeat(self.indent);
        format!("{indent}{}", styled(ACCENT, shorten(&escape(prefix), self.key_columns)))
    }

    fn row(self, key: &str, size: &str, modified: &str) -> String {
        let indent = " ".repeat(self.indent);
        let key = pad_right(&shorten(key, self.key_columns), self.key_columns);
        format!("{indent}{key}{GAP}{}{GAP}{modified}", pad_left(size, SIZE_COLUMNS))
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
        }
    }

    #[test]
    fn every_row_ends_at_the_same_column() {
        let table = ObjectTable::new(80, 3);
        for key in ["a", "写真/休暇.jpg", &"k".repeat(900), "tab\there", "e\u{301}te\u{301}.txt", "🚀.bin"] {
            let row = anstream::adapter::strip_str(&table.object(&object(key, 1_572_864))).to_string();
            assert_eq!(columns(&row), 80, "{row}");
            assert!(row.ends_with("   1.5 MiB  2026-03-01 09:30"), "{row}");
        }
    }
}
