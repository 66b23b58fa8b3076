//! What only a Mac can build: the library for iOS and macOS as an XCFramework, and the demo's Xcode project. The commands are put
//! together here so that they can be checked on any machine; they run where Xcode is.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings::{self, Wishes};
use crate::cargo::{cargo, target_directory};
use crate::report::say;

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

/// The C module under the generated Swift.
const MODULE: &str = "CJetbridgeFFI";

/// Our own: the generated one names modules of the compiler that newer Xcodes do not have.
const MODULE_MAP: &str = "framework module CJetbridgeFFI {\n    header \"CJetbridgeFFI.h\"\n    export *\n}\n";

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
    say(&format!(
        "{}\nchecksum for .binaryTarget(url:checksum:): {checksum}\nthe Swift that belongs to it, and to no other build: {}",
        archive.display(),
        swift_source(root).display()
    ));
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

/// The generated Swift into its target, the libraries and the C header into an XCFramework of static frameworks. Bare
/// libraries would bring their module map along in a folder that Xcode shares between all XCFrameworks of an app.
fn build(root: &Path, profile: Profile) -> Result<(), String> {
    let generated = bindings::generate(root, &Wishes::for_apple(root))?.join("swift");
    copy(&generated.join("JetbridgeFFI.swift"), &swift_source(root))?;
    for (platform, targets) in PLATFORMS {
        for target in *targets {
            let mut add = Command::new("rustup");
            add.args(["target", "add", target]).current_dir(root);
            run(add)?;
            run(compile(root, profile, target))?;
        }
        let framework = framework(root, platform);
        remove_folder(&framework)?;
        let inside = lay_out(&framework, platform, &generated.join("CJetbridgeFFI.h"))?;
        run(merge(root, profile, targets, &inside.join(MODULE)))?;
    }
    let whole = build_folder(root).join("JetbridgeFFI.xcframework");
    remove_folder(&whole)?;
    run(package(root, &whole))
}

/// Makes the folder of a framework, all but its library, and gives the folder where that belongs.
fn lay_out(framework: &Path, platform: &str, header: &Path) -> Result<PathBuf, String> {
    // A Mac's framework keeps versions, and what is at its top points into the current one.
    let has_versions = platform == "macos";
    let inside = if has_versions { framework.join("Versions/A") } else { framework.to_path_buf() };
    copy(header, &inside.join("Headers/CJetbridgeFFI.h"))?;
    write(&inside.join("Modules/module.modulemap"), MODULE_MAP)?;
    let list = if has_versions { inside.join("Resources/Info.plist") } else { inside.join("Info.plist") };
    write(&list, &information(platform))?;
    if has_versions {
        link("A", &framework.join("Versions/Current"))?;
        for name in [MODULE, "Headers", "Modules", "Resources"] {
            link(&format!("Versions/Current/{name}"), &framework.join(name))?;
        }
    }
    Ok(inside)
}

