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
mod library;
mod licences;
mod maven;
mod maven_consumer;
mod outside;
mod repository;
mod sbom;
mod sums;
mod swift;
mod work;

use std::path::{Path, PathBuf};

use crate::cargo::target_directory;
use crate::files::remove_folder;
use crate::report::Outcome;
pub(crate) use brew::FILE as FORMULA;
pub(crate) use checks::Extent;
pub(crate) use sums::{SUMS, write_sums};

type Build = fn(&Path, &Path) -> Result<Vec<PathBuf>, String>;

/// From the repository and the folder for all to the files that were made, and to what a user of them found.
pub(crate) struct Layout {
    name: &'static str,
    /// Its step in `cargo xtask test`.
    pub(crate) step: &'static str,
    build: Build,
    build_for_tests: fn(&Path, &Path, Extent) -> Result<Vec<PathBuf>, String>,
    consume: fn(&Path, &Path, Extent) -> Outcome,
}

pub(crate) const LAYOUTS: &[Layout] = &[
    Layout {
        name: "cli",
        step: "dist (cli)",
        build: cli::build,
        build_for_tests: cli::build_for_tests,
        consume: |root, out, _| installed::consume(root, out),
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
        build_for_tests: |root, out, _| maven::build(root, out),
        consume: |root, out, _| maven_consumer::consume(root, out),
    },
    Layout {
        name: "swift",
        step: "dist (swift)",
        build: swift::build,
        build_for_tests: |root, out, _| swift::build_for_tests(root, out),
        consume: |root, out, _| swift::consume(root, out),
    },
];

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
        let made = remove_folder(&out)
            .and_then(|()| std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display())))
            .and_then(|()| (self.build_for_tests)(root, &out, extent))
            .and_then(|files| write_sums(&out, &files));
        match made {
            Ok(()) => (self.consume)(root, &out, extent),
            Err(problem) => Outcome::failed(&problem),
        }
    }
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
}
