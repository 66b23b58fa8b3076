//! What goes wrong, one case for each exit code and each bad input: a clear message, the right code, nothing lost.

use std::path::Path;
use std::time::Duration;

use jetbridge_local_stack::Fault;
use serde_json::json;

use crate::support::{ALICE, Bench, Outcome, Running, program, snapshot};

fn kind_and_code(outcome: &Outcome) -> (String, i32) {
    (outcome.error()["kind"].as_str().unwrap().to_owned(), outcome.code)
}

#[test]
fn wrong_usage_is_told_by_people_and_by_programs() {
    let human = Outcome::of(program(&["frobnicate"]).output().unwrap());
    assert_eq!((human.code, human.stdout.as_str()), (2, ""));
    assert!(human.stderr.contains("frobnicate"), "{human:?}");
    let json = Outcome::of(program(&["ls", "--json", "--limit", "0"]).output().unwrap());
    assert_eq!(kind_and_code(&json), ("usage".to_owned(), 2));
    assert_eq!(json.stderr, "");
    for wrong in [&["ls", "--store", "disk"][..], &["login", "--limit", "3"], &["creds", "--format", "xml"], &[]] {
        assert_eq!(program(wrong).output().unwrap().status.code(), Some(2), "{wrong:?}");
    }
}

/// A slip in a variable is mended there, and not on the command line.
#[test]
fn a_bad_value_is_blamed_on_who_has_it() {
    let told = |arguments: &[&str], variable: &str, value: &str| {
        let outcome = Outcome::of(program(arguments).env(variable, value).output().unwrap());
        (outcome.code, outcome.stdout + &outcome.stderr)
    };
    for command in ["ls", "doctor"] {
        let (code, by_variable) = told(&[command], "JETBRIDGE_STORE", "memroy");
        assert!(code == 2 && by_variable.contains("'memroy' for 'JETBRIDGE_STORE'"), "{by_variable}");
        assert!(!by_variable.contains("--store <"), "{by_variable}");
    }
    let (_, as_json) = told(&["ls", "--json"], "JETBRIDGE_STORE", "memroy");
    assert!(as_json.contains("JETBRIDGE_STORE"), "{as_json}");
    let (_, by_option) = told(&["ls", "--store", "memroy"], "JETBRIDGE_STORE", "auto");
    assert!(by_option.contains("'memroy' for '--store <STORE>'"), "{by_option}");
    let (_, by_folder) = told(&["ls"], "JETBRIDGE_CONFIG", "~bob/cfg");
    assert!(by_folder.contains("for 'JETBRIDGE_CONFIG'"), "{by_folder}");

    for arguments in [&["whoami"][..], &["doctor"], &["doctor", "--explain"]] {
        let (code, folder) = told(arguments, "JETBRIDGE_CONFIG", "cfgg");
        assert!(code == 4 && folder.contains("variable JETBRIDGE_CONFIG names"), "{folder}");
        assert!(!folder.contains("--write-config"), "nobody wants a configuration in a slip: {folder}");
        let (_, by_option) = told(&[arguments, &["--config", "cfgg"]].concat(), "JETBRIDGE_CONFIG", "other");
        assert!(by_option.contains("cfgg") && !by_option.contains("variable JETBRIDGE_CONFIG"), "{by_option}");
    }
}

#[test]
fn a_store_that_keeps_nothing_is_told_as_that_and_no_sign_in_without_end() {
    let bench = Bench::start();
    let forgetful = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command.env("JETBRIDGE_STORE", "memory");
        command
    };
    for arguments in [&["ls"][..], &["whoami"], &["exec", "--", "true"]] {
        let nobody = Outcome::of(forgetful(arguments).output().unwrap());
        let told = nobody.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(nobody.code, 3, "{nobody:?}");
        assert!(
            told.contains("JETBRIDGE_STORE=memory keeps nothing") && told.contains("Unset that variable"),
            "{told}"
        );
        assert!(told.contains("in one command: jetbridge login --list"), "{told}");
    }
    let by_flag = bench.run(&["--store", "memory", "accounts"]).stderr;
    assert!(
        by_flag.contains("--store memory keeps nothing") && by_flag.contains("jetbridge --store auto login"),
        "{by_flag}"
    );

    let sign_in = |more: &[&str]| {
        let arguments = [&["login", "--no-browser", "--json"], more].concat();
        let mut running = Running::start(&mut forgetful(&arguments));
        let url = running.authorization_url();
        running.answer(&bench.visit(&url, ALICE));
        running.finish()
    };
    let kept = "JETBRIDGE_STORE=memory: nothing of this sign-in is kept";
    let (alone, listed) = (sign_in(&[]), sign_in(&["--list"]));
    assert!(alone.code == 0 && alone.stderr.contains(kept), "{alone:?}");
    assert!(listed.code == 0 && !listed.stderr.contains(kept), "what it was for is done: {listed:?}");
}

