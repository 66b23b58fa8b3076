//! `doctor`: what it writes, and where from. Whether it finds what is wrong is asked in `broken`.

use std::fs;

use jetbridge_local_stack::Fault;
use serde_json::{Value, json};

use crate::support::{ALICE, Bench, Outcome};

const LINKS: [&str; 16] = [
    "files",
    "clock",
    "network",
    "discovery",
    "keys",
    "client",
    "pushed_requests",
    "sign_in",
    "id_token",
    "pool",
    "role",
    "tags",
    "bucket",
    "region",
    "prefix",
    "api",
];

fn template(bench: &Bench) -> Value {
    let okta: Value = serde_json::from_str(&bench.stack.config_files().okta_config).unwrap();
    json!({
        "Resources": {
            "Okta": {
                "Type": "AWS::IAM::OIDCProvider",
                "Properties": { "Url": okta["okta_issuer_url"], "ClientIdList": [okta["okta_client_id"]] },
            },
            "Pool": {
                "Type": "AWS::Cognito::IdentityPool",
                "Properties": { "OpenIdConnectProviderARNs": [{ "Ref": "Okta" }] },
            },
        },
    })
}

#[test]
fn a_template_that_fits_is_said_to_fit() {
    let bench = Bench::start();
    let file = bench.path("stack.template.json");
    fs::write(&file, template(&bench).to_string()).unwrap();
    let arguments = ["doctor", "--template", file.to_str().unwrap()];
    let offline = bench.run(&[&arguments[..], &["--offline"]].concat());
    assert_eq!(offline.code, 0, "{offline:?}");
    assert!(offline.stdout.starts_with("✓ configuration files "), "{}", offline.stdout);
    assert!(offline.stdout.contains("\n  ✓ issuer and provider "), "{}", offline.stdout);
    assert!(!offline.stdout.contains('✗'), "{}", offline.stdout);
    assert_eq!(bench.stack.log().records().len(), 0, "no server is asked");

    // With the chain in one report, below the files.
    let joined = bench.run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(joined.code, 0, "{joined:?}");
    let order: Vec<_> = joined.events().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(order[..2], ["finding", "check"]);
    assert_eq!(order.iter().rposition(|event| event == "check"), Some(6), "{order:?}");
    assert_eq!(joined.events_named("finding").len(), LINKS.len());
    assert!(!bench.stack.log().records().is_empty(), "the services are asked");
}

#[test]
fn a_mismatch_is_named_with_both_sides_and_the_fix() {
    let bench = Bench::start();
    let file = bench.path("stack.template.json");
    let mut changed = template(&bench);
    changed["Resources"]["Okta"]["Properties"]["Url"] = json!("https://dev-1.okta.com");
    fs::write(&file, changed.to_string()).unwrap();
    let arguments = ["doctor", "--offline", "--template", file.to_str().unwrap()];
    let outcome = bench.run(&arguments);
    assert_eq!(outcome.code, 4);
    assert!(outcome.stdout.contains("✗ issuer and provider") && outcome.stdout.contains("https://dev-1.okta.com"));
    assert!(outcome.stderr.contains("differ in one point"), "{}", outcome.stderr);

    let outcome = bench.run(&[arguments.as_slice(), &["--json"]].concat());
    let checks = outcome.events_named("check");
    assert_eq!(checks[0]["outcome"], "differs");
    assert_eq!(checks[0]["setting"], "okta_issuer_url");
    assert_eq!(outcome.error()["exit"], 4);
    let whole = bench.run(&["doctor", "--template", file.to_str().unwrap()]);
    assert_eq!(whole.code, 4, "the chain holds, and is not what was deployed: {whole:?}");
    assert!(whole.stderr.contains("differ in one point"), "{whole:?}");
}

#[test]
fn a_file_that_is_no_template_says_what_to_give() {
    let bench = Bench::start();
    let file = bench.path("okta.yaml");
    fs::write(&file, "Resources: {}").unwrap();
    for (path, word) in [(file, "cdk synth"), (bench.path("not-there.json"), "cdk synth")] {
        let outcome = bench.run(&["doctor", "--template", path.to_str().unwrap()]);
        assert_eq!(outcome.code, 4);
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
    }
}

