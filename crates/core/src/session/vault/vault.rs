//! One blob of one store. Every change is read, made and written under one lock, in one go, on a thread that may block and
//! that nobody can cancel half-way; then it is published. What a server handed out and the store does not take stays in
//! memory until a write succeeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use secrecy::SecretString;
use tokio::sync::OwnedMutexGuard;
use zeroize::Zeroizing;

use super::known::Known;
use crate::clock::CorrectedClock;
use crate::cognito::AwsCredentials;
use crate::cognito::identity::Identity;
use crate::error::{SessionError, SignInReason};
use crate::observing::{Observer, Span, WorkKind};
use crate::session::published::{Board, Event, SessionEvent};
use crate::session::stored::{Attempt, EndedSession, Owner, SignedIn, Spends, StoredSession, Tokens};
use crate::session::tasks::{SingleUseTokens, Spending, block, detach};
use crate::storage::{SecretStore, StorageError, StorageErrorKind, StoreLock};

/// What another process of the app did to the store is noticed after so many seconds at the latest, whenever the session
/// is used: a sign-out there must not leave credentials in use here.
const LOOK_AGAIN_SECONDS: i64 = 60;

/// The place. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Vault {
    store: Arc<dyn SecretStore>,
    name: Arc<str>,
    owner: Arc<Owner>,
    stores_credentials: bool,
    clock: CorrectedClock,
    board: Arc<Board>,
    known: Arc<Known>,
    last_look: Arc<AtomicI64>,
    /// The clock's offset that this process last tried to save by itself.
    offered_offset: Arc<AtomicI64>,
    single_use: SingleUseTokens,
    // Tasks of one process take turns here instead of polling each other's file locks.
    writing: Arc<tokio::sync::Mutex<()>>,
    signing_in: Arc<tokio::sync::Mutex<()>>,
    renewing: Arc<tokio::sync::Mutex<()>>,
    observer: Observer,
}

/// Work that talks to a server and that only one process may do at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Errand {
    /// A code is exchanged once.
    SignIn,
    /// A refresh token is spent once.
    Renewal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    /// Nothing, if the store holds the very same.
    WhatIsNew,
    /// Also that: whether the store takes a write is the question. A second attempt within a second changes nothing.
    Always,
}

/// The right to run an errand. It locks nobody out of the vault: a sign-out does not wait for a server.
#[derive(Debug)]
pub(crate) struct Exclusive {
    _lock: Box<dyn StoreLock>,
    _turn: OwnedMutexGuard<()>,
}

/// A code or a refresh token that may be spent now. Until this is dropped, a process that is about to end waits; so drop it
/// when the answer is saved.
#[derive(Debug)]
pub(crate) struct WrittenAhead {
    spends: Spends,
    /// An earlier one whose answer was lost.
    before: Option<Attempt>,
    _spending: Spending,
}

impl Vault {
    /// Without `stores_credentials`, AWS credentials stay in memory.
    pub(crate) fn new(
        store: Arc<dyn SecretStore>,
        name: &str,
        owner: Owner,
        stores_credentials: bool,
        clock: CorrectedClock,
        board: Arc<Board>,
    ) -> Self {
        Self {
            store,
            name: name.into(),
            owner: Arc::new(owner),
            stores_credentials,
            known: Arc::new(Known::new(clock.clone())),
            clock,
            board,
            last_look: Arc::default(),
            offered_offset: Arc::new(AtomicI64::new(i64::MIN)),
            single_use: SingleUseTokens::new(),
            writing: Arc::default(),
            signing_in: Arc::default(),
            renewing: Arc::default(),
            observer: Observer::default(),
        }
    }

    /// The same place, whose waits somebody observes.
    pub(crate) fn observed_by(self, observer: Observer) -> Self {
        Self { observer, ..self }
    }

    /// Reads the store, waiting for nobody. The state follows, and so does the clock, until a service tells the time.
    pub(crate) async fn load(&self) -> Result<StoredSession, SessionError> {
        if self.known.has_unsaved() {
            // Every reading is an occasion to bring it to safety; if it fails again, it was reported before.
            let _ = self.update(|_| ()).await;
        }
        let vault = self.clone();
        let content = block(move || {
            let look = vault.known.begin_look();
            Ok(vault.known.end_look(&look, vault.read()?))
        })
        .await?;
        self.publish();
        Ok(content)
    }

