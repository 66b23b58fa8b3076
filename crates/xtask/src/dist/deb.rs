//! The Debian package: the same files as in the archive, in the places of Debian's policy. `dpkg-deb` packs them, with the
//! commit's date for every file.
//!
//! Sources: Debian Policy Manual, 5.3 (control), 12.1 (manual pages), 12.5 (copyright); the machine-readable copyright file,
//! version 1.0; the completions' folders as bash-completion, zsh and fish of Debian look for them.

use std::path::{Path, PathBuf};
use std::process::Command;

use goblin::elf::Elf;
use md5::{Digest as _, Md5};

use super::archive::{File, Files, gzip};
use super::facts::{CommitDate, VERSION};
use super::sums::hex;

/// Name, version and architecture as Debian has them in a file's name. The 1 counts what is packed anew of one version.
pub(super) fn file_name() -> String {
    format!("jetbridge_{VERSION}-1_amd64.deb")
}

/// What the package says of itself.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) homepage: &'a str,
    pub(super) mit_licence: &'a str,
    pub(super) date: &'a CommitDate,
    /// Options of dpkg-deb.
    pub(super) compression: &'a [&'a str],
}

/// Packs an archive's files for Debian, on its way in `stage`.
pub(super) fn build(files: &Files, about: &About<'_>, stage: &Path, out: &Path) -> Result<PathBuf, String> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let content = content(files, about)?;
    let program = &content.get("usr/bin/jetbridge").ok_or("the archive has no program")?.bytes;
    let depends = depends(program)?;
    if stage.exists() {
        std::fs::remove_dir_all(stage).map_err(|error| failed(stage, error))?;
    }
    let control = Files::from([
        ("DEBIAN/control".to_owned(), File::document(control(&content, about, &depends))),
        ("DEBIAN/md5sums".to_owned(), File::document(md5sums(&content))),
    ]);
    for (path, file) in content.iter().chain(&control) {
        let to = stage.join(path);
        let folder = to.parent().unwrap_or(stage);
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        std::fs::write(&to, &file.bytes).map_err(|error| failed(&to, error))?;
        set_mode(&to, file.mode()).map_err(|error| failed(&to, error))?;
    }
    set_modes_of_folders(stage).map_err(|error| failed(stage, error))?;
    let package = out.join(file_name());
    let mut dpkg = Command::new("dpkg-deb");
    // dpkg-deb(1): what is newer than the epoch gets its time.
    dpkg.arg("--root-owner-group").args(about.compression).arg("--build").arg(stage).arg(&package);
    dpkg.env("SOURCE_DATE_EPOCH", about.date.epoch.to_string()).stdout(std::process::Stdio::null());
    match dpkg.status() {
        Ok(status) if status.success() => Ok(package),
        Ok(status) => Err(format!("dpkg-deb failed ({status})")),
        Err(error) => Err(format!("dpkg-deb did not start: {error}")),
    }
}

/// Each file of the archive in its place. One that has none is refused: it would be missing here, unnoticed.
fn content(files: &Files, about: &About<'_>) -> Result<Files, String> {
    const DOC: &str = "usr/share/doc/jetbridge";
    let mut content = Files::new();
    for (path, file) in files {
        let (place, file) = match path.split_once('/') {
            None if path == "jetbridge" => ("usr/bin/jetbridge".to_owned(), file.clone()),
            Some(("man", page)) => (format!("usr/share/man/man1/{page}.gz"), File::document(gzip(&file.bytes)?)),
            Some(("completions", "jetbridge.bash")) => {
                ("usr/share/bash-completion/completions/jetbridge".to_owned(), file.clone())
            }
            Some(("completions", "_jetbridge")) => {
                ("usr/share/zsh/vendor-completions/_jetbridge".to_owned(), file.clone())
            }
            Some(("completions", "jetbridge.fish")) => {
                ("usr/share/fish/vendor_completions.d/jetbridge.fish".to_owned(), file.clone())
            }
            // For shells that Debian gives no folder for completions; and what the copyright file says in Debian's way.
            Some(("completions", _)) => continue,
            None if path.starts_with("LICENSE") => continue,
            None if path == "CHANGELOG.md" => (format!("{DOC}/changelog.gz"), File::document(gzip(&file.bytes)?)),
            None if path == "README.md" => (format!("{DOC}/README.md"), file.clone()),
            None if path.starts_with("THIRD-PARTY") => (format!("{DOC}/{path}.gz"), File::document(gzip(&file.bytes)?)),
            _ => return Err(format!("{path} has no place in the Debian package yet")),
        };
        content.insert(place, file);
    }
    content.insert(format!("{DOC}/copyright"), File::document(copyright(about)));
    let log = format!(
        "jetbridge ({VERSION}-1) unstable; urgency=medium\n\n  * Version {VERSION}; what is new is in changelog.gz.\n\n \
         -- {MAINTAINER}  {}\n",
        about.date.rfc2822
    );
    content.insert(format!("{DOC}/changelog.Debian.gz"), File::document(gzip(log.as_bytes())?));
    Ok(content)
}

