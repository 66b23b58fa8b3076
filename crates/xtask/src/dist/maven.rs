//! A Maven repository as a folder, with what Kotlin gets of the library: `dev.jetbridge:jetbridge` for Android apps, and
//! `dev.jetbridge:jetbridge-jvm` for computers.
//!
//! Gradle, the NDK and Android's SDK make the AAR that is shipped (`cargo xtask android-bundle`), and that one is taken if it
//! is there. Without them it is laid out here, of what Maven compiles from the same sources: a stand-in, whose version and
//! manifest say so, because no library in it was linked against Android's own.
//!
//! Where a jar has a native library: JNA's `NativeLibrary`, "Library Search Paths".

use std::path::{Path, PathBuf};
use std::process::Command;

use super::aar::{MARK_IN_VERSION, stand_in};
use super::facts::{VERSION, repository};
use super::jar::{Entries, MANIFEST};
use super::library::Papers;
use super::repository::{Artifact, Dependency};
use super::work::{stripped, work};
use crate::alignment;
use crate::bindings::{self, Wishes};
use crate::cargo::{forget_package, target_directory};
use crate::files::{copy, remove_folder, write};
use crate::programs::run;
use crate::report::say;

/// What Maven compiles here goes beside what the tests compile, which has the local stack in it.
const BUILD_FOLDER: &str = "build/dist";
/// The bill of materials, as CycloneDX's plugin for Maven attaches it.
const BILL: &str = "-cyclonedx.json";

pub(super) fn build(root: &Path, out: &Path) -> Result<Vec<PathBuf>, String> {
    let folder = out.join("maven");
    remove_folder(&folder)?;
    let sources = Sources::generate(root)?;
    sources.compile()?;
    let home = repository(root)?;
    let versions = Versions::read(root)?;
    let mut files = publish_jvm(&sources, &versions, home.clone(), &folder)?;
    files.extend(publish_android(&sources, &versions, home, &folder)?);
    Ok(files)
}

/// The Kotlin of both, generated from a library without the local stack.
#[derive(Debug)]
struct Sources {
    root: PathBuf,
    for_jvm: PathBuf,
    for_android: PathBuf,
    /// This computer's.
    library: PathBuf,
}

impl Sources {
    fn generate(root: &Path) -> Result<Self, String> {
        let generate = |name: &str, android: &[&str]| {
            let folder = work(root, "maven").join(name);
            let mut words = vec!["--language", "kotlin", "--without-local-stack", "--out"];
            let path = folder.display().to_string();
            words.push(&path);
            words.extend(android);
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            bindings::generate(root, &Wishes::parse(root, &words)?)
        };
        let (jvm, android) = (generate("jvm", &[])?, generate("android", &["--android"])?);
        Ok(Self {
            root: root.to_owned(),
            library: jvm.join(bindings::library_name()),
            for_jvm: jvm.join("kotlin"),
            for_android: android.join("kotlin"),
        })
    }

    fn compile(&self) -> Result<(), String> {
        let android = self.root.join("android");
        // What was deleted since would stay in the jars.
        for module in ["bindings", "jetbridge"] {
            remove_folder(&android.join(module).join(BUILD_FOLDER))?;
        }
        let words = [
            "process-classes".to_owned(),
            "--projects=bindings,jetbridge".to_owned(),
            "--also-make".to_owned(),
            format!("-Dbindings.dir={}", self.for_jvm.display()),
            format!("-Dbindings.android.dir={}", self.for_android.display()),
            format!("-Dlibrary.build.folder={BUILD_FOLDER}"),
        ];
        let maven = |offline: bool| {
            let mut maven = Command::new("mvn");
            maven.args(["-q", "-B"]).args(offline.then_some("--offline")).args(&words).current_dir(&android);
            forget_package(&mut maven);
            run(maven)
        };
        // After the first time everything is there.
        maven(true).or_else(|_| maven(false))
    }

    fn built(&self, module: &str) -> PathBuf {
        self.root.join("android").join(module).join(BUILD_FOLDER).join("classes")
    }
}

/// The versions of what the library needs, from where the builds have them.
#[derive(Debug)]
pub(super) struct Versions {
    catalog: String,
    pom: String,
    script: String,
}

