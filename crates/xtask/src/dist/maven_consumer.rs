//! A Kotlin project of somebody else's, built by Maven from the repository that was made, offline, in a local repository of its
//! own. That one begins with what this computer has from Maven Central, so that nothing is fetched twice, and with nothing of ours.

use std::path::Path;
use std::process::Command;

use super::aar::check_aar;
use super::facts::VERSION;
use super::maven::{Versions, android_version, classifier};
use super::outside::Stack;
use super::repository::GROUP;
use super::work::work;
use crate::cargo::forget_package;
use crate::devices::built;
use crate::files::{copy_folder, remove_folder};
use crate::report::{Counts, Outcome, say};

pub(super) fn consume(root: &Path, out: &Path) -> Outcome {
    let folder = work(root, "maven-consumer");
    if let Err(problem) = prepare(root, &folder) {
        return Outcome::failed(&problem);
    }
    let stack = match Stack::start(Command::new(built(root)), &folder) {
        Ok(stack) => stack,
        Err(problem) => return Outcome::failed(&problem),
    };
    let outcome = test_consumer(root, out, &folder);
    drop(stack);
    match outcome {
        Ok(counts) => Outcome::Ran(counts),
        Err(problem) => Outcome::failed(&problem),
    }
}

fn prepare(root: &Path, folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    remove_folder(folder)?;
    let repository = folder.join("repository");
    std::fs::create_dir_all(&repository).map_err(failed)?;
    copy_folder(&root.join("android/consumer"), &folder.join("project"))?;
    // Maven's own place for it (maven.apache.org/settings.html, `localRepository`).
    let known = std::env::home_dir().unwrap_or_default().join(".m2/repository");
    if known.exists() { seed(&known, &repository, Path::new("")).map_err(failed) } else { Ok(()) }
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
    let (address, android) = (format!("file://{}", out.join("maven").display()), android_version(root));
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
        // No JVM runs an AAR, but Maven finds it by the coordinate that apps have.
        maven.arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy");
        maven.arg(format!("-Dartifact={GROUP}:jetbridge:{android}:aar"));
        maven.arg(format!("-DoutputDirectory={}", folder.join("aar").display()));
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
    let Some(mut counts) = counts.filter(|counts| succeeded && counts.failed == 0 && counts.passed > 0) else {
        say(&text);
        return Err("the consumer of the Maven repository does not build, or a test of it failed".to_owned());
    };
    say(&format!("ok: a Kotlin project, built by Maven from {address}: {} tests passed", counts.passed));
    check_aar(&folder.join("aar").join(format!("jetbridge-{android}.aar")), &android)?;
    say(&format!("ok: {GROUP}:jetbridge:{android} resolves, and has what an app's build looks for"));
    counts.passed += 1;
    Ok(counts)
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
