//! No trace has a secret in it: of no command, in neither form, and not when a command fails in any way that the stack knows.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jetbridge_local_stack::{Fault, Service};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use url::form_urlencoded;

use crate::support::{ALICE, Bench, Outcome, PASSWORD, Running, program};

const FORMS: [&str; 2] = ["html", "har"];
/// Of the user's own: nobody but the user may have it in a file.
const OWN: &str = "hush-hush-of-the-user";
/// What hangs is asked to end, as by Ctrl-C; it leaves its trace then, too.
const HANGING: [&str; 3] = ["silent", "held", "stalled"];
const PATIENCE_WITH_HANGING: Duration = Duration::from_secs(2);
/// Everything else ends by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// Faults are tried side by side, because many are waited for.
const BESIDE: usize = 8;

fn assert_free_of_secrets(bench: &Bench, traces: &[PathBuf]) {
    let mut secrets = bench.stack.issued_secrets().all();
    // Shorter values would be found by chance.
    secrets.retain(|secret| secret.len() >= 12);
    assert!(secrets.len() > 8, "{}", secrets.len());
    secrets.extend([PASSWORD, ALICE, OWN].map(str::to_owned));
    for path in traces {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (number, secret) in secrets.iter().enumerate() {
            let in_a_url: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            assert!(!text.contains(secret) && !text.contains(&in_a_url), "secret {number} is in {}", path.display());
        }
        // Each token begins so, those of the demo's own stack among them.
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        assert!(!words.any(|word| word.starts_with("eyJ") && word.len() > 30), "{}", path.display());
    }
}

