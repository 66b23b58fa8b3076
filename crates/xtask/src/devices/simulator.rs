//! The demo app in a simulator of iOS, tapped by `ios/UITests`: which simulator, how it is made ready, and what is kept of the
//! run.
//!
//! Sources: `xcrun simctl help list`, `create`, `bootstatus` and `spawn`; xcodebuild(1); `xcrun xcresulttool help export`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::programs::{Programs, read, run};
use crate::report::say;

/// Which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// As 26 or 26.2.
    pub(crate) ios: String,
    /// As Apple calls it.
    pub(crate) phone: String,
}

/// `--ios VERSION --phone NAME`.
pub(crate) fn parse(arguments: &[String]) -> Result<Wishes, String> {
    match arguments {
        [first, ios, second, phone] if first == "--ios" && second == "--phone" => {
            Ok(Wishes { ios: ios.clone(), phone: phone.clone() })
        }
        _ => Err("usage: cargo xtask ios-simulator --ios VERSION --phone NAME".to_owned()),
    }
}

/// Tests the app in a simulator of its own. Pictures are taken out of the results whatever they are.
pub(crate) fn test_app(root: &Path, programs: &Programs, wishes: &Wishes) -> Result<(), String> {
    let mut list = programs.command("xcrun");
    list.args(["simctl", "list", "runtimes", "available", "--json"]);
    let list = serde_json::from_slice(&read(list)?).map_err(|error| format!("simctl's list is no JSON: {error}"))?;
    let chosen = choose(&list, wishes)?;
    let mut create = programs.command("xcrun");
    create.args(["simctl", "create", "Jetbridge", &chosen.phone, &chosen.runtime]);
    let simulator = String::from_utf8_lossy(&read(create)?).trim().to_owned();
    say(&format!("{} with {}: {simulator}", wishes.phone, chosen.runtime));

    let tested = make_ready(programs, &simulator).and_then(|()| {
        // xcodebuild does not write over the results of an earlier run.
        let results = build(root).join("ui-tests.xcresult");
        if results.exists() {
            std::fs::remove_dir_all(&results).map_err(|error| format!("{}: {error}", results.display()))?;
        }
        run(test(root, programs, &simulator, &results))
    });
    let pictures = keep_pictures(root, programs);
    let mut delete = programs.command("xcrun");
    delete.args(["simctl", "delete", &simulator]);
    let deleted = run(delete);
    // What the tests say comes first.
    tested.and(pictures).and(deleted)
}

/// For typing: the keyboard on the screen, without the lesson that it gives at first.
fn make_ready(programs: &Programs, simulator: &str) -> Result<(), String> {
    let mut keyboard = programs.command("defaults");
    keyboard.args(["write", "com.apple.iphonesimulator", "ConnectHardwareKeyboard", "-bool", "false"]);
    run(keyboard)?;
    let mut boot = programs.command("xcrun");
    boot.args(["simctl", "bootstatus", simulator, "-b"]);
    run(boot)?;
    let mut lesson = programs.command("xcrun");
    lesson.args(["simctl", "spawn", simulator, "defaults", "write", "com.apple.keyboard.preferences"]);
    lesson.args(["DidShowContinuousPathIntroduction", "-bool", "true"]);
    run(lesson)
}

fn test(root: &Path, programs: &Programs, simulator: &str, results: &Path) -> std::process::Command {
    let mut xcodebuild = programs.command("xcodebuild");
    xcodebuild.args(["test", "-project", "ios/App/Jetbridge.xcodeproj", "-scheme", "Jetbridge Local Stack"]);
    xcodebuild.args(["-destination", &format!("id={simulator}"), "-parallel-testing-enabled", "NO"]);
    xcodebuild.arg("-derivedDataPath").arg(build(root).join("simulator")).arg("-resultBundlePath").arg(results);
    xcodebuild.current_dir(root);
    xcodebuild
}

fn keep_pictures(root: &Path, programs: &Programs) -> Result<(), String> {
    let mut export = programs.command("xcrun");
    export.args(["xcresulttool", "export", "attachments", "--path"]).arg(build(root).join("ui-tests.xcresult"));
    export.arg("--output-path").arg(build(root).join("pictures"));
    run(export)
}

/// Where Xcode puts what it makes of the demo.
pub(crate) fn build(root: &Path) -> PathBuf {
    root.join("ios/App/build")
}

/// Their identifiers.
#[derive(Debug, PartialEq, Eq)]
struct Chosen {
    runtime: String,
    phone: String,
}

