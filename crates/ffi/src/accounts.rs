//! Several accounts on one device.

use std::sync::Arc;

use jetbridge::storage::LockFolder;

use crate::config::JetbridgeConfig;
use crate::error::SessionError;
use crate::facts::SessionState;
use crate::storage::{Adapter, SecretStore};

/// The accounts of one configuration in one store.
#[derive(Debug, uniffi::Object)]
pub struct CoreAccounts {
    inner: jetbridge::Accounts,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct JetbridgeAccount {
    /// As given in `SessionOptions.account`.
    pub name: String,
    /// Whether it is the one of `current`.
    pub is_current: bool,
    /// Who is or was signed in; `StorageUnavailable` for a session that cannot be read now.
    pub state: SessionState,
}

#[uniffi::export(async_runtime = "tokio")]
impl CoreAccounts {
    /// The accounts that `store` has for `config`. `lock_folder` is that of the sessions over the same store
    /// (`SessionOptions.lock_folder`): only then does a choice wait for the one of another process. Its lock is held for as
    /// long as a choice is written.
    #[uniffi::constructor(default(lock_folder = None))]
    pub fn of(config: &JetbridgeConfig, store: Arc<dyn SecretStore>, lock_folder: Option<String>) -> Arc<Self> {
        let store = Adapter { store, locks: lock_folder.map(LockFolder::new) };
        Arc::new(Self { inner: jetbridge::Accounts::new(config.inner.clone(), Arc::new(store)) })
    }

    /// All accounts with a session, by name. No network. One that cannot be read does not hide the others.
    ///
    /// # Errors
    /// `SecureStorage` if the store cannot even tell its names.
    pub async fn list(&self) -> Result<Vec<JetbridgeAccount>, SessionError> {
        let account = |account: jetbridge::Account| JetbridgeAccount {
            name: account.name,
            is_current: account.is_current,
            state: account.state.into(),
        };
        Ok(self.inner.list().await?.into_iter().map(account).collect())
    }

    /// The account to open when nobody names one; `default` until `switch_to` chose another.
    ///
    /// # Errors
    /// `SecureStorage` if the choice cannot be read.
    pub async fn current(&self) -> Result<String, SessionError> {
        Ok(self.inner.current().await?)
    }

    /// Makes `name` the current account, also after a restart. Sessions that are open stay what they are. A sign-in that has
    /// begun is enough.
    ///
    /// # Errors
    /// `Misconfigured` for a name that no account can have, `NotFound` if nobody has signed in under it or is about to,
    /// `SecureStorage`.
    pub async fn switch_to(&self, name: &str) -> Result<(), SessionError> {
        Ok(self.inner.switch_to(name).await?)
    }
}
