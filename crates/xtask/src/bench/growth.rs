//! `cargo xtask bench growth`: what becomes of time, requests and memory when there is more: more accounts on a device, more
//! objects in a bucket, more callers at once. Nothing may grow faster than its work.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::figures::{Sample, median, memory, peak_memory, sample, table, time};
use super::process::whole;
use super::works::MEMORY_LIMIT;
use super::world::{Clients, DUE, Distance, LIVES, World};
use crate::cargo::target_directory;
use crate::report::say;

const ACCOUNTS: [u64; 3] = [1, 10, 100];
const OBJECTS: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
const CALLERS: [u64; 4] = [1, 10, 100, 1_000];
const ROUNDS: usize = 3;
/// How many times as much one unit may cost of the most as of the second most. Noise costs some; what grows with the square of
/// its work costs ten times as much.
const TOLERANCE: f64 = 2.0;

/// Builds, measures, prints. Fails when something grows faster than its work.
pub(super) fn run(root: &Path) -> Result<(), String> {
    let clients = Clients::prepare_ours(root)?;
    let folder = Folder(target_directory(root).join(format!("growth-{}", std::process::id())));
    let mut world = World::start(root, &folder.0.join("config"), false, None)?;
    let mut fleeting = World::start(root, &folder.0.join("fleeting"), false, Some(LIVES))?;

    let [listed, opened] = accounts(&clients, &mut world, &folder.0)?;
    let objects = objects(&clients, &mut world, &folder.0)?;
    let callers = callers(&clients, &mut fleeting, &folder.0)?;
    let all = [listed, opened, objects, callers];
    say(&format!("\n{}\n", growth_table(&all)));
    say(&format!(
        "Median of {ROUNDS} rounds (of accounts the fastest of five), servers on the same machine. Reads: of the encrypted \
         store. Requests: of services, by their log."
    ));
    let mut broken: Vec<String> = all.iter().flat_map(Growth::grows_faster_than_its_work).collect();
    let peak = all[2].steps.iter().filter_map(|step| step.peak_memory).max();
    if peak > Some(MEMORY_LIMIT) {
        broken.push("a listing took more than 40 MiB".to_owned());
    }
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
}

/// Gone when dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One kind of more.
struct Growth {
    what: &'static str,
    /// What is counted beside the time.
    counted: &'static str,
    steps: Vec<Step>,
}

struct Step {
    amount: u64,
    /// How much work that is: the amount, or one where only one of them is looked for.
    units: u64,
    took: Duration,
    count: u64,
    peak_memory: Option<u64>,
}

impl Growth {
    /// What one unit costs more of the most than of the second most.
    fn grows_faster_than_its_work(&self) -> Vec<String> {
        let [.., before, last] = &self.steps[..] else { return Vec::new() };
        let costs = [
            ("time", before.took.as_secs_f64(), last.took.as_secs_f64()),
            (self.counted, before.count as f64, last.count as f64),
            ("memory", bytes(before), bytes(last)),
        ];
        let grew = costs
            .into_iter()
            .filter(|(_, cost_before, cost)| cost / last.units as f64 > TOLERANCE * cost_before / before.units as f64);
        grew.map(|(cost, ..)| {
            format!("{}: {cost} grows faster than the work from {} to {}", self.what, before.amount, last.amount)
        })
        .collect()
    }
}

fn bytes(step: &Step) -> f64 {
    step.peak_memory.unwrap_or_default() as f64
}

fn growth_table(all: &[Growth]) -> String {
    let head = ["what", "how many", "time", "time for each", "requests or reads", "peak memory"];
    let mut rows = Vec::new();
    for growth in all {
        for (number, step) in growth.steps.iter().enumerate() {
            rows.push(vec![
                if number == 0 { growth.what.to_owned() } else { String::new() },
                thousands(step.amount),
                time(step.took),
                per_unit(step.took, step.units),
                format!("{} {}", thousands(step.count), growth.counted),
                memory(step.peak_memory),
            ]);
        }
    }
    table(&head, 1, &rows)
}

fn per_unit(took: Duration, units: u64) -> String {
    let micros = took.as_secs_f64() * 1e6 / units.max(1) as f64;
    if micros < 1_000.0 { format!("{micros:.1} µs") } else { time(Duration::from_secs_f64(micros / 1e6)) }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    groups.join(",")
}

/// To list them all, and to open one of them and get its credentials.
fn accounts(clients: &Clients, world: &mut World, folder: &Path) -> Result<[Growth; 2], String> {
    let mut listed = Growth { what: "accounts of a device, listed", counted: "reads", steps: Vec::new() };
    let mut opened = Growth { what: "one of them, opened", counted: "reads", steps: Vec::new() };
    for amount in ACCOUNTS {
        say(&format!("{amount} accounts"));
        let device = world.device(clients, folder.join(format!("accounts-{amount}")), Distance::Near);
        let measured = world.converse(device.app(&["accounts", &amount.to_string()]), Duration::ZERO)?;
        let count = |name: &str| measured[name].as_u64().ok_or(format!("`{name}` is missing"));
        let steps = [("list_ms", "list_reads", amount, &mut listed), ("ms", "reads", 1, &mut opened)];
        for (took, reads, units, growth) in steps {
            let Sample { took, peak_memory } = sample(&measured, took)?;
            growth.steps.push(Step { amount, units, took, count: count(reads)?, peak_memory });
        }
    }
    Ok([listed, opened])
}

