//! The configuration against a synthesized CloudFormation template: lines of their own in the report, below the files.

use std::io;
use std::path::Path;

use jetbridge::Config;
use jetbridge::doctor::{Check, Mark, Outcome, TemplateError, check_template, mapped_claims};
use serde::Serialize;

use super::findings::{below, beside};
use crate::exit::{CliError, Exit, Failure};
use crate::output::{Notes, Output};
use crate::path::read_file;
use crate::text::escape;

/// CloudFormation takes no larger template; one byte more is enough to see that.
const LARGEST_TEMPLATE: u64 = 1_000_001;
/// They belong to the files above them.
const INDENT: &str = "  ";

#[derive(Debug, Serialize)]
struct CheckEvent<'a> {
    event: &'static str,
    name: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<&'a str>,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

pub(super) async fn compare(config: &Config, file: &Path, notes: Notes) -> Result<Vec<Check>, CliError> {
    let template = read(file, notes).await?;
    Ok(check_template(config, &template).map_err(|error| unusable(file, &error))?)
}

/// What it makes of the ID token's claims.
pub(super) async fn mapped(file: &Path, notes: Notes) -> Result<Vec<String>, CliError> {
    let template = read(file, notes).await?;
    Ok(mapped_claims(&template).map_err(|error| unusable(file, &error))?)
}

async fn read(file: &Path, notes: Notes) -> Result<String, CliError> {
    let path = file.display();
    let template = read_file(file, LARGEST_TEMPLATE, notes).await.and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
    });
    Ok(template.map_err(|error| {
        Failure::new("misconfigured", Exit::Misconfigured, format!("the template {path}: {error}"))
            .hint("`cd infra && npx cdk synth` writes infra/cdk.out/JetbridgeStack.template.json.")
    })?)
}

fn unusable(file: &Path, error: &TemplateError) -> Failure {
    let problem = format!("the template {} {}", file.display(), escape(&error.problem));
    Failure::new("misconfigured", Exit::Misconfigured, problem).hint(error.hint.clone())
}

pub(super) fn say(checks: &[Check], output: &mut Output) -> Result<(), CliError> {
    for check in checks {
        if output.is_json() {
            output.event(&to_event(check))?;
            continue;
        }
        let (mark, detail, mismatch) = match &check.outcome {
            Outcome::Fits(detail) => (Mark::Ok, detail, None),
            Outcome::Unknown(detail) => (Mark::Unknown, detail, None),
            Outcome::Differs(mismatch) => (Mark::Broken, &mismatch.problem, Some(mismatch)),
        };
        beside(INDENT, mark, check.name, detail, output)?;
        if let Some(mismatch) = mismatch {
            below(INDENT, "setting", mismatch.setting, output)?;
            below(INDENT, "fix", &format!("{}.", mismatch.hint), output)?;
        }
    }
    Ok(())
}

/// What to fail with, if anything differs.
pub(super) fn differences(checks: &[Check]) -> Option<Failure> {
    let message = match checks.iter().filter(|check| matches!(check.outcome, Outcome::Differs(_))).count() {
        0 => return None,
        1 => "configuration and template differ in one point".to_owned(),
        number => format!("configuration and template differ in {number} points"),
    };
    Some(Failure::new("misconfigured", Exit::Misconfigured, message))
}

fn to_event(check: &Check) -> CheckEvent<'_> {
    let (outcome, setting, detail, hint) = match &check.outcome {
        Outcome::Fits(detail) => ("fits", None, detail, None),
        Outcome::Unknown(detail) => ("unknown", None, detail, None),
        Outcome::Differs(found) => ("differs", Some(found.setting), &found.problem, Some(found.hint.as_str())),
    };
    CheckEvent { event: "check", name: check.name, outcome, setting, detail, hint }
}
