//! `get`, `put`, `cp`, `rm`, `presign`: one object and many, whatever its key.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jetbridge_local_stack::Fault;
use serde_json::{Value, json};

use crate::support::{ALICE, Bench, Outcome};

pub(crate) fn signed_in() -> Bench {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench
}

/// The bytes of an object of the demo: the stack makes them of its key.
fn read(bench: &Bench, key: &str) -> Vec<u8> {
    let output = bench.command(&["get", key, "-"]).output().unwrap();
    assert!(output.status.success(), "{key}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Every key below a folder, with its size and entity tag.
pub(crate) fn listed(bench: &Bench, prefix: &str) -> BTreeMap<String, (u64, String)> {
    let outcome = bench.run(&["ls", "--json", prefix]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let of = |object: &Value| {
        let text = |name: &str| object[name].as_str().unwrap().to_owned();
        (text("key")[prefix.len()..].to_owned(), (object["size"].as_u64().unwrap(), text("e_tag")))
    };
    outcome.events_named("object").iter().map(of).collect()
}

/// Every file and empty folder below a folder, by its path.
fn tree(root: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let entries: Vec<_> = fs::read_dir(root.join(&folder)).unwrap().map(Result::unwrap).collect();
        if entries.is_empty() {
            found.insert(folder.display().to_string(), None);
        }
        for entry in entries {
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                found.insert(path.display().to_string(), Some(fs::read(entry.path()).unwrap()));
            }
        }
    }
    found
}

/// Makes objects that are the marks of folders.
fn put_empty_folders(bench: &Bench, key: &str, names: &[&str]) {
    let folder = bench.path("of empty ones");
    for name in names {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let put = bench.run(&["put", "-r", folder.to_str().unwrap(), key, "--json"]);
    assert_eq!((put.code, put.events_named("uploaded").len()), (0, names.len()), "{put:?}");
    fs::remove_dir_all(folder).unwrap();
}

fn assert_failed(outcome: &Outcome, code: i32, kind: &str) {
    assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (code, Some(kind)), "{outcome:?}");
}

/// Runs the program with `input` on stdin.
fn run_with_input(bench: &Bench, arguments: &[&str], input: &[u8]) -> Outcome {
    let mut command = bench.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    Outcome::of(child.wait_with_output().unwrap())
}

#[test]
fn a_file_goes_up_and_comes_down_again() {
    let bench = signed_in();
    let file = bench.path("report.pdf");
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    fs::write(&file, &bytes).unwrap();
    let file = file.to_str().unwrap();
    let put = bench.run(&["put", file, "reports/new/", "--json", "--metadata", "Owner=alice", "--content-type", "x/y"]);
    assert_eq!(put.code, 0, "{put:?}");
    let [uploaded] = &*put.events() else { panic!("{put:?}") };
    assert_eq!((&uploaded["event"], &uploaded["key"]), (&json!("uploaded"), &json!("reports/new/report.pdf")));
    assert_eq!((&uploaded["size"], &uploaded["bucket"]), (&json!(100_000), &json!("jetbridge-demo")));
    assert_eq!(uploaded["file"], file);

    let target = bench.path("down");
    let target = target.to_str().unwrap();
    let get = bench.run(&["get", "reports/new/report.pdf", target, "--json"]);
    assert_eq!(get.code, 0, "{get:?}");
    let [downloaded] = &*get.events() else { panic!("{get:?}") };
    assert_eq!((&downloaded["event"], &downloaded["size"]), (&json!("downloaded"), &json!(100_000)));
    assert_eq!((&downloaded["e_tag"], &downloaded["verified"]), (&uploaded["e_tag"], &json!(true)));
    assert_eq!(fs::read(target).unwrap(), bytes);
    assert_eq!(read(&bench, "s3://jetbridge-demo/reports/new/report.pdf"), bytes);

    // For a person: what went where.
    let put = bench.run(&["put", file, "one.pdf"]);
    assert_eq!(put.stdout, format!("✓ {file} → one.pdf  97.7 KiB\n"), "{put:?}");
    assert_eq!(put.stderr, "", "nothing moves on a pipe");
}

#[test]
fn a_file_is_named_after_its_key_unless_somebody_names_it() {
    let bench = signed_in();
    let folder = bench.path("here");
    fs::create_dir_all(folder.join("there")).unwrap();
    let get = |arguments: &[&str]| {
        let mut command = bench.command(&["get", "awkward/tab\tstop.txt"]);
        let outcome = Outcome::of(command.args(arguments).current_dir(&folder).output().unwrap());
        assert_eq!(outcome.code, 0, "{outcome:?}");
    };
    get(&[]);
    get(&["there"]);
    get(&["new/deep/"]);
    get(&["as named"]);
    let names: Vec<_> = tree(&folder).into_keys().collect();
    assert_eq!(names, ["as named", "new/deep/tab%09stop.txt", "tab%09stop.txt", "there/tab%09stop.txt"]);
    // A file that is named by hand keeps its name, and comes back as it was.
    let here = |arguments: &[&str]| {
        let outcome = Outcome::of(bench.command(arguments).arg("--json").current_dir(&folder).output().unwrap());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.events()[0].clone()
    };
    for name in ["50%.txt", "50%25.txt", "tab%09stop.txt", "my%20file.txt", "%2Fx"] {
        fs::write(folder.join(name), name).unwrap();
        assert_eq!(here(&["put", name])["key"], name);
        assert_eq!(here(&["put", name, "single/"])["key"], format!("single/{name}"));
        fs::remove_file(folder.join(name)).unwrap();
        assert!(here(&["get", &format!("single/{name}")])["file"].as_str().unwrap().ends_with(name));
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), name);
    }
    let all = folder.join("all");
    here(&["get", "--recursive", "single", all.to_str().unwrap()]);
    assert!(all.join("50%.txt").is_file() && all.join("my%20file.txt").is_file(), "{:?}", tree(&all).keys());
    here(&["put", "--recursive", all.to_str().unwrap(), "again"]);
    assert_eq!(listed(&bench, "again/"), listed(&bench, "single/"));

    let nameless = bench.run(&["get", "awkward/folder/", "--json"]);
    assert_failed(&nameless, 2, "usage");
    assert!(nameless.error()["hint"].as_str().unwrap().contains("--recursive"), "{nameless:?}");
}

