//! The demo app as it would be handed to Apple's store, but for the signature, and the framework that it has in it.
//!
//! Sources: xcodebuild(1); otool(1); plutil(1); Apple, "Upcoming requirements" (developer.apple.com/news/upcoming-requirements):
//! since 28 April 2026 apps that are uploaded are built with the SDK of iOS 26 or a newer one.

use std::path::Path;

use super::simulator::build;
use crate::programs::{Programs, read, run};
use crate::report::say;

/// The oldest SDK that the store takes.
const OLDEST_SDK: u32 = 26;

/// As in `-destination generic/platform=…`.
const PLATFORMS: [&str; 6] =
    ["iOS", "iOS Simulator", "macOS", "macOS,variant=Mac Catalyst", "visionOS", "visionOS Simulator"];

/// Builds the package for every platform, as apps do that add it.
pub(crate) fn build_package(root: &Path, programs: &Programs) -> Result<(), String> {
    PLATFORMS.iter().try_for_each(|platform| {
        let mut xcodebuild = programs.command("xcodebuild");
        xcodebuild.args(["build", "-scheme", "Jetbridge", "-destination", &format!("generic/platform={platform}")]);
        xcodebuild.args(["-derivedDataPath", "App/build/package"]).current_dir(root.join("ios"));
        run(xcodebuild)
    })
}

/// Archives the app, looks at what is in the archive, and packs it and the framework into `ios/App/build/*.zip`.
pub(crate) fn archive(root: &Path, programs: &Programs) -> Result<(), String> {
    for name in ["okta-config", "aws-exports"] {
        let (example, own) = (format!("config/{name}.example.json"), root.join(format!("config/{name}.json")));
        if !own.exists() {
            std::fs::copy(root.join(&example), &own).map_err(|error| format!("{example}: {error}"))?;
        }
    }
    let mut xcodegen = programs.command("xcodegen");
    xcodegen.args(["generate", "--spec", "ios/App/project.yml"]).current_dir(root);
    run(xcodegen)?;
    let archive = build(root).join("JetbridgeDemo.xcarchive");
    let mut xcodebuild = programs.command("xcodebuild");
    xcodebuild.args(["archive", "-project", "ios/App/Jetbridge.xcodeproj", "-scheme", "Jetbridge"]);
    xcodebuild.args(["-configuration", "Release", "-destination", "generic/platform=iOS"]);
    xcodebuild.arg("-archivePath").arg(&archive).arg("-derivedDataPath").arg(build(root).join("phone"));
    xcodebuild.arg("CODE_SIGNING_ALLOWED=NO").current_dir(root);
    run(xcodebuild)?;
    check(root, programs, &archive)?;
    pack(root, programs)
}

/// The framework is in the app under the name that the app looks for, its dSYM beside it, and the SDK is one that the store
/// takes.
fn check(root: &Path, programs: &Programs, archive: &Path) -> Result<(), String> {
    let app = archive.join("Products/Applications/JetbridgeDemo.app");
    let framework = app.join("Frameworks/CJetbridgeFFI.framework");
    let mut otool = programs.command("otool");
    otool.arg("-D").arg(framework.join("CJetbridgeFFI"));
    let name = String::from_utf8_lossy(&read(otool)?).into_owned();
    if !name.lines().any(|line| line == "@rpath/CJetbridgeFFI.framework/CJetbridgeFFI") {
        return Err(format!("the app's framework has another name than the app looks for: {}", name.trim()));
    }
    let symbols = root.join("ios/build/JetbridgeFFI.xcframework/ios-arm64/dSYMs/CJetbridgeFFI.framework.dSYM");
    for needed in [framework.join("PrivacyInfo.xcprivacy"), symbols] {
        if !needed.exists() {
            return Err(format!("{} is missing", needed.display()));
        }
    }
    let mut plutil = programs.command("plutil");
    plutil.args(["-extract", "DTSDKName", "raw"]).arg(app.join("Info.plist"));
    let sdk = String::from_utf8_lossy(&read(plutil)?).trim().to_owned();
    if !is_taken_by_store(&sdk) {
        return Err(format!("the app was built with {sdk}, and the store takes iphoneos{OLDEST_SDK} or newer ones"));
    }
    say(&format!("{}: built with {sdk}, the framework and its dSYM are there", archive.display()));
    Ok(())
}

fn is_taken_by_store(sdk: &str) -> bool {
    let major = sdk.strip_prefix("iphoneos").and_then(|version| version.split('.').next());
    major.and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= OLDEST_SDK)
}

fn pack(root: &Path, programs: &Programs) -> Result<(), String> {
    let ditto = |folder: &str| {
        let mut ditto = programs.command("ditto");
        ditto.args(["-c", "-k", "--keepParent", folder, &format!("{folder}.zip")]).current_dir(build(root));
        run(ditto)
    };
    // The Swift belongs to this library and to no other build.
    let together = build(root).join("JetbridgeFFI");
    let failed = |error: std::io::Error| format!("{}: {error}", together.display());
    std::fs::create_dir_all(&together).map_err(failed)?;
    for name in ["JetbridgeFFI.xcframework.zip", "JetbridgeFFI.swift"] {
        std::fs::copy(root.join("ios/build").join(name), together.join(name)).map_err(failed)?;
    }
    ditto("JetbridgeDemo.xcarchive")?;
    ditto("JetbridgeFFI")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sdks_that_the_store_takes_are_good() {
        assert!(is_taken_by_store("iphoneos26.5") && is_taken_by_store("iphoneos27.0"));
        assert!(
            !is_taken_by_store("iphoneos18.5") && !is_taken_by_store("iphonesimulator26.5") && !is_taken_by_store("")
        );
    }
}
