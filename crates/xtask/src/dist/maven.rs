//! A Maven repository as a folder, with what Kotlin gets of the library: `dev.jetbridge:jetbridge` for Android apps, and
//! `dev.jetbridge:jetbridge-jvm` for computers.
//!
//! Gradle, the NDK and Android's SDK make the AAR that is shipped (`cargo xtask android-bundle`), and that one is taken if it
//! is there. Without them it is laid out here, of what Maven compiles from the same sources: a stand-in, whose version and
//! manifest say so, because no library in it was linked against Android's own.
//!
//! Sources: developer.android.com/studio/projects/android-library, "Anatomy of an AAR file"; JNA's `NativeLibrary`, "Library
//! Search Paths", for where a jar has a native library.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::{Entries, MANIFEST};
use super::repository::{Artifact, Dependency};
use super::{VERSION, failed, home, start_stack, stripped, work};
use crate::bindings::{self, Wishes};
use crate::cargo::{forget_package, target_directory};
use crate::exports;
use crate::programs::run;
use crate::report::{Counts, Outcome, say};

/// Android's names of the processors, and Rust's.
const ABIS: [(&str, &str); 4] = [
    ("arm64-v8a", "aarch64-linux-android"),
    ("armeabi-v7a", "armv7-linux-androideabi"),
    ("x86", "i686-linux-android"),
    ("x86_64", "x86_64-linux-android"),
];

const ANDROID_LIBRARY: &str = "libjetbridge_ffi.so";

/// What Maven compiles here goes beside what the tests compile, which has the local stack in it.
const BUILD_FOLDER: &str = "build/dist";

