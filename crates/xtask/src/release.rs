//! The last steps of a release: the files of all builds in one folder with one list of checksums, and a draft that a person
//! looks at before anybody else does.
//!
//! Sources: cli.github.com/manual/gh_release_create for the draft; docs.github.com, "Using artifact attestations", for the
//! list of checksums, which names what is attested.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cargo::target_directory;
use crate::dist;
use crate::programs::{Programs, run};

/// `cargo xtask release gather|draft --tag TAG`.
pub(crate) fn command(root: &Path, arguments: &[String]) -> Result<(), String> {
    let [step, option, tag] = arguments else { return Err(USAGE.to_owned()) };
    if option != "--tag" {
        return Err(USAGE.to_owned());
    }
    check_tag(tag, env!("CARGO_PKG_VERSION"))?;
    let (gathered, files) = (target_directory(root).join("gathered"), target_directory(root).join("release-files"));
    match step.as_str() {
        "gather" => gather(root, &gathered, &files),
        "draft" => draft(root, &Programs::default(), tag, &files),
        _ => Err(USAGE.to_owned()),
    }
}

const USAGE: &str = "usage: cargo xtask release gather|draft --tag TAG";

/// The version is in one place, Cargo.toml's, and the tag is no second one.
fn check_tag(tag: &str, version: &str) -> Result<(), String> {
    if tag.strip_prefix('v') == Some(version) {
        Ok(())
    } else {
        Err(format!("the tag {tag} is not v{version}, the version of Cargo.toml's [workspace.package]"))
    }
}

/// What is handed on as a folder, and the archive that a release has of it.
const FOLDERS: [(&str, &str); 2] = [("maven", "maven.zip"), ("swift-package", "swift-package.zip")];

/// From a folder for each build into one, with the formula for the archives of all, `SHA256SUMS` beside.
fn gather(root: &Path, from: &Path, to: &Path) -> Result<(), String> {
    let mut found = BTreeMap::new();
    collect(from, &mut found)?;
    if found.is_empty() {
        return Err(format!("{}: no file was built", from.display()));
    }
    if !found.keys().any(|name| name.ends_with(".cdx.json") || name == "bom.json") {
        return Err("no build has left a bill of materials (CycloneDX: *.cdx.json)".to_owned());
    }
    if to.exists() {
        std::fs::remove_dir_all(to).map_err(|error| failed(to, &error))?;
    }
    std::fs::create_dir_all(to).map_err(|error| failed(to, &error))?;
    for (name, path) in &found {
        if path.is_dir() {
            dist::zip_folder(path, &to.join(name))?;
        } else {
            std::fs::copy(path, to.join(name)).map_err(|error| failed(path, &error))?;
        }
    }
    dist::write_formula(root, to)?;
    let mut files = list(to)?;
    files.sort();
    dist::write_sums(to, &files)
}

/// Every file below, by its name, which has to be its own: a release has no folders. What single builds say of their files
/// alone stays out, and what only stands in for a file is refused.
fn collect(folder: &Path, into: &mut BTreeMap<String, PathBuf>) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        let mut name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let packed = FOLDERS.iter().find(|(folder, _)| *folder == name).filter(|_| path.is_dir());
        match packed {
            Some((_, archive)) => {
                refuse_stand_ins(&path)?;
                name = format!("jetbridge-{}-{archive}", env!("CARGO_PKG_VERSION"));
            }
            None if path.is_dir() => {
                collect(&path, into)?;
                continue;
            }
            None if name == dist::SUMS || name == dist::FORMULA => continue,
            None => refuse_stand_in(&path)?,
        }
        // GitHub changes such names, and the list would name others than the release has.
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte)) {
            return Err(format!("{}: the name does not survive an upload", path.display()));
        }
        if let Some(other) = into.insert(name.clone(), path) {
            return Err(format!("two builds have a file {name}, the other is {}", other.display()));
        }
    }
    Ok(())
}

/// `cargo xtask dist` makes one where it cannot make the thing, and marks its name.
fn refuse_stand_in(path: &Path) -> Result<(), String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name.contains("stand-in") {
        Err(format!("{}: it only stands in for what is shipped", path.display()))
    } else {
        Ok(())
    }
}

fn refuse_stand_ins(folder: &Path) -> Result<(), String> {
    for path in list(folder)? {
        refuse_stand_in(&path)?;
        if path.is_dir() {
            refuse_stand_ins(&path)?;
        }
    }
    Ok(())
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
    entries.map(|entry| Ok(entry.map_err(|error| failed(folder, &error))?.path())).collect()
}

/// A draft with all files, for a tag that is there, with what the change log says.
fn draft(root: &Path, programs: &Programs, tag: &str, files: &Path) -> Result<(), String> {
    let mut paths = list(files)?;
    paths.sort();
    if !paths.iter().any(|path| path.ends_with(dist::SUMS)) {
        return Err(format!("{}: {} is missing; `cargo xtask release gather` makes it", files.display(), dist::SUMS));
    }
    let log = root.join("CHANGELOG.md");
    let text = std::fs::read_to_string(&log).map_err(|error| failed(&log, &error))?;
    let notes = files.with_file_name("release-notes.md");
    let version = tag.strip_prefix('v').unwrap_or(tag);
    std::fs::write(&notes, section(&text, version)?).map_err(|error| failed(&notes, &error))?;
    let mut gh = programs.command("gh");
    gh.args(["release", "create", tag, "--draft", "--verify-tag", "--title", &format!("Jetbridge {version}")]);
    gh.arg("--notes-file").arg(&notes).args(&paths).current_dir(root);
    run(gh)
}

