//! What this machine's own settings put in the way: proxies, and certificates that are not there.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::{ALICE, Bench, Outcome, free_port};

const NAME: &str = "okta.example";
const PASSWORD: &str = "hunter2%40";

/// Says this to everybody who wants to be connected.
fn proxy_that_says(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection?;
            let _ = connection.read(&mut [0; 4096])?;
            connection.write_all(answer.as_bytes())?;
        }
        Ok::<_, std::io::Error>(())
    });
    port
}

/// An issuer that only the proxy could find.
fn bench() -> Bench {
    let bench = Bench::start();
    bench.edit_config("okta-config.json", |okta| {
        okta["okta_issuer_url"] = json!(format!("https://{NAME}/oauth2/default"));
    });
    bench
}

fn login(bench: &Bench, variables: &[(&str, &str)]) -> Outcome {
    let mut command = bench.command(&["login", "--no-browser", "--json"]);
    for name in
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy"]
    {
        command.env_remove(name);
    }
    Outcome::of(command.envs(variables.iter().copied()).output().unwrap())
}

/// The error's words and its advice.
fn told(outcome: &Outcome) -> (String, String) {
    let error = outcome.error();
    assert_eq!((error["kind"].as_str(), outcome.code), (Some("obstructed"), 6), "{outcome:?}");
    assert!(!format!("{outcome:?}").contains("hunter2"), "{outcome:?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&error["message"]), text(&error["hint"]))
}

#[test]
fn a_proxy_in_the_way_is_named_with_its_variable_and_without_its_password() {
    let bench = bench();
    let wants_password = proxy_that_says("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    let refuses = proxy_that_says("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    let hangs_up = proxy_that_says("");
    let shows_a_page = proxy_that_says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Blocked</html>");
    let says_less = proxy_that_says("HTTP/1.1 200 Connection established\r\n\r\n");
    let dead = free_port();
    for (port, variable, words, advice) in [
        (wants_password, "HTTPS_PROXY", "wants a user name", "http://USER:PASSWORD@HOST:PORT"),
        (refuses, "https_proxy", "does not connect this device to okta.example", "Ask who runs the proxy"),
        (wants_password, "HTTPS_PROXY", "wants a user name", "NTLM"),
        (shows_a_page, "HTTPS_PROXY", "is not TLS", "Ask who runs the proxy to allow okta.example"),
        (says_less, "all_proxy", "is not TLS", "Ask who runs the proxy to allow okta.example"),
        (hangs_up, "ALL_PROXY", "cannot be reached", "Correct ALL_PROXY"),
        (dead, "all_proxy", "cannot be reached", "Correct all_proxy"),
    ] {
        let address = format!("http://127.0.0.1:{port}");
        let proxy = format!("http://alice:{PASSWORD}@127.0.0.1:{port}/");
        let (message, hint) = told(&login(&bench, &[(variable, &proxy)]));
        assert!(message.contains(&format!("the proxy {address} (from {variable})")), "{message}");
        assert!(message.contains(words), "{message}");
        assert!(hint.contains(advice) && hint.contains(&format!("name {NAME} in NO_PROXY")), "{hint}");
    }
    let socks = format!("socks5h://alice:{PASSWORD}@127.0.0.1:{dead}");
    let (message, hint) = told(&login(&bench, &[("ALL_PROXY", &socks)]));
    assert!(message.contains(&format!("the proxy socks5h://127.0.0.1:{dead} (from ALL_PROXY) cannot")), "{message}");
    assert!(hint.contains("Correct ALL_PROXY"), "{hint}");
}

/// RFC 1928: a greeting, a choice of method, a request with the name, and a reply.
#[test]
fn a_socks_proxy_is_spoken_to_and_resolves_the_name_by_itself() {
    let bench = bench();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, asked_for) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection?;
            let mut greeting = [0; 2];
            connection.read_exact(&mut greeting)?;
            connection.read_exact(&mut vec![0; greeting[1].into()])?;
            connection.write_all(&[5, 0])?;
            let mut request = [0; 5];
            connection.read_exact(&mut request)?;
            let mut name = vec![0; request[4].into()];
            connection.read_exact(&mut name)?;
            connection.read_exact(&mut [0; 2])?;
            let _ = tell.send((request[3], String::from_utf8_lossy(&name).into_owned()));
            // Connection refused.
            connection.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0])?;
        }
        Ok::<_, std::io::Error>(())
    });
    let socks = format!("socks5h://127.0.0.1:{port}");
    let (message, _) = told(&login(&bench, &[("all_proxy", &socks)]));
    assert_eq!(asked_for.recv().unwrap(), (3, NAME.to_owned()), "a name and no address");
    assert!(message.contains(&format!("{socks} (from all_proxy) does not connect this device to {NAME}")), "{message}");
}

#[test]
fn a_socks_proxy_that_gets_no_names_is_told_with_the_one_that_does() {
    let bench = bench();
    for (scheme, better) in [("socks5", "socks5h://"), ("socks4", "socks4a://")] {
        // Nobody is asked: a name that ends so is never found (RFC 6761 section 6.4).
        bench.edit_config("okta-config.json", |okta| okta["okta_issuer_url"] = json!("https://okta.invalid/oauth2/a"));
        let (message, hint) = told(&login(&bench, &[("ALL_PROXY", &format!("{scheme}://127.0.0.1:{}", free_port()))]));
        assert!(
            message.contains("(from ALL_PROXY)") && message.contains("okta.invalid cannot be resolved"),
            "{message}"
        );
        assert!(hint.starts_with(&format!("Write {better} in place of {scheme}:// into ALL_PROXY")), "{hint}");
    }
}

