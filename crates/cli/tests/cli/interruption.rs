//! Ctrl-C, an ended input, a killed process: nothing is left locked, half written or waiting.
#![cfg(unix)]

use std::process::Stdio;

use serde_json::json;

use crate::support::{ALICE, Bench, Running, snapshot};

#[test]
fn ctrl_c_while_waiting_for_the_browser_cancels_and_frees_the_port() {
    let bench = Bench::start();
    for signal in ["INT", "TERM"] {
        let mut running = Running::start(&mut bench.command(&["login", "--json"]));
        running.authorization_url();
        running.signal(signal);
        let outcome = running.finish();
        assert_eq!(outcome.code, 7, "{outcome:?}");
        assert_eq!(outcome.error()["kind"], "user_cancelled");
    }
    // Both attempts are over: what their pages would send is no longer expected, and a new sign-in works.
    bench.sign_in_as(ALICE);
}

#[test]
fn ctrl_c_while_reading_the_address_cancels_the_attempt() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--no-browser", "--json"]));
    let url = running.authorization_url();
    running.signal("INT");
    let outcome = running.finish();
    assert_eq!(outcome.code, 7, "{outcome:?}");
    // The cancelled attempt's redirect is worth nothing to a later one.
    let redirect = bench.visit(&url, ALICE);
    let late = bench.login(&[], |_| redirect);
    assert_eq!(late.code, 2, "{late:?}");
    assert_eq!(bench.stack.log().count("token"), 0);
}

#[test]
fn an_ended_input_cancels() {
    let bench = Bench::start();
    let outcome = bench.run(&["login", "--no-browser", "--json"]);
    assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (7, Some("user_cancelled")), "{outcome:?}");
    assert_eq!(outcome.events()[0]["event"], "authorization_url");
}

#[test]
fn ctrl_c_during_a_listing_ends_it() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let mut running = Running::start(&mut bench.command(&["ls", "--bucket", "scale-1000000"]));
    running.line();
    running.signal("INT");
    let outcome = running.finish();
    assert_eq!(outcome.code, 7, "{}", outcome.stderr);
    assert!(outcome.stdout.ends_with('\n'), "the last line is whole");
}

#[test]
fn a_killed_process_leaves_no_lock_and_no_half_file() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let before = snapshot(&bench.path("store"));
    for _ in 0..5 {
        let mut child = bench.command(&["creds", "--format", "process"]).stdout(Stdio::null()).spawn().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut running = Running::start(&mut bench.command(&["login", "--json"]));
    running.authorization_url();
    running.signal("KILL");
    assert_eq!(running.finish().code, -1);
    // The session is as it was, the port is free, the locks are too.
    let names = |files: Vec<(std::path::PathBuf, Vec<u8>)>| files.into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(bench.run(&["whoami"]).code, 0);
    bench.sign_in_as(ALICE);
    assert_eq!(names(snapshot(&bench.path("store"))), names(before));
    let outcome = bench.run(&["login", "--timeout", "1", "--json"]);
    assert_eq!(outcome.error()["kind"], json!("timed_out"), "{outcome:?}");
}