/// By the command line, whose memory is that of the listing.
fn objects(clients: &Clients, world: &mut World, folder: &Path) -> Result<Growth, String> {
    let device = world.device(clients, folder.join("objects"), Distance::Near);
    world.converse(device.app(&["sign-in"]), Duration::ZERO)?;
    let mut growth = Growth { what: "objects of a bucket, listed", counted: "requests", steps: Vec::new() };
    for amount in OBJECTS {
        say(&format!("{amount} objects"));
        let expected = usize::try_from(amount).map_err(|error| error.to_string())?;
        let mut samples = Vec::new();
        let mut count = 0;
        for _ in 0..ROUNDS {
            let _ = world.requests()?;
            let command = device.jetbridge(&["ls", "--quiet", "--bucket", &format!("scale-{amount}")]);
            samples.push(whole(command)?.lines(expected)?);
            count = world.requests()?("ListObjectsV2");
        }
        growth.steps.push(step(amount, &samples, count)?);
    }
    Ok(growth)
}

/// All want credentials when tokens and credentials are due.
fn callers(clients: &Clients, world: &mut World, folder: &Path) -> Result<Growth, String> {
    let mut growth = Growth { what: "callers at once, all due", counted: "requests", steps: Vec::new() };
    for amount in CALLERS {
        say(&format!("{amount} callers"));
        let mut devices = Vec::new();
        for round in 0..ROUNDS {
            let device = world.device(clients, folder.join(format!("callers-{amount}-{round}")), Distance::Near);
            world.converse(device.app(&["sign-in"]), Duration::ZERO)?;
            devices.push(device);
        }
        thread::sleep(DUE);
        let mut samples = Vec::new();
        let mut count = 0;
        for device in devices {
            let _ = world.requests()?;
            let measured = world.converse(device.app(&["callers", &amount.to_string()]), Duration::ZERO)?;
            samples.push(sample(&measured, "ms")?);
            let requests = world.requests()?;
            count = requests("token") + requests("GetCredentialsForIdentity");
        }
        growth.steps.push(step(amount, &samples, count)?);
    }
    Ok(growth)
}

fn step(amount: u64, samples: &[Sample], count: u64) -> Result<Step, String> {
    let took = median(samples).ok_or("nothing was measured")?;
    Ok(Step { amount, units: amount, took, count, peak_memory: peak_memory(samples) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(steps: &[(u64, u64, u64, u64)]) -> Growth {
        let step = |(amount, micros, count, mebibytes): &(u64, u64, u64, u64)| Step {
            amount: *amount,
            units: *amount,
            took: Duration::from_micros(*micros),
            count: *count,
            peak_memory: Some(mebibytes * 1024 * 1024),
        };
        Growth { what: "things", counted: "requests", steps: steps.iter().map(step).collect() }
    }

    #[test]
    fn what_grows_with_its_work_or_slower_is_well() {
        let linear = growth(&[(1, 900, 1, 8), (10, 1_000, 1, 8), (100, 10_000, 10, 9)]);
        assert_eq!(linear.grows_faster_than_its_work(), Vec::<String>::new());
        let noisy = growth(&[(10, 1_000, 1, 8), (100, 19_000, 10, 8)]);
        assert_eq!(noisy.grows_faster_than_its_work(), Vec::<String>::new());
    }

    #[test]
    fn what_grows_with_the_square_is_named() {
        let broken = |steps: &[(u64, u64, u64, u64)]| growth(steps).grows_faster_than_its_work();
        let time = broken(&[(1, 900, 1, 8), (10, 1_000, 1, 8), (100, 100_000, 10, 8)]);
        assert_eq!(time, ["things: time grows faster than the work from 10 to 100"]);
        let requests = broken(&[(10, 1_000, 1, 8), (100, 1_000, 100, 8)]);
        assert_eq!(requests, ["things: requests grows faster than the work from 10 to 100"]);
        let memory = broken(&[(10, 1_000, 1, 8), (100, 1_000, 1, 800)]);
        assert_eq!(memory, ["things: memory grows faster than the work from 10 to 100"]);
    }

    #[test]
    fn one_of_many_may_not_cost_more_because_there_are_more() {
        let mut growth = growth(&[(10, 1_000, 2, 8), (100, 1_000, 20, 8)]);
        growth.steps.iter_mut().for_each(|step| step.units = 1);
        assert_eq!(growth.grows_faster_than_its_work().len(), 1);
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!([1, 999, 1_000, 1_000_000].map(thousands), ["1", "999", "1,000", "1,000,000"]);
        assert_eq!(per_unit(Duration::from_millis(5), 1_000), "5.0 µs");
        assert_eq!(per_unit(Duration::from_millis(50), 2), "25 ms");
    }
}
