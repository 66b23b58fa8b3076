//! What a user sees of servers that answer half, or in riddles: exit code, stdout, and nothing of a library's log.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jetbridge_local_stack::Fault;
use serde_json::json;

use crate::support::{ALICE, Bench, Running};

/// Gives `respond` the head of each request and sends back what it says, nothing as long as it says nothing, until the test
/// ends; tells the port.
fn serve(respond: impl Fn(&str) -> String + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let respond = Arc::new(respond);
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let respond = Arc::clone(&respond);
            std::thread::spawn(move || answer(connection, &*respond));
        }
    });
    port
}

fn answer(mut connection: TcpStream, respond: &dyn Fn(&str) -> String) {
    let (mut bytes, mut read) = ([0; 16 * 1024], 0);
    while let Ok(more @ 1..) = connection.read(&mut bytes[read..]) {
        read += more;
        let Some(end) = bytes[..read].windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = head
            .to_ascii_lowercase()
            .lines()
            .find_map(|line| line.strip_prefix("content-length:").and_then(|length| length.trim().parse::<u64>().ok()));
        let rest = length.unwrap_or(0).saturating_sub((read - end - 4) as u64);
        let _ = std::io::copy(&mut (&connection).take(rest), &mut std::io::sink());
        match respond(&head) {
            held if held.is_empty() => std::thread::park(),
            response => drop(connection.write_all(response.as_bytes())),
        }
        return;
    }
}

fn whole(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn signed_in_with_bucket(respond: impl Fn(&str) -> String + Send + Sync + 'static) -> Bench {
    let bench = Bench::start();
    let port = serve(respond);
    bench.edit_config("aws-exports.json", |aws| {
        aws["Storage"]["AWSS3"]["endpoint"] = format!("http://127.0.0.1:{port}").into();
    });
    bench.sign_in_as(ALICE);
    bench
}

const PAGES: [&str; 3] = [
    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>p1</NextContinuationToken>\
     <Contents><Key>a/123</Key><Size>1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>p2</NextContinuationToken>\
     <Contents><Key>b/123</Key><Size>2</Size></Contents></ListBucketResult>",
    "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>c/123</Key><Size>3</Size></Contents>\
     <Contents><Key>d/123</Key></Contents></ListBucketResult>",
];

/// The page that is asked for; of page `cut` the bytes from `at` are missing, and the announced length is right.
fn respond_with_cut(head: &str, cut: usize, at: usize) -> String {
    let asked = (1..PAGES.len()).find(|page| head.contains(&format!("continuation-token=p{page}"))).unwrap_or(0);
    whole(if asked == cut { &PAGES[asked][..at] } else { PAGES[asked] })
}

#[test]
fn a_listing_that_is_cut_off_fails_and_shows_only_what_is_there() {
    let after = |page: usize, text: &str| PAGES[page].find(text).unwrap() + text.len();
    let cuts = [
        (0, "".len()),
        (0, after(0, "<ListBucketResult>")),
        (1, after(1, "<Key>b/1")),
        (2, after(2, "<Size>3</Size></Contents>")),
        (2, after(2, "</Contents></ListBucketResult")),
    ];
    // The pauses between the tries pass side by side.
    let runs = cuts.map(|(cut, at)| {
        std::thread::spawn(move || {
            let bench = signed_in_with_bucket(move |head| respond_with_cut(head, cut, at));
            let lines = bench.run(&["ls"]);
            assert_eq!(lines.code, 6, "{cut} {at}: {lines:?}");
            let shown: Vec<_> = lines.stdout.lines().collect();
            assert_eq!(shown, ["1 - a/123", "2 - b/123"][..cut], "{cut} {at}");
            assert!(!lines.stderr.contains("No objects") && !lines.stderr.contains("unable to mark"), "{lines:?}");
            let json = bench.run(&["ls", "--json"]);
            assert_eq!((json.code, json.error()["kind"].as_str()), (6, Some("retryable")), "{cut} {at}: {json:?}");
            assert!(json.events_named("listed").is_empty());
        })
    });
    runs.into_iter().for_each(|run| run.join().unwrap());
}

#[test]
fn a_size_that_nobody_said_is_unknown() {
    let bench = signed_in_with_bucket(|head| respond_with_cut(head, usize::MAX, 0));
    let json = bench.run(&["ls", "--json"]);
    assert_eq!(json.code, 0, "{json:?}");
    let sizes: Vec<_> = json.events_named("object").iter().map(|object| object["size"].clone()).collect();
    assert_eq!(sizes, [json!(1), json!(2), json!(3), json!(null)]);
    let lines = bench.run(&["ls"]);
    assert!(lines.stdout.ends_with("\n- - d/123\n") && lines.stderr.contains("4 objects, at least 6 B."), "{lines:?}");
}

#[test]
fn who_asks_pays_if_told_to() {
    let bench = signed_in_with_bucket(|head| {
        let pays = head.to_ascii_lowercase().contains("\r\nx-amz-request-payer: requester");
        whole(&PAGES[2].replace("d/123", if pays { "paid" } else { "free" }))
    });
    assert!(bench.run(&["ls", "--request-payer"]).stdout.contains("paid"));
    assert!(bench.run(&["ls"]).stdout.contains("free"));
}

/// On this machine there is no network that could want a sign-in first.
#[test]
fn a_page_in_the_place_of_s3_is_told_with_the_endpoint() {
    let bench = signed_in_with_bucket(|_| {
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 20\r\n\r\n<html>log in!</html>"
            .to_owned()
    });
    let outcome = bench.run(&["ls", "--json"]);
    assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (4, Some("misconfigured")), "{outcome:?}");
    let error = outcome.error();
    assert!(error["message"].as_str().unwrap().starts_with("Storage.AWSS3.endpoint: what answers at 127"), "{error}");
    assert!(error["hint"].as_str().unwrap().starts_with("Set Storage.AWSS3.endpoint"), "{error}");
}

