//! The licences of all that is compiled into a program, with their texts, as they ask for: MIT and BSD "in all copies", Apache
//! "a copy of this License" and the NOTICE. The texts are those that each package brings along; a package without one fails
//! the build, until somebody has looked at it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::dependencies::{Id, Package};
use super::facts::VERSION;

/// Packages under the MIT licence whose file in the registry has no text. It has one word that differs, the holder; the
/// address stands for it.
const MIT_WITHOUT_TEXT: &[&str] = &["base64-simd", "hex-simd", "objc2", "objc2-encode", "objc2-foundation", "vsimd"];

/// One document: which package is under which licence, then each text once, with the packages that brought it.
pub(super) fn document(
    root: &Path,
    subject: &str,
    target: &str,
    packages: &BTreeMap<Id, Package>,
    runtimes: &[(&str, PathBuf)],
) -> Result<String, String> {
    let mut list = String::new();
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut missing = Vec::new();
    for package in packages.values().filter(|package| !package.is_ours()) {
        let name = format!("{} {}", package.name, package.version);
        list.push_str(&format!("{name}: {}  {}\n", package.licence, package.repository).replace("  \n", "\n"));
        let mut found = texts_of(package)?;
        if found.is_empty() {
            found.extend(stand_in(root, package)?);
        }
        if found.is_empty() {
            missing.push(format!("{name} ({})", package.licence));
        }
        for text in found {
            texts.entry(text).or_default().insert(name.clone());
        }
    }
    for (name, file) in runtimes {
        let text = std::fs::read(file)
            .map_err(|error| format!("{}: {error}; it has the licence of {name}, which is linked", file.display()))?;
        list.push_str(&format!("{name}\n"));
        texts.entry(tidy(&text)).or_default().insert((*name).to_owned());
    }
    if !missing.is_empty() {
        return Err(format!(
            "no licence text came with {}: look at its repository, then at crates/xtask/src/dist/licences.rs",
            missing.join(", ")
        ));
    }
    let mut document = format!(
        "{subject} {VERSION} for {target} has these packages in it, beside the standard library of Rust, whose\n\
         licences are in a document of their own. Where a package leaves the choice, all texts that it brings are below.\n\n{list}"
    );
    for (text, names) in &texts {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        document.push_str(&format!("\n{}\n{}\n\n{text}", "=".repeat(80), names.join(", ")));
    }
    Ok(document)
}

