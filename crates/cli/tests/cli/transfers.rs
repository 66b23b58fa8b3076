//! Transfers that are broken off: by Ctrl-C, by a service manager, by a kill. And what a person at a terminal sees and is asked.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jetbridge_local_stack::{Fault, RequestRecord};

use crate::objects::{listed, signed_in};
use crate::support::{ALICE, Bench, Outcome, Running};

const PART: usize = 5 * 1024 * 1024;

/// A stack that takes its time, so that a transfer can be met in the middle.
fn slow() -> Bench {
    let bench = Bench::start_with(|options| options.latency = Duration::from_millis(100));
    bench.sign_in_as(ALICE);
    bench
}

fn bytes(parts: usize) -> Vec<u8> {
    (0..parts * PART - 7).map(|n| (n * 31 % 253) as u8).collect()
}

/// Begins a command and comes back when the stack has answered `operation` so often for keys that begin so. What an earlier
/// command had on its way may be answered after its end: each has keys of its own.
fn begin(bench: &Bench, arguments: &[&str], operation: &str, key: &str, times: usize) -> Running {
    let running = Running::start(&mut bench.command(arguments));
    let path = format!("/jetbridge-demo/{key}");
    let is_meant = |record: &RequestRecord| record.operation == operation && record.path.starts_with(&path);
    while bench.stack.log().records().iter().filter(|record| is_meant(record)).count() < times {
        std::thread::sleep(Duration::from_millis(5));
    }
    running
}

/// The arguments of an upload of four parts that was killed when two of them had arrived.
fn upload_and_kill<'a>(bench: &Bench, file: &'a Path) -> [&'a str; 8] {
    fs::write(file, bytes(4)).unwrap();
    let put = ["put", file.to_str().unwrap(), "big", "--json", "--part-size", "5MiB", "--parallel", "1"];
    let running = begin(bench, &put, "UploadPart", "big", 2);
    running.signal("KILL");
    running.finish();
    put
}

fn completed(outcome: &Outcome) -> serde_json::Value {
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.events().pop().unwrap()
}

#[test]
fn an_upload_that_was_killed_goes_on_where_it_was() {
    let bench = slow();
    let file = bench.path("big");
    fs::write(&file, bytes(8)).unwrap();
    let file = file.to_str().unwrap();
    let put = ["put", file, "big", "--json", "--part-size", "5MiB", "--parallel", "1"];
    let running = begin(&bench, &put, "UploadPart", "big", 3);
    running.signal("KILL");
    assert_eq!(running.finish().code, -1);
    let outcome = completed(&bench.run(&put));
    let resumed = outcome["resumed"].as_u64().unwrap();
    // The last one may have been answered, and that not heard any more.
    assert!(resumed >= 2 * PART as u64, "{outcome}");
    assert_eq!(bench.stack.log().count("CreateMultipartUpload"), 1);
    assert!(bench.stack.log().count("UploadPart") <= 8 + 2, "what had arrived was sent again");
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let state = bench.path(".local/state/jetbridge/transfers");
        assert_eq!(fs::metadata(state).unwrap().permissions().mode() & 0o777, 0o700);
    }

    let target = bench.path("down");
    let get = ["get", "big", target.to_str().unwrap(), "--json", "--part-size", "5MiB", "--parallel", "1"];
    let running = begin(&bench, &get, "GetObject", "big", 4);
    running.signal("KILL");
    assert_eq!(running.finish().code, -1);
    assert!(!target.exists());
    let outcome = completed(&bench.run(&get));
    assert!(outcome["resumed"].as_u64().unwrap() >= PART as u64, "{outcome}");
    assert_eq!((&outcome["verified"], fs::read(&target).unwrap()), (&true.into(), bytes(8)));
}