#[test]
fn all_problems_of_the_configuration_are_told_at_once() {
    let bench = Bench::start();
    bench.edit_config("okta-config.json", |okta| {
        okta["okta_issuer_url"] = json!("http://okta.example.com/oauth2/default");
        okta["okta_client_id"] = json!("");
    });
    bench.edit_config("aws-exports.json", |aws| aws["Auth"]["region"] = json!("eu-west-1"));
    let outcome = bench.run(&["whoami", "--json"]);
    assert_eq!(kind_and_code(&outcome), ("misconfigured".to_owned(), 4));
    let message = outcome.error()["message"].as_str().unwrap().to_owned();
    for part in ["3 problems", "okta_issuer_url", "okta_client_id", "Auth.region", "expected: "] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    let human = bench.run(&["whoami"]);
    assert_eq!((human.code, human.stdout.as_str()), (4, ""));
    assert!(human.stderr.starts_with("error: the configuration has 3 problems\n"), "{human:?}");
    assert!(human.stderr.lines().all(|line| line.chars().count() <= 100), "{}", human.stderr);
}

#[test]
fn missing_and_malformed_files_are_told() {
    let bench = Bench::start();
    let missing = bench.run(&["ls", "--json", "--config", "/nonexistent/folder"]);
    assert_eq!(kind_and_code(&missing), ("misconfigured".to_owned(), 4));
    assert!(missing.error()["message"].as_str().unwrap().contains("/nonexistent/folder"));
    std::fs::write(bench.path("config/okta-config.json"), "").unwrap();
    assert_eq!(kind_and_code(&bench.run(&["ls", "--json"])), ("misconfigured".to_owned(), 4));
    std::fs::write(bench.path("config/aws-exports.json"), "{ \"Auth\": ").unwrap();
    let malformed = bench.run(&["ls", "--json"]);
    assert_eq!(kind_and_code(&malformed), ("misconfigured".to_owned(), 4));
    assert!(malformed.error()["message"].as_str().unwrap().contains("line 1"), "{malformed:?}");
}

#[test]
fn an_issuer_that_is_not_there_or_calls_itself_otherwise_is_refused() {
    let bench = Bench::start();
    let issuer = bench.stack.custom_issuer();
    for wrong in [
        // The path is not that of an authorization server.
        issuer.replace("/oauth2/default", "/oauth2/other"),
        // Reachable, but another name than the server's own, as with a custom domain.
        issuer.replace("127.0.0.1", "localhost"),
        format!("{issuer}/"),
    ] {
        bench.edit_config("okta-config.json", |okta| okta["okta_issuer_url"] = json!(wrong));
        let outcome = bench.run(&["login", "--no-browser", "--json"]);
        assert_eq!(kind_and_code(&outcome), ("misconfigured".to_owned(), 4), "{wrong}");
        assert!(outcome.error()["message"].as_str().unwrap().contains("okta_issuer_url"), "{outcome:?}");
    }
}

#[test]
fn okta_itself_refuses_an_unknown_client_and_an_unregistered_redirect_uri() {
    let bench = Bench::start();
    let is_refused = |url: &str| {
        assert!(bench.try_visit(url, ALICE).is_err(), "Okta should have shown an error");
        url.to_owned()
    };
    // No redirect comes of it, so what is pasted is none.
    let redirect = bench.login(&["--redirect-uri", "http://127.0.0.1:9/other"], is_refused);
    assert_eq!(redirect.code, 2, "{redirect:?}");
    bench.edit_config("okta-config.json", |okta| okta["okta_client_id"] = json!("0oaSomebodyElse00005d"));
    assert_eq!(bench.login(&[], is_refused).code, 2);
}

