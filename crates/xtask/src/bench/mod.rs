//! `cargo xtask bench`: how fast a release build lists 100,000 objects, how much memory it takes, how fast it starts.
//! The servers run in a process of their own, so that only the client is measured.

mod delay;
mod listing;
mod stage;
mod transfer;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use wait4::Wait4 as _;

use crate::cargo::cargo;
use crate::report::{say, timed};
use crate::sign_in::text;
pub(crate) use listing::run as listing;
use stage::{Bench, build, succeed};
pub(crate) use transfer::run as transfer;

const OBJECTS: usize = 100_000;
const BUCKET: &str = "scale-100000";
/// What the listing may take at most, whatever the number of objects.
const MEMORY_LIMIT: u64 = 40 * 1024 * 1024;
const STARTS: usize = 20;

/// Counts the same bucket with boto3, the client that most people would use instead.
const BOTO3: &str = "
import boto3, sys
s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name=sys.argv[2])
print(sum(len(page['Contents']) for page in s3.get_paginator('list_objects_v2').paginate(Bucket=sys.argv[3])))
";

/// Builds, measures, prints. Fails when a listing is not complete or takes more memory than it may.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    build(root)?;
    let bench = Bench::start(root)?;
    let startup = bench.measure_startup()?;
    let listing = bench.measure_listing()?;

    let seconds = listing.took.as_secs_f64();
    say(&format!(
        "\nstart-up         {:>8.1} ms (`jetbridge --version`, median of {STARTS})",
        startup.as_secs_f64() * 1e3
    ));
    say(&format!("objects listed   {:>8}", listing.objects));
    say(&format!("time             {seconds:>8.2} s"));
    say(&format!("objects/second   {:>8.0}", listing.objects as f64 / seconds));
    say(&format!("peak memory      {:>8.1} MiB", listing.peak_memory as f64 / 1_048_576.0));
    match bench.measure_boto3() {
        Ok(took) => say(&format!(
            "boto3            {:>8.2} s, {:.1} times as long",
            took.as_secs_f64(),
            took.as_secs_f64() / seconds
        )),
        Err(reason) => say(&format!("boto3            not compared: {reason}")),
    }
    if listing.objects != OBJECTS {
        return Err(format!("{} objects were listed instead of {OBJECTS}", listing.objects));
    }
    if listing.peak_memory > MEMORY_LIMIT {
        return Err("the listing took more than 40 MiB".to_owned());
    }
    Ok(())
}

/// Weeks of renewals in a minute; `tests/soak.rs` says what happens in them.
pub(crate) fn soak(root: &Path) -> Result<(), String> {
    succeed(&mut cargo(root, &["run", "--release", "--locked", "--package", "jetbridge-e2e", "--example", "soak"]))
}

/// A gigabyte each way by a program that is killed again and again; `tests/endurance.rs` says what is counted.
pub(crate) fn endurance(root: &Path) -> Result<(), String> {
    build(root)?;
    let mut run =
        cargo(root, &["run", "--release", "--locked", "--package", "jetbridge-e2e", "--example", "endurance"]);
    succeed(run.env("JETBRIDGE_PROGRAM", stage::program(root)))
}

struct Listing {
    objects: usize,
    took: Duration,
    peak_memory: u64,
}

impl Bench {
    fn measure_startup(&self) -> Result<Duration, String> {
        let mut times = Vec::with_capacity(STARTS);
        for _ in 0..STARTS {
            let (result, took) = timed(|| succeed(self.command(&["--version"]).stdout(Stdio::null())));
            result?;
            times.push(took);
        }
        times.sort();
        Ok(times[STARTS / 2])
    }

    fn measure_listing(&self) -> Result<Listing, String> {
        let (listed, took) = timed(|| {
            let mut child = self
                .command(&["ls", "--quiet", "--bucket", BUCKET])
                .stdout(Stdio::piped())
                .spawn()
                .map_err(|error| format!("ls did not start: {error}"))?;
            let objects = child.stdout.take().map_or(0, count_lines);
            let ended = child.wait4().map_err(|error| error.to_string())?;
            if ended.status.success() {
                Ok((objects, ended.rusage.maxrss))
            } else {
                Err(format!("ls failed: {}", ended.status))
            }
        });
        let (objects, peak_memory) = listed?;
        Ok(Listing { objects, took, peak_memory })
    }

    /// The error says why there is nothing to compare with.
    fn measure_boto3(&self) -> Result<Duration, String> {
        let credentials =
            self.command(&["creds", "--format", "process"]).output().map_err(|error| error.to_string())?;
        let credentials: Value = serde_json::from_slice(&credentials.stdout).map_err(|error| error.to_string())?;
        let python = self.find_python().ok_or("no Python with boto3; the tests of the local stack install one")?;
        let mut command = Command::new(python);
        command
            .args(["-c", BOTO3, &self.s3, "us-west-2", BUCKET])
            .env("AWS_ACCESS_KEY_ID", text(&credentials, "AccessKeyId")?)
            .env("AWS_SECRET_ACCESS_KEY", text(&credentials, "SecretAccessKey")?)
            .env("AWS_SESSION_TOKEN", text(&credentials, "SessionToken")?)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let (output, took) = timed(|| command.output());
        let output = output.map_err(|error| error.to_string())?;
        match String::from_utf8_lossy(&output.stdout).trim().parse::<usize>() {
            Ok(OBJECTS) => Ok(took),
            _ => Err(format!("it did not list all objects ({})", output.status)),
        }
    }
}

fn count_lines(reader: impl std::io::Read) -> usize {
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    let mut lines = 0;
    loop {
        match reader.fill_buf() {
            Ok([]) | Err(_) => return lines,
            Ok(block) => {
                lines += block.iter().filter(|byte| **byte == b'\n').count();
                let length = block.len();
                reader.consume(length);
            }
        }
    }
}
