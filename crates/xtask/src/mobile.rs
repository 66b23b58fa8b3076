//! The phones' targets on a machine without their SDKs: type-checks, and a link of the Android library for its size.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::cargo::{Manner, cargo, forget_package, other_systems};
use crate::report::{Counts, Outcome, say};
use crate::{alignment, exports};

/// What is type-checked: one of each kind. Emulators and simulators have the same code as their phones.
const TARGETS: &[&str] = &["aarch64-linux-android", "armv7-linux-androideabi", "aarch64-apple-ios"];

const STAND_IN_COMPILER: &str = include_str!("stand-in-cc.sh");

/// The oldest Android API that the library is linked for; the emulated NDK has nothing but this number.
const ANDROID_API: &str = "24";

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

/// Links the arm64 Android library as it would be shipped, against empty stand-ins for the system's libraries, and says
/// how large it is. Good for the size and for nothing else: it cannot be loaded.
pub(crate) fn android_size(root: &Path) -> Result<(), String> {
    const TARGET: &str = "aarch64-linux-android";
    let clang = find_clang()?;
    if find_toolchain(root, TARGET)? != Toolchain::Pinned {
        return Err(format!("rustup has no standard library for {TARGET}"));
    }
    let triple = format!("--target={TARGET}{ANDROID_API}");
    let stubs = other_systems(root).join("stubs").join(TARGET);
    std::fs::create_dir_all(&stubs).map_err(|error| error.to_string())?;
    for library in ["c", "m", "dl", "log", "unwind", "gcc"] {
        let file = stubs.join(format!("lib{library}.so"));
        if file.exists() {
            continue;
        }
        let mut stub = Command::new(&clang);
        stub.args([&triple, "-shared", "-nostdlib", "-fuse-ld=lld", "-x", "c", "/dev/null", "-o"]).arg(&file);
        if !stub.status().is_ok_and(|status| status.success()) {
            return Err(format!("{clang} with lld cannot link for {TARGET} (Debian: apt-get install clang-19 lld-19)"));
        }
    }
    let mut build =
        cargo(root, &["rustc", "--package", "jetbridge-ffi", "--lib", "--crate-type", "cdylib", "--locked"]);
    build.args(["--target", TARGET, "--profile", "mobile", "--target-dir"]).arg(other_systems(root));
    let flags = [
        format!("-Clink-arg={triple}"),
        "-Clink-arg=-fuse-ld=lld".to_owned(),
        "-Clink-arg=-nostdlib".to_owned(),
        format!("-Lnative={}", stubs.display()),
        // Phones with pages of 16 KB load no library that is aligned to less.
        "-Clink-arg=-Wl,-z,max-page-size=16384".to_owned(),
    ];
    build
        .env("CC_aarch64_linux_android", &clang)
        .env("AR_aarch64_linux_android", "ar")
        .env("CFLAGS_aarch64_linux_android", "-nostdlibinc -DRING_CORE_NOSTDLIBINC=1")
        .env("CARGO_TARGET_AARCH64_LINUX_ANDROID_LINKER", &clang)
        // Flags can hold a folder with a space in its name, so they are separated as cargo separates them.
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    if !build.status().is_ok_and(|status| status.success()) {
        return Err("the library does not link".to_owned());
    }
    let library = other_systems(root).join(TARGET).join("mobile").join("libjetbridge_ffi.so");
    let bytes = std::fs::read(&library).map_err(|error| format!("{}: {error}", library.display()))?;
    check_shipped(&bytes)?;
    alignment::check_file(&library)?;
    say(&format!("arm64 Android library, stripped: {:.2} MB ({} bytes)", bytes.len() as f64 / 1e6, bytes.len()));
    Ok(())
}

/// What a library for apps must have, and must not.
fn check_shipped(bytes: &[u8]) -> Result<(), String> {
    const START_UP: &[u8] = b"Java_dev_jetbridge_CertificateCheck_install";
    if let Some(finding) = exports::check_library(bytes).first() {
        return Err(finding.text.clone());
    }
    if !bytes.windows(START_UP.len()).any(|window| window == START_UP) {
        return Err("the library does not export its start-up function for Java".to_owned());
    }
    Ok(())
}

fn find_clang() -> Result<String, String> {
    let runs = |program: &&str| {
        let status = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let found = ["clang-19", "clang"].iter().find(|program| runs(program));
    found
        .map(|program| (*program).to_owned())
        .ok_or_else(|| "clang is not installed (Debian: apt-get install clang-19 lld-19)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_with_the_local_stack_or_without_its_start_up_is_not_shipped() {
        let start_up = "Java_dev_jetbridge_CertificateCheck_install";
        assert_eq!(check_shipped(format!("\0{start_up}\0").as_bytes()), Ok(()));
        assert!(check_shipped(b"\0ELF\0").is_err());
        assert!(check_shipped(format!("\0{start_up}\0jetbridge_local_stack\0").as_bytes()).is_err());
    }

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
