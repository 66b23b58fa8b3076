//! AWS's own Python clients against the stack: boto3 and the AWS CLI share no code with it, nor with the core.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout};
use std::time::Duration;

use jetbridge_local_stack::{Fault, Options};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::stock_environment::stock_command;
use crate::support::{ALICE, Bench};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stock");

/// What the Python side has to know, in one line of JSON, with alice signed in.
async fn facts(bench: &Bench, ca_file: Option<&Path>) -> Value {
    facts_of(ALICE, bench, ca_file).await
}

/// As [`facts`], with another user signed in.
pub(crate) async fn facts_of(user: (&str, &str), bench: &Bench, ca_file: Option<&Path>) -> Value {
    let tokens = bench.get_tokens_of(user).await;
    let (options, endpoints) = (bench.stack.options(), bench.stack.endpoints());
    json!({
        "cognito": endpoints.cognito.as_str(), "s3": endpoints.s3.as_str(), "region": options.region,
        "sts": endpoints.sts.as_str(), "api": endpoints.api.as_str().trim_end_matches('/'),
        "pool": options.identity_pool_id, "bucket": options.bucket, "denied_bucket": options.denied_bucket,
        "provider": bench.stack.custom_issuer().split_once("://").unwrap().1,
        "id_token": tokens["id_token"], "access_token": tokens["access_token"], "ca_file": ca_file,
    })
}

/// A Python program of the stock folder that runs.
pub(crate) struct Check {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Check {
    /// Starts a check of `aws_clients.py`.
    fn start(name: &str, facts: &Value) -> Self {
        Self::start_program(&["aws_clients.py", name], facts)
    }

