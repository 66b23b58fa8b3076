//! The steps of `cargo xtask test`. One that fails does not stop the others: a person wants to know all at once.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::beside::Beside;
use crate::cargo::{Manner, cargo, forget_package};
use crate::report::{Counts, Outcome, Report, names_failure, say, tell_rules, timed};
use crate::{bindings, dist, exports, house, mobile, pages, programs, tools, windows, workflows};

/// What can be run on its own: `cargo xtask test deny`.
pub(crate) const PARTS: &[&str] = &[
    "rust",
    "house",
    "workflows",
    "keyring",
    "deny",
    "check-exports",
    "bindings",
    "kotlin",
    "swift",
    "infra",
    "mobile",
    "windows",
    "dist",
];

/// Runs the steps of these parts, or of all parts when none is named.
pub(crate) fn test(root: &Path, parts: &[&str]) -> Report {
    let wanted = |part: &str| parts.is_empty() || parts.contains(&part);
    let mut report = Report::default();
    let mut beside = None;
    if wanted("rust") {
        run(&mut report, "format", || check(cargo(root, &["fmt", "--all", "--check"])));
        run(&mut report, "clippy", || {
            check(cargo(root, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
        });
        run(&mut report, "tests", || {
            const TESTS: [&str; 4] = ["test", "--workspace", "--locked", "--no-fail-fast"];
            if parts.is_empty() {
                // The tests say what does not compile.
                let _ = cargo(root, &TESTS).arg("--no-run").status();
                beside = Some(Beside::start(root));
            }
            let mut tests = cargo(root, &TESTS);
            // Many of them wait more than they work: for answers that come late, or for a stack that starts.
            const THREADS: &str = "RUST_TEST_THREADS";
            if std::env::var_os(THREADS).is_none() {
                let processors = std::thread::available_parallelism().map_or(2, usize::from);
                tests.env(THREADS, (2 * processors).to_string());
            }
            count_tests(&mut tests)
        });
        run(&mut report, "docs", || {
            // The examples are asked for as in `WITH_FEATURES_OF_TESTS`: clippy has checked the dependencies so. The programs
            // by name: the command line's has the library's.
            let mut docs = cargo(root, &["doc", "--workspace", "--no-deps", "--locked", "--lib", "--examples"]);
            docs.args(["--bin", "xtask", "--bin", "uniffi-bindgen"]);
            docs.env("RUSTDOCFLAGS", "-D warnings");
            check(docs)
        });
    }
    if wanted("house") {
        run(&mut report, "house", || check_rules(house::check(root)));
        run(&mut report, "pages", || check_rules(pages::check(root)));
    }
    if wanted("workflows") {
        run(&mut report, "workflows", || workflows::check(root));
    }
    if wanted("keyring") {
        run(&mut report, "keyring", || match tools::private_keyring(root) {
            Ok(mut keyring) => {
                // The core's alone, but named so that cargo chooses the features that it chose for all.
                let tests = cargo(root, &["test", "--workspace", "--lib", "--locked", "storage::"]);
                keyring.arg(tests.get_program()).args(tests.get_args()).current_dir(root);
                count_tests(&mut keyring)
            }
            Err(reason) => Outcome::Skipped(reason),
        });
    }
    if wanted("deny") {
        // Advisories are not asked for here: their database comes from the network and changes without us. See `audit`.
        run(&mut report, "deny", || match tools::cargo_deny(root) {
            Ok(deny) => {
                let mut deny = Command::new(deny);
                deny.current_dir(root).args(["check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
                check(deny)
            }
            Err(reason) => Outcome::Skipped(reason),
        });
    }
    if wanted("check-exports") {
        run(&mut report, "check-exports", || check_exports(root));
    }
    if wanted("bindings") {
        run(&mut report, "bindings (Python)", || test_python(root));
    }
    if wanted("kotlin") {
        run(&mut report, "kotlin", || test_kotlin(root));
    }
    if wanted("swift") {
        run(&mut report, "swift", || test_swift(root));
    }
    if wanted("infra") {
        run(&mut report, "infra", || test_infra(root));
        run(&mut report, "infra (local stack)", || {
            // The packages are there now, so the stack is started from what is synthesized today.
            // With the programs, which have no such test, the features are those of all tests.
            let mut tests = cargo(root, &["test", "--workspace", "--bins", "--test", "e2e", "--locked", "template::"]);
            tests.env("JETBRIDGE_TEST_NEEDS_INFRA", "1");
            count_tests(&mut tests)
        });
    }
    if wanted("mobile") {
        run(&mut report, "mobile (type check)", || match beside {
            Some(begun) => begun.finish(),
            None => mobile::check(root, Manner::InFront),
        });
        // Minutes of optimising: whoever runs everything is spared them.
        if parts.contains(&"mobile") {
            run(&mut report, "mobile (size)", || mobile::check_size(root));
        }
    }
    if wanted("windows") {
        run(&mut report, "windows (Wine)", || test_windows(root));
    }
    if wanted("dist") {
        let extent = if parts.is_empty() { dist::Extent::Beside } else { dist::Extent::Whole };
        for layout in dist::LAYOUTS {
            run(&mut report, layout.step, || layout.test(root, extent));
        }
    }
    report
}

/// The rules for what `crates/ffi` exports, each a check.
fn check_exports(root: &Path) -> Outcome {
    let sources = exports::check_sources(&root.join("crates/ffi/src"));
    let library = bindings::build_library(root, false)
        .and_then(|library| std::fs::read(&library).map_err(|error| format!("{}: {error}", library.display())));
    check_rules(sources.and_then(|mut findings| {
        findings.extend(exports::check_library(&library?));
        let broken = exports::Rule::ALL.map(|(rule, name)| {
            let texts = findings.iter().filter(|finding| finding.rule == rule).map(|finding| finding.text.clone());
            (name, texts.collect())
        });
        Ok(broken)
    }))
}

/// Each rule is a check; what could not be looked at has failed.
fn check_rules<const N: usize>(rules: Result<[(&str, Vec<String>); N], String>) -> Outcome {
    match rules {
        Ok(rules) => {
            let (counts, failures) = tell_rules(&rules);
            Outcome::of(counts, failures)
        }
        Err(problem) => Outcome::failed(&problem),
    }
}

/// The command line as a program of Windows.
fn test_windows(root: &Path) -> Outcome {
    match windows::prepare(root) {
        Ok(mut tests) => count_tests(tests.command()),
        Err(windows::Obstacle::Machine(reason)) => Outcome::Skipped(reason),
        Err(windows::Obstacle::Program(problem)) => Outcome::failed(&problem),
    }
}

/// The generated Python bindings against the local stack.
fn test_python(root: &Path) -> Outcome {
    let Some(python) = tools::python() else {
        return Outcome::Skipped("Python 3.9 or newer is not installed (Debian: apt-get install python3)".to_owned());
    };
    let folder = match bindings::generate(root, &bindings::Wishes::for_tests(root, "python")) {
        Ok(folder) => folder,
        Err(problem) => return Outcome::failed(&problem),
    };
    // The rule against the local stack in libraries has to find it where it is.
    match std::fs::read(folder.join(bindings::library_name())) {
        Ok(bytes) if !exports::check_library(&bytes).is_empty() => {}
        _ => return Outcome::failed("the local stack was not found in a library that has it"),
    }
    let mut tests = Command::new(python);
    tests.arg(root.join("crates/ffi/python/test_bindings.py")).arg(folder.join("python")).current_dir(root);
    count_tests(&mut tests)
}

/// The Kotlin bindings, the Android library and the app, on the JVM. A module whose artifacts a registry does not have is
/// named by the script and left out.
fn test_kotlin(root: &Path) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Outcome::Skipped("Android's tools are set up for Linux here; elsewhere use Gradle".to_owned());
    }
    run_script(root, "android/test.sh")
}

/// The Swift package and the iOS app, with Debian's Swift.
fn test_swift(root: &Path) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Outcome::Skipped("Swift's tests are set up for Linux here; on a Mac use Xcode".to_owned());
    }
    run_script(root, "ios/test.sh")
}

