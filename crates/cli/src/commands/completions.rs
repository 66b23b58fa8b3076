//! `jetbridge completions SHELL`

use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs};
use crate::exit::CliError;
use crate::output::Output;

pub(super) fn run(args: &CompletionsArgs, output: &mut Output) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "jetbridge", &mut script);
    output.line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(())
}
