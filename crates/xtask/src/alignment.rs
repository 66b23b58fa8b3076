//! Whether what goes to Android phones can be loaded where memory has pages of 16 KB, which the store asks for: a library by
//! itself, and each library in an APK, an AAR or an AAB.
//!
//! Source: developer.android.com/guide/practices/page-sizes ("Support 16 KB page sizes"), for 64-bit devices: every `LOAD`
//! segment is aligned to 2**14 at least; a library that lies uncompressed in an APK begins at such an address in the file
//! (`zipalign -P 16`), because it is loaded from there; and a bundle tells bundletool to lay it out so
//! (`PAGE_ALIGNMENT_16K`, the field numbers are those of google/bundletool, src/main/proto/config.proto).

use std::io::Read as _;
use std::path::Path;

use goblin::elf::Elf;
use goblin::elf::program_header::PT_LOAD;
use zip::{CompressionMethod, ZipArchive};

use crate::report::say;

const PAGE: u64 = 16 * 1024;

/// `cargo xtask check-alignment FILE…`.
pub(crate) fn command(files: &[String]) -> Result<(), String> {
    if files.is_empty() {
        return Err("usage: cargo xtask check-alignment FILE.so|FILE.apk|FILE.aar|FILE.aab…".to_owned());
    }
    files.iter().try_for_each(|file| check_file(Path::new(file)))
}

/// Looks at one file, and says what it has found.
pub(crate) fn check_file(file: &Path) -> Result<(), String> {
    let name = file.display();
    let bytes = std::fs::read(file).map_err(|error| format!("{name}: {error}"))?;
    let found = match file.extension().and_then(|extension| extension.to_str()) {
        Some("so") => check_library(&bytes).map(|()| 1),
        Some("apk") => check_archive(&bytes, Kind::Apk),
        Some("aab") => check_archive(&bytes, Kind::Bundle),
        Some("aar") => check_archive(&bytes, Kind::Library),
        _ => Err("it is none of .so, .apk, .aar and .aab".to_owned()),
    };
    let number = found.map_err(|problem| format!("{name}: {problem}"))?;
    say(&format!("{name}: {number} libraries fit pages of 16 KB"));
    Ok(())
}

/// What the libraries are packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Apk,
    Bundle,
    Library,
}

/// Each segment that is loaded has to begin where a page can.
fn check_library(bytes: &[u8]) -> Result<(), String> {
    let elf = Elf::parse(bytes).map_err(|error| format!("it is no ELF file: {error}"))?;
    let loaded: Vec<_> = elf.program_headers.iter().filter(|header| header.p_type == PT_LOAD).collect();
    if loaded.is_empty() {
        return Err("nothing in it is loaded".to_owned());
    }
    match loaded.iter().find(|header| header.p_align < PAGE) {
        Some(header) => Err(format!(
            "the segment at {:#x} is aligned to {:#x}, less than a page of 16 KB: link with -Wl,-z,max-page-size=16384",
            header.p_vaddr, header.p_align
        )),
        None => Ok(()),
    }
}

/// How many libraries were looked at.
fn check_archive(bytes: &[u8], kind: Kind) -> Result<usize, String> {
    let mut archive =
        ZipArchive::new(std::io::Cursor::new(bytes)).map_err(|error| format!("it is no archive: {error}"))?;
    let (mut number, mut problems) = (0, Vec::new());
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| error.to_string())?;
        let name = entry.name().map_err(|error| error.to_string())?.into_owned();
        if !is_checked(&name) {
            continue;
        }
        number += 1;
        let begin = entry.data_start().ok_or_else(|| format!("{name} has no beginning"))?;
        if kind == Kind::Apk && entry.compression() == CompressionMethod::Stored && begin % PAGE != 0 {
            problems.push(format!("{name} begins at byte {begin}, which is no multiple of 16384: zipalign -P 16"));
        }
        let mut library = Vec::new();
        entry.read_to_end(&mut library).map_err(|error| format!("{name}: {error}"))?;
        problems.extend(check_library(&library).err().map(|problem| format!("{name}: {problem}")));
    }
    if kind == Kind::Bundle {
        problems.extend(check_bundle_config(&mut archive).err());
    }
    if number == 0 {
        problems.push("it has no library for a 64-bit device".to_owned());
    }
    if problems.is_empty() { Ok(number) } else { Err(problems.join("\n")) }
}

/// A library of somebody else's for 32-bit devices may be as it is: they have no such pages. Ours are linked alike.
fn is_checked(name: &str) -> bool {
    let Some((folders, file)) = name.rsplit_once('/') else { return false };
    let is_64_bit = folders.ends_with("arm64-v8a") || folders.ends_with("x86_64");
    file.ends_with(".so") && (is_64_bit || file == "libjetbridge_ffi.so")
}