#[test]
fn an_upload_that_nobody_wants_any_more_is_given_up() {
    let bench = slow();
    let file = bench.path("big");
    let put = upload_and_kill(&bench, &file);
    fs::remove_file(&file).unwrap();
    let abort = |key| bench.run(&["put", file.to_str().unwrap(), key, "--abort", "--json"]);
    let events = |key| -> Vec<String> {
        let outcome = abort(key);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.events().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(events("other"), ["skipped"]);
    assert_eq!(bench.stack.log().count("AbortMultipartUpload"), 0);
    assert_eq!(events("big"), ["aborted"]);
    assert_eq!(bench.stack.log().count("AbortMultipartUpload"), 1);
    assert_eq!(events("big"), ["skipped"]);
    assert_eq!(bench.run(&["put", "-", "big", "--abort"]).code, 2);
    fs::write(&file, bytes(4)).unwrap();
    assert_eq!(completed(&bench.run(&put))["resumed"], 0);
}

#[test]
fn start_over_uses_nothing_of_before() {
    let bench = slow();
    let file = bench.path("big");
    let put = upload_and_kill(&bench, &file);
    let outcome = completed(&bench.run(&[&put[..], &["--start-over"]].concat()));
    assert_eq!(outcome["resumed"], 0);
    assert_eq!(bench.stack.log().count("AbortMultipartUpload"), 1, "S3 is not left with what nobody goes on with");
}

#[test]
fn an_upload_that_is_cancelled_leaves_nothing_in_s3() {
    let bench = slow();
    let folder = bench.path("folder");
    fs::create_dir_all(&folder).unwrap();
    for name in ["a", "b", "c"] {
        fs::write(folder.join(name), bytes(4)).unwrap();
    }
    let (one, all) = (folder.join("a"), folder.to_str().unwrap());
    let one = one.to_str().unwrap();
    for (signal, source) in [("INT", &[one][..]), ("TERM", &[one]), ("INT", &["-r", all])] {
        // A machine that is very busy may not hear in time that S3 forgets it, and says so.
        let is_confirmed = (0..5).any(|attempt| {
            let key = format!("new/{signal}-{}-{attempt}", source.len());
            let arguments = [&["put"], source, &[&key, "--json", "--part-size", "5MiB"]].concat();
            let running = begin(&bench, &arguments, "UploadPart", &key, 1);
            running.signal(signal);
            let outcome = running.finish();
            let error = outcome.error();
            assert_eq!((outcome.code, error["kind"].as_str()), (7, Some("user_cancelled")), "{outcome:?}");
            let hint = error["hint"].as_str().unwrap();
            if hint.contains("has not confirmed yet") {
                return false;
            }
            assert!(hint.contains("keeps nothing"), "{outcome:?}");
            let records = bench.stack.log().records();
            let path = format!("/jetbridge-demo/{key}");
            let count = |operation: &str| {
                records.iter().filter(|record| record.operation == operation && record.path.starts_with(&path)).count()
            };
            let (begun, completed) = (count("CreateMultipartUpload"), count("CompleteMultipartUpload"));
            assert!(begun >= 1);
            assert_eq!(count("AbortMultipartUpload") + completed, begun);
            assert_eq!(completed, listed(&bench, &key).len());
            true
        });
        assert!(is_confirmed);
    }
}

#[test]
fn a_download_that_is_cancelled_keeps_what_has_arrived() {
    let bench = slow();
    let file = bench.path("big");
    fs::write(&file, bytes(5)).unwrap();
    assert_eq!(bench.run(&["put", file.to_str().unwrap(), "big"]).code, 0);
    let target = bench.path("down");
    let get = ["get", "big", target.to_str().unwrap(), "--json", "--part-size", "5MiB", "--parallel", "1"];
    let running = begin(&bench, &get, "GetObject", "big", 4);
    running.signal("INT");
    let outcome = running.finish();
    assert_eq!(outcome.code, 7, "{outcome:?}");
    assert!(outcome.error()["hint"].as_str().unwrap().contains("is kept"), "{outcome:?}");
    assert!(!target.exists());
    let resumed = completed(&bench.run(&get))["resumed"].as_u64().unwrap();
    assert!(resumed >= PART as u64, "{resumed}");
    assert_eq!(fs::read(&target).unwrap(), bytes(5));
}

/// The network goes away in the middle, or a disk is full: what is kept is named, and is what the same command goes on with.
#[test]
fn a_transfer_that_fails_says_what_it_goes_on_with() {
    let bench = slow();
    let file = bench.path("big");
    fs::write(&file, bytes(5)).unwrap();
    let put = ["put", file.to_str().unwrap(), "big", "--json", "--part-size", "5MiB", "--parallel", "1"];
    let running = begin(&bench, &put, "UploadPart", "big", 2);
    bench.stack.faults().inject(Fault::NetworkDown, 1000);
    let outcome = running.finish();
    bench.stack.faults().inject(Fault::NetworkDown, 0);
    assert_eq!(outcome.code, 6, "{outcome:?}");
    assert!(outcome.error()["hint"].as_str().unwrap().contains("S3 keeps the parts that it has"), "{outcome:?}");
    assert!(completed(&bench.run(&put))["resumed"].as_u64().unwrap() >= PART as u64);

    let target = bench.path("down");
    let get = ["get", "big", target.to_str().unwrap(), "--json", "--part-size", "5MiB", "--parallel", "1"];
    // A file that may have so much and no more: as on a disk that is full.
    let own = bench.command(&get);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 25000; exec \"$0\" \"$@\""])
        .arg(own.get_program())
        .args(own.get_args());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let outcome = Outcome::of(limited.output().unwrap());
    assert_eq!(outcome.code, 11, "{outcome:?}");
    let hint = outcome.error()["hint"].as_str().unwrap().to_owned();
    let kept = hint.lines().last().unwrap();
    assert!(hint.contains("the same command goes on from"), "{hint}");
    assert!(fs::metadata(kept).unwrap().len() >= PART as u64, "{hint}");
    assert!(completed(&bench.run(&get))["resumed"].as_u64().unwrap() >= PART as u64);
    assert!(!fs::exists(kept).unwrap() && fs::read(&target).unwrap() == bytes(5));

    // Nothing has arrived, so there is nothing to go on with.
    bench.stack.faults().inject(Fault::NetworkDown, 1000);
    let nothing = bench.run(&["get", "big", bench.path("other").to_str().unwrap(), "--json"]);
    assert_eq!(nothing.code, 6, "{nothing:?}");
    assert!(!nothing.error()["hint"].to_string().contains("goes on"), "{nothing:?}");
    let small = bench.path("small");
    fs::write(&small, "small").unwrap();
    let nothing = bench.run(&["put", small.to_str().unwrap(), "--json"]);
    assert!(nothing.code == 6 && !nothing.error()["hint"].to_string().contains("goes on"), "{nothing:?}");
}

