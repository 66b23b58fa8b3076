//! `cargo xtask dist`: the packages as engineers get them, each laid out as its registry or its tool wants it, and for each one
//! a project that uses nothing but what was made. A file for each layout.

mod aar;
mod archive;
mod maven;
mod maven_consumer;
mod repository;
mod swift;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::cargo::target_directory;
use crate::devices::{Patience, Stack, built};
use crate::exports;
use crate::files::{read, write};
use crate::programs::run;
use crate::report::{Counts, Outcome, say};

/// All packages have the crates' version: this one's is the workspace's.
const VERSION: &str = env!("CARGO_PKG_VERSION");

const SUMS: &str = "SHA256SUMS";

/// A way to hand the library on.
#[derive(Debug)]
pub(crate) struct Layout {
    name: &'static str,
    /// How `cargo xtask test` calls its line.
    pub(crate) line: &'static str,
    build: fn(&Path, &Path) -> Result<Vec<PathBuf>, String>,
    consume: fn(&Path, &Path) -> Outcome,
}

pub(crate) static LAYOUTS: [Layout; 2] = [
    Layout { name: "maven", line: "dist (maven)", build: maven::build, consume: maven_consumer::consume },
    Layout { name: "swift", line: "dist (swift)", build: swift::build, consume: swift::consume },
];

/// `cargo xtask dist [LAYOUT…] [--out DIR]`.
pub(crate) fn command(root: &Path, arguments: &[String]) -> Result<(), String> {
    let (layouts, out) = parse(root, arguments)?;
    let mut files = Vec::new();
    for layout in layouts {
        files.extend((layout.build)(root, &out)?);
    }
    tell(&out, &files)
}

/// Builds one and has a project use it.
pub(crate) fn check(root: &Path, layout: &Layout) -> Outcome {
    let out = default_folder(root);
    let built = (layout.build)(root, &out).and_then(|files| tell(&out, &files));
    match built {
        Ok(()) => (layout.consume)(root, &out),
        Err(problem) => failed(&problem),
    }
}

fn parse(root: &Path, arguments: &[String]) -> Result<(Vec<&'static Layout>, PathBuf), String> {
    let (mut wanted, mut out) = (Vec::new(), default_folder(root));
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--out" {
            out = root.join(rest.next().ok_or("--out needs a folder")?);
            continue;
        }
        let layout = LAYOUTS.iter().find(|layout| layout.name == argument);
        wanted.push(layout.ok_or_else(|| {
            let names: Vec<_> = LAYOUTS.iter().map(|layout| layout.name).collect();
            format!("there is no layout {argument}; there are {}", names.join(", "))
        })?);
    }
    if wanted.is_empty() {
        wanted = LAYOUTS.iter().collect();
    }
    Ok((wanted, out))
}

fn default_folder(root: &Path) -> PathBuf {
    target_directory(root).join("dist")
}

/// Where a layout puts what is only on its way.
fn work(root: &Path, name: &str) -> PathBuf {
    target_directory(root).join("dist-work").join(name)
}

