//! Component tests of the stack: real clients over real HTTP. One binary, because each costs a link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod differential;
mod faults;
mod okta_faults;
mod okta_logout;
mod okta_metadata;
mod okta_refresh;
mod okta_set_ups;
mod okta_sign_in;
mod okta_tokens;
mod server;
mod services;
mod stock_clients;
#[path = "../stock/environment.rs"]
mod stock_environment;
mod stock_openid_client;
mod sts;
mod support;
mod template;
