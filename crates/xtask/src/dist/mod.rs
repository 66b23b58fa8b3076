//! What engineers install and add, in the layouts of their tools: `cargo xtask dist` makes it as it is released,
//! `cargo xtask test dist` makes it cheaply, and then uses only that. A file for each layout, a row here.

mod aar;
mod archive;
mod brew;
mod checks;
mod cli;
mod crates;
mod deb;
mod dependencies;
mod facts;
mod installed;
mod jar;
mod licences;
mod maven;
mod maven_consumer;
mod outside;
mod repository;
mod sbom;
mod swift;

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use crate::cargo::target_directory;
use crate::exports;
use crate::files::read;
use crate::programs::run;
use crate::report::{Counts, Outcome, say};

type Build = fn(&Path, &Path) -> Result<Vec<PathBuf>, String>;

/// How much a test makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Beside all other parts, what takes seconds.
    Beside,
    /// All that this system can make.
    Whole,
}

/// From the repository and the folder for all to the files that were made, and to what a user of them found.
pub(crate) struct Layout {
    name: &'static str,
    /// Its step in `cargo xtask test`.
    pub(crate) step: &'static str,
    build: Build,
    build_for_tests: fn(&Path, &Path, Extent) -> Result<Vec<PathBuf>, String>,
    consume: fn(&Path, &Path) -> Outcome,
}

pub(crate) const LAYOUTS: &[Layout] = &[
    Layout {
        name: "cli",
        step: "dist (cli)",
        build: cli::build,
        build_for_tests: cli::build_for_tests,
        consume: installed::consume,
    },
    Layout {
        name: "crate",
        step: "dist (crate)",
        build: crates::build,
        build_for_tests: |root, out, _| crates::build_for_tests(root, out),
        consume: crates::consume,
    },
    Layout {
        name: "maven",
        step: "dist (maven)",
        build: maven::build,
        build_for_tests: |root, out, _| maven::build_for_tests(root, out),
        consume: maven_consumer::consume,
    },
    Layout {
        name: "swift",
        step: "dist (swift)",
        build: swift::build,
        build_for_tests: |root, out, _| swift::build_for_tests(root, out),
        consume: swift::consume,
    },
];

/// As sha256sum(1) reads it.
pub(crate) const SUMS: &str = "SHA256SUMS";
pub(crate) use brew::FILE as FORMULA;

/// `cargo xtask dist [LAYOUT…] [--out DIR]`.
pub(crate) fn command(root: &Path, arguments: &[String]) -> Result<(), String> {
    let (layouts, out) = parse(root, arguments)?;
    std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let mut files = Vec::new();
    for layout in layouts {
        files.extend((layout.build)(root, &out)?);
    }
    write_sums(&out, &files)
}

fn parse(root: &Path, arguments: &[String]) -> Result<(Vec<&'static Layout>, PathBuf), String> {
    let names = || LAYOUTS.iter().map(|layout| layout.name).collect::<Vec<_>>().join(", ");
    let (mut wanted, mut out) = (Vec::new(), target_directory(root).join("dist"));
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--out" => out = root.join(rest.next().ok_or("--out needs a folder")?),
            name => {
                let layout = LAYOUTS.iter().find(|layout| layout.name == name);
                wanted.push(layout.ok_or_else(|| format!("there is no layout {name}; there are {}", names()))?);
            }
        }
    }
    Ok((if wanted.is_empty() { LAYOUTS.iter().collect() } else { wanted }, out))
}

impl Layout {
    /// Makes it in a folder of its own, and uses what was made.
    pub(crate) fn test(&self, root: &Path, extent: Extent) -> Outcome {
        let out = target_directory(root).join("dist-test").join(self.name);
        let made = match std::fs::remove_dir_all(&out) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", out.display())),
            _ => std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display())),
        }
        .and_then(|()| (self.build_for_tests)(root, &out, extent))
        .and_then(|files| write_sums(&out, &files));
        match made {
            Ok(()) => (self.consume)(root, &out),
            Err(problem) => {
                say(&format!("failed: {problem}"));
                Outcome::Ran(Counts { failed: 1, ..Counts::default() })
            }
        }
    }
}

/// Says of each file how large it is and what its digest is, and writes the list of the digests.
pub(crate) fn write_sums(out: &Path, files: &[PathBuf]) -> Result<(), String> {
    let mut lines = Vec::new();
    for file in files {
        let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let sum = hex(&Sha256::digest(&bytes));
        let name = file.strip_prefix(out).map_err(|_| format!("{} is not in {}", file.display(), out.display()))?;
        let name = name.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        say(&format!("{sum}  {:>11} bytes  {name}", bytes.len()));
        lines.push(format!("{sum}  {name}\n"));
    }
    lines.sort_by(|one, other| {
        one.split_once("  ").map(|(_, name)| name).cmp(&other.split_once("  ").map(|(_, name)| name))
    });
    let list = out.join(SUMS);
    std::fs::write(&list, lines.concat()).map_err(|error| format!("{}: {error}", list.display()))?;
    say(&format!("{}: {} files", list.display(), lines.len()));
    Ok(())
}

/// A folder as one file, the same for the same contents.
pub(crate) fn zip_folder(folder: &Path, archive: &Path) -> Result<(), String> {
    let mut entries = jar::Entries::default();
    entries.add_folder(folder, "", &|_| true)?;
    entries.write(archive)
}

/// The Homebrew formula for all archives in a folder.
pub(crate) fn write_formula(root: &Path, folder: &Path) -> Result<(), String> {
    brew::build(folder, &facts::repository(root)?).map(drop)
}

/// Where a layout puts what is only on its way.
fn work(root: &Path, name: &str) -> PathBuf {
    target_directory(root).join("dist-work").join(name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed(problem: &str) -> Outcome {
    say(&format!("failed: {problem}"));
    Outcome::Ran(Counts { failed: 1, ..Counts::default() })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_chosen_by_name() {
        let parse = |words: &[&str]| -> Result<_, String> {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            let (layouts, out) = parse(Path::new("/repository"), &words)?;
            Ok((layouts.iter().map(|layout| layout.name).collect::<Vec<_>>(), out))
        };
        let all: Vec<_> = LAYOUTS.iter().map(|layout| layout.name).collect();
        assert_eq!(parse(&[]).unwrap().0, all);
        assert_eq!(parse(&["crate", "--out", "here"]), Ok((vec!["crate"], PathBuf::from("/repository/here"))));
        assert!(parse(&["msi"]).unwrap_err().contains("cli, crate"));
        assert!(parse(&["--out"]).is_err());
    }

    #[test]
    fn the_list_of_digests_names_files_below_the_folder() {
        let folder = std::env::temp_dir().join(format!("jetbridge-sums-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("maven")).unwrap();
        let files = ["z.txt", "maven/a.jar"].map(|name| folder.join(name));
        files.iter().for_each(|file| std::fs::write(file, "abc").unwrap());
        write_sums(&folder, &files).unwrap();
        let list = std::fs::read_to_string(folder.join(SUMS)).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        // The digest of "abc" in FIPS 180-2, appendix B.1.
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(list, format!("{sum}  maven/a.jar\n{sum}  z.txt\n"));
        assert!(write_sums(&folder, &files).is_err());
    }
}