/// There is no mailbox; the package's page says where to report.
const MAINTAINER: &str = "The Jetbridge authors <jetbridge@jetbridge.invalid>";

fn control(content: &Files, about: &About<'_>, depends: &str) -> String {
    // In KiB, each file rounded up, as dpkg-gencontrol(1) counts.
    let size: usize = content.values().map(|file| file.bytes.len().div_ceil(1024)).sum();
    format!(
        "Package: jetbridge\n\
         Version: {VERSION}-1\n\
         Section: utils\n\
         Priority: optional\n\
         Architecture: amd64\n\
         Maintainer: {MAINTAINER}\n\
         Installed-Size: {size}\n\
         Depends: {depends}\n\
         Recommends: ca-certificates, xdg-utils\n\
         Homepage: {}\n\
         Description: sign in with Okta once and use AWS as that user\n \
         The program signs in with Okta in the system's browser, becomes an Amazon\n \
         Cognito identity, and keeps temporary AWS credentials fresh: for objects\n \
         of S3, for APIs behind IAM, and for any tool that uses an AWS SDK. It\n \
         explains what Okta and AWS refuse, and brings strict stand-ins of both to\n \
         try it without an account.\n",
        about.homepage
    )
}

fn md5sums(content: &Files) -> String {
    let line = |(path, file): (&String, &File)| {
        let sum = hex(&Md5::digest(&file.bytes));
        format!("{sum}  {path}\n")
    };
    content.iter().map(line).collect()
}

fn copyright(about: &About<'_>) -> String {
    let indent = |text: &str| {
        let line = |line: &str| if line.trim().is_empty() { " .\n".to_owned() } else { format!(" {line}\n") };
        text.trim().lines().map(line).collect::<String>()
    };
    // "Expat" is Debian's name of the MIT licence; its title and holder are fields of their own.
    let permission: Vec<_> = about.mit_licence.lines().skip_while(|line| !line.starts_with("Permission")).collect();
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: jetbridge\n\
         Source: {}\n\
         Comment: The packages that are compiled into the program have licences of their own,\n \
         which are in THIRD-PARTY-LICENSES.txt.gz and THIRD-PARTY-RUST.html.gz beside this file.\n\n\
         Files: *\n\
         Copyright: 2026 The Jetbridge authors\n\
         License: Expat or Apache-2.0\n\n\
         License: Expat\n{}\n\
         License: Apache-2.0\n \
         On Debian systems, the whole text of the Apache License, Version 2.0, is in\n \
         /usr/share/common-licenses/Apache-2.0.\n",
        about.homepage,
        indent(&permission.join("\n"))
    )
}

/// What the program needs of the system, read from the program: the newest version of the C library that it names.
fn depends(program: &[u8]) -> Result<String, String> {
    let elf = Elf::parse(program).map_err(|error| format!("the program is none for Linux: {error}"))?;
    let mut packages = Vec::new();
    for library in &elf.libraries {
        let package = match *library {
            "libc.so.6" | "libm.so.6" | "libdl.so.2" | "libpthread.so.0" | "librt.so.1" | "ld-linux-x86-64.so.2" => {
                "libc6"
            }
            "libgcc_s.so.1" => "libgcc-s1",
            other => return Err(format!("the program needs {other}, and nobody said which package of Debian has it")),
        };
        packages.push(package);
    }
    let mut newest = (0, 0);
    for need in elf.verneed.iter().flat_map(|needs| needs.iter()) {
        for version in need.iter() {
            let name = elf.dynstrtab.get_at(version.vna_name).unwrap_or_default();
            newest = newest.max(glibc_version(name).unwrap_or_default());
        }
    }
    let (major, minor) = newest;
    if packages.is_empty() || newest == (0, 0) {
        return Err("the program names no version of the C library; is it a static one?".to_owned());
    }
    packages.sort_unstable();
    packages.dedup();
    let with_version = |package: &str| match package {
        "libc6" => format!("libc6 (>= {major}.{minor})"),
        // Debian bookworm's libgcc-s1 says the same of what Rust unwinds with.
        other => format!("{other} (>= 4.2)"),
    };
    Ok(packages.into_iter().map(with_version).collect::<Vec<_>>().join(", "))
}