/// The AWS side as code: its tests, a synthesis and the templates' linter. Asks AWS nothing.
fn test_infra(root: &Path) -> Outcome {
    if !cfg!(unix) {
        return Outcome::Skipped("the script is for a shell; elsewhere `npm ci && npm test` in infra".to_owned());
    }
    run_script(root, "infra/test.sh")
}

/// A shell script that ends with its counts.
fn run_script(root: &Path, script: &str) -> Outcome {
    let mut bash = Command::new("bash");
    bash.arg(root.join(script)).current_dir(root);
    forget_package(&mut bash);
    count(&mut bash, Counts::add_closing_line)
}

/// What the other desktop systems are tested with. On Windows without the packages whose tests call Python, Node and shells as
/// they are called on Unix: the local stack's own, and this one's.
pub(crate) fn desktop_tests(root: &Path) -> Result<(), String> {
    let (built, tested): (&[&str], &[&str]) = if cfg!(windows) {
        // A program that runs cannot be written anew there.
        let all_but_this = &["--workspace", "--exclude", "xtask"];
        (all_but_this, &["--package", "jetbridge", "--package", "jetbridge-cli", "--package", "jetbridge-e2e"])
    } else {
        (&["--workspace"], &["--workspace"])
    };
    let mut build = cargo(root, &["build", "--locked"]);
    build.args(built);
    programs::run(build)?;
    let mut tests = cargo(root, &["test", "--locked", "--no-fail-fast"]);
    tests.args(tested);
    programs::run(tests)
}