#[test]
fn what_cannot_be_had_is_told_apart() {
    let bench = signed_in();
    let file = bench.path("file");
    fs::write(&file, "x").unwrap();
    let file = file.to_str().unwrap();
    let denied = format!("s3://{}/x", bench.stack.options().denied_bucket);
    for arguments in [
        &["get", "no/such/key", "out"][..],
        &["get", "no/such/key", "-"],
        &["cp", "no/such/key", "copy"],
        &["get", "--recursive", "no/such", "out"],
        &["cp", "--recursive", "no/such", "copy"],
        &["rm", "--recursive", "--yes", "no/such"],
    ] {
        let outcome =
            Outcome::of(bench.command(arguments).arg("--json").current_dir(bench.path(".")).output().unwrap());
        if !arguments.contains(&"-") {
            assert_failed(&outcome, 9, "not_found");
        }
        // Nothing is made before there is anything to put in it.
        assert!(!bench.path("out").exists(), "{arguments:?}");
    }
    for arguments in [
        &["get", &denied, "out"][..],
        &["put", file, &denied],
        &["rm", &denied],
        &["cp", "s3://jetbridge-demo/readme.txt", &denied],
        &["get", "--recursive", &denied, "out"],
    ] {
        let outcome =
            Outcome::of(bench.command(arguments).arg("--json").current_dir(bench.path(".")).output().unwrap());
        assert_failed(&outcome, 5, "access_denied");
        assert!(!bench.path("out").exists(), "{arguments:?}");
    }
    for (arguments, code, kind) in [
        (&["put", "no-such-file", "x"][..], 11, "local_file"),
        (&["put", ".", "x"], 11, "local_file"),
        (&["get", "readme.txt", "no/such/folder/file"], 11, "local_file"),
        (&["put", "-"], 2, "usage"),
        (&["put", "-", "folder/"], 2, "usage"),
        (&["put", "--recursive", "-", "x"], 2, "usage"),
        (&["get", "--recursive", "awkward", "-"], 2, "usage"),
        (&["get", "readme.txt", "-"], 2, "usage"),
        (&["get", ""], 2, "usage"),
        (&["get", "s3://jetbridge-demo"], 2, "usage"),
        (&["get", "--recursive", "s3://jetbridge-demo"], 2, "usage"),
        (&["get", "s3://one/x", "--bucket", "two"], 2, "usage"),
        (&["rm"], 2, "usage"),
        (&["rm", ""], 2, "usage"),
        (&["rm", "--recursive", "awkward"], 2, "usage"),
        // As an unset variable leaves it: "$DIR", "s3://BUCKET/$DIR".
        (&["rm", "--recursive", "--yes", ""], 2, "usage"),
        (&["rm", "--recursive", "--yes", "--bucket", "jetbridge-demo", ""], 2, "usage"),
        (&["rm", "--recursive", "--yes", "s3://jetbridge-demo/"], 2, "usage"),
        (&["rm", "--recursive", "--dry-run", ""], 2, "usage"),
        (&["get", "--recursive", "", "out"], 2, "usage"),
        (&["put", "--recursive", "config", ""], 2, "usage"),
        (&["cp", "--recursive", "", "copy"], 2, "usage"),
        (&["put", "config/okta-config.json", ""], 2, "usage"),
        (&["get", "readme.txt", ""], 2, "usage"),
        (&["cp", "readme.txt", ""], 2, "usage"),
        (&["cp", "s3://jetbridge-demo/readme.txt", ""], 2, "usage"),
        (&["rm", "readme.txt", ""], 2, "usage"),
        (&["presign", ""], 2, "usage"),
        // No request has the URL.
        (&["get", "a/../b", "out"], 2, "usage"),
        (&["put", "config/okta-config.json", "a/../b"], 2, "usage"),
        (&["cp", "readme.txt", "a/./b"], 2, "usage"),
        (&["presign", "a/../b"], 2, "usage"),
        (&["cp", "readme.txt", "readme.txt"], 2, "usage"),
        (&["cp", "s3://jetbridge-demo/readme.txt", "s3://jetbridge-demo/readme.txt"], 2, "usage"),
        (&["cp", "--recursive", "awkward", ""], 2, "usage"),
        (&["rm", "--recursive", "a", "b", "--yes"], 2, "usage"),
        (&["rm", "a", "b", "--if-match", "x"], 2, "usage"),
        (&["cp", "-", "-"], 2, "usage"),
        (&["cp", "--recursive", "awkward", "awkward/copy"], 2, "usage"),
        (&["put", "x", "y", "--if-none-match", "abc"], 2, "usage"),
        (&["put", "x", "y", "--metadata", "novalue"], 2, "usage"),
        (&["put", "x", "y", "--part-size", "1MiB"], 2, "usage"),
        (&["presign", "x", "--expires", "8d"], 2, "usage"),
        (&["get", "x", "--dry-run"], 2, "usage"),
        (&["get", "x", "--parallel", "0"], 2, "usage"),
    ] {
        let outcome =
            Outcome::of(bench.command(arguments).arg("--json").current_dir(bench.path(".")).output().unwrap());
        assert_failed(&outcome, code, kind);
    }
}