impl Versions {
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let read = |name: &str| {
            std::fs::read_to_string(root.join("android").join(name)).map_err(|error| format!("android/{name}: {error}"))
        };
        Ok(Self {
            catalog: read("gradle/libs.versions.toml")?,
            pom: read("pom.xml")?,
            script: read("build.gradle.kts")?,
        })
    }

    fn catalog(&self, name: &str) -> Result<String, String> {
        between(&self.catalog, &format!("\n{name} = \""), "\"")
    }

    pub(super) fn property(&self, name: &str) -> Result<String, String> {
        between(&self.pom, &format!("<{name}>"), "<")
    }

    fn min_sdk(&self) -> Result<String, String> {
        between(&self.script, "minSdk = ", " ")
    }
}

fn dependency(
    [group, name]: [&'static str; 2],
    version: String,
    packaging: &'static str,
    scope: &'static str,
) -> Dependency {
    Dependency { group, name, version, packaging, scope }
}

fn between(text: &str, before: &str, after: &str) -> Result<String, String> {
    let rest = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    rest.map(|(value, _)| value.to_owned()).ok_or_else(|| format!("there is no `{}`", before.trim()))
}

/// For computers: the classes, and this computer's library in an artifact of its own kind, whose name says for whom it is.
fn publish_jvm(
    sources: &Sources,
    versions: &Versions,
    home: String,
    repository: &Path,
) -> Result<Vec<PathBuf>, String> {
    let kotlin = "org.jetbrains.kotlin";
    let artifact = Artifact {
        name: "jetbridge-jvm",
        version: VERSION.to_owned(),
        packaging: "jar",
        title: "Jetbridge for the JVM",
        description: format!(
            "Sign in once with Okta, use AWS from Kotlin on a computer. It needs the library beside it, such as the \
             classifier {}.",
            classifier()
        ),
        dependencies: vec![
            dependency([kotlin, "kotlin-stdlib"], versions.property("stdlib.version")?, "jar", "compile"),
            dependency(
                ["org.jetbrains.kotlinx", "kotlinx-coroutines-core-jvm"],
                versions.catalog("coroutines")?,
                "jar",
                "compile",
            ),
            dependency(["net.java.dev.jna", "jna"], versions.catalog("jna")?, "jar", "runtime"),
        ],
        home,
    };
    let papers = Papers::of_this_computer(&sources.root)?;
    let mut classes = module_jar("Jetbridge for the JVM", "dev.jetbridge");
    papers.add_to(&mut classes);
    classes.add_folder(&sources.built("bindings"), "", &|_| true)?;
    check_classes(&classes, "dev/jetbridge/CoreSession.class")?;
    classes.write(&artifact.file(repository, ".jar"))?;

    let mut code = jar("Jetbridge for the JVM, sources");
    code.add_folder(&sources.for_jvm, "", &|_| true)?;
    code.write(&artifact.file(repository, "-sources.jar"))?;
    documentation("Jetbridge for the JVM").write(&artifact.file(repository, "-javadoc.jar"))?;

    let mut native = module_jar("Jetbridge's library, a debug build for tests", "dev.jetbridge.library");
    papers.add_to(&mut native);
    write(&artifact.file(repository, BILL), &papers.bill)?;
    native.add(&format!("{}/{}", jna_folder(), bindings::library_name()), stripped(&sources.library)?);
    native.write(&artifact.file(repository, &format!("-{}.jar", classifier())))?;
    artifact.publish(repository)
}

/// Whose library it is. A debug build takes plain http on loopback, where the local stack is: for tests with it, as its name says.
pub(super) fn classifier() -> String {
    format!("{}-debug", jna_folder())
}

/// Where JNA looks in jars: its `Platform.RESOURCE_PREFIX`.
fn jna_folder() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    format!("{system}-{}", std::env::consts::ARCH.replace('_', "-"))
}

