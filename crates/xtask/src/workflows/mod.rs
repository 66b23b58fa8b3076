//! What `.github/workflows` may be: each step one recipe of this program, each action by its commit, each permission named. Two
//! tools look for everything else: actionlint reads workflows as GitHub does, zizmor looks for what makes them unsafe.

mod rules;

use std::path::Path;
use std::process::Command;

use crate::report::{Outcome, say, tell_rules};
use crate::tools;

/// The rules on the files as they are, and both tools.
pub(crate) fn check(root: &Path) -> Outcome {
    let (mut counts, mut failures) = match read(root) {
        Ok((workflows, recipes)) => tell_rules(&rules::check(&workflows, &recipes)),
        Err(problem) => return Outcome::failed(&problem),
    };
    let programs = tools::shellcheck().and_then(|()| {
        Ok([(tools::actionlint(root)?, actionlint_arguments()), (tools::zizmor(root)?, zizmor_arguments())])
    });
    let programs = match programs {
        Ok(programs) => programs,
        Err(reason) => return Outcome::Skipped(reason),
    };
    for (program, arguments) in programs {
        let name = program.file_stem().unwrap_or_default().display().to_string();
        let passed =
            Command::new(&program).args(arguments).current_dir(root).status().is_ok_and(|status| status.success());
        say(&format!("{name}: {}", if passed { "ok" } else { "FAILED" }));
        if passed {
            counts.passed += 1;
        } else {
            counts.failed += 1;
            failures.push(name);
        }
    }
    Outcome::of(counts, failures)
}

/// Of the checks that need other programs, each has to be there: without it actionlint would pass over scripts.
fn actionlint_arguments() -> Vec<&'static str> {
    vec!["-shellcheck", "shellcheck", "-no-color"]
}

/// Without a network, so that a day's news changes nothing; with every finding that there is.
fn zizmor_arguments() -> Vec<&'static str> {
    vec!["--offline", "--persona", "auditor", "--no-progress", "--quiet", ".github/workflows"]
}

/// Each workflow's name and text, and the recipes that there are.
fn read(root: &Path) -> Result<(Vec<rules::Workflow>, Vec<String>), String> {
    let folder = root.join(".github/workflows");
    let failed = |path: &Path, error: &std::io::Error| format!("{}: {error}", path.display());
    let mut workflows = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|error| failed(&folder, &error))? {
        let path = entry.map_err(|error| failed(&folder, &error))?.path();
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        workflows.push(rules::Workflow::parse(name, text)?);
    }
    workflows.sort_by(|one, other| one.name.cmp(&other.name));
    let main = root.join("crates/xtask/src/main.rs");
    let source = std::fs::read_to_string(&main).map_err(|error| failed(&main, &error))?;
    Ok((workflows, rules::recipes(&source)?))
}
