//! `cargo xtask bench listing`: 100,000 keys in the shapes of people's buckets, at a round trip of 100 ms, by one request after
//! the other and by eight at a time; and 1,000,000, for the memory that this takes. Keys have to come alike and in the same
//! order.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wait4::Wait4 as _;

use super::delay;
use super::stage::{Bench, build};
use crate::report::{say, timed};

const FAR: Duration = Duration::from_millis(50);
const ROUNDS: usize = 3;
const OBJECTS: usize = 100_000;
const MANY: usize = 1_000_000;
const AT_A_TIME: &str = "8";
/// The shapes of the stack's buckets, and how many times as fast each has to be.
const SHAPES: [(&str, f64); 3] = [("uuids", 5.0), ("dates", 3.0), ("deep", 3.0)];
/// Of a listing by eight to one by one, and of a bucket with ten times as many keys.
const MOST_REQUESTS: f64 = 1.3;
const MOST_MEMORY: f64 = 1.2;

/// Builds, measures, prints. Fails when keys are missing or in another order, or when a listing is slower, costs more or takes
/// more memory than it may.
pub(super) fn run(root: &Path) -> Result<(), String> {
    delay::check()?;
    build(root)?;
    let stage = Stage::set(root)?;
    let mut missed = Vec::new();
    say(&format!(
        "{OBJECTS} keys, a round trip takes {:?}, one by one and {AT_A_TIME} at a time, medians of {ROUNDS} rounds",
        FAR * 2
    ));
    say(&format!("and {MANY} keys, {AT_A_TIME} at a time, once\n"));
    for (shape, least) in SHAPES {
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            alone.push(stage.list(shape, OBJECTS, "1")?);
            beside.push(stage.list(shape, OBJECTS, AT_A_TIME)?);
        }
        if beside.iter().any(|listing| listing.digest != alone[0].digest) {
            return Err(format!("{shape}: other keys, or in another order"));
        }
        let (alone, beside, many) = (median(alone), median(beside), stage.list(shape, MANY, AT_A_TIME)?);
        let times = alone.took.as_secs_f64() / beside.took.as_secs_f64();
        let requests = beside.requests as f64 / alone.requests as f64;
        let memory = many.peak_memory as f64 / beside.peak_memory as f64;
        say(&format!("{shape:<6} one by one    {}", alone.describe()));
        say(&format!(
            "       {AT_A_TIME} at a time   {}: {times:.2} as fast, {requests:.2} the requests",
            beside.describe()
        ));
        say(&format!("       of {MANY}    {}: {memory:.2} the memory\n", many.describe()));
        let bounds =
            [(times >= least, "speed"), (requests <= MOST_REQUESTS, "requests"), (memory <= MOST_MEMORY, "memory")];
        missed.extend(bounds.iter().filter(|(is_met, _)| !is_met).map(|(_, what)| format!("{what} of {shape}")));
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("not met: {}", missed.join(", "))) }
}

/// The one in the middle by its time, with the most requests and memory of all.
fn median(mut rounds: Vec<Listing>) -> Listing {
    rounds.sort_by_key(|listing| listing.took);
    let requests = rounds.iter().map(|listing| listing.requests).max().unwrap_or_default();
    let peak_memory = rounds.iter().map(|listing| listing.peak_memory).max().unwrap_or_default();
    Listing { requests, peak_memory, ..rounds.swap_remove(ROUNDS / 2) }
}

struct Listing {
    took: Duration,
    /// As they passed by on their way, not as the client counts them.
    requests: usize,
    peak_memory: u64,
    digest: Vec<u8>,
}

impl Listing {
    fn describe(&self) -> String {
        let (seconds, memory) = (self.took.as_secs_f64(), self.peak_memory as f64 / 1_048_576.0);
        format!("{seconds:>6.2} s {:>5} requests {memory:>5.1} MiB", self.requests)
    }
}

/// The bench, with S3 far away.
struct Stage {
    bench: Bench,
    requests: Arc<AtomicUsize>,
}

impl Stage {
    fn set(root: &Path) -> Result<Self, String> {
        let bench = Bench::start(root)?;
        let port = bench.s3.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let watch = move |bytes: &[u8]| {
            let listings = bytes.windows(LISTING.len()).filter(|part| *part == LISTING).count();
            counted.fetch_add(listings, Ordering::Relaxed);
        };
        let endpoint = delay::open_watched(port.ok_or("S3's address has no port")?, FAR, Arc::new(watch))?;
        let file = bench.folder.join("config/aws-exports.json");
        let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
        let mut exports: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        exports["Storage"]["AWSS3"]["endpoint"] = endpoint.into();
        std::fs::write(&file, exports.to_string()).map_err(|error| error.to_string())?;
        Ok(Self { bench, requests })
    }

    fn list(&self, shape: &str, objects: usize, at_a_time: &str) -> Result<Listing, String> {
        let bucket = format!("scale-{shape}-{objects}");
        // To a file: whoever reads a pipe would take part in what is measured.
        let listed = self.bench.folder.join("listed");
        let output = File::create(&listed).map_err(|error| error.to_string())?;
        let mut command = self.bench.command(&["ls", "--quiet", "--bucket", &bucket, "--parallel", at_a_time]);
        command.stdout(output);
        self.requests.store(0, Ordering::Relaxed);
        let (ended, took) = timed(|| command.spawn().and_then(|child| child.wait4()));
        let requests = self.requests.load(Ordering::Relaxed);
        let ended = ended.map_err(|error| format!("ls did not start: {error}"))?;
        if !ended.status.success() {
            return Err(format!("ls failed: {}", ended.status));
        }
        let (lines, digest) = read(&listed).map_err(|error| error.to_string())?;
        if lines != objects {
            return Err(format!("{lines} keys came of {objects}"));
        }
        Ok(Listing { took, requests, peak_memory: ended.rusage.maxrss, digest })
    }
}

/// A request for a page has this in its first line.
const LISTING: &[u8] = b"list-type=2";

/// How many lines there are, and the digest of all.
fn read(path: &Path) -> std::io::Result<(usize, Vec<u8>)> {
    let (mut file, mut buffer) = (File::open(path)?, vec![0; 64 * 1024]);
    let (mut lines, mut hash) = (0, Sha256::new());
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((lines, hash.finalize().to_vec())),
            length => {
                let block = &buffer[..length];
                lines += block.iter().filter(|byte| **byte == b'\n').count();
                hash.update(block);
            }
        }
    }
}
