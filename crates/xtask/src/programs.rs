//! The programs that chores call, those of Xcode and of the Android SDK among them: the machine's own, or in tests those of a
//! folder that stand in for them.

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

/// Runs to the end and gives what it wrote. The error has the program's own words.
pub(crate) fn read(mut command: Command) -> Result<Vec<u8>, String> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{name} did not start: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = if words.trim().is_empty() { String::from_utf8_lossy(&output.stdout) } else { words };
    Err(format!("{name} failed ({}): {}", output.status, words.trim()))
}
