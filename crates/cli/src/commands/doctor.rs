//! `jetbridge doctor`: what does not fit together, before anybody signs in. Asks no server.

use std::io;

use jetbridge::doctor::{Check, Outcome, check_template};
use serde::Serialize;

use crate::args::DoctorArgs;
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::output::{BAD, DIM, GOOD, Output, styled};
use crate::path::read_file;
use crate::text::{escape, wrap_beside};

/// CloudFormation takes no larger template; one byte more is enough to see that.
const LARGEST_TEMPLATE: u64 = 1_000_001;

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

pub(super) async fn run(context: &Context, args: &DoctorArgs, output: &mut Output) -> Result<(), CliError> {
    let config = context.config()?;
    let file = args.template.absolute()?;
    let path = file.display();
    let template = read_file(&file, LARGEST_TEMPLATE, context.notes).await.and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
    });
    let template = template.map_err(|error| {
        Failure::new("misconfigured", Exit::Misconfigured, format!("the template {path}: {error}"))
            .hint("`cd infra && npx cdk synth` writes infra/cdk.out/JetbridgeStack.template.json.")
    })?;
    let checks = check_template(&config, &template).map_err(|error| {
        Failure::new("misconfigured", Exit::Misconfigured, format!("the template {path} {}", escape(&error.problem)))
            .hint(error.hint)
    })?;
    for check in &checks {
        if output.is_json() {
            output.event(&to_event(check))?;
        } else {
            say(check, output)?;
        }
    }
    let differing = checks.iter().filter(|check| matches!(check.outcome, Outcome::Differs(_))).count();
    if differing == 0 {
        return Ok(());
    }
    let message = match differing {
        1 => "configuration and template differ in one point".to_owned(),
        number => format!("configuration and template differ in {number} points"),
    };
    Err(Failure::new("misconfigured", Exit::Misconfigured, message).into())
}

fn say(check: &Check, output: &mut Output) -> Result<(), CliError> {
    const INDENT: &str = "    ";
    let (mark, detail, hint) = match &check.outcome {
        Outcome::Fits(detail) => (styled(GOOD, "✓"), detail, None),
        Outcome::Unknown(detail) => (styled(DIM, "?"), detail, None),
        Outcome::Differs(mismatch) => (styled(BAD, "✗"), &mismatch.problem, Some(&mismatch.hint)),
    };
    output.line(format_args!("{mark} {}", check.name))?;
    output.line(wrap_beside(INDENT, &escape(detail), 80))?;
    if let Some(hint) = hint {
        output.line(wrap_beside(INDENT, &escape(&format!("{hint}.")), 80))?;
    }
    Ok(())
}

fn to_event(check: &Check) -> CheckEvent<'_> {
    let (outcome, setting, detail, hint) = match &check.outcome {
        Outcome::Fits(detail) => ("fits", None, detail, None),
        Outcome::Unknown(detail) => ("unknown", None, detail, None),
        Outcome::Differs(found) => ("differs", Some(found.setting), &found.problem, Some(found.hint.as_str())),
    };
    CheckEvent { event: "check", name: check.name, outcome, setting, detail, hint }
}
