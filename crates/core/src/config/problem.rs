//! How configuration problems are told: all at once, each saying where it is and what would be right, in lines that
//! fit a terminal of 80 columns.

use std::fmt;

/// Lines of a [`ConfigError`] are broken before this column where a space allows it.
const LINE_WIDTH: usize = 80;

/// One thing that is wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The file, as a path when it was read from a directory.
    pub file: String,
    /// The key with its parents (`Storage.AWSS3.bucket`); empty when the file as a whole is meant.
    pub key: String,
    /// What is wrong, as the rest of a sentence: "is missing".
    pub problem: String,
    /// What would be right, with an example or the exact fix.
    pub expectation: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = if self.key.is_empty() { String::new() } else { format!("{} ", self.key) };
        write_wrapped(f, &format!("{}: {subject}{}", self.file, self.problem), "  ")?;
        f.write_str("\n  ")?;
        write_wrapped(f, &format!("expected: {}", self.expectation), "    ")
    }
}

/// Everything that is wrong with a configuration, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems, Okta's file first, in the order in which the keys are documented.
    pub problems: Vec<ConfigProblem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Writes `text`, going to a new line before a word that would cross [`LINE_WIDTH`]; such lines begin with `indent`.
fn write_wrapped(f: &mut fmt::Formatter<'_>, text: &str, indent: &str) -> fmt::Result {
    let mut column = 0;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column == 0 {
            column = indent.len();
        } else if column + 1 + width > LINE_WIDTH {
            write!(f, "\n{indent}")?;
            column = indent.len();
        } else {
            f.write_str(" ")?;
            column += 1;
        }
        f.write_str(word)?;
        column += width;
    }
    Ok(())
}
