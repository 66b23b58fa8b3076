//! Reads a linked library back and says what is wrong with it: what only shows in somebody's app, at launch or at the
//! store's door, is found where it was built.
//!
//! Sources: `<mach-o/loader.h>` for the load commands, ld(1) for `-install_name`.

use goblin::mach::load_command::CommandVariant;
use goblin::mach::{Mach, MachO, SingleArch, header};

use super::framework::install_name;
use super::platforms::Platform;

/// What the library may export: the functions and the metadata of UniFFI, and the C functions of a checksum library, which
/// the AWS SDK takes with all its features. Names in one dynamic library do not collide with those in another.
const EXPORTS: &[&str] = &["_ffi_jetbridge_ffi_", "_uniffi_jetbridge_ffi_", "_UNIFFI_META_", "_crc_fast_"];

/// Where the libraries of the system are. Anything else exists on the machine that built it only.
const SYSTEM: &[&str] = &["/usr/lib/", "/System/Library/"];

/// Checks the library of a framework; the error names everything that is wrong.
pub(crate) fn check(bytes: &[u8], platform: &Platform) -> Result<(), String> {
    let mut problems = Vec::new();
    let parts = match Mach::parse(bytes).map_err(|error| format!("no Mach-O file: {error}"))? {
        Mach::Binary(part) => vec![part],
        Mach::Fat(parts) => {
            let mut found = Vec::new();
            for part in parts.into_iter() {
                match part.map_err(|error| format!("no universal file: {error}"))? {
                    SingleArch::MachO(part) => found.push(part),
                    SingleArch::Archive(_) => problems.push("a static archive".to_owned()),
                }
            }
            found
        }
    };
    if problems.is_empty() && parts.len() != platform.targets.len() {
        problems.push(format!("{} processors instead of {}", parts.len(), platform.targets.len()));
    }
    for part in &parts {
        check_part(part, platform, &mut problems);
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("the library for {}: {}", platform.name, problems.join("; ")))
    }
}

fn check_part(part: &MachO<'_>, platform: &Platform, problems: &mut Vec<String>) {
    if part.header.filetype != header::MH_DYLIB {
        problems.push("not a dynamic library".to_owned());
        return;
    }
    let name = install_name(platform.layout);
    if part.name != Some(name.as_str()) {
        problems.push(format!("its install name is {} instead of {name}", part.name.unwrap_or("missing")));
    }
    let version = part.load_commands.iter().find_map(|command| match command.command {
        CommandVariant::IdDylib(id) => Some(readable(id.dylib.current_version)),
        _ => None,
    });
    if version.as_deref() != Some(env!("CARGO_PKG_VERSION")) {
        problems.push(format!(
            "its version is {} instead of {}",
            version.unwrap_or_default(),
            env!("CARGO_PKG_VERSION")
        ));
    }
    let built_for = part.load_commands.iter().find_map(|command| match command.command {
        CommandVariant::BuildVersion(version) => Some((version.platform, version.minos)),
        _ => None,
    });
    match built_for {
        Some((number, oldest)) => {
            if number != platform.number {
                problems.push(format!("it is for platform {number} instead of {}", platform.number));
            }
            let oldest = readable(oldest);
            if oldest != format!("{}.0", platform.oldest) {
                problems.push(format!("it asks for {oldest} instead of {}", platform.oldest));
            }
        }
        None => problems.push("it does not say which platform it is for".to_owned()),
    }
    // The first is the library itself.
    for needed in part.libs.iter().skip(1).filter(|needed| !SYSTEM.iter().any(|place| needed.starts_with(place))) {
        problems.push(format!("it needs {needed}"));
    }
    problems.extend(part.rpaths.iter().map(|path| format!("it looks for libraries in {path}")));
    match part.exports() {
        Ok(exports) => {
            let foreign = exports.iter().filter(|export| !EXPORTS.iter().any(|prefix| export.name.starts_with(prefix)));
            problems.extend(foreign.map(|export| format!("it exports {}", export.name)));
            if !exports.iter().any(|export| export.name.starts_with(EXPORTS[0])) {
                problems.push("it exports nothing of UniFFI".to_owned());
            }
        }
        Err(error) => problems.push(format!("its exports cannot be read: {error}")),
    }
}

/// X.Y.Z in nibbles xxxx.yy.zz.
fn readable(version: u32) -> String {
    format!("{}.{}.{}", version >> 16, (version >> 8) & 0xff, version & 0xff)
}
