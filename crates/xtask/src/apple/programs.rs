//! The programs of Xcode and rustup: those of the machine, or in tests those of a folder that stand in for them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Where programs are found, and what they find around them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Programs {
    /// Instead of the machine's own.
    pub(crate) folder: Option<PathBuf>,
    /// For every program, cargo among them.
    pub(crate) environment: Vec<(String, OsString)>,
}

impl Programs {
    pub(crate) fn command(&self, name: &str) -> Command {
        let program = self.folder.as_ref().map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
        self.surround(Command::new(program))
    }

    /// The same surroundings for a command that was put together elsewhere.
    pub(crate) fn surround(&self, mut command: Command) -> Command {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Runs to the end; the error says which program failed.
pub(crate) fn run(mut command: Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed ({status})")),
        Err(error) => Err(format!("{name} did not start: {error}")),
    }
}
