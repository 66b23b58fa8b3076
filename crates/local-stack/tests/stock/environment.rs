//! AWS's own Python clients, installed once, pinned, into the target folder. Included by the tests of the stack and of
//! the command line, which take turns when they run at once.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The folder of the programs of a virtual environment that has the pinned clients.
fn install_clients() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let environment = target.join("stock-clients");
    let installed = environment.join("requirements.txt");
    // Held until the end of this function: tests of several processes may come at once.
    let lock = File::create(target.join("stock-clients.lock")).unwrap();
    lock.lock().unwrap();
    // Not if the Python that it was made with has gone since, or the folder was moved.
    let is_installed = std::fs::read_to_string(&installed).ok().as_deref() == Some(REQUIREMENTS)
        && Command::new(environment.join("bin/python")).args(["-c", ""]).status().is_ok_and(|status| status.success());
    if !is_installed {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        let wanted = environment.join("wanted.txt");
        std::fs::write(&wanted, REQUIREMENTS).unwrap();
        let install = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
        run(Command::new(environment.join("bin/pip")).args(install).arg(&wanted));
        std::fs::rename(wanted, installed).unwrap();
    }
    environment.join("bin")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A program of the environment that sees neither this machine's AWS settings nor its proxies.
pub(crate) fn stock_command(program: &str) -> Command {
    let bin = install_clients();
    let mut command = Command::new(bin.join(program));
    command
        .env_clear()
        .env("PATH", &bin)
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("LANG", "C.UTF-8")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
