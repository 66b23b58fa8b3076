//! Terminals of any size, and of one that changes. `script` gives the program a terminal and the test what is shown there.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{ALICE, Bench, Outcome};

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
