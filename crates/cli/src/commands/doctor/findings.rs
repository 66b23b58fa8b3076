//! A line for each link, with its mark, and below a broken one what to do.

use std::borrow::Cow;

use jetbridge::doctor::{Finding, Link, Mark};
use serde::Serialize;

use crate::exit::{CliError, Failure};
use crate::output::{ACCENT, BAD, DIM, GOOD, Output, WARN, styled, wrapped};
use crate::text::{columns, escape_lines, pad_right};

/// What a ticket or a mail shows in one line.
const WIDTH: usize = 80;

/// A link as it is told: as the core found it, or what keeps the core from looking.
pub(super) struct Line<'a> {
    link: Link,
    mark: Mark,
    detail: Cow<'a, str>,
    setting: Option<&'a str>,
    fix: Option<String>,
    paste: Option<&'a str>,
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
            paste: finding.paste.as_deref(),
        }
    }

    pub(super) fn ok(link: Link, detail: String) -> Self {
        Self { link, mark: Mark::Ok, detail: detail.into(), setting: None, fix: None, paste: None }
    }

    pub(super) fn broken(link: Link, failure: &'a Failure) -> Self {
        let detail = Cow::Borrowed(failure.message.as_str());
        Self { link, mark: Mark::Broken, detail, setting: None, fix: failure.hint.clone(), paste: None }
    }

    pub(super) fn at_setting(self, setting: Option<&'a str>) -> Self {
        Self { setting, ..self }
    }

    pub(super) fn link(&self) -> Link {
        self.link
    }

    pub(super) fn not_reached(link: Link) -> Self {
        Self { link, mark: Mark::NotReached, detail: Cow::Borrowed(""), setting: None, fix: None, paste: None }
    }
}

pub(super) fn say(line: &Line<'_>, output: &mut Output) -> Result<(), CliError> {
    let Line { link, mark, detail, setting, fix, paste } = line;
    if output.is_json() {
        let (link, mark, fix) = (link.name(), mark.name(), fix.as_deref());
        let event = FindingEvent { event: "finding", link, mark, detail, setting: *setting, fix, paste: *paste };
        return Ok(output.event(&event)?);
    }
    beside("", marked(*mark), link.title(), detail, output)?;
    if let Some(setting) = setting {
        below("", "setting", setting, output)?;
    }
    if let Some(fix) = fix {
        below("", "fix", fix, output)?;
    }
    if let Some(paste) = paste {
        output.line(format_args!("\n{}\n", escape_lines(paste).trim_end()))?;
    }
    Ok(())
}

/// A mark, what it is of, and what was found.
pub(super) fn beside(
    indent: &str,
    mark: String,
    title: &str,
    detail: &str,
    output: &mut Output,
) -> Result<(), CliError> {
    let width = WIDTH.min(output.width());
    // What has lines of its own needs more room than there is beside.
    if detail.is_empty() || detail.contains('\n') {
        output.line(format_args!("{indent}{mark} {title}"))?;
        return match detail {
            "" => Ok(()),
            _ => Ok(output.line(wrapped(&format!("{indent}  "), &escape_lines(detail), width))?),
        };
    }
    let label = format!("{indent}{mark} {}  ", pad_right(title, title_columns()));
    Ok(output.line(wrapped(&label, &escape_lines(detail), width))?)
}

/// What belongs to the line above.
pub(super) fn below(indent: &str, what: &str, text: &str, output: &mut Output) -> Result<(), CliError> {
    let label = format!("{indent}  {}", styled(ACCENT, format_args!("{what}: ")));
    Ok(output.line(wrapped(&label, &escape_lines(text), WIDTH.min(output.width())))?)
}

fn title_columns() -> usize {
    Link::ALL.into_iter().map(|link| columns(link.title())).max().unwrap_or(0)
}

pub(super) fn marked(mark: Mark) -> String {
    match mark {
        Mark::Ok => styled(GOOD, "✓"),
        Mark::Broken => styled(BAD, "✗"),
        Mark::NotReached => styled(DIM, "–"),
        Mark::Unknown => styled(WARN, "?"),
    }
}