/// `BundleConfig.optimizations.uncompress_native_libraries.alignment`.
fn check_bundle_config(archive: &mut ZipArchive<std::io::Cursor<&[u8]>>) -> Result<(), String> {
    const PAGE_ALIGNMENT_16K: u64 = 2;
    let mut config = Vec::new();
    let mut entry = archive.by_name("BundleConfig.pb").map_err(|error| format!("BundleConfig.pb: {error}"))?;
    entry.read_to_end(&mut config).map_err(|error| format!("BundleConfig.pb: {error}"))?;
    let alignment = field(&config, 2).and_then(Field::message).and_then(|optimizations| {
        let native = field(optimizations, 2).and_then(Field::message)?;
        field(native, 2).and_then(Field::number)
    });
    if alignment.is_some_and(|alignment| alignment >= PAGE_ALIGNMENT_16K) {
        return Ok(());
    }
    Err("BundleConfig.pb does not ask for PAGE_ALIGNMENT_16K, so that the store's APKs would not be aligned".to_owned())
}

/// A value of a protocol buffer (protobuf.dev/programming-guides/encoding): of its kinds, the two that are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field<'a> {
    Number(u64),
    Message(&'a [u8]),
}

impl<'a> Field<'a> {
    fn number(self) -> Option<u64> {
        if let Field::Number(number) = self { Some(number) } else { None }
    }

    fn message(self) -> Option<&'a [u8]> {
        if let Field::Message(message) = self { Some(message) } else { None }
    }
}

/// The last value of the field with this number, as readers of the format take it.
fn field(mut message: &[u8], wanted: u64) -> Option<Field<'_>> {
    let mut found = None;
    while !message.is_empty() {
        let tag = take_varint(&mut message)?;
        let value = match tag & 7 {
            0 => Some(Field::Number(take_varint(&mut message)?)),
            1 => take_bytes(&mut message, 8).map(|_| None)?,
            2 => {
                let length = usize::try_from(take_varint(&mut message)?).ok()?;
                Some(Field::Message(take_bytes(&mut message, length)?))
            }
            5 => take_bytes(&mut message, 4).map(|_| None)?,
            _ => return None,
        };
        if tag >> 3 == wanted {
            found = value;
        }
    }
    found
}

fn take_varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (first, rest) = message.split_first()?;
        *message = rest;
        number |= u64::from(first & 0x7f) << (7 * place);
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take_bytes<'a>(message: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (bytes, rest) = message.split_at_checked(length)?;
    *message = rest;
    Some(bytes)
}