    /// Tries whether the store would take a write, and changes nothing in it.
    pub(crate) async fn check_writable(&self) -> Result<(), SessionError> {
        let store = Arc::clone(&self.store);
        block(move || Ok(store.check_writable()?)).await
    }

    /// The signed-in session as the store has it now.
    pub(crate) async fn signed_in(&self) -> Result<SignedIn, SessionError> {
        self.load().await?.require_signed_in().cloned()
    }

    /// Looks at what the store held when this process last looked; `None` if it never could.
    pub(crate) fn peek<R>(&self, look: impl FnOnce(&StoredSession) -> R) -> Option<R> {
        self.known.peek(look)
    }

    /// Which sign-in this process knows, by its nonce: a renewal of another one is not this one's.
    pub(crate) fn sign_in(&self) -> Option<SecretString> {
        self.peek(|content| Some(content.signed_in.as_ref()?.tokens.nonce.clone())).flatten()
    }

    /// Reads the store again if the last look was long ago, also by a clock that was set back. What cannot be read changes
    /// nothing.
    pub(crate) async fn look_again(&self) {
        let (now, last) = (self.clock.unix_now(), self.last_look.load(Ordering::Relaxed));
        let is_long_ago = now.saturating_sub(last).saturating_abs() >= LOOK_AGAIN_SECONDS;
        // One caller looks, and no more often if that fails: a store may take long to say so.
        let is_mine = || self.last_look.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        let vault = self.clone();
        if is_long_ago
            && is_mine()
            && let Err(error) = detach(async move { vault.load().await }).await
        {
            tracing::debug!(%error, "the store could not be looked at again");
        }
    }

