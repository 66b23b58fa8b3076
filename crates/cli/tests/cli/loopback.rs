//! `login` with the loopback listener, and a browser made of plain sockets.

use std::net::{TcpListener, TcpStream};

use crate::support::{ALICE, Bench, Running, fetch_with, get, send};
#[cfg(unix)]
use crate::support::{Witness, fetch, location};
#[cfg(unix)]
use url::Url;

/// Path and query of the redirect, as a browser asks for it.
fn target_of<'a>(bench: &Bench, redirect: &'a str) -> &'a str {
    redirect.strip_prefix(&format!("http://127.0.0.1:{}", bench.port)).unwrap()
}

#[test]
fn the_browser_comes_back_and_sees_how_it_went() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--json", "--list"]));
    let redirect = bench.visit(&running.authorization_url(), ALICE);
    let page = get(bench.port, target_of(&bench, &redirect));
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.events_named("signed_in").len(), 1);
    assert_eq!(outcome.events().last().unwrap()["event"], "listed");

    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    for header in
        ["Cache-Control: no-store", "Referrer-Policy: no-referrer", "Content-Security-Policy: default-src 'none'"]
    {
        assert!(page.contains(header), "{header} is not in {page}");
    }
    assert!(page.contains("You are signed in") && page.contains("You can close this tab"), "{page}");
    let code = redirect.split("code=").nth(1).unwrap().split('&').next().unwrap();
    assert!(!page.contains(code));
}

#[cfg(unix)]
#[test]
fn the_browser_is_started_with_an_address_that_says_nothing() {
    let bench = Bench::start();
    let mut command = bench.command(&["login"]);
    let witness = Witness::open_by(&mut command, bench.path("witness"));
    let running = Running::start(&mut command);
    let address = witness.address();
    // A browser that looks ahead, one that only looks, and a scanner.
    assert!(fetch_with(&address, "Sec-Purpose: prefetch;prerender\r\n").starts_with("HTTP/1.1 503 "));
    let url = location(&fetch(&address));
    assert_eq!(location(&fetch(&address)), url, "asked twice");
    assert!(url.starts_with(&bench.stack.custom_issuer()), "{url}");
    let page = get(bench.port, target_of(&bench, &bench.visit(&url, ALICE)));
    assert!(page.contains("You are signed in"), "{page}");
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    // The person may still need the whole address: it is told on the terminal.
    assert!(outcome.stderr.contains(&url) && !outcome.stderr.contains(&address), "{outcome:?}");
    let port = Url::parse(&address).unwrap().port().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "whoever is done listens no longer");
}

#[test]
fn a_redirect_that_is_fetched_ahead_is_left_to_the_person() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--json"]));
    let redirect = bench.visit(&running.authorization_url(), ALICE);
    for ahead in ["Sec-Purpose: prefetch\r\n", "Sec-Purpose: prefetch;prerender\r\n", "Purpose: prefetch\r\n"] {
        let answer = fetch_with(&redirect, ahead);
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("Cache-Control: no-store"), "{answer}");
    }
    assert_eq!(bench.stack.log().count("token"), 0);
    assert!(get(bench.port, target_of(&bench, &redirect)).contains("You are signed in"));
    assert_eq!(running.finish().code, 0);
}

#[test]
fn wrong_requests_do_not_end_the_wait() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--json"]));
    let redirect = bench.visit(&running.authorization_url(), ALICE);
    let target = target_of(&bench, &redirect).to_owned();
    let port = bench.port;
    let refusals = [
        ("421", format!("GET {target} HTTP/1.1\r\nHost: rebound.example:{port}\r\n\r\n")),
        ("405", format!("POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")),
        ("404", format!("GET /favicon.ico HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")),
        ("400", format!("GET /callback?code=abc HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")),
        ("400", "\r\n\r\n".to_owned()),
        ("431", format!("GET /callback?state={} HTTP/1.1\r\n", "s".repeat(40_000))),
    ];
    for (status, request) in refusals {
        assert!(send(port, &request).starts_with(&format!("HTTP/1.1 {status} ")), "{status}");
    }
    // Well formed, but somebody else's state: shown as such, not exchanged, and the wait goes on.
    let foreign = get(port, "/callback?code=stolen&state=somebody-elses");
    assert!(foreign.starts_with("HTTP/1.1 400 ") && foreign.contains("not expected"), "{foreign}");
    assert!(!foreign.contains("stolen") && !foreign.contains("somebody-elses"));
    assert_eq!(bench.stack.log().count("token"), 0);
    // Connections that say nothing are in nobody's way.
    let _silent: Vec<_> = (0..4).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();

    assert!(get(port, &target).contains("You are signed in"));
    assert_eq!(running.finish().code, 0);
}

#[test]
fn a_denial_is_shown_in_browser_and_terminal() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--json"]));
    let redirect = bench.deny(&running.authorization_url());
    assert!(get(bench.port, target_of(&bench, &redirect)).contains("did not work"));
    assert_eq!(running.finish().code, 5);
}

/// What a page elsewhere would like to see in the browser and on the terminal: markup, a new title and a cleared screen,
/// the one-byte introducer of such sequences, and text that runs backwards.
const HOSTILE_ERROR: &str = "access_denied%3Cscript%3Ealert(1)%3C%2Fscript%3E%1B%5D0%3Bowned%07";
const HOSTILE_DESCRIPTION: &str = "%3Cimg%20src%3Dx%3E%1B%5B2J%C2%9B31m%E2%80%AEdenied%0D%0AHost:%20evil.example";

