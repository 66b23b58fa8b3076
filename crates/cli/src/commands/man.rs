//! `jetbridge man --out DIR`: the help as manual pages, `jetbridge.1` and one for each command. Packages bring them along.

use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::args::{Cli, ManArgs};
use crate::exit::CliError;
use crate::folder::local_failure;

pub(super) fn run(args: &ManArgs) -> Result<(), CliError> {
    let folder = args.out.absolute()?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let written = std::fs::create_dir_all(&folder).and_then(|()| write(&command, &folder));
    written.map_err(|error| local_failure(&folder, error).into())
}

/// man(7): at the foot of each page stands what it belongs to, not the command that it is about.
fn write(command: &Command, folder: &Path) -> std::io::Result<()> {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        write(command, folder)?;
    }
    let page = Man::new(command.clone()).source(concat!("jetbridge ", env!("CARGO_PKG_VERSION"))).manual("Jetbridge");
    page.generate_to(folder).map(drop)
}