/// An ELF file of one loaded segment (ELF-64 Object File Format, figures 2 and 6).
#[cfg(test)]
pub(crate) fn sample_library(align: u64) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend(3_u16.to_le_bytes()); // ET_DYN
    file.extend(183_u16.to_le_bytes()); // EM_AARCH64
    file.extend(1_u32.to_le_bytes());
    file.extend([0_u64, 64, 0].map(u64::to_le_bytes).concat());
    file.extend(0_u32.to_le_bytes());
    file.extend([64_u16, 56, 1, 64, 0, 0].map(u16::to_le_bytes).concat());
    file.extend([1_u32, 5].map(u32::to_le_bytes).concat());
    file.extend([0_u64, 0, 0, 120, 120, align].map(u64::to_le_bytes).concat());
    file
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::sample_library as library;
    use super::*;

    fn archive(entries: &[(&str, &[u8], CompressionMethod, u16)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes, method, align) in entries {
            let options = SimpleFileOptions::default().compression_method(*method).with_alignment(*align);
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const STORED: CompressionMethod = CompressionMethod::Stored;
    const DEFLATED: CompressionMethod = CompressionMethod::Deflated;

    #[test]
    fn a_library_for_small_pages_is_refused() {
        assert_eq!(check_library(&library(0x4000)), Ok(()));
        assert_eq!(check_library(&library(0x10000)), Ok(()));
        assert!(check_library(&library(0x1000)).unwrap_err().contains("aligned to 0x1000"));
        assert!(check_library(b"MZ").unwrap_err().contains("no ELF file"));
    }

    #[test]
    fn an_uncompressed_library_begins_at_a_page_of_an_apk() {
        let (good, name) = (library(0x4000), "lib/arm64-v8a/libjetbridge_ffi.so");
        assert_eq!(check_archive(&archive(&[(name, &good, STORED, 16384)]), Kind::Apk), Ok(1));
        // One that is unpacked at its installation lies where it likes, and so does one in an AAR.
        assert_eq!(check_archive(&archive(&[("a", b"a", STORED, 1), (name, &good, DEFLATED, 1)]), Kind::Apk), Ok(1));
        let shifted = archive(&[("a", b"a", STORED, 1), (name, &good, STORED, 4096)]);
        assert!(check_archive(&shifted, Kind::Apk).unwrap_err().contains("begins at byte 4096"));
        assert_eq!(check_archive(&shifted, Kind::Library), Ok(1));
    }

    #[test]
    fn each_library_of_a_64_bit_device_is_looked_at_and_ours_on_all() {
        let (good, bad) = (library(0x4000), library(0x1000));
        let of = |name: &str| {
            check_archive(
                &archive(&[("jni/x86_64/libgood.so", &good, DEFLATED, 1), (name, &bad, DEFLATED, 1)]),
                Kind::Library,
            )
        };
        assert!(of("jni/arm64-v8a/libother.so").unwrap_err().starts_with("jni/arm64-v8a/libother.so: "));
        assert!(of("jni/armeabi-v7a/libjetbridge_ffi.so").is_err());
        assert_eq!(of("jni/armeabi-v7a/libother.so"), Ok(1));
        assert!(
            check_archive(&archive(&[("classes.jar", b"", STORED, 1)]), Kind::Library)
                .unwrap_err()
                .contains("no library")
        );
    }

    #[test]
    fn a_bundle_asks_for_the_alignment_of_what_is_made_of_it() {
        let (good, name) = (library(0x4000), "base/lib/arm64-v8a/libjetbridge_ffi.so");
        let bundle = |config: &[u8]| {
            check_archive(&archive(&[(name, &good, DEFLATED, 1), ("BundleConfig.pb", config, STORED, 1)]), Kind::Bundle)
        };
        // bundletool { version: "1" } optimizations { uncompress_native_libraries { enabled: true alignment: PAGE_ALIGNMENT_16K } }
        assert_eq!(bundle(b"\x0a\x03\x12\x011\x12\x06\x12\x04\x08\x01\x10\x02"), Ok(1));
        assert!(bundle(b"\x12\x06\x12\x04\x08\x01\x10\x01").unwrap_err().contains("PAGE_ALIGNMENT_16K"));
        assert!(bundle(b"\x12\x04\x12\x02\x08\x01").is_err() && bundle(b"\x12\xff").is_err() && bundle(b"").is_err());
    }

    #[test]
    fn only_what_android_loads_is_taken() {
        let folder = std::env::temp_dir().join(format!("jetbridge-alignment-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = |name: &str| folder.join(name);
        std::fs::write(file("a.so"), library(0x4000)).unwrap();
        std::fs::write(file("a.txt"), "text").unwrap();
        assert_eq!(check_file(&file("a.so")), Ok(()));
        assert!(check_file(&file("a.txt")).unwrap_err().contains("none of"));
        assert!(check_file(&file("b.apk")).is_err() && command(&[]).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    /// A library of one function, without even Rust's core library.
    const LIBRARY: &str = "#![feature(no_core, lang_items)]\n#![no_core]\n#![allow(internal_features)]\n\
        #[lang = \"pointee_sized\"] pub trait PointeeSized {}\n#[lang = \"meta_sized\"] pub trait MetaSized: PointeeSized {}\n\
        #[lang = \"sized\"] pub trait Sized: MetaSized {}\n#[lang = \"copy\"] pub trait Copy {}\nimpl Copy for i32 {}\n\
        #[unsafe(no_mangle)] pub extern \"C\" fn seven() -> i32 { 7 }\n";

    #[cfg(target_os = "linux")]
    #[test]
    fn the_flag_of_our_builds_is_what_makes_the_linker_align() {
        let folder = std::env::temp_dir().join(format!("jetbridge-linker-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("library.rs"), LIBRARY).unwrap();
        let link = |page: &str| {
            let made = folder.join(format!("lib{page}.so"));
            let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
            let mut link = std::process::Command::new(rustc);
            // LLVM's linker comes with Rust.
            link.args([
                "--crate-type",
                "cdylib",
                "--target",
                "x86_64-linux-android",
                "-Cpanic=abort",
                "-Clinker=rust-lld",
            ]);
            link.args(["-Clinker-flavor=ld.lld", &format!("-Clink-arg=-zmax-page-size={page}"), "-o"]).arg(&made);
            link.arg(folder.join("library.rs")).env("RUSTC_BOOTSTRAP", "1");
            let output = link.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            check_file(&made)
        };
        assert!(link("4096").unwrap_err().contains("less than a page of 16 KB"));
        assert_eq!(link("16384"), Ok(()));
        let flag = "-Clink-arg=-Wl,-z,max-page-size=16384";
        for build in [include_str!("mobile/size.rs"), include_str!("../../../android/jetbridge/build.gradle.kts")] {
            assert!(build.contains(flag), "{flag}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
