//! `login --no-browser`, `whoami`, `logout`: signing in with nothing but an address and a line of text.

use serde_json::json;

use crate::support::{ALICE, BOB, Bench, CAROL, Running};
#[cfg(unix)]
use crate::support::{Form, Outcome, Witness, fetch};

#[test]
fn login_prints_the_address_and_takes_the_redirect_from_stdin() {
    let bench = Bench::start();
    let outcome = bench.login(&["--list"], |url| bench.visit(url, ALICE));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let events = outcome.events();
    assert_eq!(events[0]["event"], "authorization_url");
    assert_eq!(events[1]["event"], "signed_in");
    assert_eq!(events[1]["user"]["username"], ALICE);
    assert_eq!(events[1]["user"]["name"], "Alice Archer");
    assert!(events[1]["identity_id"].as_str().unwrap().starts_with("us-west-2:"));
    let objects = outcome.events_named("object");
    assert_eq!(events.last().unwrap(), &json!({ "event": "listed", "count": objects.len() }));
    assert!(objects.len() > 20);
}

#[test]
fn a_person_sees_the_address_alone_on_stdout_and_what_to_do_on_stderr() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--no-browser"]));
    let url = running.line();
    running.answer(&bench.visit(url.trim(), ALICE));
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("✓ Signed in as Alice Archer"), "{outcome:?}");
    assert!(outcome.stderr.contains(&bench.redirect_uri), "{outcome:?}");
    assert!(outcome.stderr.contains("Copy the whole address"), "{outcome:?}");
}

#[test]
fn later_commands_need_no_sign_in() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench.stack.log().clear();

    let listing = bench.run(&["ls", "--json"]);
    assert_eq!(listing.code, 0, "{listing:?}");
    assert_eq!(listing.events().last().unwrap()["event"], "listed");
    // The stored AWS credentials are still good, so S3 alone was asked.
    let asked: Vec<_> = bench.stack.log().records().iter().map(|record| record.operation).collect();
    assert_eq!(asked, ["ListObjectsV2"]);
}

#[test]
fn whoami_asks_no_server() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench.stack.log().clear();

    let json = bench.run(&["whoami", "--json"]);
    assert_eq!(json.code, 0, "{json:?}");
    let session = &json.events()[0];
    assert_eq!(session["event"], "session");
    assert_eq!(session["user"]["subject"], "00ualice000000000001");
    assert_eq!(session["issuer"], bench.stack.custom_issuer());
    assert_eq!(session["user"]["email"], ALICE);
    assert_eq!(session["has_refresh_token"], true);
    assert!(session["id_token_expires_at"].is_string() && session["aws_credentials_expire_at"].is_string());

    let human = bench.run(&["whoami"]);
    assert_eq!(human.code, 0, "{human:?}");
    assert!(human.stdout.contains("Alice Archer") && human.stdout.contains("good until"), "{human:?}");
    assert_eq!(bench.stack.log().records().len(), 0);
}

#[test]
fn accounts_are_kept_apart() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let work = bench.login(&["--account", "work"], |url| bench.visit(url, BOB));
    assert_eq!(work.code, 0, "{work:?}");
    let user = |arguments: &[&str]| bench.run(arguments).events()[0]["user"]["username"].clone();
    assert_eq!(user(&["whoami", "--json"]), ALICE);
    assert_eq!(user(&["whoami", "--json", "--account", "work"]), BOB);
    assert_eq!(bench.run(&["whoami", "--account", "../up"]).code, 4);
}

#[test]
fn the_memory_store_forgets_at_the_end() {
    let bench = Bench::start();
    let outcome = bench.login(&["--store", "memory"], |url| bench.visit(url, ALICE));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(bench.run(&["whoami", "--store", "memory"]).code, 3);
    assert!(!bench.path("store").exists());
}

