//! `--trace`: a file for every command, however it ends, with every request and no secret.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use jetbridge_local_stack::Fault;
use serde_json::Value;

use crate::support::{ALICE, Bench, Outcome, Running, program};

const HOUR: Duration = Duration::from_secs(3600);

fn read_har(path: &Path) -> Value {
    let har: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_har(&har);
    har
}

fn operations(har: &Value) -> Vec<String> {
    let entries = har["log"]["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["_operation"].as_str().unwrap().to_owned()).collect()
}

/// What HAR 1.2 demands of each object: its fields without "optional", by kind, and no others but its optional ones and
/// custom ones ("Custom Fields" begin with an underscore). The draft of the W3C's Web Performance Working Group of 2012-08-14,
/// whose sections stand beside.
fn assert_har(har: &Value) {
    // "log"
    let log = &har["log"];
    assert_eq!(har.as_object().unwrap().len(), 1, "\"This object represents the root\"");
    assert_fields(log, &["version:s", "creator:o", "entries:a"], &["browser:o", "pages:a", "comment:s"]);
    assert_eq!(log["version"], "1.2");
    // "creator"
    assert_fields(&log["creator"], &["name:s", "version:s"], &["comment:s"]);
    // "pages": "unique identifier of a page"
    let pages = log["pages"].as_array().unwrap();
    assert_eq!(pages.len(), 1);
    for page in pages {
        assert_fields(page, &["startedDateTime:t", "id:s", "title:s", "pageTimings:o"], &["comment:s"]);
        // "pageTimings"
        assert_fields(&page["pageTimings"], &[], &["onContentLoad:n", "onLoad:n", "comment:s"]);
    }
    // "entries": "Sorting entries by startedDateTime (starting from the oldest) is preferred way".
    let entries = log["entries"].as_array().unwrap();
    assert!(entries.is_sorted_by_key(|entry| entry["startedDateTime"].as_str().unwrap()));
    for entry in entries {
        assert_fields(
            entry,
            &["startedDateTime:t", "time:n", "request:o", "response:o", "cache:o", "timings:o"],
            &["pageref:s", "serverIPAddress:s", "connection:s", "comment:s"],
        );
        assert_eq!(entry["pageref"], pages[0]["id"]);
        // "request"
        let request = &entry["request"];
        let of_both = ["httpVersion:s", "cookies:a", "headers:a", "headersSize:i", "bodySize:i"];
        let of_request = [&of_both[..], &["method:s", "url:s", "queryString:a"]].concat();
        assert_fields(request, &of_request, &["postData:o", "comment:s"]);
        assert!(
            url::Url::parse(request["url"].as_str().unwrap()).is_ok_and(|url| url.fragment().is_none()),
            "{request}"
        );
        // "response"
        let response = &entry["response"];
        let of_response = [&of_both[..], &["status:i", "statusText:s", "content:o", "redirectURL:s"]].concat();
        assert_fields(response, &of_response, &["comment:s"]);
        // "content"
        let of_content = ["compression:i", "text:s", "encoding:s", "comment:s"];
        assert_fields(&response["content"], &["size:i", "mimeType:s"], &of_content);
        // "headers", "queryString"; there are no "cookies": their values are secrets.
        for pairs in [&request["headers"], &request["queryString"], &response["headers"]] {
            for pair in pairs.as_array().unwrap() {
                assert_fields(pair, &["name:s", "value:s"], &["comment:s"]);
            }
        }
        for cookies in [&request["cookies"], &response["cookies"]] {
            assert_eq!(cookies.as_array().unwrap().len(), 0);
        }
        // "cache"
        assert_fields(&entry["cache"], &[], &["beforeRequest:o", "afterRequest:o", "comment:s"]);
        // "timings": "The send, wait and receive timings are not optional and must have non-negative values."
        let timings = &entry["timings"];
        let optional = ["blocked:n", "dns:n", "connect:n", "ssl:n", "comment:s"];
        assert_fields(timings, &["send:n", "wait:n", "receive:n"], &optional);
        assert!(["send", "wait", "receive"].iter().all(|name| timings[*name].as_f64() >= Some(0.0)), "{timings}");
        // "The time value for the request must be equal to the sum of the timings supplied in this section (excluding any -1
        // values)."
        let sum: f64 =
            timings.as_object().unwrap().values().filter_map(Value::as_f64).filter(|time| *time >= 0.0).sum();
        assert!((sum - entry["time"].as_f64().unwrap()).abs() < 1e-6, "{entry}");
    }
}

fn assert_fields(object: &Value, required: &[&str], optional: &[&str]) {
    let fields = object.as_object().unwrap_or_else(|| panic!("no object: {object}"));
    for field in required {
        let (name, _) = field.split_once(':').unwrap();
        assert!(fields.contains_key(name), "{name} is missing in {object}");
    }
    for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with('_')) {
        let known =
            required.iter().chain(optional).find_map(|field| field.split_once(':').filter(|(known, _)| known == name));
        let (_, kind) = known.unwrap_or_else(|| panic!("{name} is not in HAR 1.2: {object}"));
        let fits = match kind {
            "s" => value.is_string(),
            // "ISO 8601 - YYYY-MM-DDThh:mm:ss.sTZD"
            "t" => value.as_str().is_some_and(|text| {
                let form: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
                form == "9999-99-99T99:99:99.999999Z"
            }),
            "n" => value.is_number(),
            "i" => value.is_i64(),
            "a" => value.is_array(),
            _ => value.is_object(),
        };
        assert!(fits, "{name} of {object}");
    }
}