/// What the change log says of a version, or of what is not released yet, if it has no heading for it.
fn section(log: &str, version: &str) -> Result<String, String> {
    let of = |heading: &str| {
        let lines = log
            .lines()
            .skip_while(|line| line.strip_prefix("## ").map(|rest| rest.trim_matches(['[', ']'])) != Some(heading));
        let text: Vec<_> = lines.skip(1).take_while(|line| !line.starts_with("## ")).collect();
        Some(text.join("\n").trim().to_owned()).filter(|text| !text.is_empty())
    };
    of(version).or_else(|| of("Unreleased")).ok_or_else(|| format!("CHANGELOG.md says nothing of {version}"))
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let folder = std::env::temp_dir().join(format!("jetbridge-release-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            for (path, text) in files {
                let path = folder.join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Self(folder)
        }

        fn gather(&self) -> Result<(), String> {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            gather(&root, &self.0.join("gathered"), &self.0.join("files"))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_tag_is_the_version() {
        assert_eq!(check_tag("v0.1.0", "0.1.0"), Ok(()));
        assert!(check_tag("v0.2.0", "0.1.0").is_err() && check_tag("0.1.0", "0.1.0").is_err());
    }

    #[test]
    fn all_files_come_into_one_folder_with_their_sums() {
        let version = env!("CARGO_PKG_VERSION");
        let archive = |triple: &str| format!("jetbridge-{version}-{triple}.tar.gz");
        let [linux, mac] = ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin"].map(archive);
        let folder = Folder::new(
            "gather",
            &[
                (&format!("gathered/linux/{linux}"), "abc"),
                ("gathered/linux/SHA256SUMS", "old"),
                ("gathered/linux/jetbridge.rb", "old"),
                ("gathered/linux/jetbridge.cdx.json", "{}"),
                (&format!("gathered/mac/{mac}"), "abc"),
                ("gathered/mac/jetbridge.rb", "old"),
                ("gathered/packages/maven/dev/jetbridge/a.pom", "pom"),
                ("gathered/packages/swift/swift-package/Package.swift", "swift"),
                ("gathered/packages/swift/b.zip", "b"),
            ],
        );
        folder.gather().unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.0.join("files").join(name)).unwrap();
        let sums = read("SHA256SUMS");
        // The digest of "abc" in FIPS 180-2, appendix B.1.
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(sums.contains(&format!("{sum}  {linux}\n")), "{sums}");
        assert_eq!(sums.lines().count(), 7, "{sums}");
        let formula = read("jetbridge.rb");
        assert!(formula.contains(&linux) && formula.contains(&mac), "{formula}");
        for (archive, name) in [("maven", "dev/jetbridge/a.pom"), ("swift-package", "Package.swift")] {
            let file = std::fs::File::open(folder.0.join(format!("files/jetbridge-{version}-{archive}.zip"))).unwrap();
            assert!(zip::ZipArchive::new(file).unwrap().by_name(name).is_ok(), "{archive}");
        }
    }

    #[test]
    fn what_would_be_lost_or_is_missing_is_told() {
        for (files, told) in [
            (
                &[("gathered/dist/a.zip", "a"), ("gathered/ios/a.zip", "b"), ("gathered/x.cdx.json", "")][..],
                "two builds have a file a.zip",
            ),
            (&[("gathered/dist/a.zip", "a")], "bill of materials"),
            (&[("gathered/dist/a b.zip", "a")], "does not survive an upload"),
            (&[("gathered/dist/SHA256SUMS", "")], "no file was built"),
            (&[("gathered/dist/a-stand-in.zip", "a"), ("gathered/x.cdx.json", "")], "stands in"),
            (&[("gathered/maven/b/b-1-stand-in.pom", "a"), ("gathered/x.cdx.json", "")], "stands in"),
        ] {
            let problem = Folder::new("trouble", files).gather().unwrap_err();
            assert!(problem.contains(told), "{problem}");
        }
    }

    #[test]
    fn the_notes_are_those_of_the_version() {
        let log = "# Changes\n\n## Unreleased\n\n- New.\n\n## 0.1.0\n\n- First.\n";
        assert_eq!(section(log, "0.1.0").as_deref(), Ok("- First."));
        assert_eq!(section(log, "0.2.0").as_deref(), Ok("- New."));
        assert!(section("# Changes\n", "0.1.0").is_err());
        assert!(section(include_str!("../../../CHANGELOG.md"), env!("CARGO_PKG_VERSION")).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_draft_is_made_of_all_files_and_of_a_tag_that_is_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Folder::new(
            "draft",
            &[
                ("files/SHA256SUMS", ""),
                ("files/a.zip", "a"),
                ("CHANGELOG.md", "## Unreleased\n- New.\n"),
                ("target/x", ""),
                ("bin/gh", "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$OUT\"\n"),
            ],
        );
        std::fs::set_permissions(folder.0.join("bin/gh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let programs = Programs {
            folder: Some(folder.0.join("bin")),
            environment: vec![("OUT".to_owned(), folder.0.join("said").into())],
        };
        draft(&folder.0, &programs, "v0.1.0", &folder.0.join("files")).unwrap();
        let said = std::fs::read_to_string(folder.0.join("said")).unwrap();
        let words: Vec<_> = said.lines().collect();
        assert_eq!(
            words[..7],
            ["release", "create", "v0.1.0", "--draft", "--verify-tag", "--title", "Jetbridge 0.1.0"]
        );
        assert!(words[9].ends_with("files/SHA256SUMS") && words[10].ends_with("files/a.zip"), "{said}");
        std::fs::remove_file(folder.0.join("files/SHA256SUMS")).unwrap();
        assert!(draft(&folder.0, &programs, "v0.1.0", &folder.0.join("files")).unwrap_err().contains("release gather"));
    }
}
