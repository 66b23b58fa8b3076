//! The whole way on Android, walked without a device: real programs that stand in for the SDK's, and on the far side a scripted
//! app and browser that sign in at the real local stack.

#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::adb::Adb;
use super::android::Run;
use super::emulator::{Image, Sdk};
use super::stack::{Stack, built};
use super::waiting::Patience;
use super::{bundle, parse_image};
use crate::alignment::sample_library;
use crate::report::say;

const TOOLS: &str = include_str!("stand_ins/android_tools.py");
const QUICK: Patience = Patience { looks: 40, pause: Duration::from_millis(1) };

/// A repository, an SDK and a device, all of them in one folder.
struct Bench {
    root: PathBuf,
}

impl Bench {
    fn new(name: &str, device: &Value) -> Option<Self> {
        // By its own name: a version manager's stand-in costs more than the script itself, and there are hundreds of calls.
        let Ok(python) = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output() else {
            say("skipped: python3 is not installed");
            return None;
        };
        let python = format!("#!{} -IS", String::from_utf8(python.stdout).unwrap().trim());
        let root = std::env::temp_dir().join(format!("jetbridge-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        let bench = Self { root };
        let script = bench.root.join("tools.py");
        for folder in ["android", "sdk/platform-tools", "sdk/emulator", "sdk/cmdline-tools/latest/bin"] {
            std::fs::create_dir_all(bench.root.join(folder)).unwrap();
        }
        // The device's place goes into the script: the recipes hand on no environment of tests.
        let place = format!("{:?}", bench.root.display().to_string());
        std::fs::write(
            &script,
            TOOLS.replace("os.environ[\"PHONE\"]", &place).replace("#!/usr/bin/env python3", &python),
        )
        .unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        for program in [
            "android/gradlew",
            "sdk/platform-tools/adb",
            "sdk/emulator/emulator",
            "sdk/cmdline-tools/latest/bin/sdkmanager",
            "sdk/cmdline-tools/latest/bin/avdmanager",
        ] {
            symlink(&script, bench.root.join(program)).unwrap();
        }
        let mut whole = json!({
            "running": false, "installed": null, "pids": 4000, "process": null, "front": "home", "app": {}, "files": {},
            "ports": [], "packages": [], "calls": [], "faults": {}, "immortal": false, "low": 0, "scrolled": 0,
            "first_screens": ["terms", "sync"],
            "chrome": {"first": ["terms", "sync"], "loading": 0, "focus": null, "fields": {}, "problem": null},
        });
        for (key, value) in device.as_object().unwrap() {
            whole[key] = value.clone();
        }
        std::fs::write(bench.root.join("device.json"), whole.to_string()).unwrap();
        std::fs::write(bench.root.join("library.so"), sample_library(0x4000)).unwrap();
        Some(bench)
    }

    fn run(&self) -> Run<'_> {
        Run {
            root: &self.root,
            sdk: Sdk::at(self.root.join("sdk")),
            output: self.root.join("output"),
            patience: QUICK,
            booting: QUICK,
        }
    }

    /// Gradle, emulator, story: as the command has it, with the stack of the real program.
    fn use_apps(&self, program: &Path) -> Result<(), String> {
        self.use_apps_with(program, QUICK)
    }

    fn use_apps_with(&self, program: &Path, patience: Patience) -> Result<(), String> {
        let run = Run { patience, ..self.run() };
        let waiting = Patience { looks: 600, pause: Duration::from_millis(50) };
        let stack = Stack::start(program, 0, &run.configuration(), &self.root.join("local-stack.log"), waiting)?;
        run.on_emulator(&Image { api: 36, tag: "google_apis".to_owned() }, &stack)
    }

    fn device(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.root.join("device.json")).unwrap()).unwrap()
    }

    /// What adb was told, and the other programs, one line each.
    fn calls(&self) -> Vec<String> {
        let words = |call: &Value| {
            let words: Vec<_> = call.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            words.join(" ").replace("adb -s emulator-5554 ", "")
        };
        self.device()["calls"].as_array().unwrap().iter().map(words).collect()
    }

    fn pictures(&self, app: &str) -> Vec<String> {
        let folder = self.run().output.join("pictures").join(app);
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// The command line, which all tests of the workspace build; whoever tests this package alone may not have it.
fn local_stack() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let program = built(root);
    if program.exists() {
        return Some(program);
    }
    assert!(std::env::var_os("CI").is_none(), "{} was not built", program.display());
    say("skipped: `cargo build` makes the local stack that this test signs in at");
    None
}