#[test]
fn a_thousand_small_objects_go_over_few_connections_and_requests() {
    let bench = signed_in();
    let folder = bench.path("many");
    fs::create_dir_all(&folder).unwrap();
    for number in 0..1000 {
        fs::write(folder.join(number.to_string()), vec![b'x'; 1000]).unwrap();
    }
    bench.stack.log().clear();
    let put = bench.run(&["put", "-r", folder.to_str().unwrap(), "many", "--json"]);
    assert_eq!((put.code, put.events_named("uploaded").len()), (0, 1000), "{}", put.stderr);
    let summary = put.events().pop().unwrap();
    assert_eq!((&summary["done"], &summary["bytes"]), (&1000.into(), &1_000_000.into()));
    let get = bench.run(&["get", "-r", "many", bench.path("back").to_str().unwrap(), "--json"]);
    assert_eq!((get.code, get.events_named("downloaded").len()), (0, 1000), "{}", get.stderr);
    // One request for each object, and a page of the listing.
    let log = bench.stack.log();
    assert_eq!((log.count("PutObject"), log.count("GetObject"), log.count("HeadObject")), (1000, 1000, 0));
    let most_at_once = |operation: &str| {
        let records: Vec<_> = log.records().into_iter().filter(|record| record.operation == operation).collect();
        let at = |moment| records.iter().filter(|record| record.started <= moment && moment < record.ended).count();
        records.iter().map(|record| at(record.started)).max().unwrap()
    };
    assert!(most_at_once("PutObject") <= 32 && most_at_once("GetObject") <= 32);
    assert_eq!(fs::read_dir(bench.path("back")).unwrap().count(), 1000, "nothing else is left in the folder");
}

