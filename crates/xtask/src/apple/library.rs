//! The library in a framework: how it is compiled for one target, and what is done with it afterwards. Each command is a
//! function, so that its words can be read in a test.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::framework::install_name;
use super::platforms::Platform;
use crate::cargo::{cargo, target_directory};
use crate::programs::Programs;

/// How the library is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
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

/// Compiles the library for one target at a time.
#[derive(Debug, Clone)]
pub(crate) struct Compiler {
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) output: PathBuf,
    pub(crate) profile: Profile,
    /// For tests: never in what is shipped.
    pub(crate) with_local_stack: bool,
    pub(crate) programs: Programs,
}

impl Compiler {
    pub(crate) fn new(root: &Path, profile: Profile) -> Self {
        Self {
            root: root.to_owned(),
            output: target_directory(root),
            profile,
            with_local_stack: false,
            programs: Programs::default(),
        }
    }

    /// A dynamic library under the name that apps look for (rustc's own is the path where it was built). It keeps its symbols
    /// and lines at first: the dSYM is made of them, and of the object files that they point to.
    pub(crate) fn compile(&self, platform: &Platform, target: &str) -> Command {
        let words = ["rustc", "--package", "jetbridge-ffi", "--lib", "--crate-type", "cdylib", "--locked"];
        let mut rustc = self.programs.surround(cargo(&self.root, &words));
        rustc.args(["--profile", self.profile.name(), "--target", target, "--target-dir"]).arg(&self.output);
        if self.with_local_stack {
            rustc.args(["--features", "local-stack"]);
        }
        let debug = [("debug", "\"line-tables-only\""), ("strip", "\"none\""), ("split-debuginfo", "\"unpacked\"")];
        for (key, value) in debug {
            rustc.arg("--config").arg(format!("profile.{}.{key}={value}", self.profile.name()));
        }
        rustc.env(platform.deployment_variable, platform.oldest);
        // ld(1).
        rustc.arg("--").args([
            format!("-Clink-arg=-Wl,-install_name,{}", install_name(platform.layout)),
            format!("-Clink-arg=-Wl,-current_version,{}", env!("CARGO_PKG_VERSION")),
        ]);
        rustc
    }

    /// Where cargo puts the library of one target.
    pub(crate) fn built(&self, target: &str) -> PathBuf {
        self.output.join(target).join(self.profile.folder()).join("libjetbridge_ffi.dylib")
    }
}

/// One library for all processors of a platform.
pub(crate) fn merge(programs: &Programs, parts: &[PathBuf], library: &Path) -> Command {
    let mut lipo = programs.command("lipo");
    lipo.arg("-create").args(parts).arg("-output").arg(library);
    lipo
}

/// What crash reports are read with.
pub(crate) fn collect_symbols(programs: &Programs, library: &Path, bundle: &Path) -> Command {
    let mut dsymutil = programs.command("dsymutil");
    dsymutil.arg(library).arg("-o").arg(bundle);
    dsymutil
}

/// Takes away what only the dSYM needs. A dynamic library keeps its global symbols (`-x`).
pub(crate) fn strip(programs: &Programs, library: &Path) -> Command {
    let mut strip = programs.command("strip");
    strip.arg("-x").arg(library);
    strip
}

/// Ad hoc: stripping voids the linker's signature, and Apple's processors run nothing unsigned. Whoever embeds the framework
/// signs it again (Xcode's *Embed & Sign*, which it does by itself for a package's binary target). It also checks the layout.
pub(crate) fn sign(programs: &Programs, framework: &Path) -> Command {
    let mut codesign = programs.command("codesign");
    codesign.args(["--force", "--sign", "-"]).arg(framework);
    codesign
}
