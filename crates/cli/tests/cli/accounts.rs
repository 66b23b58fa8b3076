//! `accounts`, `switch` and `--account`: several users on one machine, kept apart.

use crate::support::{ALICE, BOB, Bench};

fn sign_in(bench: &Bench, account: &str, user: &str) {
    let outcome = bench.login(&["--account", account], |url| bench.visit(url, user));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

#[test]
fn two_users_are_listed_and_switched_between() {
    let bench = Bench::start();
    let nobody = bench.run(&["accounts"]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (0, ""));
    assert!(nobody.stderr.contains("Nobody is signed in"), "{}", nobody.stderr);

    bench.sign_in_as(ALICE);
    sign_in(&bench, "work", BOB);
    assert_eq!(bench.run(&["accounts"]).stdout, "* default  Alice Archer\n  work     Bob Baker\n");
    assert!(bench.run(&["whoami"]).stdout.contains("Alice"), "the default stays the default");
    assert!(bench.run(&["whoami", "--account", "work"]).stdout.contains("Bob"));

    let switched = bench.run(&["switch", "work"]);
    assert_eq!((switched.code, switched.stdout.as_str()), (0, "✓ Using account work from now on\n"));
    assert_eq!(switched.stderr, "", "nothing counts for more");
    let whoami = bench.run(&["whoami"]).stdout;
    assert!(whoami.contains("Bob") && whoami.contains("Account"), "{whoami}");
    assert_eq!(bench.run(&["accounts"]).stdout, "  default  Alice Archer\n* work     Bob Baker\n");

    let lines = bench.run(&["accounts", "--json"]).events();
    assert_eq!(lines[1]["account"], "work");
    assert_eq!((&lines[1]["current"], &lines[1]["state"]), (&true.into(), &"signed_in".into()));
    assert_eq!(lines[1]["user"]["username"], BOB);

    // The environment counts for more, unless it is empty.
    let whoami_with =
        |account: &str| bench.command(&["whoami"]).env("JETBRIDGE_ACCOUNT", account).output().unwrap().stdout;
    assert!(String::from_utf8_lossy(&whoami_with("default")).contains("Alice"));
    assert!(String::from_utf8_lossy(&whoami_with("")).contains("Bob"));
    let overruled = bench.run(&["switch", "work", "--account", "default"]);
    assert!(overruled.stderr.contains("JETBRIDGE_ACCOUNT"), "{}", overruled.stderr);

    // One's sign-out is nothing to the other, and says whose session it was.
    assert_eq!(bench.run(&["logout"]).stdout, "✓ Signed out Bob Baker\n");
    let nobody = bench.run(&["ls"]);
    assert_eq!(nobody.code, 3);
    assert!(nobody.stderr.contains("nobody is signed in under account work"), "{}", nobody.stderr);
    assert!(nobody.stderr.contains("Account default is signed in"), "{}", nobody.stderr);
    assert_eq!(bench.run(&["switch", "default"]).code, 0);
    assert!(bench.run(&["whoami"]).stdout.contains("Alice"));
}

#[test]
fn an_account_that_is_not_there_is_told_with_a_way_to_add_it() {
    let bench = Bench::start();
    sign_in(&bench, "work", BOB);
    let nobody = bench.run(&["whoami"]);
    assert_eq!(nobody.code, 3);
    assert!(nobody.stderr.contains("switch work"), "{}", nobody.stderr);

    let unknown = bench.run(&["switch", "home"]);
    assert_eq!(unknown.code, 9);
    assert!(unknown.stderr.contains("login --account home"), "{}", unknown.stderr);
    let unusable = bench.run(&["switch", "../x"]);
    assert_eq!(unusable.code, 4);
    assert!(unusable.stderr.contains("letters"), "{}", unusable.stderr);
}

#[test]
fn a_damaged_choice_locks_nobody_out() {
    let bench = Bench::start();
    sign_in(&bench, "work", BOB);
    assert_eq!(bench.run(&["switch", "work"]).code, 0);
    let store = std::fs::read_dir(bench.path("store")).unwrap();
    let choice =
        store.map(|entry| entry.unwrap().path()).find(|path| path.to_string_lossy().ends_with(".accounts.sealed"));
    std::fs::write(choice.unwrap(), b"damaged").unwrap();

    let outcome = bench.run(&["whoami"]);
    assert_eq!(outcome.code, 8);
    assert!(outcome.stderr.contains("switch default"), "{}", outcome.stderr);
    assert!(bench.run(&["whoami", "--account", "work"]).stdout.contains("Bob"));
    assert_eq!(bench.run(&["switch", "default"]).code, 0);
    assert_eq!(bench.run(&["whoami"]).code, 3);
    assert_eq!(bench.run(&["switch", "work"]).code, 0);
    assert!(bench.run(&["whoami"]).stdout.contains("Bob"));
}

#[test]
fn what_is_asked_of_the_sign_in_page_is_in_the_request() {
    let bench = Bench::start();
    let outcome = bench.login(&["--max-age", "600", "--param", "ui_locales=de", "--force"], |url| {
        for expected in ["max_age=600", "ui_locales=de", "prompt=login"] {
            assert!(url.contains(expected), "{expected} is not in the request");
        }
        bench.visit(url, ALICE)
    });
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let refused = bench.run(&["login", "--no-browser", "--param", "state=mine"]);
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("state is set by this library"), "{}", refused.stderr);
}
