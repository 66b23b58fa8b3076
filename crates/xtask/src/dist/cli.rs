//! The program as people install it: an archive for each system, with documents, completions, manual pages and licences; its
//! bill of materials; the Debian package; the Homebrew formula. What cargo-binstall is told is in crates/cli/Cargo.toml.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::{File, Files, tar_gz, zip};
use super::checks::Extent;
use super::facts::{CommitDate, VERSION, repository, rust};
use super::{brew, deb, dependencies, licences, sbom};
use crate::cargo::{WITH_FEATURES_OF_TESTS, cargo, other_systems, target_directory};
use crate::files::{read, remove_folder};
use crate::report::say;
use crate::tools;

pub(super) const PACKAGE: &str = "jetbridge-cli";
const README: &str = include_str!("archive-readme.md");
const SHELLS: &[(&str, &str)] = &[
    ("bash", "jetbridge.bash"),
    ("elvish", "jetbridge.elv"),
    ("fish", "jetbridge.fish"),
    ("powershell", "_jetbridge.ps1"),
    ("zsh", "_jetbridge"),
];

/// A system that the program is built for.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) triple: &'static str,
    /// The operating system that can build it, as `std::env::consts::OS` calls it.
    builder: &'static str,
    /// What has to be there beside Rust, and Debian's package of it.
    compiler: (&'static str, &'static str),
    /// What the linker puts in beside Rust's own: name, and the file with its licence, in Debian's place.
    runtimes: &'static [(&'static str, &'static str)],
}

/// This machine's own system first: its program writes the completions and pages of all.
pub(super) const TARGETS: &[Target] = &[
    Target { triple: "x86_64-unknown-linux-gnu", builder: "linux", compiler: ("cc", "build-essential"), runtimes: &[] },
    Target {
        triple: MUSL,
        builder: "linux",
        compiler: ("musl-gcc", "musl-tools"),
        runtimes: &[("musl", "/usr/share/doc/musl/copyright")],
    },
    Target {
        triple: WINDOWS,
        builder: "linux",
        compiler: ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-posix"),
        runtimes: &[
            ("mingw-w64", "/usr/share/doc/mingw-w64-common/copyright"),
            ("GCC's runtime library", "/usr/share/doc/gcc-mingw-w64-base/copyright"),
        ],
    },
    Target { triple: "aarch64-apple-darwin", builder: "macos", compiler: ("cc", ""), runtimes: &[] },
    Target { triple: "x86_64-apple-darwin", builder: "macos", compiler: ("cc", ""), runtimes: &[] },
];

pub(super) const MUSL: &str = "x86_64-unknown-linux-musl";
pub(super) const WINDOWS: &str = "x86_64-pc-windows-gnu";

impl Target {
    /// Archive and folder in it, without the ending.
    pub(super) fn name(&self) -> String {
        format!("jetbridge-{VERSION}-{}", self.triple)
    }

    pub(super) fn archive(&self) -> String {
        let ending = if self.triple.contains("windows") { "zip" } else { "tar.gz" };
        format!("{}.{ending}", self.name())
    }

    pub(super) fn program(&self) -> &'static str {
        if self.triple.contains("windows") { "jetbridge.exe" } else { "jetbridge" }
    }

    fn is_native(&self) -> bool {
        let processor = self.triple.split('-').next().unwrap_or_default();
        self.builder == std::env::consts::OS
            && processor == std::env::consts::ARCH
            && self.triple != MUSL
            && self.triple != WINDOWS
    }

    /// Gets what this machine lacks to build it. The error says what that is.
    fn prepare(&self, root: &Path) -> Result<(), String> {
        let (compiler, package) = self.compiler;
        if self.is_native() {
            return Ok(());
        }
        if !tools::is_there(compiler) {
            tools::install_debian_packages(&format!("{compiler} is not installed"), &[package])?;
        }
        tools::rust_target(root, self.triple)
    }
}

/// How the programs are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Profile {
    /// As they are released.
    Dist,
    /// As the tests have compiled them already, or nearly so: a test of the packages, not of the optimizer.
    Dev,
}

/// As they are released: every system that this one can build.
pub(super) fn build(root: &Path, out: &Path) -> Result<Vec<PathBuf>, String> {
    make(root, out, &for_this_system(|_| true), Profile::Dist)
}

/// Real packages around programs in the profile `dev`. Beside all other parts, only of what they have built already: the
/// static program would take minutes.
pub(super) fn build_for_tests(root: &Path, out: &Path, extent: Extent) -> Result<Vec<PathBuf>, String> {
    let is_built = |target: &Target| target.is_native() || compiled(root, target, Profile::Dev).exists();
    let targets = for_this_system(|target| extent == Extent::Whole || is_built(target));
    say("the programs are compiled in the profile dev here; `cargo xtask dist cli` takes the profile dist");
    make(root, out, &targets, Profile::Dev)
}