/// The names of all commands, by the help text.
fn commands() -> BTreeSet<String> {
    let help = Outcome::of(program(&["--help"]).output().unwrap()).stdout;
    let list = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn no_command_s_trace_has_a_secret() {
    let bench = Bench::start();
    std::fs::write(bench.path("body"), OWN).unwrap();
    std::fs::write(bench.path("headers"), format!("X-Key: {OWN}\n")).unwrap();
    let at = |name: &str| bench.path(name).display().to_string();
    let headers = format!("@{}", at("headers"));
    let (body, copy, here) = (at("body"), at("copy"), at("here"));
    // In this order: who is signed out can do nothing.
    let table: &[&[&str]] = &[
        &["login", "--no-browser", "--json", "--list", "--param", "idp=hush-hush-of-the-user"],
        &["demo"],
        &["local-stack", "--port", "0"],
        &["whoami"],
        &["ls"],
        &["put", &body, "key"],
        &["put", "--recursive", &here, "there/"],
        &["get", "key", &copy],
        &["cp", "s3://jetbridge-demo/key", "s3://jetbridge-demo/copy"],
        &["presign", "key"],
        &["rm", "copy"],
        &["creds", "--format", "process"],
        &["exec", "--", "true"],
        &["call", "POST", "/echo?token=hush-hush-of-the-user", "--body", OWN, "--header", &headers],
        &["accounts"],
        &["switch", "default"],
        &["doctor"],
        &["doctor", "--sign-in", "--no-browser", "--json"],
        &["completions", "bash"],
        &["logout", "--revoke"],
    ];
    std::fs::create_dir(&here).unwrap();
    std::fs::write(bench.path("here/file"), OWN).unwrap();
    assert_eq!(table.iter().map(|arguments| arguments[0].to_owned()).collect::<BTreeSet<_>>(), commands());
    let mut traces = Vec::new();
    for form in FORMS {
        for (number, arguments) in table.iter().enumerate() {
            let trace = bench.path(&format!("{number}.{form}"));
            let arguments = with_trace(arguments, &trace);
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            let code = match arguments[..] {
                ["login", ..] | ["doctor", "--sign-in", ..] => {
                    bench.start_login(&arguments, |url| bench.visit(url, ALICE)).code
                }
                ["local-stack", ..] => {
                    let mut running = Running::start(&mut bench.command(&arguments));
                    running.line();
                    running.signal("INT");
                    running.finish().code
                }
                _ => bench.run(&arguments).code,
            };
            assert_eq!(code, 0, "{arguments:?}");
            traces.push(trace);
        }
    }
    assert_free_of_secrets(&bench, &traces);
}

/// The words of another program are its own.
fn with_trace(arguments: &[&str], trace: &Path) -> Vec<String> {
    let mut arguments: Vec<_> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let end = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    arguments.splice(end..end, ["--trace".to_owned(), trace.display().to_string()]);
    arguments
}

/// Runs what meets the fault. What waits for ever is asked to end.
fn run_into(bench: &Bench, fault: Fault, trace: &Path) {
    let file = bench.path("large").display().to_string();
    let (name, body) = (fault.name(), bench.path("small").display().to_string());
    // Nobody has it, and nobody's identity is known.
    let new = trace.file_name().unwrap().to_str().unwrap().replace('.', "-");
    let arguments: &[&str] = match is_met_by(fault) {
        Service::S3 if ["part", "complete", "upload", "entity"].iter().any(|word| name.contains(word)) => {
            &["put", &file, "large"]
        }
        Service::S3 if name.contains("copy") => &["cp", "s3://jetbridge-demo/readme.txt", "s3://jetbridge-demo/copy"],
        Service::S3 if name.contains("object") || name.contains("kms") => &["get", "readme.txt", "-"],
        Service::S3 if ["digest", "body", "metadata", "conditional"].iter().any(|word| name.contains(word)) => {
            &["put", "--no-overwrite", &body, &new]
        }
        Service::S3 => &["ls"],
        Service::Api => &["call", "GET", "/echo"],
        _ => &["login", "--account", &new, "--no-browser", "--json", "--list"],
    };
    let mut command: Command = bench.command(&[]);
    let is_login = arguments[0] == "login";
    let stdout = if is_login { Stdio::piped() } else { Stdio::null() };
    command.args(with_trace(arguments, trace)).stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().map(BufReader::new);
    if let Some(stdout) = &mut stdout {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let event: Value = serde_json::from_str(&line).unwrap_or_default();
        let redirect = event["url"].as_str().and_then(|url| bench.try_visit(url, ALICE).ok());
        if let Some(redirect) = redirect {
            let _ = writeln!(child.stdin.as_ref().unwrap(), "{redirect}");
        }
    }
    drop(child.stdin.take());
    let hangs = HANGING.iter().any(|word| name.contains(word));
    end(&mut child, if hangs { PATIENCE_WITH_HANGING } else { PATIENCE });
}

fn end(child: &mut Child, patience: Duration) {
    const LOOK: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    while child.try_wait().unwrap().is_none() && waited < patience {
        std::thread::sleep(LOOK);
        waited += LOOK;
    }
    if child.try_wait().unwrap().is_none() {
        kill_process(Pid::from_child(child), Signal::INT).unwrap();
        child.wait().unwrap();
    }
}

/// Whose requests it spoils. What concerns a sign-in is Okta's here, and so is what concerns everybody.
fn is_met_by(fault: Fault) -> Service {
    let (who, _) = fault.description().split_once(": ").unwrap();
    match who {
        "S3" => Service::S3,
        "The API" => Service::Api,
        _ => Service::Okta,
    }
}

#[test]
fn no_trace_of_a_command_that_fails_has_a_secret_and_it_has_the_service_s_code() {
    // Sessions are lost by what concerns sign-ins: the others come first.
    let mut faults = Fault::ALL.to_vec();
    // Nothing of this program's asks STS.
    faults.retain(|fault| !fault.description().starts_with("STS: "));
    faults.sort_by_key(|fault| is_met_by(*fault) == Service::Okta);
    let walk = |first: usize| -> Vec<(Fault, String)> {
        let bench = Bench::start();
        bench.sign_in_as(ALICE);
        std::fs::write(bench.path("large"), vec![7; 17 * 1024 * 1024]).unwrap();
        std::fs::write(bench.path("small"), "small").unwrap();
        let mut found = Vec::new();
        for fault in faults.iter().skip(first).step_by(BESIDE) {
            // Both forms are written from the same records, whatever failed: the forms take turns.
            let form = FORMS[*fault as usize % FORMS.len()];
            let trace = bench.path(&format!("{}.{form}", fault.name()));
            bench.stack.faults().inject(*fault, 4);
            run_into(&bench, *fault, &trace);
            bench.stack.faults().inject(*fault, 0);
            assert_free_of_secrets(&bench, std::slice::from_ref(&trace));
            found.push((*fault, std::fs::read_to_string(trace).unwrap()));
        }
        found
    };
    let found: Vec<_> = std::thread::scope(|scope| {
        let walks: Vec<_> = (0..BESIDE)
            .map(|first| {
                scope.spawn({
                    let walk = &walk;
                    move || walk(first)
                })
            })
            .collect();
        walks.into_iter().flat_map(|walk| walk.join().unwrap()).collect()
    });
    assert!(faults.iter().all(|fault| found.iter().any(|(tried, _)| tried == fault)));
    let told = |(fault, trace): &&(Fault, String)| {
        let code = fault.answer().unwrap().code;
        trace.contains(&format!(">{code}<")) || trace.contains(&format!("\"_errorCode\": \"{code}\""))
    };
    let expected: Vec<_> = found.iter().filter(|(fault, _)| comes_with_a_code(*fault)).collect();
    let missing: Vec<_> = expected.iter().filter(|one| !told(one)).map(|(fault, _)| fault.name()).collect();
    assert!(expected.len() > 50 && missing.is_empty(), "{} of {}: {missing:?}", missing.len(), expected.len());
}

/// Whether the program itself is answered with a code: some of Okta's are for the browser, and HTTP APIs have none.
fn comes_with_a_code(fault: Fault) -> bool {
    let Some(answer) = fault.answer().filter(|answer| !answer.code.is_empty()) else { return false };
    match answer.service {
        Service::Okta => fault.name().starts_with("token-"),
        Service::Sts => false,
        // The org's own issuer is not what is configured here.
        _ if fault == Fault::IamOrgProviderMissing => false,
        _ => !fault.lasts() || answer.service == Service::Cognito,
    }
}
