//! The session's place in the secure store: read, change and write under one lock, off the async threads, and a copy in
//! memory that is never ahead of the store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::persisted::Persisted;
use crate::error::SessionError;
use crate::storage::{SecretStore, StoreLock};

/// One blob of one store.
#[derive(Clone)]
pub(crate) struct Vault {
    store: Arc<dyn SecretStore>,
    name: Arc<str>,
    // `None` until the store was read; a store that cannot be read leaves it so.
    copy: Arc<Mutex<Option<Persisted>>>,
    // Two tasks of one process take turns here instead of polling each other's file lock.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The vault, locked against other tasks and other processes, with what it holds at this moment.
pub(crate) struct OpenVault {
    vault: Vault,
    pub content: Persisted,
    _lock: Box<dyn StoreLock>,
    _turn: tokio::sync::OwnedMutexGuard<()>,
}

impl Vault {
    pub(crate) fn new(store: Arc<dyn SecretStore>, name: &str) -> Self {
        Self { store, name: name.into(), copy: Arc::default(), turn: Arc::default() }
    }

    /// Reads the store, changing nothing.
    pub(crate) async fn load(&self) -> Result<Persisted, SessionError> {
        let vault = self.clone();
        blocking(move || {
            let content = vault.read()?;
            *vault.lock_copy() = Some(content.clone());
            Ok(content)
        })
        .await
    }

    /// What the store held when this process last looked.
    pub(crate) fn copy(&self) -> Option<Persisted> {
        self.lock_copy().clone()
    }

    /// Looks at the copy without cloning it.
    pub(crate) fn peek<R>(&self, look: impl FnOnce(&Persisted) -> R) -> Option<R> {
        self.lock_copy().as_ref().map(look)
    }

    /// Takes the lock and reads the store again: another process may have changed it.
    pub(crate) async fn open(&self) -> Result<OpenVault, SessionError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let vault = self.clone();
        blocking(move || {
            let lock = vault.store.lock(&vault.name)?;
            let content = vault.read()?;
            *vault.lock_copy() = Some(content.clone());
            Ok(OpenVault { vault, content, _lock: lock, _turn: turn })
        })
        .await
    }

    /// One change, under the lock.
    pub(crate) async fn update<R>(&self, change: impl FnOnce(&mut Persisted) -> R) -> Result<R, SessionError> {
        let mut open = self.open().await?;
        let result = change(&mut open.content);
        open.save().await?;
        Ok(result)
    }

    /// Erases the blob, even one that cannot be read.
    pub(crate) async fn erase(&self) -> Result<(), SessionError> {
        let _turn = Arc::clone(&self.turn).lock_owned().await;
        let vault = self.clone();
        blocking(move || {
            *vault.lock_copy() = Some(Persisted::default());
            let _lock = vault.store.lock(&vault.name)?;
            vault.store.delete(&vault.name)?;
            Ok(())
        })
        .await
    }

    fn read(&self) -> Result<Persisted, SessionError> {
        match self.store.load(&self.name)? {
            Some(bytes) => Persisted::from_bytes(&bytes),
            None => Ok(Persisted::default()),
        }
    }

    fn write(&self, content: &Persisted) -> Result<(), SessionError> {
        if content.is_empty() {
            self.store.delete(&self.name)?;
        } else {
            self.store.save(&self.name, &content.to_bytes()?)?;
        }
        *self.lock_copy() = Some(content.clone());
        Ok(())
    }

    fn lock_copy(&self) -> MutexGuard<'_, Option<Persisted>> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenVault {
    /// Writes `content`. The lock is held until this value is dropped.
    pub(crate) async fn save(&mut self) -> Result<(), SessionError> {
        let (vault, content) = (self.vault.clone(), self.content.clone());
        blocking(move || vault.write(&content)).await
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Stores block: keyrings ask daemons, files are synced to disk.
async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, SessionError> + Send + 'static,
) -> Result<R, SessionError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(SessionError::internal("the secure store's adapter panicked")))
}
