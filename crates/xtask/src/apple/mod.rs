//! What only a Mac can build: the library for Apple's platforms as an XCFramework, the demo's Xcode project, and the
//! repository that apps get both from. `build.rs` has the way from the sources; it is walked on Linux too, with
//! stand-ins for Xcode's programs (`tests.rs`).

mod build;
mod distribution;
mod framework;
mod library;
mod macho;
mod platforms;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::Command;

use crate::programs::run;
use crate::report::say;
pub(crate) use build::{ARCHIVE, SWIFT, build_folder};

use build::Build;
use library::{Compiler, Profile};
use platforms::{PLATFORMS, Platform};

/// `cargo xtask xcframework [--debug] [--local-stack] [--platform NAME]…`.
pub(crate) fn xcframework(root: &Path, arguments: &[String]) -> Result<(), String> {
    let build = parse(root, arguments)?;
    only_on_a_mac()?;
    build.run()?;
    let archive = build.zip()?;
    say(&format!(
        "{} and the Swift that belongs to it beside; checksum for .binaryTarget(url:checksum:): {}",
        archive.display(),
        distribution::checksum(&archive)?
    ));
    Ok(())
}

/// `cargo xtask ios-project`: everything that Xcode needs to open the demo.
pub(crate) fn project(root: &Path) -> Result<(), String> {
    only_on_a_mac()?;
    let demo = ["ios", "ios-simulator", "macos"];
    let platforms = demo.iter().map(|name| platforms::find(name)).collect::<Result<_, _>>()?;
    Build { compiler: Compiler::new(root, Profile::Debug), platforms }.run()?;
    let mut xcodegen = Command::new("xcodegen");
    xcodegen.args(["generate", "--spec"]).arg(root.join("ios/App/project.yml")).current_dir(root);
    run(xcodegen).map_err(|problem| format!("{problem}; it comes with `brew install xcodegen`"))?;
    say("open ios/App/Jetbridge.xcodeproj");
    Ok(())
}

/// `cargo xtask swift-package --url URL [--build DIR] [--output DIR]`.
pub(crate) fn swift_package(root: &Path, arguments: &[String]) -> Result<(), String> {
    distribution::command(root, arguments)
}

fn parse(root: &Path, arguments: &[String]) -> Result<Build, String> {
    let mut wanted: Vec<&'static Platform> = Vec::new();
    let mut compiler = Compiler::new(root, Profile::Mobile);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--debug" => compiler.profile = Profile::Debug,
            "--local-stack" => compiler.with_local_stack = true,
            "--platform" => wanted.push(platforms::find(rest.next().map(String::as_str).unwrap_or_default())?),
            other => return Err(format!("there is no option {other}")),
        }
    }
    if compiler.with_local_stack && compiler.profile != Profile::Debug {
        return Err("--local-stack is for tests, and needs --debug".to_owned());
    }
    // In the table's order, and each once.
    let platforms = PLATFORMS.iter().filter(|platform| wanted.is_empty() || wanted.contains(platform)).collect();
    Ok(Build { compiler, platforms })
}

fn only_on_a_mac() -> Result<(), String> {
    if cfg!(target_os = "macos") {
        Ok(())
    } else {
        Err("this needs a Mac with Xcode; on Linux, `cargo xtask test swift` builds and tests the package".to_owned())
    }
}
