//! What is measured on: a release of the program, a local stack in a process of its own, a session signed in to it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::cargo::{cargo, target_directory};
use crate::report::say;
use crate::sign_in::{first_event, sign_in, text};

/// A local stack in a process of its own, and a session signed in to it. Gone when dropped.
pub(super) struct Bench {
    pub(super) program: PathBuf,
    /// Where everything is kept until the end.
    pub(super) folder: PathBuf,
    stack: Child,
    /// The address of S3.
    pub(super) s3: String,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.stack.kill();
        let _ = self.stack.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Bench {
    pub(super) fn start(root: &Path) -> Result<Self, String> {
        let program = program(root);
        let folder = target_directory(root).join(format!("bench-{}", std::process::id()));
        let mut stack = Command::new(&program)
            .args(["local-stack", "--port", "0", "--json", "--write-config"])
            .arg(folder.join("config"))
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the local stack did not start: {error}"))?;
        let ready = first_event(&mut stack);
        let mut bench = Self { program, folder, stack, s3: String::new() };
        let (ready, _output) = ready?;
        bench.s3 = text(&ready, "s3")?;
        bench.sign_in(&text(&ready["users"][0], "login")?, &text(&ready["users"][0], "password")?)?;
        Ok(bench)
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("JETBRIDGE_CONFIG", self.folder.join("config"))
            .env("JETBRIDGE_STORE", format!("file:{}", self.folder.join("store").display()))
            .env_remove("SSL_CERT_FILE");
        command
    }

    /// Seconds of a processor that the stack has taken so far; zero where the system does not tell.
    pub(super) fn cpu_of_stack(&self) -> Duration {
        // proc_pid_stat(5): utime and stime are the fields 14 and 15, in ticks, of which Linux has a hundred a second for
        // programs. The name before them may have spaces, and ends with the last parenthesis.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.stack.id())).unwrap_or_default();
        let rest = stat.rsplit(')').next().unwrap_or_default();
        let ticks = rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    fn sign_in(&self, login: &str, password: &str) -> Result<(), String> {
        let mut running = self
            .command(&["login", "--no-browser", "--json", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("login did not start: {error}"))?;
        let (event, _output) = first_event(&mut running)?;
        let url = text(&event, "url")?;
        let redirect = sign_in(&url, login, password)?;
        if let Some(mut stdin) = running.stdin.take() {
            writeln!(stdin, "{redirect}").map_err(|error| format!("login went away: {error}"))?;
        }
        let ended = running.wait().map_err(|error| error.to_string())?;
        if ended.success() { Ok(()) } else { Err(format!("login failed: {ended}")) }
    }
}

/// What is measured.
pub(super) fn program(root: &Path) -> PathBuf {
    target_directory(root).join("release").join(format!("jetbridge{}", std::env::consts::EXE_SUFFIX))
}

/// Builds what is measured.
pub(super) fn build(root: &Path) -> Result<(), String> {
    say("building a release of jetbridge …");
    succeed(&mut cargo(root, &["build", "--release", "--locked", "--package", "jetbridge-cli"]))
}

pub(super) fn succeed(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} ended with {status}", command.get_program().display())),
        Err(error) => Err(format!("{} did not start: {error}", command.get_program().display())),
    }
}
