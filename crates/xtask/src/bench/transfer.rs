//! `cargo xtask bench transfer`: one large object and a thousand small ones, up and down, near and far, beside the AWS CLI as
//! it comes and boto3 with ten workers, in the same run, one after the other in each round.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wait4::Wait4 as _;

use super::delay;
use super::peers::install_python;
use super::stage::{Bench, build};
use crate::report::{say, timed};
use crate::sign_in::text;

const BUCKET: &str = "jetbridge-demo";
const LARGE: usize = 256 * 1000 * 1000;
const SMALL: usize = 10 * 1000;
const MANY: usize = 1000;
const ROUNDS: usize = 3;
const FAR: Duration = Duration::from_millis(50);
const CLIENTS: [Client; 3] = [Client::Jetbridge, Client::AwsCli, Client::Boto3];

/// Ten workers, each with one object at a time; a large object by boto3's own transfers, ten parts at a time.
const BOTO3: &str = "
import os, sys
from concurrent.futures import ThreadPoolExecutor
import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
endpoint, bucket, what, local, remote = sys.argv[1:]
s3 = boto3.client('s3', endpoint_url=endpoint, config=Config(max_pool_connections=10))
transfer = TransferConfig(max_concurrency=10)
def put(name):
    with open(os.path.join(local, name), 'rb') as body:
        s3.put_object(Bucket=bucket, Key=remote + name, Body=body)
def get(key):
    with open(os.path.join(local, key[len(remote):]), 'wb') as target:
        target.write(s3.get_object(Bucket=bucket, Key=key)['Body'].read())
if what == 'put':
    s3.upload_file(local, bucket, remote, Config=transfer)
elif what == 'get':
    s3.download_file(bucket, remote, local, Config=transfer)
else:
    with ThreadPoolExecutor(10) as workers:
        if what == 'put-all':
            list(workers.map(put, os.listdir(local)))
        else:
            pages = s3.get_paginator('list_objects_v2').paginate(Bucket=bucket, Prefix=remote)
            list(workers.map(get, [entry['Key'] for page in pages for entry in page['Contents']]))
";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Job {
    up: bool,
    many: bool,
}

/// Up comes first: what is read was written by the round's last client.
const JOBS: [Job; 4] = [
    Job { up: true, many: false },
    Job { up: false, many: false },
    Job { up: true, many: true },
    Job { up: false, many: true },
];

impl Job {
    fn name(self) -> &'static str {
        match (self.many, self.up) {
            (false, true) => "256 MB up",
            (false, false) => "256 MB down",
            (true, true) => "1,000 x 10 KB up",
            (true, false) => "1,000 x 10 KB down",
        }
    }

    /// How many times as long the better of the others should take.
    fn aim(self) -> f64 {
        if self.many { 2.0 } else { 1.0 }
    }

    /// The place in the bucket.
    fn remote(self) -> &'static str {
        if self.many { "bench/many/" } else { "bench/large.bin" }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    Jetbridge,
    AwsCli,
    Boto3,
}

impl Client {
    fn name(self) -> &'static str {
        match self {
            Self::Jetbridge => "jetbridge",
            Self::AwsCli => "AWS CLI",
            Self::Boto3 => "boto3",
        }
    }
}

/// One client's work.
#[derive(Debug, Clone, Copy)]
struct Measured {
    took: Duration,
    /// Seconds of a processor that the client took, and those that the stack took for it, where the system tells.
    cpu: Duration,
    cpu_of_stack: Duration,
    peak_memory: u64,
}

