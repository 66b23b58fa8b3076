//! `login` with the loopback listener, and a browser made of plain sockets.

use std::net::{TcpListener, TcpStream};

use crate::support::{ALICE, Bench, Running, get, send};

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
}

#[test]
fn without_a_browser_the_address_is_shown() {
    let bench = Bench::start();
    // No program can be found, so no browser either.
    let output = bench.command(&["login", "--timeout", "1"]).env("BROWSER", "").env("PATH", "").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("no browser could be opened") && stderr.contains(&bench.stack.custom_issuer()), "{stderr}");
}
