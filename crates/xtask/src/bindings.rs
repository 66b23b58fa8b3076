//! Builds the library for other languages and generates its bindings. Neither is ever committed.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{WITH_FEATURES_OF_TESTS, cargo, forget_package, target_directory};
use crate::report::say;

const LANGUAGES: &[&str] = &["kotlin", "swift", "python"];

/// What was asked for on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wishes {
    languages: Vec<&'static str>,
    out: PathBuf,
    for_android: bool,
    with_local_stack: bool,
}

impl Wishes {
    /// Reads `[--language LANGUAGE]… [--out DIR] [--android] [--without-local-stack]`.
    pub(crate) fn parse(root: &Path, arguments: &[String]) -> Result<Self, String> {
        let mut wishes = Self {
            languages: Vec::new(),
            out: target_directory(root).join("bindings"),
            for_android: false,
            with_local_stack: true,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--language" => {
                    let wanted = rest.next().map(String::as_str).unwrap_or_default();
                    let known = LANGUAGES.iter().find(|language| **language == wanted);
                    wishes.languages.push(known.ok_or_else(|| format!("the languages are {}", LANGUAGES.join(", ")))?);
                }
                "--out" => wishes.out = root.join(rest.next().ok_or("--out needs a folder")?),
                "--android" => wishes.for_android = true,
                "--without-local-stack" => wishes.with_local_stack = false,
                other => return Err(format!("there is no option {other}")),
            }
        }
        if wishes.languages.is_empty() {
            wishes.languages = LANGUAGES.to_vec();
        }
        Ok(wishes)
    }

    /// Bindings for the tests, in the default place.
    pub(crate) fn for_tests(root: &Path, language: &'static str) -> Self {
        Self {
            languages: vec![language],
            out: target_directory(root).join("bindings"),
            for_android: false,
            with_local_stack: true,
        }
    }

    /// Swift as it is shipped.
    pub(crate) fn for_apple(root: &Path) -> Self {
        Self { with_local_stack: false, ..Self::for_tests(root, "swift") }
    }
}

/// Builds and generates. Gives the folder: a subfolder for each language, and the library beside them.
pub(crate) fn generate(root: &Path, wishes: &Wishes) -> Result<PathBuf, String> {
    let library = build_library(root, wishes.with_local_stack)?;
    let failed = |what: &Path, error: std::io::Error| format!("{}: {error}", what.display());
    std::fs::create_dir_all(&wishes.out).map_err(|error| failed(&wishes.out, error))?;
    // A copy: the next build without the local stack would replace the original under its users.
    let copy = wishes.out.join(library_name());
    replace(&library, &copy).map_err(|error| failed(&copy, error))?;
    let config = wishes.out.join("uniffi.toml");
    let names = root.join("uniffi.toml");
    let names = std::fs::read_to_string(&names).map_err(|error| failed(&names, error))?;
    std::fs::write(&config, configure(&names, wishes.for_android)?).map_err(|error| failed(&config, error))?;
    for language in &wishes.languages {
        let folder = wishes.out.join(language);
        // What an earlier run left could be compiled along.
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        }
        let mut bindgen =
            Command::new(debug_directory(root).join(format!("uniffi-bindgen{}", std::env::consts::EXE_SUFFIX)));
        bindgen.current_dir(root).args(["generate", "--no-format", "--language", language, "--config"]);
        bindgen.arg(&config).arg("--out-dir").arg(&folder).arg(&copy);
        run(bindgen, "uniffi-bindgen")?;
        if *language == "python" {
            // Its module looks for the library beside itself.
            let beside = folder.join(library_name());
            std::fs::copy(&copy, &beside).map_err(|error| failed(&beside, error))?;
        }
    }
    Ok(wishes.out.clone())
}

/// Builds the library for this machine, with the generator beside it. The whole workspace is named so that cargo chooses
/// the features that the tests chose: dependencies are built once.
pub(crate) fn build_library(root: &Path, with_local_stack: bool) -> Result<PathBuf, String> {
    let mut build = cargo(root, &["build", "--workspace", "--exclude", "xtask", "--locked"]);
    build.args(WITH_FEATURES_OF_TESTS);
    if with_local_stack {
        build.args(["--features", "jetbridge-ffi/local-stack,jetbridge-ffi/jvm"]);
    }
    run(build, "cargo build")?;
    Ok(debug_directory(root).join(library_name()))
}

/// The names of `uniffi.toml`, for Android if asked: then Kotlin uses Android's own cleaner and is no good for other JVMs.
fn configure(names: &str, for_android: bool) -> Result<String, String> {
    const SECTION: &str = "[crates.jetbridge_ffi.bindings.kotlin]\n";
    if !for_android {
        return Ok(names.to_owned());
    }
    let (before, after) = names.split_once(SECTION).ok_or("uniffi.toml has no section for Kotlin")?;
    Ok(format!("{before}{SECTION}android = true\n{after}"))
}

/// As the system names libraries: `libjetbridge_ffi.so`.
pub(crate) fn library_name() -> String {
    format!("{}jetbridge_ffi{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

fn debug_directory(root: &Path) -> PathBuf {
    target_directory(root).join("debug")
}

/// Puts a new file in place of one that may be in use.
fn replace(from: &Path, to: &Path) -> std::io::Result<()> {
    let fresh = to.with_extension("new");
    std::fs::copy(from, &fresh)?;
    std::fs::rename(fresh, to)
}

fn run(mut command: Command, name: &str) -> Result<(), String> {
    forget_package(&mut command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed ({status})")),
        Err(error) => Err(format!("{name} did not start: {error}")),
    }
}

/// `cargo xtask bindings`.
pub(crate) fn command(root: &Path, arguments: &[String]) -> Result<(), String> {
    let wishes = Wishes::parse(root, arguments)?;
    let folder = generate(root, &wishes)?;
    say(&format!("bindings for {} are in {}", wishes.languages.join(", "), folder.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Wishes, String> {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Wishes::parse(Path::new("/repository"), &arguments)
    }

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        let wishes = parse(&["--language", "kotlin", "--out", "out", "--android", "--without-local-stack"]).unwrap();
        assert_eq!(wishes.languages, ["kotlin"]);
        assert_eq!(wishes.out, Path::new("/repository/out"));
        assert!(wishes.for_android && !wishes.with_local_stack);
        assert_eq!(parse(&[]).unwrap().languages, LANGUAGES);
        for bad in [&["--language", "ruby"][..], &["--language"], &["--out"], &["--fast"]] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn android_is_a_line_in_kotlin_s_section_of_the_real_file() {
        let names = include_str!("../../../uniffi.toml");
        assert_eq!(configure(names, false).as_deref(), Ok(names));
        let android = configure(names, true).unwrap();
        assert!(android.contains("[crates.jetbridge_ffi.bindings.kotlin]\nandroid = true\n"), "{android}");
        assert!(configure("", true).is_err());
    }
}