/// Builds, measures, prints. Fails when bytes arrive that were not sent.
pub(super) fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let rounds = match arguments {
        [] => ROUNDS,
        [flag, number] if flag == "--rounds" => number.parse().ok().filter(|rounds| *rounds > 0).ok_or("--rounds N")?,
        _ => {
            return Err(
                "bench transfer takes --rounds N, nothing else; cargo xtask bench transfer --help says more".to_owned()
            );
        }
    };
    let python = install_python(root)?;
    build(root)?;
    let bench = Bench::start(root)?;
    let place = Place::prepare(&bench, python)?;
    say(&format!(
        "median of {rounds} rounds; CPU: seconds of a processor that the client took + those that the stack took for it; MiB: \
         the most memory that a client had\n"
    ));
    say(&format!(
        "{:<28}{:>34}{:>34}{:>34}{:>8}",
        "",
        CLIENTS[0].name(),
        CLIENTS[1].name(),
        CLIENTS[2].name(),
        "ratio"
    ));
    let port = bench.s3.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
    let far = delay::open(port.ok_or("S3's address has no port")?, FAR)?;
    for (network, endpoint) in [("near", bench.s3.trim_end_matches('/').to_owned()), ("far", far)] {
        place.point_to(&bench, &endpoint)?;
        for job in JOBS {
            let mut measured: [Vec<Measured>; 3] = Default::default();
            for _ in 0..rounds {
                for (client, measured) in CLIENTS.into_iter().zip(&mut measured) {
                    measured.push(place.measure(&bench, client, job, &endpoint)?);
                }
            }
            tell(job, network, measured);
        }
    }
    say(
        "\nratio: how many times as long the better of the others takes; far: 50 ms each way, so a round trip takes 100 ms",
    );
    Ok(())
}

fn tell(job: Job, network: &str, measured: [Vec<Measured>; 3]) {
    let middle = measured.map(|mut all| {
        all.sort_by_key(|measured| measured.took);
        let peak_memory = all.iter().map(|measured| measured.peak_memory).max().unwrap_or_default();
        Measured { peak_memory, ..all[all.len() / 2] }
    });
    let seconds = middle.map(|measured| measured.took.as_secs_f64());
    let columns = middle.map(|measured| {
        format!(
            "{:>8.2} s {:>6.2}+{:<5.2} CPU {:>4.0} MiB",
            measured.took.as_secs_f64(),
            measured.cpu.as_secs_f64(),
            measured.cpu_of_stack.as_secs_f64(),
            measured.peak_memory as f64 / 1_048_576.0
        )
    });
    let ratio = seconds[1].min(seconds[2]) / seconds[0];
    let verdict = if ratio >= job.aim() { "" } else { "  aim not met" };
    say(&format!(
        "{:<28}{:>34}{:>34}{:>34}{ratio:>7.2}x{verdict}",
        format!("{}, {network}", job.name()),
        columns[0],
        columns[1],
        columns[2]
    ));
}

/// The most memory that a process has while `waiting` lasts. What `wait4` tells would count in what it had before `execve`, which
/// is this process's, with all that is on its way through it.
pub(super) fn watch_memory<T>(process: u32, waiting: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<(T, u64)> {
    let has_ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut peak = 0;
            while !has_ended.load(Ordering::Relaxed) {
                let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
                let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
                peak = kibibytes.map_or(0, |kibibytes| kibibytes * 1024).max(peak);
                thread::sleep(Duration::from_millis(5));
            }
            peak
        });
        let ended = waiting();
        has_ended.store(true, Ordering::Relaxed);
        Ok((ended?, watching.join().unwrap_or_default()))
    })
}

/// The files on this side.
struct Place {
    python: PathBuf,
    credentials: Vec<(&'static str, String)>,
    large: PathBuf,
    many: PathBuf,
    fetched: PathBuf,
    digests: [String; 2],
}

impl Place {
    fn prepare(bench: &Bench, python: PathBuf) -> Result<Self, String> {
        let (large, many) = (bench.folder.join("large.bin"), bench.folder.join("many"));
        let failed = |error: std::io::Error| error.to_string();
        std::fs::create_dir_all(&many).map_err(failed)?;
        let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
        std::fs::write(&large, noise.bytes(LARGE)).map_err(failed)?;
        for number in 0..MANY {
            std::fs::write(many.join(format!("{number:04}.bin")), noise.bytes(SMALL)).map_err(failed)?;
        }
        let output = bench.command(&["creds", "--format", "process"]).output().map_err(failed)?;
        let keys = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        let credentials = vec![
            ("AWS_ACCESS_KEY_ID", text(&keys, "AccessKeyId")?),
            ("AWS_SECRET_ACCESS_KEY", text(&keys, "SecretAccessKey")?),
            ("AWS_SESSION_TOKEN", text(&keys, "SessionToken")?),
        ];
        let digests = [digest(&large)?, digest(&many)?];
        Ok(Self { python, credentials, large, many, fetched: bench.folder.join("fetched"), digests })
    }

