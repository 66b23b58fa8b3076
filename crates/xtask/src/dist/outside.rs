//! Where packages are used: an empty folder outside of the repository, and a local stack that a person signs in to.

use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::checks::ensure;
use crate::sign_in::{first_event, sign_in, text};

/// A folder with nothing around it, gone when dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("jetbridge-dist-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self(folder))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A local stack in a process of its own, gone when dropped.
#[derive(Debug)]
pub(super) struct Stack {
    process: Child,
    /// A program whose output nobody holds may end.
    _output: BufReader<ChildStdout>,
    config: PathBuf,
    login: String,
    password: String,
}

impl Stack {
    /// Started by this program, with its configuration in a folder below `folder`.
    pub(super) fn start(mut program: Command, folder: &Path) -> Result<Self, String> {
        let config = folder.join("config");
        let mut process = program
            .args(["local-stack", "--port", "0", "--json", "--write-config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the local stack did not start: {error}"))?;
        let ready = first_event(&mut process).and_then(|(ready, output)| {
            let user = &ready["users"][0];
            Ok((text(user, "login")?, text(user, "password")?, output))
        });
        match ready {
            Ok((login, password, _output)) => Ok(Self { process, _output, config, login, password }),
            Err(problem) => {
                let _ = process.kill();
                let _ = process.wait();
                Err(format!("the local stack: {problem}"))
            }
        }
    }

    pub(super) fn config(&self) -> &Path {
        &self.config
    }

    /// Signs in at `url` and writes where the browser ends to the program that waits for it.
    pub(super) fn answer(&self, program: &mut Child, url: &str) -> Result<(), String> {
        let redirect = sign_in(url, &self.login, &self.password)?;
        let mut stdin = program.stdin.take().ok_or("the program does not listen")?;
        writeln!(stdin, "{redirect}").map_err(|error| format!("the program went away: {error}"))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The demo's bucket: folders, names that are awkward, and more than a handful.
pub(super) fn check_keys(keys: &[String]) -> Result<(), String> {
    let is_there = |key: &str| keys.iter().any(|found| found == key);
    ensure(keys.len() == 36 && is_there("Awkward.txt") && is_there("awkward/100% sure.txt"), || {
        format!("{} objects were listed: {}", keys.len(), keys.join(", "))
    })
}
