//! Thousands of random stories of one device: sign-ins, renewals, sign-outs, time, clocks that jump, broken and silent
//! networks, a store that fails, a disk that fills up, another program beside, and processes that are killed or told to end,
//! one or two at once. After every step, what must never happen has not happened; `world/tokens.rs` says what cannot be
//! survived.
//!
//! `JETBRIDGE_SCHEDULES` asks for more of them, `JETBRIDGE_SEED` for given ones: the n-th schedule has the seed's n-th
//! successor. A schedule that fails is made as short as possible and printed step by step.

mod device;
mod plan;
mod process;
mod stored;
mod world;

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::UNIX_EPOCH;

use futures_util::future::join_all;
use jetbridge::{Clock as _, SystemClock};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use plan::{ROTATIONS, Schedule, schedule};
use world::{Site, World};

/// A new 2,500 in each run of the suite.
const SCHEDULES: u64 = 2500;
/// Schedules spend their time waiting for each other's threads: more than one for each core keep the machine busy.
const WORKERS: usize = 6;

#[test]
fn random_schedules_never_lose_a_session_nor_bring_one_back() {
    let wanted = |name| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first_seed = wanted("JETBRIDGE_SEED").unwrap_or_else(draw_seed);
    let count = wanted("JETBRIDGE_SCHEDULES").unwrap_or(SCHEDULES);
    eprintln!("schedules {first_seed} to {}", first_seed.wrapping_add(count.saturating_sub(1)));
    let home = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (next, failure) = (AtomicU64::new(0), Mutex::new(None));
    thread::scope(|scope| {
        for _ in 0..WORKERS.min(count as usize) {
            scope.spawn(|| {
                let sites = home.block_on(join_all(ROTATIONS.map(Site::start)));
                while failure.lock().unwrap().is_none() {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= count {
                        break;
                    }
                    let seed = first_seed.wrapping_add(nth);
                    if let Err(problem) = try_schedule(&home, &sites, seed) {
                        failure.lock().unwrap().get_or_insert(problem);
                    }
                }
            });
        }
    });
    if let Some(problem) = failure.into_inner().unwrap() {
        panic!("{problem}");
    }
}

/// Draws the schedule of this seed, carries it out, and shortens it if it fails.
fn try_schedule(home: &Runtime, sites: &[Site], seed: u64) -> Result<(), String> {
    let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let outcome = runner.run(&schedule(), |schedule| run(home, sites, &schedule).map_err(TestCaseError::fail));
    let rerun = format!("JETBRIDGE_SEED={seed} JETBRIDGE_SCHEDULES=1 runs it again");
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(problem, shortest)) => Err(format!(
            "{problem}\n{rerun}; {:?}, clock wrong by {} s, neighbour: {}",
            shortest.rotation, shortest.clock_is_wrong_by, shortest.with_neighbour
        )),
        Err(TestError::Abort(problem)) => Err(format!("{problem}; {rerun}")),
    }
}

fn run(home: &Runtime, sites: &[Site], schedule: &Schedule) -> Result<(), String> {
    let site = sites.iter().find(|site| site.rotation == schedule.rotation).unwrap();
    let mut world = World::new(site);
    home.block_on(world.run(schedule)).map_err(|problem| format!("{problem}\n{}", world.story))
}

/// Another one for each run.
fn draw_seed() -> u64 {
    SystemClock.now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64
}
