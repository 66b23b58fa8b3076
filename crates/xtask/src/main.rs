//! The project's chores in one place, so that a person, `.ci/run` and the workflows call the same thing:
//! `cargo xtask test`, `rooms`, `bindings`, `android-size`, `xcframework`, `swift-package`, `ios-project`, `dist`, `audit`, `bench`.

mod alignment;
mod apple;
mod bench;
mod beside;
mod bindings;
mod cargo;
mod devices;
mod dist;
mod exports;
mod files;
mod house;
mod mobile;
mod pages;
mod programs;
mod release;
mod report;
mod sign_in;
mod steps;
mod tools;
mod windows;
mod workflows;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use report::say;

const USAGE: &str = "\
Usage: cargo xtask <command>

  test [PART…] [--no-skip]   every check there is; the parts are: rust, house, workflows, keyring,
                             deny, check-exports, bindings, kotlin, swift, infra, mobile, windows, dist
                             --no-skip: what cannot run here counts as failed, unless a registry
                             has no standard library for a phone's target
  desktop-tests              builds everything and runs the Rust tests that this desktop system can run
  rooms                      who knows whom today, as the tables of ARCHITECTURE.md would say it; the part
                             house compares them with the code, and looks up the links and names of the pages
  bindings [--language LANGUAGE]… [--out DIR] [--android] [--without-local-stack]
                             the library for other languages, with the local stack for tests, and its
                             bindings (kotlin, swift, python) in target/bindings or DIR
                             --android: Kotlin for Android, not for other JVMs
  android-bundle             unit tests by Gradle, then the AARs, the store's bundle and the debug APK in
                             target/bundles/android, each library checked for memory pages of 16 KB
  android-emulator --api LEVEL [--image TAG]
                             on an emulator that is made for it: the library's own tests, then the demo app, in a
                             debug build and shrunk by R8, signs in in the browser and lists, twice; pictures in
                             target/devices (--image google_apis_ps16k: memory pages of 16 KB)
  android-device             the same app on the device that is plugged in, or that ANDROID_SERIAL names
  enable-kvm                 lets emulators use this machine's virtual processor (Linux; needs sudo)
  check-alignment FILE…      whether a library, or each in an APK, AAR or AAB, fits memory pages of 16 KB
  android-size [--contents]  links the arm64 Android library and says how large it is, as `test mobile` does; within its
                             budget (crates/ffi/size-budget.json) or not
                             --contents: its sections, and its code by crate
  xcframework [--debug] [--local-stack] [--platform NAME]…
                             on a Mac: a dynamic framework for iOS, macOS, Mac Catalyst, visionOS and the
                             simulators, or for the platforms that are named, zipped, with its checksum
                             --debug: takes plain http on loopback, for the local stack
                             --local-stack: with the local stack in it, for the package's own tests
  swift-package --url URL [--build DIR] [--output DIR]
                             a folder to be pushed as the repository that apps add: the package with the
                             zipped library that will be at URL, by its checksum
                             --build: where xcframework left both, if not in ios/build
  ios-project                on a Mac: the debug library and the demo's Xcode project (needs xcodegen)
  ios-package-tests          on a Mac: the package's tests by SwiftPM, against the local stack
  ios-simulator --ios VERSION --phone NAME
                             on a Mac: the demo app in a simulator of its own, tapped from the first button to the
                             rows; pictures in ios/App/build/pictures
  ios-archive                on a Mac: everything for every platform, and the demo app as an unsigned archive, built with
                             an SDK that the store takes; zipped in ios/App/build
  select-xcode VERSION       on a Mac: the Xcode that all later steps of a workflow use
  release gather|draft --tag TAG
                             the files of all builds in target/release-files with their checksums; a draft of a
                             release of them (with GitHub's gh)
  dist [LAYOUT…] [--out DIR] what engineers install and add, as it is released, in target/dist or DIR, with sizes and
                             SHA-256; the layouts are: cli (archives, Debian package, Homebrew formula, bills of
                             materials), crate, maven (a repository for Kotlin, on phones and computers), swift (the
                             repository that apps add; on Linux also one that links there); what cannot be linked here
                             is a stand-in that says so. `test dist` makes them of debug builds, and uses each;
                             beside all other parts it leaves out the static program for Linux, and the program that
                             adds the crate
  sign-in URL                at the local stack's sign-in page, in place of a browser and its user: prints the redirect
  audit                      known vulnerabilities in the dependencies (fetches the advisory database)
  bench [--rounds N] [--svg [PREFIX]]
                             the table of the README: sign-in, restored sessions, renewal, start, listings, near and at a
                             round trip of 100 ms, with and without TLS, beside openid-client with the AWS SDK for
                             JavaScript, boto3 and the AWS CLI (needs Node.js 20, Python 3.10); a quarter of an hour
                             --svg: also the charts, docs/images/speed.svg and speed-dark.svg or PREFIX.svg and so on
                             --help, here and with each of the following: what it needs and writes, when it fails
  bench growth               1 to 100 accounts, 1,000 to 1,000,000 objects, 1 to 1,000 callers: does anything grow faster
                             than its work
  bench transfer [--rounds N]
                             256 MB and 1,000 times 10 KB, up and down, near and at a round trip of 100 ms, beside the
                             AWS CLI and boto3
  bench listing              100,000 keys of three shapes at a round trip of 100 ms, one by one and eight at a time, and
                             1,000,000: speed, requests, memory, the order
  bench endurance            1 GB up and down by a program that is killed three times on each way: what is sent again,
                             how much memory it takes
  bench soak                 500 renewals for each kind of app, with lost answers and other faults in between;
                             is the session alive, does memory grow
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = repository_root();
    match arguments.split_first() {
        Some((command, rest)) if command == "test" => test(&root, rest),
        Some((command, [])) if command == "desktop-tests" => exit_code(steps::desktop_tests(&root)),
        Some((command, rest)) if command == "release" => exit_code(release::command(&root, rest)),
        Some((command, rest)) if command == "dist" => exit_code(dist::command(&root, rest)),
        Some((command, [url])) if command == "sign-in" => exit_code(sign_in_at(url)),
        Some((command, [])) if command == "audit" => exit_code(steps::audit(&root)),
        Some((command, [])) if command == "rooms" => exit_code(house::print_tables(&root)),
        Some((command, rest)) if command == "bindings" => exit_code(bindings::command(&root, rest)),
        Some((command, rest)) if command == "android-size" => exit_code(mobile::android_size(&root, rest)),
        Some((command, [])) if command == "android-bundle" => exit_code(devices::android_bundle(&root)),
        Some((command, rest)) if command == "android-emulator" => exit_code(devices::android_emulator(&root, rest)),
        Some((command, [])) if command == "android-device" => exit_code(devices::android_device(&root)),
        Some((command, [])) if command == "enable-kvm" => exit_code(devices::enable_kvm()),
        Some((command, [])) if command == "ios-package-tests" => exit_code(devices::ios_package_tests(&root)),
        Some((command, rest)) if command == "ios-simulator" => exit_code(devices::ios_simulator(&root, rest)),
        Some((command, [])) if command == "ios-archive" => exit_code(devices::ios_archive(&root)),
        Some((command, [version])) if command == "select-xcode" => exit_code(devices::select_xcode(version)),
        Some((command, rest)) if command == "check-alignment" => exit_code(alignment::command(rest)),
        Some((command, rest)) if command == "xcframework" => exit_code(apple::xcframework(&root, rest)),
        Some((command, rest)) if command == "swift-package" => exit_code(apple::swift_package(&root, rest)),
        Some((command, [])) if command == "ios-project" => exit_code(apple::project(&root)),
        Some((command, rest)) if command == "bench" => exit_code(bench::command(&root, rest)),
        Some((help, _)) if help == "help" || help == "--help" => {
            say(USAGE);
            ExitCode::SUCCESS
        }
        _ => {
            say(USAGE);
            ExitCode::from(2)
        }
    }
}

fn test(root: &Path, arguments: &[String]) -> ExitCode {
    let no_skip = arguments.iter().any(|argument| argument == "--no-skip");
    let parts: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--no-skip").collect();
    if let Some(unknown) = parts.iter().find(|part| !steps::PARTS.contains(part)) {
        say(&format!("There is no part called '{unknown}'.\n\n{USAGE}"));
        return ExitCode::from(2);
    }
    let report = steps::test(root, &parts);
    report.print(no_skip);
    if report.passed(no_skip) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The stack's first user.
fn sign_in_at(url: &str) -> Result<(), String> {
    say(&sign_in::sign_in(url, "alice@example.com", "open-sesame")?);
    Ok(())
}

fn exit_code(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&format!("failed: {problem}"));
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder: this package is `crates/xtask` in it.
fn repository_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}
