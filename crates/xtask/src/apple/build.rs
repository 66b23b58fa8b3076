//! From the sources to an XCFramework: a dynamic framework for each platform, with its dSYM (ADR 0015).

use std::path::{Path, PathBuf};
use std::process::Command;

use super::framework::{self, Contents};
use super::library::{self, Compiler};
use super::macho;
use super::platforms::Platform;
use crate::bindings::{self, Wishes};
use crate::exports;
use crate::files::{copy, read, remove, remove_folder};
use crate::programs::run;

/// What is built, and where.
#[derive(Debug, Clone)]
pub(crate) struct Build {
    pub(crate) compiler: Compiler,
    pub(crate) platforms: Vec<&'static Platform>,
}

impl Build {
    /// The generated Swift into its target, and the libraries that it belongs to.
    pub(crate) fn run(&self) -> Result<(), String> {
        let wishes = if self.compiler.with_local_stack {
            Wishes::for_tests(&self.compiler.root, "swift")
        } else {
            Wishes::for_apple(&self.compiler.root)
        };
        let generated = bindings::generate(&self.compiler.root, &wishes)?.join("swift");
        copy(&generated.join(SWIFT), &swift_source(&self.compiler.root))?;
        self.make(&Contents {
            header: generated.join(format!("{}.h", framework::NAME)),
            privacy: self.compiler.root.join("ios/Sources/Jetbridge/Resources/PrivacyInfo.xcprivacy"),
        })
    }

    /// Compiles, lays out, checks and packages. Gives nothing: it is in `whole`.
    pub(crate) fn make(&self, contents: &Contents) -> Result<(), String> {
        for platform in &self.platforms {
            self.make_framework(platform, contents)?;
        }
        let whole = whole(&self.compiler.root);
        remove_folder(&whole)?;
        run(self.package(&whole))
    }

    fn make_framework(&self, platform: &Platform, contents: &Contents) -> Result<(), String> {
        for target in platform.targets {
            let mut add = self.compiler.programs.command("rustup");
            add.args(["target", "add", target]).current_dir(&self.compiler.root);
            run(add)?;
            run(self.compiler.compile(platform, target))?;
        }
        let framework = self.framework(platform);
        remove_folder(&framework)?;
        remove_folder(&self.symbols(platform))?;
        let library = framework::lay_out(&framework, platform, contents)?;
        let parts: Vec<_> = platform.targets.iter().map(|target| self.compiler.built(target)).collect();
        // lipo(1) takes one file as well, and makes a universal one of it; a copy is what Xcode's own build leaves.
        match parts.as_slice() {
            [only] => copy(only, &library)?,
            _ => run(library::merge(&self.compiler.programs, &parts, &library))?,
        }
        self.check(platform, &library)?;
        run(library::collect_symbols(&self.compiler.programs, &library, &self.symbols(platform)))?;
        run(library::strip(&self.compiler.programs, &library))?;
        run(library::sign(&self.compiler.programs, &framework))
    }

    fn check(&self, platform: &Platform, library: &Path) -> Result<(), String> {
        let bytes = read(library)?;
        macho::check(&bytes, platform)?;
        match exports::check_library(&bytes).first() {
            Some(finding) if !self.compiler.with_local_stack => Err(format!("{}: {}", platform.name, finding.text)),
            _ => Ok(()),
        }
    }

    /// The frameworks in one. Xcode takes the dSYMs' paths as they are, so that they have to be absolute
    /// (swift-build, XCFramework.swift; bazelbuild/rules_apple#2625), and `root` is.
    pub(crate) fn package(&self, whole: &Path) -> Command {
        let mut xcodebuild = self.compiler.programs.command("xcodebuild");
        xcodebuild.arg("-create-xcframework");
        for platform in &self.platforms {
            xcodebuild.arg("-framework").arg(self.framework(platform));
            xcodebuild.arg("-debug-symbols").arg(self.symbols(platform));
        }
        xcodebuild.arg("-output").arg(whole);
        xcodebuild
    }

    /// As SwiftPM takes it from an address: the folder's own name is inside, and a Mac's links stay links. The Swift that
    /// belongs to it is put beside, where no other build replaces it alone.
    pub(crate) fn zip(&self) -> Result<PathBuf, String> {
        let folder = build_folder(&self.compiler.root);
        let archive = folder.join(ARCHIVE);
        copy(&swift_source(&self.compiler.root), &folder.join(SWIFT))?;
        remove(&archive)?;
        let mut ditto = self.compiler.programs.command("ditto");
        ditto.args(["-c", "-k", "--keepParent", "JetbridgeFFI.xcframework"]).arg(&archive);
        ditto.current_dir(folder);
        run(ditto)?;
        Ok(archive)
    }

    fn framework(&self, platform: &Platform) -> PathBuf {
        build_folder(&self.compiler.root).join(platform.name).join(framework::folder_name())
    }

    fn symbols(&self, platform: &Platform) -> PathBuf {
        build_folder(&self.compiler.root).join(platform.name).join(format!("{}.dSYM", framework::folder_name()))
    }
}

/// What a release uploads, in the build folder, and the generated Swift beside it.
pub(crate) const ARCHIVE: &str = "JetbridgeFFI.xcframework.zip";
pub(crate) const SWIFT: &str = "JetbridgeFFI.swift";

pub(crate) fn build_folder(root: &Path) -> PathBuf {
    root.join("ios/build")
}

/// Where Package.swift looks for it.
pub(crate) fn whole(root: &Path) -> PathBuf {
    build_folder(root).join("JetbridgeFFI.xcframework")
}

/// The generated Swift in its target.
fn swift_source(root: &Path) -> PathBuf {
    root.join("ios/Sources/JetbridgeFFI").join(SWIFT)
}
