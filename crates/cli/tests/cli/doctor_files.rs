//! What `jetbridge doctor` says of this machine alone: its files, store, options and settings.

use std::fs;

use serde_json::{Value, json};

use crate::doctor::LINKS;
use crate::support::{ALICE, Bench, Outcome};

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
        let doctor = bench.run(&["doctor", "--ca-file", file.to_str().unwrap()]);
        assert!(doctor.stderr.contains("Next, run: jetbridge doctor --ca-file FILE\n"), "{doctor:?}");
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
