//! `local-stack` as a process of its own, and the other commands against it.
#![cfg(unix)]

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use jetbridge::storage::MemoryStore;
use jetbridge::{Config, LoginOptions, Session};
use jetbridge_local_stack::ScriptedBrowser;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{ALICE, BOB, Outcome, PASSWORD, Running, free_port, parse_event, program, visit};

#[test]
fn it_says_where_it_is_and_writes_a_configuration_that_works() {
    for tls in [false, true] {
        let home = TempDir::new().unwrap();
        let config = home.path().join("config");
        let mut arguments = vec!["local-stack", "--port", "0", "--json", "--write-config", config.to_str().unwrap()];
        if tls {
            arguments.push("--tls");
        }
        let mut stack = Running::start(&mut program(&arguments));
        let ready = parse_event(&stack.line());
        assert_eq!(ready["event"], "ready");
        assert_eq!(ready["users"][0]["login"], ALICE);
        for service in ["issuer", "cognito", "s3", "sts", "api"] {
            assert_eq!(ready[service].as_str().unwrap().starts_with("https://"), tls, "{service}");
        }

        let store = format!("file:{}", home.path().join("store").display());
        let ca_file = config.join("ca.pem");
        let ca_pem = std::fs::read_to_string(&ca_file).ok();
        assert_eq!(ca_pem.is_some(), tls);
        let jetbridge = |arguments: &[&str]| {
            let mut command = program(arguments);
            command.env("JETBRIDGE_CONFIG", &config).env("JETBRIDGE_STORE", &store);
            if tls {
                command.env("SSL_CERT_FILE", &ca_file);
            }
            command
        };
        let mut login = Running::start(&mut jetbridge(&["login", "--no-browser", "--json", "--list"]));
        let redirect = visit(&login.authorization_url(), ca_pem.as_deref());
        login.answer(&redirect);
        let outcome = login.finish();
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(outcome.events().last().unwrap()["event"], "listed");
        let listing = Outcome::of(jetbridge(&["ls", "--json"]).output().unwrap());
        assert_eq!(listing.code, 0, "{listing:?}");

        stack.signal("INT");
        let stopped = stack.finish();
        assert_eq!(stopped.code, 0, "{stopped:?}");
    }
}

