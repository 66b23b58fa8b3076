//! The core as crates.io takes it (`cargo package`), and a program outside of this workspace that adds it by its path, signs
//! in and lists the bucket.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::archive::unpack;
use super::checks::{Checks, Extent, ensure};
use super::facts::VERSION;
use super::outside::{Scratch, Stack, check_keys};
use crate::cargo::{cargo, target_directory};
use crate::devices::built;
use crate::programs::read;
use crate::report::{Outcome, say};
use crate::sign_in::{first_event, text};

const CONSUMER: &str = include_str!("consumer/main.rs");

fn file_name() -> String {
    format!("jetbridge-{VERSION}.crate")
}

/// As it is published: of what is committed, and of nothing else.
pub(super) fn build(root: &Path, out: &Path) -> Result<Vec<PathBuf>, String> {
    make(root, out, &[])
}

/// Of what lies here, so that a change can be tested before it is committed.
pub(super) fn build_for_tests(root: &Path, out: &Path) -> Result<Vec<PathBuf>, String> {
    make(root, out, &["--allow-dirty"])
}

fn make(root: &Path, out: &Path, options: &[&str]) -> Result<Vec<PathBuf>, String> {
    // Not compiled by cargo: the consumer does that, and uses it, too.
    let mut package = cargo(root, &["package", "--package", "jetbridge", "--no-verify", "--locked", "--quiet"]);
    package.args(options);
    if !package.status().is_ok_and(|status| status.success()) {
        return Err("cargo package failed".to_owned());
    }
    let made = target_directory(root).join("package").join(file_name());
    let to = out.join(file_name());
    std::fs::copy(&made, &to).map_err(|error| format!("{}: {error}", made.display()))?;
    Ok(vec![to])
}

/// Beside all other parts, the program is left out: cargo compiles all that it needs anew, which takes minutes.
pub(super) fn consume(root: &Path, out: &Path, extent: Extent) -> Outcome {
    let mut checks = Checks::default();
    let scratch = match Scratch::new("crate") {
        Ok(scratch) => scratch,
        Err(problem) => return Outcome::failed(&problem),
    };
    let unpacked = scratch.folder().join(format!("jetbridge-{VERSION}"));
    checks.check("the crate has what it needs and nothing else", || {
        unpack(&out.join(file_name()), scratch.folder())?;
        let mut files = BTreeSet::new();
        list(&unpacked, "", &mut files)?;
        check_files(&files)
    });
    if extent == Extent::Beside {
        say("whether a program can add it is left to `cargo xtask test dist`");
        return checks.outcome();
    }
    checks.check("a program outside of the workspace adds it, signs in and lists the bucket", || {
        list_bucket(root, &scratch, &unpacked)
    });
    checks.outcome()
}

/// What is published can never be taken back, so each kind of file is named.
fn check_files(files: &BTreeSet<String>) -> Result<(), String> {
    let made_by_cargo = ["Cargo.toml", "Cargo.toml.orig", "Cargo.lock", ".cargo_vcs_info.json"];
    let ours = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];
    let is_source = |file: &str| {
        file.starts_with("src/") && file.ends_with(".rs") && !file.ends_with("/tests.rs") && !file.contains("/tests/")
    };
    let missing = ours.iter().chain(&["Cargo.toml", "src/lib.rs"]).find(|file| !files.contains(**file));
    let surplus = files
        .iter()
        .find(|file| !made_by_cargo.contains(&file.as_str()) && !ours.contains(&file.as_str()) && !is_source(file));
    ensure(missing.is_none(), || format!("{} is missing", missing.unwrap_or(&"")))?;
    ensure(surplus.is_none(), || format!("{} has no place in a crate", surplus.cloned().unwrap_or_default()))
}

fn list(folder: &Path, prefix: &str, files: &mut BTreeSet<String>) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            list(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            files.insert(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

/// The program of `consumer/main.rs`, made as the README says. Offline: what it needs beside the crate are packages that
/// cargo has fetched for the workspace, in the same versions.
fn list_bucket(root: &Path, scratch: &Scratch, unpacked: &Path) -> Result<(), String> {
    let project = scratch.folder().join("app");
    read(cargo(scratch.folder(), &["new", "--quiet", "--vcs", "none", "app"]))?;
    let lock = root.join("Cargo.lock");
    std::fs::copy(&lock, project.join("Cargo.lock")).map_err(|error| format!("{}: {error}", lock.display()))?;
    let mut add = cargo(&project, &["add", "--quiet", "--offline", "--path"]);
    add.arg(unpacked);
    read(add)?;
    let tokio = ["add", "--quiet", "--offline", "tokio@1", "--features", "macros,rt-multi-thread"];
    read(cargo(&project, &tokio))?;
    std::fs::write(project.join("src/main.rs"), CONSUMER).map_err(|error| error.to_string())?;
    let folder = target_directory(root).join("dist-consumer");
    let mut build = cargo(&project, &["build", "--quiet", "--offline"]);
    build.env("CARGO_TARGET_DIR", &folder).env("CARGO_PROFILE_DEV_DEBUG", "none").env("CARGO_INCREMENTAL", "0");
    read(build)?;

    let stack = Stack::start(Command::new(built(root)), scratch.folder())?;
    let mut app = Command::new(folder.join("debug").join(format!("app{}", std::env::consts::EXE_SUFFIX)));
    app.arg(stack.config()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut app = app.spawn().map_err(|error| format!("the program did not start: {error}"))?;
    let (event, mut output) = first_event(&mut app)?;
    stack.answer(&mut app, &text(&event, "url")?)?;
    let mut keys = String::new();
    std::io::Read::read_to_string(&mut output, &mut keys).map_err(|error| error.to_string())?;
    let ended = app.wait().map_err(|error| error.to_string())?;
    ensure(ended.success(), || format!("the program failed ({ended}): {keys}"))?;
    check_keys(&keys.split_terminator('\0').map(str::to_owned).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_with_too_little_or_too_much_is_refused() {
        let files = |more: &[&str]| {
            let needed = ["Cargo.toml", "README.md", "LICENSE-APACHE", "LICENSE-MIT", "src/lib.rs"];
            needed.iter().chain(more).map(|file| (*file).to_owned()).collect::<BTreeSet<_>>()
        };
        assert_eq!(check_files(&files(&["Cargo.lock", "src/aws/s3.rs", ".cargo_vcs_info.json"])), Ok(()));
        for surplus in ["config/okta-config.json", "src/aws/tests.rs", "src/storage/tests/contract.rs", "src/a.json"] {
            assert!(check_files(&files(&[surplus])).unwrap_err().contains(surplus));
        }
        let mut without = files(&[]);
        without.remove("LICENSE-MIT");
        assert!(check_files(&without).unwrap_err().contains("LICENSE-MIT"));
    }
}