    /// Saves one change to what the store holds now. The state follows.
    pub(crate) async fn update<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut StoredSession) -> R + Send + 'static,
    ) -> Result<R, SessionError> {
        self.write(Write::WhatIsNew, change).await
    }

    /// Saves what a service has just told of the clock if the store has something else, so that the next process begins with
    /// it. Any other change would save it too; this is for answers that change nothing else. It is worth one try: a store
    /// that is in use elsewhere must not be waited for with each answer.
    pub(crate) async fn keep_clock_offset(&self) {
        let Some(learnt) = self.clock.learnt_offset() else { return };
        let differs = self.peek(|content| content.clock_offset_seconds != learnt).unwrap_or(false);
        if differs
            && self.offered_offset.swap(learnt, Ordering::Relaxed) != learnt
            && let Err(error) = self.update(|_| ()).await
        {
            tracing::debug!(%error, "the clock's correction is not kept");
        }
    }

    async fn write<R: Send + 'static>(
        &self,
        write: Write,
        change: impl FnOnce(&mut StoredSession) -> R + Send + 'static,
    ) -> Result<R, SessionError> {
        let learnt_offset = self.clock.learnt_offset();
        let waiting = self.observer.begin_work(WorkKind::StoreWait);
        let turn = Arc::clone(&self.writing).lock_owned().await;
        let vault = self.clone();
        let result = block(move || {
            let _turn = turn;
            let _lock = observe_end(waiting, || vault.store.lock(&vault.name))?;
            let seen = vault.known.generation();
            let stored = vault.store.load(&vault.name)?;
            let mut content = vault.understand(stored.as_ref().map(|bytes| bytes.as_slice()))?;
            content.clock_offset_seconds = learnt_offset.unwrap_or(content.clock_offset_seconds);
            let result = change(&mut content);
            let bytes = vault.to_bytes(&content)?;
            if content.is_empty() {
                vault.store.delete(&vault.name)?;
            } else if write == Write::Always || stored.is_none_or(|stored| *stored != *bytes) {
                vault.store.save(&vault.name, &bytes)?;
            }
            vault.known.written(content, seen);
            Ok(result)
        })
        .await?;
        self.publish();
        Ok(result)
    }

    /// Write-ahead: before a code or a refresh token is spent, the session is saved once more, with room for the answer. If
    /// that fails, nothing must be spent. `is_still_wanted` looks at what is stored by then.
    pub(crate) async fn prepare_to_spend(
        &self,
        spends: Spends,
        is_still_wanted: impl FnOnce(&StoredSession) -> Result<(), SessionError> + Send + 'static,
    ) -> Result<WrittenAhead, SessionError> {
        let spending = self.single_use.begin()?;
        let attempt = Attempt { spends, began_at: self.clock.unix_now() };
        let outcome = self
            .write(Write::Always, move |content| {
                is_still_wanted(content)?;
                Ok(content.begin_attempt(attempt))
            })
            .await;
        match outcome {
            Ok(wanted) => wanted.map(|before| WrittenAhead { spends, before, _spending: spending }),
            Err(SessionError::SecureStorage { kind, detail }) => {
                Err(SessionError::SecureStorage { kind, detail: format!("{detail}; nothing was sent to Okta") })
            }
            Err(error) => Err(error),
        }
    }

    /// The server has spent nothing: what is known of an earlier attempt counts again. If that cannot be saved, the token is
    /// sent once more than it had to be.
    pub(crate) async fn nothing_was_spent(&self, ahead: WrittenAhead) {
        let (spends, before) = (ahead.spends, ahead.before);
        let outcome = self
            .update(move |content| {
                content.end_attempt(spends);
                content.attempts.extend(before);
            })
            .await;
        if let Err(error) = outcome {
            tracing::debug!(%error, "an attempt that came to nothing is still in the store");
        }
    }

    /// Whether a refresh token was sent whose answer nobody saved, here or in another process, and that may still work:
    /// then now is the time to send it again, whatever else is still good.
    pub(crate) fn has_lost_an_answer(&self) -> bool {
        let now = self.clock.unix_now();
        let is_worth_repeating =
            |content: &StoredSession| content.attempts.iter().any(|attempt| attempt.is_worth_repeating(now));
        let is_underway = || self.single_use.are_underway();
        // Asked again afterwards: what has begun in between is not lost.
        !is_underway() && self.peek(is_worth_repeating).unwrap_or(false) && !is_underway()
    }

    /// Waits for codes and refresh tokens that are on their way.
    pub(crate) async fn settle(&self) {
        self.single_use.settle().await;
    }

    /// The same, and lets none be spent any more.
    pub(crate) async fn leave(&self) {
        self.single_use.close();
        self.single_use.settle().await;
    }

    /// Saves `tokens` in place of those of `before`, if that sign-in is still the stored one: a sign-out or another sign-in
    /// that came between wins. A store that does not take them now must not cost the session: then they are kept in memory
    /// until a write succeeds.
    pub(crate) async fn keep_tokens(&self, before: &SignedIn, after: SignedIn) -> Result<SignedIn, SessionError> {
        let (sign_in, tokens) = (before.tokens.nonce.clone(), after.tokens.clone());
        let outcome = self
            .update(move |content| {
                if let Some(current) = content.signed_in.as_mut().filter(|current| current.tokens.belong_to(&sign_in)) {
                    current.tokens = tokens;
                    let kept = current.clone();
                    content.end_attempt(Spends::RefreshToken);
                    return Ok(kept);
                }
                Err(content.came_too_late())
            })
            .await;
        match outcome {
            Ok(kept) => kept,
            Err(error) => self.keep_in_memory(&before.tokens, after, None, &error),
        }
    }

    /// The same for AWS credentials and the identity they are for.
    pub(crate) async fn keep_credentials(
        &self,
        signed_in: &SignedIn,
        credentials: AwsCredentials,
        identity: Identity,
    ) -> Result<(), SessionError> {
        let (sign_in, kept) = (signed_in.tokens.nonce.clone(), (credentials.clone(), identity.clone()));
        let outcome = self
            .update(move |content| {
                let current = content.signed_in.as_mut().filter(|current| current.tokens.belong_to(&sign_in));
                let Some(current) = current else { return Err(content.came_too_late()) };
                current.credentials = Some(kept.0);
                content.identity = Some(kept.1);
                Ok(())
            })
            .await;
        outcome.unwrap_or_else(|error| {
            let with_credentials = SignedIn { credentials: Some(credentials), ..signed_in.clone() };
            self.keep_in_memory(&signed_in.tokens, with_credentials, Some(identity), &error).map(|_| ())
        })
    }

    /// Okta no longer agrees. The name is kept for the sign-in screen. Gives the error for whoever asked.
    pub(crate) async fn end_session(&self, signed_in: &SignedIn, reason: SignInReason) -> SessionError {
        let (sign_in, ended) = (signed_in.tokens.nonce.clone(), reason.clone());
        let outcome = self
            .update(move |content| {
                if let Some(current) = content.signed_in.take_if(|current| current.tokens.belong_to(&sign_in)) {
                    content.ended = Some(EndedSession { user: current.user, reason: ended });
                    content.end_attempt(Spends::RefreshToken);
                }
            })
            .await;
        outcome.err().unwrap_or(SessionError::SignInRequired { reason })
    }

    /// Erases the blob, even one that cannot be read, and gives back what was in it as far as it is known. The state
    /// follows.
    pub(crate) async fn erase(&self) -> Result<StoredSession, SessionError> {
        let waiting = self.observer.begin_work(WorkKind::StoreWait);
        let turn = Arc::clone(&self.writing).lock_owned().await;
        let vault = self.clone();
        let erased = block(move || {
            let _turn = turn;
            let _lock = match observe_end(waiting, || vault.store.lock(&vault.name)) {
                // Whoever holds it may be saving. Another reason must not keep a user from signing out.
                Err(error) if error.kind == StorageErrorKind::Busy => return Err(error.into()),
                lock => lock.ok(),
            };
            let content = vault.read().ok().or_else(|| vault.peek(Clone::clone)).unwrap_or_default();
            vault.store.delete(&vault.name)?;
            vault.known.erased();
            Ok(content)
        })
        .await?;
        self.publish();
        Ok(erased)
    }

    /// Waits until no other task or process is on the same errand. Look at the store again afterwards: the other one may
    /// have done it.
    pub(crate) async fn begin(&self, errand: Errand) -> Result<Exclusive, SessionError> {
        let (turns, name) = self.place_of(errand);
        let waiting = self.observer.begin_work(WorkKind::TurnWait);
        let turn = Arc::clone(turns).lock_owned().await;
        let store = Arc::clone(&self.store);
        block(move || Ok(Exclusive { _lock: observe_end(waiting, || store.lock(&name))?, _turn: turn })).await
    }

    /// Whether [`begin`](Self::begin) would find another process that does not end its errand: for who is about to send a
    /// person on the way. This process's own tasks do end theirs, and what else is wrong with the store is for the errand.
    pub(crate) async fn check_free(&self, errand: Errand) -> Result<(), SessionError> {
        let (turns, name) = self.place_of(errand);
        let Ok(turn) = Arc::clone(turns).try_lock_owned() else { return Ok(()) };
        let store = Arc::clone(&self.store);
        block(move || {
            let _turn = turn;
            match store.lock(&name) {
                Err(error) if error.kind == StorageErrorKind::Busy => Err(error.into()),
                _ => Ok(()),
            }
        })
        .await
    }

    /// Where the tasks of this process take turns, and what processes lock.
    fn place_of(&self, errand: Errand) -> (&Arc<tokio::sync::Mutex<()>>, String) {
        let (turns, suffix) = match errand {
            Errand::SignIn => (&self.signing_in, "sign-in"),
            Errand::Renewal => (&self.renewing, "renewal"),
        };
        (turns, format!("{}.{suffix}", self.name))
    }

    fn keep_in_memory(
        &self,
        replaces: &Tokens,
        after: SignedIn,
        identity: Option<Identity>,
        error: &SessionError,
    ) -> Result<SignedIn, SessionError> {
        if !self.known.keep_unsaved(replaces, after.clone(), identity) {
            // The store failed after a sign-out or another sign-in, which win all the same.
            return Err(self.peek(StoredSession::came_too_late).unwrap_or_else(SessionError::signed_out));
        }
        tracing::warn!(%error, "the renewed session could not be saved yet");
        self.board.tell(SessionEvent::StorageProblem { detail: error.to_string() });
        Ok(after)
    }

    fn publish(&self) {
        self.last_look.store(self.clock.unix_now(), Ordering::Relaxed);
        self.board.publish(|| self.peek(Event::stored));
    }

    fn read(&self) -> Result<StoredSession, SessionError> {
        self.understand(self.store.load(&self.name)?.as_ref().map(|bytes| bytes.as_slice()))
    }

    fn understand(&self, stored: Option<&[u8]>) -> Result<StoredSession, SessionError> {
        let mut content = match stored {
            Some(bytes) => StoredSession::from_bytes(bytes, &self.owner)?,
            None => StoredSession::default(),
        };
        self.known.complete(&mut content, self.stores_credentials);
        Ok(content)
    }

    fn to_bytes(&self, content: &StoredSession) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        if self.stores_credentials {
            return content.to_bytes(&self.owner);
        }
        let mut content = content.clone();
        if let Some(signed_in) = &mut content.signed_in {
            signed_in.credentials = None;
        }
        content.to_bytes(&self.owner)
    }
}

