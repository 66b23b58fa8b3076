//! The whole way to an XCFramework, walked without a Mac: real cargo, rustc and linker (LLVM's for Mach-O comes with Rust)
//! on a library of two functions, and stand-ins for Xcode's programs that refuse what Apple's documentation does not have.

#![cfg(unix)]

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::build::{Build, whole};
use super::framework::{Contents, NAME};
use super::library::Profile;
use super::platforms::{self, Layout, PLATFORMS};
use super::{macho, parse};
use crate::files::{read, remove_folder, write};
use crate::programs::Programs;
use crate::report::say;

const TOOLS: &str = include_str!("stand_ins/apple_tools.py");
const LIBRARY: &str = include_str!("stand_ins/library.rs");

/// The text stub of the system's library, which is all a linker sees of it (LLVM, `llvm/lib/TextAPI`, version 4).
const SYSTEM: &str = "--- !tapi-tbd\ntbd-version: 4\ntargets: [ TARGETS ]\ninstall-name: '/usr/lib/libSystem.B.dylib'\n\
                      exports:\n  - targets: [ TARGETS ]\n    symbols: [ _getpid, dyld_stub_binder ]\n...\n";
const SYSTEM_TARGETS: &str = "arm64-ios, arm64-ios-simulator, x86_64-ios-simulator, arm64-macos, x86_64-macos, \
                              arm64-maccatalyst, x86_64-maccatalyst, arm64-xros, arm64-xros-simulator";

/// A repository with the library of two functions, and a machine that looks like a Mac.
struct Mac {
    root: PathBuf,
    programs: Programs,
}

impl Mac {
    /// Nothing where the machine has no Python, which the stand-ins are written in, or where Rust brings no linker: on
    /// Linux it does.
    fn new(name: &str) -> Option<Self> {
        let root = std::env::temp_dir().join(format!("jetbridge-{name}-{}", std::process::id()));
        remove_folder(&root).unwrap();
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let linker = find_linker(&rustc);
        assert!(linker.is_some() || !cfg!(target_os = "linux"), "the toolchain has no rust-lld");
        if Command::new("python3").arg("--version").output().is_err() {
            say("skipped: python3 is not installed");
            return None;
        }
        let linker = linker?;

        let bin = root.join("bin");
        write(&bin.join("apple_tools.py"), TOOLS).unwrap();
        make_executable(&bin.join("apple_tools.py"));
        for program in ["cc", "lipo", "dsymutil", "strip", "codesign", "xcodebuild", "ditto", "rustup"] {
            symlink("apple_tools.py", bin.join(program)).unwrap();
        }
        let sdk = root.join("sdk");
        write(&sdk.join("usr/lib/libSystem.tbd"), SYSTEM.replace("TARGETS", SYSTEM_TARGETS)).unwrap();

        // The real profiles, for the real command.
        let workspace = include_str!("../../../../Cargo.toml");
        let profiles = &workspace[workspace.find("[profile.release]").unwrap()..];
        write(&root.join("Cargo.toml"), format!("[workspace]\nresolver = \"3\"\nmembers = [\"ffi\"]\n\n{profiles}"))
            .unwrap();
        write(&root.join("Cargo.lock"), "version = 4\n\n[[package]]\nname = \"jetbridge-ffi\"\nversion = \"0.0.0\"\n")
            .unwrap();
        write(
            &root.join("ffi/Cargo.toml"),
            "[package]\nname = \"jetbridge-ffi\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\nname = \"jetbridge_ffi\"\n\
             crate-type = [\"lib\", \"cdylib\"]\n\n[features]\nlocal-stack = []\n",
        )
        .unwrap();
        write(&root.join("ffi/src/lib.rs"), LIBRARY).unwrap();
        write(&root.join("CJetbridgeFFI.h"), "/* header */").unwrap();
        write(&root.join("PrivacyInfo.xcprivacy"), "<!-- privacy -->").unwrap();

        let mut environment: Vec<(String, OsString)> = vec![
            ("RUST_LLD".to_owned(), linker.into()),
            ("RUSTC".to_owned(), rustc),
            // A library without a core library is not in the stable language.
            ("RUSTC_BOOTSTRAP".to_owned(), "1".into()),
            ("SDKROOT".to_owned(), sdk.into()),
            ("CARGO_INCREMENTAL".to_owned(), "0".into()),
            ("CARGO_TERM_QUIET".to_owned(), "true".into()),
        ];
        for target in PLATFORMS.iter().flat_map(|platform| platform.targets) {
            let name = target.to_uppercase().replace('-', "_");
            environment.push((format!("CARGO_TARGET_{name}_LINKER"), bin.join("cc").into()));
        }
        Some(Self { root, programs: Programs { folder: Some(bin), environment } })
    }

