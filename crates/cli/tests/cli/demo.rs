//! `demo`: the first thing that anybody runs.

use serde_json::json;

use crate::support::{Outcome, Running, get, program, visit};

#[test]
fn the_demo_shows_the_whole_way_within_80_columns() {
    let outcome = Outcome::of(program(&["demo"]).output().unwrap());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for part in [
        "app → Okta",
        "browser → Okta",
        "GetId",
        "GetCredentialsForIdentity",
        "ListObjectsV2",
        "Alice Archer",
        "us-west-2:",
        "ASIA…",
        "KEY",
        "What next",
    ] {
        assert!(outcome.stdout.contains(part), "{part} is not in {}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains('\u{1b}'), "no colours in a pipe");
    for line in outcome.stdout.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
    }
}

#[test]
fn the_demo_speaks_json() {
    let outcome = Outcome::of(program(&["demo", "--json", "--limit", "5"]).output().unwrap());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let steps: Vec<_> = outcome.events_named("step").iter().map(|step| step["step"].clone()).collect();
    assert_eq!(steps, ["local_stack", "begin_login", "sign_in", "complete_login", "aws_credentials", "list_objects"]);
    assert_eq!(outcome.events_named("signed_in")[0]["user"]["username"], "alice@example.com");
    assert_eq!(outcome.events_named("object").len(), 5);
    assert_eq!(outcome.events().pop().unwrap(), json!({ "event": "listed", "count": 5, "more": true }));
}

#[test]
fn a_limit_keeps_it_short_and_says_what_is_hidden() {
    let outcome = Outcome::of(program(&["demo", "--limit", "3"]).output().unwrap());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains(" more with --limit "), "{}", outcome.stdout);
}

#[test]
fn a_person_can_sign_in_to_the_demo() {
    let mut demo = Running::start(&mut program(&["demo", "--browser", "--json", "--limit", "1"]));
    let url = demo.stderr_line("http://127.0.0.1:");
    let redirect = visit(&url, None);
    let (authority, target) = redirect.strip_prefix("http://127.0.0.1:").unwrap().split_once('/').unwrap();
    assert!(get(authority.parse().unwrap(), &format!("/{target}")).contains("You are signed in"));
    let outcome = demo.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.events_named("signed_in").len(), 1);
    assert_eq!(outcome.events().pop().unwrap()["event"], "listed");
}