#[test]
fn the_report_has_a_line_for_each_link_in_its_order() {
    let bench = Bench::start();
    let outcome = bench.run(&["doctor", "--json"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let findings = outcome.events();
    let links: Vec<_> = findings.iter().map(|finding| finding["link"].as_str().unwrap()).collect();
    assert_eq!(links, LINKS);
    for finding in &findings {
        assert_eq!(finding["event"], "finding");
        assert!(["ok", "unknown"].contains(&finding["mark"].as_str().unwrap()), "{finding}");
        assert!(finding["detail"].is_string());
        assert!(["setting", "fix", "paste"].iter().all(|field| finding.get(field).is_none()), "{finding}");
    }
    let people = bench.run(&["doctor"]);
    assert_eq!(people.code, 0, "{people:?}");
    assert!(people.stdout.lines().all(|line| line.chars().count() <= 80), "{}", people.stdout);
    let marks: Vec<_> = people.stdout.lines().filter_map(|line| line.chars().next()).filter(|c| *c != ' ').collect();
    assert!(marks.iter().all(|mark| ['✓', '?'].contains(mark)), "{}", people.stdout);
    assert!(people.stdout.contains("\n? sign-in "), "nobody has signed in: {}", people.stdout);
    // What is said of several is said once.
    let together = "\n? not known before a sign-in: role, session tags, bucket, regions, listing, APIs\n";
    assert!(people.stdout.contains(together), "{}", people.stdout);
    assert_eq!(people.stderr.lines().count(), 2, "{}", people.stderr);
    assert!(people.stderr.ends_with("\nNext, run: jetbridge doctor --sign-in\n"), "{}", people.stderr);
    assert_eq!(bench.run(&["doctor", "-q"]).stderr, "");
    bench.sign_in_as(ALICE);
    assert_eq!(
        bench.run(&["doctor"]).stderr,
        "No broken link was found, but something could not be known: APIs.\nNext, run: jetbridge ls\n"
    );
}

/// Also where no terminal is: a report that takes its time goes to a file as well.
#[test]
fn who_lets_one_wait_is_named_on_stderr() {
    let bench = Bench::start();
    bench.stack.faults().inject(Fault::OktaSilent, 100);
    let (told, quiet) = std::thread::scope(|scope| {
        let quiet = scope.spawn(|| bench.run(&["doctor", "-q"]));
        (bench.run(&["doctor"]), quiet.join().unwrap())
    });
    assert!(told.stderr.starts_with("looking at Okta … (Ctrl-C cancels)\n"), "{told:?}");
    assert!(!quiet.stderr.contains("looking at"), "{quiet:?}");
    assert!(told.stdout.contains("✗ proxy and certificates"), "{told:?}");
}

#[test]
fn without_asking_anybody_files_and_stored_session_are_told() {
    let bench = Bench::start();
    let marks = |outcome: &Outcome| -> Vec<(String, String)> {
        let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
        outcome.events_named("finding").iter().map(|finding| (text(finding, "link"), text(finding, "mark"))).collect()
    };
    let known = |outcome: &Outcome| -> Vec<String> {
        marks(outcome).into_iter().filter(|(_, mark)| mark == "ok").map(|(link, _)| link).collect()
    };
    let arguments = ["doctor", "--offline", "--json"];
    let nobody = bench.run(&arguments);
    assert_eq!((nobody.code, marks(&nobody).len(), known(&nobody)), (0, LINKS.len(), vec!["files".to_owned()]));
    assert!(!bench.path("store").exists(), "whoever only looks leaves nothing behind");
    bench.sign_in_as(ALICE);
    bench.stack.log().clear();
    assert_eq!(known(&bench.run(&arguments)), ["files", "sign_in"]);
    assert_eq!(bench.stack.log().records().len(), 0, "no server is asked");
    let people = bench.run(&["doctor", "--offline"]);
    assert!(people.stdout.contains("\n? nobody was asked: clock, proxy and certificates, "), "{people:?}");
    assert!(people.stderr.ends_with("\nNext, run: jetbridge doctor\n"), "{people:?}");
}

#[test]
fn files_that_no_command_takes_are_the_broken_link_in_every_command_s_words() {
    let bench = Bench::start();
    bench.edit_config("okta-config.json", |okta| okta["okta_issuer_url"] = "http://dev-1.okta.com".into());
    bench.edit_config("aws-exports.json", |aws| aws["Auth"]["region"] = "nowhere".into());
    let usual = bench.run(&["ls", "--json"]).error();
    let outcome = bench.run(&["doctor", "--json"]);
    assert_eq!((outcome.code, outcome.error()), (4, at_home(&bench, &usual)), "{outcome:?}");
    let findings = outcome.events_named("finding");
    assert_eq!(findings.len(), LINKS.len());
    assert_eq!(findings[0]["mark"], "broken");
    let (detail, fix) = (findings[0]["detail"].as_str().unwrap(), findings[0]["fix"].as_str().unwrap());
    assert!(detail.lines().count() == 2 && detail.lines().all(|line| line.contains(".json: ")), "{detail}");
    assert!(
        fix.contains("okta_issuer_url: the issuer of your") && fix.contains("\nAuth.region: the AWS region"),
        "{fix}"
    );
    assert!(findings[1..].iter().all(|finding| finding["mark"] == "not_reached"), "{findings:?}");
    assert_eq!(bench.stack.log().records().len(), 0);

    let people = bench.run(&["doctor"]);
    assert_eq!(people.code, 4);
    assert!(
        people.stdout.contains("✗ configuration files") && people.stdout.contains("  expected: "),
        "{}",
        people.stdout
    );
    let not_reached = people.stdout.split_once("\n– not reached: clock, proxy and certificates, ").unwrap().1;
    assert!(not_reached.ends_with(" APIs\n") && not_reached.lines().count() < 4, "{}", people.stdout);
    assert_eq!(people.stdout.matches("okta-config.json").count(), 1, "nothing is said twice: {}", people.stdout);
    assert!(!people.stdout.contains("config/README.md"), "{}", people.stdout);
    assert_eq!(
        people.stderr,
        "error: this link is broken: configuration files\n help: Mend it as is said there. Next, run: jetbridge doctor\n"
    );
}

/// What the doctor makes of another command's error.
fn at_home(bench: &Bench, error: &Value) -> Value {
    serde_json::from_str(&error.to_string().replace(&bench.path("").display().to_string(), "~/")).unwrap()
}

#[test]
fn a_report_has_no_home_in_it_and_its_commands_still_work() {
    use std::os::unix::fs::PermissionsExt as _;

    let bench = Bench::start();
    let store = bench.path("a b");
    fs::create_dir(&store).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o755)).unwrap();
    let home = bench.path("").display().to_string();
    let home = home.trim_end_matches('/');
    let doctor = |more: &[&str]| {
        let mut command = bench.command(&[&["doctor"], more].concat());
        Outcome::of(command.env_remove("JETBRIDGE_STORE").env("JETBRIDGE_HOME", &store).output().unwrap())
    };
    for more in [&[][..], &["--json"]] {
        let outcome = doctor(more);
        assert_eq!(outcome.code, 8, "{outcome:?}");
        assert!(outcome.stdout.contains("~/a b") && !format!("{outcome:?}").contains(home), "{outcome:?}");
    }
    let outcome = doctor(&[]);
    let next = outcome.stderr.lines().find_map(|line| line.strip_prefix(" help: Next, run: ")).unwrap();
    assert_eq!(next, "chmod 700 ~/'a b'");
    let shell = std::process::Command::new("sh").args(["-c", next]).env("HOME", home).status().unwrap();
    assert!(shell.success());
    assert_eq!(doctor(&[]).code, 0);
    bench.edit_config("okta-config.json", |okta| okta["okta_client_id"] = "".into());
    assert!(!format!("{:?}", doctor(&["--json"])).contains(home));
    assert!(!format!("{:?}", doctor(&["--explain"])).contains(home));
}

