//! `jetbridge man --out DIR`: the help as manual pages, `jetbridge.1` and one for each command. Packages bring them along.

use clap::CommandFactory as _;

use crate::args::{Cli, ManArgs};
use crate::exit::CliError;
use crate::folder::local_failure;

pub(super) fn run(args: &ManArgs) -> Result<(), CliError> {
    let folder = args.out.absolute()?;
    let written = std::fs::create_dir_all(&folder).and_then(|()| clap_mangen::generate_to(Cli::command(), &folder));
    written.map_err(|error| local_failure(&folder, error).into())
}