/// The newest runtime of this version, which an image may have several of, and the phone in it.
fn choose(list: &Value, wishes: &Wishes) -> Result<Chosen, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let numbers = |version: &Value| -> Vec<u32> {
        version.as_str().unwrap_or_default().split('.').filter_map(|part| part.parse().ok()).collect()
    };
    let all = list["runtimes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_of = |version: &str| {
        version.strip_prefix(wishes.ios.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let fitting = all.iter().filter(|runtime| {
        text(&runtime["name"]).starts_with("iOS ")
            && runtime["isAvailable"] != false
            && is_of(&text(&runtime["version"]))
    });
    let Some(runtime) = fitting.max_by_key(|runtime| numbers(&runtime["version"])) else {
        let names: Vec<_> = all.iter().map(|runtime| text(&runtime["name"])).collect();
        return Err(format!("this machine has no simulator of iOS {}, but {}", wishes.ios, names.join(", ")));
    };
    let phones = runtime["supportedDeviceTypes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(phone) = phones.iter().find(|phone| text(&phone["name"]) == wishes.phone) else {
        let names: Vec<_> = phones.iter().map(|phone| text(&phone["name"])).collect();
        return Err(format!("{} has no {}, but {}", text(&runtime["name"]), wishes.phone, names.join(", ")));
    };
    Ok(Chosen { runtime: text(&runtime["identifier"]), phone: text(&phone["identifier"]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cut down from what `simctl list runtimes --json` writes.
    const LIST: &str = r#"{"runtimes": [
      {"name": "iOS 18.5", "version": "18.5", "identifier": "com.apple.CoreSimulator.SimRuntime.iOS-18-5", "isAvailable": true, "platform": "iOS",
       "supportedDeviceTypes": [{"name": "iPhone 16", "identifier": "com.apple.CoreSimulator.SimDeviceType.iPhone-16"}]},
      {"name": "iOS 26.10", "version": "26.10", "identifier": "com.apple.CoreSimulator.SimRuntime.iOS-26-10", "isAvailable": true, "platform": "iOS",
       "supportedDeviceTypes": [{"name": "iPhone 17", "identifier": "com.apple.CoreSimulator.SimDeviceType.iPhone-17"}]},
      {"name": "iOS 26.2", "version": "26.2", "identifier": "com.apple.CoreSimulator.SimRuntime.iOS-26-2", "isAvailable": true, "platform": "iOS",
       "supportedDeviceTypes": [{"name": "iPhone 17", "identifier": "com.apple.CoreSimulator.SimDeviceType.iPhone-17"}]},
      {"name": "iOS 27.0", "version": "27.0", "identifier": "com.apple.CoreSimulator.SimRuntime.iOS-27-0", "isAvailable": false, "platform": "iOS",
       "supportedDeviceTypes": []},
      {"name": "watchOS 26.2", "version": "26.2", "identifier": "com.apple.CoreSimulator.SimRuntime.watchOS-26-2", "isAvailable": true,
       "platform": "watchOS", "supportedDeviceTypes": []}]}"#;

    #[test]
    fn the_newest_runtime_of_the_version_and_the_phone_in_it_are_chosen() {
        let list = serde_json::from_str(LIST).unwrap();
        let choose = |ios: &str, phone: &str| choose(&list, &Wishes { ios: ios.to_owned(), phone: phone.to_owned() });
        assert!(choose("26", "iPhone 17").unwrap().runtime.ends_with("iOS-26-10"));
        assert!(choose("26.2", "iPhone 17").unwrap().runtime.ends_with(".iOS-26-2"));
        assert!(choose("18", "iPhone 16").unwrap().phone.ends_with("iPhone-16"));
        assert_eq!(choose("18", "iPhone 17").unwrap_err(), "iOS 18.5 has no iPhone 17, but iPhone 16");
        assert!(choose("27", "iPhone 17").unwrap_err().contains("no simulator of iOS 27, but iOS 18.5, iOS 26.10"));
        assert!(choose("2", "iPhone 17").is_err());
    }

    #[test]
    fn the_wishes_are_both_needed() {
        let parse = |words: &[&str]| parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(parse(&["--ios", "26", "--phone", "iPhone 17"]).unwrap().phone, "iPhone 17");
        assert!(parse(&["--ios", "26"]).is_err() && parse(&["--phone", "a", "--ios", "26"]).is_err());
    }
}