#[test]
fn a_port_that_is_taken_is_told_before_anybody_signs_in() {
    let bench = Bench::start();
    let taken = std::net::TcpListener::bind(("127.0.0.1", bench.port)).unwrap();
    let outcome = bench.run(&["doctor", "--json"]);
    assert_eq!((outcome.code, &outcome.error()["kind"]), (6, &json!("port_in_use")), "{outcome:?}");
    let findings = outcome.events_named("finding");
    let sign_in = findings.iter().find(|finding| finding["link"] == "sign_in").unwrap();
    assert_eq!(sign_in["mark"], "broken");
    let fix = sign_in["fix"].as_str().unwrap();
    assert!(fix.contains("register that redirect URI in Okta, too") && !fix.contains("pid"), "{fix}");
    // What works for whoever runs this, with or without a sign-in.
    assert!(fix.ends_with("jetbridge doctor --sign-in --no-browser") && !fix.contains(" login --no-browser"), "{fix}");
    let asked = bench.run(&["doctor", "--sign-in", "--json"]).events_named("finding");
    assert_eq!(asked.iter().find(|finding| finding["link"] == "sign_in").unwrap(), sign_in);
    // Who is signed in can go on, and nobody who signs in by hand needs the port.
    bench.sign_in_as(ALICE);
    let outcome = bench.run(&["doctor"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("another process uses"), "{outcome:?}");
    drop(taken);
    assert!(!bench.run(&["doctor"]).stdout.contains("another process uses"));
}

#[cfg(unix)]
#[test]
fn a_store_that_takes_no_write_is_broken_and_left_as_it_is() {
    let bench = Bench::start();
    let full = |more: &[&str]| {
        let command = bench.command(&[&["doctor", "--json"], more].concat());
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", "ulimit -f 0; trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs().filter_map(|(name, value)| Some((name, value?))) {
            shell.env(name, value);
        }
        Outcome::of(shell.stdin(std::process::Stdio::null()).output().unwrap())
    };
    let check = |outcome: &Outcome| {
        assert_eq!((outcome.code, &outcome.error()["kind"]), (8, &json!("secure_storage")), "{outcome:?}");
        let findings = outcome.events_named("finding");
        let broken = findings.iter().find(|finding| finding["mark"] == "broken").unwrap();
        assert_eq!(broken["link"], "sign_in", "{broken}");
        assert!(broken["fix"].as_str().unwrap().contains("Make room on the disk"), "{broken}");
    };
    // Nobody is asked for a password in vain.
    check(&full(&["--sign-in", "--no-browser"]));
    assert!(!bench.path("store").exists());
    bench.sign_in_as(ALICE);
    let stored = || {
        let files = crate::support::snapshot(&bench.path("store")).into_iter();
        files.filter(|(path, _)| path.extension().is_none_or(|ending| ending != "lock")).collect::<Vec<_>>()
    };
    let before = stored();
    check(&full(&[]));
    check(&full(&["--offline"]));
    assert!(stored() == before, "nothing of the session is touched, and nothing is left");
    assert_eq!(bench.run(&["doctor"]).code, 0);
    assert!(stored() == before, "a renewal that was not due has written nothing");
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_is_told_to_close_a_system_s_folder() {
    let bench = Bench::start();
    for folder in ["/sys", "/sys/jetbridge", "/etc", &bench.path("").display().to_string()] {
        fs::set_permissions(bench.path(""), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = bench.command(&["doctor"]);
        let command = command.env_remove("JETBRIDGE_STORE").env("JETBRIDGE_HOME", folder);
        let outcome = Outcome::of(command.output().unwrap());
        assert_eq!(outcome.code, 8, "{folder}: {outcome:?}");
        assert!(!format!("{outcome:?}").contains("chmod"), "{folder}: {outcome:?}");
    }
}

#[test]
fn files_in_each_other_s_place_are_told_as_such() {
    let bench = Bench::start();
    let (okta, aws) = (bench.path("config/okta-config.json"), bench.path("config/aws-exports.json"));
    let aside = bench.path("aside");
    for (from, to) in [(&okta, &aside), (&aws, &okta), (&aside, &aws)] {
        fs::rename(from, to).unwrap();
    }
    let outcome = bench.run(&["doctor"]);
    assert_eq!(outcome.code, 4);
    assert!(outcome.stdout.contains("in each other's place") && outcome.stdout.contains("swap the two files"));
}

#[test]
fn a_sign_in_comes_first_and_leaves_nothing_personal_in_the_report() {
    let bench = Bench::start();
    let arguments = ["doctor", "--sign-in", "--no-browser", "--json"];
    let outcome = bench.start_login(&arguments, |url| bench.visit(url, ALICE));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(bench.run(&["whoami"]).code, 0);
    let report: Vec<_> = outcome.events_named("finding").iter().map(ToString::to_string).collect();
    assert_eq!(report.len(), LINKS.len());
    let report = report.concat() + &bench.run(&["doctor"]).stdout;
    for personal in [ALICE, "alice", "Alice", "Archer", "00ualice000000000001"] {
        assert!(!report.contains(personal), "{personal}: {report}");
    }
    for (index, secret) in bench.stack.issued_secrets().all().iter().enumerate() {
        assert!(!report.contains(secret), "secret number {index} leaked");
    }
    // The address is for somebody to act on, and no part of what is pasted.
    let people = bench.start_login_by_hand(&["doctor", "--sign-in", "--no-browser", "-q"], ALICE);
    assert_eq!(people.code, 0, "{people:?}");
    assert!(people.stdout.starts_with("✓ configuration files") && !people.stdout.contains("code_challenge"));

    // Who wants no sign-in is told of it, after the report.
    let given_up = bench.start_login(&arguments, |_| String::new());
    assert_eq!(given_up.code, 7, "{given_up:?}");
    assert_eq!(given_up.error()["kind"], "user_cancelled");
    assert_eq!(given_up.events_named("finding").len(), LINKS.len());

    // Nor does a port that is taken keep the report back.
    let _taken = std::net::TcpListener::bind(("127.0.0.1", bench.port)).unwrap();
    let taken = bench.run(&["doctor", "--sign-in", "--json"]);
    assert_eq!((taken.code, taken.events_named("finding").len()), (6, LINKS.len()), "{taken:?}");
    assert_eq!(taken.error()["kind"], "port_in_use");
}

#[test]
fn settings_are_explained_with_who_said_so() {
    let bench = Bench::start();
    bench.edit_config("okta-config.json", |okta| {
        okta.as_object_mut().unwrap().remove("okta_scopes");
    });
    let mut command = bench.command(&["doctor", "--explain", "--json", "--account", "work"]);
    command.env("HTTPS_PROXY", "http://me:hunter2@proxy.example.com:3128").env("JETBRIDGE_ACOUNT", "x");
    let outcome = Outcome::of(command.output().unwrap());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let settings = outcome.events_named("setting");
    let find = |name: &str| settings.iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name}"));
    let folder = bench.path("config");
    let issuer = find("okta_issuer_url");
    assert_eq!((&issuer["source"], &issuer["value"]), (&json!("file"), &json!(bench.stack.issuer())));
    assert_eq!(issuer["from"], json!(folder.join("okta-config.json").display().to_string()));
    let scopes = find("okta_scopes");
    assert_eq!(
        (&scopes["source"], &scopes["value"]),
        (&json!("default"), &json!("openid profile email offline_access"))
    );
    assert_eq!(find("okta_logout_url")["value"], json!(null));
    assert_eq!(find("config")["from"], "JETBRIDGE_CONFIG");
    assert_eq!((&find("account")["source"], &find("account")["value"]), (&json!("flag"), &json!("work")));
    assert_eq!(find("API.endpoints[0].name")["value"], "JetbridgeApi");
    assert!(find("store")["value"].as_str().unwrap().contains(&bench.path("store").display().to_string()));
    assert_eq!(find("HTTPS_PROXY")["value"], "http://…@proxy.example.com:3128");
    assert!(find("JETBRIDGE_ACOUNT")["value"].is_null() && !outcome.stdout.contains("hunter2"), "{outcome:?}");
    assert_eq!(bench.stack.log().records().len(), 0, "no server is asked");

    // With files that no command takes, too: what they say, then what is wrong with it.
    bench.edit_config("aws-exports.json", |aws| aws["Auth"]["region"] = "nowhere".into());
    let outcome = bench.run(&["doctor", "--explain"]);
    assert_eq!(outcome.code, 4);
    assert!(outcome.stdout.contains("nowhere (file)") && outcome.stderr.contains("Auth.region"), "{outcome:?}");
}

/// Whoever stays signed in is told, and is not taken for who has failed to.
#[test]
fn a_sign_in_that_fails_beside_another_session_is_a_broken_link() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let arguments = ["doctor", "--sign-in", "--no-browser"];
    let refused = bench.start_login(&[&arguments[..], &["--json"]].concat(), |url| bench.deny(url));
    assert_eq!(refused.code, refused.error()["exit"].as_i64().unwrap() as i32);
    assert_ne!(refused.code, 0);
    let findings = refused.events_named("finding");
    let broken: Vec<_> = findings.iter().filter(|finding| finding["mark"] == "broken").collect();
    assert_eq!((findings.len(), broken.len(), &broken[0]["link"]), (LINKS.len(), 1, &json!("sign_in")), "{findings:?}");
    let detail = broken[0]["detail"].as_str().unwrap();
    assert!(detail.contains("00uali… stays signed in"), "{detail}");
    assert!(findings.iter().all(|finding| finding["mark"] != "not_reached"), "hers is looked at: {findings:?}");

    let mut running = crate::support::Running::start(&mut bench.command(&arguments));
    let url = running.stderr_line("http");
    running.answer(&bench.deny(&url));
    let people = running.finish();
    assert!(people.stdout.contains("\n✗ sign-in ") && !people.stdout.contains("✓ sign-in"), "{people:?}");
    // Nor is the doctor proposed to whoever runs it, but to look again.
    let outcome = bench.run(&["doctor", "--sign-in", "--force", "--no-browser"]);
    let said = outcome.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let next = "Next, run: jetbridge doctor --sign-in --no-browser";
    assert!(said.ends_with(next) && said.matches(" doctor").count() == 1, "{outcome:?}");
    assert!(bench.run(&["whoami"]).stdout.contains("Alice"), "she still is");
    assert_eq!(bench.run(&["logout"]).code, 0);
    let nobody = bench.run(&arguments);
    assert_eq!(nobody.code, 7, "{nobody:?}");
    assert!(
        nobody.stdout.contains("\n✗ sign-in ") && nobody.stdout.contains("\n– not reached: ID token"),
        "{nobody:?}"
    );
}

/// A name with a slip in it is told with those that there are, by each command that finds nobody.
#[test]
fn an_account_without_anybody_is_told_with_those_that_have_somebody() {
    type Run<'r> = &'r dyn Fn(&[&str]) -> Outcome;
    let bench = Bench::start();
    assert_eq!(bench.login(&["--account", "work"], |url| bench.visit(url, ALICE)).code, 0);
    let flag = |words: &[&str]| bench.run(&[words, &["--account", "wrok"]].concat());
    let variable =
        |words: &[&str]| Outcome::of(bench.command(words).env("JETBRIDGE_ACCOUNT", "wrok").output().unwrap());
    let nobody: [(&str, Run<'_>); 3] = [("wrok", &flag), ("wrok", &variable), ("default", &|words| bench.run(words))];
    for (account, run) in nobody {
        for words in [&["whoami"][..], &["ls"], &["creds"], &["doctor", "--claims"], &["get", "a", "b"]] {
            let outcome = run(words);
            assert_eq!(outcome.code, 3, "{outcome:?}");
            let is_named = outcome.stderr.contains(&format!("nobody is signed in under account {account}"));
            assert!(is_named || account == "default", "{words:?}: {outcome:?}");
            assert!(outcome.stderr.contains("Account work is signed in; to use work: "), "{words:?}: {outcome:?}");
        }
        let doctor = run(&["doctor"]);
        let said = doctor.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let both = format!("? sign-in nobody is signed in under account {account}, but under work; assignment");
        assert!(doctor.code == 0 && said.contains(&both), "{doctor:?}");
        let way = "To use work: jetbridge doctor --account work\n";
        assert!(doctor.stderr.ends_with(way), "{doctor:?}");
    }
    assert!(variable(&["whoami"]).stderr.contains("wrok (JETBRIDGE_ACCOUNT)"));
}

/// Of many sessions of other configurations, the one that differs least is told, and where the others are.
#[test]
fn many_sessions_of_other_configurations_are_told_in_a_few_lines() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let pool = |number: u32| format!("us-west-2:00000000-1111-2222-3333-44444444444{number}");
    let (store, sealed) = (bench.path("store"), || {
        let files = fs::read_dir(bench.path("store")).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|ending| ending == "sealed")).count()
    });
    for port in 0..3 {
        bench.edit_config("aws-exports.json", |aws| {
            aws["Auth"]["identityPoolEndpoint"] = format!("http://127.0.0.1:{}", 5_300 + port).into();
        });
        // Cognito is not there, which is asked after the sign-in.
        bench.login(&[], |url| bench.visit(url, ALICE));
    }
    assert_eq!((sealed(), store.exists()), (4, true));
    bench.edit_config("aws-exports.json", |aws| aws["Auth"]["identityPoolEndpoint"] = "http://127.0.0.1:5310".into());
    let one = "a session of another configuration is stored here (Auth.identityPoolEndpoint: ";
    let doctor = bench.run(&["doctor", "--offline"]);
    let sign_in = doctor.stdout.split_once("? sign-in").unwrap().1.split_once("\n?").unwrap().0.to_owned();
    let said = sign_in.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(one) && said.contains("), and 3 more; ") && said.ends_with(" jetbridge accounts"), "{said}");
    assert!(sign_in.lines().count() <= 8, "{sign_in}");
    let whoami = bench.run(&["whoami"]);
    assert_eq!((whoami.code, whoami.stderr.matches("another configuration").count()), (3, 1), "{whoami:?}");
    assert!(whoami.stderr.contains("To see that and 3 more: jetbridge accounts"), "{whoami:?}");
    // One that differs in more is not the one.
    bench.edit_config("aws-exports.json", |aws| aws["Auth"]["identityPoolId"] = pool(1).into());
    assert!(bench.run(&["whoami"]).stderr.contains("Auth.identityPoolId"));
}

