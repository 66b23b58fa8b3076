//! How large the library is in an app, and whether that is within its budget.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Toolchain, contents, find_toolchain};
use crate::cargo::{cargo, other_systems};
use crate::report::{Counts, Outcome, say};
use crate::{alignment, exports};

const TARGET: &str = "aarch64-linux-android";
/// As in `android/jetbridge/build.gradle.kts`; the emulated NDK has nothing but this number.
const ANDROID_API: &str = "26";
/// The bytes that each target's library may have (docs/adr/0022).
const BUDGET: &str = "crates/ffi/size-budget.json";

/// Why there is no size.
enum Obstacle {
    /// This machine lacks something.
    Machine(String),
    /// The library is not as it has to be.
    Library(String),
}

/// Links the arm64 Android library and says how large it is; with `--contents` also where its bytes are.
///
/// # Errors
/// It cannot be linked, is not to be shipped, or is larger than its budget.
pub(crate) fn android_size(root: &Path, arguments: &[String]) -> Result<(), String> {
    let wants_contents = match arguments {
        [] => false,
        [only] if only == "--contents" => true,
        _ => return Err("android-size takes --contents, and nothing else".to_owned()),
    };
    let measured = measure(root).map_err(|obstacle| match obstacle {
        Obstacle::Machine(reason) | Obstacle::Library(reason) => reason,
    });
    if wants_contents {
        let map = map_file(root);
        let text = std::fs::read_to_string(&map).map_err(|error| format!("{}: {error}", map.display()))?;
        contents::describe(&text)?.iter().for_each(|line| say(line));
    }
    measured
}

/// The same as a check.
pub(crate) fn check_size(root: &Path) -> Outcome {
    match measure(root) {
        Ok(()) => Outcome::Ran(Counts { passed: 1, ..Counts::default() }),
        Err(Obstacle::Machine(reason)) => Outcome::Skipped(reason),
        Err(Obstacle::Library(problem)) => Outcome::failed(&problem),
    }
}

fn measure(root: &Path) -> Result<(), Obstacle> {
    let library = link(root)?;
    let check = || {
        let bytes = std::fs::read(&library).map_err(|error| format!("{}: {error}", library.display()))?;
        check_shipped(&bytes)?;
        alignment::check_file(&library)?;
        let budget = std::fs::read_to_string(root.join(BUDGET)).map_err(|error| format!("{BUDGET}: {error}"))?;
        compare(bytes.len() as u64, read_budget(&budget)?)
    };
    check().map(|verdict| say(&verdict)).map_err(Obstacle::Library)
}

/// Links the library as it would be shipped, against empty stand-ins for the system's libraries. Good for the size and for
/// nothing else: it cannot be loaded.
fn link(root: &Path) -> Result<PathBuf, Obstacle> {
    let clang = find_clang().map_err(Obstacle::Machine)?;
    if find_toolchain(root, TARGET).map_err(Obstacle::Machine)? != Toolchain::Pinned {
        return Err(Obstacle::Machine(format!("rustup has no standard library for {TARGET}")));
    }
    let triple = format!("--target={TARGET}{ANDROID_API}");
    let stubs = other_systems(root).join("stubs").join(TARGET);
    std::fs::create_dir_all(&stubs).map_err(|error| Obstacle::Machine(format!("{}: {error}", stubs.display())))?;
    for library in ["c", "m", "dl", "log", "unwind", "gcc"] {
        let file = stubs.join(format!("lib{library}.so"));
        if file.exists() {
            continue;
        }
        let mut stub = Command::new(&clang);
        stub.args([&triple, "-shared", "-nostdlib", "-fuse-ld=lld", "-x", "c", "/dev/null", "-o"]).arg(&file);
        if !stub.status().is_ok_and(|status| status.success()) {
            let reason = format!("{clang} with lld cannot link for {TARGET} (Debian: apt-get install clang-19 lld-19)");
            return Err(Obstacle::Machine(reason));
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
    build.arg("--").arg(format!("-Clink-arg=-Wl,-Map={}", map_file(root).display()));
    if !build.status().is_ok_and(|status| status.success()) {
        return Err(Obstacle::Library("the library does not link".to_owned()));
    }
    Ok(other_systems(root).join(TARGET).join("mobile").join("libjetbridge_ffi.so"))
}

/// Where the linker says what it has put where.
fn map_file(root: &Path) -> PathBuf {
    other_systems(root).join("libjetbridge_ffi.map")
}

fn read_budget(text: &str) -> Result<u64, String> {
    let budgets: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("{BUDGET}: {error}"))?;
    budgets[TARGET].as_u64().ok_or_else(|| format!("{BUDGET}: no number of bytes for {TARGET}"))
}

/// What there is to say of a size.
fn compare(size: u64, budget: u64) -> Result<String, String> {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let text = format!(
        "arm64 Android library, stripped: {:.2} MB ({size} bytes) of {:.2} MB",
        megabytes(size),
        megabytes(budget)
    );
    if size > budget { Err(format!("{text}: {} bytes too many", size - budget)) } else { Ok(text) }
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

    #[test]
    fn a_library_above_its_budget_is_refused() {
        let budget = read_budget(include_str!("../../../ffi/size-budget.json")).unwrap();
        assert!(compare(budget, budget).is_ok());
        assert_eq!(compare(budget + 7, budget).unwrap_err().rsplit_once(": ").unwrap().1, "7 bytes too many");
        assert!(read_budget("{}").is_err() && read_budget("5 MB").is_err());
    }
}