#[test]
fn keys_whose_time_is_up_are_given_to_nobody() {
    let bench = Bench::start();
    let port = serve(|_| {
        let credentials = json!({"AccessKeyId": "ASIAENDED00000000000", "SecretKey": "ended", "SessionToken": "ended",
            "Expiration": 1_700_000_000});
        whole(&json!({"IdentityId": "us-west-2:1", "Credentials": credentials}).to_string())
    });
    bench.edit_config("aws-exports.json", |aws| {
        aws["Auth"]["identityPoolEndpoint"] = format!("http://127.0.0.1:{port}").into();
    });
    let login = bench.login(&[], |url| bench.visit(url, ALICE));
    assert_eq!((login.code, login.events_named("signed_in").len()), (6, 1), "{login:?}");
    for format in ["process", "env"] {
        let outcome = bench.run(&["creds", "--format", format]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (6, ""), "{outcome:?}");
        assert!(outcome.stderr.contains("ended at Tue, 14 Nov 2023 22:13:20 GMT"), "{outcome:?}");
    }
}

#[test]
fn a_try_that_failed_before_one_that_did_not_leaves_nothing_on_the_terminal() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench.stack.faults().inject(Fault::CognitoUnavailable, 1);
    let fresh = bench.run(&["creds", "--format", "process"]);
    assert_eq!((fresh.code, fresh.stderr.as_str()), (0, ""));
    bench.stack.faults().inject(Fault::S3PageCut, 1);
    let quiet = bench.run(&["ls", "--quiet"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
    bench.stack.faults().inject(Fault::S3PageCut, 1);
    let listed = bench.run(&["ls"]);
    assert_eq!((listed.code, listed.stderr.lines().count()), (0, 1), "{}", listed.stderr);
    assert_eq!(bench.stack.log().count("ListObjectsV2"), 4);
}

/// `t/a` is below the prefix that is asked for, `other/b` is not.
#[test]
fn nothing_is_done_with_objects_that_a_server_lists_unasked() {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&asked);
    let bench = signed_in_with_bucket(move |head| {
        heard.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
        whole(
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>t/a</Key><Size>1</Size></Contents>\
             <Contents><Key>other/b</Key><Size>1</Size></Contents></ListBucketResult>",
        )
    });
    let target = bench.path("down");
    let target = target.to_str().unwrap();
    for arguments in [
        &["rm", "-r", "--yes", "t"][..],
        &["rm", "-r", "--dry-run", "t"],
        &["cp", "-r", "t", "u"],
        &["get", "-r", "t", target],
        &["ls", "t/"],
    ] {
        let outcome = bench.run(&[arguments, &["--json"]].concat());
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (6, Some("retryable")), "{outcome:?}");
        assert_eq!(outcome.events().len(), 1, "only the error: {outcome:?}");
    }
    let asked = asked.lock().unwrap();
    // The other question is for the time.
    let is_harmless =
        |line: &String| line == "HEAD / HTTP/1.1" || line.starts_with("GET /") && line.contains("list-type=2");
    assert!(asked.iter().all(is_harmless), "{asked:?}");
    assert!(!bench.path("down").exists());
}

