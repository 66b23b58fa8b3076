//! The other clients: what engineers would use instead, installed once, in fixed versions, below the target folder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::delay;
use super::needs::{self, NODE, NPM};
use crate::cargo::target_directory;
use crate::files;
use crate::report::say;

/// Whose versions are told.
const OF_NODE: [&str; 3] = ["openid-client", "@aws-sdk/client-cognito-identity", "@aws-sdk/client-s3"];
const OF_PYTHON: [&str; 2] = ["boto3", "awscli"];

/// Where they are.
#[derive(Default)]
pub(super) struct Peers {
    /// The script of Node.js, beside its packages.
    pub(super) node: PathBuf,
    /// Python with boto3 and the AWS CLI: what the tests of the local stack made, or will find.
    pub(super) python: PathBuf,
    /// The script for it.
    pub(super) boto3: PathBuf,
    /// What is compared with, for whoever reads the figures.
    pub(super) versions: String,
}

impl Peers {
    /// # Errors
    /// All that this machine lacks, before anything is installed; or that a registry could not be reached.
    pub(super) fn install(root: &Path) -> Result<Self, String> {
        let (packages, environment) = (Packages::find(root)?, Environment::find(root)?);
        let node_version = NODE.check();
        let checks = [node_version.clone().map(drop), packages.check(), environment.check(), delay::check()];
        needs::all(checks)?;
        packages.install()?;
        environment.install()?;
        let (of_node, of_python) = (packages.versions()?, environment.versions());
        Ok(Self {
            node: packages.folder.join("client.mjs"),
            python: environment.python(),
            boto3: sources(root).join("python/client.py"),
            versions: format!("{of_node} on Node.js {}, {of_python}", node_version?),
        })
    }
}

/// Of Python's clients alone.
///
/// # Errors
/// As for [`Peers::install`].
pub(super) fn install_python(root: &Path) -> Result<PathBuf, String> {
    let environment = Environment::find(root)?;
    needs::all([environment.check(), delay::check()])?;
    environment.install()?;
    Ok(environment.python())
}

fn sources(root: &Path) -> PathBuf {
    root.join("crates/xtask/src/bench/peers")
}

/// Those of Node.js.
struct Packages {
    sources: PathBuf,
    folder: PathBuf,
    lock: Vec<u8>,
}

impl Packages {
    fn find(root: &Path) -> Result<Self, String> {
        let sources = sources(root).join("node");
        let lock = files::read(&sources.join("package-lock.json"))?;
        Ok(Self { sources, folder: target_directory(root).join("tmp/bench-peers"), lock })
    }

    fn installed(&self) -> PathBuf {
        self.folder.join("installed.json")
    }

    fn is_installed(&self) -> bool {
        std::fs::read(self.installed()).is_ok_and(|lock| lock == self.lock)
    }

    /// What it takes to install them, if they are not.
    fn check(&self) -> Result<(), String> {
        if self.is_installed() { Ok(()) } else { NPM.check().map(drop) }
    }

    fn install(&self) -> Result<(), String> {
        for file in ["package.json", "package-lock.json", "client.mjs"] {
            files::copy(&self.sources.join(file), &self.folder.join(file))?;
        }
        if self.is_installed() {
            return Ok(());
        }
        say("installing openid-client and the AWS SDK for JavaScript …");
        let mut install = NPM.command();
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]);
        // Who is not reached is not waited for longer than a minute.
        install.args(["--fetch-retry-maxtimeout", "10000"]).current_dir(&self.folder);
        run(&mut install).map_err(|problem| {
            format!(
                "{problem}, see above. openid-client and the AWS SDK for JavaScript come from the npm registry, which has to be \
                 reached once (another one: npm config set registry URL; a proxy: HTTPS_PROXY)"
            )
        })?;
        files::write(&self.installed(), &self.lock)
    }

    fn versions(&self) -> Result<String, String> {
        let lock: Value = serde_json::from_slice(&self.lock).map_err(|error| format!("package-lock.json: {error}"))?;
        let version = |name: &&str| {
            let version = lock["packages"][format!("node_modules/{name}")]["version"].as_str();
            format!("{name} {}", version.unwrap_or("?"))
        };
        Ok(OF_NODE.iter().map(version).collect::<Vec<_>>().join(", "))
    }
}

