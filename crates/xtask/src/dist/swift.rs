//! What Swift gets of the library: the repository that apps add by its address, around the zipped XCFramework
//! (`cargo xtask swift-package`). The framework is a Mac's work (`cargo xtask xcframework`) and is taken if it is there;
//! without one a stand-in has its place, whose name and contents say so, and nothing runs on it.
//!
//! On Linux there is a second package beside, of the same sources, over this computer's own library and stubs of Apple's
//! modules: what a project can do with the sources as they are handed on is tried with it.
//!
//! Source: developer.apple.com/documentation/packagedescription/target, `binaryTarget(name:url:checksum:)`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::facts::{VERSION, repository};
use super::jar::Entries;
use super::library::{Papers, THIRD_PARTY};
use super::outside::Stack;
use super::sbom;
use super::work::{stripped, work};
use crate::apple;
use crate::bindings::{self, Wishes};
use crate::cargo::forget_package;
use crate::devices::built;
use crate::files::{copy, copy_folder, remove_folder, write};
use crate::report::{Counts, Outcome, say};

const LINUX_MANIFEST: &str = include_str!("Package.linux.swift.in");

/// Stubs of Apple's modules that the package's sources name, as ios/Package.swift has them.
const STUBS: [&str; 7] = [
    "AppleFoundation",
    "AuthenticationServices",
    "CoreTransferable",
    "Security",
    "SwiftUI",
    "UIKit",
    "UniformTypeIdentifiers",
];

pub(super) fn build(root: &Path, out: &Path) -> Result<Vec<PathBuf>, String> {
    make(root, out).map(|(files, _)| files)
}

/// And the package that this computer can link.
pub(super) fn build_for_tests(root: &Path, out: &Path) -> Result<Vec<PathBuf>, String> {
    let (mut files, generated) = make(root, out)?;
    if cfg!(target_os = "linux") {
        let out = out.join("swift");
        files.push(write_linux_package(root, &generated, &out.join("swift-package"), &out.join("linux"))?);
    }
    Ok(files)
}

/// The files, and the folder with what was generated for them.
fn make(root: &Path, out: &Path) -> Result<(Vec<PathBuf>, PathBuf), String> {
    let out = out.join("swift");
    remove_folder(&out)?;
    let words = ["--language", "swift", "--without-local-stack", "--out"].map(str::to_owned);
    let folder = work(root, "swift");
    let words: Vec<String> = words.into_iter().chain([folder.display().to_string()]).collect();
    let generated = bindings::generate(root, &Wishes::parse(root, &words)?)?;

    let framework = Framework::find_or_stand_in(root, &generated)?;
    let package = out.join("swift-package");
    let words = ["--url", &framework.url(&repository(root)?), "--build", &framework.build.display().to_string()]
        .map(str::to_owned);
    let words: Vec<String> = words.into_iter().chain(["--output".to_owned(), package.display().to_string()]).collect();
    apple::swift_package(root, &words)?;
    let archive = out.join(&framework.name);
    copy(&framework.build.join(apple::ARCHIVE), &archive)?;
    let papers = Papers::of(root, "aarch64-apple-ios")?;
    write(&package.join(THIRD_PARTY), papers.third_party())?;
    let bill = out.join(format!("JetbridgeFFI{}", sbom::ENDING));
    write(&bill, &papers.bill)?;
    let files =
        vec![archive, bill, package.join("Package.swift"), package.join("Sources/JetbridgeFFI/JetbridgeFFI.swift")];
    Ok((files, generated))
}

/// The zipped framework, in a folder with the Swift that belongs to it.
#[derive(Debug)]
struct Framework {
    build: PathBuf,
    name: String,
}

impl Framework {
    fn find_or_stand_in(root: &Path, generated: &Path) -> Result<Self, String> {
        let build = apple::build_folder(root);
        if build.join(apple::ARCHIVE).exists() && build.join(apple::SWIFT).exists() {
            return Ok(Self { build, name: apple::ARCHIVE.to_owned() });
        }
        let build = work(root, "swift").join("stand-in");
        let mut entries = Entries::default();
        entries.add(
            "JetbridgeFFI.xcframework/STAND-IN.txt",
            "This is no framework. A Mac makes it: cargo xtask xcframework.\n",
        );
        entries.write(&build.join(apple::ARCHIVE))?;
        copy(&generated.join("swift").join(apple::SWIFT), &build.join(apple::SWIFT))?;
        say("the XCFramework is a stand-in: a Mac makes it (`cargo xtask xcframework`)");
        Ok(Self { build, name: "JetbridgeFFI-stand-in.xcframework.zip".to_owned() })
    }