#[test]
fn a_code_that_came_too_late_asks_for_a_new_sign_in() {
    let bench = Bench::start_with(|options| options.code_lifetime = Duration::ZERO);
    let outcome = bench.login(&[], |url| bench.visit(url, ALICE));
    assert_eq!(kind_and_code(&outcome), ("sign_in_required".to_owned(), 3), "{outcome:?}");
}

#[test]
fn keys_that_cannot_be_fetched_are_a_passing_fault() {
    let bench = Bench::start();
    bench.stack.faults().inject(Fault::JwksUnavailable, 100);
    let outcome = bench.login(&[], |url| bench.visit(url, ALICE));
    assert_eq!(kind_and_code(&outcome), ("retryable".to_owned(), 6), "{outcome:?}");
    assert_eq!(bench.stack.log().count("token"), 0, "the code is still good");
}

#[test]
fn a_server_that_is_away_is_a_passing_fault_and_the_session_stays() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let listing = bench.command(&["ls", "--json"]);
    let whoami = bench.command(&["whoami"]);
    let (_home, _runtime) = bench.stop_stack();
    let outcome = Outcome::of({ listing }.output().unwrap());
    assert_eq!(kind_and_code(&outcome), ("retryable".to_owned(), 6));
    // This machine's own address, so no network is to blame.
    let text = |key: &str| outcome.error()[key].as_str().unwrap().to_owned();
    assert!(text("message").contains("nothing listens at 127.0.0.1:"), "{outcome:?}");
    assert!(text("hint").contains("local stack") && !text("hint").contains("online"), "{outcome:?}");
    assert_eq!({ whoami }.output().unwrap().status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_session_is_not_said_to_be_the_session() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let files = std::fs::read_dir(bench.path("store")).unwrap().map(|entry| entry.unwrap().path());
    let sealed = { files }.find(|path| path.extension().is_some_and(|ending| ending == "sealed")).unwrap();
    let elsewhere = bench.path("elsewhere");
    std::fs::rename(&sealed, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &sealed).unwrap();
    let outcome = bench.run(&["logout"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    // Wrapped to the terminal's width.
    let told = outcome.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("only the link is removed") && told.contains(&elsewhere.display().to_string()),
        "{outcome:?}"
    );
    assert!(elsewhere.exists() && std::fs::symlink_metadata(&sealed).is_err());
}

#[test]
fn a_store_that_another_process_keeps_locked_is_told_as_that() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let files = std::fs::read_dir(bench.path("store")).unwrap().map(|entry| entry.unwrap().path());
    let locked: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "lock"))
        .map(|path| {
            let file = std::fs::File::open(path).unwrap();
            file.lock().unwrap();
            file
        })
        .collect();
    assert!(!locked.is_empty());
    let outcome = bench.run(&["logout", "--json"]);
    assert_eq!(kind_and_code(&outcome), ("retryable".to_owned(), 6));
    let hint = outcome.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("other process") && !hint.contains("network"), "{outcome:?}");
    drop(locked);
    assert_eq!(bench.run(&["logout"]).code, 0);
}

#[test]
fn a_token_endpoint_that_fails_can_be_tried_again() {
    let bench = Bench::start();
    bench.stack.faults().inject(Fault::TokenUnavailable, 100);
    let outcome = bench.login(&[], |url| bench.visit(url, ALICE));
    assert_eq!(kind_and_code(&outcome), ("retryable".to_owned(), 6));
    bench.stack.faults().inject(Fault::TokenUnavailable, 0);
    bench.sign_in_as(ALICE);
}

#[test]
fn tampered_id_tokens_are_refused() {
    let bench = Bench::start();
    bench.stack.faults().inject(Fault::IdTokenTampered, 1);
    let outcome = bench.login(&[], |url| bench.visit(url, ALICE));
    assert_eq!(kind_and_code(&outcome), ("access_denied".to_owned(), 5), "{outcome:?}");
    assert!(outcome.events_named("signed_in").is_empty());
    assert_eq!(bench.stack.log().count("GetId"), 0);
    assert_eq!(bench.run(&["whoami"]).code, 3);
}