/// Waits for a lock, which ends the wait that `waiting` observes.
fn observe_end(
    waiting: Option<Box<Span>>,
    lock: impl FnOnce() -> Result<Box<dyn StoreLock>, StorageError>,
) -> Result<Box<dyn StoreLock>, StorageError> {
    let outcome = lock();
    if let (Some(mut waiting), Err(error)) = (waiting, &outcome) {
        waiting.fail(SessionError::from(error.clone()).kind());
    }
    outcome
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::session::stored::tests::{SCHEMA_1, owner};
    use crate::storage::MemoryStore;

    fn vault(store: &MemoryStore, stores_credentials: bool) -> Vault {
        let (clock, board) = (CorrectedClock::new(Arc::new(SystemClock)), Arc::new(Board::new()));
        Vault::new(Arc::new(store.clone()), "name", owner(), stores_credentials, clock, board)
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
        assert!(vault.known.keep_unsaved(&signed_in.tokens, signed_in.clone(), None));
        assert!(vault.known.has_unsaved());
        vault.erase().await.unwrap();
        assert!(!vault.known.keep_unsaved(&signed_in.tokens, signed_in.clone(), None));
        assert!(!vault.known.has_unsaved());
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

    /// One task looks at what another one's reading has just brought: this runtime has one thread, which does nothing else
    /// meanwhile.
    #[tokio::test]
    async fn nobody_sees_a_stored_session_by_a_clock_that_is_not_corrected_yet() {
        for write in [false, true] {
            let store = store_with_session();
            vault(&store, true).update(|content| content.clock_offset_seconds = 864_000).await.unwrap();
            let vault = vault(&store, true);
            let reader = vault.clone();
            let reading = tokio::spawn(async move {
                match write {
                    true => reader.update(|_| ()).await.unwrap(),
                    false => drop(reader.load().await.unwrap()),
                }
            });
            tokio::task::yield_now().await;
            while vault.peek(|_| ()).is_none() {
                std::thread::yield_now();
            }
            assert_eq!(vault.clock.offset_seconds(), 864_000, "a change: {write}");
            reading.await.unwrap();
        }
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
                assert!(other.known.keep_unsaved(&before.tokens, kept, None));
                content.clock_offset_seconds = 7;
            })
            .await
            .unwrap();
        assert!(vault.known.has_unsaved());
        let in_memory = vault.peek(|content| content.signed_in.clone()).flatten().unwrap();
        assert!(in_memory.tokens.are(&rotated.tokens));
        vault.update(|_| ()).await.unwrap();
        assert!(!vault.known.has_unsaved());
        let stored = self::vault(&store, true).load().await.unwrap();
        assert!(stored.signed_in.unwrap().tokens.are(&rotated.tokens));
        assert_eq!(stored.clock_offset_seconds, 7);
    }
}