/// The denial of a sign-in page with those words in it.
fn hostile(denial: &str) -> String {
    let mut url: Vec<String> = denial.split('&').map(str::to_owned).collect();
    for part in &mut url {
        if let Some(at) = part.find("error=") {
            part.replace_range(at.., &format!("error={HOSTILE_ERROR}"));
        } else if part.starts_with("error_description=") {
            *part = format!("error_description={HOSTILE_DESCRIPTION}");
        }
    }
    let hostile = url.join("&");
    assert!(hostile.contains(HOSTILE_ERROR) && hostile.contains(HOSTILE_DESCRIPTION), "{hostile}");
    hostile
}

#[test]
fn what_a_redirect_says_reaches_no_page_and_steers_no_terminal() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--json"]));
    let redirect = hostile(&bench.deny(&running.authorization_url()));
    let target = target_of(&bench, &redirect);
    // With a state of somebody else's, then with the right one.
    let foreign = target.replace("state=", "state=%3Cscript%3E");
    for (target, title) in [(foreign.as_str(), "not expected"), (target, "did not work")] {
        let page = get(bench.port, target);
        assert!(page.contains(title), "{page}");
        for part in ["script", "alert", "<img", "owned", "evil.example", "\u{1b}", "access_denied", "127.0.0.1"] {
            assert!(!page.contains(part), "{part:?} is in {page}");
        }
    }
    assert_eq!(running.finish().code, 5);

    let mut running = Running::start(&mut bench.command(&["login", "--no-browser"]));
    let url = running.line();
    running.answer(&hostile(&bench.deny(url.trim())));
    let outcome = running.finish();
    assert_eq!(outcome.code, 5, "{outcome:?}");
    // It is told, with what could steer a terminal written out.
    assert!(outcome.stderr.contains("access_denied<script>"), "{outcome:?}");
    let steering = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!outcome.stderr.contains(steering) && !outcome.stdout.contains(steering), "{outcome:?}");
}

#[test]
fn a_second_sign_in_that_wants_the_same_port_disturbs_nothing() {
    let bench = Bench::start();
    let mut running = Running::start(&mut bench.command(&["login", "--json"]));
    let redirect = bench.visit(&running.authorization_url(), ALICE);
    let second = bench.run(&["login", "--json"]);
    assert_eq!((second.code, second.error()["kind"].as_str()), (6, Some("port_in_use")), "{second:?}");
    assert!(get(bench.port, target_of(&bench, &redirect)).contains("You are signed in"));
    assert_eq!(running.finish().code, 0);
    // Whoever is done listens no longer.
    assert!(TcpStream::connect(("127.0.0.1", bench.port)).is_err());
}

#[test]
fn a_second_sign_in_right_after_the_first_finds_the_port_free() {
    let bench = Bench::start();
    for _ in 0..3 {
        let mut running = Running::start(&mut bench.command(&["login", "--json"]));
        let redirect = bench.visit(&running.authorization_url(), ALICE);
        get(bench.port, target_of(&bench, &redirect));
        let outcome = running.finish();
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
}

#[test]
fn a_busy_port_is_told_before_anybody_is_asked() {
    let bench = Bench::start();
    let _occupier = TcpListener::bind(("127.0.0.1", bench.port)).unwrap();
    let outcome = bench.run(&["login", "--json"]);
    assert_eq!(outcome.code, 6, "{outcome:?}");
    let error = outcome.error();
    assert_eq!(error["kind"], "port_in_use");
    assert!(error["message"].as_str().unwrap().contains(&format!("127.0.0.1:{}", bench.port)), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--no-browser"), "{error}");
    assert_eq!(bench.stack.log().records().len(), 0);
}

#[test]
fn a_redirect_uri_that_cannot_be_received_is_told() {
    let bench = Bench::start();
    for uri in ["com.okta.local-jetbridge:/callback", "https://example.com/callback", "http://localhost:8765/callback"]
    {
        let outcome = bench.run(&["login", "--json", "--redirect-uri", uri]);
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (4, Some("misconfigured")), "{outcome:?}");
    }
}

#[test]
fn a_browser_that_never_comes_back_is_told_what_to_check() {
    let bench = Bench::start();
    let outcome = bench.run(&["login", "--json", "--timeout", "1"]);
    assert_eq!(outcome.code, 7, "{outcome:?}");
    assert_eq!(outcome.error()["kind"], "timed_out");
    assert!(outcome.error()["hint"].as_str().unwrap().contains(&bench.redirect_uri), "{outcome:?}");
    let told = bench.run(&["login", "--timeout", "1"]).stderr;
    for suspect in ["okta_client_id", &bench.stack.options().client_id, "redirect URI", "run: jetbridge doctor\n"] {
        assert!(told.contains(suspect), "{suspect}: {told}");
    }
}

#[test]
fn without_a_browser_the_address_is_shown() {
    let bench = Bench::start();
    // No program can be found, so no browser either.
    let output = bench.command(&["login", "--timeout", "1"]).env("BROWSER", "").env("PATH", "").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("no browser could be opened") && stderr.contains(&bench.stack.custom_issuer()), "{stderr}");
}
