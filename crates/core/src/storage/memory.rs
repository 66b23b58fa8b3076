//! A store that forgets everything when the process ends: for tests, and for sessions that should leave no trace.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use super::lock::DEFAULT_LOCK_LIMIT;
use super::{SecretStore, StorageError, StorageErrorKind, StoreLock, check_name, check_value};
use crate::mutex::lock;

/// Keeps values in memory. Clones share them, as two processes share a file.
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
    lock_limit: Duration,
}

#[derive(Default)]
struct Shared {
    values: Mutex<HashMap<String, Zeroizing<Vec<u8>>>>,
    locked: Mutex<HashSet<String>>,
    unlocked: Condvar,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self { shared: Arc::default(), lock_limit: DEFAULT_LOCK_LIMIT }
    }

    /// The same store, with another limit on waiting for a lock.
    #[must_use]
    pub fn with_lock_limit(self, lock_limit: Duration) -> Self {
        Self { lock_limit, ..self }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("values", &lock(&self.shared.values).len()).finish()
    }
}

impl SecretStore for MemoryStore {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        check_name(name)?;
        Ok(lock(&self.shared.values).get(name).cloned())
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
        check_name(name)?;
        check_value(value)?;
        lock(&self.shared.values).insert(name.to_owned(), Zeroizing::new(value.to_vec()));
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), StorageError> {
        check_name(name)?;
        lock(&self.shared.values).remove(name);
        Ok(())
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        Ok(lock(&self.shared.values).keys().cloned().collect())
    }

    fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, StorageError> {
        check_name(name)?;
        let (mut locked, _) = self
            .shared
            .unlocked
            .wait_timeout_while(lock(&self.shared.locked), self.lock_limit, |locked| locked.contains(name))
            .unwrap_or_else(PoisonError::into_inner);
        if !locked.insert(name.to_owned()) {
            return Err(StorageError::new(
                StorageErrorKind::Busy,
                "failed to lock the session: another part of this program is using it",
            ));
        }
        Ok(Box::new(MemoryLock { shared: Arc::clone(&self.shared), name: name.to_owned() }))
    }
}

struct MemoryLock {
    shared: Arc<Shared>,
    name: String,
}

impl StoreLock for MemoryLock {}

impl fmt::Debug for MemoryLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLock").field("name", &self.name).finish()
    }
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        lock(&self.shared.locked).remove(&self.name);
        self.shared.unlocked.notify_all();
    }
}
