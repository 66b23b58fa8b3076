//! The session's place in the secure store. Every change is read, made and written under one lock, in one go, on a thread
//! that may block and that nobody can cancel half-way; a copy in memory is never ahead of the store.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::OwnedMutexGuard;
use zeroize::Zeroizing;

use super::persisted::{Owner, Persisted, SignedIn, Tokens};
use crate::cognito::identity::Identity;
use crate::error::SessionError;
use crate::mutex::lock;
use crate::storage::{SecretStore, StorageErrorKind, StoreLock};

/// A store that fails for as many renewals in a row, and takes one of them unnoticed, is hardly to be found.
const MOST_REPLACED: usize = 16;

/// One blob of one store.
#[derive(Clone)]
pub(crate) struct Vault {
    store: Arc<dyn SecretStore>,
    name: Arc<str>,
    owner: Arc<Owner>,
    stores_credentials: bool,
    copy: Arc<Mutex<Copy>>,
    // Tasks of one process take turns here instead of polling each other's file locks.
    writing: Arc<tokio::sync::Mutex<()>>,
    signing_in: Arc<tokio::sync::Mutex<()>>,
    renewing: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Copy {
    /// Counts the writes of this process, so that a slow reader does not put an old state over a newer one.
    generation: u64,
    /// Counts the looks at the store, and says which of them `content` is from.
    looks: u64,
    newest_look: u64,
    /// `None` until the store was read; a store that cannot be read leaves it so.
    content: Option<Persisted>,
    /// What the store should hold but would not take. Part of whatever is read until a write succeeds.
    unsaved: Option<Unsaved>,
}

/// Tokens that a server has handed out and that no write has brought to safety yet.
#[derive(Clone)]
struct Unsaved {
    /// What they replace, one after the other: a write that failed may have reached the store all the same. If that holds
    /// something else by now, somebody else was later, and these are void.
    replaces: Vec<Tokens>,
    signed_in: SignedIn,
    identity: Option<Identity>,
}

impl Unsaved {
    fn apply_to(&self, content: &mut Persisted) {
        let replaces = |stored: &SignedIn| self.replaces.iter().any(|replaced| stored.tokens.are(replaced));
        if content.signed_in.as_ref().is_some_and(replaces) {
            content.signed_in = Some(self.signed_in.clone());
            content.identity = self.identity.clone().or(content.identity.take());
        }
    }
}

/// Work that talks to a server and that only one process may do at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Errand {
    /// A code is exchanged once.
    SignIn,
    /// A refresh token is spent once.
    Renewal,
}

/// The right to run an errand. It locks nobody out of the vault: a sign-out does not wait for a server.
#[derive(Debug)]
pub(crate) struct Exclusive {
    _lock: Box<dyn StoreLock>,
    _turn: OwnedMutexGuard<()>,
}

impl Vault {
    /// Without `stores_credentials`, AWS credentials stay in memory.
    pub(crate) fn new(store: Arc<dyn SecretStore>, name: &str, owner: Owner, stores_credentials: bool) -> Self {
        Self {
            store,
            name: name.into(),
            owner: Arc::new(owner),
            stores_credentials,
            copy: Arc::default(),
            writing: Arc::default(),
            signing_in: Arc::default(),
            renewing: Arc::default(),
        }
    }

    /// Reads the store, changing nothing and waiting for nobody.
    pub(crate) async fn load(&self) -> Result<Persisted, SessionError> {
        let vault = self.clone();
        blocking(move || {
            let (generation, look) = {
                let mut copy = vault.lock_copy();
                copy.looks += 1;
                (copy.generation, copy.looks)
            };
            let content = vault.read()?;
            let mut copy = vault.lock_copy();
            if copy.generation == generation && copy.newest_look < look {
                copy.newest_look = look;
                copy.content = Some(content);
            }
            // Otherwise this process has written meanwhile, or looked again: that is newer than what was read here.
            Ok(copy.content.clone().unwrap_or_default())
        })
        .await
    }

    /// Looks at what the store held when this process last looked; `None` if it never could.
    pub(crate) fn peek<R>(&self, look: impl FnOnce(&Persisted) -> R) -> Option<R> {
        self.lock_copy().content.as_ref().map(look)
    }

