//! A process that is asked to end while a code or a refresh token is on its way: the next command works, whatever the
//! moment. The stack gives a rotated refresh token no grace, so that one lost answer costs the sign-in.
//!
//! `JETBRIDGE_SEED` repeats the moments of an earlier run, `JETBRIDGE_MOMENTS` asks for more of them for each signal.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "waits are measured, and a run says how to repeat it"
)]

use std::env;
use std::process::Command;
use std::sync::Mutex;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use jetbridge_local_stack::{Fault, Rotation};

use crate::support::{ALICE, Bench, Outcome, Running, program};

const SIGNALS: [&str; 3] = ["INT", "TERM", "HUP"];
const CREDS: &[&str] = &["creds", "--format", "process"];
const NOTE: &str = "Waiting for Okta";
/// ID tokens and credentials. Long enough to be used once on a busy machine.
const LIFE: Duration = Duration::from_secs(4);
/// Moments for each signal, together with the other test that counts them.
const MOMENTS: usize = 25;
/// Accounts for each signal that are tried side by side: most of their time they wait.
const ACCOUNTS: usize = 5;

fn strict_bench(life: Duration) -> Bench {
    Bench::start_with(|options| {
        options.rotation = Rotation::WithGrace(Duration::ZERO);
        options.id_token_lifetime = life;
        options.credentials_lifetime = life;
    })
}

/// A sign-in in a store of its own, so that many of them do not wait for one lock.
struct Account<'a> {
    bench: &'a Bench,
    store: String,
}

impl<'a> Account<'a> {
    fn sign_in(bench: &'a Bench, name: &str) -> Self {
        let account = Self { bench, store: format!("file:{}", bench.path(name).display()) };
        let mut running = account.start(&["login", "--no-browser", "--json"]);
        let url = running.authorization_url();
        running.answer(&bench.visit(&url, ALICE));
        let outcome = running.finish();
        assert_eq!(outcome.code, 0, "{outcome:?}");
        account
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(arguments);
        command.env("JETBRIDGE_STORE", &self.store);
        command
    }

    fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments))
    }

    /// What a tool that asks next gets.
    fn check_next(&self) -> Result<(), String> {
        let next = self.start(CREDS).finish();
        let has_credentials = next.code == 0 && next.stdout.contains("AccessKeyId");
        if has_credentials { Ok(()) } else { Err(format!("the next call: {next:?}")) }
    }
}

fn wanted(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Waits until the token endpoint has done its work so many times.
fn wait_for_grants(bench: &Bench, number: usize) {
    let begun = Instant::now();
    while bench.stack.log().count("token") < number {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody asks for tokens");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_at_any_moment_of_a_slow_refresh_costs_no_sign_in() {
    interrupt_at_random_moments(Fault::TokenSlow);
}

#[test]
fn a_signal_at_any_moment_of_a_refresh_whose_answer_is_late_costs_no_sign_in() {
    interrupt_at_random_moments(Fault::TokenAnswerHeld);
}

fn interrupt_at_random_moments(fault: Fault) {
    let seed = wanted("JETBRIDGE_SEED").unwrap_or_else(|| fastrand::u64(..));
    let count = wanted("JETBRIDGE_MOMENTS").map_or(MOMENTS, |count| count as usize);
    let mut random = fastrand::Rng::with_seed(seed);
    let moments = SIGNALS.map(|_| (0..count).map(|_| random.f64()).collect::<Vec<_>>());
    let bench = strict_bench(LIFE);
    bench.stack.faults().inject_wait(fault, u32::MAX, Duration::from_millis(300));
    let (ends, problems) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for (signal, moments) in SIGNALS.iter().zip(&moments) {
            for (nth, moments) in moments.chunks(count.div_ceil(ACCOUNTS)).enumerate() {
                let (bench, ends, problems) = (&bench, &ends, &problems);
                scope.spawn(move || {
                    let name = format!("{signal}-{nth}");
                    let mut account = Account::sign_in(bench, &name);
                    sleep(LIFE);
                    let begun = Instant::now();
                    account.check_next().unwrap();
                    let mut whole = begun.elapsed();
                    for moment in moments {
                        sleep(LIFE);
                        let begun = Instant::now();
                        let running = account.start(CREDS);
                        sleep(whole.mul_f64(*moment));
                        running.signal(signal);
                        let end = running.finish();
                        ends.lock().unwrap().push(end.code);
                        if end.code == 0 {
                            // The machine has become faster since that was measured.
                            whole = whole.min(begun.elapsed());
                        }
                        let told = if is_plausible(&end) { Ok(()) } else { Err(format!("{end:?}")) };
                        if let Err(problem) = told.and_then(|()| account.check_next()) {
                            problems.lock().unwrap().push(format!("{signal} at {moment} of {whole:?}: {problem}"));
                            account = Account::sign_in(bench, &name);
                        }
                    }
                });
            }
        }
    });
    let (ends, problems) = (ends.into_inner().unwrap(), problems.into_inner().unwrap());
    let number_of = |code| ends.iter().filter(|end| **end == code).count();
    let ended = format!(
        "{}, JETBRIDGE_SEED={seed}: {} signals, {} cancelled, {} came too late, {} before the program listened",
        fault.name(),
        ends.len(),
        number_of(7),
        number_of(0),
        number_of(-1)
    );
    eprintln!("{ended}");
    assert!(problems.is_empty(), "{ended}\n{}", problems.join("\n"));
}

