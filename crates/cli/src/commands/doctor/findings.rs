//! A line for each link, with its mark, and below a broken one what to do.

use std::borrow::Cow;
use std::path::Path;

use jetbridge::doctor::{Finding, Link, Mark};
use jetbridge::{ConfigError, ConfigProblem, quote_for_shell};
use serde::Serialize;

use crate::context::is_without_files;
use crate::exit::{CliError, Failure};
use crate::invocation::invocation;
use crate::output::{ACCENT, BAD, DIM, GOOD, Output, WARN, styled, wrapped};
use crate::path::hide_home;
use crate::text::{columns, escape_lines, fits, pad_right};

/// What a ticket or a mail shows in one line.
const WIDTH: usize = 80;

/// A link as it is told: as the core found it, or what keeps the core from looking.
pub(super) struct Line<'a> {
    link: Link,
    mark: Mark,
    detail: Cow<'a, str>,
    setting: Option<&'a str>,
    fix: Option<String>,
    /// What a person reads before it.
    fix_label: &'static str,
    paste: Option<&'a str>,
    /// What a person runs next, if another command than the fix says.
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct FindingEvent<'a> {
    event: &'static str,
    link: &'static str,
    mark: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paste: Option<&'a str>,
}

impl<'a> Line<'a> {
    pub(super) fn of(finding: &'a Finding) -> Self {
        Self {
            link: finding.link,
            mark: finding.mark,
            detail: Cow::Borrowed(&finding.detail),
            setting: finding.setting(),
            // Where it is a command of this program, only this program knows how that is called.
            fix: finding.problem.as_ref().and_then(|problem| Failure::from_session(problem).hint),
            fix_label: "fix",
            paste: finding.paste.as_deref(),
            next: None,
        }
    }

    pub(super) fn broken(link: Link, failure: &'a Failure) -> Self {
        let detail = Cow::Borrowed(failure.message.as_str());
        Self { mark: Mark::Broken, detail, fix: failure.hint.clone(), ..Self::not_reached(link) }
    }

    /// Each problem of the files with what would be right. What every other command adds to them helps with none, but where there
    /// is no configuration: in `directory` there may be one that needs no account, unless a `variable` is to blame for the folder.
    pub(super) fn of_files(error: &'a ConfigError, directory: &Path, variable: Option<String>) -> Self {
        let (mut details, mut fixes) = (Vec::new(), Vec::new());
        for ConfigProblem { file, key, problem, expectation } in &error.problems {
            let place = if key.is_empty() { file.clone() } else { format!("{file}: {key}") };
            details.push(format!("{place} {problem}"));
            fixes.push(match error.problems.len() {
                1 => expectation.clone(),
                _ if key.is_empty() => format!("{file}: {expectation}"),
                _ => format!("{key}: {expectation}"),
            });
        }
        let [first, rest @ ..] = error.problems.as_slice() else { return Self::not_reached(Link::Files) };
        if rest.iter().all(|problem| problem.key.is_empty() && problem.expectation == first.expectation) {
            fixes = vec![first.expectation.clone()];
        }
        if let Some(variable) = variable {
            fixes.push(variable);
        } else if is_without_files(error) {
            let directory = quote_for_shell(&directory.display().to_string());
            let write = format!("{} local-stack --write-config {directory}", invocation());
            fixes.push(format!("To write one there for servers on this machine, which needs no account: {write}"));
        }
        let setting = match error.problems.as_slice() {
            [one] if !one.key.is_empty() => Some(one.key.as_str()),
            _ => None,
        };
        let (detail, fix) = (Cow::Owned(details.join("\n")), Some(fixes.join("\n")));
        Self { mark: Mark::Broken, detail, setting, fix, fix_label: "expected", ..Self::not_reached(Link::Files) }
    }

    /// Says more of a link that holds.
    pub(super) fn remark(&mut self, remark: &str) {
        self.detail.to_mut().push_str(remark);
    }

