//! Tools that the checks need and a fresh machine lacks. They go to the folder `tools` in cargo's target folder, in a fixed version, so that a run
//! today and one next year check the same.

use std::path::{Path, PathBuf};

use crate::report::say;
use crate::steps::{cargo, target_directory};

const CARGO_DENY_VERSION: &str = "0.20.2";

/// Path of cargo-deny; installs it if it is not there (about a minute). The error is the reason to skip.
pub(crate) fn cargo_deny(root: &Path) -> Result<PathBuf, String> {
    let tools = target_directory(root).join("tools");
    let program = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if has_version(&program, CARGO_DENY_VERSION) {
        return Ok(program);
    }
    say(&format!("installing cargo-deny {CARGO_DENY_VERSION} into the target folder"));
    // A debug build: it checks a lock file once, and builds three times faster.
    let status = cargo(root, &["install", "cargo-deny", "--locked", "--debug", "--force", "--quiet"])
        .args(["--version", CARGO_DENY_VERSION, "--root"])
        .arg(&tools)
        .status();
    match status {
        Ok(status) if status.success() => Ok(program),
        _ => Err(format!("cargo-deny {CARGO_DENY_VERSION} could not be installed")),
    }
}

fn has_version(program: &Path, version: &str) -> bool {
    std::process::Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).split_whitespace().any(|word| word == version))
}
