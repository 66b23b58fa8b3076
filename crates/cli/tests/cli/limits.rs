//! A process that may have next to nothing: few descriptors, no further thread, an output that takes nothing. It says so
//! and ends.

use std::fs::OpenOptions;
use std::process::Command;

use jetbridge_local_stack::Fault;

use crate::support::{Bench, Outcome, program};

/// The same command after `limit`, ended if it hangs.
fn limited(limit: &str, command: &Command) -> Outcome {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limit}; exec timeout 60 \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args()).stdin(std::process::Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Outcome::of(shell.output().unwrap())
}

/// A disk without room shows itself in a write that fails, and so does a limit on the size of files.
#[test]
fn a_disk_that_takes_no_more_costs_nothing_that_has_arrived_and_keeps_nothing_from_being_sent() {
    let bench = Bench::start();
    bench.sign_in_as(crate::support::ALICE);
    let (source, target) = (bench.path("source"), bench.path("target"));
    let content: Vec<_> = (0..40_000_003_u32).map(|n| (n / 7 % 251) as u8).collect();
    std::fs::write(&source, &content).unwrap();
    let (source, target) = (source.to_str().unwrap(), target.to_str().unwrap());
    // Nothing can be remembered of it.
    let put = limited("ulimit -f 0; trap '' XFSZ", &bench.command(&["put", source, "big", "--part-size", "5MiB"]));
    assert_eq!((put.code, put.stderr.matches("could not be remembered").count()), (0, 1), "{put:?}");
    // And so nobody could go on with what fails: S3 is not to keep it.
    bench.stack.faults().inject(Fault::S3CompleteErrorInOk, 9);
    let put = limited("ulimit -f 0; trap '' XFSZ", &bench.command(&["put", source, "failed", "--part-size", "5MiB"]));
    bench.stack.faults().inject(Fault::S3CompleteErrorInOk, 0);
    assert_eq!((put.code, bench.stack.log().count("AbortMultipartUpload")), (6, 1), "{put:?}");

    let get = ["get", "big", target, "--json", "--part-size", "5MiB", "--parallel", "1"];
    // Blocks have 512 bytes, or 1,024.
    let full = limited("ulimit -f 25600; trap '' XFSZ", &bench.command(&get));
    let error = full.error();
    assert_eq!((full.code, error["kind"].as_str()), (11, Some("local_file")), "{full:?}");
    assert!(error["message"].as_str().unwrap().contains("takes no file of this size"), "{full:?}");
    assert!(!std::path::Path::new(target).exists());
    let rest = bench.run(&get);
    assert_eq!(rest.code, 0, "{rest:?}");
    assert!(rest.events().pop().unwrap()["resumed"].as_u64().unwrap() >= 10 << 20, "{rest:?}");
    assert!(std::fs::read(target).unwrap() == content);

    // Where nobody may make a file, root included.
    #[cfg(target_os = "linux")]
    for command in
        [&["get", "big", "/sys/kernel/big", "--json"][..], &["get", "-r", "reports", "/sys/kernel", "--json"]]
    {
        let refused = bench.run(command);
        assert_eq!((refused.code, refused.error()["kind"].as_str()), (11, Some("local_file")), "{refused:?}");
    }
}

#[test]
fn an_output_that_takes_nothing_is_an_error_for_every_answer() {
    let bench = Bench::start();
    bench.sign_in_as(crate::support::ALICE);
    for arguments in [
        &["--json", "whoami"][..],
        &["--json", "accounts"],
        &["--json", "ls"],
        &["whoami"],
        &["completions", "bash"],
        &["help"],
        &["--help"],
        &["--version"],
        &["help", "ls"],
        &["--json", "--help"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let outcome = Outcome::of(bench.command(arguments).stdout(full).output().unwrap());
        assert_eq!(outcome.code, 1, "{arguments:?}: {outcome:?}");
        assert!(outcome.stderr.starts_with("error: the output could not be written"), "{arguments:?}: {outcome:?}");
    }
    // A failure keeps its code, and is told where somebody may read it.
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let outcome = bench.command(&["--json", "ls", "--limit", "0"]).stdout(full).output().unwrap();
    let outcome = Outcome::of(outcome);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("--limit"), "{outcome:?}");
}

/// What is of use as a whole only, and what is of use line by line.
#[test]
fn a_reader_that_went_away_has_enough_of_lines_and_nothing_of_a_document() {
    let bench = Bench::start();
    bench.sign_in_as(crate::support::ALICE);
    let to_nobody = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Outcome::of(bench.command(arguments).stdout(writer).output().unwrap())
    };
    for arguments in [
        &["creds", "--format", "process"][..],
        &["creds", "--format", "env"],
        &["creds", "--json"],
        &["whoami", "--json"],
        &["completions", "zsh"],
    ] {
        let outcome = to_nobody(arguments);
        assert_eq!(outcome.code, 1, "{arguments:?}: {outcome:?}");
        assert!(outcome.stderr.starts_with("error: the output could not be written"), "{arguments:?}: {outcome:?}");
    }
    for arguments in [&["ls"][..], &["ls", "--json"], &["accounts"], &["whoami"], &["creds"], &["--help"]] {
        let outcome = to_nobody(arguments);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{arguments:?}: {outcome:?}");
    }
    assert_eq!(to_nobody(&["logout", "--json"]).code, 1);
    assert_eq!(bench.run(&["whoami"]).code, 3, "the session is gone all the same");
}

#[test]
fn too_few_descriptors_are_told_before_anything_is_begun() {
    let bench = Bench::start();
    bench.sign_in_as(crate::support::ALICE);
    for descriptors in [6, 7, 8, 10, 16, 20] {
        for arguments in [&["ls"][..], &["accounts"], &["creds", "--format", "process"]] {
            let outcome = limited(&format!("ulimit -n {descriptors}"), &bench.command(arguments));
            assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{descriptors} {arguments:?}: {outcome:?}");
            assert!(outcome.stderr.starts_with("error: the limit on open files is too low"), "{outcome:?}");
            assert!(outcome.stderr.contains("ulimit -n 256"), "{outcome:?}");
        }
    }
    let enough = limited("ulimit -n 32", &bench.command(&["ls", "--limit", "1"]));
    assert_eq!(enough.code, 0, "{enough:?}");
}

/// Root may start any number of processes, so that the limit is on memory: a thread needs some for its stack. How much
/// the program takes by itself differs, so that all limits are tried, up to the first with which all threads begin. With
/// little more the heap itself may end, in the middle of anything: no program gets out of that.
#[test]
fn a_process_without_another_thread_says_so_and_ends() {
    let mut told = 0;
    for megabytes in 16.. {
        assert!(megabytes < 4096, "never enough");
        let outcome = limited(&format!("ulimit -v {}", megabytes * 1024), &program(&["completions", "bash"]));
        if outcome.stderr.contains("no thread could be started") {
            assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{outcome:?}");
            assert_eq!(outcome.stderr.matches("error:").count(), 1, "{outcome:?}");
            told += 1;
        } else if told > 0 {
            break;
        }
    }
    assert!(told > 0);
}
