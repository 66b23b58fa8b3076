//! Several accounts on one device: which ones the store has, and which one an app opens when nobody names one. Each has a
//! session, tokens, credentials and an identity of its own; nothing is shared.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::names::{DEFAULT, blob_name, check_name, owner_of};
use super::others::{self, OtherSession};
use crate::config::Config;
use crate::error::SessionError;
use crate::session::published::{Event, SessionState, next};
use crate::session::stored::StoredSession;
use crate::session::tasks::block;
use crate::storage::{SecretStore, StorageErrorKind};

const CHOICE_SCHEMA: u32 = 1;
/// After the beginning of a configuration's fingerprint.
const CHOICE_SUFFIX: &str = ".accounts";

/// The accounts of one configuration in one store.
#[derive(Debug, Clone)]
pub struct Accounts {
    store: Arc<dyn SecretStore>,
    config: Config,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// As given to [`SessionBuilder::account`](super::SessionBuilder::account), in lower case.
    pub name: String,
    /// Whether it is the one of [`Accounts::current`].
    pub is_current: bool,
    /// Who is or was signed in. [`StorageUnavailable`](SessionState::StorageUnavailable) for a session that cannot be read
    /// now.
    pub state: SessionState,
}

/// What is remembered beside the sessions.
#[derive(Serialize, Deserialize)]
struct Choice {
    schema: u32,
    current: String,
}

impl Accounts {
    /// The accounts that `store` has for `config`.
    pub fn new(config: Config, store: Arc<dyn SecretStore>) -> Self {
        Self { store, config }
    }

    /// All accounts with a session, by name. No network. One that cannot be read does not hide the others.
    ///
    /// # Errors
    /// `SecureStorage` if the store cannot even tell its names.
    pub async fn list(&self) -> Result<Vec<Account>, SessionError> {
        let accounts = self.clone();
        block(move || {
            // Which one is current is a nicety here; who needs it asks for it.
            let current = accounts.read_current().ok();
            let suffix = format!(".{}", accounts.config.fingerprint().short());
            let mut names = accounts.store.list()?;
            names.sort_unstable();
            let names = names.iter().filter_map(|name| name.strip_suffix(&suffix));
            let found = names.filter_map(|name| {
                let state = accounts.read_state(name);
                // Only a sign-in that was never finished: nobody has been here.
                (state != SessionState::SignedOut).then(|| Account {
                    name: name.to_owned(),
                    is_current: current.as_deref() == Some(name),
                    state,
                })
            });
            Ok(found.collect())
        })
        .await
    }

    /// Sessions that other configurations left in the same store: their refresh tokens are still valid there.
    /// [`Session::end_other`](super::Session::end_other) ends one. No network.
    ///
    /// # Errors
    /// `SecureStorage` if the store cannot even tell its names.
    pub async fn list_others(&self) -> Result<Vec<OtherSession>, SessionError> {
        let accounts = self.clone();
        block(move || others::find(&*accounts.store, &accounts.config)).await
    }

    /// The account to open when nobody names one; `default` until [`switch_to`](Self::switch_to) chose another.
    ///
    /// # Errors
    /// `SecureStorage` if the choice cannot be read.
    pub async fn current(&self) -> Result<String, SessionError> {
        let accounts = self.clone();
        block(move || accounts.read_current()).await
    }

    /// Makes `name` the current account, also after a restart. Sessions that are open stay what they are: open a new one. A
    /// sign-in that has begun is enough: its redirect may find a fresh process, which has to open this account.
    ///
    /// # Errors
    /// `Misconfigured` for a name that no account can have, `NotFound` if nobody has signed in under it or is about to,
    /// `SecureStorage`. Going back to `default` is always possible.
    pub async fn switch_to(&self, name: &str) -> Result<(), SessionError> {
        let name = check_name(name)?;
        let accounts = self.clone();
        block(move || {
            let place = accounts.choice_name();
            if name == DEFAULT {
                // A choice that cannot be read any more goes too.
                return Ok(accounts.store.delete(&place)?);
            }
            let is_waiting = accounts.read_session(&name).is_ok_and(|session| !session.pending.is_empty());
            if accounts.read_state(&name) == SessionState::SignedOut && !is_waiting {
                return Err(SessionError::NotFound { what: format!("a session of account {name}") });
            }
            let _lock = accounts.store.lock(&place)?;
            if accounts.store.load(&place).is_err_and(|error| error.kind == StorageErrorKind::Corrupt) {
                // A choice that cannot be read any more is no loss, and a store replaces nothing that it cannot read.
                accounts.store.delete(&place)?;
            }
            let choice = Choice { schema: CHOICE_SCHEMA, current: name };
            let bytes = serde_json::to_vec(&choice)
                .map_err(|_| SessionError::internal("the choice of account cannot be written"))?;
            Ok(accounts.store.save(&place, &bytes)?)
        })
        .await
    }

    /// Forgets each choice of [`switch_to`](Self::switch_to) in this store that cannot be read, those of other configurations too:
    /// for whoever ends all sessions of a store whose key is lost. No key is made as long as something is stored with another.
    ///
    /// # Errors
    /// `SecureStorage` if the store cannot tell its names, or does not erase.
    pub async fn forget_lost_choices(&self) -> Result<(), SessionError> {
        let accounts = self.clone();
        block(move || {
            for name in accounts.store.list()?.iter().filter(|name| name.ends_with(CHOICE_SUFFIX)) {
                let is_lost = accounts.store.load(name).is_err_and(|error| {
                    use StorageErrorKind::{Corrupt, KeyMissing, Unavailable};
                    matches!(error.kind, Corrupt | KeyMissing | Unavailable)
                });
                if is_lost {
                    accounts.store.delete(name)?;
                }
            }
            Ok(())
        })
        .await
    }

    fn read_current(&self) -> Result<String, SessionError> {
        let damaged = || SessionError::SecureStorage {
            kind: StorageErrorKind::Corrupt,
            detail: "the remembered choice of account cannot be read; switch to an account again".to_owned(),
        };
        let Some(bytes) = self.store.load(&self.choice_name())? else { return Ok(DEFAULT.to_owned()) };
        let choice: Choice = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        if choice.schema != CHOICE_SCHEMA { Err(damaged()) } else { check_name(&choice.current) }
    }

    fn read_session(&self, account: &str) -> Result<StoredSession, SessionError> {
        let owner = owner_of(account, &self.config);
        let Some(bytes) = self.store.load(&blob_name(account, &self.config))? else {
            return Ok(StoredSession::default());
        };
        StoredSession::from_bytes(&bytes, &owner)
    }

    fn read_state(&self, account: &str) -> SessionState {
        let event = match self.read_session(account) {
            Ok(session) => Event::stored(&session),
            Err(error) => Event::StorageFailed { detail: error.to_string() },
        };
        next(&SessionState::NotLoaded, event)
    }

    /// No session's name: those end in a fingerprint.
    fn choice_name(&self) -> String {
        format!("{}{CHOICE_SUFFIX}", self.config.fingerprint().short())
    }
}
