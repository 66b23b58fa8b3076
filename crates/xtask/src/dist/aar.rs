//! An AAR, laid out here of what Maven compiles, where there is no Gradle to make the one that is shipped.
//!
//! Source: developer.android.com/studio/projects/android-library, "Anatomy of an AAR file".

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use zip::ZipArchive;

use super::jar::Entries;
use crate::cargo::target_directory;
use crate::files::read;
use crate::{alignment, exports};

/// Android's names of the processors, and Rust's.
const ABIS: [(&str, &str); 4] = [
    ("arm64-v8a", "aarch64-linux-android"),
    ("armeabi-v7a", "armv7-linux-androideabi"),
    ("x86", "i686-linux-android"),
    ("x86_64", "x86_64-linux-android"),
];

const ANDROID_LIBRARY: &str = "libjetbridge_ffi.so";

/// What says of an AAR that it is not to be shipped: in the manifest of each app that has it, and in its version.
const MARK: &str = "dev.jetbridge.stand-in";
pub(super) const MARK_IN_VERSION: &str = "-stand-in";

/// The AAR's parts as Gradle would put them together.
pub(super) fn stand_in(root: &Path, classes: &Entries, min_sdk: &str) -> Result<Entries, String> {
    let module = root.join("android/jetbridge");
    let text = |name: &str| {
        let file = module.join(name);
        std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let mut aar = Entries::default();
    aar.add("classes.jar", classes.to_bytes()?);
    aar.add("AndroidManifest.xml", manifest(&text("src/main/AndroidManifest.xml")?, min_sdk)?);
    aar.add("proguard.txt", text("consumer-rules.pro")?);
    aar.add("R.txt", symbols(&[text("src/main/res/values/strings.xml")?, text("src/main/res/values/styles.xml")?])?);
    aar.add_folder(&module.join("src/main/res"), "res/", &|_| true)?;
    // As the Android plugin writes it where a library asks for nothing.
    aar.add(
        "META-INF/com/android/build/gradle/aar-metadata.properties",
        "aarFormatVersion=1.0\naarMetadataVersion=1.0\nminCompileSdk=1\nminCompileSdkExtension=0\n\
         minAndroidGradlePluginVersion=1.0.0\ncoreLibraryDesugaringEnabled=false\n",
    );
    // What `cargo xtask android-size` has linked.
    for (abi, target) in ABIS {
        let library = target_directory(root).join("mobile").join(target).join("mobile").join(ANDROID_LIBRARY);
        if library.exists() {
            alignment::check_file(&library)?;
            let bytes = read(&library)?;
            if let Some(finding) = exports::check_library(&bytes).first() {
                return Err(finding.text.clone());
            }
            aar.add(&format!("jni/{abi}/{ANDROID_LIBRARY}"), bytes);
        }
    }
    Ok(aar)
}

/// The library's manifest with what Gradle adds, and with the mark of a stand-in, which ends up in every app's manifest.
fn manifest(source: &str, min_sdk: &str) -> Result<String, String> {
    let replaced = source.replacen("<manifest ", "<manifest package=\"dev.jetbridge\" ", 1).replacen(
        "<application>",
        &format!(
            "<uses-sdk android:minSdkVersion=\"{min_sdk}\" />\n\n    <application>\n        <meta-data \
                 android:name=\"{MARK}\" android:value=\"true\" />\n"
        ),
        1,
    );
    let document = roxmltree::Document::parse(&replaced).map_err(|error| error.to_string())?;
    let has = |name: &str| document.descendants().any(|node| node.has_tag_name(name));
    if has("uses-sdk") && has("meta-data") && document.root_element().has_attribute("package") {
        Ok(replaced)
    } else {
        Err("the library's manifest is not as it was: no <application> to be marked".to_owned())
    }
}

/// The names of the resources, as in R.txt; the numbers are given by the app's build.
fn symbols(values: &[String]) -> Result<String, String> {
    let mut lines = Vec::new();
    for text in values {
        let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
        for node in document.root_element().children().filter(roxmltree::Node::is_element) {
            let kind = node.tag_name().name();
            if !matches!(kind, "string" | "plurals" | "style" | "color" | "dimen" | "bool" | "integer") {
                return Err(format!("R.txt: a resource of the kind {kind} is new here"));
            }
            let name = node.attribute("name").unwrap_or_default().replace('.', "_");
            lines.push(format!("int {kind} {name} 0x0\n"));
        }
    }
    lines.sort();
    Ok(lines.concat())
}

/// What the Android plugin needs of an AAR, and the mark if it is none to be shipped.
pub(super) fn check_aar(file: &Path, version: &str) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let mut aar = ZipArchive::new(File::open(file).map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    for name in ["classes.jar", "R.txt", "proguard.txt", "META-INF/com/android/build/gradle/aar-metadata.properties"] {
        aar.by_name(name).map_err(|error| failed(&format!("{name}: {error}")))?;
    }
    let mut manifest = String::new();
    aar.by_name("AndroidManifest.xml")
        .map_err(|error| failed(&error))?
        .read_to_string(&mut manifest)
        .map_err(|error| failed(&error))?;
    if manifest.contains(MARK) == version.contains(MARK_IN_VERSION) {
        Ok(())
    } else {
        Err(failed(&"its version and its manifest disagree on whether it is a stand-in"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_says_that_it_is_a_stand_in() {
        let source = include_str!("../../../../android/jetbridge/src/main/AndroidManifest.xml");
        let marked = manifest(source, "26").unwrap();
        assert!(marked.contains(MARK) && marked.contains("minSdkVersion=\"26\""));
        assert!(manifest("<manifest xmlns:android=\"x\" />", "26").is_err());
    }

    #[test]
    fn resources_have_the_names_that_code_calls_them_by() {
        let styles = include_str!("../../../../android/jetbridge/src/main/res/values/styles.xml").to_owned();
        let table = symbols(&[styles, "<resources><string name=\"a\">x</string></resources>".to_owned()]).unwrap();
        assert_eq!(table, "int string a 0x0\nint style Jetbridge_SeeThrough 0x0\n");
        assert!(symbols(&["<resources><attr name=\"a\"/></resources>".to_owned()]).is_err());
    }
}