    pub(crate) fn start_program(arguments: &[&str], facts: &Value) -> Self {
        let mut child =
            stock_command("python").arg(Path::new(FOLDER).join(arguments[0])).args(&arguments[1..]).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut check = Self { stdin: child.stdin.take().unwrap(), stdout, child };
        check.tell(&facts.to_string());
        check
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    /// Waits for the check's next line; false when it has ended.
    pub(crate) fn hear(&mut self) -> bool {
        self.stdout.read_line(&mut String::new()).unwrap() > 0
    }

    fn finish(self) {
        let (is_good, printed) = self.finish_reading();
        assert!(is_good, "{printed}");
    }

    /// Waits for the end: whether it was a good one, and what was printed.
    pub(crate) fn finish_reading(mut self) -> (bool, String) {
        drop(self.stdin);
        let mut printed = String::new();
        self.stdout.read_to_string(&mut printed).unwrap();
        let output = self.child.wait_with_output().unwrap();
        printed.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.success(), printed)
    }
}

/// The file with the certificate that a client has to trust, when the stack serves https.
pub(crate) fn write_ca(bench: &Bench) -> Option<PathBuf> {
    let pem = bench.stack.ca_pem()?;
    let port = bench.stack.endpoints().s3.port().unwrap();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ca-{port}.pem"));
    std::fs::write(&file, pem).unwrap();
    Some(file)
}

/// Runs one check of `aws_clients.py` against a stack of its own.
pub(crate) async fn check(name: &'static str, options: Options) {
    let bench = Bench::with(options).await;
    let facts = facts(&bench, write_ca(&bench).as_deref()).await;
    tokio::task::spawn_blocking(move || Check::start(name, &facts).finish()).await.unwrap();
}

#[tokio::test]
async fn boto3_turns_oktas_token_into_credentials_that_s3_accepts() {
    for tls in [false, true] {
        check("federation", Options { tls, ..Options::default() }).await;
    }
}

#[tokio::test]
async fn boto3_lists_every_key_on_pages_of_every_size() {
    check("listing", Options::default()).await;
}

#[tokio::test]
async fn boto3_reads_every_object_by_key_by_range_and_by_presigned_url() {
    check("objects", Options::default()).await;
}

#[tokio::test]
async fn boto3_uploads_in_parts_copies_and_deletes() {
    check("uploads", Options::default()).await;
}

#[tokio::test]
async fn boto3_is_refused_with_s3s_own_codes() {
    check("refusals", Options::default()).await;
}

#[tokio::test]
async fn boto3_gets_credentials_of_sts_and_asks_who_it_is() {
    check("sts", Options { tls: true, ..Options::default() }).await;
}

#[tokio::test]
async fn boto3_is_refused_with_sts_s_own_codes() {
    check("sts_refusals", Options::default()).await;
}

#[tokio::test]
async fn botocore_s_signature_opens_the_api() {
    check("api", Options::default()).await;
}

#[tokio::test]
async fn boto3_learns_that_credentials_clock_and_url_have_gone_stale() {
    let bench = Bench::with(Options { credentials_lifetime: Duration::from_secs(60), ..Options::default() }).await;
    let facts = facts(&bench, None).await;
    tokio::task::spawn_blocking(move || {
        let mut check = Check::start("expired", &facts);
        // First past the credentials' life but within the skew that S3 forgives, then beyond that too.
        for offset in [120, 1200] {
            if !check.hear() {
                break;
            }
            bench.stack.clock().set_offset_seconds(offset);
            check.tell("go on");
        }
        check.finish();
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn sts_and_the_api_forgive_a_clock_less_than_s3() {
    let bench = Bench::with(Options { credentials_lifetime: Duration::from_secs(60), ..Options::default() }).await;
    let facts = facts(&bench, None).await;
    tokio::task::spawn_blocking(move || {
        let mut check = Check::start("stale", &facts);
        // Past the credentials' life; past the five minutes of STS and APIs, on either side.
        for offset in [120, 360, -360] {
            if !check.hear() {
                break;
            }
            bench.stack.clock().set_offset_seconds(offset);
            check.tell("go on");
        }
        check.finish();
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_api_beyond_its_rate_says_so() {
    let bench = Bench::start().await;
    let facts = facts(&bench, None).await;
    bench.stack.faults().inject(Fault::ApiThrottled, 1);
    tokio::task::spawn_blocking(move || Check::start("api_throttled", &facts).finish()).await.unwrap();
}

#[tokio::test]
async fn the_aws_cli_lists_and_copies_in_all_directions() {
    let bench = Bench::start().await;
    let facts = facts(&bench, None).await;
    tokio::task::spawn_blocking(move || {
        let mut sign_in = Check::start("print_credentials", &facts);
        let mut line = String::new();
        sign_in.stdout.read_line(&mut line).unwrap();
        sign_in.finish();
        let credentials: Value = serde_json::from_str(&line).unwrap();
        let aws = |arguments: &[&str]| {
            let mut command = stock_command("aws");
            for (name, value) in credentials.as_object().unwrap() {
                command.env(name.to_uppercase(), value.as_str().unwrap());
            }
            command.args(["--endpoint-url", facts["s3"].as_str().unwrap(), "--region", "us-west-2", "s3"]);
            let output = command.args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let listed = aws(&["ls", "s3://jetbridge-demo/"]);
        assert!(listed.contains("PRE photos/") && listed.contains("1024 readme.txt"), "{listed}");
        let listed = aws(&["ls", "--recursive", "s3://jetbridge-demo/reports/"]);
        assert_eq!(listed.lines().count(), 4, "{listed}");

        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("birthday-{}.jpg", std::process::id()));
        aws(&["cp", "--no-progress", "s3://jetbridge-demo/photos/2026/birthday cake.jpg", file.to_str().unwrap()]);
        let content = std::fs::read(&file).unwrap();
        assert_eq!(content.len(), 1_048_653);
        let digest: String =
            Sha256::digest("photos/2026/birthday cake.jpg")[..8].iter().map(|b| format!("{b:02x}")).collect();
        assert!(content.starts_with(digest.as_bytes()));

        // Beyond 8 MiB the CLI uploads, and copies, in parts.
        let large = content.repeat(10);
        std::fs::write(&file, &large).unwrap();
        let (new, moved) = ("s3://jetbridge-demo/new/large file.jpg", "s3://jetbridge-demo/new/moved.jpg");
        aws(&["cp", "--no-progress", file.to_str().unwrap(), new]);
        aws(&["mv", "--no-progress", new, moved]);
        assert_eq!(aws(&["ls", "--recursive", "s3://jetbridge-demo/new/"]).lines().count(), 1);
        std::fs::remove_file(&file).unwrap();
        aws(&["cp", "--no-progress", moved, file.to_str().unwrap()]);
        assert!(std::fs::read(&file).unwrap() == large);
        std::fs::remove_file(&file).unwrap();
        aws(&["rm", "--recursive", "s3://jetbridge-demo/new/"]);
        aws(&["rm", "--recursive", "s3://jetbridge-demo/photos/"]);
        let listed = aws(&["ls", "s3://jetbridge-demo/"]);
        assert!(!listed.contains("PRE new/") && !listed.contains("PRE photos/"), "{listed}");
    })
    .await
    .unwrap();
}
