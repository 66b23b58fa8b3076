//! A framework as a folder: where its header, module map, facts and privacy manifest are.
//!
//! Sources: Apple, "Placing content in a bundle" (bundleresources/placing-content-in-a-bundle), which has the versioned
//! layout for macOS and Mac Catalyst and the shallow one for the others; "Adding a privacy manifest to your app or
//! third-party SDK" for the manifest's place in both; clang's "Modules", section "Module Map Language", for the map.

use std::path::{Path, PathBuf};

use super::platforms::{Layout, Platform};
use crate::files::{copy, link, write};

/// The framework's name, its library's, and the C module's under the generated Swift.
pub(crate) const NAME: &str = "CJetbridgeFFI";

/// Our own: the generated one names modules of the compiler that newer Xcodes do not have.
const MODULE_MAP: &str = "framework module CJetbridgeFFI {\n    header \"CJetbridgeFFI.h\"\n    export *\n}\n";

/// What goes into every framework beside the library.
#[derive(Debug, Clone)]
pub(crate) struct Contents {
    /// The generated C header.
    pub(crate) header: PathBuf,
    /// Xcode's privacy report collects it from dynamic frameworks, not from what is linked into the app.
    pub(crate) privacy: PathBuf,
}

/// The folder's name.
pub(crate) fn folder_name() -> String {
    format!("{NAME}.framework")
}

/// How apps find the library: below their own `Frameworks`, by the rpath that Xcode gives them.
pub(crate) fn install_name(layout: Layout) -> String {
    match layout {
        Layout::Shallow => format!("@rpath/{NAME}.framework/{NAME}"),
        Layout::Versioned => format!("@rpath/{NAME}.framework/Versions/A/{NAME}"),
    }
}

/// Makes the folder of a framework, all but its library, and gives the path where that belongs.
pub(crate) fn lay_out(framework: &Path, platform: &Platform, contents: &Contents) -> Result<PathBuf, String> {
    let is_versioned = platform.layout == Layout::Versioned;
    let inside = if is_versioned { framework.join("Versions/A") } else { framework.to_path_buf() };
    let resources = if is_versioned { inside.join("Resources") } else { inside.clone() };
    copy(&contents.header, &inside.join("Headers").join(format!("{NAME}.h")))?;
    write(&inside.join("Modules/module.modulemap"), MODULE_MAP)?;
    write(&resources.join("Info.plist"), information(platform))?;
    copy(&contents.privacy, &resources.join("PrivacyInfo.xcprivacy"))?;
    if is_versioned {
        link("A", &framework.join("Versions/Current"))?;
        for name in [NAME, "Headers", "Modules", "Resources"] {
            link(&format!("Versions/Current/{name}"), &framework.join(name))?;
        }
    }
    Ok(inside.join(NAME))
}

/// What the system and the store want to know of every framework. The last two are those that a store's upload fails
/// without (getsentry/sentry-cocoa#8157); the oldest system has to be the library's own, which `macho` checks. The keys
/// `DT…` say with which Xcode a bundle was built; nothing asks a framework for them.
fn information(platform: &Platform) -> String {
    let (oldest_key, oldest) = platform.oldest_in_bundle;
    let entries = [
        ("CFBundleDevelopmentRegion", "en"),
        ("CFBundleExecutable", NAME),
        ("CFBundleIdentifier", "dev.jetbridge.CJetbridgeFFI"),
        ("CFBundleInfoDictionaryVersion", "6.0"),
        ("CFBundleName", NAME),
        ("CFBundlePackageType", "FMWK"),
        ("CFBundleShortVersionString", env!("CARGO_PKG_VERSION")),
        ("CFBundleVersion", env!("CARGO_PKG_VERSION")),
        (oldest_key, oldest),
    ];
    let entries: String =
        entries.iter().map(|(key, value)| format!("    <key>{key}</key>\n    <string>{value}</string>\n")).collect();
    let supported = platform.supported;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n{entries}    \
         <key>CFBundleSupportedPlatforms</key>\n    <array>\n        <string>{supported}</string>\n    </array>\n\
         </dict>\n</plist>\n"
    )
}
