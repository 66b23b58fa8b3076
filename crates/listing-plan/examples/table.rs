//! How much faster a parallel listing is, and what it costs, in simulated time.

#![allow(clippy::disallowed_macros)]

#[path = "../tests/bucket/mod.rs"]
mod bucket;

use bucket::{Bucket, run, shapes};

fn main() {
    let only = std::env::args().nth(1);
    let size = std::env::args().nth(2).and_then(|size| size.parse().ok()).unwrap_or(100_000);
    println!("| keys | N | sequential | parallel (8) | ratio | x at 2 | 4 | 8 | 16 | held (8) |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (name, keys) in shapes::ALL {
        if only.as_ref().is_some_and(|only| !name.starts_with(only.as_str())) {
            continue;
        }
        row(name, &Bucket::new(keys(size)));
    }
    if only.is_none() {
        for n in [0, 1, 999, 1000, 1001, 2500, 10_000] {
            row("UUIDs", &Bucket::new(shapes::uuids(n)));
        }
        for (name, keys) in &shapes::ALL[..4] {
            row(name, &Bucket::new(keys(1_000_000)));
        }
        for n in [1001, 2500, 10_000] {
            row("deep, padded", &Bucket::new(shapes::deep(n)));
        }
    }
}

fn row(name: &str, bucket: &Bucket) {
    let n = bucket.keys.len();
    let sequential = n.div_ceil(1000).max(1) as u64;
    let runs = [2, 4, 8, 16].map(|parallel| run(bucket, parallel));
    assert!(runs.iter().all(|run| run.listed == n));
    let [two, four, eight, sixteen] = runs.map(|run| (sequential * 110) as f64 / run.milliseconds as f64);
    let (requests, held) = (runs[2].requests, runs[2].held);
    let ratio = requests as f64 / sequential as f64;
    println!(
        "| {name} | {n} | {sequential} | {requests} | {ratio:.2} | {two:.1} | {four:.1} | {eight:.1} | {sixteen:.1} | \
         {held} |"
    );
}