fn publish_android(
    sources: &Sources,
    versions: &Versions,
    home: String,
    repository: &Path,
) -> Result<Vec<PathBuf>, String> {
    let shipped = shipped_aar(&sources.root);
    let title = "Jetbridge";
    let artifact = Artifact {
        name: "jetbridge",
        version: android_version(&sources.root),
        packaging: "aar",
        title,
        description: "Sign in once with Okta, use AWS from Android.".to_owned(),
        // As jetbridge/build.gradle.kts has them: `api` is compile, `implementation` is runtime.
        dependencies: vec![
            dependency(
                ["org.jetbrains.kotlin", "kotlin-stdlib"],
                versions.property("stdlib.version")?,
                "jar",
                "compile",
            ),
            dependency(
                ["org.jetbrains.kotlinx", "kotlinx-coroutines-android"],
                versions.catalog("coroutines")?,
                "jar",
                "compile",
            ),
            // Of no type, as Gradle writes it, so that apps' Gradle reads the artifact's own metadata.
            dependency(["androidx.browser", "browser"], versions.catalog("browser")?, "jar", "runtime"),
            dependency(["net.java.dev.jna", "jna"], versions.catalog("jna")?, "aar", "runtime"),
        ],
        home,
    };
    let aar = artifact.file(repository, ".aar");
    if shipped.exists() {
        alignment::check_file(&shipped)?;
        copy(&shipped, &aar)?;
    } else {
        let mut classes = Entries::default();
        // The app makes the R classes, for its own numbers.
        let is_r = |name: &str| name == "R.class" || name.starts_with("R$");
        classes.add_folder(&sources.built("jetbridge"), "", &|name| !is_r(name))?;
        check_classes(&classes, "dev/jetbridge/JetbridgeSession.class")?;
        let entries = stand_in(&sources.root, &classes, &versions.min_sdk()?)?;
        let libraries: Vec<_> = entries.names().filter(|name| name.starts_with("jni/")).collect();
        say(&format!(
            "the AAR is a stand-in ({}): Gradle makes the one that is shipped; linked here, against empty stand-ins for \
             the system's libraries: {}",
            artifact.version,
            if libraries.is_empty() { "none".to_owned() } else { libraries.join(", ") }
        ));
        entries.write(&aar)?;
    }
    let papers = Papers::of(&sources.root, "aarch64-linux-android")?;
    let mut beside = Entries::default();
    papers.add_to(&mut beside);
    beside.append_to(&aar)?;
    write(&artifact.file(repository, BILL), &papers.bill)?;
    let mut code = jar(title);
    code.add_folder(&sources.for_android, "", &|_| true)?;
    code.add_folder(&sources.root.join("android/jetbridge/src/main/kotlin"), "", &|_| true)?;
    code.write(&artifact.file(repository, "-sources.jar"))?;
    documentation(title).write(&artifact.file(repository, "-javadoc.jar"))?;
    artifact.publish(repository)
}

/// What `cargo xtask android-bundle` keeps.
fn shipped_aar(root: &Path) -> PathBuf {
    target_directory(root).join("bundles/android/jetbridge-release.aar")
}

/// That of the crates, or one that nobody takes for it.
pub(super) fn android_version(root: &Path) -> String {
    if shipped_aar(root).exists() { VERSION.to_owned() } else { format!("{VERSION}{MARK_IN_VERSION}") }
}

/// What has to be in it, and what must not.
fn check_classes(classes: &Entries, needed: &str) -> Result<(), String> {
    if !classes.names().any(|name| name == needed) {
        return Err(format!("{needed} was not compiled"));
    }
    match classes.names().find(|name| name.contains("LocalStack.class")) {
        Some(name) => Err(format!("{name} is not to be shipped")),
        None => Ok(()),
    }
}

fn jar(title: &str) -> Entries {
    jar_with_manifest(title, "")
}

/// A module by a name of its own: without, the JVM takes the file's name, which would be the same for the library's jar
/// (java.lang.module.ModuleFinder, "Automatic modules").
fn module_jar(title: &str, name: &str) -> Entries {
    jar_with_manifest(title, &format!("Automatic-Module-Name: {name}\r\n"))
}

fn jar_with_manifest(title: &str, more: &str) -> Entries {
    let mut entries = Entries::default();
    let implementation = format!("Implementation-Title: {title}\r\nImplementation-Version: {VERSION}\r\n");
    entries.add(MANIFEST, format!("Manifest-Version: 1.0\r\n{implementation}{more}\r\n"));
    entries
}

/// Maven Central asks for one; Dokka's comes with Gradle alone.
fn documentation(title: &str) -> Entries {
    let mut entries = jar(title);
    entries.add(
        "index.html",
        format!(
            "<!doctype html><meta charset=\"utf-8\"><title>{title} {VERSION}</title>\n\
             <p>This build has no pages of its own. Each declaration is described in the sources jar; the guides are in \
             the folder docs of the repository.\n"
        ),
    );
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_builds() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let versions = Versions::read(root).unwrap();
        assert_eq!(versions.min_sdk().unwrap().trim(), "26");
        assert!(versions.catalog("jna").unwrap().starts_with(|first: char| first.is_ascii_digit()));
        assert!(versions.property("stdlib.version").is_ok() && versions.catalog("nothing").is_err());
    }
}
