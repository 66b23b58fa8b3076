//! The platforms of Apple's that the library is built for, and what the system, the linker and Xcode call each. One row a
//! platform: whatever differs between two of them is here.

/// Where the contents of a framework are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// All at the top.
    Shallow,
    /// In `Versions/A`, with links at the top. On macOS and Mac Catalyst, where Xcode refuses the other ("expected
    /// Versions/Current/Resources/Info.plist since the platform does not use shallow bundles", swift-build's
    /// ValidateProductTaskAction.swift).
    Versioned,
}

/// One framework of the XCFramework.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Platform {
    /// As in `--platform`, and the folder's name.
    pub(crate) name: &'static str,
    /// Rust's targets: one for each processor. A simulator is as the Mac under it, Apple's or Intel's; that of visionOS was
    /// never offered for Intel.
    pub(crate) targets: &'static [&'static str],
    /// `PLATFORM_…` of `<mach-o/loader.h>`, which the linker writes into `LC_BUILD_VERSION`.
    pub(crate) number: u32,
    /// `CFBundleSupportedPlatforms`, as Xcode writes it: the SDK's own name. Mac Catalyst is macOS there.
    pub(crate) supported: &'static str,
    /// The variable that rustc and cc-rs read the oldest system from (rustc's book, platform-support/apple-*.md).
    pub(crate) deployment_variable: &'static str,
    /// The oldest system, as in `ios/Package.swift`.
    pub(crate) oldest: &'static str,
    /// The key of Info.plist for the oldest system, and that system. Mac Catalyst counts as iOS for the compiler, but the
    /// bundle is a Mac's: iOS 17 is macOS 14.
    pub(crate) oldest_in_bundle: (&'static str, &'static str),
    pub(crate) layout: Layout,
}

/// The targets all have a standard library from rustup in Rust 1.95; those of visionOS since they are of tier 2 (rustc's
/// book, platform-support/apple-visionos.md).
pub(crate) const PLATFORMS: &[Platform] = &[
    Platform {
        name: "ios",
        targets: &["aarch64-apple-ios"],
        number: 2,
        supported: "iPhoneOS",
        deployment_variable: "IPHONEOS_DEPLOYMENT_TARGET",
        oldest: "17.0",
        oldest_in_bundle: ("MinimumOSVersion", "17.0"),
        layout: Layout::Shallow,
    },
    Platform {
        name: "ios-simulator",
        targets: &["aarch64-apple-ios-sim", "x86_64-apple-ios"],
        number: 7,
        supported: "iPhoneSimulator",
        deployment_variable: "IPHONEOS_DEPLOYMENT_TARGET",
        oldest: "17.0",
        oldest_in_bundle: ("MinimumOSVersion", "17.0"),
        layout: Layout::Shallow,
    },
    Platform {
        name: "macos",
        targets: &["aarch64-apple-darwin", "x86_64-apple-darwin"],
        number: 1,
        supported: "MacOSX",
        deployment_variable: "MACOSX_DEPLOYMENT_TARGET",
        oldest: "14.0",
        oldest_in_bundle: ("LSMinimumSystemVersion", "14.0"),
        layout: Layout::Versioned,
    },
    Platform {
        name: "mac-catalyst",
        targets: &["aarch64-apple-ios-macabi", "x86_64-apple-ios-macabi"],
        number: 6,
        supported: "MacOSX",
        deployment_variable: "IPHONEOS_DEPLOYMENT_TARGET",
        oldest: "17.0",
        oldest_in_bundle: ("LSMinimumSystemVersion", "14.0"),
        layout: Layout::Versioned,
    },
    Platform {
        name: "visionos",
        targets: &["aarch64-apple-visionos"],
        number: 11,
        supported: "XROS",
        deployment_variable: "XROS_DEPLOYMENT_TARGET",
        oldest: "1.0",
        oldest_in_bundle: ("MinimumOSVersion", "1.0"),
        layout: Layout::Shallow,
    },
    Platform {
        name: "visionos-simulator",
        targets: &["aarch64-apple-visionos-sim"],
        number: 12,
        supported: "XRSimulator",
        deployment_variable: "XROS_DEPLOYMENT_TARGET",
        oldest: "1.0",
        oldest_in_bundle: ("MinimumOSVersion", "1.0"),
        layout: Layout::Shallow,
    },
];

/// The platform of this name; the error names all there are.
pub(crate) fn find(name: &str) -> Result<&'static Platform, String> {
    PLATFORMS.iter().find(|platform| platform.name == name).ok_or_else(|| {
        let names: Vec<_> = PLATFORMS.iter().map(|platform| platform.name).collect();
        format!("the platforms are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_systems_are_those_of_the_package() {
        let manifest = include_str!("../../../../ios/Package.swift");
        for (name, system) in
            [("ios", "iOS"), ("macos", "macOS"), ("mac-catalyst", "macCatalyst"), ("visionos", "visionOS")]
        {
            let major = find(name).unwrap().oldest.trim_end_matches(".0");
            assert!(manifest.contains(&format!(".{system}(.v{major})")), "{system} {major}");
        }
        assert!(find("watchos").unwrap_err().contains("mac-catalyst"));
    }
}
