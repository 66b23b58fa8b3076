//! `cargo xtask bench`: how fast a release is, and how much memory it takes. The servers run in a process of their own, so that
//! only the client is measured; what it is compared with runs in the same minutes.

mod chart;
mod compare;
mod delay;
mod figures;
mod footnote;
mod growth;
mod listing;
mod needs;
mod parts;
mod peers;
mod process;
mod results;
mod stage;
mod transfer;
mod works;
mod world;

use std::path::Path;

use crate::cargo::cargo;
use crate::report::say;
use parts::{Part, Request};
use stage::{build, succeed};

/// `cargo xtask bench [PART]`, or what it says of itself.
pub(crate) fn command(root: &Path, arguments: &[String]) -> Result<(), String> {
    match Request::parse(arguments)? {
        Request::Help(part) => {
            say(part.help().trim_end());
            Ok(())
        }
        Request::Run(Part::Compare, rest) => compare::run(root, rest),
        Request::Run(Part::Transfer, rest) => transfer::run(root, rest),
        Request::Run(Part::Growth, _) => growth::run(root),
        Request::Run(Part::Listing, _) => listing::run(root),
        Request::Run(Part::Endurance, _) => endurance(root),
        Request::Run(Part::Soak, _) => soak(root),
    }
}

/// Weeks of renewals in a minute; `tests/soak.rs` says what happens in them.
fn soak(root: &Path) -> Result<(), String> {
    succeed(&mut cargo(root, &["run", "--release", "--locked", "--package", "jetbridge-e2e", "--example", "soak"]))
}

/// A gigabyte each way by a program that is killed again and again; `tests/endurance.rs` says what is counted.
fn endurance(root: &Path) -> Result<(), String> {
    build(root)?;
    let mut run =
        cargo(root, &["run", "--release", "--locked", "--package", "jetbridge-e2e", "--example", "endurance"]);
    succeed(run.env("JETBRIDGE_PROGRAM", stage::program(root)))
}
