//! The program as its users have it: unpacked into an empty folder with an empty home, or installed by Debian's own tools,
//! with no source tree around.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use goblin::elf::Elf;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::archive::{unpack, unzip};
use super::checks::{Checks, ensure};
use super::cli::{MUSL, TARGETS, Target, WINDOWS};
use super::facts::VERSION;
use super::outside::{Scratch, Stack, check_keys};
use super::sbom::{self, Validator};
use super::sums::hex;
use super::{brew, deb};
use crate::programs::read;
use crate::report::Outcome;
use crate::sign_in::{first_event, text};
use crate::tools;

pub(super) fn consume(root: &Path, out: &Path) -> Outcome {
    let mut checks = Checks::default();
    let scratch = match Scratch::new("cli") {
        Ok(scratch) => scratch,
        Err(problem) => return Outcome::failed(&problem),
    };
    for target in TARGETS {
        match target.triple {
            _ if !out.join(target.archive()).exists() => {}
            // Its own part of the tests runs it.
            WINDOWS => checks.check(&target.archive(), || check_windows(target, out)),
            _ => use_archive(&mut checks, target, out, &scratch),
        }
    }
    if out.join(deb::file_name()).exists() {
        use_debian_package(&mut checks, out, &scratch);
    }
    checks.check("the Homebrew formula names archives by their checksums", || check_formula(out));
    check_bills(&mut checks, root, out);
    checks.outcome()
}

/// What a user has around a program.
#[derive(Debug)]
struct User {
    program: PathBuf,
    folder: PathBuf,
    /// None: not even a home.
    home: Option<PathBuf>,
}

