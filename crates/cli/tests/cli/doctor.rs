//! `doctor`: what it writes, and where from. Whether it finds what is wrong is asked in `broken`.

use std::fs;

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
    assert_eq!((offline.code, offline.stderr.as_str()), (0, ""), "{}", offline.stdout);
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
    assert_eq!((people.code, people.stderr.as_str()), (0, ""));
    assert!(people.stdout.lines().all(|line| line.chars().count() <= 80), "{}", people.stdout);
    let marks: Vec<_> = people.stdout.lines().filter_map(|line| line.chars().next()).filter(|c| *c != ' ').collect();
    assert!(marks.len() == LINKS.len() && marks.iter().all(|mark| ['✓', '?'].contains(mark)), "{}", people.stdout);
    assert!(marks.contains(&'?'), "nobody has signed in: {}", people.stdout);
}

#[test]
fn files_that_no_command_takes_are_the_broken_link_in_every_command_s_words() {
    let bench = Bench::start();
    bench.edit_config("okta-config.json", |okta| okta["okta_issuer_url"] = "http://dev-1.okta.com".into());
    bench.edit_config("aws-exports.json", |aws| aws["Auth"]["region"] = "nowhere".into());
    let usual = bench.run(&["ls", "--json"]).error();
    let outcome = bench.run(&["doctor", "--json"]);
    assert_eq!((outcome.code, outcome.error()), (4, usual.clone()), "{outcome:?}");
    let findings = outcome.events_named("finding");
    assert_eq!(findings.len(), LINKS.len());
    assert_eq!((&findings[0]["mark"], &findings[0]["detail"]), (&json!("broken"), &usual["message"]));
    assert_eq!(findings[0]["fix"], usual["hint"]);
    assert!(findings[1..].iter().all(|finding| finding["mark"] == "not_reached"), "{findings:?}");
    assert_eq!(bench.stack.log().records().len(), 0);

    let people = bench.run(&["doctor"]);
    assert_eq!(people.code, 4);
    assert!(people.stdout.contains("✗ configuration files") && people.stdout.contains("  fix: "), "{}", people.stdout);
    assert!(people.stdout.ends_with("\n– APIs\n"), "{}", people.stdout);
    assert_eq!(people.stderr, "error: this link is broken: configuration files\n");
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