fn for_this_system(is_wanted: impl Fn(&Target) -> bool) -> Vec<&'static Target> {
    TARGETS.iter().filter(|target| target.builder == std::env::consts::OS && is_wanted(target)).collect()
}

fn make(root: &Path, out: &Path, targets: &[&Target], profile: Profile) -> Result<Vec<PathBuf>, String> {
    targets.iter().try_for_each(|target| target.prepare(root))?;
    let about = About::of(root)?;
    let programs = targets.iter().map(|target| Ok((*target, compile(root, target, profile)?)));
    let programs = programs.collect::<Result<Vec<_>, String>>()?;
    let native = programs.iter().find(|(target, _)| target.is_native()).ok_or("nobody builds for this system yet")?;
    let shared = shared_files(root, &native.1, &about.repository)?;
    let mut made = Vec::new();
    for (target, mut program) in programs {
        if profile == Profile::Dev {
            program = strip(root, target, &program)?;
        }
        let program = read(&program)?;
        let packages = dependencies::read(root, PACKAGE, target.triple)?;
        let runtimes: Vec<_> = target.runtimes.iter().map(|(name, file)| (*name, PathBuf::from(file))).collect();
        let third_party = licences::document(root, "The program jetbridge", target.triple, &packages, &runtimes)?;
        let mut files = shared.clone();
        files.insert("THIRD-PARTY-LICENSES.txt".to_owned(), File::document(third_party));
        files.insert(target.program().to_owned(), File::program(program));
        // What is made for tests nobody downloads.
        let level = if profile == Profile::Dist { 9 } else { 1 };
        let pack = if target.triple.contains("windows") { zip } else { tar_gz };
        let archive = pack(&target.name(), &files, &about.date, level)?;
        made.push(write(out, &target.archive(), &archive)?);
        let runtimes: Vec<_> = target.runtimes.iter().map(|(name, _)| *name).collect();
        let release = (&about.date, about.rust.as_str());
        let bill = sbom::document((PACKAGE, "application"), target.triple, &packages, &runtimes, release)?;
        made.push(write(out, &format!("{}{}", target.name(), sbom::ENDING), bill.as_bytes())?);
        if target.is_native() && cfg!(target_os = "linux") {
            let (homepage, mit_licence) = (about.repository.as_str(), about.mit_licence.as_str());
            // deb(5): every dpkg reads both.
            let compression: &[&str] = if profile == Profile::Dist { &["-Zxz", "-z9"] } else { &["-Zgzip", "-z1"] };
            let about = deb::About { homepage, mit_licence, date: &about.date, compression };
            made.push(deb::build(&files, &about, &target_directory(root).join("dist-deb"), out)?);
        }
    }
    made.push(brew::build(out, &about.repository)?);
    Ok(made)
}

/// What the packages say, read from where the project says it.
struct About {
    date: CommitDate,
    rust: String,
    repository: String,
    mit_licence: String,
}

impl About {
    fn of(root: &Path) -> Result<Self, String> {
        let mit_licence = String::from_utf8_lossy(&read(&root.join("LICENSE-MIT"))?).into_owned();
        Ok(Self { date: CommitDate::of(root)?, rust: rust(root)?, repository: repository(root)?, mit_licence })
    }
}

/// Where cargo leaves the program.
fn compiled(root: &Path, target: &Target, profile: Profile) -> PathBuf {
    match profile {
        Profile::Dist => target_directory(root).join(target.triple).join("dist"),
        Profile::Dev if target.is_native() => target_directory(root).join("debug"),
        Profile::Dev => other_systems(root).join(target.triple).join("debug"),
    }
    .join(target.program())
}

fn compile(root: &Path, target: &Target, profile: Profile) -> Result<PathBuf, String> {
    let mut build = cargo(root, &["build", "--locked"]);
    match profile {
        Profile::Dist => {
            build.args(["--package", PACKAGE, "--bin", "jetbridge", "--profile", "dist", "--target", target.triple]);
            // No panic tells where the builder keeps its files.
            let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| home + "/.cargo"));
            let home = home.map_err(|_| "neither CARGO_HOME nor HOME is set")?;
            build.env(
                "RUSTFLAGS",
                format!("--remap-path-prefix={home}=/cargo --remap-path-prefix={}=/jetbridge", root.display()),
            );
        }
        Profile::Dev if target.is_native() => {
            build.args(["--workspace", "--exclude", "xtask"]).args(WITH_FEATURES_OF_TESTS);
        }
        // The very arguments of the tests for Windows: what they built is used.
        Profile::Dev => {
            build.args(["--package", PACKAGE, "--target", target.triple, "--target-dir"]).arg(other_systems(root));
            build.env("CARGO_PROFILE_DEV_DEBUG", "none");
        }
    }
    match build.status() {
        Ok(status) if status.success() => Ok(compiled(root, target, profile)),
        Ok(status) => Err(format!("cargo build for {} failed ({status})", target.triple)),
        Err(error) => Err(format!("cargo did not start: {error}")),
    }
}