/// Cancelled, with nothing on stdout; or the signal came after the work, or before the program listened.
fn is_plausible(end: &Outcome) -> bool {
    let has_credentials = end.stdout.contains("AccessKeyId");
    match end.code {
        0 => has_credentials,
        7 | -1 => end.stdout.is_empty(),
        _ => false,
    }
}

#[test]
fn one_line_tells_of_the_wait_and_nothing_else_changes() {
    let bench = strict_bench(LIFE);
    let cases: [(&[&str], usize); 4] =
        [(CREDS, 1), (&["ls"], 1), (&["creds", "--json"], 1), (&["creds", "--format", "process", "--quiet"], 0)];
    let accounts: Vec<_> = (0..cases.len()).map(|nth| Account::sign_in(&bench, &format!("case-{nth}"))).collect();
    sleep(LIFE);
    bench.stack.faults().inject_wait(Fault::TokenAnswerHeld, 4, Duration::from_secs(4));
    let running: Vec<_> =
        accounts.iter().zip(cases).map(|(account, (arguments, _))| account.start(arguments)).collect();
    wait_for_grants(&bench, 8);
    for running in &running {
        // A service manager may send both: that is one wish.
        running.signal("TERM");
        running.signal("HUP");
    }
    for ((running, account), (arguments, lines)) in running.into_iter().zip(&accounts).zip(cases) {
        let outcome = running.finish();
        assert_eq!(outcome.code, 7, "{arguments:?}: {outcome:?}");
        assert_eq!(outcome.stderr.matches(NOTE).count(), lines, "{arguments:?}: {outcome:?}");
        if arguments.contains(&"--json") {
            assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:?}");
            assert_eq!(outcome.error()["kind"], "user_cancelled");
        } else {
            assert_eq!(outcome.stdout, "", "{arguments:?}");
        }
        account.check_next().unwrap();
    }
}

#[test]
fn a_second_request_ends_at_once() {
    let bench = strict_bench(LIFE);
    let pairs = [["INT", "INT"], ["TERM", "INT"]];
    let accounts = pairs.map(|pair| Account::sign_in(&bench, &pair.join("-")));
    sleep(LIFE);
    bench.stack.faults().inject(Fault::TokenAnswerHeld, u32::MAX);
    let running = accounts.each_ref().map(|account| account.start(CREDS));
    wait_for_grants(&bench, 4);
    for (mut running, [first, second]) in running.into_iter().zip(pairs) {
        running.signal(first);
        running.stderr_line(NOTE);
        let begun = Instant::now();
        running.signal(second);
        let outcome = running.finish();
        // Without it, the core's own limits end the wait: 10 seconds for each of two tries.
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (7, ""), "{outcome:?}");
    }
}

/// The same command, started as `nohup` starts it.
fn as_nohup(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

#[test]
fn a_process_that_is_to_outlive_the_terminal_goes_on_when_that_closes() {
    let bench = strict_bench(LIFE);
    let account = Account::sign_in(&bench, "nohup");
    sleep(LIFE);
    bench.stack.faults().inject_wait(Fault::TokenAnswerHeld, 1, Duration::from_millis(1500));
    let running = Running::start(&mut as_nohup(&account.command(CREDS)));
    wait_for_grants(&bench, 2);
    running.signal("HUP");
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("AccessKeyId"));
}

/// `login` reads the profile for five seconds at most. Here that takes a refresh, because access tokens last no time, and the
/// refresh takes longer.
#[test]
fn a_command_that_has_done_its_work_waits_too() {
    let bench = Bench::start_with(|options| {
        options.rotation = Rotation::WithGrace(Duration::ZERO);
        options.access_token_lifetime = Duration::ZERO;
    });
    bench.stack.faults().inject_wait(Fault::TokenAnswerHeld, 2, Duration::from_secs(6));
    bench.sign_in_as(ALICE);
    // On a busy machine the profile asks once more before the command leaves.
    assert!(bench.stack.log().count("token") >= 2);
    // S3 no longer takes the keys, and new ones need a new ID token.
    bench.stack.clock().advance(Duration::from_secs(2 * 3600));
    let outcome = bench.run(&["ls"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn a_command_without_a_session_waits_for_nothing() {
    let begun = Instant::now();
    let outcome = Outcome::of(program(&["completions", "bash"]).output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
