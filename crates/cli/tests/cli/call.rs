//! `call`: a signed request, its answer byte for byte, and how it ends.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

use jetbridge_local_stack::Fault;
use serde_json::{Value, json};

use crate::support::{ALICE, Bench, Outcome};

fn signed_in() -> Bench {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench
}

fn json_of(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, 0, "{outcome:?}");
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn an_answer_is_written_as_it_came() {
    let bench = signed_in();
    let url = bench.stack.endpoints().api.join("echo?a=%2B").unwrap();
    let whole = bench.run(&["call", "get", url.as_str()]);
    assert_eq!(json_of(&whole)["queryStringParameters"], json!({ "a": "+" }));
    assert!(whole.stdout.ends_with('}') && whole.stderr.is_empty(), "{whole:?}");
    // The one API of the configuration, and by its name.
    assert_eq!(json_of(&bench.run(&["call", "GET", "/echo/a%20b"]))["pathParameters"]["proxy"], "a b");
    assert_eq!(json_of(&bench.run(&["call", "GET", "JetbridgeApi:/echo/7"]))["pathParameters"]["proxy"], "7");

    let included = bench.run(&["call", "GET", "/status/201", "--include"]);
    let (head, body) = included.stdout.split_once("\n\n").unwrap();
    assert!(head.starts_with("HTTP 201\n") && head.contains("\ncontent-type: application/json\n"), "{head}");
    assert_eq!(body, r#"{"status":201}"#);

    let event = json_of(&bench.run(&["call", "GET", "/status/302", "--json"]));
    assert_eq!(
        (&event["event"], &event["status"], &event["body"]),
        (&json!("answered"), &json!(302), &json!(r#"{"status":302}"#))
    );
    assert!(
        event["headers"].as_array().unwrap().contains(&json!({ "name": "content-type", "value": "application/json" }))
    );
}

/// What another program reads is as it came; both may go to the same place all the same.
#[test]
fn an_error_begins_on_a_line_of_its_own() {
    let bench = signed_in();
    let refused = bench.run(&["call", "GET", "/status/503"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (6, r#"{"status":503}"#));
    assert!(refused.stderr.starts_with("\nerror: "), "{refused:?}");
    let event = bench.run(&["call", "GET", "/status/503", "--json"]);
    assert!(event.events().len() == 2 && event.stderr.is_empty(), "{event:?}");
}

#[test]
fn a_body_comes_from_the_argument_a_file_or_standard_input() {
    let bench = signed_in();
    let sent = |arguments: &[&str]| {
        let seen = json_of(&bench.run(&[&["call", "POST", "/echo"], arguments].concat()));
        (seen["body"].as_str().unwrap().to_owned(), seen["headers"].clone())
    };
    let (body, headers) = sent(&["--body", "{}", "--header", "Content-Type: application/json"]);
    assert_eq!((body.as_str(), &headers["content-type"]), ("{}", &json!("application/json")));
    std::fs::write(bench.path("body"), "a\0\nb").unwrap();
    std::fs::write(bench.path("headers"), "X-Key: s3cret\n").unwrap();
    let (file, headers) =
        (format!("@{}", bench.path("body").display()), format!("@{}", bench.path("headers").display()));
    let (body, headers) = sent(&["--body", &file, "--header", &headers]);
    assert_eq!((body.as_str(), &headers["x-key"]), ("a\0\nb", &json!("s3cret")));

    let mut command = bench.command(&["call", "POST", "/echo", "--body", "@-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"from a pipe").unwrap();
    assert_eq!(json_of(&Outcome::of(child.wait_with_output().unwrap()))["body"], "from a pipe");

    std::fs::write(bench.path("large"), vec![b'x'; 10 * 1024 * 1024 + 1]).unwrap();
    let asked = bench.stack.log().records().len();
    for file in ["large", "missing"] {
        let file = format!("@{}", bench.path(file).display());
        let outcome = bench.run(&["call", "POST", "/echo", "--json", "--body", &file]);
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (11, Some("local_file")), "{outcome:?}");
    }
    assert_eq!(bench.stack.log().records().len(), asked);
}

#[test]
fn the_exit_code_says_how_it_ended_and_the_answer_is_there_all_the_same() {
    let bench = signed_in();
    for (status, exit) in [(200, 0), (307, 0), (400, 2), (403, 5), (404, 9), (412, 10), (429, 6), (503, 6)] {
        let outcome = bench.run(&["call", "POST", &format!("/status/{status}")]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (exit, format!(r#"{{"status":{status}}}"#).as_str()));
        assert_eq!(outcome.stderr.contains(&format!("HTTP status {status}")), exit != 0, "{outcome:?}");
    }
    let events = bench.run(&["call", "POST", "/status/404", "--json"]).events();
    let kinds: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["answered", "error"]);

    let denied = bench.run(&["call", "GET", "/denied", "--json"]);
    assert_eq!((denied.code, denied.error()["kind"].as_str()), (5, Some("access_denied")), "{denied:?}");
    assert!(denied.error()["hint"].as_str().unwrap().contains("execute-api:Invoke on arn:aws:"), "{denied:?}");
    assert!(denied.events_named("answered").is_empty());
    bench.stack.faults().inject(Fault::NetworkDown, 9);
    let lost = bench.run(&["call", "POST", "/echo", "--json"]);
    assert_eq!((lost.code, lost.error()["kind"].as_str()), (6, Some("retryable")), "{lost:?}");
    bench.stack.faults().inject(Fault::NetworkDown, 0);
    // What is of use as a whole only was not delivered to a reader that goes away.
    let mut child = bench.command(&["call", "GET", "/echo"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn nothing_is_signed_for_a_host_that_nobody_named() {
    let bench = signed_in();
    let port = bench.stack.endpoints().api.port().unwrap();
    // The stack by another name is another host.
    let url = format!("http://localhost:{port}/echo");
    bench.stack.log().clear();
    let refused = bench.run(&["call", "GET", &url, "--json"]);
    assert_eq!((refused.code, refused.error()["kind"].as_str()), (4, Some("misconfigured")), "{refused:?}");
    assert!(refused.error()["hint"].as_str().unwrap().contains("--service"), "{refused:?}");
    assert!(bench.stack.log().records().is_empty());
    let named = bench.run(&["call", "GET", &url, "--service", "execute-api", "--region", "us-west-2"]);
    assert_eq!(named.code, 0, "{named:?}");
    // Signed for another service, it is no signature of this API.
    let other = bench.run(&["call", "GET", &url, "--service", "lambda", "--region", "us-west-2"]);
    assert_eq!(other.code, 5, "{other:?}");

    for arguments in [
        &["GET", &url, "--service", "lambda"][..],
        &["GET", "/x", "--region", "us-west-2"],
        &["GET"],
        &["BAD METHOD", "/echo"],
        &["GET", "/echo", "--header", "Host: x"],
    ] {
        assert_eq!(bench.run(&[&["call"], arguments].concat()).code, 2, "{arguments:?}");
    }
    bench.edit_config("aws-exports.json", |aws| {
        let own = json!({ "name": "own", "endpoint": "https://api.example.com", "region": "us-west-2" });
        aws["API"]["endpoints"].as_array_mut().unwrap().push(own);
    });
    for typed in ["/echo", "nobody:/echo"] {
        let unclear = bench.run(&["call", "GET", typed, "--json"]);
        assert_eq!((unclear.code, unclear.error()["kind"].as_str()), (2, Some("usage")), "{unclear:?}");
        assert!(unclear.error()["hint"].as_str().unwrap().contains("JetbridgeApi:/… own:/…"), "{unclear:?}");
    }
    for (typed, path) in [("echo", "JetbridgeApi:/echo,"), ("api.example.com/a", "JetbridgeApi:/api.example.com/a,")] {
        let no_url = bench.run(&["call", "GET", typed, "--json"]);
        assert_eq!((no_url.code, no_url.error()["kind"].as_str()), (2, Some("usage")), "{no_url:?}");
        assert!(no_url.error()["hint"].as_str().unwrap().contains(path), "{no_url:?}");
    }
    bench.edit_config("aws-exports.json", |aws| drop(aws.as_object_mut().unwrap().remove("API")));
    let no_url = bench.run(&["call", "GET", "echo", "--json"]);
    assert!(no_url.error()["hint"].as_str().unwrap().contains("slash, /echo,"), "{no_url:?}");
    assert_eq!(bench.run(&["call", "GET", "/echo"]).code, 2);
}

/// More than is held in memory.
#[test]
fn a_large_answer_goes_to_whoever_takes_it_as_it_comes() {
    const SIZE: usize = 10 * 1024 * 1024 + 5;
    let bench = signed_in();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/large", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let _ = connection.read(&mut [0; 8192]);
            let head = format!("HTTP/1.1 418 Said\r\nX-A: 1\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n");
            let _ = connection.write_all(&[head.as_bytes(), &[b'x'; SIZE]].concat());
        }
    });
    let call = ["call", "GET", &url, "--service", "execute-api", "--region", "us-west-2"];
    let written = bench.run(&call);
    assert_eq!((written.code, written.stdout.len()), (2, SIZE), "{}", written.stderr);
    assert!(written.stderr.contains("status 418"), "{}", written.stderr);
    let included = bench.run(&[&call[..], &["--include"]].concat()).stdout;
    assert!(included.starts_with("HTTP 418\n") && included.contains("x-a: 1\n"), "{:?}", included.get(..200));
    let refused = bench.run(&[&call[..], &["--json"]].concat());
    let hint = refused.error()["hint"].as_str().unwrap().to_owned();
    assert_eq!((refused.code, refused.stdout.len() < 1000), (2, true), "{hint}");
    assert!(hint.contains("without --json") && hint.contains("> FILE"), "{hint}");
}

#[test]
fn the_most_talkative_log_holds_no_header_and_no_body() {
    let bench = signed_in();
    let outcome =
        bench.run(&["call", "POST", "/echo?q=hunter1", "-vvv", "--body", "hunter2", "--header", "X-Key: hunter3"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("/echo"), "the log was on: {}", outcome.stderr);
    for secret in
        bench.stack.issued_secrets().all().into_iter().chain(["hunter1", "hunter2", "hunter3"].map(str::to_owned))
    {
        assert!(!outcome.stderr.contains(&secret), "{}", outcome.stderr);
    }
}
