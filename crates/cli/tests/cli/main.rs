//! The program as its users meet it: started as a process, against the local stack. One binary, because each costs a
//! link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod broken;
mod call;
mod checkout;
mod credentials;
mod demo;
#[cfg(unix)]
mod desktop;
mod doctor;
mod doctor_files;
mod failures;
#[cfg(unix)]
mod guide;
mod hostile;
mod interruption;
mod leaks;
mod leaving;
#[cfg(target_os = "linux")]
mod limits;
mod listing;
mod login;
mod loopback;
mod network;
mod objects;
#[cfg(unix)]
mod own_files;
mod stack;
#[path = "../../../local-stack/tests/stock/environment.rs"]
mod stock_environment;
mod support;
mod surface;
mod template;
#[cfg(target_os = "linux")]
mod terminals;
#[cfg(unix)]
mod tools;
mod trace;
mod trace_leaks;
mod transfers;