#[cfg(target_os = "linux")]
mod at_a_terminal {
    use std::io::Write as _;
    use std::process::Stdio;

    use super::*;

    /// Runs a line of shell at a terminal of 80 columns, at which `typed` is typed.
    fn type_at_terminal(bench: &Bench, line: &str, typed: &str) -> Outcome {
        let program = bench.command(&[]);
        let mut terminal = Command::new("script");
        let line = format!("stty rows 24 cols 80; exec \"$JETBRIDGE\" {line}");
        terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => terminal.env(name, value),
                None => terminal.env_remove(name),
            };
        }
        terminal.env("JETBRIDGE", program.get_program()).env("SHELL", "/bin/sh").env("TERM", "xterm");
        let streams = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = streams.spawn().unwrap();
        child.stdin.as_ref().unwrap().write_all(typed.as_bytes()).unwrap();
        let outcome = Outcome::of(child.wait_with_output().unwrap());
        assert!(!outcome.stdout.contains("panicked"), "{outcome:?}");
        outcome
    }

    #[test]
    fn deleting_a_folder_is_asked_first() {
        let bench = signed_in();
        for answer in ["\n", "n\n", "what?\n"] {
            let outcome = type_at_terminal(&bench, "rm -r awkward", answer);
            assert_eq!(outcome.code, 7, "{outcome:?}");
            assert!(outcome.stdout.contains("nothing was deleted"), "{outcome:?}");
            // How many, where, and some of them.
            for shown in ["objects (", "s3://jetbridge-demo/awkward/", "and ", "Delete for good? [y/N]"] {
                assert!(outcome.stdout.contains(shown), "{shown}: {outcome:?}");
            }
        }
        assert!(!listed(&bench, "awkward/").is_empty());
        let outcome = type_at_terminal(&bench, "rm -r reports", "y\n");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(listed(&bench, "reports/").is_empty());
    }

    #[test]
    fn a_transfer_shows_how_far_it_is_unless_nobody_wants_to_see() {
        let bench = slow();
        let file = bench.path("big");
        fs::write(&file, bytes(8)).unwrap();
        let put = format!("put {} s3://jetbridge-demo/a/b/big --part-size 5MiB --parallel 1", file.display());
        let shown = type_at_terminal(&bench, &put, "");
        assert_eq!(shown.code, 0, "{shown:?}");
        assert!(shown.stdout.contains("of 40.00 MiB") && shown.stdout.contains("/s"), "{shown:?}");
        for quiet in ["-q", "2> /dev/null"] {
            let quiet = type_at_terminal(&bench, &format!("{put} {quiet}"), "");
            assert_eq!(quiet.code, 0, "{quiet:?}");
            assert!(!quiet.stdout.contains("/s"), "{quiet:?}");
        }
        // Before it is known how much there is, nothing is shown of nothing.
        let target = bench.path("down");
        let get = format!("get a/b/big {} --part-size 5MiB --parallel 1", target.display());
        let running =
            begin(&bench, &["get", "a/b/big", target.to_str().unwrap(), "--parallel", "1"], "GetObject", "a/b/big", 3);
        running.signal("KILL");
        running.finish();
        let resumed = type_at_terminal(&bench, &get, "");
        assert_eq!(resumed.code, 0, "{resumed:?}");
        assert!(resumed.stdout.contains(" MiB: parts that were under way are moved again."), "{resumed:?}");
        for shown in [shown, resumed] {
            assert!(!shown.stdout.contains("of 0 B"), "{shown:?}");
        }
    }
}
