//! Tools that the checks need and a fresh machine lacks. What is installed goes to the folder `tools` in cargo's target
//! folder, in a fixed version, so that a run today and one next year check the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo::{cargo, forget_package, target_directory};
use crate::report::say;

const CARGO_DENY_VERSION: &str = "0.20.2";

/// Path of cargo-deny; installs it if it is not there (about a minute). The error is the reason to skip.
pub(crate) fn cargo_deny(root: &Path) -> Result<PathBuf, String> {
    let tools = target_directory(root).join("tools");
    let program = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if has_version(&program, CARGO_DENY_VERSION) {
        return Ok(program);
    }
    say(&format!("installing cargo-deny {CARGO_DENY_VERSION} into the target folder"));
    // A debug build: it checks a lock file once, and builds three times faster; nobody debugs it.
    let status = cargo(root, &["install", "cargo-deny", "--locked", "--debug", "--force", "--quiet"])
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .args(["--version", CARGO_DENY_VERSION, "--root"])
        .arg(&tools)
        .status();
    match status {
        Ok(status) if status.success() => Ok(program),
        _ => Err(format!("cargo-deny {CARGO_DENY_VERSION} could not be installed")),
    }
}

/// A Python that can run the generated bindings.
pub(crate) fn python() -> Option<&'static str> {
    let is_new_enough = |program: &&&str| {
        let ask = ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"];
        let status = Command::new(program).args(ask).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    ["python3", "python"].iter().find(is_new_enough).copied()
}

/// Whether a program can be started.
pub(crate) fn is_there(program: &str) -> bool {
    let mut ask = Command::new(program);
    ask.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    ask.status().is_ok()
}

/// Rust's standard library for a target, by rustup.
pub(crate) fn rust_target(root: &Path, target: &str) -> Result<(), String> {
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", target]).current_dir(root).stderr(Stdio::null());
    match rustup.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("rustup has no standard library for {target}")),
    }
}

fn has_version(program: &Path, version: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).split_whitespace().any(|word| word == version))
}

/// A command that runs what is appended to it on a private D-Bus session with an unlocked keyring of its own, whose files
/// are under the target directory: nobody's real keyring is touched.
pub(crate) fn private_keyring(root: &Path) -> Result<Command, String> {
    for (program, package) in [("dbus-run-session", "dbus"), ("gnome-keyring-daemon", "gnome-keyring")] {
        let is_there = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !is_there.is_ok_and(|status| status.success()) {
            return Err(format!("{program} is not installed (Debian: apt-get install {package})"));
        }
    }
    let folder = target_directory(root).join("keyring");
    let prepare = || -> std::io::Result<()> {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)
    };
    prepare().map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut command = Command::new("dbus-run-session");
    command
        .args(["--", "sh", "-c", "chmod 700 \"$XDG_RUNTIME_DIR\" && printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$@\"", "sh"])
        .env("XDG_DATA_HOME", &folder)
        .env("XDG_RUNTIME_DIR", &folder)
        .env("JETBRIDGE_TEST_NEEDS_KEYRING", "1");
    forget_package(&mut command);
    Ok(command)
}