/// Whoever set the variable wants a proxy, so nothing goes without one.
#[test]
fn a_variable_that_names_no_proxy_is_told_and_nothing_is_sent() {
    let bench = bench();
    for (variable, value) in [
        ("https_proxy", "garbage:x"),
        ("HTTPS_PROXY", "http://alice:hunter2@[::1"),
        ("ALL_PROXY", "ftp://alice:hunter2@h:1"),
        ("all_proxy", "://"),
    ] {
        let (message, hint) = told(&login(&bench, &[(variable, value)]));
        assert!(message.contains(&format!("{variable} is set to is no proxy that can be used")), "{message}");
        assert!(hint.contains("http://HOST:PORT") && hint.contains(NAME), "{hint}");
    }
    let outcome = login(&bench, &[("https_proxy", "garbage:x"), ("no_proxy", NAME)]);
    assert_eq!(outcome.error()["kind"], "retryable", "{outcome:?}");
    // This machine is reached without a proxy, whatever the variable says.
    let local = Bench::start();
    local.sign_in_as(ALICE);
    let outcome = Outcome::of(local.command(&["ls"]).env("https_proxy", "garbage:x").output().unwrap());
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn a_proxy_is_not_blamed_for_what_goes_past_it() {
    let bench = bench();
    let dead = format!("http://127.0.0.1:{}", free_port());
    // The name is this machine's by a command-line option, so no proxy is asked.
    let at = format!("{NAME}:443:127.0.0.1:{}", free_port());
    let mut command = bench.command(&["login", "--no-browser", "--json", "--resolve", &at]);
    let outcome = Outcome::of(command.env("HTTPS_PROXY", &dead).output().unwrap());
    let error = outcome.error();
    assert_eq!((error["kind"].as_str(), outcome.code), (Some("retryable"), 6), "{outcome:?}");
    assert!(!outcome.stdout.contains("proxy"), "{outcome:?}");
    assert!(error["hint"].as_str().unwrap().contains("port"), "{outcome:?}");
}

#[test]
fn the_proxy_is_named_on_the_way_to_aws_too() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench.edit_config("aws-exports.json", |exports| {
        exports["Storage"]["AWSS3"]["endpoint"] = json!("https://s3.example");
    });
    let proxy = format!("http://127.0.0.1:{}", free_port());
    let outcome = Outcome::of(bench.command(&["ls", "--json"]).env("HTTPS_PROXY", &proxy).output().unwrap());
    let (message, _) = told(&outcome);
    assert!(message.contains("S3 cannot be reached: the proxy") && message.contains("HTTPS_PROXY"), "{message}");
}

/// The file is for all programs of this machine. On macOS and Windows it counts beside the system's certificates.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_certificates_needs_none_for_what_asks_no_https_server() {
    let nowhere = "/nowhere/ca.pem";
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    for arguments in [&["whoami"][..], &["ls"], &["creds"], &["accounts"], &["logout"]] {
        let outcome = Outcome::of(bench.command(arguments).env("SSL_CERT_FILE", nowhere).output().unwrap());
        assert_eq!(outcome.code, 0, "{arguments:?}: {outcome:?}");
    }
    let bench = Bench::start_with(|options| options.tls = true);
    let outcome = login(&bench, &[("SSL_CERT_FILE", nowhere)]);
    let error = outcome.error();
    assert_eq!((error["kind"].as_str(), outcome.code), (Some("misconfigured"), 4), "{outcome:?}");
    assert!(error["message"].as_str().unwrap().contains(&format!("SSL_CERT_FILE names {nowhere}")), "{outcome:?}");
    for word in ["ca-certificates", "--ca-file", "SSL_CERT_FILE"] {
        assert!(error["hint"].as_str().unwrap().contains(word), "{outcome:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn certificates_of_a_flag_are_added_and_those_of_the_variable_replace() {
    let (bench, other) =
        (Bench::start_with(|options| options.tls = true), Bench::start_with(|options| options.tls = true));
    let certificates = |bench: &Bench| {
        let path = bench.path("config/ca.pem");
        assert!(path.is_file());
        path.to_str().unwrap().to_owned()
    };
    let (own, foreign) = (certificates(&bench), certificates(&other));
    let run = |arguments: &[&str], variable: &str| {
        let arguments = [&["login", "--no-browser", "--json"], arguments].concat();
        let mut command = bench.command(&arguments);
        let outcome = Outcome::of(command.env("SSL_CERT_FILE", variable).output().unwrap());
        outcome.events()[0]["event"].as_str().unwrap().to_owned()
    };
    assert_eq!(run(&[], &own), "authorization_url");
    assert_eq!(run(&[], &foreign), "error");
    assert_eq!(run(&["--ca-file", &own], &foreign), "authorization_url");
    assert_eq!(run(&["--ca-file", &foreign], &own), "authorization_url");
    // Set and empty is not set.
    assert_eq!(run(&["--ca-file", &own], ""), "authorization_url");
}