#[test]
fn a_refusal_of_cognito_leaves_the_sign_in_standing() {
    let bench = Bench::start();
    bench.stack.faults().inject(Fault::CognitoRolesMisconfigured, 100);
    let outcome = bench.login(&[], |url| bench.visit(url, ALICE));
    assert_eq!(outcome.code, 4, "{outcome:?}");
    assert_eq!(outcome.events_named("signed_in").len(), 1);
    assert_eq!(outcome.error()["kind"], "misconfigured");
    bench.stack.faults().inject(Fault::CognitoRolesMisconfigured, 0);
    assert_eq!(bench.run(&["ls", "--limit", "1"]).code, 0);
}

#[test]
fn a_damaged_store_is_reported_and_left_as_it_is() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let store = bench.path("store");
    damage(&store);
    let before = snapshot(&store);
    for arguments in [&["ls", "--json"][..], &["whoami", "--json"], &["login", "--no-browser", "--json"]] {
        let outcome = bench.run(arguments);
        assert_eq!(kind_and_code(&outcome), ("secure_storage".to_owned(), 8), "{arguments:?}");
    }
    assert_eq!(snapshot(&store), before);
    // Only the user may throw it away.
    assert_eq!(bench.run(&["logout"]).code, 0);
    bench.sign_in_as(ALICE);
}

/// The sessions are not lost with it: who follows the first advice has them back.
#[test]
fn a_key_that_was_moved_is_to_be_put_back_before_anything_is_removed() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    assert_eq!(bench.login(&["--account", "work"], |url| bench.visit(url, ALICE)).code, 0);
    assert_eq!(bench.run(&["switch", "work"]).code, 0);
    let aside = bench.path("aside");
    for (name, spoil) in
        [("store.key", None), ("store.json", None), ("store.json", Some("{")), ("store.key", Some("x"))]
    {
        let file = bench.path("store").join(name);
        // With its mode, which a damaged one keeps.
        std::fs::copy(&file, &aside).unwrap();
        match spoil {
            Some(content) => std::fs::write(&file, content).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        for command in [&["ls", "--json"][..], &["whoami", "--json"], &["doctor", "--offline", "--json"]] {
            let outcome = bench.run(command);
            assert_eq!(kind_and_code(&outcome), ("secure_storage".to_owned(), 8), "{name}: {command:?}");
            let (error, folder) = (outcome.error(), bench.path("store").display().to_string());
            let text = |key: &str| error[key].as_str().unwrap().replace('~', bench.path("").to_str().unwrap());
            assert!(text("message").contains(name) && text("message").replace("//", "/").contains(&folder), "{error}");
            let hint = text("hint");
            let (back, lost) = (hint.find("put it back into that folder"), hint.find("lost for good"));
            assert!(back.is_some() && back < lost && lost < hint.find("logout --all"), "{hint}");
        }
        std::fs::rename(&aside, &file).unwrap();
        assert_eq!(bench.run(&["ls", "--limit", "1"]).code, 0, "{name}: put back");
    }
}

/// Flips a bit in the middle of each sealed value.
fn damage(store: &Path) {
    let mut sealed = 0;
    for (path, mut content) in snapshot(store) {
        if path.extension().is_some_and(|extension| extension == "sealed") {
            let middle = content.len() / 2;
            content[middle] ^= 1;
            std::fs::write(path, content).unwrap();
            sealed += 1;
        }
    }
    assert!(sealed > 0);
}

#[cfg(unix)]
#[test]
fn a_store_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    std::fs::set_permissions(bench.path("store"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let outcome = bench.run(&["whoami", "--json"]);
    assert_eq!(kind_and_code(&outcome), ("secure_storage".to_owned(), 8));
}

#[test]
fn certificates_that_cannot_be_read_are_told() {
    let bench = Bench::start();
    for content in [None, Some("this is no certificate")] {
        let path = bench.path("ca.pem");
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let outcome = bench.run(&["whoami", "--json", "--ca-file", path.to_str().unwrap()]);
        assert_eq!(kind_and_code(&outcome), ("misconfigured".to_owned(), 4), "{outcome:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_text_is_a_folder_that_is_not_there_and_no_crash() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = std::ffi::OsStr::from_bytes(b"--config=/nowhere/\xff");
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_jetbridge")).arg(folder).arg("whoami").output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
}