/// An option that cannot be used is told by its name, and the files are not to blame.
#[cfg(unix)]
#[test]
fn an_option_that_cannot_be_used_is_told_at_its_own_link() {
    let bench = Bench::start();
    let bad = bench.path("bad.pem");
    fs::write(&bad, "no certificate").unwrap();
    let broken = |arguments: &[&str]| {
        let outcome = bench.run(&[&["doctor", "--json"], arguments].concat());
        let findings = outcome.events_named("finding");
        assert_eq!((outcome.code, findings.len(), &findings[0]["mark"]), (4, LINKS.len(), &json!("ok")), "{outcome:?}");
        let broken = findings.iter().find(|finding| finding["mark"] == "broken").unwrap();
        let text = |field: &str| broken[field].as_str().unwrap().to_owned();
        (text("link"), text("detail"), text("fix"))
    };
    for file in [&bad, &bench.path("not-there.pem")] {
        let (link, detail, fix) = broken(&["--ca-file", file.to_str().unwrap()]);
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(link == "network" && detail.contains(name) && fix.contains("--ca-file"), "{link}: {detail}: {fix}");
        let other = bench.run(&["whoami", "--ca-file", file.to_str().unwrap()]);
        assert!(other.code == 4 && other.stderr.contains(name), "{other:?}");
    }
    let (link, detail, _) = broken(&["--account", "a b"]);
    assert_eq!((&*link, &*detail), ("sign_in", "--account: \"a b\" is not a usable name"));
    // A file where the store's folder is to be.
    fs::write(bench.path("store"), "").unwrap();
    let store = bench.run(&["doctor"]);
    assert!(store.code == 8 && store.stdout.contains("fix: Name a folder") && !store.stdout.contains("yours alone"));
}

