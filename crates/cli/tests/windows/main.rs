//! The program for Windows, run by Wine, against a local stack outside it: `cargo xtask test windows` builds both and says
//! where they are. Beside what only Windows has (in `own`), tests of the everyday command line hold it to the same.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../cli/accounts.rs"]
mod accounts;
#[path = "../cli/listing.rs"]
mod listing;
#[path = "../cli/login.rs"]
mod login;
mod own;
#[allow(dead_code, reason = "the other test binary uses all of it")]
#[path = "../cli/support.rs"]
mod support;