/// What the profile dist does by itself: without symbols, a program for tests is a third as large.
fn strip(root: &Path, target: &Target, program: &Path) -> Result<PathBuf, String> {
    let folder = target_directory(root).join("dist-stripped").join(target.triple);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let stripped = folder.join(target.program());
    let name = if target.triple == WINDOWS { "x86_64-w64-mingw32-strip" } else { "strip" };
    let mut strip = Command::new(name);
    match strip.arg("-o").arg(&stripped).arg(program).status() {
        Ok(status) if status.success() => Ok(stripped),
        Ok(status) => Err(format!("{name} failed ({status})")),
        Err(error) => Err(format!("{name} did not start: {error}")),
    }
}

/// What is the same for every system.
fn shared_files(root: &Path, program: &Path, repository: &str) -> Result<Files, String> {
    let mut files = Files::new();
    // The repository's own page is about a checkout.
    let readme = README.replace("@VERSION@", VERSION).replace("@REPOSITORY@", repository);
    files.insert("README.md".to_owned(), File::document(readme));
    for name in ["CHANGELOG.md", "LICENSE", "LICENSE-APACHE", "LICENSE-MIT"] {
        files.insert(name.to_owned(), File::document(read(&root.join(name))?));
    }
    files.insert("THIRD-PARTY-RUST.html".to_owned(), File::document(licences::of_standard_library(root)?));
    for (shell, name) in SHELLS {
        let mut completions = Command::new(program);
        let output = completions.args(["completions", shell]).output();
        let output = output.map_err(|error| format!("{} did not start: {error}", program.display()))?;
        if !output.status.success() || output.stdout.is_empty() {
            return Err(format!("there are no completions for {shell}"));
        }
        files.insert(format!("completions/{name}"), File::document(output.stdout));
    }
    let pages = target_directory(root).join("dist-man");
    remove_folder(&pages)?;
    let mut man = Command::new(program);
    man.args(["man", "--out"]).arg(&pages);
    if !man.status().is_ok_and(|status| status.success()) {
        return Err("the manual pages were not written".to_owned());
    }
    for page in std::fs::read_dir(&pages).map_err(|error| format!("{}: {error}", pages.display()))? {
        let page = page.map_err(|error| error.to_string())?.path();
        let name = page.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        files.insert(format!("man/{name}"), File::document(read(&page)?));
    }
    Ok(files)
}

fn write(out: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    let file = out.join(name);
    std::fs::write(&file, bytes).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What cargo-binstall makes of its templates (its SUPPORT.md): the fields of the manifest with the names filled in.
    #[test]
    fn what_cargo_binstall_asks_for_is_what_is_made() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut metadata = cargo(&root, &["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"]);
        let metadata: serde_json::Value = serde_json::from_slice(&metadata.output().unwrap().stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == PACKAGE).unwrap();
        let settings = &package["metadata"]["binstall"];
        let repository = package["repository"].as_str().unwrap();
        for target in TARGETS {
            let setting = |name: &str| {
                let own = &settings["overrides"][target.triple][name];
                own.as_str().or(settings[name].as_str()).unwrap().to_owned()
            };
            let fill = |template: &str| {
                let values = [
                    ("repo", repository),
                    ("version", VERSION),
                    ("target", target.triple),
                    ("bin", "jetbridge"),
                    ("binary-ext", if target.triple.contains("windows") { ".exe" } else { "" }),
                ];
                values
                    .iter()
                    .fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{ {name} }}"), value))
            };
            let url = format!("{repository}/releases/download/v{VERSION}/{}", target.archive());
            assert_eq!(fill(&setting("pkg-url")), url);
            assert_eq!(fill(&setting("bin-dir")), format!("{}/{}", target.name(), target.program()));
            let format = if target.archive().ends_with(".zip") { "zip" } else { "tgz" };
            assert_eq!(setting("pkg-fmt"), format, "{}", target.triple);
        }
    }

    #[test]
    fn every_system_has_one_name_and_one_of_them_is_this_one() {
        let names: std::collections::BTreeSet<_> = TARGETS.iter().map(Target::archive).collect();
        assert_eq!(names.len(), TARGETS.len());
        let native = TARGETS.iter().filter(|target| target.is_native()).count();
        assert!(native <= 1 && (native == 1 || !cfg!(all(target_os = "linux", target_arch = "x86_64"))));
    }
}
