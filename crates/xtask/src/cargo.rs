//! Cargo, as every chore starts it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// All that `cargo build` builds, and the examples. With these, cargo takes the features that dev-dependencies ask for, as
/// `cargo test` does; without, it would compile the AWS SDK and some fifty more a second time.
pub(crate) const WITH_FEATURES_OF_TESTS: [&str; 3] = ["--lib", "--bins", "--examples"];

/// The cargo that runs us, in the repository.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments);
    forget_package(&mut command);
    command
}

/// Takes away what `cargo run` says about this package. ring's build script watches these variables: with them, ring and
/// all that stands on it would be built again each time one changes between `cargo test` and `cargo xtask test`.
pub(crate) fn forget_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// Where everything is built for other systems than this one, so that the folders of the everyday build stay as they are, and nobody
/// waits there for the other.
pub(crate) fn other_systems(root: &Path) -> PathBuf {
    target_directory(root).join("other-systems")
}

/// How something is built.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner<'a> {
    /// Before the eyes of whoever waits for it.
    InFront,
    /// With the time that nobody else wants; what it says goes to this file's end.
    Beside(&'a Path),
}

impl Manner<'_> {
    /// Runs it; whether it succeeded.
    pub(crate) fn run(self, mut command: Command) -> bool {
        if let Self::Beside(log) = self {
            let Ok(log) = std::fs::File::options().create(true).append(true).open(log) else { return false };
            let Ok(same) = log.try_clone() else { return false };
            command = yielding(&command);
            command.stdin(Stdio::null()).stdout(log).stderr(same);
        }
        command.status().is_ok_and(|status| status.success())
    }
}

/// The same command, behind all others in their turns.
fn yielding(command: &Command) -> Command {
    let mut nice = Command::new("nice");
    nice.args(["-n", "19"]).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        nice.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => nice.env(name, value),
            None => nice.env_remove(name),
        };
    }
    nice
}