/// Without a template, too: an app that shows by groups can be tried.
#[test]
fn its_id_tokens_have_groups() {
    let home = TempDir::new().unwrap();
    let config = home.path().join("config");
    let mut stack = Running::start(&mut program(&[
        "local-stack",
        "--port",
        "0",
        "--json",
        "--write-config",
        config.to_str().unwrap(),
    ]));
    stack.line();
    let session = Session::open(Config::load(&config).unwrap(), Arc::new(MemoryStore::new())).unwrap();
    let groups = Runtime::new().unwrap().block_on(async {
        session.restore().await;
        let request = session.begin_login(LoginOptions::default()).await.unwrap();
        let mut browser = ScriptedBrowser::new(None).unwrap();
        let redirect = browser.sign_in(request.url.as_str(), BOB, PASSWORD).await.unwrap();
        session.complete_login(&redirect).await.unwrap();
        session.claims().unwrap().groups().iter().map(|group| (*group).to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(groups, ["Everyone", "jetbridge-admins"]);
    stack.signal("INT");
    assert_eq!(stack.finish().code, 0);
}

#[test]
fn people_see_addresses_users_and_the_next_command() {
    let home = TempDir::new().unwrap();
    let config = home.path().join("config");
    let mut stack =
        Running::start(&mut program(&["local-stack", "--port", "0", "--write-config", config.to_str().unwrap()]));
    let mut text = String::new();
    while !text.contains("login --list") {
        let line = stack.line();
        assert!(!line.is_empty(), "it ended too early: {text}");
        text.push_str(&line);
    }
    for part in ["Okta", "Cognito", "S3", "STS  ", "API  ", ALICE, PASSWORD, "Ctrl-C stops it", "scale-100000"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80 || line.contains("--config")), "{text}");
    stack.signal("TERM");
    assert_eq!(stack.finish().code, 0);
}

#[test]
fn a_busy_port_and_files_in_the_way_are_told() {
    let port = free_port();
    let _occupier = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let busy = Outcome::of(program(&["local-stack", "--json", "--port", &port.to_string()]).output().unwrap());
    assert_eq!((busy.code, busy.error()["kind"].as_str()), (6, Some("port_in_use")), "{busy:?}");
    assert!(busy.error()["message"].as_str().unwrap().contains(&port.to_string()));

    let home = TempDir::new().unwrap();
    let file = home.path().join("okta-config.json");
    std::fs::write(&file, "mine").unwrap();
    let folder = home.path().to_str().unwrap();
    let arguments = ["local-stack", "--json", "--port", "0", "--write-config", folder];
    let refused = Outcome::of(program(&arguments).output().unwrap());
    assert_eq!((refused.code, refused.error()["kind"].as_str()), (2, Some("would_overwrite")), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let mut replaced = Running::start(&mut program(&[&arguments[..], &["--overwrite"]].concat()));
    replaced.line();
    assert!(std::fs::read_to_string(&file).unwrap().contains("okta_issuer_url"));
    replaced.signal("INT");
    assert_eq!(replaced.finish().code, 0);
}

#[test]
fn faults_are_switched_on_by_name() {
    let home = TempDir::new().unwrap();
    let config = home.path().join("config");
    let folder = config.to_str().unwrap();
    let mut stack = Running::start(&mut program(&[
        "local-stack",
        "--port",
        "0",
        "--json",
        "--write-config",
        folder,
        "--fault",
        "discovery-unavailable=100",
    ]));
    stack.line();
    let login = program(&["login", "--no-browser", "--json", "--store", "memory", "--config", folder]).output();
    let outcome = Outcome::of(login.unwrap());
    assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (6, Some("retryable")), "{outcome:?}");
    stack.signal("INT");
    assert_eq!(stack.finish().code, 0);
}

#[test]
fn what_goes_wrong_on_purpose_is_told_at_the_start() {
    let arguments = ["local-stack", "--port", "0", "--fault", "s3-page-cut=3", "--fault", "okta-user-not-assigned"];
    let mut stack = Running::start(&mut program(&arguments));
    let told = std::iter::from_fn(|| Some(stack.line())).take_while(|line| !line.contains("Users"));
    let told: Vec<_> = told.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let first =
        told.iter().position(|line| line == "Faults s3-page-cut the next 3 requests").expect("a line of its own");
    assert_eq!(told[first + 1], "okta-user-not-assigned until the stack stops");
    stack.signal("INT");
    stack.finish();
    let mut stack = Running::start(program(&arguments).arg("--json"));
    let ready: serde_json::Value = serde_json::from_str(&stack.line()).unwrap();
    assert_eq!(ready["faults"], serde_json::json!(["s3-page-cut", "okta-user-not-assigned"]));
}

/// Once is enough to ask for: the org stays as it is, however often somebody signs in.
#[test]
fn a_wrong_set_up_lasts_until_the_stack_stops() {
    let home = TempDir::new().unwrap();
    let config = home.path().join("config");
    let arguments = ["local-stack", "--port", "0", "--json", "--write-config", config.to_str().unwrap()];
    let mut stack = Running::start(program(&arguments).args(["--fault", "okta-user-not-assigned"]));
    stack.line();
    let session = Session::open(Config::load(&config).unwrap(), Arc::new(MemoryStore::new())).unwrap();
    Runtime::new().unwrap().block_on(async {
        session.restore().await;
        for _ in 0..2 {
            let request = session.begin_login(LoginOptions::default()).await.unwrap();
            let mut browser = ScriptedBrowser::new(None).unwrap();
            let redirect = browser.sign_in(request.url.as_str(), BOB, PASSWORD).await.unwrap();
            let error = session.complete_login(&redirect).await.unwrap_err();
            assert!(error.hint().unwrap().contains("Assignments"), "{error:?}");
        }
    });
    stack.signal("INT");
    assert_eq!(stack.finish().code, 0);
}

#[test]
fn lives_and_rotation_are_chosen_and_told_where_they_are_not_the_usual_ones() {
    let chosen = ["--id-token-ttl", "60", "--access-token-ttl", "90", "--credentials-ttl", "45", "--rotation", "off"];
    let start = |arguments: &[&str]| {
        let mut stack = Running::start(&mut program(&[&["local-stack", "--port", "0"], arguments].concat()));
        let mut text = String::new();
        while !text.contains("--write-config") && !text.contains("ready\"") {
            text.push_str(&stack.line());
        }
        stack.signal("INT");
        assert_eq!(stack.finish().code, 0);
        text
    };
    let text = start(&chosen);
    for part in ["ID tokens last 60 s", "access tokens last 90 s", "AWS credentials last 45 s", "stay the same"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(start(&["--rotation", "0"]).contains("the one before works for 0 s more"));
    assert!(!start(&[]).contains("Lifetimes"));

    let ready = |arguments: &[&str]| -> serde_json::Value { parse_event(&start(&[arguments, &["--json"]].concat())) };
    let event = ready(&chosen);
    let lives = ["id_token_ttl", "access_token_ttl", "credentials_ttl", "rotation"].map(|name| &event[name]);
    assert_eq!(lives, [&60.into(), &90.into(), &45.into(), &serde_json::Value::from("off")]);
    assert!(ready(&["--rotation", "30"]).get("rotation").is_none());
}

#[test]
fn lives_and_rotation_have_bounds() {
    for (flag, wrong, told) in [
        ("--id-token-ttl", "9", "10..=86400"),
        ("--access-token-ttl", "86401", "10..=86400"),
        ("--credentials-ttl", "43201", "10..=43200"),
        ("--credentials-ttl", "1h", "invalid digit"),
        ("--rotation", "61", "0 to 60"),
    ] {
        let refused = program(&["local-stack", "--port", "0", flag, wrong]).output().unwrap();
        let told_text = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{flag} {wrong}: {told_text}");
        assert!(told_text.contains(told) && told_text.contains(flag), "{told_text}");
    }
}

/// With lives of seconds, a renewal can be watched: what was handed out before is replaced, without a new sign-in.
#[test]
fn with_short_lives_a_renewal_happens_within_a_minute() {
    let home = TempDir::new().unwrap();
    let config = home.path().join("config");
    let arguments = ["local-stack", "--port", "0", "--json", "--write-config", config.to_str().unwrap()];
    let lives = ["--id-token-ttl", "10", "--access-token-ttl", "10", "--credentials-ttl", "10", "--rotation", "60"];
    let mut stack = Running::start(&mut program(&[&arguments[..], &lives].concat()));
    stack.line();
    let store = format!("file:{}", home.path().join("store").display());
    let jetbridge = |arguments: &[&str]| {
        let mut command = program(arguments);
        command.env("JETBRIDGE_CONFIG", &config).env("JETBRIDGE_STORE", &store);
        command
    };
    let mut login = Running::start(&mut jetbridge(&["login", "--no-browser", "--json"]));
    let redirect = visit(&login.authorization_url(), None);
    login.answer(&redirect);
    assert_eq!(login.finish().code, 0);
    let access_key = || -> String {
        let outcome = Outcome::of(jetbridge(&["creds", "--format", "process"]).output().unwrap());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.events()[0]["AccessKeyId"].as_str().unwrap().to_owned()
    };
    let first = access_key();
    std::thread::sleep(Duration::from_secs(11));
    assert_ne!(access_key(), first);
    stack.signal("INT");
    assert_eq!(stack.finish().code, 0);
}