/// What the system wants to know of every framework.
fn information(platform: &str) -> String {
    let (key, oldest) = if platform == "macos" { ("LSMinimumSystemVersion", 1) } else { ("MinimumOSVersion", 0) };
    let entries = [
        ("CFBundleExecutable", MODULE),
        ("CFBundleIdentifier", "dev.jetbridge.CJetbridgeFFI"),
        ("CFBundleName", MODULE),
        ("CFBundlePackageType", "FMWK"),
        ("CFBundleShortVersionString", env!("CARGO_PKG_VERSION")),
        ("CFBundleVersion", env!("CARGO_PKG_VERSION")),
        (key, DEPLOYMENT_TARGETS[oldest].1),
    ];
    let entries: String =
        entries.iter().map(|(key, value)| format!("    <key>{key}</key>\n    <string>{value}</string>\n")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n{entries}</dict>\n</plist>\n"
    )
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

fn framework(root: &Path, platform: &str) -> PathBuf {
    build_folder(root).join(platform).join(format!("{MODULE}.framework"))
}

/// The library of one platform, for all its processors.
fn merge(root: &Path, profile: Profile, targets: &[&str], library: &Path) -> Command {
    let mut lipo = Command::new("lipo");
    lipo.arg("-create").args(targets.iter().map(|target| built(root, profile, target)));
    lipo.arg("-output").arg(library);
    lipo
}

fn package(root: &Path, whole: &Path) -> Command {
    let mut xcodebuild = Command::new("xcodebuild");
    xcodebuild.arg("-create-xcframework");
    for (platform, _) in PLATFORMS {
        xcodebuild.arg("-framework").arg(framework(root, platform));
    }
    xcodebuild.arg("-output").arg(whole);
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

fn write(to: &Path, text: &str) -> Result<(), String> {
    let folder = to.parent().unwrap_or(to);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(to, text))
        .map_err(|error| format!("{}: {error}", to.display()))
}

#[cfg(unix)]
fn link(to: &str, at: &Path) -> Result<(), String> {
    std::os::unix::fs::symlink(to, at).map_err(|error| format!("{}: {error}", at.display()))
}

#[cfg(not(unix))]
fn link(_: &str, at: &Path) -> Result<(), String> {
    Err(format!("{}: frameworks are made on a Mac", at.display()))
}

fn remove_folder(folder: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", folder.display())),
        _ => Ok(()),
    }
}

/// The generated Swift, which belongs to the library of the same build.
fn swift_source(root: &Path) -> PathBuf {
    root.join("ios/Sources/JetbridgeFFI/JetbridgeFFI.swift")
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
    fn the_xcframework_has_a_framework_for_each_platform() {
        let words = words(&package(Path::new("/repository"), Path::new("/out")));
        let frameworks: Vec<_> =
            words.windows(2).filter(|pair| pair[0] == "-framework").map(|pair| pair[1].as_str()).collect();
        let of = |platform: &str| format!("/repository/ios/build/{platform}/CJetbridgeFFI.framework");
        assert_eq!(frameworks, [of("ios"), of("ios-simulator"), of("macos")]);
    }

    #[test]
    fn the_processors_of_a_platform_are_merged_into_one_library() {
        let words = words(&merge(Path::new("/repository"), Profile::Debug, PLATFORMS[1].1, Path::new("/out")));
        let merged: Vec<_> = words.iter().filter(|word| word.ends_with("/debug/libjetbridge_ffi.a")).collect();
        assert_eq!(merged.len(), 2);
        assert!(merged[0].contains("aarch64-apple-ios-sim") && merged[1].contains("x86_64-apple-ios"), "{merged:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_framework_has_its_header_its_module_map_and_its_facts_where_xcode_looks() {
        let folder = std::env::temp_dir().join(format!("jetbridge-frameworks-{}", std::process::id()));
        let header = folder.join("generated.h");
        write(&header, "/* header */").unwrap();
        for (platform, oldest) in [("ios", "17.0"), ("macos", "14.0")] {
            let framework = folder.join(platform).join("CJetbridgeFFI.framework");
            let inside = lay_out(&framework, platform, &header).unwrap();
            std::fs::write(inside.join(MODULE), "library").unwrap();
            let read = |name: &str| std::fs::read_to_string(framework.join(name)).unwrap();
            assert_eq!(read("Headers/CJetbridgeFFI.h"), "/* header */");
            assert_eq!(read(MODULE), "library", "found from the top, also through a Mac's links");
            let map = read("Modules/module.modulemap");
            assert!(map.starts_with("framework module CJetbridgeFFI {") && !map.contains("_Builtin"), "{map}");
            let facts = read(if platform == "macos" { "Resources/Info.plist" } else { "Info.plist" });
            assert!(facts.contains(&format!("<string>{oldest}</string>")), "{facts}");
        }
        remove_folder(&folder).unwrap();
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
