//! What the operating system must have left before anything is begun. A command that runs out of threads or descriptors on
//! its way may hold a code or a refresh token by then, and its libraries panic or wait for ever.

use crate::exit::Failure;

/// The runtime's two workers, and those that look up names, ask the keyring, wait for a lock and read stdin.
const THREADS: usize = 8;
/// Beside the three that every process has: those of the runtime, a lock, the store, the keyring's bus, connections.
#[cfg(unix)]
const DESCRIPTORS: usize = 24;

/// Takes all of it at once, and gives it back.
pub(crate) fn check() -> Result<(), Failure> {
    #[cfg(unix)]
    check_descriptors()?;
    check_threads()
}

fn check_threads() -> Result<(), Failure> {
    let gate = std::sync::RwLock::new(());
    std::thread::scope(|scope| {
        // Each waits until all are there.
        let closed = gate.write();
        let wait = || drop(gate.read());
        let all = (0..THREADS).try_for_each(|_| std::thread::Builder::new().spawn_scoped(scope, wait).map(drop));
        drop(closed);
        all
    })
    .map_err(|error| {
        Failure::internal(format!("no thread could be started: {error}"))
            .hint("Raise the limit on processes (ulimit -u, or that of the container) or on memory (ulimit -v).")
    })
}

#[cfg(unix)]
fn check_descriptors() -> Result<(), Failure> {
    use std::os::fd::AsFd as _;

    // The standard library opens those of the first three that are closed.
    let stderr = std::io::stderr();
    let all: Result<Vec<_>, _> = (0..DESCRIPTORS).map(|_| stderr.as_fd().try_clone_to_owned()).collect();
    match all {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(Failure::internal(format!("the limit on open files is too low: {error}"))
                .hint("Raise it: ulimit -n 256"))
        }
    }
}
