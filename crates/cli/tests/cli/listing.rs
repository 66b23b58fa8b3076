//! `ls`: every key, in every form of output, however many there are.

use std::collections::BTreeSet;
use std::process::Stdio;

use jetbridge_local_stack::Fault;
use serde_json::json;

use crate::support::{ALICE, Bench, Outcome};

fn signed_in() -> Bench {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench
}

#[test]
fn every_object_is_listed_once() {
    let bench = signed_in();
    let outcome = bench.run(&["ls", "--json"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let objects = outcome.events_named("object");
    let keys: BTreeSet<_> = objects.iter().map(|object| object["key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), objects.len());
    for awkward in [
        "awkward/line\nbreak.txt",
        "awkward/a+b=c.txt",
        "awkward/already%2Fencoded%20name.txt",
        "awkward/../up.txt",
        "awkward/\u{645}\u{631}\u{62d}\u{628}\u{627}.txt",
        "/leading-slash.txt",
    ] {
        assert!(keys.contains(awkward), "{awkward:?}");
    }
    assert!(objects.iter().all(|object| {
        object["size"].is_u64()
            && object["last_modified"].as_str().is_some_and(|time| time.len() == 20 && time.ends_with('Z'))
            && object["e_tag"].as_str().is_some_and(|tag| tag.starts_with('"'))
    }));
    assert_eq!(outcome.events().last().unwrap(), &json!({ "event": "listed", "count": objects.len() }));
}

#[test]
fn piped_lines_hold_size_time_and_the_escaped_key() {
    let bench = signed_in();
    let outcome = bench.run(&["ls"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(!outcome.stdout.contains('\u{1b}') && !outcome.stdout.contains('\t'));
    assert!(outcome.stdout.contains(r" awkward/line\nbreak.txt"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains(r" awkward/tab\tstop.txt"), "{}", outcome.stdout);
    let events = bench.run(&["ls", "--json"]).events_named("object");
    assert_eq!(outcome.stdout.lines().count(), events.len());
    for (line, object) in outcome.stdout.lines().zip(&events) {
        let start = format!("{} {} ", object["size"], object["last_modified"].as_str().unwrap());
        assert!(line.starts_with(&start), "{line}");
    }
}

#[test]
fn a_prefix_and_a_delimiter_narrow_it_down() {
    let bench = signed_in();
    let all = bench.run(&["ls", "--json"]).events_named("object");
    let awkward = bench.run(&["ls", "--json", "awkward/"]).events_named("object");
    assert!(!awkward.is_empty() && awkward.len() < all.len());
    assert!(awkward.iter().all(|object| object["key"].as_str().unwrap().starts_with("awkward/")));

    let top = bench.run(&["ls", "--json", "--delimiter", "/"]);
    assert_eq!(top.code, 0, "{top:?}");
    let prefixes = top.events_named("prefix");
    assert!(prefixes.contains(&json!({ "event": "prefix", "prefix": "awkward/" })), "{prefixes:?}");
    let listed = top.events().pop().unwrap();
    assert_eq!(listed["prefixes"], prefixes.len());
    assert_eq!(listed["count"], top.events_named("object").len());
    assert!(bench.run(&["ls", "--delimiter", "/"]).stdout.contains("- - awkward/\n"));
}

#[test]
fn who_asks_for_a_folder_without_its_slash_is_told_what_else_begins_so() {
    let bench = signed_in();
    for (prefix, folder) in [
        ("awkward", Some("awkward/")),
        ("s3://jetbridge-demo/awkward", Some("s3://jetbridge-demo/awkward/")),
        ("awkward/", None),
        ("photos", None),
        ("awkward-", None),
        ("", None),
    ] {
        for more in [&[][..], &["--delimiter", "/"]] {
            let told = bench.run(&[&["ls", prefix], more].concat()).stderr;
            let command = folder.map(|folder| format!("The folder alone:\n  jetbridge ls {folder}\n"));
            assert_eq!(told.contains("The folder alone"), command.is_some(), "{prefix}: {told}");
            assert!(command.is_none_or(|command| told.contains(&command)), "{prefix}: {told}");
        }
    }
}

#[test]
fn a_pattern_is_told_to_be_none() {
    let bench = signed_in();
    let told = bench.run(&["ls", "reports/2026/*.pdf"]).stderr;
    assert!(
        told.starts_with(
            "No objects whose key begins with reports/2026/*.pdf (as the command says).\nPatterns are not known"
        ) && told.contains("jetbridge ls reports/2026/"),
        "{told}"
    );
}

#[test]
fn who_finds_nothing_is_told_where_that_was_looked_for() {
    let bench = signed_in();
    let told = |arguments: &[&str]| bench.run(arguments).stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let typed = "No objects whose key begins with reports/2027/ (as the command says).";
    assert_eq!(told(&["ls", "reports/2027/"]), typed);
    bench.edit_config("aws-exports.json", |aws| aws["Storage"]["AWSS3"]["prefix"] = "pubilc/".into());
    let configured = "No objects whose key begins with pubilc/ (Storage.AWSS3.prefix of aws-exports.json).";
    assert_eq!(told(&["ls"]), configured);
    assert_eq!(told(&["ls", "reports/2027/"]), typed);
    assert!(!told(&["ls", ""]).contains("No objects"), "the whole bucket is asked for");
}

#[test]
fn a_limit_stops_and_says_so() {
    let bench = signed_in();
    let outcome = bench.run(&["ls", "--json", "--limit", "3"]);
    assert_eq!(outcome.events_named("object").len(), 3);
    assert_eq!(outcome.events().pop().unwrap(), json!({ "event": "listed", "count": 3, "more": true }));
    let human = bench.run(&["ls", "--limit", "3"]);
    assert_eq!(human.stdout.lines().count(), 3);
    assert!(human.stderr.contains("There are more"), "{human:?}");
    // Exactly as many as there are is not a cut.
    let count = bench.run(&["ls", "--json"]).events_named("object").len().to_string();
    assert_eq!(bench.run(&["ls", "--json", "--limit", &count]).events().pop().unwrap().get("more"), None);
}

#[test]
fn many_pages_become_one_list() {
    let bench = signed_in();
    let outcome = bench.run(&["ls", "--bucket", "scale-2500"]);
    assert_eq!(outcome.code, 0, "{:?}", outcome.stderr);
    assert_eq!(outcome.stdout.lines().count(), 2500);
    assert_eq!(outcome.stdout.lines().collect::<BTreeSet<_>>().len(), 2500);
    assert_eq!(bench.stack.log().count("ListObjectsV2"), 3);
    assert!(outcome.stderr.contains("2,500 objects"), "{}", outcome.stderr);
    assert_eq!(bench.run(&["ls", "--quiet", "--bucket", "scale-5"]).stderr, "");
}

#[test]
fn many_requests_at_a_time_list_the_same() {
    let bench = signed_in();
    for more in [&[][..], &["--limit", "5500"], &["logs/2026/07/1"], &["logs/2026/", "--delimiter", "/"]] {
        let list = |parallel: &[&str]| {
            let outcome = bench.run(&[&["ls", "--json", "--bucket", "scale-dates-12000"], more, parallel].concat());
            assert_eq!(outcome.code, 0, "{outcome:?}");
            outcome.stdout
        };
        assert!(list(&["--parallel", "8"]) == list(&[]), "{more:?}");
    }
    // Objects and folders in turns, in S3's order wherever pages end.
    let list = |parallel| {
        bench.run(&["ls", "--json", "--bucket", "scale-uuids-12000", "--delimiter", "a", "--parallel", parallel])
    };
    let (one, many) = (list("1"), list("8"));
    let names = |name| one.events_named(name).len();
    assert!(names("object") > 500 && names("prefix") > 500, "{} {}", names("object"), names("prefix"));
    let text = |event: &serde_json::Value| event["key"].as_str().or(event["prefix"].as_str()).map(str::to_owned);
    let keys: Vec<String> = one.events().iter().filter_map(text).collect();
    assert!(keys.is_sorted() && one.stdout == many.stdout);
    for number in ["0", "33", "many"] {
        let outcome = bench.run(&["ls", "--json", "--parallel", number]);
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (2, Some("usage")), "{outcome:?}");
    }
}

#[test]
fn a_listing_that_breaks_is_not_called_complete() {
    let bench = signed_in();
    // More often than the client tries.
    bench.stack.faults().inject(Fault::S3PageCut, 100);
    let outcome = bench.run(&["ls", "--json"]);
    assert_eq!(outcome.code, 6, "{outcome:?}");
    assert_eq!(outcome.error()["kind"], "retryable");
    assert!(outcome.events_named("listed").is_empty());
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let bench = signed_in();
    let mut child = bench
        .command(&["ls", "--bucket", "scale-20000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let outcome = Outcome::of(child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let bench = signed_in();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = bench.command(&["ls"]).stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output();
    let outcome = Outcome::of(output.unwrap());
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("the output could not be written"), "{outcome:?}");
}

#[test]
fn buckets_that_are_missing_or_closed_are_told_apart() {
    let bench = signed_in();
    let missing = bench.run(&["ls", "--json", "--bucket", "no-such-bucket-here"]);
    assert_eq!((missing.code, missing.error()["kind"].as_str()), (9, Some("not_found")), "{missing:?}");
    let denied = bench.run(&["ls", "--json", "--bucket", &bench.stack.options().denied_bucket]);
    assert_eq!((denied.code, denied.error()["kind"].as_str()), (5, Some("access_denied")), "{denied:?}");
    assert!(denied.error()["hint"].as_str().unwrap().contains("s3:ListBucket"), "{denied:?}");
}

/// As the AWS CLI takes them.
#[test]
fn an_s3_address_names_bucket_and_prefix() {
    let bench = signed_in();
    let bucket = bench.stack.options().bucket.clone();
    let by_prefix = bench.run(&["ls", "awkward/"]);
    assert!(by_prefix.stdout.lines().count() > 1, "{by_prefix:?}");
    let by_address = bench.run(&["ls", &format!("s3://{bucket}/awkward/")]);
    assert_eq!((by_address.code, by_address.stdout), (0, by_prefix.stdout));
    let whole = bench.run(&["ls", &format!("s3://{bucket}")]);
    assert_eq!(whole.stdout, bench.run(&["ls"]).stdout);
    assert_eq!(bench.run(&["ls", "s3://scale-5/"]).stdout.lines().count(), 5);
    let login = bench.login(&["--list", "s3://scale-5"], |url| bench.visit(url, ALICE));
    assert_eq!(login.events_named("object").len(), 5, "{login:?}");

    let contradiction = bench.run(&["ls", "--json", "s3://scale-5/", "--bucket", "scale-6"]);
    assert_eq!((contradiction.code, contradiction.error()["kind"].as_str()), (2, Some("usage")), "{contradiction:?}");
}

#[test]
fn what_no_bucket_is_called_is_refused_before_anything_is_sent() {
    let bench = signed_in();
    let asked = bench.stack.log().records().len();
    let refused = |arguments: &[&str]| {
        let outcome = bench.run(&[&["ls", "--json"], arguments].concat());
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (4, Some("misconfigured")), "{outcome:?}");
        assert!(outcome.error()["message"].as_str().unwrap().starts_with("bucket \""), "{outcome:?}");
    };
    for bucket in ["No Such/Bucket?x", "../other", "..", "", "arn:aws:s3:::scale-5"] {
        refused(&["--bucket", bucket]);
    }
    // What only the SDK's rules know.
    refused(&["--bucket", "arn:aws:s3:us-west-2:123456789012:accesspoint/a/b"]);
    refused(&["s3://../other"]);
    for nothing in ["s3://", "s3:///reports/"] {
        let outcome = bench.run(&["ls", "--json", nothing]);
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (2, Some("usage")), "{outcome:?}");
    }
    assert_eq!(bench.stack.log().records().len(), asked);
}

/// S3 refuses some names that this library knows no rule against.
#[test]
fn a_bucket_of_the_command_line_is_not_blamed_on_the_configuration() {
    let bench = signed_in();
    for arguments in
        [&["ls", "s3://Bad..Bucket"][..], &["ls", "--bucket", "Bad..Bucket"], &["rm", "s3://Bad..Bucket/a"]]
    {
        let outcome = bench.run(&[arguments, &["--json"]].concat());
        let message = outcome.error()["message"].to_string();
        assert!(message.contains("Bad..Bucket is no bucket name") && !message.contains("AWSS3"), "{outcome:?}");
    }
    bench.edit_config("aws-exports.json", |aws| aws["Storage"]["AWSS3"]["bucket"] = "Bad..Bucket".into());
    let outcome = bench.run(&["ls", "--json"]);
    assert!(outcome.error()["message"].to_string().contains("Storage.AWSS3.bucket"), "{outcome:?}");
}