#[test]
fn both_apps_sign_in_at_the_stack_and_list_also_after_their_process_has_ended() {
    let faults = json!({
        "boot": 2, "dump moves": 2, "dump dies": 1, "dump has no root": 1, "tap is lost": 0, "typing is cut": 1,
        "enter is lost": 1, "kill comes too early": 1,
    });
    let device = json!({ "faults": faults, "low": 1 });
    let (Some(program), Some(bench)) = (local_stack(), Bench::new("emulator", &device)) else { return };
    bench.use_apps(&program).unwrap();

    let device = bench.device();
    for (fault, left) in device["faults"].as_object().unwrap() {
        assert_eq!(left, 0, "{fault} was not met");
    }
    // The stack's five ports.
    let mut ports: Vec<_> = device["ports"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert_eq!(ports.len(), 5, "{ports:?}");
    ports.dedup();
    assert_eq!(ports.len(), 5, "{ports:?}");
    assert_eq!((device["running"].as_bool(), device["installed"].as_str()), (Some(false), Some("shrunk")));

    let calls = bench.calls();
    let at = |text: &str| {
        calls.iter().position(|call| call.starts_with(text)).unwrap_or_else(|| panic!("{text}: {calls:#?}"))
    };
    let count = |text: &str| calls.iter().filter(|call| call.contains(text)).count();
    let order = [
        "gradlew --no-daemon --console=plain :app:assembleLocalStackDebug :app:assembleLocalStackShrunk",
        "sdkmanager --licenses",
        "sdkmanager --install",
        "avdmanager",
        "emulator",
        "shell input keyevent KEYCODE_WAKEUP",
        "gradlew --no-daemon --console=plain :jetbridge:connectedDebugAndroidTest",
        "reverse",
        "install",
        "shell pm clear dev.jetbridge.app.local",
        "shell am start -W -n dev.jetbridge.app.local/dev.jetbridge.app.MainActivity",
        "shell input text alice@example.com",
        "shell input text open-sesame",
        "shell input keyevent KEYCODE_ENTER",
        "shell am kill dev.jetbridge.app.local",
        "emu kill",
    ];
    assert!(order.map(at).is_sorted(), "{calls:#?}");
    // What was typed by half was erased and typed again.
    assert_eq!(count("shell input text alice@example.com"), 5);
    assert_eq!((count("shell pm clear"), count("shell am start")), (8, 4));
    // In each of two apps once, and once more where the system was not ready for it.
    assert_eq!(count("shell am kill"), 3);

    for app in ["debug", "shrunk"] {
        let rounds = ["ended behind the browser", "straight"];
        let names = ["1 signed out", "2 sign-in page", "3 signed in", "4 list"];
        let expected: Vec<_> =
            rounds.iter().flat_map(|round| names.iter().map(move |name| format!("{round} {name}.png"))).collect();
        assert_eq!(bench.pictures(app), expected);
    }
}

#[test]
fn what_goes_wrong_is_told_with_what_was_seen_and_kept() {
    let Some(program) = local_stack() else { return };
    for (device, told, file) in [
        (json!({ "immortal": true }), "does not end dev.jetbridge.app.local", Some("failed.png")),
        (
            json!({ "first_screens": ["nobody knows it"] }),
            "the account, from the browser did not come; on the screen is \"Home\"",
            Some("logcat.txt"),
        ),
        (
            json!({ "faults": { "dump moves": 1000 } }),
            "the first button did not come; on the screen is nothing that could be dumped",
            Some("failed.png"),
        ),
        (json!({ "faults": { "emulator ends": 1 } }), "the emulator has ended: INFO", None),
        (json!({ "faults": { "boot": 1000 } }), "does not come up: INFO", None),
        (json!({ "faults": { "gradle": 1 } }), "gradlew failed", None),
    ] {
        let Some(bench) = Bench::new("trouble", &device) else { return };
        let problem = bench.use_apps_with(&program, Patience { looks: 10, ..QUICK }).unwrap_err();
        assert!(problem.contains(told), "{device}: {problem}");
        if let Some(file) = file {
            assert!(bench.pictures("debug").iter().any(|name| name == file), "{device}: {:?}", bench.pictures("debug"));
            assert!(problem.contains("pictures and the device's log are in"), "{problem}");
        }
        // Whatever happened, no emulator is left behind.
        assert_ne!(bench.device()["running"], true, "{device}");
    }
}

#[test]
fn an_app_with_a_library_for_small_pages_gets_to_no_device() {
    let (Some(program), Some(bench)) = (local_stack(), Bench::new("pages", &json!({}))) else { return };
    std::fs::write(bench.root.join("library.so"), sample_library(0x1000)).unwrap();
    let problem = bench.use_apps(&program).unwrap_err();
    assert!(problem.contains("app-localStack-debug.apk") && problem.contains("page of 16 KB"), "{problem}");
    assert!(!bench.calls().iter().any(|call| call.starts_with("emulator")));
}

#[test]
fn a_device_that_goes_away_is_told_by_adb_itself() {
    let Some(bench) = Bench::new("gone", &json!({ "running": true })) else { return };
    let program = bench.run().sdk.adb();
    let adb = Adb::connect(program.clone(), None, QUICK).unwrap();
    assert_eq!(adb.serial(), "emulator-5554");
    assert!(adb.has_booted() && adb.picture().is_ok() && adb.screen().unwrap().unwrap().saying("Home").is_some());
    assert!(adb.clear("dev.jetbridge.app.local").unwrap_err().contains("Failed"), "it is not installed");
    assert!(adb.start("dev.jetbridge.app.local/x").unwrap_err().contains("does not exist"));
    assert!(adb.kill_in_background("dev.jetbridge.app.local").unwrap_err().contains("no process"));
    adb.end_emulator().unwrap();
    assert!(adb.screen().unwrap_err().contains("device 'emulator-5554' not found"));
    assert!(Adb::connect(program, None, QUICK).unwrap_err().contains("no device is connected"));
}

#[test]
fn bundles_are_made_of_what_gradle_left_and_without_a_library_for_small_pages() {
    let Some(bench) = Bench::new("bundle", &json!({})) else { return };
    for name in ["okta-config", "aws-exports"] {
        let example = bench.root.join(format!("config/{name}.example.json"));
        std::fs::create_dir_all(example.parent().unwrap()).unwrap();
        std::fs::write(example, "{}").unwrap();
    }
    bundle::make(&bench.root, &bench.root.join("bundles")).unwrap();
    assert!(bench.root.join("config/okta-config.json").exists());
    let mut made: Vec<_> = std::fs::read_dir(bench.root.join("bundles"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    made.sort();
    let expected = [
        "app-localStack-debug.apk",
        "app-okta-release.aab",
        "jetbridge-aws-release.aar",
        "jetbridge-okhttp-release.aar",
        "jetbridge-release.aar",
        "jetbridge-testing-release.aar",
    ];
    assert_eq!(made, expected);
    let tests = ":jetbridge:testDebugUnitTest :app:testLocalStackDebugUnitTest";
    assert_eq!(bench.calls()[0], format!("gradlew --no-daemon --console=plain {tests}"));
    std::fs::write(bench.root.join("library.so"), sample_library(0x1000)).unwrap();
    assert!(bundle::make(&bench.root, &bench.root.join("bundles")).unwrap_err().contains("jetbridge-release.aar"));
}

#[test]
fn the_image_is_what_was_asked_for() {
    let parse = |words: &[&str]| parse_image(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    assert_eq!(parse(&["--api", "28"]), Ok(Image { api: 28, tag: "google_apis".to_owned() }));
    assert_eq!(parse(&["--image", "google_apis_ps16k", "--api", "36"]).unwrap().tag, "google_apis_ps16k");
    for bad in [&[][..], &["--api"], &["--api", "new"], &["--api", "36", "--image", "a;b"], &["--fast", "1"]] {
        assert!(parse(bad).is_err(), "{bad:?}");
    }
}
