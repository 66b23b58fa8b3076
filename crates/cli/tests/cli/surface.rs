//! What the program looks like: help, completions, colours.

use crate::support::{ALICE, Bench, Outcome, Running, program};

#[test]
fn help_names_every_command_and_nothing_that_is_not_there() {
    let outcome = Outcome::of(program(&["--help"]).output().unwrap());
    assert_eq!(outcome.code, 0);
    for command in [
        "demo",
        "doctor",
        "local-stack",
        "login",
        "ls",
        "get",
        "put",
        "cp",
        "rm",
        "presign",
        "whoami",
        "creds",
        "call",
        "exec",
        "logout",
        "completions",
    ] {
        assert!(outcome.stdout.contains(&format!("  {command} ")), "{command}");
        assert_eq!(program(&[command, "--help"]).output().unwrap().status.code(), Some(0));
    }
    assert!(!outcome.stdout.contains("  roles "));
    assert!(outcome.stdout.contains("Exit codes"));
}

/// What comes from variables is not to be typed.
#[test]
fn wrong_usage_shows_what_can_be_given_and_not_what_variables_say() {
    let bench = Bench::start();
    for (arguments, usage) in [
        (&["put"][..], "Usage: jetbridge put [OPTIONS] <FILE> [KEY]"),
        (&["cp", "a"], "Usage: jetbridge cp [OPTIONS] <SOURCE> <TARGET>"),
        (&["creds", "--serve", "--format", "env"], "Usage: jetbridge creds [OPTIONS]"),
        (&["--frobnicate"], "Usage: jetbridge [OPTIONS] <COMMAND>"),
    ] {
        let outcome = bench.run(arguments);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.lines().any(|line| line == usage), "{outcome:?}");
        assert!(!outcome.stderr.contains("--config <DIR>"), "{outcome:?}");
    }
}

#[test]
fn completions_are_written_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let outcome = Outcome::of(program(&["completions", shell]).output().unwrap());
        assert_eq!(outcome.code, 0);
        assert!(outcome.stdout.contains("local-stack"), "{shell}");
    }
}

/// What packages bring along: a page for each command that the help names, with its options, and for no other.
#[test]
fn there_is_a_manual_page_for_each_command() {
    let folder = tempfile::TempDir::new().unwrap();
    let pages = folder.path().join("share/man1");
    let outcome = Outcome::of(program(&["man", "--out", pages.to_str().unwrap()]).output().unwrap());
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "", ""));
    let names = std::fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: std::collections::BTreeSet<_> = names.collect();
    let main = std::fs::read_to_string(pages.join("jetbridge.1")).unwrap();
    // Before a dash that is no minus, roff wants a backslash.
    let listed = main.lines().filter_map(|line| line.strip_prefix("jetbridge\\-")?.strip_suffix("(1)"));
    let listed = listed.map(|command| format!("jetbridge-{}.1", command.replace('\\', "")));
    let expected: std::collections::BTreeSet<_> = listed.chain(["jetbridge.1".to_owned()]).collect();
    assert_eq!(names, expected);
    assert!(names.contains("jetbridge-local-stack.1") && !names.contains("jetbridge-man.1"), "{names:?}");
    let login = std::fs::read_to_string(pages.join("jetbridge-login.1")).unwrap();
    assert!(login.contains("\\-\\-no\\-browser") && login.contains("JETBRIDGE_CONFIG"), "{login}");
    assert!(main.contains("Exit codes"), "{main}");

    let taken = folder.path().join("file");
    std::fs::write(&taken, "").unwrap();
    let outcome = Outcome::of(program(&["man", "--out", taken.to_str().unwrap()]).output().unwrap());
    assert_eq!(outcome.code, 11, "{outcome:?}");
}

#[test]
fn no_color_is_obeyed_and_forced_colour_is_not_for_json() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let whoami = |variable: &str, arguments: &[&str]| {
        Outcome::of(bench.command(arguments).env(variable, "1").output().unwrap()).stdout
    };
    assert!(whoami("CLICOLOR_FORCE", &["whoami"]).contains('\u{1b}'));
    assert!(!whoami("CLICOLOR_FORCE", &["whoami", "--json"]).contains('\u{1b}'));
    assert!(!whoami("NO_COLOR", &["whoami"]).contains('\u{1b}'));
    assert!(!whoami("UNRELATED", &["whoami"]).contains('\u{1b}'));
}

#[test]
fn names_from_the_server_cannot_steer_the_terminal() {
    let bench = Bench::start_with(|options| options.users[0].name = "Mallory\u{1b}[2J\u{202e}x".to_owned());
    let outcome = bench.sign_in_as(ALICE);
    assert!(!outcome.stdout.contains(['\u{1b}', '\u{202e}']), "{}", outcome.stdout);
    let whoami = bench.run(&["whoami"]);
    assert!(whoami.stdout.contains(r"Mallory\u{1b}[2J\u{202e}x"), "{}", whoami.stdout);
}

#[test]
fn the_most_talkative_log_holds_no_secret() {
    let bench = Bench::start();
    let mut output = bench.login(&["--list", "-vvv"], |url| bench.visit(url, ALICE));
    assert_eq!(output.code, 0, "{}", output.stderr);
    // What the user pasted is on stdin only; state and nonce are in the address that was asked for.
    for arguments in [&["ls", "-vvv"][..], &["whoami", "-vvv"], &["creds", "-vvv"], &["logout", "--revoke", "-vvv"]] {
        let outcome = bench.run(arguments);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        output.stdout.push_str(&outcome.stdout);
        output.stderr.push_str(&outcome.stderr);
    }
    assert!(output.stderr.contains("DEBUG") || output.stderr.contains("TRACE"), "the log was on: {}", output.stderr);
    let secrets = bench.stack.issued_secrets().all();
    assert!(secrets.len() > 5);
    for (index, secret) in secrets.iter().enumerate() {
        assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret), "secret number {index} leaked");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_keyring_the_automatic_store_says_once_where_the_key_goes() {
    let bench = Bench::start();
    let command = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command
            .env("JETBRIDGE_HOME", bench.path("home"))
            .env("JETBRIDGE_STORE", "auto")
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command
    };
    let mut login = Running::start(&mut command(&["login", "--no-browser", "--json"]));
    let url = login.authorization_url();
    login.answer(&bench.visit(&url, ALICE));
    let login = login.finish();
    assert_eq!(login.code, 0, "{login:?}");
    assert_eq!(login.stderr.matches("no keyring works here").count(), 1, "{login:?}");
    // A message of the program, not a line of a log.
    assert!(login.stderr.contains("warning: no keyring works here: "), "{login:?}");
    assert!(!login.stderr.contains("WARN"), "{login:?}");
    let later = Outcome::of(command(&["whoami"]).output().unwrap());
    assert_eq!((later.code, later.stderr.as_str()), (0, ""));

    let keyring = Outcome::of(command(&["whoami", "--json", "--store", "keyring"]).output().unwrap());
    assert_eq!((keyring.code, keyring.error()["kind"].as_str()), (8, Some("secure_storage")), "{keyring:?}");
}
