//! The system's keyring: macOS Keychain, Windows Credential Manager, Secret Service. It may ask its user, and it may never
//! answer, so every call has a limit ([`patience`](super::patience)). A write that was given up may still happen later: it
//! is of a key that either is the stored one or opens nothing.

#[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
pub(super) use desktop::{load, probe, save};
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
pub(super) use none::{load, probe, save};

#[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
mod desktop {
    use keyring::{Entry, Error};
    use zeroize::Zeroizing;

    use crate::storage::patience::{ANSWER_LIMIT, KeyringPatience, Questions};
    use crate::storage::random::fill_random;
    use crate::storage::{StorageError, StorageErrorKind};

    const SERVICE: &str = "jetbridge";
    /// As long as a key, and as random.
    const PROBE_BYTES: usize = 32;

    /// One for the process: whoever waits, waits for the same keyring.
    static QUESTIONS: Questions = Questions::new();

    pub(in crate::storage) fn load(
        user: &str,
        patience: KeyringPatience,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        ask("read from", user, patience, get)
    }

    pub(in crate::storage) fn save(user: &str, bytes: &[u8], patience: KeyringPatience) -> Result<(), StorageError> {
        let bytes = Zeroizing::new(bytes.to_vec());
        ask("write to", user, patience, move |entry| entry.set_secret(&bytes))
    }

    /// Writes, reads and deletes an entry. Reading alone proves nothing: a Secret Service whose keyring was never
    /// unlocked answers that there is no entry, and only refuses when something is written.
    pub(in crate::storage) fn probe(patience: KeyringPatience) -> Result<(), StorageError> {
        let mut random = Zeroizing::new([0; PROBE_BYTES]);
        fill_random(random.as_mut_slice())?;
        // Two processes that probe at once use two entries.
        let user: String =
            "probe-".chars().chain(random[..8].iter().map(|byte| char::from(b'a' + byte % 26))).collect();
        // In one question, so that an entry that is written after all is deleted after all.
        let is_kept = ask("write to", &user, patience, move |entry| {
            entry.set_secret(random.as_slice())?;
            let read = get(entry);
            entry.delete_credential()?;
            Ok(read?.is_some_and(|bytes| bytes.as_slice() == random.as_slice()))
        })?;
        if is_kept {
            Ok(())
        } else {
            Err(StorageError::new(StorageErrorKind::Unavailable, "failed to use the keyring: it does not keep entries"))
        }
    }

    fn get(entry: &Entry) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        match entry.get_secret() {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn ask<T: Send + 'static>(
        action: &'static str,
        user: &str,
        patience: KeyringPatience,
        question: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StorageError> {
        // To connect to it and to start it takes no user.
        QUESTIONS
            .ask(ANSWER_LIMIT, patience, || Entry::store_status().is_ok())
            .ok_or_else(|| failed(action, "it does not answer"))?;
        let user = user.to_owned();
        QUESTIONS
            .ask(patience.limit(), patience, move || question(&Entry::new(SERVICE, &user)?))
            .ok_or_else(|| failed(action, "it does not answer; it may be waiting to be unlocked"))?
            .map_err(|error| unavailable(action, &error))
    }

    /// Some of the library's errors carry the entry's bytes, so only the harmless ones are quoted.
    fn unavailable(action: &str, error: &Error) -> StorageError {
        let reason = match error {
            Error::NoDefaultStore => "this system has no keyring service that answers".to_owned(),
            Error::NoStorageAccess(_) => "it is locked; unlock it and try again".to_owned(),
            Error::PlatformFailure(error) => error.to_string(),
            _ => "it does not work as expected".to_owned(),
        };
        failed(action, &reason)
    }

    fn failed(action: &str, reason: &str) -> StorageError {
        StorageError::new(StorageErrorKind::Unavailable, format!("failed to {action} the system's keyring: {reason}"))
    }
}

/// Mobile shells bring their own store; the encrypted file has no keyring there.
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
mod none {
    use zeroize::Zeroizing;

    use crate::storage::patience::KeyringPatience;
    use crate::storage::{StorageError, StorageErrorKind};

    pub(in crate::storage) fn load(_: &str, _: KeyringPatience) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        Err(unsupported())
    }

    pub(in crate::storage) fn save(_: &str, _: &[u8], _: KeyringPatience) -> Result<(), StorageError> {
        Err(unsupported())
    }

    pub(in crate::storage) fn probe(_: KeyringPatience) -> Result<(), StorageError> {
        Err(unsupported())
    }

    fn unsupported() -> StorageError {
        StorageError::new(StorageErrorKind::Unavailable, "failed to open a keyring: this platform has none for files")
    }
}
