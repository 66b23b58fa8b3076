//! What the steps came to: a line for each, and the closing counts that scripts read.

use std::io::Write as _;
use std::time::{Duration, Instant};

/// Prints a line; a closed pipe is no reason to stop the checks.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// Of one step: more are told above, where they happened.
const MOST_FAILURES: usize = 20;

/// Whether a line of a step's output names something that failed: a test of cargo's, one of Swift's or what became of it, or
/// whatever a script here calls so.
pub(crate) fn names_failure(line: &str) -> bool {
    line.starts_with("FAILED: ")
        || line.starts_with("failed: ")
        || (line.starts_with("test ") && line.ends_with(" ... FAILED"))
        || (line.starts_with('✘') && line.contains(" recorded an issue"))
}

/// How many checks went which way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Adds what a script says of itself: `3 passed, 0 failed, 0 skipped` alone on a line.
    pub(crate) fn add_closing_line(&mut self, line: &str) {
        let fields: Vec<_> = line.split(", ").map(|field| field.split_once(' ')).collect();
        let [Some((passed, "passed")), Some((failed, "failed")), Some((skipped, "skipped"))] = fields[..] else {
            return;
        };
        if let (Ok(passed), Ok(failed), Ok(skipped)) = (passed.parse(), failed.parse(), skipped.parse()) {
            self.add(Self { passed, failed, skipped });
        }
    }

    /// Adds what one line of `cargo test` output says, if it is the line that closes a test binary.
    pub(crate) fn add_test_result_line(&mut self, line: &str) {
        let Some((_, numbers)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for field in numbers.split("; ") {
            let Some((number, label)) = field.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match label {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

/// Says of each rule whether it is kept, and what breaks it. Gives that back as well, for the end.
pub(crate) fn tell_rules(rules: &[(&str, Vec<String>)]) -> (Counts, Vec<String>) {
    let (mut counts, mut failures) = (Counts::default(), Vec::new());
    for (name, broken) in rules {
        say(&format!("{name}: {}", if broken.is_empty() { "ok" } else { "FAILED" }));
        broken.iter().for_each(|text| say(&format!("  {text}")));
        failures.extend(broken.iter().map(|text| format!("{name}: {text}")));
        if broken.is_empty() { counts.passed += 1 } else { counts.failed += 1 }
    }
    (counts, failures)
}

/// Runs something and says how long it took.
#[expect(clippy::disallowed_methods, reason = "chores measure real time; nothing here decides by it")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran; the counts say how it went.
    Ran(Counts),
    /// The same, of something that named what failed.
    Failed(Counts, Vec<String>),
    /// It could not run on this machine, for this reason.
    Skipped(String),
    /// It could not run because a registry does not have what it needs. That is nobody's fault here, and allowed even when
    /// skips are refused.
    Excused(String),
}

impl Outcome {
    /// It ran, and named these as failed.
    pub(crate) fn of(counts: Counts, failures: Vec<String>) -> Self {
        if counts.failed == 0 || failures.is_empty() { Self::Ran(counts) } else { Self::Failed(counts, failures) }
    }

    /// What could not even be looked at has failed; says so.
    pub(crate) fn failed(problem: &str) -> Self {
        say(&format!("failed: {problem}"));
        Self::Failed(Counts { failed: 1, ..Counts::default() }, vec![problem.to_owned()])
    }
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// All steps so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

impl Report {
    pub(crate) fn push(&mut self, name: &'static str, outcome: Outcome, took: Duration) {
        self.lines.push(Line { name, outcome, took });
    }

    /// The sum; with `no_skip`, a step that could not run has failed.
    fn counts(&self, no_skip: bool) -> Counts {
        let mut sum = Counts::default();
        for line in &self.lines {
            match &line.outcome {
                Outcome::Ran(counts) | Outcome::Failed(counts, _) => sum.add(*counts),
                Outcome::Skipped(_) if no_skip => sum.failed += 1,
                Outcome::Skipped(_) | Outcome::Excused(_) => sum.skipped += 1,
            }
        }
        sum
    }

    pub(crate) fn passed(&self, no_skip: bool) -> bool {
        let counts = self.counts(no_skip);
        let ignores_tests = |line: &Line| {
            matches!(
                line.outcome,
                Outcome::Ran(Counts { skipped: 1.., .. }) | Outcome::Failed(Counts { skipped: 1.., .. }, _)
            )
        };
        counts.failed == 0 && counts.passed > 0 && !(no_skip && self.lines.iter().any(ignores_tests))
    }

    /// The table of minutes by step and, alone on the last line, the counts.
    pub(crate) fn print(&self, no_skip: bool) {
        say("\n== Summary");
        for Line { name, outcome, took } in &self.lines {
            let result = match outcome {
                Outcome::Ran(Counts { passed, failed: 0, skipped: 0 }) => format!("ok      {passed} passed"),
                Outcome::Ran(Counts { passed, failed: 0, skipped }) => {
                    format!("ok      {passed} passed, {skipped} skipped")
                }
                Outcome::Ran(Counts { passed, failed, .. }) | Outcome::Failed(Counts { passed, failed, .. }, _) => {
                    format!("FAILED  {passed} passed, {failed} failed")
                }
                Outcome::Skipped(reason) if no_skip => format!("FAILED  could not run: {reason}"),
                Outcome::Skipped(reason) | Outcome::Excused(reason) => format!("skipped {reason}"),
            };
            say(&format!("{name:<23} {}  {result}", minutes(*took)));
        }
        say(&format!("{:<23} {}", "together", minutes(self.lines.iter().map(|line| line.took).sum())));
        self.failures().iter().for_each(|failure| say(failure));
        say(&format!("\n{}", self.closing_line(no_skip)));
    }

    /// What failed, once more: whoever has only the end of a long output has to find it there.
    fn failures(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for line in &self.lines {
            let Outcome::Failed(_, failures) = &line.outcome else { continue };
            lines.push(format!("\nFailed in {}:", line.name));
            lines.extend(failures.iter().take(MOST_FAILURES).map(|failure| format!("  {failure}")));
            if failures.len() > MOST_FAILURES {
                lines.push(format!("  and {} more", failures.len() - MOST_FAILURES));
            }
        }
        lines
    }

    fn closing_line(&self, no_skip: bool) -> String {
        let Counts { passed, failed, skipped } = self.counts(no_skip);
        let mut line = format!("{passed} passed, {failed} failed");
        if skipped > 0 {
            line.push_str(&format!(", {skipped} skipped"));
        }
        line
    }
}

/// Minutes and seconds, as `12:03.4`.
pub(crate) fn minutes(took: Duration) -> String {
    let tenths = took.as_millis() / 100;
    format!("{:>3}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn a_script_s_closing_line_is_read_and_nothing_like_it() {
        let mut counts = Counts::default();
        for line in ["12 passed, 1 failed, 2 skipped", "12 passed, 1 failed", "x passed, 1 failed, 2 skipped", ""] {
            counts.add_closing_line(line);
        }
        assert_eq!(counts, Counts { passed: 12, failed: 1, skipped: 2 });
    }

    #[test]
    fn a_step_s_time_is_told_in_minutes() {
        assert_eq!(minutes(Duration::from_millis(1_290)), "  0:01.2");
        assert_eq!(minutes(Duration::from_secs(3_723)), " 62:03.0");
    }

    #[test]
    fn test_result_lines_are_summed() {
        let mut sum = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s",
            "test tests::result ... ok",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ] {
            sum.add_test_result_line(line);
        }
        assert_eq!(sum, counts(14, 3, 1));
    }

    #[test]
    fn a_skipped_step_fails_only_when_skips_are_refused() {
        let mut report = Report::default();
        report.push("tests", Outcome::Ran(counts(14, 0, 0)), Duration::ZERO);
        report.push("deny", Outcome::Skipped("no network".to_owned()), Duration::ZERO);
        assert_eq!(report.closing_line(false), "14 passed, 0 failed, 1 skipped");
        assert!(report.passed(false));
        assert_eq!(report.closing_line(true), "14 passed, 1 failed");
        assert!(!report.passed(true));
    }

    #[test]
    fn an_ignored_test_fails_when_skips_are_refused() {
        let mut report = Report::default();
        report.push("tests", Outcome::Ran(counts(14, 0, 1)), Duration::ZERO);
        assert!(report.passed(false));
        assert!(!report.passed(true));
    }

    #[test]
    fn what_a_registry_lacks_is_told_and_excused() {
        let mut report = Report::default();
        report.push("tests", Outcome::Ran(counts(14, 0, 0)), Duration::ZERO);
        report.push("aarch64-apple-ios-sim", Outcome::Excused("no standard library".to_owned()), Duration::ZERO);
        assert_eq!(report.closing_line(true), "14 passed, 0 failed, 1 skipped");
        assert!(report.passed(false) && report.passed(true));
    }

    #[test]
    fn what_failed_is_named_once_more_in_the_end() {
        let output = [
            "test tests::one ... FAILED",
            "test tests::two ... ok",
            "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "✘ Test \"it signs in\" recorded an issue at SignInTests.swift:7:9: Expectation failed: a == b",
            "✔ Test \"it signs out\" passed after 0.1 seconds.",
            "FAILED: style",
            "ok: no FAILED: here",
        ];
        let failures: Vec<_> = output.into_iter().filter(|line| names_failure(line)).map(str::to_owned).collect();
        assert_eq!(failures, [output[0], output[3], output[5]]);
        let mut report = Report::default();
        report.push("tests", Outcome::Failed(counts(14, 3, 0), failures), Duration::ZERO);
        report.push("docs", Outcome::Ran(counts(1, 0, 0)), Duration::ZERO);
        let many = vec!["FAILED: style".to_owned(); MOST_FAILURES + 2];
        report.push("swift", Outcome::Failed(counts(0, 22, 0), many), Duration::ZERO);
        let told = report.failures();
        assert_eq!(told[..2], ["\nFailed in tests:", "  test tests::one ... FAILED"]);
        assert_eq!(told.last().unwrap(), "  and 2 more");
        assert_eq!(report.closing_line(true), "15 passed, 25 failed");
        assert!(!report.passed(false));
    }

    #[test]
    fn nothing_run_is_not_a_pass() {
        assert!(!Report::default().passed(false));
        let mut report = Report::default();
        report.push("aarch64-apple-ios", Outcome::Excused("no standard library".to_owned()), Duration::ZERO);
        assert!(!report.passed(false));
    }
}