/// Two files that are not there are one thing to mend, and there is a configuration that needs no account.
#[test]
fn without_a_configuration_the_way_to_one_is_told_once() {
    let bench = Bench::start();
    let folder = bench.path("a b");
    for (command, code) in [("doctor", 4), ("whoami", 4)] {
        let outcome = bench.run(&[command, "--config", folder.to_str().unwrap()]);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        let ways = (said.matches("a copy of the example").count(), said.matches("local-stack").count());
        assert_eq!((outcome.code, ways), (code, (1, 1)), "{said}");
    }
    let doctor = bench.run(&["doctor", "--config", folder.to_str().unwrap()]).stdout;
    assert!(doctor.contains(": jetbridge local-stack --write-config ~/'a b'\n"), "{doctor}");
}

#[test]
fn what_the_doctor_says_fits_into_a_mail() {
    let bench = Bench::start();
    bench.edit_config("okta-config.json", |okta| {
        okta["okta_issuer_url"] = okta["okta_issuer_url"].as_str().unwrap().replace("127.0.0.1", "localhost").into();
    });
    let long = bench.path(&"long/".repeat(30));
    let to_copy = |line: &str| !line.trim().contains(' ') || line.trim().starts_with("jetbridge ");
    for arguments in [&["--offline"][..], &[], &["--store", &format!("file:{}", long.display())], &["--explain"]] {
        let outcome = bench.run(&[&["doctor"], arguments].concat());
        let lines = outcome.stdout.lines().chain(outcome.stderr.lines());
        let long: Vec<_> = lines.filter(|line| line.chars().count() > 80 && !to_copy(line)).collect();
        assert!(long.is_empty(), "{long:?}");
    }
    let issuer = bench.run(&["doctor"]).stdout;
    assert!(issuer.contains("✗ Okta's metadata             okta_issuer_url is\n"), "{issuer}");
}