/// Size and digest of each file, also in a list as sha256sum(1) reads it. Layouts that were not built now keep their lines.
fn tell(out: &Path, files: &[PathBuf]) -> Result<(), String> {
    let list = out.join(SUMS);
    let mut sums = std::collections::BTreeMap::new();
    for line in std::fs::read_to_string(&list).unwrap_or_default().lines() {
        if let Some((sum, name)) = line.split_once("  ").filter(|(_, name)| out.join(name).exists()) {
            sums.insert(name.to_owned(), sum.to_owned());
        }
    }
    for file in files {
        let bytes = read(file)?;
        let name = file.strip_prefix(out).unwrap_or(file).display().to_string();
        let sum = hex(&Sha256::digest(&bytes));
        say(&format!("{:>11} bytes  {sum}  {name}", bytes.len()));
        sums.insert(name, sum);
    }
    let text: String = sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
    write(&list, text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed(problem: &str) -> Outcome {
    say(&format!("failed: {problem}"));
    Outcome::Ran(Counts { failed: 1, ..Counts::default() })
}

/// Where the source lives, if Cargo.toml says so. Nothing else is taken for it: an address that nobody has is worse than none.
fn home(root: &Path) -> Option<String> {
    let text = std::fs::read_to_string(root.join("Cargo.toml")).ok()?;
    let package = text.split_once("[workspace.package]")?.1.split("\n[").next()?;
    package.lines().find_map(|line| Some(line.strip_prefix("repository = \"")?.strip_suffix('"')?.to_owned()))
}

/// A library without what only debuggers read, which is most of it; one with the local stack in it is refused.
fn stripped(library: &Path) -> Result<Vec<u8>, String> {
    let copy = library.with_extension("stripped");
    let mut strip = Command::new("strip");
    // `-x` keeps what others call, with Apple's program as with the GNU one.
    strip.args(["-S", "-x", "-o"]).arg(&copy).arg(library);
    run(strip)?;
    let bytes = read(&copy)?;
    match exports::check_library(&bytes).first() {
        Some(finding) => Err(finding.text.clone()),
        None => Ok(bytes),
    }
}

/// The local stack for a consumer, at ports that are free, and its configuration in the folder `config`.
fn start_stack(root: &Path, work: &Path) -> Result<Stack, String> {
    // It makes keys when it starts.
    let patience = Patience { looks: 600, pause: Duration::from_millis(100) };
    Stack::start(&built(root), 0, &work.join("config"), &work.join("local-stack.log"), patience)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a tool cannot read Cargo.toml.
    #[test]
    fn what_else_has_a_version_has_this_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        for (file, line) in [
            ("ios/App/project.yml", format!("MARKETING_VERSION: {VERSION}\n")),
            ("android/pom.xml", format!("<artifactId>android</artifactId>\n  <version>{VERSION}</version>")),
        ] {
            assert!(std::fs::read_to_string(root.join(file)).unwrap().contains(&line), "{file}");
        }
    }

    #[test]
    fn layouts_are_chosen_by_their_names() {
        let root = Path::new("/repository");
        let parse = |words: &[&str]| parse(root, &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let (layouts, out) = parse(&["swift", "--out", "here"]).unwrap();
        assert_eq!(layouts.iter().map(|layout| layout.name).collect::<Vec<_>>(), ["swift"]);
        assert_eq!(out, Path::new("/repository/here"));
        assert_eq!(parse(&[]).unwrap().0.len(), LAYOUTS.len());
        assert!(parse(&["npm"]).unwrap_err().contains("maven, swift") && parse(&["--out"]).is_err());
    }

    #[test]
    fn the_list_names_what_is_there_and_forgets_what_is_gone() {
        let out = std::env::temp_dir().join(format!("jetbridge-dist-{}", std::process::id()));
        std::fs::create_dir_all(&out).unwrap();
        let (first, second) = (out.join("a.zip"), out.join("b.zip"));
        std::fs::write(&first, "abc").unwrap();
        std::fs::write(&second, "").unwrap();
        tell(&out, std::slice::from_ref(&second)).unwrap();
        std::fs::remove_file(&second).unwrap();
        tell(&out, std::slice::from_ref(&first)).unwrap();
        // The digest of "abc" in FIPS 180-2, appendix B.1.
        let line = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.zip\n";
        assert_eq!(std::fs::read_to_string(out.join(SUMS)).unwrap(), line);
        std::fs::remove_dir_all(&out).unwrap();
    }

    #[test]
    fn a_home_is_the_repository_of_the_workspace_or_none() {
        let root = std::env::temp_dir().join(format!("jetbridge-home-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let said = |text: &str| {
            std::fs::write(root.join("Cargo.toml"), text).unwrap();
            home(&root)
        };
        let url = "https://example.com/ours";
        assert_eq!(said(&format!("[workspace.package]\nrepository = \"{url}\"\n[x]\n")).as_deref(), Some(url));
        assert_eq!(said(&format!("[workspace.package]\nversion = \"1\"\n[x]\nrepository = \"{url}\"\n")), None);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
