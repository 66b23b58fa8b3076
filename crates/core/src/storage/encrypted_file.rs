//! The desktop's store: one encrypted file for each name, in a directory that only its owner can enter.
//!
//! Files of the directory: `NAME.sealed` the values, `NAME.lock` the locks, `store.json` where the key is, `store.key`
//! the key when no keyring keeps it, `store.lock` the lock under which everything is written, `*.tmp` writes that a
//! killed process left behind.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use zeroize::Zeroizing;

use super::directory::Directory;
use super::key::{Key, KeySource};
use super::lock::{DEFAULT_LOCK_LIMIT, lock_file};
use super::marker::{Marker, new_directory_id};
use super::patience::KeyringPatience;
use super::{SecretStore, StorageError, StorageErrorKind, StoreLock, check_name, check_value, envelope};
use crate::mutex::lock;

const WRITE_LOCK: &str = "store.lock";
const SEALED_SUFFIX: &str = ".sealed";
const LOCK_SUFFIX: &str = ".lock";

/// How to open an [`EncryptedFileStore`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStoreOptions {
    /// The directory of the files; made with the first write.
    /// See [`default_directory`](super::default_directory).
    pub directory: PathBuf,
    /// Where the key has to be; `None` leaves the choice to the store: where the key of the stored values is, else the
    /// keyring if a trial entry can be written and read there, else a key file.
    pub key_source: Option<KeySource>,
    /// How long to wait for a lock that another process holds.
    pub lock_limit: Duration,
}

impl FileStoreOptions {
    /// Chooses the key's place by itself and waits up to ten seconds for locks.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), key_source: None, lock_limit: DEFAULT_LOCK_LIMIT }
    }
}

/// Encrypts each value with XChaCha20-Poly1305 into a file of its own.
///
/// A value that is damaged, or whose key is gone, is an error on `load` and on `save`; only `delete` removes it. One whose
/// key is in another place than the options ask for is [`Denied`](StorageErrorKind::Denied), to `delete` too. A new key is
/// made only while no value is stored.
pub struct EncryptedFileStore {
    options: FileStoreOptions,
    patience: KeyringPatience,
    /// Whether the directory was ever there: one that has vanished since is not an empty one.
    was_there: AtomicBool,
    /// The key from the keyring, so that a keyring that locks itself does not end a running session. A key file is
    /// read each time.
    keyring_key: Mutex<Option<Key>>,
}

impl fmt::Debug for EncryptedFileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedFileStore").field("options", &self.options).finish_non_exhaustive()
    }
}

impl EncryptedFileStore {
    /// Checks that nobody else can reach the directory, if it is there. Nothing is made before something is to be kept, so
    /// that whoever only looks (a `sudo` with the HOME of somebody else) leaves nothing behind.
    ///
    /// # Errors
    /// [`Denied`](StorageErrorKind::Denied) when the directory belongs to or is open to others, or is a symbolic link.
    pub fn open(options: FileStoreOptions) -> Result<Self, StorageError> {
        let was_there = AtomicBool::new(Directory::find(&options.directory)?.is_some());
        Ok(Self { options, patience: KeyringPatience::default(), was_there, keyring_key: Mutex::new(None) })
    }

    /// [`open`](Self::open) with the default options: the store finds or chooses the key's place itself.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_auto(directory: &Path) -> Result<Self, StorageError> {
        Self::open(FileStoreOptions::new(directory))
    }

    /// The same store, with another limit on waiting for the keyring. One that does not answer in time is an error for a
    /// store whose key it keeps; a new store then has its key in a file.
    #[must_use]
    pub fn with_keyring_patience(self, patience: KeyringPatience) -> Self {
        Self { patience, ..self }
    }

    /// Where the key of the stored values is; `None` before the first value was saved.
    ///
    /// # Errors
    /// When the store's description cannot be read.
    pub fn key_source(&self) -> Result<Option<KeySource>, StorageError> {
        let Some(directory) = self.directory()? else { return Ok(None) };
        Ok(Marker::read(&directory)?.map(|marker| marker.key_source))
    }

    /// `None` before the first write. Opened anew for each call, so that its owner and mode are checked each time.
    fn directory(&self) -> Result<Option<Directory>, StorageError> {
        if self.was_there.load(Ordering::Relaxed) {
            return Directory::open(&self.options.directory).map(Some);
        }
        let found = Directory::find(&self.options.directory)?;
        self.was_there.store(found.is_some(), Ordering::Relaxed);
        Ok(found)
    }

    /// The same to write into.
    fn directory_or_new(&self) -> Result<Directory, StorageError> {
        if let Some(directory) = self.directory()? {
            return Ok(directory);
        }
        let made = Directory::create(&self.options.directory)?;
        self.was_there.store(true, Ordering::Relaxed);
        Ok(made)
    }

    /// Values whose key is elsewhere than this store was opened for belong to another store: nothing is wrong with them, so
    /// they are neither read nor removed here.
    fn check_key_place(&self, directory: &Directory, marker: &Marker) -> Result<(), StorageError> {
        let (is, is_not) = match (self.options.key_source, marker.key_source) {
            (Some(KeySource::KeyFile), KeySource::Keyring) => ("in the keyring", "in a key file"),
            (Some(KeySource::Keyring), KeySource::KeyFile) => ("in a key file", "in the keyring"),
            _ => return Ok(()),
        };
        let directory = directory.path().display();
        Err(StorageError::new(
            StorageErrorKind::Denied,
            format!("the key of the session stored in {directory} is {is}, not {is_not}; choose the automatic store"),
        ))
    }

    /// The key of a directory that has values.
    fn existing_key(&self, directory: &Directory) -> Result<Key, StorageError> {
        // All of them have to go before there can be a new key.
        let sealed = self.list()?.iter().map(|name| sealed_file(name)).collect::<Vec<_>>().join(", ");
        let key_missing = |what: &str| {
            StorageError::new(
                StorageErrorKind::KeyMissing,
                format!("failed to open the session stored in {}: {what} ({sealed})", directory.path().display()),
            )
        };
        let marker = Marker::read(directory)?
            .ok_or_else(|| key_missing("store.json is gone; put it back there if it was moved or is in a backup"))?;
        self.check_key_place(directory, &marker)?;
        let mut cached = lock(&self.keyring_key);
        if let Some(key) = cached.as_ref().filter(|key| marker.names(key)) {
            return Ok(key.clone());
        }
        let key = marker.key_source.load(directory, &marker.directory_id, self.patience)?;
        let key = key.filter(|key| marker.names(key)).ok_or_else(|| {
            key_missing(match marker.key_source {
                KeySource::Keyring => "its key is not in the keyring; unlock the keyring, or restore its entry",
                KeySource::KeyFile => {
                    "store.key is gone or another one; put it back there if it was moved or is in a backup"
                }
            })
        })?;
        if marker.key_source == KeySource::Keyring {
            *cached = Some(key.clone());
        }
        Ok(key)
    }

    /// The key of a directory without values, made when there is none. The write lock is held, so two processes that
    /// begin at the same time end with the same key.
    fn first_key(&self, directory: &Directory) -> Result<Key, StorageError> {
        let marker = match Marker::read(directory) {
            // A damaged description describes nothing that would be lost.
            Err(error) if error.kind == StorageErrorKind::Corrupt => None,
            marker => marker?,
        };
        let source = self.options.key_source.unwrap_or_else(|| KeySource::detect(self.patience));
        let directory_id = match &marker {
            Some(marker) => marker.directory_id.clone(),
            None => new_directory_id()?,
        };
        let found = match source.load(directory, &directory_id, self.patience) {
            // Nor does a damaged key open anything that is stored.
            Err(error) if error.kind == StorageErrorKind::Corrupt => None,
            found => found?,
        };
        let is_new = found.is_none();
        let key = found.map_or_else(Key::generate, Ok)?;
        // The description goes first: a keyring entry that no description names could never be found again.
        let new_marker = Marker::new(directory_id, source, &key);
        if marker.as_ref() != Some(&new_marker) {
            new_marker.write(directory)?;
        }
        if is_new {
            source.save(directory, &new_marker.directory_id, &key, self.patience)?;
        }
        Ok(key)
    }
}

