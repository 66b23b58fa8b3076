//! The end of this process that is the beginning of another program. Where the system can do it, the program takes this
//! process's place (execve(2)): its number, terminal, signals and exit code are the command's own then, and nothing stands
//! between it and whoever waits for it. Windows has no such thing: there this process waits, and ends with the same code.

use std::io;
use std::process::{Command, ExitCode};

use crate::core_dumps;
use crate::environment;
use crate::exit::{Exit, Failure};
use crate::text::escape;

/// A program to become.
pub(crate) struct Program(Command);

impl Program {
    pub(crate) fn new(command: Command) -> Self {
        Self(command)
    }

    /// Comes back only when the program did not start, or, on Windows, has ended.
    pub(crate) fn take_over(mut self) -> Result<ExitCode, Failure> {
        environment::put_back_empty_variables(&mut self.0);
        let outcome = core_dumps::start_program(|| run(&mut self.0));
        outcome.map_err(|error| self.did_not_start(&error))
    }

    /// With the codes of a shell (POSIX.1-2024, XCU 2.8.2 "Exit status for commands").
    fn did_not_start(&self, error: &io::Error) -> Failure {
        let name = self.0.get_program().to_string_lossy();
        let name = escape(&name);
        if error.kind() == io::ErrorKind::NotFound {
            return Failure::new("command_not_found", Exit::CommandNotFound, format!("{name}: no such command"));
        }
        Failure::new("command_not_run", Exit::CommandNotRun, format!("{name} cannot be run: {error}"))
    }
}

#[cfg(unix)]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;

    Err(command.exec())
}

/// Ctrl-C goes to both, and this process goes on waiting: what it means is for the program to say.
#[cfg(windows)]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    // As long as somebody listens, it does not end this process (tokio 1.54 `signal/windows/sys.rs`, `handler`).
    let _heard = (tokio::signal::windows::ctrl_c()?, tokio::signal::windows::ctrl_break()?);
    let ended = command.status()?;
    // More than a byte, such as 0xC000013A after Ctrl-C.
    std::process::exit(ended.code().unwrap_or(1))
}