/// No command takes such an address, and none shows what is in it.
#[test]
fn a_password_in_an_address_is_shown_by_no_command() {
    let bench = Bench::start();
    let places = [
        ("okta-config.json", "/okta_issuer_url"),
        ("okta-config.json", "/okta_callback_url"),
        ("okta-config.json", "/okta_desktop_callback_url"),
        ("okta-config.json", "/okta_logout_url"),
        ("aws-exports.json", "/Auth/identityPoolId"),
        ("aws-exports.json", "/Auth/identityPoolEndpoint"),
        ("aws-exports.json", "/Storage/AWSS3/bucket"),
        ("aws-exports.json", "/Storage/AWSS3/endpoint"),
        ("aws-exports.json", "/Services/endpoint"),
        ("aws-exports.json", "/API/endpoints/0/endpoint"),
    ];
    let explain = &["doctor", "--explain"][..];
    for (file, place) in places {
        let path = bench.path("config").join(file);
        let whole = fs::read(&path).unwrap();
        bench.edit_config(file, |config| {
            let (parent, name) = place.rsplit_once('/').unwrap();
            if parent == "/Services" {
                config["Services"] = json!({});
            }
            let parent = if parent.is_empty() { Some(config) } else { config.pointer_mut(parent) };
            parent.unwrap()[name] = json!("http://someone:hunter2@127.0.0.1:5302/callback");
        });
        for command in
            [explain, &["doctor"], &["ls"], &["whoami"], &["accounts"], &["logout"], &["login", "--no-browser"]]
        {
            for format in [&["-v"][..], &["--json"]] {
                let outcome = bench.run(&[command, format].concat());
                assert_eq!(outcome.code, 4, "{place}: {outcome:?}");
                let said = format!("{outcome:?}");
                assert!(!said.contains("hunter2") && !said.contains("someone"), "{place}: {said}");
                assert!(command != explain || said.contains("http://…@127.0.0.1:5302/callback"), "{place}: {said}");
            }
        }
        fs::write(path, whole).unwrap();
    }
    let address = "http://someone:hunter2@127.0.0.1:5302";
    for arguments in [&["ls"][..], &["doctor"], explain, &["login", "--redirect-uri", address]] {
        let outcome = bench.run(&[arguments, &["--permit-endpoint", address]].concat());
        assert!(!format!("{outcome:?}").contains("hunter2"), "{outcome:?}");
    }
}

