//! What only a Mac can build: the library for iOS and macOS as an XCFramework, and the demo's Xcode project. The commands are put
//! together here so that they can be checked on any machine; they run where Xcode is.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings::{self, Wishes};
use crate::report::say;
use crate::steps::{cargo, target_directory};

/// The oldest systems, as in `ios/Package.swift`.
const DEPLOYMENT_TARGETS: &[(&str, &str)] =
    &[("IPHONEOS_DEPLOYMENT_TARGET", "17.0"), ("MACOSX_DEPLOYMENT_TARGET", "14.0")];

/// An XCFramework has one library for each platform. A simulator is as the Mac under it: Apple's processors and, in older
/// Macs, Intel's.
const PLATFORMS: &[(&str, &[&str])] = &[
    ("ios", &["aarch64-apple-ios"]),
    ("ios-simulator", &["aarch64-apple-ios-sim", "x86_64-apple-ios"]),
    ("macos", &["aarch64-apple-darwin", "x86_64-apple-darwin"]),
];

const LIBRARY: &str = "libjetbridge_ffi.a";

/// How the library is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Profile {
    /// Small, and https only.
    Mobile,
    /// Quick to build, and speaks plain http on loopback: for the local stack.
    Debug,
}

impl Profile {
    /// For cargo.
    fn name(self) -> &'static str {
        if self == Self::Mobile { "mobile" } else { "dev" }
    }

    /// Where cargo puts it.
    fn folder(self) -> &'static str {
        if self == Self::Mobile { "mobile" } else { "debug" }
    }
}

/// `cargo xtask xcframework [--debug]`.
pub(crate) fn xcframework(root: &Path, arguments: &[String]) -> Result<(), String> {
    let profile = match arguments {
        [] => Profile::Mobile,
        [debug] if debug == "--debug" => Profile::Debug,
        _ => return Err("the only option is --debug".to_owned()),
    };
    only_on_a_mac()?;
    build(root, profile)?;
    let archive = build_folder(root).join("JetbridgeFFI.xcframework.zip");
    remove(&archive)?;
    run(zip(root, &archive))?;
    let mut checksum = Command::new("swift");
    checksum.args(["package", "--package-path"]).arg(root.join("ios")).arg("compute-checksum").arg(&archive);
    let output = checksum.output().map_err(|error| format!("swift did not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("swift package compute-checksum failed ({})", output.status));
    }
    let checksum = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let beside = archive.with_extension("zip.checksum");
    std::fs::write(&beside, format!("{checksum}\n")).map_err(|error| format!("{}: {error}", beside.display()))?;
    say(&format!("{}\nchecksum for .binaryTarget(url:checksum:): {checksum}", archive.display()));
    Ok(())
}

/// `cargo xtask ios-project`: everything that Xcode needs to open the demo.
pub(crate) fn project(root: &Path) -> Result<(), String> {
    only_on_a_mac()?;
    build(root, Profile::Debug)?;
    let mut xcodegen = Command::new("xcodegen");
    xcodegen.args(["generate", "--spec"]).arg(root.join("ios/App/project.yml")).current_dir(root);
    run(xcodegen).map_err(|problem| format!("{problem}; it comes with `brew install xcodegen`"))?;
    say("open ios/App/Jetbridge.xcodeproj");
    Ok(())
}

fn only_on_a_mac() -> Result<(), String> {
    if cfg!(target_os = "macos") {
        Ok(())
    } else {
        Err("this needs a Mac with Xcode; on Linux, `cargo xtask test swift` builds and tests the package".to_owned())
    }
}

/// The generated Swift into its target, the libraries and the C header into an XCFramework.
fn build(root: &Path, profile: Profile) -> Result<(), String> {
    let generated = bindings::generate(root, &Wishes::for_apple(root))?.join("swift");
    let headers = build_folder(root).join("headers");
    // A folder of its own: Xcode mixes the headers of all frameworks, and each of them has a module map.
    let module = headers.join("CJetbridgeFFI");
    for (from, to) in [
        ("JetbridgeFFI.swift", root.join("ios/Sources/JetbridgeFFI/JetbridgeFFI.swift")),
        ("CJetbridgeFFI.h", module.join("CJetbridgeFFI.h")),
        ("CJetbridgeFFI.modulemap", module.join("module.modulemap")),
    ] {
        copy(&generated.join(from), &to)?;
    }
    for (platform, targets) in PLATFORMS {
        for target in *targets {
            let mut add = Command::new("rustup");
            add.args(["target", "add", target]).current_dir(root);
            run(add)?;
            run(compile(root, profile, target))?;
        }
        let folder = build_folder(root).join(platform);
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        run(merge(root, profile, platform, targets))?;
    }
    let framework = build_folder(root).join("JetbridgeFFI.xcframework");
    if framework.exists() {
        std::fs::remove_dir_all(&framework).map_err(|error| format!("{}: {error}", framework.display()))?;
    }
    run(package(root, &headers, &framework))
}

/// A static library, which is asked for here alone: in `Cargo.toml` it would be built each time, for every machine.
fn compile(root: &Path, profile: Profile, target: &str) -> Command {
    let mut rustc =
        cargo(root, &["rustc", "--package", "jetbridge-ffi", "--lib", "--crate-type", "staticlib", "--locked"]);
    rustc.args(["--profile", profile.name(), "--target", target]);
    rustc.envs(DEPLOYMENT_TARGETS.iter().copied());
    rustc
}

fn built(root: &Path, profile: Profile, target: &str) -> PathBuf {
    target_directory(root).join(target).join(profile.folder()).join(LIBRARY)
}

/// The library of one platform, for all its processors.
fn merged(root: &Path, platform: &str) -> PathBuf {
    build_folder(root).join(platform).join(LIBRARY)
}

fn merge(root: &Path, profile: Profile, platform: &str, targets: &[&str]) -> Command {
    let mut lipo = Command::new("lipo");
    lipo.arg("-create").args(targets.iter().map(|target| built(root, profile, target)));
    lipo.arg("-output").arg(merged(root, platform));
    lipo
}

fn package(root: &Path, headers: &Path, framework: &Path) -> Command {
    let mut xcodebuild = Command::new("xcodebuild");
    xcodebuild.arg("-create-xcframework");
    for (platform, _) in PLATFORMS {
        xcodebuild.arg("-library").arg(merged(root, platform)).arg("-headers").arg(headers);
    }
    xcodebuild.arg("-output").arg(framework);
    xcodebuild
}

/// With the folder's own name inside, as SwiftPM wants it.
fn zip(root: &Path, archive: &Path) -> Command {
    let mut ditto = Command::new("ditto");
    ditto.args(["-c", "-k", "--keepParent", "JetbridgeFFI.xcframework"]).arg(archive).current_dir(build_folder(root));
    ditto
}

fn build_folder(root: &Path) -> PathBuf {
    root.join("ios/build")
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let folder = to.parent().unwrap_or(to);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::copy(from, to))
        .map(drop)
        .map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}