#[test]
fn logout_forgets_and_tells_okta_when_asked_to() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let outcome = bench.run(&["logout", "--revoke", "--json"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(
        outcome.events(),
        [json!({ "event": "signed_out", "account": "default", "revoked": true, "browser": false })]
    );
    assert_eq!(bench.stack.log().count("revoke"), 1);
    assert_eq!(bench.run(&["ls"]).code, 3);

    bench.sign_in_as(ALICE);
    let local = bench.run(&["logout"]);
    assert_eq!(local.code, 0, "{local:?}");
    assert!(local.stdout.contains("Signed out Alice Archer"), "{local:?}");
    assert_eq!(bench.stack.log().count("revoke"), 1);
    let again = bench.run(&["logout"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, "Nobody was signed in.\n"));
}

#[cfg(unix)]
#[test]
fn logout_has_the_browser_post_the_id_token_and_tells_nobody_else() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let mut command = bench.command(&["logout", "--browser", "--json", "-v"]);
    let witness = Witness::open_by(&mut command, bench.path("witness"));
    let running = Running::start(&mut command);
    let address = witness.address();
    assert!(address.starts_with("http://127.0.0.1:") && !address.contains('?'), "{address}");
    let page = fetch(&address);
    // A scanner may have been first.
    assert!(fetch(&address).contains("<form "), "asked twice");
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.events()[0]["browser"], true);

    let form = Form::read(&page);
    assert_eq!(form.action, format!("{}/v1/logout", bench.stack.custom_issuer()));
    let token = &form.fields.iter().find(|(name, _)| name == "id_token_hint").unwrap().1;
    assert!(!outcome.stdout.contains(token) && !outcome.stderr.contains(token));
    let answer = form.post();
    assert!(answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.1 303 "), "{answer}");
    assert_eq!(bench.stack.log().count("logout"), 1);
}

#[test]
fn someone_else_signing_in_replaces_the_session() {
    let bench = Bench::start();
    let alice = bench.sign_in_as(ALICE).events_named("signed_in")[0]["identity_id"].clone();
    let bob = bench.sign_in_as(BOB).events_named("signed_in")[0]["identity_id"].clone();
    assert_ne!(alice, bob);
    assert_eq!(bench.run(&["whoami", "--json"]).events()[0]["user"]["username"], BOB);
}

#[test]
fn a_user_without_the_app_is_refused() {
    let bench = Bench::start();
    let outcome = bench.login(&[], |url| bench.visit(url, CAROL));
    assert_eq!(outcome.code, 5, "{outcome:?}");
    assert_eq!(outcome.error()["kind"], "access_denied");
    // The browser stays signed in at Okta, so that another try would end in the same way.
    let hint = outcome.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("Assignments") && hint.ends_with("run: jetbridge login --force"), "{hint}");
    assert_eq!(bench.stack.log().count("token"), 0);
}

#[test]
fn cancel_on_the_sign_in_page_is_a_refusal() {
    let bench = Bench::start();
    let outcome = bench.login(&[], |url| bench.deny(url));
    assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (5, Some("access_denied")), "{outcome:?}");
    assert_eq!(bench.stack.log().count("token"), 0);
}

#[test]
fn a_redirect_of_another_sign_in_is_not_exchanged() {
    let bench = Bench::start();
    for change in [
        |redirect: &str| redirect.replace("state=", "state=x"),
        |redirect: &str| redirect.replace("/callback", "/other"),
        |_: &str| "com.okta.other-app:/callback?code=abc&state=def".to_owned(),
        |_: &str| "not an address".to_owned(),
        |_: &str| format!("http://127.0.0.1:1/callback?code={}&state=s", "c".repeat(10_000)),
    ] {
        let outcome = bench.login(&[], |url| change(&bench.visit(url, ALICE)));
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert_eq!(outcome.error()["kind"], "unexpected_redirect", "{outcome:?}");
    }
    assert_eq!(bench.stack.log().count("token"), 0);
    assert_eq!(bench.run(&["whoami"]).code, 3);
}