/// Known vulnerabilities, as the public advisory database knows them today.
pub(crate) fn audit(root: &Path) -> Result<(), String> {
    let deny = tools::cargo_deny(root)?;
    let status = Command::new(deny)
        .current_dir(root)
        .args(["check", "advisories"])
        .status()
        .map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err("cargo deny found advisories (or could not fetch them)".to_owned()) }
}

fn run(report: &mut Report, name: &'static str, step: impl FnOnce() -> Outcome) {
    say(&format!("\n== {name}"));
    let (outcome, took) = timed(step);
    if let Outcome::Skipped(reason) | Outcome::Excused(reason) = &outcome {
        say(&format!("skipped: {reason}"));
    }
    report.push(name, outcome, took);
}

/// One check: passed or failed as the exit status says.
fn check(mut command: Command) -> Outcome {
    match command.status() {
        Ok(status) if status.success() => Outcome::Ran(Counts { passed: 1, ..Counts::default() }),
        Ok(_) => Outcome::Ran(Counts { failed: 1, ..Counts::default() }),
        Err(error) => Outcome::Skipped(format!("{} did not start: {error}", command.get_program().display())),
    }
}

/// Runs the tests, shows their output as it comes and sums the results of all test binaries.
fn count_tests(command: &mut Command) -> Outcome {
    count(command, Counts::add_test_result_line)
}

/// Runs something, shows its output as it comes, and takes the counts out of its lines.
fn count(command: &mut Command, add_line: impl Fn(&mut Counts, &str)) -> Outcome {
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::Skipped(format!("{} did not start: {error}", command.get_program().display())),
    };
    let mut counts = Counts::default();
    let mut failures = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        // A test may print bytes that are not UTF-8, so lines are split as bytes.
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            add_line(&mut counts, &line);
            say(&line);
            if names_failure(&line) {
                failures.push(line.into_owned());
            }
        }
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    if !succeeded && counts.failed == 0 {
        // Something did not compile, or a test binary died before it could report.
        counts.failed = 1;
    }
    if succeeded && counts == Counts::default() {
        // Whatever succeeded without a word about tests has run none.
        counts.failed = 1;
    }
    Outcome::of(counts, failures)
}