#[test]
fn claims_are_shown_and_persons_are_not_unless_asked_for() {
    let bench = Bench::start_with(|options| options.access_claims = true);
    assert_eq!(bench.run(&["doctor", "--claims", "--json"]).error()["exit"], 3);
    bench.sign_in_as(ALICE);
    let claims = |arguments: &[&str]| {
        let outcome = bench.run(&[&["doctor", "--claims", "--json"], arguments].concat());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome
    };
    let of = |outcome: &Outcome, name: &str| {
        let events = outcome.events_named("claim");
        events.iter().find(|claim| claim["name"] == name).unwrap_or_else(|| panic!("{name}: {events:?}")).clone()
    };
    let short = claims(&[]);
    assert_eq!(of(&short, "iss")["value"], json!(bench.stack.issuer()));
    let name = of(&short, "preferred_username");
    assert_eq!((&name["value"], &name["shortened"]), (&json!("al…"), &json!(true)));
    assert_eq!(
        (&of(&short, "groups")["value"], &of(&short, "department")["value"]),
        (&json!("1 value"), &json!("re…"))
    );
    assert!(of(&short, "exp")["time"].as_str().unwrap().ends_with('Z') && of(&short, "exp")["value"].is_u64());
    let people = bench.run(&["doctor", "--claims"]);
    assert!(people.stdout.contains(" UTC (in ") && people.stderr.contains("--all"), "{people:?}");
    for personal in [ALICE, "Alice", "research", "00ualice000000000001"] {
        assert!(!short.stdout.contains(personal) && !people.stdout.contains(personal), "{personal}");
    }
    // What a template makes a tag or a role of is whole; a person's name is not, whatever is made of it.
    let file = bench.path("mapping.template.json");
    let mut mapping = template(&bench);
    mapping["Resources"]["Tags"] = json!({
        "Type": "AWS::Cognito::IdentityPoolPrincipalTag",
        "Properties": { "PrincipalTags": { "department": "department", "who": "preferred_username" } },
    });
    mapping["Resources"]["Roles"] = json!({
        "Type": "AWS::Cognito::IdentityPoolRoleAttachment",
        "Properties": { "RoleMappings": { "okta": { "RulesConfiguration": { "Rules": [{ "Claim": "groups" }] } } } },
    });
    fs::write(&file, mapping.to_string()).unwrap();
    let mapped = claims(&["--template", file.to_str().unwrap()]);
    assert_eq!(of(&mapped, "department")["value"], "research");
    assert_eq!(of(&mapped, "groups")["value"], json!(["Everyone"]));
    assert_eq!(of(&mapped, "preferred_username")["value"], "al…");
    let all = claims(&["--all"]);
    let name = of(&all, "preferred_username");
    assert_eq!((&name["value"], &name["shortened"]), (&json!(ALICE), &json!(false)));
    assert_eq!(of(&all, "groups")["value"], json!(["Everyone"]));
}