    /// Makes one change to what the store holds now.
    pub(crate) async fn update<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Persisted) -> R + Send + 'static,
    ) -> Result<R, SessionError> {
        let turn = Arc::clone(&self.writing).lock_owned().await;
        let vault = self.clone();
        blocking(move || {
            let _turn = turn;
            let _lock = vault.store.lock(&vault.name)?;
            let seen = vault.lock_copy().generation;
            let stored = vault.store.load(&vault.name)?;
            let mut content = vault.understand(stored.as_ref().map(|bytes| bytes.as_slice()))?;
            let result = change(&mut content);
            let bytes = vault.to_bytes(&content)?;
            if content.is_empty() {
                vault.store.delete(&vault.name)?;
            } else if stored.is_none_or(|stored| *stored != *bytes) {
                vault.store.save(&vault.name, &bytes)?;
            }
            vault.set_copy(content, seen);
            Ok(result)
        })
        .await
    }

    /// Keeps in memory what the store would not take, in place of `replaces`. Every later reading has it, and the next
    /// write that succeeds brings it to safety. `false` if a sign-out or another sign-in came between: that wins.
    #[must_use]
    pub(crate) fn keep_unsaved(&self, replaces: &Tokens, signed_in: SignedIn, identity: Option<Identity>) -> bool {
        let mut copy = self.lock_copy();
        let is_current = |signed_in: &SignedIn| signed_in.tokens.belong_to(&replaces.nonce);
        if !copy.content.as_ref().and_then(|content| content.signed_in.as_ref()).is_some_and(is_current) {
            return false;
        }
        let mut replaced = copy.unsaved.take().map(|earlier| earlier.replaces).unwrap_or_default();
        replaced.push(replaces.clone());
        // The store holds one of the last few writes, or the one before the first of them.
        if replaced.len() > MOST_REPLACED {
            replaced.remove(1);
        }
        let unsaved = Unsaved { replaces: replaced, signed_in: signed_in.clone(), identity: identity.clone() };
        copy.generation += 1;
        if let Some(content) = &mut copy.content {
            content.signed_in = Some(signed_in);
            content.identity = identity.or(content.identity.take());
        }
        copy.unsaved = Some(unsaved);
        true
    }

    /// Whether something waits for a write that succeeds.
    pub(crate) fn has_unsaved(&self) -> bool {
        self.lock_copy().unsaved.is_some()
    }

    /// Erases the blob, even one that cannot be read, and gives back what was in it as far as it is known.
    pub(crate) async fn erase(&self) -> Result<Persisted, SessionError> {
        let turn = Arc::clone(&self.writing).lock_owned().await;
        let vault = self.clone();
        blocking(move || {
            let _turn = turn;
            let _lock = match vault.store.lock(&vault.name) {
                // Whoever holds it may be saving. Another reason must not keep a user from signing out.
                Err(error) if error.kind == StorageErrorKind::Busy => return Err(error.into()),
                lock => lock.ok(),
            };
            let content = vault.read().ok().or_else(|| vault.lock_copy().content.clone()).unwrap_or_default();
            vault.store.delete(&vault.name)?;
            vault.forget();
            Ok(content)
        })
        .await
    }

    /// Waits until no other task or process is on the same errand. Look at the store again afterwards: the other one may
    /// have done it.
    pub(crate) async fn begin(&self, errand: Errand) -> Result<Exclusive, SessionError> {
        let (turns, suffix) = match errand {
            Errand::SignIn => (&self.signing_in, "sign-in"),
            Errand::Renewal => (&self.renewing, "renewal"),
        };
        let turn = Arc::clone(turns).lock_owned().await;
        let (store, name) = (Arc::clone(&self.store), format!("{}.{suffix}", self.name));
        blocking(move || Ok(Exclusive { _lock: store.lock(&name)?, _turn: turn })).await
    }

    fn read(&self) -> Result<Persisted, SessionError> {
        self.understand(self.store.load(&self.name)?.as_ref().map(|bytes| bytes.as_slice()))
    }

    /// What is stored, with what only this process has.
    fn understand(&self, stored: Option<&[u8]>) -> Result<Persisted, SessionError> {
        let mut content = match stored {
            Some(bytes) => Persisted::from_bytes(bytes, &self.owner)?,
            None => Persisted::default(),
        };
        let copy = self.lock_copy();
        if let Some(unsaved) = &copy.unsaved {
            unsaved.apply_to(&mut content);
        }
        if !self.stores_credentials
            && let Some(signed_in) = &mut content.signed_in
        {
            let known = copy.content.as_ref().and_then(|content| content.signed_in.as_ref());
            let same_sign_in = known.filter(|known| known.tokens.belong_to(&signed_in.tokens.nonce));
            signed_in.credentials = same_sign_in.and_then(|known| known.credentials.clone());
        }
        Ok(content)
    }

    fn to_bytes(&self, content: &Persisted) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        if self.stores_credentials {
            return content.to_bytes(&self.owner);
        }
        let mut content = content.clone();
        if let Some(signed_in) = &mut content.signed_in {
            signed_in.credentials = None;
        }
        content.to_bytes(&self.owner)
    }

    /// What was just written, by one who had `seen` a generation: nothing waits any more, but for what began to wait since.
    fn set_copy(&self, mut content: Persisted, seen: u64) {
        let mut copy = self.lock_copy();
        if copy.generation == seen {
            copy.unsaved = None;
        }
        if let Some(unsaved) = &copy.unsaved {
            unsaved.apply_to(&mut content);
        }
        copy.generation += 1;
        copy.content = Some(content);
    }

    /// What was just erased: nothing waits any more.
    fn forget(&self) {
        let mut copy = self.lock_copy();
        copy.generation += 1;
        copy.content = Some(Persisted::default());
        copy.unsaved = None;
    }

    fn lock_copy(&self) -> MutexGuard<'_, Copy> {
        lock(&self.copy)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Stores block: keyrings ask daemons, files are synced to disk. What has begun is finished, also when the caller goes.
