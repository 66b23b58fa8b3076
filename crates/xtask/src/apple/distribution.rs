//! The repository that apps add by its address: SwiftPM wants a Package.swift at the root of one, and neither the binary nor
//! the generated Swift is in ours. Written as a folder, which a release pushes.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::build::{ARCHIVE, SWIFT, build_folder};
use crate::files::{copy, copy_folder, read, remove_folder, write};
use crate::report::say;

const MANIFEST: &str = include_str!("Package.swift.in");
const README: &str = include_str!("distribution-readme.md");

/// What is asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
struct Wishes {
    url: String,
    /// What `xcframework` made: the archive, and the Swift that belongs to it and to no other.
    build: PathBuf,
    output: PathBuf,
}

pub(crate) fn command(root: &Path, arguments: &[String]) -> Result<(), String> {
    let wishes = parse(root, arguments)?;
    write_package(root, &wishes)?;
    say(&format!("{}: to be pushed as a repository of its own, with the version as a tag", wishes.output.display()));
    Ok(())
}

fn parse(root: &Path, arguments: &[String]) -> Result<Wishes, String> {
    const USAGE: &str = "usage: cargo xtask swift-package --url URL [--build DIR] [--output DIR]";
    let (mut url, mut build, mut output) = (None, build_folder(root), build_folder(root).join("swift-package"));
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let value = rest.next().ok_or(USAGE)?;
        match argument.as_str() {
            "--url" => url = Some(check_url(value)?),
            "--build" => build = root.join(value),
            "--output" => output = root.join(value),
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(Wishes { url: url.ok_or(USAGE)?, build, output })
}

/// SwiftPM takes https addresses of zip archives, and the address goes into a Swift string.
fn check_url(url: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    if url.starts_with("https://") && url.ends_with(".zip") && url.bytes().all(is_plain) {
        Ok(url.to_owned())
    } else {
        Err(format!("{url}: the address has to begin with https:// and to end with .zip"))
    }
}

fn write_package(root: &Path, wishes: &Wishes) -> Result<(), String> {
    let generated = wishes.build.join(SWIFT);
    if read(&generated)?.windows(10).any(|text| text == b"LocalStack") {
        return Err(format!(
            "{}: that build has the local stack; `cargo xtask xcframework` first",
            generated.display()
        ));
    }
    let checksum = checksum(&wishes.build.join(ARCHIVE))?;
    let output = &wishes.output;
    // What an earlier run left would be pushed along; what is no package is not deleted.
    if output.exists()
        && !output.join("Package.swift").exists()
        && output.read_dir().is_ok_and(|mut any| any.next().is_some())
    {
        return Err(format!("{}: the folder has something else in it", output.display()));
    }
    remove_folder(&output.join("Sources"))?;
    for module in ["Jetbridge", "JetbridgeTesting"] {
        copy_folder(&root.join("ios/Sources").join(module), &output.join("Sources").join(module))?;
    }
    copy(&generated, &output.join("Sources/JetbridgeFFI/JetbridgeFFI.swift"))?;
    for name in ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&root.join(name), &output.join(name))?;
    }
    write(&output.join("README.md"), README)?;
    write(&output.join("Package.swift"), MANIFEST.replace("@URL@", &wishes.url).replace("@CHECKSUM@", &checksum))
}

/// What `swift package compute-checksum` says: the SHA-256 of the archive (PackageDescription, `Target.checksum`).
pub(crate) fn checksum(archive: &Path) -> Result<String, String> {
    let digest = Sha256::digest(read(archive)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked_before_it_goes_into_the_manifest() {
        let parse = |words: &[&str]| {
            parse(Path::new("/repository"), &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        let wishes = parse(&["--url", "https://example.com/1.0/J.xcframework.zip", "--output", "out"]).unwrap();
        assert_eq!(wishes.output, Path::new("/repository/out"));
        for bad in ["http://example.com/a.zip", "https://example.com/a.tar", "https://example.com/\".zip", ""] {
            assert!(parse(&["--url", bad]).is_err(), "{bad}");
        }
        assert!(parse(&[]).is_err() && parse(&["--url"]).is_err() && parse(&["--fast", "1"]).is_err());
    }

    #[test]
    fn the_folder_has_all_that_a_repository_needs_and_nothing_of_an_earlier_run() {
        let root = std::env::temp_dir().join(format!("jetbridge-distribution-{}", std::process::id()));
        for (name, text) in [
            ("build/JetbridgeFFI.xcframework.zip", "abc"),
            ("build/JetbridgeFFI.swift", "// generated"),
            ("ios/Sources/Jetbridge/JetbridgeSession.swift", "// session"),
            ("ios/Sources/Jetbridge/Resources/PrivacyInfo.xcprivacy", "privacy"),
            ("ios/Sources/JetbridgeTesting/FakeJetbridgeSession.swift", "// fake"),
            ("LICENSE", "both"),
            ("LICENSE-APACHE", "Apache"),
            ("LICENSE-MIT", "MIT"),
        ] {
            write(&root.join(name), text).unwrap();
        }
        let output = root.join("package");
        let url = "https://example.com/J.xcframework.zip".to_owned();
        let wishes = Wishes { url, build: root.join("build"), output: output.clone() };
        write_package(&root, &wishes).unwrap();
        write(&output.join("Sources/Jetbridge/Gone.swift"), "// of an earlier version").unwrap();
        write_package(&root, &wishes).unwrap();
        assert!(!output.join("Sources/Jetbridge/Gone.swift").exists());
        let manifest = std::fs::read_to_string(output.join("Package.swift")).unwrap();
        // The digest of "abc" in FIPS 180-2, appendix B.1.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(manifest.contains(&format!("url: \"{}\"", wishes.url)) && manifest.contains(digest), "{manifest}");
        for name in [
            "README.md",
            "LICENSE-MIT",
            "Sources/Jetbridge/Resources/PrivacyInfo.xcprivacy",
            "Sources/JetbridgeTesting/FakeJetbridgeSession.swift",
        ] {
            assert!(output.join(name).exists(), "{name}");
        }
        write(&wishes.build.join(SWIFT), "open class LocalStack {}").unwrap();
        assert!(write_package(&root, &wishes).unwrap_err().contains("local stack"));
        remove_folder(&root).unwrap();
    }

    #[test]
    fn the_manifest_says_what_that_of_the_package_says() {
        let package = include_str!("../../../../ios/Package.swift");
        for prefix in ["// swift-tools-version", "    platforms: ", "    products: ", "    defaultLocalization: "] {
            let line = |text: &'static str| text.lines().find(|line| line.starts_with(prefix)).unwrap_or_default();
            assert!(!line(MANIFEST).is_empty());
            assert_eq!(line(MANIFEST), line(package));
        }
        let products = |text: &'static str| text.lines().filter(|line| line.contains(".library(")).collect::<Vec<_>>();
        assert_eq!(products(MANIFEST), products(package));
    }
}
