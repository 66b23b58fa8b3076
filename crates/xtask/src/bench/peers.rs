//! The other clients: what engineers would use instead, installed once, in fixed versions, below the target folder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::cargo::target_directory;
use crate::files;
use crate::report::say;

/// Whose versions are told.
const OF_NODE: [&str; 3] = ["openid-client", "@aws-sdk/client-cognito-identity", "@aws-sdk/client-s3"];
const OF_PYTHON: [&str; 2] = ["boto3", "awscli"];

/// Where they are.
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
    /// Which of Node.js and Python is missing, or what they say.
    pub(super) fn install(root: &Path) -> Result<Self, String> {
        let sources = root.join("crates/xtask/src/bench/peers");
        let (node, of_node) = install_node(root, &sources.join("node"))?;
        let (python, of_python) = install_python(root)?;
        let node_version = first_line(Command::new("node").arg("--version"), NO_NODE)?;
        let versions = format!("{of_node} on Node.js {}, {of_python}", node_version.trim_start_matches('v'));
        Ok(Self { node, python, boto3: sources.join("python/client.py"), versions })
    }
}

const NO_NODE: &str =
    "Node.js 20 or newer is needed for the clients to compare with (Debian: apt-get install nodejs npm)";
const NO_PYTHON: &str =
    "Python 3.9 or newer with venv is needed for the clients to compare with (Debian: apt-get install python3-venv)";

fn install_node(root: &Path, sources: &Path) -> Result<(PathBuf, String), String> {
    let folder = target_directory(root).join("tmp/bench-peers");
    let lock = files::read(&sources.join("package-lock.json"))?;
    let installed = folder.join("installed.json");
    for file in ["package.json", "package-lock.json", "client.mjs"] {
        files::copy(&sources.join(file), &folder.join(file))?;
    }
    if std::fs::read(&installed).ok().as_ref() != Some(&lock) {
        say("installing openid-client and the AWS SDK for JavaScript …");
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let mut install = Command::new(npm);
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder);
        run(&mut install, NO_NODE)?;
        files::write(&installed, &lock)?;
    }
    let lock: Value = serde_json::from_slice(&lock).map_err(|error| format!("package-lock.json: {error}"))?;
    let version = |name: &&str| {
        let version = lock["packages"][format!("node_modules/{name}")]["version"].as_str();
        format!("{name} {}", version.unwrap_or("?"))
    };
    Ok((folder.join("client.mjs"), OF_NODE.iter().map(version).collect::<Vec<_>>().join(", ")))
}

/// As `crates/local-stack/tests/stock/environment.rs` does it, in the same place: either finds what the other installed.
fn install_python(root: &Path) -> Result<(PathBuf, String), String> {
    let requirements = files::read(&root.join("crates/local-stack/tests/stock/requirements.txt"))?;
    let target = target_directory(root).join("tmp");
    let environment = target.join("stock-clients");
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let installed = environment.join("requirements.txt");
    let failed = |error: std::io::Error| format!("{}: {error}", target.display());
    std::fs::create_dir_all(&target).map_err(failed)?;
    let lock = File::create(target.join("stock-clients.lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if std::fs::read(&installed).ok().as_ref() != Some(&requirements) {
        say("installing boto3 and the AWS CLI …");
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment), NO_PYTHON)?;
        let wanted = environment.join("wanted.txt");
        files::write(&wanted, &requirements)?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
        run(Command::new(&python).args(install).arg(&wanted), NO_PYTHON)?;
        std::fs::rename(wanted, &installed).map_err(failed)?;
    }
    let requirements = String::from_utf8_lossy(&requirements);
    let version = |name: &&str| {
        let version = requirements.lines().find_map(|line| line.strip_prefix(&format!("{name}==")));
        format!("{name} {}", version.unwrap_or("?"))
    };
    Ok((python, OF_PYTHON.iter().map(version).collect::<Vec<_>>().join(", ")))
}

fn run(command: &mut Command, missing: &str) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("{name}: {error}. {missing}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} ended with {status}. {missing}")) }
}

fn first_line(command: &mut Command, missing: &str) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{error}. {missing}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}