/// Those of Python. As `crates/local-stack/tests/stock/environment.rs` does it, in the same place: either finds what the other
/// installed.
struct Environment {
    target: PathBuf,
    requirements: Vec<u8>,
}

impl Environment {
    fn find(root: &Path) -> Result<Self, String> {
        let requirements = files::read(&root.join("crates/local-stack/tests/stock/requirements.txt"))?;
        Ok(Self { target: target_directory(root).join("tmp"), requirements })
    }

    fn folder(&self) -> PathBuf {
        self.target.join("stock-clients")
    }

    fn python(&self) -> PathBuf {
        self.folder().join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
    }

    /// Not if the Python that it was made with has gone since.
    fn is_installed(&self) -> bool {
        let is_same = |installed: Vec<u8>| installed == self.requirements;
        std::fs::read(self.folder().join("requirements.txt")).is_ok_and(is_same)
            && Command::new(self.python()).args(["-c", ""]).status().is_ok_and(|status| status.success())
    }

    /// What it takes to install them, if they are not.
    fn check(&self) -> Result<(), String> {
        if self.is_installed() { Ok(()) } else { needs::check_python() }
    }

    fn install(&self) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.target.display());
        std::fs::create_dir_all(&self.target).map_err(failed)?;
        let lock = File::create(self.target.join("stock-clients.lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        if self.is_installed() {
            return Ok(());
        }
        say("installing boto3 and the AWS CLI …");
        run(needs::PYTHON.command().args(["-m", "venv", "--clear"]).arg(self.folder()))?;
        let wanted = self.folder().join("wanted.txt");
        files::write(&wanted, &self.requirements)?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
        run(Command::new(self.python()).args(install).arg(&wanted)).map_err(|problem| {
            format!(
                "pip: {problem}, see above. boto3 and the AWS CLI come from PyPI, which has to be reached once (another index: \
                 PIP_INDEX_URL; a proxy: HTTPS_PROXY)"
            )
        })?;
        std::fs::rename(wanted, self.folder().join("requirements.txt")).map_err(failed)
    }

    fn versions(&self) -> String {
        let requirements = String::from_utf8_lossy(&self.requirements);
        let version = |name: &&str| {
            let version = requirements.lines().find_map(|line| line.strip_prefix(&format!("{name}==")));
            format!("{name} {}", version.unwrap_or("?"))
        };
        OF_PYTHON.iter().map(version).collect::<Vec<_>>().join(", ")
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("{name} did not start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} ended with {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_that_are_told_are_pinned() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let told = [Packages::find(&root).unwrap().versions().unwrap(), Environment::find(&root).unwrap().versions()];
        for (told, names) in told.iter().zip([&OF_NODE[..], &OF_PYTHON]) {
            assert!(names.iter().all(|name| told.contains(name)), "{told}");
            assert!(!told.contains('?'), "{told}");
        }
    }

    #[test]
    fn who_comes_from_elsewhere_is_not_taken_for_installed() {
        let folder = std::env::temp_dir().join(format!("bench-peers-{}", std::process::id()));
        let packages = Packages { sources: folder.clone(), folder: folder.clone(), lock: b"new".to_vec() };
        assert!(!packages.is_installed());
        files::write(&packages.installed(), b"old").unwrap();
        assert!(!packages.is_installed());
        files::write(&packages.installed(), b"new").unwrap();
        assert!(packages.is_installed());
        let environment = Environment { target: folder.clone(), requirements: b"new".to_vec() };
        files::write(&environment.folder().join("requirements.txt"), b"new").unwrap();
        assert!(!environment.is_installed(), "its Python has gone");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