pub(super) fn build(root: &Path, out: &Path) -> Result<Vec<PathBuf>, String> {
    let repository = out.join("maven");
    if repository.exists() {
        std::fs::remove_dir_all(&repository).map_err(|error| format!("{}: {error}", repository.display()))?;
    }
    let sources = Sources::generate(root)?;
    sources.compile()?;
    let home = home(root);
    if home.is_none() {
        say("Cargo.toml names no `repository`: the POMs have no url and no scm, and Maven Central takes none without");
    }
    let versions = Versions::read(root)?;
    let mut files = publish_jvm(&sources, &versions, home.clone(), &repository)?;
    files.extend(publish_android(&sources, &versions, home, &repository)?);
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
            let folder = android.join(module).join(BUILD_FOLDER);
            if folder.exists() {
                std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            }
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
struct Versions {
    catalog: String,
    pom: String,
    script: String,
}

impl Versions {
    fn read(root: &Path) -> Result<Self, String> {
        let read = |name: &str| {
            std::fs::read_to_string(root.join("android").join(name)).map_err(|error| format!("android/{name}: {error}"))
        };
        Ok(Self { catalog: read("gradle/libs.versions.toml")?, pom: read("pom.xml")?, script: read("build.gradle.kts")? })
    }

    fn catalog(&self, name: &str) -> Result<String, String> {
        between(&self.catalog, &format!("\n{name} = \""), "\"")
    }

    fn property(&self, name: &str) -> Result<String, String> {
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
    home: Option<String>,
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
    let mut classes = jar("Jetbridge for the JVM");
    classes.add_folder(&sources.built("bindings"), "", &|_| true)?;
    check_classes(&classes, "dev/jetbridge/CoreSession.class")?;
    classes.write(&artifact.file(repository, ".jar"))?;

    let mut code = jar("Jetbridge for the JVM, sources");
    code.add_folder(&sources.for_jvm, "", &|_| true)?;
    code.write(&artifact.file(repository, "-sources.jar"))?;
    documentation("Jetbridge for the JVM").write(&artifact.file(repository, "-javadoc.jar"))?;

    let mut native = jar("Jetbridge's library, a debug build for tests");
    native.add(&format!("{}/{}", jna_folder(), bindings::library_name()), stripped(&sources.library)?);
    native.write(&artifact.file(repository, &format!("-{}.jar", classifier())))?;
    artifact.publish(repository)
}

/// Whose library it is. A debug build takes plain http on loopback, where the local stack is: for tests, and never shipped.
fn classifier() -> String {
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
    home: Option<String>,
    repository: &Path,
) -> Result<Vec<PathBuf>, String> {
    // What `cargo xtask android-bundle` keeps.
    let shipped = target_directory(&sources.root).join("bundles/android/jetbridge-release.aar");
    let is_real = shipped.exists();
    let title = "Jetbridge";
    let artifact = Artifact {
        name: "jetbridge",
        version: if is_real { VERSION.to_owned() } else { format!("{VERSION}-stand-in") },
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
            dependency(["androidx.browser", "browser"], versions.catalog("browser")?, "aar", "runtime"),
            dependency(["net.java.dev.jna", "jna"], versions.catalog("jna")?, "aar", "runtime"),
        ],
        home,
    };
    let aar = artifact.file(repository, ".aar");
    if is_real {
        crate::alignment::check_file(&shipped)?;
        std::fs::create_dir_all(aar.parent().unwrap_or(&aar))
            .and_then(|()| std::fs::copy(&shipped, &aar))
            .map_err(|error| format!("{}: {error}", aar.display()))?;
    } else {
        let entries = stand_in(sources, versions)?;
        let libraries: Vec<_> = entries.names().filter(|name| name.starts_with("jni/")).collect();
        say(&format!(
            "the AAR is a stand-in ({}): Gradle makes the one that is shipped; linked here, against empty stand-ins for \
             the system's libraries: {}",
            artifact.version,
            if libraries.is_empty() { "none".to_owned() } else { libraries.join(", ") }
        ));
        entries.write(&aar)?;
    }
    let mut code = jar(title);
    code.add_folder(&sources.for_android, "", &|_| true)?;
    code.add_folder(&sources.root.join("android/jetbridge/src/main/kotlin"), "", &|_| true)?;
    code.write(&artifact.file(repository, "-sources.jar"))?;
    documentation(title).write(&artifact.file(repository, "-javadoc.jar"))?;
    artifact.publish(repository)
}

/// The AAR's parts as Gradle would put them together.
fn stand_in(sources: &Sources, versions: &Versions) -> Result<Entries, String> {
    let module = sources.root.join("android/jetbridge");
    let read = |name: &str| {
        let file = module.join(name);
        std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let mut classes = Entries::default();
    // The app makes the R classes, for its own numbers.
    let is_r = |name: &str| name == "R.class" || name.starts_with("R$");
    classes.add_folder(&sources.built("jetbridge"), "", &|name| !is_r(name))?;
    check_classes(&classes, "dev/jetbridge/JetbridgeSession.class")?;

    let mut aar = Entries::default();
    aar.add("classes.jar", classes.to_bytes()?);
    aar.add("AndroidManifest.xml", manifest(&read("src/main/AndroidManifest.xml")?, &versions.min_sdk()?)?);
    aar.add("proguard.txt", read("consumer-rules.pro")?);
    aar.add("R.txt", symbols(&[read("src/main/res/values/strings.xml")?, read("src/main/res/values/styles.xml")?])?);
    aar.add_folder(&module.join("src/main/res"), "res/", &|_| true)?;
    // As the Android plugin writes it where a library asks for nothing.
    aar.add(
        "META-INF/com/android/build/gradle/aar-metadata.properties",
        "aarFormatVersion=1.0\naarMetadataVersion=1.0\nminCompileSdk=1\nminCompileSdkExtension=0\n\
         minAndroidGradlePluginVersion=1.0.0\ncoreLibraryDesugaringEnabled=false\n",
    );
    // What `cargo xtask android-size` has linked.
    for (abi, target) in ABIS {
        let library = target_directory(&sources.root).join("mobile").join(target).join("mobile").join(ANDROID_LIBRARY);
        if library.exists() {
            crate::alignment::check_file(&library)?;
            let bytes = std::fs::read(&library).map_err(|error| format!("{}: {error}", library.display()))?;
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
    let replaced = source
        .replacen("<manifest ", "<manifest package=\"dev.jetbridge\" ", 1)
        .replacen(
            "<application>",
            &format!(
                "<uses-sdk android:minSdkVersion=\"{min_sdk}\" />\n\n    <application>\n        <meta-data \
                 android:name=\"dev.jetbridge.stand-in\" android:value=\"true\" />\n"
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
    let mut entries = Entries::default();
    entries.add(
        MANIFEST,
        format!("Manifest-Version: 1.0\r\nImplementation-Title: {title}\r\nImplementation-Version: {VERSION}\r\n\r\n"),
    );
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

/// A Kotlin project that Maven builds from the repository made here, in a local repository of its own. That one begins with
/// what this computer has from Maven Central, so that nothing is fetched twice, and with nothing of ours.
pub(super) fn consume(root: &Path, out: &Path) -> Outcome {
    let folder = work(root, "maven-consumer");
    if let Err(problem) = prepare(root, &folder) {
        return failed(&problem);
    }
    let stack = match start_stack(root, &folder) {
        Ok(stack) => stack,
        Err(problem) => return failed(&problem),
    };
    let outcome = test_consumer(root, out, &folder);
    drop(stack);
    match outcome {
        Ok(counts) => Outcome::Ran(counts),
        Err(problem) => failed(&problem),
    }
}

fn prepare(root: &Path, folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(failed)?;
    }
    std::fs::create_dir_all(folder.join("repository")).map_err(failed)?;
    copy_project(&root.join("android/consumer"), &folder.join("project")).map_err(failed)?;
    let Some(home) = std::env::var_os("HOME") else { return Ok(()) };
    let known = Path::new(&home).join(".m2/repository");
    if known.exists() { seed(&known, &folder.join("repository"), Path::new("")).map_err(failed) } else { Ok(()) }
}

fn copy_project(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let beside = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_project(&entry.path(), &beside)?;
        } else {
            std::fs::copy(entry.path(), beside)?;
        }
    }
    Ok(())
}

/// The same files under a second name, or copies of them. What Maven notes about them would be changed in both, and stays
/// out, and so does everything of ours, however it got there.
fn seed(from: &Path, to: &Path, below: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if path != Path::new("dev/jetbridge") {
                std::fs::create_dir_all(to.join(&path))?;
                seed(from, to, &path)?;
            }
        } else if is_artifact(&path) {
            let (file, copy) = (entry.path(), to.join(&path));
            std::fs::hard_link(&file, &copy).or_else(|_| std::fs::copy(&file, &copy).map(drop))?;
        }
    }
    Ok(())
}

fn is_artifact(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !(name.starts_with('_') || name.starts_with("maven-metadata") || name.ends_with(".lastUpdated"))
        && name != "resolver-status.properties"
}

fn test_consumer(root: &Path, out: &Path, folder: &Path) -> Result<Counts, String> {
    let versions = Versions::read(root)?;
    let browser = std::env::current_exe().map_err(|error| error.to_string())?;
    let address = format!("file://{}", out.join("maven").display());
    let project = folder.join("project");
    let maven = |offline: bool| {
        let mut maven = Command::new("mvn");
        maven.arg("-B").args(offline.then_some("--offline"));
        // Offline, Maven takes no repository at all, ours in a folder neither, unless it is told (Maven Resolver,
        // "Configuration Options": aether.offline.protocols).
        maven.arg("-Daether.offline.protocols=file");
        maven.arg(format!("-Dmaven.repo.local={}", folder.join("repository").display()));
        maven.arg(format!("-Djetbridge.repository={address}"));
        maven.arg(format!("-Djetbridge.version={VERSION}"));
        maven.arg(format!("-Djetbridge.native={}", classifier()));
        for name in ["kotlin.version", "junit.version"] {
            maven.arg(format!("-D{name}={}", versions.property(name)?));
        }
        maven.arg("test").current_dir(&project);
        maven.env("JETBRIDGE_BROWSER", &browser).env("JETBRIDGE_CONFIG", folder.join("config"));
        forget_package(&mut maven);
        let output = maven.output().map_err(|error| format!("mvn did not start: {error}"))?;
        Ok::<_, String>((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
    };
    let (mut succeeded, mut text) = maven(true)?;
    if !succeeded && text.contains("offline") {
        say("Maven does not have all that the consumer needs, and fetches it from Maven Central");
        (succeeded, text) = maven(false)?;
    }
    let counts = text.lines().filter_map(surefire_counts).next_back();
    match counts {
        Some(counts) if succeeded == (counts.failed == 0) && counts.passed + counts.failed > 0 => {
            if counts.failed > 0 {
                say(&text);
            }
            say(&format!("a Kotlin project, built by Maven from {address}: {} tests passed", counts.passed));
            Ok(counts)
        }
        _ => {
            say(&text);
            Err("the consumer of the Maven repository does not build".to_owned())
        }
    }
}

/// Surefire's sum: `Tests run: 3, Failures: 0, Errors: 0, Skipped: 0`. The lines of single classes go on with their time.
fn surefire_counts(line: &str) -> Option<Counts> {
    let numbers = line.split_once("Tests run: ")?.1;
    let numbers: Vec<u64> = numbers
        .split(", ")
        .map(|field| field.rsplit(' ').next().unwrap_or(field).parse().ok())
        .collect::<Option<_>>()?;
    let [run, failures, errors, skipped] = numbers[..] else { return None };
    let failed = failures + errors;
    Some(Counts { passed: run.checked_sub(failed + skipped)?, failed, skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_says_that_it_is_a_stand_in() {
        let source = include_str!("../../../../android/jetbridge/src/main/AndroidManifest.xml");
        let marked = manifest(source, "26").unwrap();
        assert!(marked.contains("dev.jetbridge.stand-in") && marked.contains("minSdkVersion=\"26\""));
        assert!(manifest("<manifest xmlns:android=\"x\" />", "26").is_err());
    }

    #[test]
    fn resources_have_the_names_that_code_calls_them_by() {
        let styles = include_str!("../../../../android/jetbridge/src/main/res/values/styles.xml").to_owned();
        let table = symbols(&[styles, "<resources><string name=\"a\">x</string></resources>".to_owned()]).unwrap();
        assert_eq!(table, "int string a 0x0\nint style Jetbridge_SeeThrough 0x0\n");
        assert!(symbols(&["<resources><attr name=\"a\"/></resources>".to_owned()]).is_err());
    }

    #[test]
    fn versions_are_those_of_the_builds() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let versions = Versions::read(root).unwrap();
        assert_eq!(versions.min_sdk().unwrap().trim(), "26");
        assert!(versions.catalog("jna").unwrap().starts_with(|first: char| first.is_ascii_digit()));
        assert!(versions.property("stdlib.version").is_ok() && versions.catalog("nothing").is_err());
    }

    #[test]
    fn nothing_of_ours_and_no_note_is_taken_from_another_repository() {
        let folder = std::env::temp_dir().join(format!("jetbridge-seed-{}", std::process::id()));
        let files = ["org/a/1/a-1.jar", "org/a/1/_remote.repositories", "dev/jetbridge/b/1/b-1.jar", "dev/other/c.pom"];
        for file in files {
            let path = folder.join("from").join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        let to = folder.join("to");
        std::fs::create_dir_all(&to).unwrap();
        seed(&folder.join("from"), &to, Path::new("")).unwrap();
        assert_eq!(files.map(|file| to.join(file).exists()), [true, false, false, true]);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_tests_of_a_run_are_its_last_sum() {
        let counted = |passed, failed, skipped| Some(Counts { passed, failed, skipped });
        assert_eq!(surefire_counts("[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0"), counted(3, 0, 0));
        assert_eq!(surefire_counts("[ERROR] Tests run: 4, Failures: 1, Errors: 1, Skipped: 1"), counted(1, 2, 1));
        assert_eq!(surefire_counts("[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s"), None);
        assert_eq!(surefire_counts("[INFO] BUILD SUCCESS"), None);
    }
}
