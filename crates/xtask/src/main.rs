//! The project's chores in one place, so that a person, `.ci/run` and the workflows call the same thing:
//! `cargo xtask test`, `rooms`, `bindings`, `android-size`, `xcframework`, `swift-package`, `ios-project`, `audit`, `bench`.

mod apple;
mod bench;
mod bindings;
mod cargo;
mod exports;
mod house;
mod mobile;
mod report;
mod sign_in;
mod steps;
mod tools;
mod windows;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use report::say;

const USAGE: &str = "\
Usage: cargo xtask <command>

  test [PART…] [--no-skip]   every check there is; the parts are: rust, house, keyring, deny,
                             check-exports, bindings, kotlin, swift, infra, mobile, windows
                             --no-skip: what cannot run here counts as failed, unless a registry
                             has no standard library for a phone's target
  rooms                      who knows whom today, as the tables of ARCHITECTURE.md would say it; the part
                             house compares them with the code
  bindings [--language LANGUAGE]… [--out DIR] [--android] [--without-local-stack]
                             the library for other languages, with the local stack for tests, and its
                             bindings (kotlin, swift, python) in target/bindings or DIR
                             --android: Kotlin for Android, not for other JVMs
  android-size               links the arm64 Android library and says how large it is
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
  audit                      known vulnerabilities in the dependencies (fetches the advisory database)
  bench                      a release build lists 100,000 objects; speed, memory, start-up time
  bench transfer [--rounds N]
                             256 MB and 1,000 times 10 KB, up and down, at 0 and 50 ms, beside the AWS CLI and boto3
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
        Some((command, [])) if command == "audit" => exit_code(steps::audit(&root)),
        Some((command, [])) if command == "rooms" => exit_code(house::print_tables(&root)),
        Some((command, rest)) if command == "bindings" => exit_code(bindings::command(&root, rest)),
        Some((command, [])) if command == "android-size" => exit_code(mobile::android_size(&root)),
        Some((command, rest)) if command == "xcframework" => exit_code(apple::xcframework(&root, rest)),
        Some((command, rest)) if command == "swift-package" => exit_code(apple::swift_package(&root, rest)),
        Some((command, [])) if command == "ios-project" => exit_code(apple::project(&root)),
        Some((command, [])) if command == "bench" => exit_code(bench::run(&root)),
        Some((command, [part, rest @ ..])) if command == "bench" && part == "transfer" => {
            exit_code(bench::transfer(&root, rest))
        }
        Some((command, [part])) if command == "bench" && part == "endurance" => exit_code(bench::endurance(&root)),
        Some((command, [part])) if command == "bench" && part == "soak" => exit_code(bench::soak(&root)),
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