/// Where Okta cannot send the browser back, it shows a page, and its address is what somebody copies.
#[test]
fn the_address_of_okta_s_own_page_is_told_as_that() {
    let bench = Bench::start();
    let outcome = bench.login(&[], str::to_owned);
    assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (2, Some("unexpected_redirect")), "{outcome:?}");
    let told = format!("{} {}", outcome.error()["message"], outcome.error()["hint"]);
    assert!(told.contains("a page of Okta's") && told.contains("Run jetbridge doctor"), "{told}");
}

/// An earlier attempt that has ended well: its address signs nobody in now.
#[test]
fn the_address_of_an_earlier_attempt_is_not_taken_for_a_sign_in() {
    let bench = Bench::start();
    let mut earlier = String::new();
    let outcome = bench.login(&[], |url| {
        earlier = bench.visit(url, ALICE);
        earlier.clone()
    });
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let again = bench.login(&["--force"], |_| earlier.clone());
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert_eq!(again.error()["kind"], "unexpected_redirect");
    assert!(again.events_named("signed_in").is_empty(), "{again:?}");
    assert!(bench.run(&["whoami"]).stdout.contains("Alice"), "the session is as it was");
}

#[test]
fn an_empty_line_is_no_address_and_the_next_one_is_waited_for() {
    let bench = Bench::start();
    let outcome = bench.login(&[], |url| format!("\n  \n{}", bench.visit(url, ALICE)));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let nothing = bench.login(&[], |_| "\n".to_owned());
    assert_eq!(nothing.code, 7, "{nothing:?}");
}

#[test]
fn an_address_that_never_comes_is_not_waited_for_for_ever() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--no-browser", "--json", "--timeout", "2"]));
    let url = running.authorization_url();
    // An empty line is no address, and no reason to wait longer.
    running.answer("");
    assert!(running.line().contains("timed_out"));
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (7, Some("timed_out")), "{outcome:?}");
    assert!(outcome.error()["hint"].as_str().unwrap().contains("--timeout"), "{outcome:?}");
    // Given up is given up.
    let late = bench.login(&[], |_| bench.visit(&url, ALICE));
    assert_eq!(late.code, 2, "{late:?}");
}

#[test]
fn what_was_pasted_along_with_the_address_does_no_harm() {
    let bench = Bench::start();
    for wrap in [
        |address: &str| format!("\u{1b}[200~{address}\u{1b}[201~"),
        |address: &str| format!(" \"{address}\" "),
        |address: &str| format!("<{}>\u{200b}", address.replace('&', "&amp;")),
    ] {
        let outcome = bench.login(&[], |url| wrap(&bench.visit(url, ALICE)));
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
}

#[test]
fn a_line_that_is_no_text_is_told_with_a_way_out() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--no-browser", "--json"]));
    running.authorization_url();
    running.answer_bytes(b"http://127.0.0.1/\xff\n");
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (2, Some("usage")), "{outcome:?}");
    assert!(outcome.error()["hint"].as_str().unwrap().contains("address bar"), "{outcome:?}");
}