/// What the standard library's authors ask to pass on; rustup brings it with every toolchain.
pub(super) fn of_standard_library(root: &Path) -> Result<Vec<u8>, String> {
    let mut rustc = std::process::Command::new("rustc");
    rustc.args(["--print", "sysroot"]).current_dir(root);
    let output = rustc.output().map_err(|error| format!("rustc did not start: {error}"))?;
    let sysroot = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let file = Path::new(&sysroot).join("share/doc/rust/COPYRIGHT-library.html");
    std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The files of a package that are about licences, wherever they lie: what came from elsewhere has its own beside it.
fn texts_of(package: &Package) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    find(&package.folder, &mut files).map_err(|error| format!("{}: {error}", package.folder.display()))?;
    files.sort();
    let read = |file: PathBuf| {
        let bytes = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(tidy(&bytes))
    };
    files.into_iter().map(read).collect()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if is_about_licences(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_about_licences(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let is_code = ["rs", "toml", "json", "yml", "yaml", "sh", "py", "c", "h", "js", "tmpl"]
        .iter()
        .any(|ending| name.ends_with(&format!(".{ending}")));
    let begins = ["copying", "copyright", "notice"].iter().any(|word| name.starts_with(word));
    !is_code && (begins || name.contains("license") || name.contains("licence"))
}

/// For a package that brings no file: of Apache's licence there is but one text; of MIT's all but the holder; Mozilla's asks for
/// less.
fn stand_in(root: &Path, package: &Package) -> Result<Option<String>, String> {
    let ours = |name: &str| {
        let file = root.join(name);
        std::fs::read(&file).map(|text| tidy(&text)).map_err(|error| format!("{}: {error}", file.display()))
    };
    let mut choices = package.licence.trim_matches(['(', ')']).split(" OR ").map(str::trim);
    if choices.any(|choice| choice == "Apache-2.0") {
        return ours("LICENSE-APACHE").map(Some);
    }
    if package.licence == "MIT" && MIT_WITHOUT_TEXT.contains(&package.name.as_str()) {
        let text = ours("LICENSE-MIT")?;
        let (title, rest) = text.split_once("Copyright (c)").ok_or("LICENSE-MIT has no copyright line")?;
        let (_, permission) = rest.split_once('\n').ok_or("LICENSE-MIT ends with its copyright line")?;
        let Package { name, repository, .. } = package;
        return Ok(Some(format!("{title}Copyright (c) the authors of {name}, {repository}\n{permission}")));
    }
    if package.licence == "MPL-2.0" {
        // Its §3.2: who gets a program is told where the source is. The text itself need not come along.
        let Package { name, version, .. } = package;
        return Ok(Some(tidy(
            format!(
                "Subject to the terms of the Mozilla Public License, v. 2.0: https://mozilla.org/MPL/2.0/.\n\
                 The source of it, unchanged: https://crates.io/crates/{name}/{version}"
            )
            .as_bytes(),
        )));
    }
    Ok(None)
}

/// The same text in the same bytes, so that it is printed once.
fn tidy(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn package(name: &str, licence: &str, folder: &Path) -> (Id, Package) {
        let package = Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
            repository: format!("https://example.com/{name}"),
            folder: folder.to_path_buf(),
            checksum: Some("ab".to_owned()),
            ..Package::default()
        };
        (package.id(), package)
    }

    #[test]
    fn each_text_is_there_once_and_a_package_without_one_is_refused() {
        let folder = std::env::temp_dir().join(format!("jetbridge-licences-{}", std::process::id()));
        for (path, text) in [
            ("a/LICENSE-MIT", "Permission\r\nby A \n"),
            ("a/third_party/x/LICENSE", "Theirs"),
            ("a/src/license.rs", "no text"),
            ("b/LICENSE.md", "\u{feff}Permission\nby A\n\n"),
            ("c/src/lib.rs", ""),
            ("runtime", "Of the C library"),
        ] {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let runtimes = [("libc", folder.join("runtime"))];
        let of = |packages: &[(Id, Package)]| {
            document(&root(), "The program", "x86_64-pc-windows-gnu", &packages.iter().cloned().collect(), &runtimes)
        };
        let a = package("a", "MIT", &folder.join("a"));
        let b = package("b", "MIT", &folder.join("b"));
        let text = of(&[a.clone(), b]).unwrap();
        assert_eq!(text.matches("Permission\nby A\n").count(), 1, "{text}");
        for part in ["a 1.0.0: MIT  https://example.com/a\n", "a 1.0.0, b 1.0.0\n", "Theirs\n", "Of the C library\n"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("no text"));

        let without = folder.join("c");
        let apache = of(&[package("c", "Zlib OR Apache-2.0 OR MIT", &without)]).unwrap();
        assert!(apache.contains("Version 2.0, January 2004"));
        let mit = of(&[package("vsimd", "MIT", &without)]).unwrap();
        assert!(mit.contains("Copyright (c) the authors of vsimd, https://example.com/vsimd\n"), "{mit}");
        assert!(mit.contains("THE SOFTWARE IS PROVIDED \"AS IS\"") && !mit.contains("Jetbridge authors"), "{mit}");
        let mozilla = of(&[package("m", "MPL-2.0", &without)]).unwrap();
        assert!(mozilla.contains("https://crates.io/crates/m/1.0.0\n"), "{mozilla}");
        for (name, licence) in [("d", "MIT"), ("vsimd", "ISC"), ("e", "MIT AND Apache-2.0")] {
            let problem = of(&[a.clone(), package(name, licence, &without)]).unwrap_err();
            assert!(problem.contains(name), "{problem}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(of(&[]).unwrap_err().contains("libc"));
    }
}