/// Who deletes an object whose bytes S3 gives to nobody without its key (SSE-C: 400 to HEAD and GET) needs no key for that. What
/// nobody answered is no answer.
#[test]
fn what_cannot_be_seen_can_be_deleted_and_what_nobody_knows_is_not() {
    for (status, body, code, deletions) in [
        (
            "400 Bad Request",
            "<Error><Code>InvalidRequest</Code><Message>The object was stored using a form of SSE</Message></Error>",
            0,
            1,
        ),
        ("403 Forbidden", "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", 0, 1),
        ("404 Not Found", "<Error><Code>NoSuchKey</Code><Message>It is not there</Message></Error>", 9, 0),
        (
            "503 Slow Down",
            "<Error><Code>SlowDown</Code><Message>Please reduce your request rate</Message></Error>",
            6,
            0,
        ),
    ] {
        let deleted = Arc::new(Mutex::new(0));
        let counts = Arc::clone(&deleted);
        let bench = signed_in_with_bucket(move |head| {
            if head.starts_with("DELETE") {
                *counts.lock().unwrap() += 1;
                return "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_owned();
            }
            if head.contains("list-type=2") {
                return whole("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
            }
            let answer = whole(if head.starts_with("HEAD") { "" } else { body });
            answer.replace("200 OK", status).replace("\r\n\r\n", "\r\nx-amz-request-id: 1\r\n\r\n")
        });
        let removed = bench.run(&["rm", "key", "--json"]);
        assert_eq!((removed.code, *deleted.lock().unwrap()), (code, deletions), "{status}: {removed:?}");
        assert!(removed.events_named("deleted").iter().all(|event| event["was_there"].is_null()), "{removed:?}");
    }
}

/// Somebody who says yes to everything, and is not S3 ("HTTP/1.1 204", API reference, DeleteObject).
#[test]
fn nothing_is_told_as_deleted_by_whoever_answers_with_nothing() {
    for looked in ["", "ETag: \"1\"\r\n"] {
        let bench = signed_in_with_bucket(move |head| {
            let of_s3 = if head.starts_with("HEAD") { looked } else { "" };
            whole("").replace("\r\n\r\n", &format!("\r\n{of_s3}\r\n"))
        });
        let removed = bench.run(&["rm", "key", "--json"]);
        assert_eq!(
            (removed.code, removed.error()["kind"].as_str()),
            (4, Some("misconfigured")),
            "{looked:?}: {removed:?}"
        );
    }
}

/// `get -r` fetches what was listed, and nothing that came in its place.
#[test]
fn another_object_than_the_listed_one_does_not_become_a_file() {
    for (listed, given, code) in [
        (r#""1""#, r#"ETag: "1""#, 0),
        (r#""2""#, r#"ETag: "1""#, 10),
        // Not to be compared: the size alone is.
        (r#"W/"2""#, r#"ETag: "1""#, 0),
        ("2", r#"ETag: "1""#, 0),
    ] {
        for (size, fits) in [(3, true), (4, false)] {
            let bench = signed_in_with_bucket(move |head| {
                if head.contains("list-type=2") {
                    return whole(&format!(
                        "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>t/a</Key><Size>{size}</Size>\
                         <ETag>{listed}</ETag></Contents></ListBucketResult>"
                    ));
                }
                let asked = head.lines().find_map(|line| line.strip_prefix("if-match: "));
                if asked.is_some_and(|asked| !given.ends_with(asked)) {
                    return "HTTP/1.1 412 Precondition Failed\r\nx-amz-request-id: 1\r\nConnection: close\r\n\
                            Content-Length: 0\r\n\r\n"
                        .to_owned();
                }
                whole("abc").replace("\r\n\r\n", &format!("\r\n{given}\r\n\r\n"))
            });
            let get = bench.run(&["get", "-r", "t", bench.path("down").to_str().unwrap(), "--json"]);
            let expected = if code == 0 && !fits { 6 } else { code };
            assert_eq!(get.code, expected, "{listed} {given} {size}: {get:?}");
            assert_eq!(bench.path("down/a").exists(), expected == 0, "{listed} {given} {size}");
        }
    }
}

/// A server that holds one request for ever and answers the abort with a status.
#[cfg(unix)]
#[test]
fn who_cancels_an_upload_is_told_what_may_be_left_of_it() {
    const SIZE: usize = 5 * 1024 * 1024 + 1;
    for (size, held, abort, told, untold) in [
        (1, "PUT", 204, "may have been written", "keeps nothing of an unfinished"),
        (SIZE, "PUT", 204, "keeps nothing of an unfinished object", "may have been"),
        (SIZE, "PUT", 403, "still has parts", "keeps nothing"),
        (SIZE, "POST", 404, "may have been written", "keeps nothing of an unfinished"),
        (SIZE, "POST", 403, "still has parts", "keeps nothing"),
    ] {
        let is_held = Arc::new(AtomicBool::new(false));
        let holds = Arc::clone(&is_held);
        let bench = signed_in_with_bucket(move |head| match head.split(' ').next().unwrap_or_default() {
            "POST" if head.contains("?uploads") => {
                whole("<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
            }
            method if method == held => {
                holds.store(true, Ordering::SeqCst);
                String::new()
            }
            "DELETE" if abort == 204 => "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_owned(),
            "DELETE" => {
                let code = if abort == 404 { "NoSuchUpload" } else { "AccessDenied" };
                let refused = whole(&format!("<Error><Code>{code}</Code><Message>It says so</Message></Error>"));
                refused.replace("200 OK", &format!("{abort} Refused"))
            }
            _ => whole("").replace("\r\n\r\n", "\r\nETag: \"1\"\r\n\r\n"),
        });
        let file = bench.path("file");
        std::fs::write(&file, vec![b'x'; size]).unwrap();
        let put = ["put", file.to_str().unwrap(), "new", "--json", "--part-size", "5MiB"];
        let running = Running::start(&mut bench.command(&put));
        while !is_held.load(Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        running.signal("INT");
        let outcome = running.finish();
        assert_eq!(outcome.code, 7, "{held} {abort}: {outcome:?}");
        let hint = outcome.error()["hint"].as_str().unwrap().to_owned();
        assert!(hint.contains(told) && !hint.contains(untold), "{size} {held} {abort}: {hint}");
    }
}
