//! The demo apps as a person uses them, on Android's emulators and Apple's simulators, against the local stack on this
//! computer; and how each platform's bundles are built. What the workflows call, so that nothing of it is in YAML.
//!
//! Each decision is a function with tests on what the tools write; the whole way is walked on Linux with stand-ins for the
//! SDKs (`stand_ins/`), which refuse what the vendors' pages do not have (`tests.rs`, `mac_tests.rs`).

mod adb;
mod android;
mod archive;
mod browser;
mod bundle;
mod emulator;
#[cfg(test)]
mod mac_tests;
mod phone;
mod screen;
mod simulator;
mod stack;
#[cfg(test)]
mod tests;
mod waiting;
mod xcode;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::apple;
use crate::programs::{Programs, run};
use android::Run;
use emulator::Image;
use stack::Stack;
pub(crate) use stack::built;
use waiting::Patience;

/// For the local stack, which makes keys when it starts.
const STARTING: Patience = Patience { looks: 600, pause: Duration::from_millis(100) };

/// `cargo xtask android-emulator --api LEVEL [--image TAG]`.
pub(crate) fn android_emulator(root: &Path, arguments: &[String]) -> Result<(), String> {
    let image = parse_image(arguments)?;
    let run = Run::new(root)?;
    bundle::prepare(root, &Programs::default(), &[bundle::EMULATOR_TARGET])?;
    let stack = Stack::build_and_start(root, &run.configuration(), &run.output.join("local-stack.log"), STARTING)?;
    run.on_emulator(&image, &stack)
}

/// `cargo xtask android-device`: on the one that is plugged in, or that `ANDROID_SERIAL` names as it does for adb.
pub(crate) fn android_device(root: &Path) -> Result<(), String> {
    let run = Run::new(root)?;
    bundle::prepare(root, &Programs::default(), &bundle::TARGETS)?;
    let stack = Stack::build_and_start(root, &run.configuration(), &run.output.join("local-stack.log"), STARTING)?;
    run.on_device(std::env::var("ANDROID_SERIAL").ok().as_deref(), &stack)
}

/// `cargo xtask android-bundle`.
pub(crate) fn android_bundle(root: &Path) -> Result<(), String> {
    bundle::build(root)
}

/// `cargo xtask enable-kvm`.
pub(crate) fn enable_kvm() -> Result<(), String> {
    emulator::enable_kvm(&Programs::default(), Path::new("/dev/kvm"))
}

/// `cargo xtask select-xcode VERSION`.
pub(crate) fn select_xcode(wanted: &str) -> Result<(), String> {
    let github = std::env::var_os("GITHUB_ENV").map(PathBuf::from);
    xcode::select(&Programs::default(), wanted, github.as_deref())
}

/// `cargo xtask ios-simulator --ios VERSION --phone NAME`.
pub(crate) fn ios_simulator(root: &Path, arguments: &[String]) -> Result<(), String> {
    let wishes = simulator::parse(arguments)?;
    let programs = Programs::default();
    xcode::ensure_xcodegen(&programs, is_ci())?;
    apple::project(root)?;
    let (config, log) = (simulator::build(root).join("local-stack"), android::output(root).join("local-stack.log"));
    let _stack = Stack::build_and_start(root, &config, &log, STARTING)?;
    simulator::test_app(root, &programs, &wishes)
}

/// `cargo xtask ios-package-tests`: on a Mac, with its own keychain.
pub(crate) fn ios_package_tests(root: &Path) -> Result<(), String> {
    apple::xcframework(root, &["--debug", "--local-stack", "--platform", "macos"].map(str::to_owned))?;
    let mut swift = Programs::default().command("swift");
    swift.arg("test").env("JETBRIDGE_LOCAL_STACK", "1").current_dir(root.join("ios"));
    run(swift)
}

/// `cargo xtask ios-archive`.
pub(crate) fn ios_archive(root: &Path) -> Result<(), String> {
    let programs = Programs::default();
    apple::xcframework(root, &[])?;
    archive::build_package(root, &programs)?;
    // Whether it can be written: the real address is known to a release.
    apple::swift_package(root, &["--url", "https://example.com/JetbridgeFFI.xcframework.zip"].map(str::to_owned))?;
    xcode::ensure_xcodegen(&programs, is_ci())?;
    archive::archive(root, &programs)
}

fn is_ci() -> bool {
    std::env::var_os("CI").is_some()
}

fn parse_image(arguments: &[String]) -> Result<Image, String> {
    const USAGE: &str = "usage: cargo xtask android-emulator --api LEVEL [--image TAG]";
    let (mut api, mut tag) = (None, "google_apis".to_owned());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let value = rest.next().ok_or(USAGE)?;
        match argument.as_str() {
            "--api" => api = Some(value.parse().map_err(|_| format!("{value}: an API level is a number; {USAGE}"))?),
            // It becomes a part of a name that sdkmanager is told.
            "--image" if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                tag.clone_from(value);
            }
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(Image { api: api.ok_or(USAGE)?, tag })
}
