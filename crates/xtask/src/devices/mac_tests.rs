//! The recipes for simulators and archives, walked without a Mac: stand-ins for Xcode's programs refuse what Apple's pages do
//! not have, and make what the next step looks for.

#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use super::archive;
use super::simulator::{self, Wishes};
use super::xcode;
use crate::programs::Programs;
use crate::report::say;

const TOOLS: &str = include_str!("stand_ins/mac_tools.py");
const RUNTIMES: &str = r#"{"runtimes": [{"name": "iOS 26.5", "version": "26.5", "isAvailable": true,
  "identifier": "com.apple.CoreSimulator.SimRuntime.iOS-26-5",
  "supportedDeviceTypes": [{"name": "iPhone 17", "identifier": "com.apple.CoreSimulator.SimDeviceType.iPhone-17"}]}]}"#;

/// A repository, and programs that look like a Mac's.
struct Mac {
    root: PathBuf,
    programs: Programs,
}

impl Mac {
    fn new(name: &str, faults: &str) -> Option<Self> {
        if Command::new("python3").arg("--version").output().is_err() {
            say("skipped: python3 is not installed");
            return None;
        }
        let root = std::env::temp_dir().join(format!("jetbridge-mac-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        let bin = root.join("bin");
        for folder in [
            "bin",
            "ios/App",
            "ios/build/JetbridgeFFI.xcframework/ios-arm64/dSYMs/CJetbridgeFFI.framework.dSYM",
            "config",
        ] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (file, text) in [
            ("bin/mac_tools.py", TOOLS),
            ("faults", faults),
            ("runtimes.json", RUNTIMES),
            ("ios/App/project.yml", "name: Jetbridge"),
            ("ios/build/JetbridgeFFI.xcframework.zip", "PK"),
            ("ios/build/JetbridgeFFI.swift", "// generated"),
            ("config/okta-config.example.json", "{}"),
            ("config/aws-exports.example.json", "{}"),
        ] {
            std::fs::write(root.join(file), text).unwrap();
        }
        std::fs::set_permissions(bin.join("mac_tools.py"), std::fs::Permissions::from_mode(0o755)).unwrap();
        for program in ["xcodebuild", "xcodegen", "xcrun", "defaults", "otool", "plutil", "ditto", "brew"] {
            symlink("mac_tools.py", bin.join(program)).unwrap();
        }
        let environment = vec![("MAC".to_owned(), root.clone().into())];
        Some(Self { root, programs: Programs { folder: Some(bin), environment } })
    }

    fn test_app(&self) -> Result<(), String> {
        let wishes = Wishes { ios: "26".to_owned(), phone: "iPhone 17".to_owned() };
        simulator::test_app(&self.root, &self.programs, &wishes)
    }

    /// The first three words of each call.
    fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.root.join("calls")).unwrap();
        text.lines()
            .map(|line| {
                serde_json::from_str::<Vec<String>>(line).unwrap().into_iter().take(3).collect::<Vec<_>>().join(" ")
            })
            .collect()
    }
}

impl Drop for Mac {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

const WAY: [&str; 8] = [
    "xcrun simctl list",
    "xcrun simctl create",
    "defaults write com.apple.iphonesimulator",
    "xcrun simctl bootstatus",
    "xcrun simctl spawn",
    "xcodebuild test -project",
    "xcrun xcresulttool export",
    "xcrun simctl delete",
];

#[test]
fn a_simulator_is_made_tested_in_and_taken_away_again() {
    let Some(mac) = Mac::new("simulator", "") else { return };
    mac.test_app().unwrap();
    assert_eq!(mac.calls(), WAY);
    assert!(mac.root.join("ios/App/build/pictures/manifest.json").exists());
    // The results of the run before are no reason to fail.
    mac.test_app().unwrap();
}

#[test]
fn pictures_are_kept_and_the_simulator_goes_whatever_the_tests_say() {
    let Some(mac) = Mac::new("failing", "a test fails") else { return };
    assert!(mac.test_app().unwrap_err().contains("xcodebuild failed"));
    assert_eq!(mac.calls(), WAY);
    assert!(mac.root.join("ios/App/build/pictures/manifest.json").exists());

    let Some(mac) = Mac::new("dead", "it does not boot") else { return };
    let told = mac.test_app().unwrap_err();
    assert!(told.contains("xcrun failed"), "{told}");
    assert_eq!(mac.calls().last().unwrap(), "xcrun simctl delete");
}

#[test]
fn an_archive_has_what_the_store_asks_for() {
    let Some(mac) = Mac::new("archive", "") else { return };
    archive::build_package(&mac.root, &mac.programs).unwrap();
    archive::archive(&mac.root, &mac.programs).unwrap();
    let calls = mac.calls();
    assert_eq!(calls.iter().filter(|call| *call == "xcodebuild build -scheme").count(), 6);
    for archive in ["JetbridgeDemo.xcarchive.zip", "JetbridgeFFI.zip"] {
        assert!(mac.root.join("ios/App/build").join(archive).exists(), "{archive}");
    }
    assert!(mac.root.join("ios/App/build/JetbridgeFFI/JetbridgeFFI.swift").exists());
    for (fault, told) in [
        ("an old SDK", "built with iphoneos18.5, and the store takes iphoneos26"),
        ("another name", "has another name than the app looks for"),
        ("no privacy manifest", "PrivacyInfo.xcprivacy is missing"),
    ] {
        let Some(mac) = Mac::new("bad-archive", fault) else { return };
        let problem = archive::archive(&mac.root, &mac.programs).unwrap_err();
        assert!(problem.contains(told), "{problem}");
        assert!(!mac.root.join("ios/App/build/JetbridgeFFI.zip").exists(), "nothing is packed that is not good");
    }
}

#[test]
fn the_xcode_that_is_wanted_is_told_to_the_steps_that_follow() {
    let Some(mac) = Mac::new("xcode", "no xcodegen") else { return };
    let github = mac.root.join("github-env");
    xcode::select(&mac.programs, "26", Some(&github)).unwrap();
    assert!(!github.exists(), "26.6 is one of 26");
    let applications = mac.root.join("Applications");
    std::fs::create_dir_all(applications.join("Xcode_16.4.app")).unwrap();
    let found = xcode::find(&mac.programs, &applications, "16.4").unwrap();
    assert_eq!(found, Some(applications.join("Xcode_16.4.app/Contents/Developer")));
    let told = xcode::find(&mac.programs, &applications, "27").unwrap_err();
    assert_eq!(told, "this machine has no Xcode 27, but Xcode 26.6");

    assert!(xcode::ensure_xcodegen(&mac.programs, false).unwrap_err().contains("brew install xcodegen"));
    xcode::ensure_xcodegen(&mac.programs, true).unwrap();
    assert_eq!(mac.calls().last().unwrap(), "brew install xcodegen");
}
