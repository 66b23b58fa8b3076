//! The secure store as a foreign trait: Kotlin brings the Android Keystore, Swift the keychain.

use std::fmt;
use std::sync::{Arc, LazyLock};

use jetbridge::storage::{LockFolder, MemoryStore, SecretStore as CoreStore, StorageErrorKind, StoreLock};
use zeroize::Zeroizing;

use crate::error::exception_name;

/// Keeps secret bytes under names. The library calls it from threads that may block, one change of a name at a time, and
/// never from the app's main thread. Names have letters, digits, `.`, `_` and `-`, at most 128. Values have at most 1 MiB.
///
/// One promise above all: what cannot be read is an error, never an empty store. A locked store that passes for an empty
/// one would be overwritten, and a session lost.
#[uniffi::export(rust, foreign)]
pub trait SecretStore: Send + Sync {
    /// What was saved last under `name`; nothing only when it is sure that nothing is stored.
    ///
    /// # Errors
    /// Whatever keeps the store from being sure; nothing may be changed or deleted then.
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, StorageError>;

    /// Stores `value` in place of what was there. A crash leaves the old value or the new one, never a part.
    ///
    /// # Errors
    /// The old value is still there.
    fn save(&self, name: String, value: Vec<u8>) -> Result<(), StorageError>;

    /// Removes what is stored under `name`, readable or not; it is no error when nothing was there.
    ///
    /// # Errors
    /// The value may still be there.
    fn delete(&self, name: String) -> Result<(), StorageError>;

    /// The names under which something is stored, readable or not, in any order.
    ///
    /// # Errors
    /// When the store cannot tell.
    fn list(&self) -> Result<Vec<String>, StorageError>;
}

/// Why a store did not do what it was asked. `detail` says what happened and what to do; it is shown and logged, so it
/// must hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum StorageError {
    /// The store cannot be reached now but may be later: a locked device, a service that does not answer.
    #[error("{detail}")]
    Unavailable {
        /// What happened and what to do.
        detail: String,
    },
    /// The stored bytes are not what was saved.
    #[error("{detail}")]
    Corrupt {
        /// What happened and what to do.
        detail: String,
    },
    /// Something is stored, but the key that opens it is gone or another one.
    #[error("{detail}")]
    KeyMissing {
        /// What happened and what to do.
        detail: String,
    },
    /// Refused for safety.
    #[error("{detail}")]
    Denied {
        /// What happened and what to do.
        detail: String,
    },
    /// The disk or the file system failed.
    #[error("{detail}")]
    Io {
        /// What happened and what to do.
        detail: String,
    },
    /// The app may not use the store as it was built: an entitlement is missing, say. A session tells it as
    /// `SessionError.Misconfigured`.
    #[error("{detail}")]
    Misconfigured {
        /// What happened and what to do.
        detail: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for StorageError {
    /// A bug in the app's store must not end a session: what it holds may be readable once the bug is mended.
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable {
            detail: format!(
                "the app's SecretStore failed with {}, which is no StorageError",
                exception_name(&error.reason)
            ),
        }
    }
}

impl From<StorageError> for jetbridge::storage::StorageError {
    fn from(error: StorageError) -> Self {
        let (kind, detail) = match error {
            StorageError::Unavailable { detail } => (StorageErrorKind::Unavailable, detail),
            StorageError::Corrupt { detail } => (StorageErrorKind::Corrupt, detail),
            StorageError::KeyMissing { detail } => (StorageErrorKind::KeyMissing, detail),
            StorageError::Denied { detail } => (StorageErrorKind::Denied, detail),
            StorageError::Io { detail } => (StorageErrorKind::Io, detail),
            StorageError::Misconfigured { detail } => (StorageErrorKind::Misconfigured, detail),
        };
        Self::new(kind, detail)
    }
}