    pub(super) fn is_of(&self, link: Link, mark: Mark) -> bool {
        self.link == link && self.mark == mark
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    pub(super) fn then_run(self, command: String) -> Self {
        Self { next: Some(command), ..self }
    }

    /// What a person can do next, if it is a command to copy.
    pub(super) fn next_command(&self) -> Option<String> {
        if let Some(next) = &self.next {
            return Some(hide_home(next));
        }
        let fix = self.fix.as_deref().and_then(|fix| fix.lines().find_map(|line| line.strip_prefix("Run: ")));
        let command = fix.or_else(|| Some(self.detail.rsplit_once("; run: ")?.1))?;
        Some(hide_home(command))
    }

    /// Whether there is nothing to tell of them apart.
    fn says_the_same(&self, other: &Self) -> bool {
        let is_plain = |line: &Self| line.fix.is_none() && matches!(line.mark, Mark::NotReached | Mark::Unknown);
        is_plain(self) && is_plain(other) && self.mark == other.mark && self.detail == other.detail
    }

    /// Whether its mark would stand there without a word: `not reached` is said then.
    fn is_bare(&self) -> bool {
        self.mark == Mark::NotReached && self.detail.is_empty() && self.fix.is_none()
    }

    pub(super) fn link(&self) -> Link {
        self.link
    }

    pub(super) fn not_reached(link: Link) -> Self {
        let (mark, detail) = (Mark::NotReached, Cow::Borrowed(""));
        Self { link, mark, detail, setting: None, fix: None, fix_label: "fix", paste: None, next: None }
    }
}

/// All of them. A person reads the links of which the same is to be said in one line.
pub(super) fn say(lines: &[Line<'_>], output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return lines.iter().try_for_each(|line| say_one(line, output));
    }
    for group in lines.chunk_by(Line::says_the_same) {
        match group {
            [one] if !one.is_bare() => say_one(one, output)?,
            several => say_together(several, output)?,
        }
    }
    Ok(())
}

fn say_together(lines: &[Line<'_>], output: &mut Output) -> Result<(), CliError> {
    let Some(Line { mark, detail, .. }) = lines.first() else { return Ok(()) };
    let titles: Vec<_> = lines.iter().map(|line| line.link.title()).collect();
    let what = if detail.is_empty() { "not reached" } else { detail };
    let text = format!("{}: {}", hide_home(&escape_lines(what)), titles.join(", "));
    Ok(output.line(wrapped(&format!("{} ", colour(*mark)), &text, WIDTH.min(output.width())))?)
}

fn say_one(line: &Line<'_>, output: &mut Output) -> Result<(), CliError> {
    let Line { link, mark, detail, setting, fix, fix_label, paste, .. } = line;
    let (detail, fix) = (&hide_home(detail), fix.as_deref().map(hide_home));
    if output.is_json() {
        let (link, mark, fix) = (link.name(), mark.name(), fix.as_deref());
        let event = FindingEvent { event: "finding", link, mark, detail, setting: *setting, fix, paste: *paste };
        return Ok(output.event(&event)?);
    }
    beside("", *mark, link.title(), detail, output)?;
    if let Some(setting) = setting {
        below("", "setting", setting, output)?;
    }
    if let Some(fix) = &fix {
        below("", fix_label, fix, output)?;
    }
    if let Some(paste) = paste {
        output.line(format_args!("\n{}\n", escape_lines(paste).trim_end()))?;
    }
    Ok(())
}

/// A mark, what it is of, and what was found.
pub(super) fn beside(indent: &str, mark: Mark, title: &str, detail: &str, output: &mut Output) -> Result<(), CliError> {
    let (mark, width) = (colour(mark), WIDTH.min(output.width()));
    // What has lines of its own needs more room than there is beside.
    if detail.is_empty() || detail.contains('\n') {
        output.line(format_args!("{indent}{mark} {title}"))?;
        return match detail {
            "" => Ok(()),
            _ => Ok(output.line(wrapped(&format!("{indent}  "), &escape_lines(detail), width))?),
        };
    }
    let label = format!("{indent}{mark} {}  ", pad_right(title, title_columns()));
    let beside = wrapped(&label, &escape_lines(detail), width);
    if fits(&beside, width) {
        return Ok(output.line(beside)?);
    }
    // So does a path or a command in one piece.
    output.line(format_args!("{indent}{mark} {title}"))?;
    Ok(output.line(wrapped(&format!("{indent}  "), &escape_lines(detail), width))?)
}

/// What belongs to the line above.
pub(super) fn below(indent: &str, what: &str, text: &str, output: &mut Output) -> Result<(), CliError> {
    let label = format!("{indent}  {}", styled(ACCENT, format_args!("{what}: ")));
    Ok(output.line(wrapped(&label, &escape_lines(text), WIDTH.min(output.width())))?)
}

fn title_columns() -> usize {
    Link::ALL.into_iter().map(|link| columns(link.title())).max().unwrap_or(0)
}

fn colour(mark: Mark) -> String {
    match mark {
        Mark::Ok => styled(GOOD, "✓"),
        Mark::Broken => styled(BAD, "✗"),
        Mark::NotReached => styled(DIM, "–"),
        Mark::Unknown => styled(WARN, "?"),
    }
}