pub(super) async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, SessionError> + Send + 'static,
) -> Result<R, SessionError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(SessionError::internal("the secure store's adapter panicked")))
}

#[cfg(test)]
mod tests {
    use super::super::persisted::tests::{SCHEMA_1, owner};
    use super::*;
    use crate::cognito::AwsCredentials;
    use crate::storage::MemoryStore;

    fn vault(store: &MemoryStore, stores_credentials: bool) -> Vault {
        Vault::new(Arc::new(store.clone()), "name", owner(), stores_credentials)
    }

    fn store_with_session() -> MemoryStore {
        let store = MemoryStore::new();
        store.save("name", SCHEMA_1.as_bytes()).unwrap();
        store
    }

    #[tokio::test]
    async fn what_could_not_be_saved_does_not_come_back_after_a_sign_out() {
        let vault = vault(&store_with_session(), true);
        let signed_in = vault.load().await.unwrap().signed_in.unwrap();
        assert!(vault.keep_unsaved(&signed_in.tokens, signed_in.clone(), None));
        assert!(vault.has_unsaved());
        vault.erase().await.unwrap();
        assert!(!vault.keep_unsaved(&signed_in.tokens, signed_in.clone(), None));
        assert!(!vault.has_unsaved());
        assert_eq!(vault.peek(|content| content.is_empty()), Some(true));
    }

    #[tokio::test]
    async fn a_change_brings_an_older_version_s_blob_up_to_date_and_no_change_writes_nothing_more() {
        let store = store_with_session();
        let vault = vault(&store, true);
        vault.load().await.unwrap();
        assert_eq!(*store.load("name").unwrap().unwrap(), *SCHEMA_1.as_bytes(), "reading changes nothing");
        vault.update(|content| content.clock_offset_seconds = 7).await.unwrap();
        let written = store.load("name").unwrap().unwrap();
        assert!(String::from_utf8_lossy(&written).starts_with("{\"schema\":2"));
        vault.update(|_| ()).await.unwrap();
        assert_eq!(store.load("name").unwrap().unwrap(), written);
    }

    #[tokio::test]
    async fn credentials_that_are_not_to_be_stored_stay_in_the_memory_of_their_process_and_sign_in() {
        let store = store_with_session();
        let vault = vault(&store, false);
        let loaded = vault.load().await.unwrap().signed_in.unwrap();
        assert!(loaded.credentials.is_none(), "another version's stored ones are not taken");
        vault
            .update(|content| content.signed_in.as_mut().unwrap().credentials = Some(AwsCredentials::for_fuzzing()))
            .await
            .unwrap();
        assert!(!String::from_utf8_lossy(&store.load("name").unwrap().unwrap()).contains("ASIA"));
        for content in [vault.load().await.unwrap(), vault.update(|content| content.clone()).await.unwrap()] {
            assert_eq!(content.signed_in.unwrap().credentials.unwrap().access_key_id(), "ASIAFUZZING000000000");
        }
        assert!(self::vault(&store, false).load().await.unwrap().signed_in.unwrap().credentials.is_none());

        // Another process signs somebody else in: a new sign-in has another nonce.
        let other = self::vault(&store, false);
        other.update(|content| content.signed_in.as_mut().unwrap().tokens.nonce = "other".into()).await.unwrap();
        assert!(vault.load().await.unwrap().signed_in.unwrap().credentials.is_none());
    }

    /// Task 1's save has failed and is about to be remembered; task 2 has read the store before that and writes after it.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_could_not_be_saved_survives_another_write_that_did_not_see_it() {
        let store = store_with_session();
        let vault = vault(&store, true);
        let before = vault.load().await.unwrap().signed_in.unwrap();
        let mut rotated = before.clone();
        rotated.tokens.refresh_token = Some("rotated".into());
        let (other, kept) = (vault.clone(), rotated.clone());
        vault
            .update(move |content| {
                assert!(other.keep_unsaved(&before.tokens, kept, None));
                content.clock_offset_seconds = 7;
            })
            .await
            .unwrap();
        assert!(vault.has_unsaved());
        let in_memory = vault.peek(|content| content.signed_in.clone()).flatten().unwrap();
        assert!(in_memory.tokens.are(&rotated.tokens));
        vault.update(|_| ()).await.unwrap();
        assert!(!vault.has_unsaved());
        let stored = self::vault(&store, true).load().await.unwrap();
        assert!(stored.signed_in.unwrap().tokens.are(&rotated.tokens));
        assert_eq!(stored.clock_offset_seconds, 7);
    }
}