#[test]
fn a_sign_in_with_a_listing_and_a_renewal_are_traced_without_any_secret() {
    let bench = Bench::start();
    let (html, har) = (bench.path("login.html"), bench.path("login.har"));
    let trace = |path: &Path| ["--trace".to_owned(), path.display().to_string()];
    let with = |arguments: &[&str], path: &Path| {
        let trace = trace(path);
        let arguments: Vec<_> = arguments.iter().copied().chain(trace.iter().map(String::as_str)).collect();
        bench.run(&arguments)
    };
    for path in [&html, &har] {
        let trace = trace(path);
        let outcome = bench.login(&["--list", &trace[0], &trace[1]], |url| bench.visit(url, ALICE));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(outcome.events().last().unwrap()["event"], "listed", "nothing of it is on stdout");
    }
    // What the first sign-in has learnt of Okta and of the user's identity, the second need not ask for.
    let second = read_har(&har);
    let expected = ["token (authorization_code)", "GetCredentialsForIdentity", "ListObjectsV2"];
    for operation in expected {
        assert!(operations(&second).iter().any(|name| name == operation), "{operation} in {:?}", operations(&second));
    }
    let page = std::fs::read_to_string(&html).unwrap();
    let once = ["discovery", "keys", "GetId", "userinfo", "renewal of AWS credentials"];
    for operation in expected.into_iter().chain(once) {
        assert!(page.contains(operation), "{operation}");
    }
    // Nothing runs in it, and nothing is loaded.
    assert!(page.contains("default-src 'none'"));
    for forbidden in ["<script", "<img", "<link", "url(", "@import", "src="] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }

    bench.stack.clock().advance(HOUR);
    // This machine's clock goes as ever, so that only the services find out: S3 refuses the credentials.
    let (renewal, renewal_page) = (bench.path("renewal.har"), bench.path("renewal.html"));
    let outcome = with(&["ls", "--json"], &renewal);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let renewed = read_har(&renewal);
    let listings: Vec<_> = renewed["log"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["_operation"] == "ListObjectsV2")
        .map(|entry| (entry["_attempt"].as_u64().unwrap(), entry["response"]["status"].as_u64().unwrap() / 100))
        .collect();
    let (last, refused) = listings.split_last().unwrap();
    assert_eq!(*last, (listings.len() as u64, 2), "{listings:?}");
    assert!(
        !refused.is_empty() && refused.iter().zip(1..).all(|(listing, number)| *listing == (number, 4)),
        "{listings:?}"
    );
    let work: Vec<_> = renewed["log"]["_work"].as_array().unwrap().iter().map(|work| work["kind"].clone()).collect();
    assert!(work.contains(&"renewal of AWS credentials".into()), "{work:?}");
    bench.stack.clock().advance(HOUR);
    assert_eq!(with(&["ls"], &renewal_page).code, 0);
    assert!(std::fs::read_to_string(&renewal_page).unwrap().contains(">attempt 2 after "));

    // As if the access token and the keys were asked for, and the sign-out revoked them.
    let (keys, end) = (bench.path("creds.har"), bench.path("logout.html"));
    assert_eq!(with(&["creds", "--format", "process"], &keys).code, 0);
    assert_eq!(with(&["logout", "--revoke"], &end).code, 0);
    assert!(std::fs::read_to_string(&end).unwrap().contains("revoke"));

    let issued = bench.stack.issued_secrets().all();
    // Shorter values would be found by chance.
    let secrets: Vec<_> = issued.iter().filter(|secret| secret.len() >= 12).collect();
    assert!(secrets.len() > 8, "{}", secrets.len());
    for path in [&html, &har, &renewal, &renewal_page, &keys, &end] {
        let text = std::fs::read_to_string(path).unwrap();
        for (number, secret) in secrets.iter().enumerate() {
            let in_a_url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            assert!(!text.contains(*secret) && !text.contains(&in_a_url), "secret {number} is in {}", path.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn a_trace_is_for_its_user_alone_and_takes_the_place_of_an_earlier_one() {
    use std::os::unix::fs::PermissionsExt as _;

    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let path = bench.path("ls.har");
    std::fs::write(&path, "earlier").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let outcome = bench.run(&["--trace", path.to_str().unwrap(), "ls"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(operations(&read_har(&path)), ["ListObjectsV2"]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let left = std::fs::read_dir(bench.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!left.into_iter().any(|name| name.to_string_lossy().contains("jetbridge-trace")));
}

#[test]
fn a_command_that_fails_leaves_its_trace_and_its_exit_code() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let (har, html) = (bench.path("denied.har"), bench.path("denied.html"));
    bench.stack.faults().inject(Fault::S3AccessDenied, 100);
    let outcome = bench.run(&["ls", "--json", "--trace", har.to_str().unwrap()]);
    assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (5, Some("access_denied")), "{outcome:?}");
    let trace = read_har(&har);
    assert_eq!(trace["log"]["_ended"], "access_denied");
    let last = trace["log"]["entries"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["response"]["status"], &last["_errorCode"]), (&403.into(), &"AccessDenied".into()));
    // Who was refused what is in the message, and stays there.
    let text = std::fs::read_to_string(&har).unwrap();
    assert!(outcome.stdout.contains("assumed-role") && !text.contains("assumed-role"), "{text}");

    // A key may hold anything.
    let key = "<b>\"&'</b>.txt";
    let outcome = bench.run(&["get", key, "-", "--trace", html.to_str().unwrap()]);
    assert_eq!(outcome.code, 5, "{outcome:?}");
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(page.contains("GetObject") && page.contains("ended with access_denied") && !page.contains("<b>"), "{page}");
    assert!(page.contains(">AccessDenied<") && !page.contains("assumed-role"), "{page}");
    assert!(
        page.contains("<dt>request</dt><dd>1</dd>") && page.contains("<dt>new connection</dt><dd>1</dd>"),
        "{page}"
    );

    let nobody = bench.path("nobody.har");
    assert_eq!(bench.run(&["logout"]).code, 0);
    let outcome = bench.run(&["ls", "--trace", nobody.to_str().unwrap()]);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert_eq!(operations(&read_har(&nobody)), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_command_that_is_cancelled_leaves_its_trace() {
    let bench = Bench::start();
    let path = bench.path("login.har");
    let mut command = bench.command(&["login", "--json", "--trace", path.to_str().unwrap()]);
    let mut running = Running::start(&mut command);
    running.authorization_url();
    running.signal("INT");
    let outcome = running.finish();
    assert_eq!(outcome.code, 7, "{outcome:?}");
    let trace = read_har(&path);
    assert_eq!(trace["log"]["_ended"], "user_cancelled");
    // What was begun for later, beside the browser, may or may not have come to its end.
    let operations = operations(&trace);
    assert_eq!(operations[0], "discovery");
    assert!(operations[1..].iter().all(|name| name == "keys" || name == "connection"), "{operations:?}");
}

/// What was on its way when the command was asked to end.
#[cfg(unix)]
#[test]
fn a_request_without_an_answer_is_in_the_trace_of_a_cancelled_command() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    // An S3 that takes the request and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    bench.edit_config("aws-exports.json", |aws| aws["Storage"]["AWSS3"]["endpoint"] = endpoint.into());
    let path = bench.path("ls.har");
    let running = Running::start(&mut bench.command(&["ls", "--trace", path.to_str().unwrap()]));
    let (mut stream, _) = silent.accept().unwrap();
    assert!(stream.read(&mut [0; 64]).unwrap() > 0);
    running.signal("INT");
    let outcome = running.finish();
    assert_eq!(outcome.code, 7, "{outcome:?}");
    let trace = read_har(&path);
    assert_eq!(operations(&trace), ["ListObjectsV2"]);
    let end = trace["log"]["entries"][0]["_end"].as_str().unwrap();
    assert!(["abandoned", "under way"].contains(&end), "{end}");
}

#[cfg(unix)]
#[test]
fn exec_leaves_the_trace_before_the_command_takes_over() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let path = bench.path("exec.har");
    let outcome = bench.run(&[
        "exec",
        "--trace",
        path.to_str().unwrap(),
        "--",
        "sh",
        "-c",
        "test -s \"$0\"; exit $((3 + $?))",
        path.to_str().unwrap(),
    ]);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    read_har(&path);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_done() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench.stack.log().clear();
    std::fs::create_dir(bench.path("folder.har")).unwrap();
    let pipe = bench.path("pipe.har");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("nowhere", bench.path("link.html")).unwrap();
    for (name, why) in [
        ("nowhere/trace.html", "its folder is not there"),
        ("folder.har", "it is a folder"),
        ("pipe.har", "it is a pipe or a device"),
        ("link.html", "it is a link that leads nowhere"),
    ] {
        let path = bench.path(name);
        let outcome = bench.run(&["ls", "--json", "--trace", path.to_str().unwrap()]);
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (11, Some("local_file")), "{outcome:?}");
        assert!(outcome.stdout.contains(name) && outcome.stdout.contains(why), "{outcome:?}");
        assert!(!outcome.stdout.contains("jetbridge-trace"), "{outcome:?}");
    }
    for name in ["trace", "trace.json", "trace.html.gz", "-"] {
        let outcome = Outcome::of(program(&["ls", "--trace", name]).stdin(Stdio::null()).output().unwrap());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains(".html") && outcome.stderr.contains(".har"), "{outcome:?}");
    }
    assert!(bench.stack.log().records().is_empty());
}

/// Root may write to everything: somebody else is asked then.
#[cfg(unix)]
#[test]
fn a_folder_or_a_file_that_may_not_be_written_to_is_told_before_anything_is_done() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;

    let folder = tempfile::tempdir().unwrap();
    let (closed, open) = (folder.path().join("closed"), folder.path().join("open"));
    for path in [&closed, &open] {
        std::fs::create_dir(path).unwrap();
    }
    std::fs::write(open.join("kept.har"), "kept").unwrap();
    let modes = [(folder.path(), 0o755), (&closed, 0o555), (&open, 0o777), (&open.join("kept.har"), 0o444)];
    for (path, mode) in modes {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    for path in [closed.join("new.har"), open.join("kept.har")] {
        let mut command = program(&["completions", "bash", "--json", "--trace", path.to_str().unwrap()]);
        if rustix::process::geteuid().is_root() {
            command.uid(65534).current_dir("/");
        }
        let outcome = Outcome::of(command.output().unwrap());
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (11, Some("local_file")), "{outcome:?}");
        assert!(outcome.stdout.to_lowercase().contains("permission denied"), "{outcome:?}");
    }
    assert_eq!(std::fs::read_to_string(open.join("kept.har")).unwrap(), "kept");
}

