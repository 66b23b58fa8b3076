//! No copy of this process's memory is left behind when it crashes: tokens and keys are in it.
//!
//! The limit is enough for files (setrlimit(2) RLIMIT_CORE), not for a program that the kernel pipes dumps to (core(5)), so
//! Linux is told by PR_SET_DUMPABLE as well (prctl(2)). That also keeps other programs of the user from reading this
//! memory. A debugger that starts this program is not kept out; to attach to it later takes root. `exec` resets the mark,
//! and the limit is put back for the programs that are started from here: a browser may leave dumps as its user likes.

#[cfg(unix)]
use std::sync::OnceLock;

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit that this process was started with.
#[cfg(unix)]
static INHERITED: OnceLock<Rlimit> = OnceLock::new();

/// Forbids them, from now on. What the system refuses is no reason to refuse the user.
pub(crate) fn forbid() {
    #[cfg(unix)]
    set_limit(Rlimit { current: Some(0), ..*INHERITED.get_or_init(|| getrlimit(Resource::Core)) });
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::debug!(%error, "this process may be dumped");
    }
}

/// Starts another program by `start`, with the limit that it would have had without this one.
pub(crate) fn start_program<T>(start: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    if let Some(inherited) = INHERITED.get() {
        set_limit(*inherited);
    }
    let started = start();
    #[cfg(unix)]
    if INHERITED.get().is_some() {
        forbid();
    }
    started
}

#[cfg(unix)]
fn set_limit(limit: Rlimit) {
    if let Err(error) = setrlimit(Resource::Core, limit) {
        tracing::debug!(%error, "the limit of core dumps stays as it is");
    }
}
