//! The keychain of Apple's phones as a store: the system encrypts each value and gives it to this app alone.
//!
//! Values are readable from the first unlock after a restart on, so that a renewal in the background finds them, and
//! never leave the device: not into backups, not to another phone. Before that first unlock (iOS may start an app then,
//! to be quicker later) every read is an error; the keychain's own "not there" is the only one that counts as empty, and
//! only from a keychain that takes something: to an app without the entitlement, an empty one and a forbidden one look alike.
//!
//! What the keychain does not have is a lock. Inside a process, all stores of a service share one table of locks; a store
//! that several processes use needs a [`LockFolder`](super::LockFolder) as well.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

use super::{MemoryStore, SecretStore, StorageError, StorageErrorKind, StoreLock, check_name, check_value};

/// How an item is made: readable from the first unlock on, on this device only.
/// Apple: [Restricting keychain item accessibility](https://developer.apple.com/documentation/security/restricting-keychain-item-accessibility).
pub(super) const POLICY: (&str, &str) = ("access-policy", "after-first-unlock-this-device-only");
/// The account of the item that is written for a moment to see whether the keychain takes any. The same for all processes:
/// one that dies in between leaves it to the next.
const PROBE: &str = "probe";

// Numbers and words: base/SecBase.h of Apple's Security-61901.0.87.0.1 (github.com/apple-oss-distributions/Security).
/// errSecMissingEntitlement, "A required entitlement isn't present."
const MISSING_ENTITLEMENT: i32 = -34018;
/// errSecDecode, "Unable to decode the provided data." Of an item: "not decodable and lost forever"
/// (keychain/securityd/SecItemServer.c there).
const DECODE: i32 = -26275;
/// errSecInteractionNotAllowed, "User interaction is not allowed.": the key of the item's class is not released yet.
const INTERACTION_NOT_ALLOWED: i32 = -25308;
/// errSecNotAvailable, "No keychain is available."; in SecItemServer.c: "we just can't use it right now".
const NOT_AVAILABLE: i32 = -25291;

/// Keeps values as generic passwords of one service in the keychain.
pub struct KeychainStore {
    keychain: Arc<CredentialStore>,
    service: String,
    access_group: Option<String>,
    locks: MemoryStore,
    /// Finds the system's number in an error; the library's own kinds do not tell the reasons apart.
    number_of: NumberOf,
    /// Whether the keychain has taken something from this process.
    is_writable: AtomicBool,
}

