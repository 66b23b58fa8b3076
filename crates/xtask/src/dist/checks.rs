//! How packages are tested: how much is made for it, and what is asked of what was made. Each question is a check, told as
//! it is answered.

use crate::report::{Counts, Outcome, say};

/// How much a test makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Beside all other parts, what takes seconds.
    Beside,
    /// All that this system can make.
    Whole,
}

#[derive(Debug, Default)]
pub(super) struct Checks {
    counts: Counts,
    failures: Vec<String>,
}

impl Checks {
    pub(super) fn check(&mut self, name: &str, ask: impl FnOnce() -> Result<(), String>) {
        match ask() {
            Ok(()) => {
                say(&format!("{name}: ok"));
                self.counts.passed += 1;
            }
            Err(problem) => {
                say(&format!("{name}: FAILED\n  {problem}"));
                self.counts.failed += 1;
                self.failures.push(format!("{name}: {problem}"));
            }
        }
    }

    /// What cannot be asked on this machine, and why.
    pub(super) fn skip(&mut self, name: &str, reason: &str) {
        say(&format!("{name}: skipped, {reason}"));
        self.counts.skipped += 1;
    }

    pub(super) fn outcome(self) -> Outcome {
        Outcome::of(self.counts, self.failures)
    }
}

/// A check's answer.
pub(super) fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}
