//! The keychain of Apple's phones as a store: the system encrypts each value and gives it to this app alone.
//!
//! Values are readable from the first unlock after a restart on, so that a renewal in the background finds them, and
//! never leave the device: not into backups, not to another phone. Before that first unlock (iOS may start an app then,
//! to be quicker later) every read is an error; the keychain's own "not there" is the only one that counts as empty.
//!
//! What the keychain does not have is a lock. Inside a process, all stores of a service share one table of locks; a store
//! that several processes use needs a [`LockFolder`](super::LockFolder) as well.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

use super::{MemoryStore, SecretStore, StorageError, StorageErrorKind, StoreLock, check_name, check_value};

/// Keeps values as generic passwords of one service in the keychain.
/// Apple: [Restricting keychain item accessibility](https://developer.apple.com/documentation/security/restricting-keychain-item-accessibility).
pub struct KeychainStore {
    keychain: Arc<CredentialStore>,
    service: String,
    access_group: Option<String>,
    /// How an item is made: who may read it, and when.
    policy: HashMap<&'static str, &'static str>,
    locks: MemoryStore,
}

/// One table for the process, because two objects may be the same store.
static LOCKS: LazyLock<MemoryStore> = LazyLock::new(MemoryStore::new);

#[cfg(target_vendor = "apple")]
impl KeychainStore {
    /// The items of `service`. Without `access_group` they are the app's own; with one, also those of every other app and
    /// extension of the same team that has it in its entitlements.
    ///
    /// On a Mac, only a signed and sandboxed app has this keychain.
    ///
    /// # Errors
    /// [`Denied`](StorageErrorKind::Denied) for an empty service.
    pub fn open(service: &str, access_group: Option<&str>) -> Result<Self, StorageError> {
        let group = access_group.map(|group| ("access-group", group));
        let keychain =
            apple_native_keyring_store::protected::Store::new_with_configuration(&group.into_iter().collect())
                .map_err(|error| failure("open", &error))?;
        let store = Self::over(keychain, service, &[("access-policy", "after-first-unlock-this-device-only")])?;
        Ok(Self { access_group: access_group.map(str::to_owned), ..store })
    }
}

impl KeychainStore {
    pub(super) fn over(
        keychain: Arc<CredentialStore>,
        service: &str,
        policy: &[(&'static str, &'static str)],
    ) -> Result<Self, StorageError> {
        // To the keychain an empty text means "any".
        if service.is_empty() {
            return Err(StorageError::new(
                StorageErrorKind::Denied,
                "failed to open the keychain: the service has no name; give it the app's bundle identifier",
            ));
        }
        let policy = policy.iter().copied().collect();
        Ok(Self { keychain, service: service.to_owned(), access_group: None, policy, locks: LOCKS.clone() })
    }

    /// The same store, with another limit on waiting for a lock.
    #[must_use]
    pub fn with_lock_limit(self, lock_limit: Duration) -> Self {
        Self { locks: self.locks.with_lock_limit(lock_limit), ..self }
    }

    fn entry(&self, name: &str) -> Result<Entry, StorageError> {
        check_name(name)?;
        self.keychain.build(&self.service, name, Some(&self.policy)).map_err(|error| failure("open", &error))
    }
}

impl SecretStore for KeychainStore {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        match self.entry(name)?.get_secret() {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failure("read from", &error)),
        }
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
        check_value(value)?;
        self.entry(name)?.set_secret(value).map_err(|error| failure("write to", &error))
    }

    fn delete(&self, name: &str) -> Result<(), StorageError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(failure("delete from", &error)),
        }
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        // By default a search leaves out what would need the user, and with it, silently, what is locked. No item of ours
        // ever asks the user for anything.
        let mut query = HashMap::from([("service", self.service.as_str()), ("show-authentication-ui", "true")]);
        query.extend(self.access_group.as_deref().map(|group| ("access-group", group)));
        let entries = self.keychain.search(&query).map_err(|error| failure("search", &error))?;
        let names = entries.iter().filter_map(|entry| {
            entry.get_specifiers().filter(|(service, _)| *service == self.service).map(|(_, name)| name)
        });
        // The app may have items of its own under this service, and without a group the same one in several.
        let names: BTreeSet<String> = names.filter(|name| check_name(name).is_ok()).collect();
        Ok(names.into_iter().collect())
    }

    fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, StorageError> {
        self.locks.lock(name)
    }
}

impl fmt::Debug for KeychainStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeychainStore").field("service", &self.service).finish_non_exhaustive()
    }
}

/// Whatever it was, nothing is known about what is stored, and trying again later may help. Some of the library's errors
/// carry the item's bytes, so only the harmless ones are quoted.
fn failure(action: &str, error: &Error) -> StorageError {
    let reason = match error {
        Error::PlatformFailure(error) | Error::NoStorageAccess(error) => error.to_string(),
        Error::Ambiguous(_) => "several access groups have an item of this name; name one group".to_owned(),
        _ => "it does not work as expected".to_owned(),
    };
    StorageError::new(
        StorageErrorKind::Unavailable,
        format!(
            "failed to {action} the keychain: {reason}; if the device was restarted, unlock it once, and check the app's \
             Keychain Sharing entitlement"
        ),
    )
}