/// `OSStatus` in what the keychain's library wraps.
pub(super) type NumberOf = fn(&(dyn std::error::Error + Send + Sync + 'static)) -> Option<i32>;

/// One table for the process, because two objects may be the same store.
static LOCKS: LazyLock<MemoryStore> = LazyLock::new(MemoryStore::new);

#[cfg(target_vendor = "apple")]
impl KeychainStore {
    /// The items of `service` in `access_group`, which every app and extension of the same team may read that has it in its
    /// entitlements.
    ///
    /// Without a group, items are made in the first one of the app's entitlements, and read, changed and deleted in all of
    /// them ([kSecAttrAccessGroup](https://developer.apple.com/documentation/security/ksecattraccessgroup)). A capability
    /// that is added later changes the first one: then there are two items of a name, and which one is read is not defined.
    /// So an app names a group, and always the same.
    ///
    /// On a Mac, only a signed and sandboxed app has this keychain.
    ///
    /// # Errors
    /// [`Denied`](StorageErrorKind::Denied) for an empty service, or an empty group: to the library it means "any".
    pub fn open(service: &str, access_group: Option<&str>) -> Result<Self, StorageError> {
        let group = access_group.map(|group| ("access-group", group));
        let keychain =
            apple_native_keyring_store::protected::Store::new_with_configuration(&group.into_iter().collect())
                .map_err(|error| failure("open", &error, system_number))?;
        Self::over(keychain, service, access_group, system_number)
    }
}

/// As apple-native-keyring-store 1.0.2 wraps it (`decode_error` in src/protected.rs).
#[cfg(target_vendor = "apple")]
fn system_number(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<i32> {
    error.downcast_ref::<security_framework::base::Error>().map(|error| error.code())
}

impl KeychainStore {
    /// Over a keychain that keeps to `access_group` by itself, but in a search.
    pub(super) fn over(
        keychain: Arc<CredentialStore>,
        service: &str,
        access_group: Option<&str>,
        number_of: NumberOf,
    ) -> Result<Self, StorageError> {
        // To the keychain an empty text means "any".
        let advice = match (service, access_group) {
            ("", _) => "the service has no name; give it the app's bundle identifier",
            (_, Some("")) => "the access group has no name; give it one of the app's entitlements",
            _ => {
                return Ok(Self {
                    keychain,
                    service: service.to_owned(),
                    access_group: access_group.map(str::to_owned),
                    locks: LOCKS.clone(),
                    number_of,
                    is_writable: AtomicBool::new(false),
                });
            }
        };
        Err(StorageError::new(StorageErrorKind::Denied, format!("failed to open the keychain: {advice}")))
    }

    /// The same store, with another limit on waiting for a lock.
    #[must_use]
    pub fn with_lock_limit(self, lock_limit: Duration) -> Self {
        Self { locks: self.locks.with_lock_limit(lock_limit), ..self }
    }

    fn entry(&self, name: &str) -> Result<Entry, StorageError> {
        check_name(name)?;
        self.item(&self.service, name).map_err(|error| self.failure("open", &error))
    }

    fn item(&self, service: &str, account: &str) -> Result<Entry, Error> {
        self.keychain.build(service, account, Some(&HashMap::from([POLICY])))
    }

    /// Asked before "nothing is stored" is believed. A Mac's keychain gives every process the group of smart cards to read,
    /// so an app without the entitlement is told errSecItemNotFound, and only when it writes, errSecMissingEntitlement
    /// (`SecTaskCopyAccessGroups` in OSX/sec/ipc/server_entitlement_helpers.c and `SecurityClientCopyWritableAccessGroups`,
    /// Security-61901.0.87.0.1). So something is written, once, under a service of its own, and deleted.
    fn check_entitlement(&self) -> Result<(), StorageError> {
        if self.is_writable.load(Ordering::Relaxed) {
            return Ok(());
        }
        let service = format!("{}.{PROBE}", self.service);
        let written = self.item(&service, PROBE).and_then(|item| {
            item.set_secret(PROBE.as_bytes())?;
            item.delete_credential()
        });
        match written {
            // Another process that asks the same at this moment may have deleted it.
            Ok(()) | Err(Error::NoEntry) => self.is_writable.store(true, Ordering::Relaxed),
            Err(error) => {
                let failure = self.failure("write to", &error);
                if failure.kind == StorageErrorKind::Misconfigured {
                    return Err(failure);
                }
                // A full disk or a locked device says nothing about what was read.
            }
        }
        Ok(())
    }

    fn failure(&self, action: &str, error: &Error) -> StorageError {
        failure(action, error, self.number_of)
    }
}

impl SecretStore for KeychainStore {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        match self.entry(name)?.get_secret() {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(Error::NoEntry) => self.check_entitlement().map(|()| None),
            Err(error) => Err(self.failure("read from", &error)),
        }
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
        check_value(value)?;
        self.entry(name)?.set_secret(value).map_err(|error| self.failure("write to", &error))?;
        self.is_writable.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), StorageError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(self.failure("delete from", &error)),
        }
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        // By default a search leaves out what would need the user, and with it, silently, what is locked. No item of ours
        // ever asks the user for anything.
        let mut query = HashMap::from([("service", self.service.as_str()), ("show-authentication-ui", "true")]);
        query.extend(self.access_group.as_deref().map(|group| ("access-group", group)));
        let entries = self.keychain.search(&query).map_err(|error| self.failure("search", &error))?;
        let names = entries.iter().filter_map(|entry| {
            entry.get_specifiers().filter(|(service, _)| *service == self.service).map(|(_, name)| name)
        });
        // The app may have items of its own under this service, and without a group the same one in several.
        let names: BTreeSet<String> = names.filter(|name| check_name(name).is_ok()).collect();
        if names.is_empty() {
            self.check_entitlement()?;
        }
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

/// Whatever it was, nothing is known about what is stored. Some of the library's errors carry the item's bytes, so only the
/// harmless ones are quoted.
fn failure(action: &str, error: &Error, number_of: NumberOf) -> StorageError {
    let (number, words) = match error {
        Error::PlatformFailure(error) | Error::NoStorageAccess(error) => (number_of(&**error), error.to_string()),
        Error::Ambiguous(_) => (None, "several access groups have an item of this name; name one group".to_owned()),
        _ => (None, "it does not work as expected".to_owned()),
    };
    let (kind, reason) = meaning(number, &words);
    StorageError::new(kind, format!("failed to {action} the keychain: {reason}"))
}

/// What an error of the keychain means, by the system's number; `words` are the system's own, in the user's language.
fn meaning(number: Option<i32>, words: &str) -> (StorageErrorKind, String) {
    let (kind, reason) = match number {
        Some(MISSING_ENTITLEMENT) => (
            StorageErrorKind::Misconfigured,
            "the app is not entitled to it. Sign it with a team, for the simulator too, so that it has \
             application-identifier; an access group has to be in keychain-access-groups (Keychain Sharing) or in \
             com.apple.security.application-groups (App Groups) of every target"
                .to_owned(),
        ),
        Some(DECODE) => (
            StorageErrorKind::Corrupt,
            "the item can no longer be decoded; sign out to remove it, then sign in again".to_owned(),
        ),
        Some(INTERACTION_NOT_ALLOWED) => (
            StorageErrorKind::Unavailable,
            "the device has not been unlocked since it was started; unlock it once".to_owned(),
        ),
        Some(NOT_AVAILABLE) => (StorageErrorKind::Unavailable, "it cannot be used now; try again later".to_owned()),
        _ => (
            StorageErrorKind::Unavailable,
            format!("{words}; if the device was started and not unlocked since, unlock it, and try again"),
        ),
    };
    let number = number.map(|number| format!(" ({number})")).unwrap_or_default();
    (kind, format!("{reason}{number}"))
}