#[test]
fn who_meets_an_error_of_the_chain_is_told_of_the_doctor_once() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let denied = bench.stack.options().denied_bucket.clone();
    let list = ["ls", "--bucket", &denied];
    let outcome = bench.run(&list);
    assert_eq!((outcome.code, outcome.stderr.matches(" doctor").count()), (5, 1), "{outcome:?}");
    for arguments in [&["--json"][..], &["--quiet"]] {
        let outcome = bench.run(&[&list[..], arguments].concat());
        assert!(outcome.code == 5 && !format!("{outcome:?}").contains(" doctor"), "{outcome:?}");
    }
    assert!(!bench.run(&["get", "not-there"]).stderr.contains(" doctor"), "the chain holds");
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_used_keeps_nobody_from_the_rest() {
    use std::os::unix::fs::PermissionsExt as _;

    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    fs::set_permissions(bench.path("store"), fs::Permissions::from_mode(0o777)).unwrap();
    let usual = bench.run(&["whoami", "--json"]).error();
    let outcome = bench.run(&["doctor", "--json"]);
    let usual = at_home(&bench, &usual);
    assert_eq!((outcome.code, outcome.error()), (8, usual.clone()), "{outcome:?}");
    let findings = outcome.events_named("finding");
    let links: Vec<_> = findings.iter().map(|finding| finding["link"].as_str().unwrap()).collect();
    assert_eq!(links, LINKS);
    let sign_in = LINKS.iter().position(|link| *link == "sign_in").unwrap();
    assert_eq!((&findings[sign_in]["mark"], &findings[sign_in]["detail"]), (&json!("broken"), &usual["message"]));
    assert!(findings[..sign_in].iter().all(|finding| finding["mark"] != "not_reached"), "{findings:?}");
    assert!(findings[sign_in + 1..].iter().all(|finding| finding["mark"] == "not_reached"), "{findings:?}");
}

/// Cognito's grace is five minutes: within it an ID token buys AWS credentials, after it only a sign-in helps.
#[test]
fn an_id_token_that_has_expired_is_told_alike_by_whoami_and_doctor() {
    let bench = Bench::start();
    bench.edit_config("okta-config.json", |okta| okta["okta_scopes"] = json!(["openid", "profile"]));
    bench.sign_in_as(ALICE);
    for (seconds, words) in [(0, ""), (3_720, "Cognito takes it until "), (4_200, "Cognito takes it no more")] {
        bench.stack.clock().set_offset_seconds(seconds);
        // It learns the time, which `whoami` asks nobody for.
        let doctor = bench.run(&["doctor", "--json"]);
        let whoami = bench.run(&["whoami"]);
        let findings = doctor.events_named("finding");
        let finding =
            |link: &str| findings.iter().find(|finding| finding["link"] == link).unwrap()["detail"].to_string();
        let whoami = whoami.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [&whoami, &finding("id_token")] {
            assert!(said.contains(words) && said.contains("expired") == (seconds > 0), "{seconds}: {said}");
        }
        assert_eq!(whoami.contains("sign in again"), seconds > 0, "{seconds}: {whoami}");
        assert!(whoami.contains("offline_access") && finding("sign_in").contains("offline_access"), "{whoami}");
    }
}