    fn build(&self, arguments: &[&str]) -> Build {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut build = parse(&self.root, &arguments).unwrap();
        build.compiler.output = self.root.join("target");
        build.compiler.programs = self.programs.clone();
        build
    }

    fn contents(&self) -> Contents {
        Contents { header: self.root.join("CJetbridgeFFI.h"), privacy: self.root.join("PrivacyInfo.xcprivacy") }
    }
}

impl Drop for Mac {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn find_linker(rustc: &OsString) -> Option<PathBuf> {
    let ask = |argument: &[&str]| {
        let output = Command::new(rustc).args(argument).output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let root = ask(&["--print", "sysroot"])?;
    let host =
        ask(&["--version", "--verbose"])?.lines().find_map(|line| Some(line.strip_prefix("host: ")?.to_owned()))?;
    let linker = Path::new(root.trim()).join("lib/rustlib").join(host).join("bin/rust-lld");
    linker.exists().then_some(linker)
}

fn make_executable(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Asks Python for a value of a property list, as JSON: Info.plist is checked as what reads it will read it.
fn plist(file: &Path) -> serde_json::Value {
    let script = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    let output = Command::new("python3").args(["-c", script]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_way_to_an_xcframework_is_walked_for_every_platform() {
    let Some(mac) = Mac::new("xcframework") else { return };
    let build = mac.build(&[]);
    build.make(&mac.contents()).unwrap();

    let made = plist(&whole(&mac.root).join("Info.plist"));
    let identifiers: Vec<_> = made["AvailableLibraries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|library| {
            assert_eq!(library["DebugSymbolsPath"], "dSYMs");
            library["LibraryIdentifier"].as_str().unwrap()
        })
        .collect();
    assert_eq!(
        identifiers,
        [
            "ios-arm64",
            "ios-arm64_x86_64-simulator",
            "macos-arm64_x86_64",
            "ios-arm64_x86_64-maccatalyst",
            "xros-arm64",
            "xros-arm64-simulator"
        ]
    );
    for (platform, identifier) in PLATFORMS.iter().zip(identifiers) {
        let slice = whole(&mac.root).join(identifier);
        let framework = slice.join(format!("{NAME}.framework"));
        // Found from the top everywhere, on a Mac through its links.
        assert_eq!(read(&framework.join("Headers/CJetbridgeFFI.h")).unwrap(), b"/* header */");
        let map = String::from_utf8(read(&framework.join("Modules/module.modulemap")).unwrap()).unwrap();
        assert!(map.starts_with("framework module CJetbridgeFFI {") && !map.contains("_Builtin"), "{map}");
        let resources = match platform.layout {
            Layout::Shallow => framework.clone(),
            Layout::Versioned => framework.join("Versions/A/Resources"),
        };
        assert!(resources.join("PrivacyInfo.xcprivacy").is_file(), "{identifier}");
        let facts = plist(&resources.join("Info.plist"));
        assert_eq!(facts["CFBundleExecutable"], NAME);
        assert_eq!(facts["CFBundlePackageType"], "FMWK");
        assert_eq!(facts["CFBundleSupportedPlatforms"], serde_json::json!([platform.supported]));
        let (key, oldest) = platform.oldest_in_bundle;
        assert_eq!(facts[key], oldest, "{identifier}");
        let library = read(&framework.join(NAME)).unwrap();
        macho::check(&library, platform).unwrap();
        assert!(library.ends_with(b"void"), "{identifier} is stripped after its dSYM was made");
        let symbols =
            read(&slice.join(format!("dSYMs/{NAME}.framework.dSYM/Contents/Resources/DWARF/{NAME}"))).unwrap();
        assert!(!symbols.ends_with(b"void"));
    }

    write(&mac.root.join("ios/Sources/JetbridgeFFI/JetbridgeFFI.swift"), "// generated").unwrap();
    let archive = build.zip().unwrap();
    assert_eq!(read(&archive.with_file_name("JetbridgeFFI.swift")).unwrap(), b"// generated");
    assert!(read(&archive).unwrap().starts_with(b"PK"));
}

#[test]
fn a_library_that_apps_could_not_load_is_refused_with_the_reason() {
    let Some(mac) = Mac::new("macho") else { return };
    let compiler = mac.build(&["--debug", "--local-stack"]).compiler;
    let compile = |platform: &'static platforms::Platform, more: &[&str]| {
        let target = platform.targets[0];
        let mut command = compiler.compile(platform, target);
        command.args(more);
        assert!(command.status().unwrap().success());
        read(&compiler.built(target)).unwrap()
    };
    let (ios, macos, simulator) =
        (platforms::find("ios").unwrap(), platforms::find("macos").unwrap(), platforms::find("ios-simulator").unwrap());

    let right = compile(ios, &[]);
    assert_eq!(macho::check(&right, ios), Ok(()));
    let told = macho::check(&right, simulator).unwrap_err();
    assert!(told.contains("1 processors instead of 2") && told.contains("platform 2 instead of 7"), "{told}");
    let told = macho::check(&right, macos).unwrap_err();
    assert!(told.contains("instead of @rpath/CJetbridgeFFI.framework/Versions/A/CJetbridgeFFI"), "{told}");
    assert!(told.contains("it asks for 17.0.0 instead of 14.0"), "{told}");

    // Rustc's own name, as of whoever forgets ours, is the last one on the line.
    let told =
        macho::check(&compile(ios, &["-Clink-arg=-Wl,-install_name,/Users/me/target/x.dylib"]), ios).unwrap_err();
    assert!(told.contains("its install name is /Users/me/target/x.dylib"), "{told}");
    let told = macho::check(&compile(ios, &["-Clink-arg=-Wl,-current_version,7.1"]), ios).unwrap_err();
    assert!(told.contains("its version is 7.1.0 instead of "), "{told}");
    let told = macho::check(&compile(ios, &["-Clink-arg=-Wl,-rpath,/opt/homebrew/lib"]), ios).unwrap_err();
    assert!(told.contains("it looks for libraries in /opt/homebrew/lib"), "{told}");
    let told = macho::check(&compile(ios, &["--cfg=more"]), ios).unwrap_err();
    assert!(told.contains("it exports _getpid_of_somebody"), "{told}");
    assert!(macho::check(b"!<arch>\n", ios).is_err());
}

#[test]
fn what_is_asked_for_on_the_command_line_is_built() {
    let parse = |words: &[&str]| {
        parse(Path::new("/repository"), &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    };
    let build = parse(&["--debug", "--local-stack", "--platform", "macos", "--platform", "ios"]).unwrap();
    let names: Vec<_> = build.platforms.iter().map(|platform| platform.name).collect();
    let compiler = build.compiler;
    assert_eq!((compiler.profile, compiler.with_local_stack, names), (Profile::Debug, true, vec!["ios", "macos"]));
    assert_eq!(parse(&[]).unwrap().platforms.len(), PLATFORMS.len());
    for bad in [&["--local-stack"][..], &["--platform"], &["--platform", "tvos"], &["--release"]] {
        assert!(parse(bad).is_err(), "{bad:?}");
    }
}
