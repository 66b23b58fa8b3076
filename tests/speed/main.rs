//! What an app waits for, measured in a process of its own, as one run of a real app: `cargo xtask bench` starts it beside
//! other clients that do the same work, and against `speed stack`, which is the servers and the person at the browser.
//!
//! Each piece of work prints one line of JSON with what it took. A sign-in prints the address to open before and waits for the
//! redirect on stdin: the browser's time is nobody's.

mod app;
mod stack;

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["stack", folder, ref options @ ..] => stack::run(folder.as_ref(), options).await,
        [scenario] => app::run(scenario, 1).await,
        [scenario, number] => app::run(scenario, number.parse()?).await,
        _ => Err("speed stack FOLDER [--tls] [--lives SECONDS], or speed SCENARIO [NUMBER]".into()),
    }
}

/// One line; whoever reads it waits for it.
fn tell(event: &Value) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{event}")?;
    Ok(out.flush()?)
}

/// The next line that somebody wrote to this process; none at the end.
async fn next_line() -> Result<Option<String>, Failure> {
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lines().next().transpose()).await??;
    Ok(line)
}

#[expect(clippy::disallowed_methods, reason = "this is what is measured; nothing is decided by it")]
async fn timed<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<(T, Duration), Failure> {
    let started = Instant::now();
    let result = work.await?;
    Ok((result, started.elapsed()))
}

/// The most memory that this process has had, where the system tells it.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}
