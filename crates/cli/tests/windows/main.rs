//! The program for Windows, run by Wine, against a local stack outside it: `cargo xtask test windows` builds both and says
//! where they are. What the command line does everywhere alike is tested in `cli`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod own;
#[allow(dead_code, reason = "the other test binary uses all of it")]
#[path = "../cli/support.rs"]
mod support;
