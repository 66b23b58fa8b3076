//! How this library locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A thread that panicked while it held the mutex cannot have left half a change behind: what mutexes hold here is changed
/// in single steps.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
