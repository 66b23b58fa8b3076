//! Terminals of any size, and of one that changes. `script` gives the program a terminal and the test what is shown there.

use std::process::{Command, Stdio};
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use crate::support::{ALICE, BOB, Bench, Outcome};

/// Runs a line of shell at a terminal, in which `$JETBRIDGE` is the program.
fn at_a_terminal(bench: &Bench, line: &str) -> Outcome {
    let program = bench.command(&[]);
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", line, "/dev/null"]).stdin(Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    Outcome::of(terminal.env("JETBRIDGE", program.get_program()).env("SHELL", "/bin/sh").output().unwrap())
}

fn assert_ended_well(outcome: &Outcome, code: i32, how: &str) {
    assert_eq!(outcome.code, code, "{how}: {outcome:?}");
    assert!(!outcome.stdout.contains("panicked"), "{how}: {outcome:?}");
}

#[test]
fn a_terminal_of_a_few_columns_ends_no_command() {
    // Long enough for the sign of life.
    let bench = Bench::start_with(|options| options.latency = Duration::from_millis(150));
    bench.sign_in_as(ALICE);
    for columns in (1..=8).chain([12, 20]) {
        for command in ["ls", "ls > /dev/null", "ls | cat", "whoami", "accounts", "demo", "--help"] {
            let line = format!("stty rows 24 cols {columns}; exec \"$JETBRIDGE\" {command}");
            let line = if command.contains('|') { line.replace("exec ", "") } else { line };
            assert_ended_well(&at_a_terminal(&bench, &line), 0, &line);
        }
    }
    let refused = at_a_terminal(&bench, "stty rows 24 cols 1; exec \"$JETBRIDGE\" ls --bucket denied-bucket");
    assert!(!refused.stdout.contains("panicked") && refused.code < 10, "{refused:?}");
}

/// Lines of more columns than the terminal has, which it would break in the middle of a word. An address and a command to copy
/// are in one piece, whatever that takes.
fn too_long(shown: &str, columns: usize) -> Vec<String> {
    let text = anstream::adapter::strip_str(shown).to_string().replace('\r', "\n");
    let is_to_copy = |line: &str| line.trim().starts_with("jetbridge ") || !line.trim().contains(' ');
    let long = text.lines().filter(|line| line.width() > columns && !is_to_copy(line));
    long.map(str::to_owned).collect()
}

#[test]
fn no_line_is_broken_in_the_middle_of_a_word() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    for account in ["bob", "carol", "an-account-with-a-long-name"] {
        assert_eq!(bench.login(&["--account", account], |url| bench.visit(url, BOB)).code, 0);
    }
    // A session of another configuration.
    bench.edit_config("okta-config.json", |okta| okta["okta_client_id"] = "0oa1another0client5d7".into());
    let file = bench.path("a-file-with-a-name-that-is-neither-short-nor-long.txt");
    std::fs::write(&file, "a").unwrap();
    let put = format!("put {} reports/2026/", file.display());
    let help = ["demo", "local-stack", "login", "ls", "get", "put", "cp", "rm", "presign", "whoami", "creds", "exec"];
    let help = help.iter().chain(&["call", "accounts", "switch", "doctor", "logout", "completions"]);
    let help: Vec<_> = help.map(|command| format!("{command} --help")).chain(["--help".to_owned()]).collect();
    let denied = bench.stack.options().denied_bucket.clone();
    let (list_denied, get_denied) = (format!("ls --bucket {denied}"), format!("get s3://{denied}/reports/q1.pdf"));
    let changed = ["accounts", "whoami", "logout", "--account nobody whoami"];
    let same = ["accounts", "whoami", "creds", "ls", &list_denied, &get_denied, "--account nobody ls", "logout", &put]
        .into_iter()
        .chain([
            "call GET echo",
            "call GET /denied",
            "exec aws s3 ls",
            "ls s3://",
            "switch nobody",
            "get nothing-there",
            "doctor",
            "doctor --explain",
            "doctor --claims",
        ]);
    let look = |command: &str| {
        let line = format!("stty rows 24 cols 80; exec \"$JETBRIDGE\" {command}");
        let shown = at_a_terminal(&bench, &line).stdout;
        assert_eq!(too_long(&shown, 80), [""; 0], "{command}: {shown}");
        shown
    };
    help.iter().for_each(|command| drop(look(command)));
    let others = changed.map(look);
    assert!(others[0].contains("another configuration") && others[2].contains("still stored here"), "{others:?}");
    bench.edit_config("okta-config.json", |okta| {
        okta["okta_client_id"] = bench.stack.options().client_id.clone().into();
    });
    let shown: Vec<_> = same.map(|command| (command, look(command))).collect();
    let said = |command: &str| &shown.iter().find(|(shown, _)| *shown == command).unwrap().1;
    assert!(said("creds").contains("creds --format env"));
    assert!(said(&list_denied).contains("assumed-role/"));
    let nobody = anstream::adapter::strip_str(said("--account nobody ls")).to_string();
    assert!(nobody.contains("and 2 more are signed in"), "{nobody}");
    assert!(nobody.contains("--account an-account-with-a-long-name") && !nobody.contains("switch"), "{nobody}");
}

/// A job in the background would paint over what the user types.
#[test]
fn only_who_has_the_terminal_paints_on_it() {
    let bench = Bench::start_with(|options| options.latency = Duration::from_millis(300));
    bench.sign_in_as(ALICE);
    for (line, paints) in [
        ("\"$JETBRIDGE\" ls > /dev/null", true),
        ("\"$JETBRIDGE\" ls > /dev/null & wait", true),
        ("set -m; \"$JETBRIDGE\" ls > /dev/null & wait", false),
        ("set -m; \"$JETBRIDGE\" ls > /dev/null & fg", true),
    ] {
        let shown = at_a_terminal(&bench, line).stdout;
        assert_eq!(shown.contains("asking S3"), paints, "{line}: {shown:?}");
        assert!(shown.contains("objects"), "what is said is said: {shown:?}");
    }
}

#[test]
fn a_terminal_that_is_made_narrow_in_the_middle_ends_no_command() {
    let bench = Bench::start_with(|options| options.latency = Duration::from_millis(400));
    bench.sign_in_as(ALICE);
    let narrow = "for columns in 60 4 1 2 40 3; do sleep 0.2; stty rows 24 cols $columns; done < /dev/tty & ";
    for (command, code) in [("ls", 0), ("demo", 0), ("login --timeout 2", 7)] {
        let line = format!("stty rows 24 cols 80; {narrow} exec \"$JETBRIDGE\" {command}");
        assert_ended_well(&at_a_terminal(&bench, &line), code, &line);
    }
}
