//! What only a Mac can build: the library for Apple's platforms as an XCFramework, the demo's Xcode project, and the
//! repository that apps get both from. `build.rs` has the way from the sources; it is walked on Linux too, with
//! stand-ins for Xcode's programs (`tests.rs`).

mod build;
mod distribution;
mod files;
mod framework;
mod library;
mod macho;
mod platforms;
mod programs;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::report::say;
use build::Build;
use library::Profile;
use platforms::{PLATFORMS, Platform};
use programs::{Programs, run};

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
    let programs = Programs::default();
    Build {
        root: root.to_owned(),
        profile: Profile::Debug,
        with_local_stack: false,
        platforms: demo.iter().map(|name| platforms::find(name)).collect::<Result<_, _>>()?,
        programs: programs.clone(),
    }
    .run()?;
    let mut xcodegen = programs.command("xcodegen");
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
    let mut build = Build {
        root: root.to_owned(),
        profile: Profile::Mobile,
        with_local_stack: false,
        platforms: Vec::new(),
        programs: Programs::default(),
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--debug" => build.profile = Profile::Debug,
            "--local-stack" => build.with_local_stack = true,
            "--platform" => wanted.push(platforms::find(rest.next().map(String::as_str).unwrap_or_default())?),
            other => return Err(format!("there is no option {other}")),
        }
    }
    if build.with_local_stack && build.profile != Profile::Debug {
        return Err("--local-stack is for tests, and needs --debug".to_owned());
    }
    // In the table's order, and each once.
    build.platforms = PLATFORMS.iter().filter(|platform| wanted.is_empty() || wanted.contains(platform)).collect();
    Ok(build)
}

fn only_on_a_mac() -> Result<(), String> {
    if cfg!(target_os = "macos") {
        Ok(())
    } else {
        Err("this needs a Mac with Xcode; on Linux, `cargo xtask test swift` builds and tests the package".to_owned())
    }
}