impl SecretStore for EncryptedFileStore {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        check_name(name)?;
        let Some(directory) = self.directory()? else { return Ok(None) };
        let Some(sealed) = directory.read(&sealed_file(name), envelope::MAX_SEALED_BYTES)? else { return Ok(None) };
        let key = self.existing_key(&directory)?;
        envelope::open(&key, name, &sealed).map(Some)
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
        check_name(name)?;
        check_value(value)?;
        let directory = self.directory_or_new()?;
        let _write_lock = lock_file(&directory, WRITE_LOCK, self.options.lock_limit)?;
        // Every write happens under the lock, so what looks like a write in progress is none.
        directory.remove_leftovers()?;
        let file_name = sealed_file(name);
        let old = directory.read(&file_name, envelope::MAX_SEALED_BYTES)?;
        let key = if self.list()?.is_empty() { self.first_key(&directory)? } else { self.existing_key(&directory)? };
        if let Some(old) = old {
            envelope::open(&key, name, &old)?;
        }
        directory.write_atomic(&file_name, &envelope::seal(&key, name, value)?)
    }

    fn delete(&self, name: &str) -> Result<(), StorageError> {
        check_name(name)?;
        let Some(directory) = self.directory()? else { return Ok(()) };
        // What describes nothing keeps nobody from removing the rest.
        if let Ok(Some(marker)) = Marker::read(&directory)
            && self.list()?.iter().any(|stored| stored == name)
        {
            self.check_key_place(&directory, &marker)?;
        }
        let file_name = sealed_file(name);
        directory.remove(&file_name)?;
        // A process that was killed in the middle of a write has left the value, too.
        directory.remove_leftovers_of(&file_name)
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        let Some(directory) = self.directory()? else { return Ok(Vec::new()) };
        let files = directory.file_names_ending(SEALED_SUFFIX)?;
        let names = files.iter().filter_map(|file| file.strip_suffix(SEALED_SUFFIX));
        // Somebody may have put a file of their own here.
        Ok(names.filter(|name| check_name(name).is_ok()).map(str::to_owned).collect())
    }

    fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, StorageError> {
        check_name(name)?;
        let lock = lock_file(&self.directory_or_new()?, &format!("{name}{LOCK_SUFFIX}"), self.options.lock_limit)?;
        Ok(Box::new(lock))
    }

    fn check_writable(&self) -> Result<(), StorageError> {
        // What a save would have to make first. Without a choice of the key's place there is one that always works.
        let check_new_key = || self.options.key_source.map_or(Ok(()), |source| source.probe(self.patience));
        let Some(directory) = self.directory()? else {
            Directory::try_to_create(&self.options.directory)?;
            return check_new_key();
        };
        // Under the lock, so that nobody who writes takes the trial for what a killed process has left.
        let _write_lock = lock_file(&directory, WRITE_LOCK, self.options.lock_limit)?;
        directory.try_to_write()?;
        // Whoever saves holds the lock of its name, too.
        for lock in directory.file_names_ending(LOCK_SUFFIX)? {
            directory.open_file(&lock)?;
        }
        if self.list()?.is_empty() { check_new_key() } else { self.existing_key(&directory).map(drop) }
    }
}

fn sealed_file(name: &str) -> String {
    format!("{name}{SEALED_SUFFIX}")
}
