//! What the operating system must have left before anything is begun. A command that runs out of threads or descriptors on
//! its way may hold a code or a refresh token by then, and its libraries panic or wait for ever.

use std::io;
use std::sync::{Arc, RwLock, mpsc};
use std::thread;
use std::time::Duration;

use crate::exit::Failure;

/// The runtime's two workers, and those that look up names, ask the keyring, wait for a lock and read stdin.
const THREADS: usize = 8;
/// For a thread to begin, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(20);
/// Beside the three that every process has: those of the runtime, a lock, the store, the keyring's bus, connections.
#[cfg(unix)]
const DESCRIPTORS: usize = 24;

/// Takes all of it at once, and gives it back.
pub(crate) fn check() -> Result<(), Failure> {
    #[cfg(unix)]
    check_descriptors()?;
    check_threads()
}

/// A thread that was started is counted when it says so: one without memory for its own beginnings never runs, and who joins
/// it may wait for ever.
fn check_threads() -> Result<(), Failure> {
    let (tell, told) = mpsc::channel();
    let gate = Arc::new(RwLock::new(()));
    // Each waits until all are there.
    let closed = gate.write();
    let start = |tell: mpsc::Sender<()>, gate: Arc<RwLock<()>>| {
        thread::Builder::new().spawn(move || {
            let _ = tell.send(());
            drop(gate.read());
        })
    };
    let begun = (0..THREADS).try_for_each(|_| start(tell.clone(), Arc::clone(&gate)).map(drop)).and_then(|()| {
        (0..THREADS)
            .try_for_each(|_| told.recv_timeout(PATIENCE).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory)))
    });
    drop(closed);
    begun.map_err(|error: io::Error| {
        Failure::internal(format!("no thread could be started: {error}")).hint(if cfg!(windows) {
            "End other programs, or raise the limits of the job or container that this one runs in."
        } else {
            "Raise the limit on processes (ulimit -u, or that of the container) or on memory (ulimit -v)."
        })
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
