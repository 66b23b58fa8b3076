//! `doctor`: what it writes, and where from. Whether it finds what is wrong is asked in `broken`.

use std::fs;

use jetbridge_local_stack::Fault;
use serde_json::{Value, json};

use crate::support::{ALICE, Bench, Outcome};

pub(crate) const LINKS: [&str; 16] = [
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
    assert_eq!(bench.run(&["doctor"]).stderr, "Nothing is broken.\nNext, run: jetbridge ls\n");
    bench.edit_config("aws-exports.json", |aws| {
        let endpoint = aws["API"]["endpoints"][0]["endpoint"].as_str().unwrap();
        aws["API"]["endpoints"][0]["endpoint"] = json!(format!("{endpoint}/absent"));
    });
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

/// Its mark alone would say nothing to somebody who sees only that one.
#[test]
fn a_single_link_that_was_not_reached_is_said_to_be_that() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench.edit_config("aws-exports.json", |aws| aws["Storage"]["AWSS3"]["prefix"] = "secret/".into());
    bench.stack.faults().inject(Fault::S3AccessDenied, 100);
    let report = bench.run(&["doctor"]);
    assert!(report.code != 0 && report.stdout.ends_with("\n– not reached: APIs\n"), "{report:?}");
}