fn remove(file: &Path) -> Result<(), String> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", file.display())),
        _ => Ok(()),
    }
}

fn run(mut command: Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed ({status})")),
        Err(error) => Err(format!("{name} did not start: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &Command) -> Vec<String> {
        command.get_args().map(|word| word.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_framework_has_a_library_for_each_platform_each_with_the_headers() {
        let root = Path::new("/repository");
        let words = words(&package(root, &root.join("headers"), &root.join("out")));
        let libraries: Vec<_> =
            words.windows(2).filter(|pair| pair[0] == "-library").map(|pair| pair[1].as_str()).collect();
        let of = |platform: &str| format!("/repository/ios/build/{platform}/libjetbridge_ffi.a");
        assert_eq!(libraries, [of("ios"), of("ios-simulator"), of("macos")]);
        assert_eq!(words.iter().filter(|word| *word == "-headers").count(), 3);
    }

    #[test]
    fn the_processors_of_a_platform_are_merged_into_one_library() {
        let (platform, targets) = PLATFORMS[1];
        let words = words(&merge(Path::new("/repository"), Profile::Debug, platform, targets));
        let merged: Vec<_> = words.iter().filter(|word| word.ends_with("/debug/libjetbridge_ffi.a")).collect();
        assert_eq!(merged.len(), 2);
        assert!(merged[0].contains("aarch64-apple-ios-sim") && merged[1].contains("x86_64-apple-ios"), "{merged:?}");
    }

    #[test]
    fn a_library_is_built_small_and_for_the_oldest_systems_of_the_package() {
        let command = compile(Path::new("/repository"), Profile::Mobile, "aarch64-apple-ios");
        assert!(words(&command).windows(2).any(|pair| pair == ["--profile", "mobile"]));
        let manifest = include_str!("../../../ios/Package.swift");
        for (name, system) in [("IPHONEOS_DEPLOYMENT_TARGET", "iOS"), ("MACOSX_DEPLOYMENT_TARGET", "macOS")] {
            let oldest = command.get_envs().find(|(set, _)| *set == name).unwrap().1.unwrap().to_str().unwrap();
            let major = oldest.trim_end_matches(".0");
            assert!(manifest.contains(&format!(".{system}(.v{major})")), "{system} {oldest}");
        }
    }
}