    /// Jetbridge takes S3's address from its configuration; the session is for any.
    fn point_to(&self, bench: &Bench, endpoint: &str) -> Result<(), String> {
        let file = bench.folder.join("config/aws-exports.json");
        let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
        let mut exports: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        exports["Storage"]["AWSS3"]["endpoint"] = endpoint.into();
        std::fs::write(&file, exports.to_string()).map_err(|error| error.to_string())
    }

    fn measure(&self, bench: &Bench, client: Client, job: Job, endpoint: &str) -> Result<Measured, String> {
        let _ = std::fs::remove_file(&self.fetched);
        let _ = std::fs::remove_dir_all(&self.fetched);
        if job.many && !job.up {
            std::fs::create_dir_all(&self.fetched).map_err(|error| error.to_string())?;
        }
        let local = match (job.up, job.many) {
            (true, false) => &self.large,
            (true, true) => &self.many,
            (false, _) => &self.fetched,
        };
        let mut command = self.command(bench, client, job, endpoint, local);
        command.stdout(Stdio::null());
        let before = bench.cpu_of_stack();
        let (ended, took) = timed(|| command.spawn().and_then(|child| watch_memory(child.id(), || child.wait4())));
        let cpu_of_stack = bench.cpu_of_stack().saturating_sub(before);
        let (ended, peak_memory) = ended.map_err(|error| format!("{} did not start: {error}", client.name()))?;
        if !ended.status.success() {
            return Err(format!("{}, {}: {}", client.name(), job.name(), ended.status));
        }
        if !job.up && digest(&self.fetched)? != self.digests[usize::from(job.many)] {
            return Err(format!("{}, {}: other bytes than were sent", client.name(), job.name()));
        }
        let cpu = ended.rusage.utime + ended.rusage.stime;
        Ok(Measured { took, cpu, cpu_of_stack, peak_memory })
    }

    fn command(&self, bench: &Bench, client: Client, job: Job, endpoint: &str, local: &Path) -> Command {
        let remote = job.remote();
        let address = format!("s3://{BUCKET}/{remote}");
        let local = local.display().to_string();
        let recursive: &[&str] = if job.many { &["--recursive"] } else { &[] };
        if client == Client::Jetbridge {
            let (verb, from, to) = if job.up { ("put", &local, &address) } else { ("get", &address, &local) };
            let mut command = bench.command(&["--quiet", verb]);
            command.args(recursive).args([from, to]);
            return command;
        }
        let mut command = Command::new(&self.python);
        if client == Client::AwsCli {
            let (from, to) = if job.up { (&local, &address) } else { (&address, &local) };
            command.args(["-m", "awscli", "s3", "cp", "--only-show-errors", "--endpoint-url", endpoint]);
            command.args(recursive).args([from, to]);
        } else {
            let what = match (job.up, job.many) {
                (true, false) => "put",
                (false, false) => "get",
                (true, true) => "put-all",
                (false, true) => "get-all",
            };
            command.args(["-c", BOTO3, endpoint, BUCKET, what, &local, remote]);
        }
        command
            .envs(self.credentials.iter().map(|(name, value)| (name, value)))
            .env("AWS_DEFAULT_REGION", "us-west-2")
            .env("AWS_CONFIG_FILE", bench.folder.join("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", bench.folder.join("none"))
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }
}

/// Of a file, or of all files in a folder with their names.
fn digest(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut hash = Sha256::new();
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(failed)?;
        let mut files: Vec<_> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(failed)?;
        files.sort();
        for file in files {
            hash.update(file.file_name().unwrap_or_default().as_encoded_bytes());
            hash.update(std::fs::read(&file).map_err(failed)?);
        }
    } else {
        hash.update(std::fs::read(path).map_err(failed)?);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Bytes that cannot be compressed, the same in each run (xorshift).
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            bytes.extend_from_slice(&self.0.to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
