//! The keychain's adapter over a stand-in that answers as Apple's keychain does, since only a phone has the real one; and
//! the locks that a keychain lacks.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::{Credential, Entry, Error, Result as KeyringResult};

use super::*;
use crate::storage::keychain::KeychainStore;

const SERVICE: &str = "org.example.app";

/// Items by service and account, in one place for all handles.
#[derive(Debug, Default)]
struct StandIn {
    items: Mutex<BTreeMap<(String, String), Vec<u8>>>,
    is_locked: AtomicBool,
}

#[derive(Debug)]
struct Handle(Arc<StandIn>);

#[derive(Debug)]
struct Item {
    keychain: Arc<StandIn>,
    key: (String, String),
}

impl StandIn {
    /// errSecInteractionNotAllowed, in the system's words.
    fn check_unlocked(&self) -> KeyringResult<()> {
        if self.is_locked.load(Ordering::SeqCst) {
            return Err(Error::PlatformFailure("User interaction is not allowed. (-25308)".into()));
        }
        Ok(())
    }
}

impl CredentialStoreApi for Handle {
    fn vendor(&self) -> String {
        "stand-in".to_owned()
    }

    fn id(&self) -> String {
        "stand-in".to_owned()
    }

    fn build(&self, service: &str, user: &str, modifiers: Option<&HashMap<&str, &str>>) -> KeyringResult<Entry> {
        assert_eq!(modifiers.and_then(|modifiers| modifiers.get("access-policy")), Some(&"the policy"));
        let key = (service.to_owned(), user.to_owned());
        Ok(Entry::new_with_credential(Arc::new(Item { keychain: Arc::clone(&self.0), key })))
    }

    fn search(&self, spec: &HashMap<&str, &str>) -> KeyringResult<Vec<Entry>> {
        // A search that may not ask skips what is locked and calls the rest everything.
        if spec.get("show-authentication-ui") == Some(&"true") {
            self.0.check_unlocked()?;
        } else if self.0.is_locked.load(Ordering::SeqCst) {
            return Ok(Vec::new());
        }
        let items = self.0.items.lock().unwrap();
        let found = items.keys().filter(|(service, _)| Some(&service.as_str()) == spec.get("service"));
        let entry = |key: &(String, String)| {
            Entry::new_with_credential(Arc::new(Item { keychain: Arc::clone(&self.0), key: key.clone() }))
        };
        Ok(found.map(entry).collect())
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl CredentialApi for Item {
    fn set_secret(&self, secret: &[u8]) -> KeyringResult<()> {
        self.keychain.check_unlocked()?;
        self.keychain.items.lock().unwrap().insert(self.key.clone(), secret.to_vec());
        Ok(())
    }

    fn get_secret(&self) -> KeyringResult<Vec<u8>> {
        self.keychain.check_unlocked()?;
        self.keychain.items.lock().unwrap().get(&self.key).cloned().ok_or(Error::NoEntry)
    }

    fn delete_credential(&self) -> KeyringResult<()> {
        self.keychain.check_unlocked()?;
        self.keychain.items.lock().unwrap().remove(&self.key).map(drop).ok_or(Error::NoEntry)
    }

    fn get_credential(&self) -> KeyringResult<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some(self.key.clone())
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn open(keychain: &Arc<StandIn>, service: &str) -> KeychainStore {
    KeychainStore::over(Arc::new(Handle(Arc::clone(keychain))), service, &[("access-policy", "the policy")])
        .expect("a service with a name")
}

#[test]
fn the_keychain_keeps_the_contract() {
    let keychain = Arc::new(StandIn::default());
    contract::check_contract(&|lock_limit| open(&keychain, SERVICE).with_lock_limit(lock_limit));
}

#[test]
fn a_locked_keychain_is_not_an_empty_one() {
    let keychain = Arc::new(StandIn::default());
    let store = open(&keychain, SERVICE);
    store.save(NAME, b"the session").unwrap();
    keychain.is_locked.store(true, Ordering::SeqCst);
    assert_eq!(kind(store.list()), StorageErrorKind::Unavailable);
    assert_eq!(kind(store.save(NAME, b"x")), StorageErrorKind::Unavailable);
    assert_eq!(kind(store.delete(NAME)), StorageErrorKind::Unavailable);
    let error = store.load(NAME).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Unavailable);
    assert!(error.detail.contains("-25308") && error.detail.contains("unlock it"), "{error}");

    keychain.is_locked.store(false, Ordering::SeqCst);
    assert_eq!(loaded(&store, NAME).as_deref(), Some(b"the session".as_slice()), "and nothing was lost");
}

#[test]
fn a_keychain_s_services_are_apart_and_the_app_s_own_items_are_not_ours() {
    let keychain = Arc::new(StandIn::default());
    let (store, other) = (open(&keychain, SERVICE), open(&keychain, "org.example.other"));
    store.save(NAME, b"one").unwrap();
    other.save(NAME, b"two").unwrap();
    keychain.items.lock().unwrap().insert((SERVICE.to_owned(), "the app's password".to_owned()), b"p".to_vec());
    assert_eq!(store.list().unwrap(), [NAME]);
    store.delete(NAME).unwrap();
    assert_eq!(loaded(&other, NAME).as_deref(), Some(b"two".as_slice()));
    let nameless = KeychainStore::over(Arc::new(Handle(keychain)), "", &[]);
    assert_eq!(kind(nameless), StorageErrorKind::Denied);
}

#[test]
fn errors_of_the_keychain_show_no_item() {
    let keychain = Arc::new(StandIn::default());
    let store = open(&keychain, SERVICE);
    store.save(NAME, b"the secret value").unwrap();
    let shown = format!("{store:?}");
    assert!(shown.contains(SERVICE) && !shown.contains("secret value"), "{shown}");
}

#[test]
fn the_locks_of_a_folder_exclude_and_can_be_given_up() {
    let directory = private_directory();
    let folder = || LockFolder::new(directory.path().join("locks")).with_limit(SHORT_WAIT);
    let (app, extension) = (folder(), folder());
    let held = app.lock(NAME).expect("a free lock");
    assert_eq!(kind(extension.lock(NAME)), StorageErrorKind::Busy);
    assert_eq!(kind(app.lock(NAME)), StorageErrorKind::Busy, "also inside one process");
    extension.lock("another-name").expect("locks of other names are free");
    assert_eq!(kind(app.lock("../x")), StorageErrorKind::Denied);

    app.release_all();
    let taken = extension.lock(NAME).expect("it was given up");
    drop(held);
    assert_eq!(kind(app.lock(NAME)), StorageErrorKind::Busy, "whoever gave it up cannot give up another's");
    drop(taken);
    let unkept = app.lock(NAME).expect("work goes on");
    drop(extension.lock(NAME).expect("but nothing is kept locked while the process may be suspended"));
    drop(unkept);
    app.resume();
    let kept = app.lock(NAME).expect("a free lock");
    assert_eq!(kind(extension.lock(NAME)), StorageErrorKind::Busy);
    drop(kept);
    drop(extension.lock(NAME).expect("and again"));
}

#[cfg(unix)]
#[test]
fn a_folder_for_locks_that_cannot_be_used_says_nothing_about_the_store() {
    let directory = private_directory();
    let path = directory.path().join("locks");
    fs::write(&path, "not a folder").unwrap();
    let error = LockFolder::new(&path).lock(NAME).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Unavailable, "{error}");
    assert!(error.detail.contains("the folder for locks"), "{error}");
}
