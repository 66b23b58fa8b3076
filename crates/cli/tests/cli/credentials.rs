//! `creds`: exactly what other tools expect on stdout, and secrets nowhere else.

use serde_json::Value;

use crate::stock_environment::stock_command;
use crate::support::{ALICE, Bench};

fn process_credentials(bench: &Bench) -> Value {
    let outcome = bench.run(&["creds", "--format", "process"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stdout.lines().count(), 1);
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn the_process_format_is_what_aws_documents() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let credentials = process_credentials(&bench);
    let names: Vec<_> = credentials.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["AccessKeyId", "Expiration", "SecretAccessKey", "SessionToken", "Version"]);
    assert_eq!(credentials["Version"], 1);
    assert!(credentials["AccessKeyId"].as_str().unwrap().starts_with("ASIA"));
    assert!(credentials["Expiration"].as_str().unwrap().ends_with('Z'));
    // The same credentials from the store, not new ones for each call of a tool.
    assert_eq!(process_credentials(&bench), credentials);
}

#[cfg(unix)]
#[test]
fn the_env_format_sets_a_shell_up() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let credentials = process_credentials(&bench);
    let outcome = bench.run(&["creds", "--format", "env"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let script = format!("{}\nprintf %s \"$AWS_SECRET_ACCESS_KEY|$AWS_SESSION_TOKEN\"", outcome.stdout);
    let shell = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
    let expected = format!(
        "{}|{}",
        credentials["SecretAccessKey"].as_str().unwrap(),
        credentials["SessionToken"].as_str().unwrap()
    );
    assert!(shell.stdout == expected.as_bytes(), "the shell got other values");
}

#[test]
fn the_powershell_format_sets_the_same_variables_in_its_own_words() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let lines = |format: &str| {
        let outcome = bench.run(&["creds", "--format", format]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout
    };
    let is_variable = |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || b"_0123456789".contains(&byte));
    let (shell, power_shell) = (lines("env"), lines("powershell"));
    assert_eq!(shell.lines().count(), power_shell.lines().count());
    for (line, expected) in power_shell.lines().zip(shell.lines()) {
        let (name, value) = line.strip_prefix("$Env:").and_then(|line| line.split_once(" = ")).unwrap();
        assert!(is_variable(name), "{name}");
        match value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
            Some(value) => assert!(expected == format!("export {name}={value}") && !value.contains('\''), "{name}"),
            None => assert_eq!((value, expected), ("$null", format!("unset {name}").as_str())),
        }
    }
}

#[test]
fn the_summary_holds_nothing_to_steal() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let credentials = process_credentials(&bench);
    for arguments in [&["creds"][..], &["creds", "--json"], &["creds", "-vvv"]] {
        let outcome = bench.run(arguments);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        for secret in ["AccessKeyId", "SecretAccessKey", "SessionToken"] {
            let secret = credentials[secret].as_str().unwrap();
            assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret));
        }
    }
    assert!(bench.run(&["creds"]).stdout.contains("hidden"));
}

#[cfg(unix)]
#[test]
fn without_a_session_it_says_so_and_opens_no_browser() {
    let bench = Bench::start();
    let opened = bench.path("opened");
    let script = bench.path("browser.sh");
    std::fs::write(&script, format!("touch '{}'\n", opened.display())).unwrap();
    for format in ["process", "env"] {
        let output = bench
            .command(&["creds", "--format", format])
            .env("BROWSER", format!("sh {}", script.display()))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8(output.stderr).unwrap().contains("jetbridge login"));
    }
    assert!(!opened.exists());
    assert_eq!(bench.stack.log().records().len(), 0);
}

/// Lists the bucket as a user of boto3 would, knowing nothing of Jetbridge but a line in the AWS configuration file.
const BOTO3: &str = "
import boto3, sys
s3 = boto3.Session(profile_name='jetbridge').client('s3', endpoint_url=sys.argv[1])
for page in s3.get_paginator('list_objects_v2').paginate(Bucket=sys.argv[2]):
    for item in page['Contents']:
        print(ascii(item['Key']))
";

#[cfg(unix)]
#[test]
fn boto3_lists_the_bucket_through_credential_process() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let aws_config = bench.path("aws-config");
    let process = format!(
        "\"{}\" --config \"{}\" --store \"file:{}\" creds --format process",
        env!("CARGO_BIN_EXE_jetbridge"),
        bench.path("config").display(),
        bench.path("store").display()
    );
    std::fs::write(&aws_config, format!("[profile jetbridge]\nregion = us-west-2\ncredential_process = {process}\n"))
        .unwrap();
    let output = stock_command("python")
        .args(["-c", BOTO3, bench.stack.endpoints().s3.as_str(), &bench.stack.options().bucket])
        .env("AWS_CONFIG_FILE", &aws_config)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(listed.lines().count(), bench.run(&["ls"]).stdout.lines().count());
    assert!(listed.contains(r"'awkward/line\nbreak.txt'"), "{listed}");
}