/// `GLIBC_2.34`, and `GLIBC_2.2.5` without its last number.
fn glibc_version(name: &str) -> Option<(u32, u32)> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> std::io::Result<()> {
    Err(std::io::Error::other("Debian packages are made on Linux"))
}

/// Whatever the umask of who builds: everybody may look.
fn set_modes_of_folders(folder: &Path) -> std::io::Result<()> {
    set_mode(folder, 0o755)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            set_modes_of_folders(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date() -> CommitDate {
        let rfc2822 = "Sat, 28 Nov 2026 14:30:00 +0000".to_owned();
        CommitDate { epoch: 1_795_876_200, iso: "2026-11-28T14:30:00Z".to_owned(), rfc2822 }
    }

    #[test]
    fn files_go_to_debian_s_places_and_what_has_none_is_refused() {
        let date = date();
        let about = About {
            homepage: "https://example.com",
            mit_licence: "MIT\n\nPermission is\n\ngranted",
            date: &date,
            compression: &[],
        };
        let mut files = Files::from(
            [
                "README.md",
                "CHANGELOG.md",
                "LICENSE-MIT",
                "THIRD-PARTY-LICENSES.txt",
                "man/jetbridge.1",
                "completions/_jetbridge",
            ]
            .map(|path| (path.to_owned(), File::document(path))),
        );
        files.insert("jetbridge".to_owned(), File::program(b"abc".to_vec()));
        let content = content_of(&files, &about).unwrap();
        for path in [
            "usr/bin/jetbridge",
            "usr/share/doc/jetbridge/changelog.Debian.gz",
            "usr/share/doc/jetbridge/changelog.gz",
            "usr/share/doc/jetbridge/copyright",
            "usr/share/doc/jetbridge/THIRD-PARTY-LICENSES.txt.gz",
            "usr/share/man/man1/jetbridge.1.gz",
            "usr/share/zsh/vendor-completions/_jetbridge",
        ] {
            assert!(content.contains_key(path), "{path}");
        }
        assert!(content["usr/bin/jetbridge"].is_program);
        // RFC 1321, A.5.
        assert!(md5sums(&content).starts_with("900150983cd24fb0d6963f7d28e17f72  usr/bin/jetbridge\n"));
        let copyright = String::from_utf8(content["usr/share/doc/jetbridge/copyright"].bytes.clone()).unwrap();
        assert!(copyright.contains("License: Expat\n Permission is\n .\n granted\n\n"), "{copyright}");
        let control = control(&content, &about, "libc6 (>= 2.34)");
        assert!(control.contains("Depends: libc6 (>= 2.34)\n") && control.ends_with("account.\n"), "{control}");
        assert!(control.lines().all(|line| line.contains(": ") || line.starts_with(' ')), "{control}");
        files.insert("extra/file".to_owned(), File::document(""));
        assert!(content_of(&files, &about).unwrap_err().contains("extra/file"));
    }

    fn content_of(files: &Files, about: &About<'_>) -> Result<Files, String> {
        content(files, about)
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn this_very_program_tells_which_c_library_it_needs() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let depends = depends(&program).unwrap();
        assert!(depends.starts_with("libc6 (>= 2.") && depends.contains("libgcc-s1"), "{depends}");
        assert!(super::depends(b"#!/bin/sh").is_err());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(glibc_version("GLIBC_2.2.5"), Some((2, 2)));
        assert!(glibc_version("GLIBC_2.34") > glibc_version("GLIBC_2.4"));
        assert_eq!(glibc_version("GCC_3.0"), None);
    }
}
