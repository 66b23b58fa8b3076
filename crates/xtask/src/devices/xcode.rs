//! Which Xcode builds: the one that is wanted, or none.
//!
//! Sources: xcode-select(1) for `DEVELOPER_DIR`; GitHub's images have each Xcode as `/Applications/Xcode_VERSION.app`
//! (actions/runner-images, images/macos/*-Readme.md), and docs.github.com, "Workflow commands", has `GITHUB_ENV`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::programs::{Programs, read, run};
use crate::report::say;

/// Nothing to do, or the developer folder of the Xcode that has to be told to everything from here on.
pub(crate) fn find(programs: &Programs, applications: &Path, wanted: &str) -> Result<Option<PathBuf>, String> {
    let mut version = programs.command("xcodebuild");
    version.arg("-version");
    let said = String::from_utf8_lossy(&read(version)?).into_owned();
    if version_of(&said).is_some_and(|version| is_of(version, wanted)) {
        return Ok(None);
    }
    let entries = std::fs::read_dir(applications).map_err(|error| format!("{}: {error}", applications.display()))?;
    let names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    let name = choose(&names, wanted).ok_or_else(|| {
        format!("this machine has no Xcode {wanted}, but {}", said.lines().next().unwrap_or_default())
    })?;
    Ok(Some(applications.join(name).join("Contents/Developer")))
}

/// `cargo xtask select-xcode VERSION`: for all later steps of a workflow, or of whoever exports what is printed.
pub(crate) fn select(programs: &Programs, wanted: &str, github: Option<&Path>) -> Result<(), String> {
    let Some(developer) = find(programs, Path::new("/Applications"), wanted)? else {
        say(&format!("Xcode {wanted} is the one that is used"));
        return Ok(());
    };
    let line = format!("DEVELOPER_DIR={}", developer.display());
    say(&line);
    let Some(file) = github else { return Ok(()) };
    let mut open = std::fs::OpenOptions::new();
    let written = open.append(true).create(true).open(file).and_then(|mut file| writeln!(file, "{line}"));
    written.map_err(|error| format!("{}: {error}", file.display()))
}

/// XcodeGen makes the demo's project. On a machine of CI it is installed; nobody else is surprised by that.
pub(crate) fn ensure_xcodegen(programs: &Programs, is_ci: bool) -> Result<(), String> {
    let mut version = programs.command("xcodegen");
    version.arg("--version");
    if read(version).is_ok() {
        return Ok(());
    }
    if !is_ci {
        return Err("xcodegen is not installed; it comes with `brew install xcodegen`".to_owned());
    }
    let mut brew = programs.command("brew");
    brew.args(["install", "xcodegen"]);
    run(brew)
}

/// `Xcode 26.6`, the first line of `xcodebuild -version`.
fn version_of(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("Xcode "))
}

/// Whether it is that version, or one of it: 26.6 is of 26, and 16.4.1 of 16.4, but 16.40 is not.
fn is_of(version: &str, wanted: &str) -> bool {
    version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ', '_']))
}

/// The newest of that version.
fn choose<'a>(names: &'a [String], wanted: &str) -> Option<&'a str> {
    let numbers = |version: &str| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    let versions = names.iter().filter_map(|name| {
        let version = name.strip_prefix("Xcode_")?.strip_suffix(".app")?;
        is_of(version, wanted).then(|| (numbers(version), name.as_str()))
    });
    versions.max().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_the_version_that_is_wanted_is_chosen() {
        let names: Vec<_> =
            ["Safari.app", "Xcode.app", "Xcode_16.4.app", "Xcode_26.2.app", "Xcode_26.10.app", "Xcode_27_beta_4.app"]
                .map(str::to_owned)
                .into();
        assert_eq!(choose(&names, "26"), Some("Xcode_26.10.app"));
        assert_eq!(choose(&names, "16.4"), Some("Xcode_16.4.app"));
        assert_eq!(choose(&names, "27"), Some("Xcode_27_beta_4.app"));
        assert_eq!((choose(&names, "2"), choose(&names, "16.40")), (None, None));
        assert_eq!(version_of("Xcode 26.6\nBuild version 17F113\n"), Some("26.6"));
        assert!(is_of("26.6", "26") && !is_of("26.6", "2") && !is_of("16.40", "16.4"));
    }
}
