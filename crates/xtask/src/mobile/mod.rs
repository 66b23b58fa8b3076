//! The phones' targets on a machine without their SDKs: type-checks, and a link of the Android library for its size.

mod contents;
mod size;

use std::path::Path;
use std::process::{Command, Stdio};

use crate::cargo::{Manner, cargo, forget_package, other_systems};
use crate::report::{Counts, Outcome, say};
pub(crate) use size::{android_size, check_size};

/// What is type-checked: one of each kind. Emulators and simulators have the same code as their phones.
const TARGETS: &[&str] = &["aarch64-linux-android", "armv7-linux-androideabi", "aarch64-apple-ios"];

const STAND_IN_COMPILER: &str = include_str!("stand-in-cc.sh");

/// Who compiles for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Toolchain {
    /// The pinned one, which has the target's standard library.
    Pinned,
    /// Nightly, which builds the standard library from its source.
    Nightly,
}

/// Type-checks the library for phones, for all targets of a toolchain at once: where one has a single crate left to be
/// compiled, another one's fill the processors. The compiler's words name the target that fails.
pub(crate) fn check(root: &Path, manner: Manner<'_>) -> Outcome {
    if !cfg!(unix) {
        return Outcome::Skipped("the stand-in C compiler is a shell script".to_owned());
    }
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for target in TARGETS {
        match find_toolchain(root, target) {
            Ok(toolchain) => found.push((toolchain, *target)),
            Err(reason) => missing.push(reason),
        }
    }
    let mut counts = Counts::default();
    for toolchain in [Toolchain::Pinned, Toolchain::Nightly] {
        let targets: Vec<_> = found.iter().filter(|(own, _)| *own == toolchain).map(|(_, target)| *target).collect();
        if targets.is_empty() {
            continue;
        }
        let number = targets.len() as u64;
        match check_targets(root, toolchain, &targets, manner) {
            Ok(true) => counts.passed += number,
            Ok(false) => counts.failed += number,
            Err(error) => return Outcome::Skipped(format!("the stand-in C compiler could not be made: {error}")),
        }
    }
    if counts == Counts::default() {
        return Outcome::Excused(missing.join("; "));
    }
    for reason in missing {
        say(&format!("not checked: {reason}"));
    }
    Outcome::Ran(counts)
}

fn check_targets(root: &Path, toolchain: Toolchain, targets: &[&str], manner: Manner<'_>) -> std::io::Result<bool> {
    let mut command = match toolchain {
        Toolchain::Pinned => cargo(root, &["check"]),
        Toolchain::Nightly => {
            let mut nightly = rustup(root, &["run", "nightly", "cargo", "check", "-Zbuild-std=std,panic_abort"]);
            forget_package(&mut nightly);
            nightly
        }
    };
    command.args(["--package", "jetbridge-ffi", "--lib", "--locked", "--target-dir"]).arg(other_systems(root));
    for target in targets {
        command.args(["--target", target]);
        stand_in(root, target, &mut command)?;
    }
    Ok(manner.run(command))
}

/// Whoever has the target's standard library, or can make it. The error says why nobody does.
fn find_toolchain(root: &Path, target: &str) -> Result<Toolchain, String> {
    let installed = |arguments: &[&str]| -> Option<String> {
        let output = rustup(root, arguments).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let add = |arguments: &[&str]| {
        let status = rustup(root, arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let targets = installed(&["target", "list", "--installed"]).ok_or("rustup does not answer")?;
    if targets.lines().any(|line| line == target) || add(&["target", "add", target]) {
        return Ok(Toolchain::Pinned);
    }
    let has_source = |list: String| list.lines().any(|line| line.starts_with("rust-src"));
    if installed(&["component", "list", "--toolchain", "nightly", "--installed"]).is_some_and(has_source)
        || add(&["component", "add", "rust-src", "--toolchain", "nightly"])
    {
        return Ok(Toolchain::Nightly);
    }
    Err(format!("rustup has no standard library for {target}, and there is no nightly with rust-src to build it"))
}

fn rustup(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.current_dir(root).args(arguments);
    command
}

/// Gives the build scripts a C compiler and an SDK that are there and do nothing.
fn stand_in(root: &Path, target: &str, command: &mut Command) -> std::io::Result<()> {
    let folder = other_systems(root);
    let compiler = folder.join("stand-in-cc");
    std::fs::create_dir_all(&folder)?;
    // An unchanged file keeps its time: a new one would make build scripts run again.
    if std::fs::read(&compiler).ok().as_deref() != Some(STAND_IN_COMPILER.as_bytes()) {
        std::fs::write(&compiler, STAND_IN_COMPILER)?;
    }
    make_executable(&compiler)?;
    let suffix = target.replace('-', "_");
    command.env(format!("CC_{suffix}"), &compiler).env(format!("AR_{suffix}"), &compiler);
    if target.contains("apple") {
        // One for both of Apple's systems: nothing in it is looked at.
        let sdk = folder.join("iPhone.sdk");
        std::fs::create_dir_all(&sdk)?;
        command.env("SDKROOT", sdk);
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_stand_in_compiler_makes_what_it_is_asked_for() {
        let folder = std::env::temp_dir().join(format!("jetbridge-stand-in-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let script = folder.join("cc");
        std::fs::write(&script, STAND_IN_COMPILER).unwrap();
        let run =
            |arguments: &[&str]| Command::new("sh").arg(&script).args(arguments).current_dir(&folder).output().unwrap();
        assert!(run(&["-c", "a.c", "-o", "a.o"]).status.success());
        assert!(run(&["cq", "liba.a", "a.o"]).status.success());
        assert!(folder.join("a.o").exists() && folder.join("liba.a").exists());
        assert!(String::from_utf8_lossy(&run(&["-E", "x.c"]).stdout).contains("clang"));
        assert!(run(&["--version"]).stdout.starts_with(b"clang version"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