impl From<jetbridge::storage::StorageError> for StorageError {
    fn from(error: jetbridge::storage::StorageError) -> Self {
        let detail = error.detail;
        match error.kind {
            StorageErrorKind::Unavailable | StorageErrorKind::Busy => Self::Unavailable { detail },
            StorageErrorKind::Corrupt => Self::Corrupt { detail },
            StorageErrorKind::KeyMissing => Self::KeyMissing { detail },
            StorageErrorKind::Denied => Self::Denied { detail },
            StorageErrorKind::Io => Self::Io { detail },
            StorageErrorKind::Misconfigured => Self::Misconfigured { detail },
        }
    }
}

/// The keychain of Apple's phones: readable from the first unlock after a restart on, and never leaving the device. `service`
/// names the items, usually by the app's bundle identifier.
///
/// Items are made, read and deleted in `access_group` alone. Other apps and extensions of the same team may share it, and then
/// `SessionOptions.lock_folder` belongs to it. Without one, items are made in the first group of the app's entitlements and
/// looked for in all: a capability that is added later changes the first one, and then two items of a name answer in no
/// defined order. So name one, and always the same; what was made in another group is not found in it.
///
/// An app that is not entitled to the keychain, or to the group, gets `Misconfigured` from every call, also from those that
/// would find nothing.
///
/// # Errors
/// `Denied` for a service or a group without a name, and where there is no such keychain.
#[uniffi::export]
pub fn keychain_store(service: &str, access_group: Option<String>) -> Result<Arc<dyn SecretStore>, StorageError> {
    #[cfg(target_vendor = "apple")]
    {
        let store = jetbridge::storage::KeychainStore::open(service, access_group.as_deref())?;
        Ok(Arc::new(Exported(store)))
    }
    #[cfg(not(target_vendor = "apple"))]
    {
        let _ = (service, access_group);
        Err(StorageError::Denied {
            detail: "this system has no Apple keychain: give the session another store".to_owned(),
        })
    }
}

/// A store that forgets everything when the process ends: for an app's own tests, for previews, and for sessions that should
/// leave no trace on the device. It keeps the same promises as the others, so what a test sees over it holds over them: two
/// sessions over one such store are as two processes over one file, and a new session over it as an app that starts again.
#[uniffi::export]
pub fn memory_store() -> Arc<dyn SecretStore> {
    Arc::new(Exported(MemoryStore::new()))
}

/// A store of the core's for the shell.
struct Exported<S>(S);

impl<S: CoreStore> SecretStore for Exported<S> {
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.0.load(&name)?.map(|value| value.to_vec()))
    }

    fn save(&self, name: String, value: Vec<u8>) -> Result<(), StorageError> {
        Ok(self.0.save(&name, &Zeroizing::new(value))?)
    }

    fn delete(&self, name: String) -> Result<(), StorageError> {
        Ok(self.0.delete(&name)?)
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        Ok(self.0.list()?)
    }
}

/// A store of the shell as the core's port. The shell keeps bytes; who may change them is settled here.
pub(crate) struct Adapter {
    pub(crate) store: Arc<dyn SecretStore>,
    /// Where several processes open the store.
    pub(crate) locks: Option<LockFolder>,
}

impl CoreStore for Adapter {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, jetbridge::storage::StorageError> {
        Ok(self.store.load(name.to_owned())?.map(Zeroizing::new))
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), jetbridge::storage::StorageError> {
        Ok(self.store.save(name.to_owned(), value.to_vec())?)
    }

    fn delete(&self, name: &str) -> Result<(), jetbridge::storage::StorageError> {
        Ok(self.store.delete(name.to_owned())?)
    }

    fn list(&self) -> Result<Vec<String>, jetbridge::storage::StorageError> {
        Ok(self.store.list()?)
    }

    /// By name alone, because two objects of the shell may be the same store. Between processes of one app it is the
    /// folder's business, or the store's own (see docs/adr/0007).
    fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, jetbridge::storage::StorageError> {
        static LOCKS: LazyLock<MemoryStore> = LazyLock::new(MemoryStore::new);
        match &self.locks {
            Some(folder) => folder.lock(name),
            None => LOCKS.lock(name),
        }
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Adapter")
    }
}