/// As when a disk is full, or goes away.
#[test]
fn a_trace_that_cannot_be_written_any_more_changes_nothing_of_the_command() {
    let bench = Bench::start();
    let folder = bench.path("gone");
    let login = |answer: &dyn Fn(&str) -> String| {
        std::fs::create_dir(&folder).unwrap();
        let trace = folder.join("login.html");
        bench.login(&["--quiet", "--trace", trace.to_str().unwrap()], |url| {
            std::fs::remove_dir_all(&folder).unwrap();
            answer(url)
        })
    };
    let is_told = |outcome: &Outcome| outcome.stderr.contains("login.html could not be written");
    let denied = login(&|url| bench.deny(url));
    assert_eq!((denied.code, denied.error()["kind"].as_str()), (5, Some("access_denied")), "{denied:?}");
    assert!(is_told(&denied), "{denied:?}");
    let outcome = login(&|url| bench.visit(url, ALICE));
    assert!(outcome.code == 0 && is_told(&outcome), "{outcome:?}");
    assert_eq!(bench.run(&["ls"]).code, 0, "the session is there");
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced() {
    let bench = Bench::start();
    let (link, file) = (bench.path("link.har"), bench.path("file"));
    std::fs::write(&file, "earlier").unwrap();
    std::os::unix::fs::symlink("file", &link).unwrap();
    assert_eq!(bench.run(&["completions", "bash", "--trace", link.to_str().unwrap()]).code, 0);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(operations(&read_har(&file)), [""; 0]);
}