impl User {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().current_dir(&self.folder);
        if let Some(home) = &self.home {
            command.env("HOME", home).env("PATH", "/usr/bin:/bin");
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(arguments).output().map_err(|error| format!("it did not start: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let told =
            || format!("{arguments:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        ensure(output.status.success(), told)?;
        Ok(said)
    }

    fn check_version(&self) -> Result<(), String> {
        let said = self.run(&["--version"])?;
        ensure(said.trim() == format!("jetbridge {VERSION}"), || format!("it says {said}"))
    }

    fn check_demo(&self) -> Result<(), String> {
        let said = self.run(&["demo"])?;
        ensure(said.contains("36 objects") && said.contains("Awkward.txt"), || format!("it says {said}"))
    }

    /// The stack, the sign-in and the listing are processes of this very program.
    fn sign_in_and_list(&self) -> Result<(), String> {
        let stack = Stack::start(self.command(&[]), &self.folder)?;
        let config = stack.config().display().to_string();
        let store = format!("file:{}", self.folder.join("store").display());
        // With a home, everything is where it is by itself.
        let mut global = vec!["--config", &config, "--json"];
        if self.home.is_none() {
            global.extend(["--store", &store]);
        }
        let with = |words: &[&'static str]| -> Vec<String> {
            global.iter().chain(words).map(|word| (*word).to_owned()).collect()
        };
        let mut login = self.command(&[]);
        login.args(with(&["login", "--no-browser", "--quiet"])).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut login = login.spawn().map_err(|error| format!("login did not start: {error}"))?;
        let (event, _output) = first_event(&mut login)?;
        stack.answer(&mut login, &text(&event, "url")?)?;
        let ended = login.wait().map_err(|error| error.to_string())?;
        ensure(ended.success(), || format!("login ended with {ended}"))?;
        let list = with(&["ls"]);
        let said = self.run(&list.iter().map(String::as_str).collect::<Vec<_>>())?;
        let key = |line: &str| {
            let event: Value = serde_json::from_str(line).ok()?;
            event["key"].as_str().map(str::to_owned)
        };
        check_keys(&said.lines().filter_map(key).collect::<Vec<_>>())
    }
}

fn use_archive(checks: &mut Checks, target: &Target, out: &Path, scratch: &Scratch) {
    let folder = scratch.folder().join(target.triple);
    let unpacked = folder.join(target.name());
    let home = folder.join("home");
    let is_static = target.triple == MUSL;
    checks.check(&format!("{} is unpacked", target.archive()), || {
        unpack(&out.join(target.archive()), &folder)?;
        check_documents(&unpacked)?;
        std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))
    });
    let user = User { program: unpacked.join("jetbridge"), folder: folder.clone(), home: Some(home) };
    checks.check(&format!("{}: its version", target.triple), || user.check_version());
    checks.check(&format!("{}: the demo", target.triple), || user.check_demo());
    checks.check(&format!("{}: signs in and lists", target.triple), || user.sign_in_and_list());
    if is_static {
        checks.check(&format!("{}: needs no library of the system", target.triple), || check_static(&user.program));
        let folder = folder.join("nothing");
        let nobody = User { program: user.program.clone(), folder: folder.clone(), home: None };
        checks.check(&format!("{}: the demo without any variable", target.triple), || {
            std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            nobody.check_demo()
        });
        checks.check(&format!("{}: signs in and lists without any variable", target.triple), || {
            nobody.sign_in_and_list()
        });
    }
}

/// What has to be beside the program.
fn check_documents(unpacked: &Path) -> Result<(), String> {
    for (name, words) in [
        ("README.md", "jetbridge demo"),
        ("CHANGELOG.md", "## "),
        ("LICENSE", "MIT OR Apache-2.0"),
        ("LICENSE-APACHE", "Apache License"),
        ("LICENSE-MIT", "MIT License"),
        ("THIRD-PARTY-LICENSES.txt", "\nring "),
        ("THIRD-PARTY-RUST.html", "Copyright"),
        ("completions/jetbridge.bash", "jetbridge"),
        ("completions/_jetbridge", "#compdef jetbridge"),
        ("completions/jetbridge.fish", "complete -c jetbridge"),
        ("completions/_jetbridge.ps1", "Register-ArgumentCompleter"),
        ("completions/jetbridge.elv", "jetbridge"),
        ("man/jetbridge.1", ".TH jetbridge 1"),
        ("man/jetbridge-login.1", ".TH"),
    ] {
        let file = unpacked.join(name);
        let text = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let text = String::from_utf8_lossy(&text);
        ensure(text.contains(words), || format!("{name} does not say {words:?}"))?;
    }
    Ok(())
}

fn check_static(program: &Path) -> Result<(), String> {
    let bytes = std::fs::read(program).map_err(|error| format!("{}: {error}", program.display()))?;
    let elf = Elf::parse(&bytes).map_err(|error| error.to_string())?;
    let needs = [elf.libraries.as_slice(), elf.interpreter.as_slice()].concat();
    ensure(needs.is_empty(), || format!("it needs {}", needs.join(", ")))
}

fn check_windows(target: &Target, out: &Path) -> Result<(), String> {
    let files = unzip(&out.join(target.archive()))?;
    let program = files.get(&format!("{}/jetbridge.exe", target.name())).ok_or("jetbridge.exe is missing")?;
    ensure(program.bytes.starts_with(b"MZ"), || "jetbridge.exe is no program for Windows".to_owned())?;
    let licences = files.get(&format!("{}/THIRD-PARTY-LICENSES.txt", target.name())).ok_or("licences are missing")?;
    let licences = String::from_utf8_lossy(&licences.bytes);
    ensure(licences.contains("\nmingw-w64\n"), || "the licence of mingw-w64 is missing".to_owned())
}

/// Unpacked as `dpkg-deb` does, and installed by dpkg into a system of its own with nothing else in it.
fn use_debian_package(checks: &mut Checks, out: &Path, scratch: &Scratch) {
    let package = out.join(deb::file_name());
    let unpacked = scratch.folder().join("deb-unpacked");
    let home = scratch.folder().join("deb-home");
    let user = User { program: unpacked.join("usr/bin/jetbridge"), folder: home.clone(), home: Some(home.clone()) };
    checks.check("the Debian package: unpacked, the demo", || {
        std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
        let mut extract = Command::new("dpkg-deb");
        extract.arg("-x").arg(&package).arg(&unpacked);
        read(extract)?;
        user.check_demo()
    });
    let system = scratch.folder().join("deb-system");
    checks.check("the Debian package: installed, verified, removed", || {
        let database = system.join("var/lib/dpkg");
        for folder in ["info", "updates", "triggers"] {
            let folder = database.join(folder);
            std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        std::fs::write(database.join("status"), "").map_err(|error| error.to_string())?;
        let dpkg = |arguments: &[&str]| {
            let mut dpkg = Command::new("dpkg");
            // An empty system lacks the C library; and images of Debian leave documents out unless told otherwise.
            dpkg.arg(format!("--root={}", system.display())).args(["--force-not-root", "--force-depends"]);
            dpkg.args(["--path-include=/*", "--log=/dev/null"]).args(arguments);
            dpkg
        };
        let mut install = dpkg(&["--install"]);
        install.arg(&package);
        read(install)?;
        // It prints what differs from the sums, and nothing where all is well.
        let differences = read(dpkg(&["--verify", "jetbridge"]))?;
        ensure(differences.is_empty(), || format!("not as packed:\n{}", String::from_utf8_lossy(&differences)))?;
        let installed = User { program: system.join("usr/bin/jetbridge"), folder: home.clone(), home: Some(home) };
        installed.check_version()?;
        read(dpkg(&["--purge", "jetbridge"]))?;
        ensure(!system.join("usr/bin/jetbridge").exists(), || "the program is still there".to_owned())
    });
}

/// Each address is an archive's, with its sum below; and Ruby, if it is here, reads the whole.
fn check_formula(out: &Path) -> Result<(), String> {
    let file = out.join(brew::FILE);
    let formula = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let quoted = |line: &str, name: &str| -> Option<String> {
        Some(line.trim().strip_prefix(name)?.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned())
    };
    let urls: Vec<_> = formula.lines().filter_map(|line| quoted(line, "url ")).collect();
    let sums: Vec<_> = formula.lines().filter_map(|line| quoted(line, "sha256 ")).collect();
    ensure(!urls.is_empty() && urls.len() == sums.len(), || "an address or a sum is missing".to_owned())?;
    for (url, sum) in urls.iter().zip(&sums) {
        let archive = out.join(url.rsplit('/').next().unwrap_or_default());
        let bytes = std::fs::read(&archive).map_err(|error| format!("{}: {error}", archive.display()))?;
        let is = hex(&Sha256::digest(&bytes));
        ensure(is == *sum, || format!("{url} has the sum {is}, not {sum}"))?;
    }
    if tools::is_there("ruby") {
        let mut ruby = Command::new("ruby");
        ruby.arg("-c").arg(&file);
        read(ruby)?;
    }
    Ok(())
}

/// CycloneDX's own library, which has to refuse one that is broken, too.
fn check_bills(checks: &mut Checks, root: &Path, out: &Path) {
    let validator = match Validator::install(root) {
        Ok(validator) => validator,
        Err(reason) => return checks.skip("the bills of materials", &reason),
    };
    for target in TARGETS {
        let file = out.join(format!("{}{}", target.name(), sbom::ENDING));
        let Ok(bill) = std::fs::read_to_string(&file) else { continue };
        checks.check(&format!("{}: the bill of materials", target.triple), || {
            validator.validate(&bill)?;
            let broken = bill.replacen("\"type\": \"library\"", "\"type\": \"anything\"", 1);
            ensure(validator.validate(&broken).is_err(), || "the validator takes anything".to_owned())
        });
    }
}
