//! `cargo xtask bench`: how fast a release build lists 100,000 objects, how much memory it takes, how fast it starts.
//! The servers run in a process of their own, so that only the client is measured.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use wait4::Wait4 as _;

use crate::cargo::{cargo, target_directory};
use crate::report::{say, timed};
use crate::sign_in::sign_in;

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
    say("building a release of jetbridge …");
    succeed(&mut cargo(root, &["build", "--release", "--locked", "--package", "jetbridge-cli"]))?;
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

struct Listing {
    objects: usize,
    took: Duration,
    peak_memory: u64,
}

/// A local stack in a process of its own, and a session signed in to it. Gone when dropped.
struct Bench {
    target: PathBuf,
    program: PathBuf,
    folder: PathBuf,
    stack: Child,
    s3: String,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.stack.kill();
        let _ = self.stack.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Bench {
    fn start(root: &Path) -> Result<Self, String> {
        let target = target_directory(root);
        let program = target.join("release").join(format!("jetbridge{}", std::env::consts::EXE_SUFFIX));
        let folder = target.join(format!("bench-{}", std::process::id()));
        let mut stack = Command::new(&program)
            .args(["local-stack", "--port", "0", "--json", "--write-config"])
            .arg(folder.join("config"))
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the local stack did not start: {error}"))?;
        let ready = first_event(&mut stack);
        let mut bench = Self { target, program, folder, stack, s3: String::new() };
        let (ready, _output) = ready?;
        bench.s3 = text(&ready, "s3")?;
        bench.sign_in(&text(&ready["users"][0], "login")?, &text(&ready["users"][0], "password")?)?;
        Ok(bench)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("JETBRIDGE_CONFIG", self.folder.join("config"))
            .env("JETBRIDGE_STORE", format!("file:{}", self.folder.join("store").display()))
            .env_remove("SSL_CERT_FILE");
        command
    }

    fn sign_in(&self, login: &str, password: &str) -> Result<(), String> {
        let mut running = self
            .command(&["login", "--no-browser", "--json", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("login did not start: {error}"))?;
        let (event, _output) = first_event(&mut running)?;
        let url = text(&event, "url")?;
        let redirect = sign_in(&url, login, password)?;
        if let Some(mut stdin) = running.stdin.take() {
            writeln!(stdin, "{redirect}").map_err(|error| format!("login went away: {error}"))?;
        }
        let ended = running.wait().map_err(|error| error.to_string())?;
        if ended.success() { Ok(()) } else { Err(format!("login failed: {ended}")) }
    }

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

    /// The environment that the local stack's tests made, else the system's Python if it has boto3.
    fn find_python(&self) -> Option<PathBuf> {
        let of_tests = self.target.join("tmp/stock-clients/bin/python");
        [of_tests, PathBuf::from("python3")].into_iter().find(|python| {
            let mut import = Command::new(python);
            import.args(["-c", "import boto3"]).stdout(Stdio::null()).stderr(Stdio::null());
            import.status().is_ok_and(|status| status.success())
        })
    }
}

fn succeed(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} ended with {status}", command.get_program().display())),
        Err(error) => Err(format!("{} did not start: {error}", command.get_program().display())),
    }
}

/// The first line of a program's output, as JSON, and the rest: a program whose output nobody holds may end.
fn first_event(child: &mut Child) -> Result<(Value, BufReader<ChildStdout>), String> {
    let mut output = BufReader::new(child.stdout.take().ok_or("the output is not captured")?);
    let mut line = String::new();
    output.read_line(&mut line).map_err(|error| error.to_string())?;
    Ok((serde_json::from_str(&line).map_err(|error| format!("no JSON came: {error}"))?, output))
}

fn text(value: &Value, name: &str) -> Result<String, String> {
    value[name].as_str().map(str::to_owned).ok_or_else(|| format!("`{name}` is missing in the answer"))
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
