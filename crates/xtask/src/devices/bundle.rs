//! What Android apps are shipped as: the libraries for the four ABIs, the AARs, the demo as an APK to be tried and as a bundle
//! for the store. Gradle builds them; here is what it needs beforehand, and what is looked at afterwards.

use std::path::Path;

use super::android::gradle;
use crate::cargo::target_directory;
use crate::programs::{Programs, run};
use crate::report::say;
use crate::{alignment, tools};

/// Rust's names of the four ABIs.
pub(crate) const TARGETS: [&str; 4] =
    ["aarch64-linux-android", "armv7-linux-androideabi", "x86_64-linux-android", "i686-linux-android"];

/// That of an emulator, which is of the computer's own kind.
pub(crate) const EMULATOR_TARGET: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-linux-android" } else { "x86_64-linux-android" };

/// On the computer: they need no device.
const TESTS: [&str; 2] = [":jetbridge:testDebugUnitTest", ":app:testLocalStackDebugUnitTest"];

/// All four artifacts, since each module that is published has the first task; the store's bundle; the app to be tried.
const BUNDLES: [&str; 3] = ["publishToMavenLocal", ":app:bundleOktaRelease", ":app:assembleLocalStackDebug"];

/// Tests, builds, checks, collects.
pub(crate) fn build(root: &Path) -> Result<(), String> {
    prepare(root, &Programs::default(), &TARGETS)?;
    make(root, &target_directory(root).join("bundles/android"))
}

/// The targets' standard libraries, and cargo-ndk, which knows the NDK's linkers.
pub(crate) fn prepare(root: &Path, programs: &Programs, targets: &[&str]) -> Result<(), String> {
    let mut add = programs.command("rustup");
    add.args(["target", "add"]).args(targets).current_dir(root);
    run(add)?;
    tools::cargo_ndk(root)
}

/// What Gradle does, and what comes of it.
pub(crate) fn make(root: &Path, folder: &Path) -> Result<(), String> {
    // The scheme and the values of nobody: the bundle is built to be looked at, and a store's build has its own.
    for name in ["okta-config", "aws-exports"] {
        let (example, own) = (format!("config/{name}.example.json"), root.join(format!("config/{name}.json")));
        if !own.exists() {
            std::fs::copy(root.join(&example), &own).map_err(|error| format!("{example}: {error}"))?;
        }
    }
    run(gradle(root, &TESTS))?;
    run(gradle(root, &BUNDLES))?;
    let failed = |path: &Path, error: &std::io::Error| format!("{}: {error}", path.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| failed(folder, &error))?;
    }
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for (path, has_libraries) in [
        ("jetbridge/build/outputs/aar/jetbridge-release.aar", true),
        ("jetbridge-testing/build/outputs/aar/jetbridge-testing-release.aar", false),
        ("jetbridge-okhttp/build/outputs/aar/jetbridge-okhttp-release.aar", false),
        ("jetbridge-aws/build/outputs/aar/jetbridge-aws-release.aar", false),
        ("app/build/outputs/bundle/oktaRelease/app-okta-release.aab", true),
        ("app/build/outputs/apk/localStack/debug/app-localStack-debug.apk", true),
    ] {
        let made = root.join("android").join(path);
        if has_libraries {
            alignment::check_file(&made)?;
        }
        let kept = folder.join(made.file_name().unwrap_or_default());
        std::fs::copy(&made, &kept).map_err(|error| failed(&made, &error))?;
        say(&kept.display().to_string());
    }
    Ok(())
}