/// `script` gives the program a terminal, and the test what is shown there.
#[cfg(target_os = "linux")]
#[test]
fn somebody_at_a_terminal_who_pastes_something_else_is_asked_again() {
    let bench = Bench::start();
    let mut earlier = String::new();
    bench.login(&[], |url| {
        earlier = bench.visit(url, ALICE);
        earlier.clone()
    });
    let login = bench.command(&["login", "--no-browser", "--force"]);
    let mut terminal = std::process::Command::new("script");
    let line = format!("{} login --no-browser --force", login.get_program().display());
    terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    for (name, value) in login.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    let mut running = Running::start(&mut terminal);
    let url = loop {
        let line = running.line();
        assert!(!line.is_empty(), "no address was shown");
        if line.contains("/v1/authorize?") {
            break line.trim().to_owned();
        }
    };
    running.answer("not an address");
    running.answer(&earlier);
    running.answer(&bench.visit(&url, ALICE));
    // Reading goes on until the program ends; the end of the input would be a Ctrl-D.
    while !running.line().is_empty() {}
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.stdout.matches("Paste it here").count(), 3, "{outcome:?}");
    assert_eq!(outcome.stdout.matches("error:").count(), 2, "{outcome:?}");
    assert!(outcome.stdout.contains("another sign-in"), "{outcome:?}");
    // It goes on, so nobody is told to begin anew.
    let told = outcome.stdout.replace("\r\n       ", " ");
    assert!(told.matches("This sign-in goes on").count() == 2 && !told.contains("in again"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_browser_that_fails_is_told_and_the_sign_in_goes_on() {
    let bench = Bench::start();
    let plain = bench.path("plain");
    std::fs::write(&plain, "not a program").unwrap();
    for (browser, how) in [
        ("/nowhere/firefox", "/nowhere/firefox, cannot be started: No such file"),
        ("nowhere-firefox --new-window", "nowhere-firefox, cannot be started: No such file"),
        (plain.to_str().unwrap(), "plain, cannot be started: Permission denied"),
        ("false", "false, ended with exit status: 1"),
        ("/nowhere/firefox:false %s", "false, ended with exit status: 1"),
        ("sh -c kill\\ -9\\ $$", "sh, ended with "),
    ] {
        let mut running = Running::start(bench.command(&["login", "--json"]).env("BROWSER", browser));
        let url = running.authorization_url();
        let told = running.stderr_until("the browser that BROWSER names", "yourself");
        assert!(told.contains(how) && told.contains("yourself") && !told.contains("http:"), "{browser}: {told}");
        // Opened by hand.
        let redirect = bench.visit(&url, ALICE);
        assert!(fetch(&redirect).starts_with("HTTP/1.1 200 "), "{browser}");
        let outcome = running.finish();
        assert_eq!((outcome.code, outcome.events_named("signed_in").len()), (0, 1), "{browser}: {outcome:?}");

        let outcome = Outcome::of(bench.command(&["logout", "--browser"]).env("BROWSER", browser).output().unwrap());
        assert_eq!(outcome.code, 1, "{browser}: {outcome:?}");
        let said = outcome.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(how) && said.contains("on Okta's own page"), "{browser}: {said}");
    }
}

/// A process that hangs in the middle of a sign-in or a renewal, as it looks to others.
#[cfg(unix)]
#[test]
fn a_lock_that_is_held_elsewhere_is_told_before_anybody_signs_in() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let hold = |errand: &str| {
        let mut files = std::fs::read_dir(bench.path("store")).unwrap().map(|entry| entry.unwrap().path());
        let lock = files.find(|path| path.to_str().unwrap().ends_with(&format!(".{errand}.lock"))).unwrap();
        let lock = std::fs::File::open(lock).unwrap();
        lock.lock().unwrap();
        lock
    };
    let held = hold("sign-in");
    bench.stack.log().clear();
    let refused = bench.run(&["login", "--json"]);
    assert_eq!((refused.code, refused.error()["kind"].as_str()), (6, Some("retryable")), "{refused:?}");
    assert_eq!(refused.events().len(), 1, "no address was given out: {refused:?}");
    assert!(refused.error()["message"].as_str().unwrap().contains(".sign-in.lock"), "{refused:?}");
    assert_eq!(bench.stack.log().records().len(), 0);
    drop(held);

    let _held = hold("renewal");
    let signed_in = bench.login(&[], |url| bench.visit(url, BOB));
    assert_eq!((signed_in.code, signed_in.events_named("signed_in").len()), (6, 1), "{signed_in:?}");
    assert!(signed_in.error()["hint"].as_str().unwrap().starts_with("You are signed in"), "{signed_in:?}");
    assert_eq!(bench.run(&["whoami", "--json"]).events()[0]["user"]["username"], BOB);
}