#[test]
fn a_condition_of_the_target_names_the_target() {
    let bench = signed_in();
    for condition in [&["--no-overwrite"][..], &["--if-match", "another"]] {
        let outcome = bench.run(&[&["cp", "readme.txt", "empty.txt", "--json"], condition].concat());
        assert_failed(&outcome, 10, "condition_not_met");
        let told = outcome.error()["message"].as_str().unwrap().to_owned();
        assert!(told.contains("empty.txt") && !told.contains("readme.txt"), "{told}");
    }
}

#[test]
fn nobody_signed_in_is_told_before_anything_is_touched() {
    let bench = Bench::start();
    for arguments in [&["get", "readme.txt", "out"][..], &["rm", "readme.txt"], &["presign", "x"], &["cp", "a", "b"]] {
        let outcome =
            Outcome::of(bench.command(arguments).arg("--json").current_dir(bench.path(".")).output().unwrap());
        assert_failed(&outcome, 3, "sign_in_required");
    }
    assert!(!bench.path("out").exists());
}

#[test]
fn standard_streams_carry_the_bytes_and_nothing_else() {
    let bench = signed_in();
    // Every byte, no line end at the end, and more than a pipe holds.
    let bytes: Vec<u8> = (0..=255).cycle().take(300_001).collect();
    let put = run_with_input(&bench, &["put", "-", "from/stdin"], &bytes);
    assert_eq!((put.code, put.stdout.as_str()), (0, "✓ stdin → from/stdin  293.0 KiB\n"), "{put:?}");
    assert_eq!(read(&bench, "from/stdin"), bytes);
    let empty = run_with_input(&bench, &["cp", "-", "s3://jetbridge-demo/from/nothing"], b"");
    assert_eq!(empty.code, 0, "{empty:?}");
    assert_eq!(read(&bench, "from/nothing"), b"");
    let cat = bench.command(&["cp", "from/stdin", "-"]).output().unwrap();
    assert_eq!((cat.status.code(), cat.stdout.len(), cat.stderr.len()), (Some(0), 300_001, 0));

    let gone = bench.command(&["get", "no/such/key", "-"]).output().unwrap();
    assert_eq!((gone.status.code(), gone.stdout.len()), (Some(9), 0));
    // A reader that has enough.
    let mut child = bench.command(&["get", "photos/2026/alps.jpg", "-"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let outcome = Outcome::of(child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_sent_as_it_comes() {
    let bench = signed_in();
    let pipe = bench.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = bench.command(&["put", pipe.to_str().unwrap(), "piped"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    fs::write(&pipe, "by and by").unwrap();
    let outcome = Outcome::of(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(read(&bench, "piped"), b"by and by");
}

#[test]
fn conditions_are_s3_s_to_judge() {
    let bench = signed_in();
    let file = bench.path("file");
    fs::write(&file, "new").unwrap();
    let file = file.to_str().unwrap();
    let tag = listed(&bench, "shared/")["welcome.txt"].1.clone();
    for arguments in [
        &["put", file, "shared/welcome.txt", "--no-overwrite"][..],
        &["put", file, "shared/welcome.txt", "--if-none-match", "*"],
        &["put", file, "shared/welcome.txt", "--if-match", "0123"],
        &["cp", "readme.txt", "shared/welcome.txt", "--no-overwrite"],
        &["rm", "shared/welcome.txt", "--if-match", "0123"],
        &["get", "shared/welcome.txt", "down", "--if-match", "0123"],
        // A file here is one, too.
        &["get", "shared/welcome.txt", file, "--no-overwrite"],
    ] {
        let outcome =
            Outcome::of(bench.command(arguments).arg("--json").current_dir(bench.path(".")).output().unwrap());
        assert_failed(&outcome, 10, "condition_not_met");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "new");
    assert_eq!(listed(&bench, "shared/")["welcome.txt"].1, tag);
    // As a shell leaves it, without its quotes.
    let replaced = bench.run(&["put", file, "shared/welcome.txt", "--if-match", tag.trim_matches('"')]);
    assert_eq!(replaced.code, 0, "{replaced:?}");
    assert_eq!(read(&bench, "shared/welcome.txt"), b"new");
}

/// Keys with a segment of dots cannot be asked for by this client: reqwest's URL has none.
fn can_be_asked_for(key: &str) -> bool {
    !key.split('/').any(|segment| matches!(segment, "." | ".."))
}

#[test]
fn every_awkward_key_comes_back_as_it_was() {
    let bench = signed_in();
    let before = listed(&bench, "");
    let folder = bench.path("all");
    let get = bench.run(&["get", "--recursive", "s3://jetbridge-demo", folder.to_str().unwrap(), "--json"]);
    let mut failed: Vec<_> = get.events_named("failed").iter().map(|event| event["key"].to_string()).collect();
    failed.sort_unstable();
    let unreachable: Vec<_> =
        before.keys().filter(|key| !can_be_asked_for(key)).map(|key| json!(key).to_string()).collect();
    assert_eq!(failed, unreachable, "{get:?}");
    let summary = get.events_named("summary").pop().unwrap();
    assert_eq!(summary["done"], before.len() - failed.len());
    assert_eq!((&summary["failed"], &summary["skipped"]), (&json!(failed.len()), &json!(0)));
    assert_eq!(get.error()["exit"], 4, "{get:?}");

    let files = tree(&folder);
    for name in ["awkward/line%0Abreak.txt", "awkward/back%5Cslash^caret`tick|pipe~tilde.txt", "%2Fleading-slash.txt"] {
        assert!(files.contains_key(name), "{name}: {:?}", files.keys());
    }
    assert_eq!(files["awkward/folder"], None);
    assert_eq!(tree(&bench.path("all/..")).len(), tree(&bench.path(".")).len());

    let put = bench.run(&["put", "--recursive", folder.to_str().unwrap(), "again", "--json"]);
    assert_eq!(put.code, 0, "{put:?}");
    let after = listed(&bench, "again/");
    let expected: BTreeMap<_, _> = before.into_iter().filter(|(key, _)| can_be_asked_for(key)).collect();
    let keys = |objects: &BTreeMap<String, (u64, String)>| objects.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&after), keys(&expected));
    for (key, (size, _)) in &expected {
        assert_eq!(after[key].0, *size, "{key}");
        assert_eq!(read(&bench, &format!("again/{key}")), read(&bench, key), "{key}");
    }
}

#[test]
fn evil_keys_stay_below_the_target() {
    let bench = signed_in();
    let long = format!("evil/{}", "x".repeat(1019));
    let evil = [
        "evil//etc/passwd",
        "evil/C:\\windows\\system32",
        "evil/..\\..\\up",
        "evil/CON",
        "evil/trailing. ",
        "evil/\u{1b}[2J",
        "evil/%2e%2e%2fup",
        "evil/~/.ssh/config",
        "evil/-rf",
        "evil/ ",
        &long,
    ];
    for key in evil {
        let put = run_with_input(&bench, &["put", "-", "--json", "--", key], key.as_bytes());
        assert_eq!(put.code, 0, "{key:?}: {put:?}");
    }
    // No argument can hold it.
    let nul = bench.path("nul");
    fs::create_dir(&nul).unwrap();
    fs::write(nul.join("nul%00byte"), "nul").unwrap();
    assert_eq!(bench.run(&["put", "-r", nul.to_str().unwrap(), "evil"]).code, 0);
    assert!(listed(&bench, "evil/").contains_key("nul\0byte"));
    let folder = bench.path("deep/target");
    let get = bench.run(&["get", "-r", "evil", folder.to_str().unwrap(), "--json"]);
    assert_eq!(get.code, 0, "{get:?}");
    let around: Vec<_> = fs::read_dir(bench.path("deep")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(around, ["target"]);
    assert_eq!(tree(&folder).len(), evil.len() + 1);
    let put = bench.run(&["put", "-r", folder.to_str().unwrap(), "same", "--json"]);
    assert_eq!(put.code, 0, "{put:?}");
    assert_eq!(
        listed(&bench, "same/").into_keys().collect::<Vec<_>>(),
        listed(&bench, "evil/").into_keys().collect::<Vec<_>>()
    );
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere() {
    let bench = signed_in();
    let (target, outside) = (bench.path("target"), bench.path("outside"));
    fs::create_dir_all(&target).unwrap();
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("kept"), "kept").unwrap();
    std::os::unix::fs::symlink(&outside, target.join("2026")).unwrap();
    let get = bench.run(&["get", "-r", "reports", target.to_str().unwrap(), "--json"]);
    assert_failed(&get, 11, "local_file");
    assert!(get.error()["message"].as_str().unwrap().contains("is a link"), "{get:?}");
    fs::remove_file(target.join("2026")).unwrap();
    fs::create_dir(target.join("2026")).unwrap();
    std::os::unix::fs::symlink(outside.join("kept"), target.join("2026/q1.pdf")).unwrap();
    let get = bench.run(&["get", "-r", "reports", target.to_str().unwrap(), "--json"]);
    assert_failed(&get, 11, "local_file");
    // The others are there.
    assert!(target.join("2026/q2.pdf").is_file() && target.join("2026/summary.csv").is_file());
    assert_eq!(tree(&outside).into_iter().collect::<Vec<_>>(), [("kept".to_owned(), Some(b"kept".to_vec()))]);

    let left = bench.run(&["put", "-r", target.to_str().unwrap(), "sent", "--json"]);
    assert_eq!(left.code, 0, "{left:?}");
    assert_eq!(left.events_named("skipped")[0]["reason"], "a link");
    assert!(!listed(&bench, "sent/").contains_key("2026/q1.pdf"));
    let followed = bench.run(&["put", "-r", "--follow-links", target.to_str().unwrap(), "sent", "--json"]);
    assert_eq!((followed.code, read(&bench, "sent/2026/q1.pdf")), (0, b"kept".to_vec()), "{followed:?}");
}

#[test]
fn two_keys_for_one_file_are_refused_and_the_others_fetched() {
    let bench = signed_in();
    for key in ["clash/a", "clash/a/b", "clash/c"] {
        assert_eq!(run_with_input(&bench, &["put", "-", key], b"x").code, 0);
    }
    let get = bench.run(&["get", "-r", "clash", bench.path("t").to_str().unwrap(), "--json"]);
    assert_failed(&get, 11, "local_file");
    assert_eq!(get.events_named("failed")[0]["key"], "clash/a/b");
    assert_eq!(tree(&bench.path("t")).into_keys().collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn nothing_is_overwritten_where_that_was_said() {
    let bench = signed_in();
    let target = bench.path("target");
    fs::create_dir_all(target.join("2026")).unwrap();
    fs::write(target.join("2026/q1.pdf"), "mine").unwrap();
    let get = bench.run(&["get", "-r", "--no-overwrite", "reports", target.to_str().unwrap(), "--json"]);
    assert_eq!(get.code, 0, "{get:?}");
    assert_eq!(get.events_named("skipped").len(), 1);
    assert_eq!(fs::read_to_string(target.join("2026/q1.pdf")).unwrap(), "mine");
    // Empty folders, too.
    put_empty_folders(&bench, "kept", &["new", "there"]);
    let kept = bench.path("kept");
    fs::create_dir_all(kept.join("there")).unwrap();
    let get = bench.run(&["get", "-r", "--no-overwrite", "kept", kept.to_str().unwrap(), "--json"]);
    let keys = |name: &str| get.events_named(name).iter().map(|event| event["key"].clone()).collect::<Vec<_>>();
    assert_eq!(
        (keys("downloaded"), keys("skipped")),
        (vec![json!("kept/new/")], vec![json!("kept/there/")]),
        "{get:?}"
    );
    let put = bench.run(&["put", "-r", "--no-overwrite", target.to_str().unwrap(), "reports", "--json"]);
    assert_eq!((put.code, put.events_named("skipped").len()), (0, 4), "{put:?}");
    assert_ne!(read(&bench, "reports/2026/q1.pdf"), b"mine");
    let copy = bench.run(&[
        "cp",
        "-r",
        "--no-overwrite",
        "s3://jetbridge-demo/shared",
        "s3://jetbridge-demo/reports/2026",
        "--json",
    ]);
    assert_eq!((copy.code, copy.events_named("copied").len()), (0, 2), "{copy:?}");
    let copy = bench.run(&[
        "cp",
        "-r",
        "--no-overwrite",
        "s3://jetbridge-demo/shared",
        "s3://jetbridge-demo/reports/2026",
        "--json",
    ]);
    assert_eq!((copy.code, copy.events_named("skipped").len()), (0, 2), "{copy:?}");
}

#[test]
fn a_dry_run_does_nothing() {
    let bench = signed_in();
    let folder = bench.path("folder");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("a"), "a").unwrap();
    let before = listed(&bench, "");
    bench.stack.log().clear();
    for arguments in [
        &["get", "-r", "reports", bench.path("t").to_str().unwrap()][..],
        &["put", "-r", folder.to_str().unwrap(), "new"],
        &["cp", "-r", "reports", "copy"],
        &["rm", "-r", "reports"],
        &["rm", "readme.txt"],
    ] {
        let outcome = bench.run(&[arguments, &["--dry-run", "--json"]].concat());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(!outcome.events_named("planned").is_empty(), "{outcome:?}");
        assert!(outcome.events().last().unwrap()["done"].as_u64().unwrap() > 0);
    }
    let only_reads = |method: &str| matches!(method, "GET" | "HEAD");
    let methods: Vec<_> =
        bench.stack.log().records().into_iter().filter(|record| !only_reads(&record.method)).collect();
    assert!(methods.is_empty(), "{methods:?}");
    assert!(!bench.path("t").exists());
    assert_eq!(listed(&bench, ""), before);
}

#[test]
fn copies_are_made_in_s3_and_with_files_by_cp_too() {
    let bench = signed_in();
    let copy = bench.run(&["cp", "readme.txt", "s3://jetbridge-demo/copies/", "--json"]);
    // Beside an address, what has none is a file.
    assert_failed(&copy, 11, "local_file");
    for (source, target, key) in [
        ("readme.txt", "copies/", "copies/readme.txt"),
        ("s3://jetbridge-demo/readme.txt", "s3://jetbridge-demo/copies/two", "copies/two"),
    ] {
        let copy = bench.run(&["cp", source, target, "--json"]);
        assert_eq!(copy.code, 0, "{copy:?}");
        assert_eq!((&copy.events()[0]["event"], &copy.events()[0]["key"]), (&json!("copied"), &json!(key)));
        assert_eq!(copy.events()[0]["source"], "s3://jetbridge-demo/readme.txt");
        assert_eq!(read(&bench, key), read(&bench, "readme.txt"));
    }
    let file = bench.path("file");
    let down = bench.run(&["cp", "s3://jetbridge-demo/readme.txt", file.to_str().unwrap()]);
    assert_eq!(down.code, 0, "{down:?}");
    let up = bench.run(&["cp", file.to_str().unwrap(), "s3://jetbridge-demo/up.txt"]);
    assert_eq!((up.code, read(&bench, "up.txt")), (0, read(&bench, "readme.txt")), "{up:?}");
    // Who meant a file is told so.
    let meant =
        Outcome::of(bench.command(&["cp", "file", "up.txt", "--json"]).current_dir(bench.path(".")).output().unwrap());
    assert_failed(&meant, 9, "not_found");
    assert!(meant.error()["hint"].as_str().unwrap().contains("jetbridge put"), "{meant:?}");
}

#[test]
fn deleting_is_told_per_key_and_by_folders_not_prefixes() {
    let bench = signed_in();
    let one = bench.run(&["rm", "readme.txt", "--json"]);
    assert_eq!((one.code, &one.events()[0]["event"]), (0, &json!("deleted")), "{one:?}");
    assert!(!listed(&bench, "").contains_key("readme.txt"));
    assert_eq!(one.events()[0]["was_there"], true);
    bench.stack.log().clear();
    let several = bench.run(&["rm", "empty.txt", "s3://jetbridge-demo/reports/2026/q1.pdf", "--json"]);
    assert_eq!((several.code, several.events_named("deleted").len()), (0, 2), "{several:?}");
    // A list of keys names what no URL can.
    let dots = bench.run(&["rm", "awkward/../up.txt", "--json"]);
    assert_eq!((dots.code, dots.events_named("deleted").len()), (0, 1), "{dots:?}");
    assert!(!listed(&bench, "").contains_key("awkward/../up.txt"));
    // awkward-sibling.txt begins with "awkward" as well.
    let whole = bench.run(&["rm", "-r", "--dry-run", "s3://jetbridge-demo", "--json"]);
    assert_eq!((whole.code, whole.events_named("planned").len()), (0, listed(&bench, "").len()), "{whole:?}");
    let all = bench.run(&["rm", "-r", "--yes", "awkward", "--json"]);
    assert_eq!(all.code, 0, "{all:?}");
    assert!(all.events_named("deleted").len() > 20);
    let left = listed(&bench, "");
    assert!(
        left.contains_key("awkward-sibling.txt") && !left.keys().any(|key| key.starts_with("awkward/")),
        "{left:?}"
    );
    let paid = bench.run(&["rm", "-r", "--yes", "--request-payer", "reports", "--json"]);
    assert_eq!(paid.code, 0, "{paid:?}");
    assert!(!listed(&bench, "").keys().any(|key| key.starts_with("reports/")));
    assert_eq!(bench.stack.log().count("DeleteObject"), 0, "many are deleted by one request");
}

#[test]
fn several_go_into_a_folder_and_nothing_else() {
    let bench = signed_in();
    let here = bench.path("here");
    fs::create_dir_all(here.join("folder")).unwrap();
    fs::create_dir_all(here.join("other")).unwrap();
    for name in ["a.txt", "b.txt", "50%.txt", "other/a.txt"] {
        fs::write(here.join(name), name).unwrap();
    }
    let run =
        |arguments: &[&str]| Outcome::of(bench.command(arguments).arg("--json").current_dir(&here).output().unwrap());
    let before = listed(&bench, "");
    bench.stack.log().clear();
    // What a shell may make of `*.txt`, of `*`, and of a folder that was forgotten.
    for (arguments, hint) in [
        (
            &["put", "a.txt", "b.txt"][..],
            "jetbridge put a.txt b.txt FOLDER/\nIf it is the key: jetbridge put a.txt s3://BUCKET/b.txt",
        ),
        (&["put", "a.txt", "folder"], "jetbridge put a.txt folder/\n"),
        (&["put", "a.txt", "b.txt", "--bucket", "other-bucket"], "jetbridge put a.txt s3://other-bucket/b.txt"),
        (&["put", "-r", "folder", "other"], "jetbridge put --recursive folder other/"),
        (&["put", "a.txt", "b.txt", "50%.txt"], "FOLDER/"),
        (&["put", "a.txt", "b.txt", ""], ""),
        (&["put", "a.txt", "-", "new/"], ""),
        (&["put", "-r", "folder", "other", "new/"], ""),
        (&["put", "a.txt", "b.txt", "new/", "--if-match", "x"], ""),
        (&["get", "a.txt", "s3://jetbridge-demo/readme.txt"], "jetbridge get KEY… FOLDER/"),
        (&["get", "readme.txt", "empty.txt", "b.txt"], "FOLDER/"),
        (&["cp", "readme.txt", "empty.txt", "copies"], "FOLDER/"),
        (&["cp", "a.txt", "b.txt", "s3://jetbridge-demo/copies"], "FOLDER/"),
        (&["cp", "a.txt", "s3://jetbridge-demo/b.txt", "s3://jetbridge-demo/copies/"], ""),
        (&["cp", "-r", "reports", "photos", "copies/"], ""),
        (&["cp", "readme.txt"], ""),
        (&["get", "readme.txt", "empty.txt", "-"], ""),
        (&["get", "-r", "reports", "photos", "new/"], ""),
        (&["get", "readme.txt", "empty.txt", "new/", "--if-match", "x"], ""),
    ] {
        let outcome = run(arguments);
        assert_failed(&outcome, 2, "usage");
        assert!(outcome.error()["hint"].as_str().unwrap_or_default().contains(hint), "{arguments:?}: {outcome:?}");
    }
    assert_eq!(listed(&bench, ""), before);
    assert_eq!(fs::read_to_string(here.join("b.txt")).unwrap(), "b.txt");

    // The key may well have the file's own name.
    for arguments in
        [&["put", "a.txt", "a.txt"][..], &["put", "a.txt", "s3://jetbridge-demo/b.txt"], &["put", "a.txt", "folder/"]]
    {
        assert_eq!(run(arguments).code, 0, "{arguments:?}");
    }
    assert_eq!((read(&bench, "b.txt"), read(&bench, "folder/a.txt")), (b"a.txt".to_vec(), b"a.txt".to_vec()));

    let put = run(&["put", "a.txt", "b.txt", "50%.txt", "folder", "nofile", "other/a.txt", "many/"]);
    assert_failed(&put, 11, "local_file");
    let count = |outcome: &Outcome, name: &str| outcome.events_named(name).len();
    assert_eq!((count(&put, "uploaded"), count(&put, "failed"), count(&put, "summary")), (3, 3, 1), "{put:?}");
    assert_eq!(listed(&bench, "many/").into_keys().collect::<Vec<_>>(), ["50%.txt", "a.txt", "b.txt"]);
    assert_eq!(read(&bench, "many/a.txt"), b"a.txt");
    let whole = run(&["put", "a.txt", "b.txt", "s3://jetbridge-demo"]);
    assert_eq!((whole.code, count(&whole, "uploaded")), (0, 2), "{whole:?}");
    assert_eq!(read(&bench, "b.txt"), b"b.txt");

    let get = run(&[
        "get",
        "many/50%.txt",
        "s3://jetbridge-demo/reports/2026/q1.pdf",
        "a.txt",
        "many/a.txt",
        "reports",
        "down/",
    ]);
    assert_failed(&get, 11, "local_file");
    assert_eq!((count(&get, "downloaded"), count(&get, "failed")), (3, 2), "{get:?}");
    assert_eq!(tree(&here.join("down")).into_keys().collect::<Vec<_>>(), ["50%.txt", "a.txt", "q1.pdf"]);
    fs::write(here.join("down/a.txt"), "mine").unwrap();
    let get = run(&["get", "a.txt", "b.txt", "down", "--no-overwrite"]);
    assert_eq!((get.code, count(&get, "downloaded"), count(&get, "skipped")), (0, 1, 1), "{get:?}");
    assert_eq!(fs::read_to_string(here.join("down/a.txt")).unwrap(), "mine");
    assert_failed(&run(&["get", "nothing", "nothing-else", "in-vain/"]), 9, "not_found");
    assert!(!here.join("in-vain").exists());

    let copy = run(&["cp", "a.txt", "nothing", "many/a.txt", "many/b.txt", "copies/"]);
    assert_eq!((copy.code, count(&copy, "copied"), count(&copy, "failed")), (2, 2, 2), "{copy:?}");
    assert_eq!(listed(&bench, "copies/").into_keys().collect::<Vec<_>>(), ["a.txt", "b.txt"]);
    let up = run(&["cp", "a.txt", "b.txt", "s3://jetbridge-demo/up/"]);
    assert_eq!((up.code, count(&up, "uploaded")), (0, 2), "{up:?}");
    let down = run(&["cp", "s3://jetbridge-demo/up/a.txt", "s3://jetbridge-demo/up/b.txt", "by-cp/"]);
    assert_eq!((down.code, tree(&here.join("by-cp")).len()), (0, 2), "{down:?}");
}

#[test]
fn nothing_is_called_deleted_that_was_not_there() {
    let bench = signed_in();
    put_empty_folders(&bench, "with", &["marked"]);
    assert_eq!(run_with_input(&bench, &["put", "-", "with/marked/a"], b"a").code, 0);
    let before = listed(&bench, "");
    bench.stack.log().clear();
    for (key, hint) in [
        ("no/such/key", None),
        ("report", None),
        ("reports", Some("jetbridge rm --recursive reports")),
        ("reports/", Some("jetbridge rm --recursive reports/")),
        ("s3://jetbridge-demo/reports", Some("jetbridge rm --recursive s3://jetbridge-demo/reports")),
        ("reports/2026/*.pdf", Some("Patterns are not known")),
    ] {
        for more in [&[][..], &["--dry-run"]] {
            let outcome = bench.run(&[&["rm", key, "--json"], more].concat());
            assert_failed(&outcome, 9, "not_found");
            let told = outcome.error()["hint"].as_str().map(str::to_owned);
            assert!(hint.is_none_or(|hint| told.is_some_and(|told| told.contains(hint))), "{outcome:?}");
        }
    }
    assert_eq!(listed(&bench, ""), before);
    let several = bench.run(&["rm", "no/such/key", "readme.txt", "reports", "--json"]);
    assert_failed(&several, 9, "not_found");
    assert_eq!((several.events_named("failed").len(), several.events_named("deleted").len()), (2, 1), "{several:?}");
    // A mark for what is not there would be made in a bucket with versions.
    let log = bench.stack.log();
    assert_eq!((log.count("DeleteObject"), log.count("DeleteObjects")), (0, 1), "{:?}", log.records());

    let marked = bench.run(&["rm", "with/marked/"]);
    assert_eq!((marked.code, marked.stdout.as_str()), (0, "✓ with/marked/  deleted\n"), "{marked:?}");
    assert!(
        marked.stderr.ends_with("still there. To delete all:\n  jetbridge rm --recursive with/marked/\n"),
        "{marked:?}"
    );
    assert_eq!(bench.run(&["rm", "with/marked/a"]).stderr, "");
}

/// Who may delete need not be allowed to look.
#[test]
fn who_may_not_look_may_delete() {
    let bench = signed_in();
    for (keys, deletions) in [(&["readme.txt"][..], 1), (&["empty.txt", "shared/welcome.txt"], 2), (&["nothing"], 1)] {
        // HEAD is refused without words, and asked again by a GET of a byte.
        bench.stack.faults().inject(Fault::S3AccessDenied, 2 * keys.len() as u32);
        let removed = bench.run(&[&["rm", "--json"], keys].concat());
        assert_eq!((removed.code, removed.events_named("deleted").len()), (0, deletions), "{removed:?}");
        assert!(removed.events_named("deleted").iter().all(|event| event["was_there"].is_null()), "{removed:?}");
        assert!(!keys.iter().any(|key| listed(&bench, "").contains_key(*key)));
    }
    bench.stack.faults().inject(Fault::S3AccessDenied, 2);
    let told = bench.run(&["rm", "nothing"]);
    assert_eq!((told.code, told.stdout.as_str()), (0, "✓ nothing  deleted, if it was there\n"), "{told:?}");
}

#[test]
fn what_was_meant_by_a_key_that_is_not_there_is_said() {
    let bench = signed_in();
    fs::create_dir_all(bench.path("here/a folder")).unwrap();
    fs::write(bench.path("here/a"), "a").unwrap();
    for (arguments, code, said) in [
        (&["get", "reports"][..], 9, "jetbridge get --recursive reports"),
        (&["cp", "reports", "copy"], 9, "jetbridge cp --recursive reports TARGET"),
        (&["get", "-r", "readme.txt"], 9, "It is an object, and no folder. The object: jetbridge get readme.txt"),
        (&["rm", "-r", "--dry-run", "readme.txt"], 9, "jetbridge rm readme.txt"),
        (&["get", "reports/2026/*.pdf"], 9, "jetbridge ls reports/"),
        (&["get", "-r", "report?"], 9, "Patterns are not known"),
        (&["get", "reports/2026/q1.pdf", "reports/2026/q2.pdf"], 11, "jetbridge get KEY… FOLDER/"),
        (&["rm", "-r", "--yes", "*"], 9, "jetbridge ls"),
        (&["put", "*.pdf"], 11, "expands"),
        (&["put", "a folder"], 11, "--recursive"),
        (&["get", "s3:/jetbridge-demo/readme.txt"], 2, "s3://jetbridge-demo/readme.txt"),
        (&["put", "a", "S3://jetbridge-demo/a"], 2, "s3://jetbridge-demo/a"),
        (&["cp", "a", "S3://jetbridge-demo/a"], 2, "s3://jetbridge-demo/a"),
        (&["ls", "S3://jetbridge-demo"], 2, "s3://jetbridge-demo"),
        (&["cp", "./a", "./b"], 2, "jetbridge put FILE KEY"),
        (&["cp", "readme.txt", "."], 2, "jetbridge get KEY FILE"),
        (&["cp", "-r", "../here", "there"], 2, "jetbridge put FILE KEY"),
        (&["cp", "a", "b"], 9, "jetbridge put a b"),
        (&["put", "a", "./b"], 2, "A key has no ./"),
        (&["rm", "./a"], 2, "A key has no ./"),
        (&["ls", "."], 2, "A key has no ./"),
    ] {
        let outcome =
            Outcome::of(bench.command(arguments).arg("--json").current_dir(bench.path("here")).output().unwrap());
        assert_eq!(outcome.code, code, "{arguments:?}: {outcome:?}");
        let error = outcome.error();
        let hint = error["hint"].as_str().unwrap_or_default();
        assert!(hint.contains(said), "{arguments:?}: {outcome:?}");
        assert!(!error["message"].as_str().unwrap().contains("os error"), "{outcome:?}");
    }
    let to_stdout = bench.run(&["get", "reports", "-"]);
    assert!(to_stdout.code == 9 && to_stdout.stderr.contains("jetbridge get --recursive reports"), "{to_stdout:?}");
}

#[test]
fn a_url_is_written_alone_and_works_for_whoever_has_it() {
    let bench = signed_in();
    let presign = bench.run(&["presign", "awkward/a+b=c.txt"]);
    assert_eq!(presign.code, 0, "{presign:?}");
    let url = presign.stdout.trim_end();
    assert!(url.starts_with("http://127.0.0.1:") && !url.contains(char::is_whitespace), "{url}");
    assert!(presign.stderr.contains("for whoever has it, until 20"), "{presign:?}");
    let curl = |arguments: &[&str]| Command::new("curl").args(["-sS", "-f"]).args(arguments).output().unwrap();
    assert_eq!(curl(&[url]).stdout, read(&bench, "awkward/a+b=c.txt"));

    let long = bench.run(&["presign", "new.txt", "--put", "--expires", "7d", "--json"]);
    let event = &long.events()[0];
    assert_eq!(
        (&event["event"], &event["method"], &event["cut_short"]),
        (&json!("presigned"), &json!("PUT"), &json!(true))
    );
    let sent = curl(&["-T", bench.path("config/okta-config.json").to_str().unwrap(), event["url"].as_str().unwrap()]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    assert_eq!(read(&bench, "new.txt"), fs::read(bench.path("config/okta-config.json")).unwrap());
    let told = bench.run(&["presign", "new.txt", "--expires", "7d"]);
    assert!(told.stderr.contains("the credentials that signed it end then"), "{told:?}");
    // Browsers and curl would ask for another object.
    for arguments in [&["presign", "a/../b"][..], &["presign", "a/./b", "--put"], &["presign", "a/.."]] {
        assert_failed(&bench.run(&[arguments, &["--json"]].concat()), 2, "usage");
    }
    // What a log or a bystander sees holds none of it.
    let secret = url.split("X-Amz-Signature=").nth(1).unwrap();
    let loud = bench.run(&["presign", "awkward/a+b=c.txt", "-vv"]);
    assert!(!loud.stderr.contains("X-Amz-Signature") && !loud.stderr.contains(&secret[..64]), "{}", loud.stderr);
}

#[test]
fn what_fails_keeps_no_other_from_being_done() {
    let bench = signed_in();
    bench.stack.faults().inject(Fault::S3AccessDenied, 1);
    let removed = bench.run(&["get", "-r", "reports", bench.path("t").to_str().unwrap(), "--json"]);
    // The listing is refused: there is nothing else to be done.
    assert_failed(&removed, 5, "access_denied");
    let folder = bench.path("files");
    fs::create_dir_all(&folder).unwrap();
    for number in 0..20 {
        fs::write(folder.join(number.to_string()), number.to_string()).unwrap();
    }
    bench.stack.faults().inject(Fault::S3AccessDenied, 3);
    let put = bench.run(&["put", "-r", folder.to_str().unwrap(), "files", "--json"]);
    assert_failed(&put, 5, "access_denied");
    assert_eq!((put.events_named("failed").len(), put.events_named("uploaded").len()), (3, 17), "{put:?}");
    assert_eq!(listed(&bench, "files/").len(), 17);
    assert!(put.error()["message"].as_str().unwrap().starts_with("3 objects failed"), "{put:?}");

    // At the end they are named again, so many as can be read.
    for number in 20..32 {
        fs::write(folder.join(number.to_string()), "").unwrap();
    }
    bench.stack.faults().inject(Fault::S3AccessDenied, 12);
    let put = bench.run(&["put", "-r", "--parallel", "1", folder.to_str().unwrap(), "again"]);
    let (_, told) = put.stderr.rsplit_once("error: 12 objects failed:\n").unwrap_or_else(|| panic!("{put:?}"));
    assert_eq!((put.code, told.matches(": S3 refused").count()), (5, 10), "{told}");
    assert!(told.starts_with("         0: ") && told.contains("\n         and 2 more\n help: "), "{told}");

    // A key that S3 does not take is its own trouble, however much it looks like a wrong setting.
    fs::write(folder.join("0".repeat(200)), "").unwrap();
    let deep = format!("files/{}/", "d".repeat(900));
    let put = bench.run(&["put", "-r", "--parallel", "1", folder.to_str().unwrap(), &deep, "--json"]);
    assert_failed(&put, 4, "misconfigured");
    assert_eq!((put.events_named("failed").len(), put.events_named("uploaded").len()), (1, 32), "{put:?}");
    // And no reason to hide what the role lacks.
    bench.stack.faults().inject(Fault::S3AccessDenied, 1);
    let put = bench.run(&["put", "-r", "--parallel", "1", folder.to_str().unwrap(), &deep, "--json"]);
    assert_failed(&put, 5, "access_denied");
    assert_eq!(put.events_named("failed").len(), 2, "{put:?}");
    let get = bench.run(&["get", "-r", "awkward", bench.path("awkward").to_str().unwrap()]);
    assert!(get.stderr.contains("2 objects failed:\n") && get.stderr.contains("awkward/../up.txt: "), "{get:?}");
}