    /// Where GitHub has the files of a release (docs.github.com, "Linking to releases").
    fn url(&self, home: &str) -> String {
        format!("{home}/releases/download/v{VERSION}/{}", self.name)
    }
}

/// The package's sources as they are handed on, with what stands for the framework. Gives the library's file.
fn write_linux_package(root: &Path, generated: &Path, package: &Path, linux: &Path) -> Result<PathBuf, String> {
    copy_folder(&package.join("Sources"), &linux.join("Sources"))?;
    for module in STUBS {
        copy_folder(&root.join("ios/Stubs").join(module), &linux.join("Stubs").join(module))?;
    }
    let swift = generated.join("swift");
    let module = linux.join("Sources/CJetbridgeFFI");
    copy(&swift.join(apple::SWIFT), &linux.join("Sources/JetbridgeFFI").join(apple::SWIFT))?;
    copy(&swift.join("CJetbridgeFFI.h"), &module.join("CJetbridgeFFI.h"))?;
    copy(&swift.join("CJetbridgeFFI.modulemap"), &module.join("module.modulemap"))?;
    let library = linux.join("lib").join(bindings::library_name());
    write(&library, stripped(&generated.join(bindings::library_name()))?)?;
    write(&linux.join("Package.swift"), LINUX_MANIFEST)?;
    Ok(library)
}

/// A project that SwiftPM builds, which knows the Linux package by its path.
pub(super) fn consume(root: &Path, out: &Path) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Outcome::Skipped("on a Mac, add target/dist/swift/swift-package to a project of Xcode".to_owned());
    }
    let folder = work(root, "swift-consumer");
    let stack = remove_folder(&folder).and_then(|()| Stack::start(Command::new(built(root)), &folder));
    let stack = match stack {
        Ok(stack) => stack,
        Err(problem) => return Outcome::failed(&problem),
    };
    let outcome = run_consumer(root, &out.join("swift/linux"), &folder.join("config"));
    drop(stack);
    match outcome {
        Ok(counts) => Outcome::Ran(counts),
        Err(problem) => Outcome::failed(&problem),
    }
}

fn run_consumer(root: &Path, package: &Path, config: &Path) -> Result<Counts, String> {
    let browser = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut script = Command::new("bash");
    script.arg(root.join("ios/consumer.sh")).arg(package).arg(config).arg(browser).current_dir(root);
    script.stdin(Stdio::null()).stderr(Stdio::inherit());
    forget_package(&mut script);
    let output = script.output().map_err(|error| format!("bash did not start: {error}"))?;
    let mut counts = Counts::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        say(line);
        counts.add_closing_line(line);
    }
    if output.status.success() != (counts.failed == 0) || counts == Counts::default() {
        return Err(format!("ios/consumer.sh has not come to its end ({})", output.status));
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framework_is_among_the_files_of_its_release() {
        let framework = Framework { build: PathBuf::new(), name: "a.zip".to_owned() };
        let known = framework.url("https://github.com/ours/jetbridge");
        assert_eq!(known, format!("https://github.com/ours/jetbridge/releases/download/v{VERSION}/a.zip"));
    }

    /// Otherwise the consumer would be one of another package.
    #[test]
    fn the_linux_package_is_the_one_of_the_tests_without_its_tests() {
        let package = include_str!("../../../../ios/Package.swift");
        let lines = |prefix: &str, text: &'static str| -> Vec<&'static str> {
            text.lines().map(str::trim).filter(|line| line.starts_with(prefix)).collect()
        };
        for prefix in ["// swift-tools-version", "defaultLocalization: ", ".library(", ".systemLibrary("] {
            assert!(!lines(prefix, LINUX_MANIFEST).is_empty(), "{prefix}");
            assert_eq!(lines(prefix, LINUX_MANIFEST), lines(prefix, package), "{prefix}");
        }
        for stub in STUBS {
            let path = format!("path: \"Stubs/{stub}\"");
            assert!(LINUX_MANIFEST.contains(&path) && package.contains(&path), "{stub}");
        }
    }
}
