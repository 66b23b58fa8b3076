//! What the program looks like: help, completions, colours.

use crate::support::{ALICE, Bench, Outcome, program};

#[test]
fn help_names_every_command_and_nothing_that_is_not_there() {
    let outcome = Outcome::of(program(&["--help"]).output().unwrap());
    assert_eq!(outcome.code, 0);
    for command in ["demo", "local-stack", "login", "ls", "whoami", "creds", "logout", "completions"] {
        assert!(outcome.stdout.contains(&format!("  {command} ")), "{command}");
        assert_eq!(program(&[command, "--help"]).output().unwrap().status.code(), Some(0));
    }
    for absent in ["doctor", "presign", "--template"] {
        assert!(!outcome.stdout.contains(absent), "{absent}");
    }
    assert!(outcome.stdout.contains("Exit codes"));
}

#[test]
fn completions_are_written_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let outcome = Outcome::of(program(&["completions", shell]).output().unwrap());
        assert_eq!(outcome.code, 0);
        assert!(outcome.stdout.contains("local-stack"), "{shell}");
    }
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
