//! `cargo xtask bench`: how fast a release is, and how much memory it takes. The servers run in a process of their own, so that
//! only the client is measured; what it is compared with runs in the same minutes.

mod chart;
mod compare;
mod delay;
mod figures;
mod growth;
mod listing;
mod needs;
mod peers;
mod process;
mod results;
mod stage;
mod transfer;
mod works;
mod world;

use std::path::Path;

use crate::cargo::cargo;
pub(crate) use compare::run as compare;
pub(crate) use growth::run as growth;
pub(crate) use listing::run as listing;
use stage::{build, succeed};
pub(crate) use transfer::run as transfer;

/// Weeks of renewals in a minute; `tests/soak.rs` says what happens in them.
pub(crate) fn soak(root: &Path) -> Result<(), String> {
    succeed(&mut cargo(root, &["run", "--release", "--locked", "--package", "jetbridge-e2e", "--example", "soak"]))
}

/// A gigabyte each way by a program that is killed again and again; `tests/endurance.rs` says what is counted.
pub(crate) fn endurance(root: &Path) -> Result<(), String> {
    build(root)?;
    let mut run =
        cargo(root, &["run", "--release", "--locked", "--package", "jetbridge-e2e", "--example", "endurance"]);
    succeed(run.env("JETBRIDGE_PROGRAM", stage::program(root)))
}
