//! The keychain's adapter over a stand-in that answers as Apple's keychain does, since only a phone has the real one; and
//! the locks that a keychain lacks.
//!
//! The stand-in's rules are those of keychain/securityd/SecItemServer.c and OSX/sec/ipc/server_entitlement_helpers.c
//! (Security-61901.0.87.0.1, github.com/apple-oss-distributions/Security) under apple-native-keyring-store 1.0.2
//! (src/protected.rs) and security-framework 3.7.0 (src/passwords.rs).

use std::collections::{BTreeMap, HashMap};
use std::error::Error as StdError;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::{Credential, Entry, Error, Result as KeyringResult};

use super::*;
use crate::storage::keychain::{KeychainStore, POLICY};

const SERVICE: &str = "org.example.app";
/// The app ID, which is a group of its own.
const APP: &str = "TEAM.org.example.app";
const SHARED: &str = "TEAM.org.example.shared";

const OTHER_ERROR: i32 = -36;
const MISSING_ENTITLEMENT: i32 = -34018;
const ITEM_NOT_FOUND: i32 = -25300;
const INTERACTION_NOT_ALLOWED: i32 = -25308;

/// `security_framework::base::Error`: a number and the system's words, which need not have the number in them.
#[derive(Debug, thiserror::Error)]
#[error("the system's own words")]
struct Status(i32);

fn number_of(error: &(dyn StdError + Send + Sync + 'static)) -> Option<i32> {
    error.downcast_ref::<Status>().map(|status| status.0)
}

/// `decode_error` of the store's crate.
fn wrapped(number: i32) -> Error {
    match number {
        -25291 | -25292 => Error::NoStorageAccess(Box::new(Status(number))),
        ITEM_NOT_FOUND => Error::NoEntry,
        _ => Error::PlatformFailure(Box::new(Status(number))),
    }
}

/// Group, service, account.
type Key = (String, String, String);

/// Items in one place for all handles.
#[derive(Debug)]
struct StandIn {
    items: Mutex<BTreeMap<Key, Vec<u8>>>,
    /// The groups of the app's entitlements, the first of them for new items. Without any, there is nothing to be read, and
    /// nothing can be written: a Mac's keychain has every process read the group of smart cards, where our items are not.
    groups: Mutex<Vec<&'static str>>,
    /// What every call answers, or every one that writes, if it is not 0.
    failure: AtomicI32,
    failure_of_writes: AtomicI32,
    writes: AtomicUsize,
}

impl Default for StandIn {
    fn default() -> Self {
        Self {
            items: Mutex::default(),
            groups: Mutex::new(vec![APP]),
            failure: AtomicI32::new(0),
            failure_of_writes: AtomicI32::new(0),
            writes: AtomicUsize::new(0),
        }
    }
}

#[derive(Debug)]
struct Handle {
    keychain: Arc<StandIn>,
    group: Option<&'static str>,
}

#[derive(Debug)]
struct Item {
    keychain: Arc<StandIn>,
    group: Option<String>,
    service: String,
    account: String,
}

impl StandIn {
    fn answer(&self, failure: &AtomicI32) -> KeyringResult<()> {
        match failure.load(Ordering::SeqCst) {
            0 => Ok(()),
            number => Err(wrapped(number)),
        }
    }

    /// The groups that a call is about: a named one has to be the app's.
    fn groups_of(&self, named: Option<&str>) -> KeyringResult<Vec<&'static str>> {
        self.answer(&self.failure)?;
        let groups = self.groups.lock().unwrap();
        match named {
            Some(named) => match groups.iter().find(|group| **group == named) {
                Some(group) => Ok(vec![*group]),
                None => Err(wrapped(MISSING_ENTITLEMENT)),
            },
            None => Ok(groups.clone()),
        }
    }

    fn writable_groups_of(&self, named: Option<&str>) -> KeyringResult<Vec<&'static str>> {
        let groups = self.groups_of(named)?;
        self.answer(&self.failure_of_writes)?;
        if groups.is_empty() { Err(wrapped(MISSING_ENTITLEMENT)) } else { Ok(groups) }
    }

    fn count(&self) -> usize {
        self.items.lock().unwrap().len()
    }
}

impl Item {
    fn key(&self, group: &str) -> Key {
        (group.to_owned(), self.service.clone(), self.account.clone())
    }

    /// Where the item is, in any of the groups.
    fn found_in(&self, groups: &[&'static str]) -> Vec<Key> {
        let items = self.keychain.items.lock().unwrap();
        groups.iter().map(|group| self.key(group)).filter(|key| items.contains_key(key)).collect()
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
        assert_eq!(modifiers, Some(&HashMap::from([POLICY])));
        Ok(Entry::new_with_credential(Arc::new(Item {
            keychain: Arc::clone(&self.keychain),
            group: self.group.map(str::to_owned),
            service: service.to_owned(),
            account: user.to_owned(),
        })))
    }

    /// The handle's own group is not asked for: the crate's is not.
    fn search(&self, spec: &HashMap<&str, &str>) -> KeyringResult<Vec<Entry>> {
        let is_locked = self.keychain.failure.load(Ordering::SeqCst) == INTERACTION_NOT_ALLOWED;
        // A search that may not ask skips what is locked and calls the rest everything.
        if is_locked && spec.get("show-authentication-ui") != Some(&"true") {
            return Ok(Vec::new());
        }
        let groups = self.keychain.groups_of(spec.get("access-group").copied())?;
        let items = self.keychain.items.lock().unwrap();
        let found = items.keys().filter(|(group, service, _)| {
            groups.contains(&group.as_str()) && Some(&service.as_str()) == spec.get("service")
        });
        let entry = |(group, service, account): &Key| {
            Entry::new_with_credential(Arc::new(Item {
                keychain: Arc::clone(&self.keychain),
                group: Some(group.clone()),
                service: service.clone(),
                account: account.clone(),
            }))
        };
        Ok(found.map(entry).collect())
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl CredentialApi for Item {
    /// `SecItemAdd`, and where there is one already, `SecItemUpdate` of all that are found.
    fn set_secret(&self, secret: &[u8]) -> KeyringResult<()> {
        let groups = self.keychain.writable_groups_of(self.group.as_deref())?;
        self.keychain.writes.fetch_add(1, Ordering::SeqCst);
        let new = self.key(groups[0]);
        let mut keys = self.found_in(&groups);
        if !keys.contains(&new) {
            keys = vec![new];
        }
        let mut items = self.keychain.items.lock().unwrap();
        items.extend(keys.into_iter().map(|key| (key, secret.to_vec())));
        Ok(())
    }

    /// Of several, any: here the first in the alphabet.
    fn get_secret(&self) -> KeyringResult<Vec<u8>> {
        let groups = self.keychain.groups_of(self.group.as_deref())?;
        let key = self.found_in(&groups).into_iter().min().ok_or_else(|| wrapped(ITEM_NOT_FOUND))?;
        self.keychain.items.lock().unwrap().get(&key).cloned().ok_or_else(|| wrapped(ITEM_NOT_FOUND))
    }

    fn delete_credential(&self) -> KeyringResult<()> {
        let groups = self.keychain.writable_groups_of(self.group.as_deref())?;
        let mut items = self.keychain.items.lock().unwrap();
        let before = items.len();
        for group in groups {
            items.remove(&self.key(group));
        }
        if items.len() < before { Ok(()) } else { Err(wrapped(ITEM_NOT_FOUND)) }
    }

    fn get_credential(&self) -> KeyringResult<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some((self.service.clone(), self.account.clone()))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn open_in(keychain: &Arc<StandIn>, service: &str, group: Option<&'static str>) -> KeychainStore {
    let handle = Handle { keychain: Arc::clone(keychain), group };
    KeychainStore::over(Arc::new(handle), service, group, number_of).expect("a service with a name")
}

fn open(keychain: &Arc<StandIn>, service: &str) -> KeychainStore {
    open_in(keychain, service, None)
}

/// Every call of a store, with how it ends.
fn outcomes(store: &KeychainStore) -> [(&'static str, Result<(), StorageError>); 4] {
    [
        ("load", store.load(NAME).map(drop)),
        ("list", store.list().map(drop)),
        ("save", store.save(NAME, b"x")),
        ("delete", store.delete(NAME)),
    ]
}

#[test]
fn the_keychain_keeps_the_contract() {
    for group in [None, Some(APP)] {
        let keychain = Arc::new(StandIn::default());
        contract::check_contract(&|lock_limit| open_in(&keychain, SERVICE, group).with_lock_limit(lock_limit));
    }
}

#[test]
fn items_stay_on_the_device_and_are_readable_in_the_background() {
    // The stand-in refuses every other policy; what the phone makes of it, only a phone can tell.
    assert_eq!(POLICY, ("access-policy", "after-first-unlock-this-device-only"));
}

#[test]
fn a_locked_keychain_is_not_an_empty_one() {
    let keychain = Arc::new(StandIn::default());
    let store = open(&keychain, SERVICE);
    store.save(NAME, b"the session").unwrap();
    keychain.failure.store(INTERACTION_NOT_ALLOWED, Ordering::SeqCst);
    for (call, outcome) in outcomes(&store) {
        let error = outcome.expect_err(call);
        assert_eq!(error.kind, StorageErrorKind::Unavailable, "{call}");
        assert!(error.detail.contains("-25308") && error.detail.contains("unlock it"), "{error}");
    }
    keychain.failure.store(0, Ordering::SeqCst);
    assert_eq!(loaded(&store, NAME).as_deref(), Some(b"the session".as_slice()), "and nothing was lost");
}

#[test]
fn every_error_of_the_keychain_has_its_kind_its_number_and_its_way_out() {
    for (number, expected, word) in [
        (MISSING_ENTITLEMENT, StorageErrorKind::Misconfigured, "application-identifier"),
        (MISSING_ENTITLEMENT, StorageErrorKind::Misconfigured, "keychain-access-groups"),
        (-26275, StorageErrorKind::Corrupt, "sign out"),
        (INTERACTION_NOT_ALLOWED, StorageErrorKind::Unavailable, "unlock it once"),
        (-25291, StorageErrorKind::Unavailable, "later"),
        (-25292, StorageErrorKind::Unavailable, "the system's own words"),
        (-1, StorageErrorKind::Unavailable, "the system's own words"),
    ] {
        let keychain = Arc::new(StandIn::default());
        let store = open(&keychain, SERVICE);
        keychain.failure.store(number, Ordering::SeqCst);
        for (call, outcome) in outcomes(&store) {
            let error = outcome.expect_err(call);
            assert_eq!(error.kind, expected, "{call}: {error}");
            assert!(error.detail.contains(word) && error.detail.contains(&format!("({number})")), "{call}: {error}");
            let advises_unlocking = error.detail.contains("unlock");
            assert_eq!(advises_unlocking, expected == StorageErrorKind::Unavailable && number != -25291, "{error}");
        }
    }
}

/// To an app that was not signed, everything looks as if nobody had ever signed in, until something is saved.
#[test]
fn a_forbidden_keychain_is_not_an_empty_one() {
    let keychain = Arc::new(StandIn::default());
    keychain.groups.lock().unwrap().clear();
    for (call, outcome) in outcomes(&open(&keychain, SERVICE)) {
        assert_eq!(kind(outcome), StorageErrorKind::Misconfigured, "{call}");
    }
    // The same for a group that is not the app's.
    keychain.groups.lock().unwrap().push(APP);
    for (call, outcome) in outcomes(&open_in(&keychain, SERVICE, Some(SHARED))) {
        assert_eq!(kind(outcome), StorageErrorKind::Misconfigured, "{call}");
    }
}

#[test]
fn an_empty_keychain_is_asked_once_whether_it_takes_something_and_nothing_stays_of_that() {
    let keychain = Arc::new(StandIn::default());
    let store = open(&keychain, SERVICE);
    assert_eq!(keychain.writes.load(Ordering::SeqCst), 0, "nothing before somebody asks");
    assert_eq!(loaded(&store, NAME), None);
    assert_eq!(loaded(&store, NAME), None);
    assert!(store.list().unwrap().is_empty());
    assert_eq!((keychain.writes.load(Ordering::SeqCst), keychain.count()), (1, 0));

    // One that died in between left its item to the next, and it is nobody's session.
    let left = (APP.to_owned(), format!("{SERVICE}.probe"), "probe".to_owned());
    keychain.items.lock().unwrap().insert(left, Vec::new());
    let next = open(&keychain, SERVICE);
    assert!(next.list().unwrap().is_empty());
    assert_eq!((keychain.writes.load(Ordering::SeqCst), keychain.count()), (2, 0));

    // A save tells as much, and what is there needs no question.
    next.save(NAME, b"x").unwrap();
    let (known, saved) = (open(&keychain, SERVICE), open(&keychain, "org.example.other"));
    assert!(loaded(&known, NAME).is_some() && !known.list().unwrap().is_empty());
    saved.save(NAME, b"x").unwrap();
    saved.delete(NAME).unwrap();
    assert_eq!(loaded(&saved, NAME), None);
    assert_eq!(keychain.writes.load(Ordering::SeqCst), 4);
}

#[test]
fn a_keychain_that_only_cannot_be_written_now_is_believed_and_asked_again() {
    let keychain = Arc::new(StandIn::default());
    let store = open(&keychain, SERVICE);
    keychain.failure_of_writes.store(OTHER_ERROR, Ordering::SeqCst);
    assert_eq!(loaded(&store, NAME), None);
    assert!(store.list().unwrap().is_empty());
    keychain.failure_of_writes.store(MISSING_ENTITLEMENT, Ordering::SeqCst);
    assert_eq!(kind(store.load(NAME)), StorageErrorKind::Misconfigured);
    keychain.failure_of_writes.store(0, Ordering::SeqCst);
    assert_eq!(loaded(&store, NAME), None);
}

/// "Keychain Sharing" puts its groups before the app's own, so that new items are made there.
#[test]
fn a_named_group_stays_the_place_when_a_capability_comes() {
    let keychain = Arc::new(StandIn::default());
    let (named, nameless) = (open_in(&keychain, SERVICE, Some(APP)), open(&keychain, "org.example.nameless"));
    named.save(NAME, b"before").unwrap();
    nameless.save(NAME, b"before").unwrap();
    keychain.groups.lock().unwrap().insert(0, SHARED);

    assert_eq!(loaded(&named, NAME).as_deref(), Some(b"before".as_slice()));
    named.save(NAME, b"after").unwrap();
    assert_eq!(loaded(&named, NAME).as_deref(), Some(b"after".as_slice()));
    let shared = open_in(&keychain, SERVICE, Some(SHARED));
    assert_eq!(loaded(&shared, NAME), None, "another group is another place");
    assert!(shared.list().unwrap().is_empty());
    shared.save(NAME, b"of others").unwrap();
    named.delete(NAME).unwrap();
    assert_eq!(loaded(&shared, NAME).as_deref(), Some(b"of others".as_slice()));

    // Why a shell always names one: the old value is read, although the new one was saved.
    nameless.save(NAME, b"after").unwrap();
    assert_eq!(loaded(&nameless, NAME).as_deref(), Some(b"before".as_slice()));
    assert_eq!(nameless.list().unwrap(), [NAME]);
}

#[test]
fn a_keychain_s_services_are_apart_and_the_app_s_own_items_are_not_ours() {
    let keychain = Arc::new(StandIn::default());
    let (store, other) = (open(&keychain, SERVICE), open(&keychain, "org.example.other"));
    store.save(NAME, b"one").unwrap();
    other.save(NAME, b"two").unwrap();
    let password = (APP.to_owned(), SERVICE.to_owned(), "the app's password".to_owned());
    keychain.items.lock().unwrap().insert(password, b"p".to_vec());
    assert_eq!(store.list().unwrap(), [NAME]);
    store.delete(NAME).unwrap();
    assert_eq!(loaded(&other, NAME).as_deref(), Some(b"two".as_slice()));
    for (service, group) in [("", None), ("", Some(APP)), (SERVICE, Some(""))] {
        let handle = Arc::new(Handle { keychain: Arc::clone(&keychain), group });
        assert_eq!(kind(KeychainStore::over(handle, service, group, number_of)), StorageErrorKind::Denied);
    }
}

/// A test's program is signed by nobody, so this is the one thing that a Mac's real keychain has to say.
#[cfg(target_os = "macos")]
#[test]
fn the_real_keychain_tells_an_unsigned_program_what_it_lacks() {
    let store = KeychainStore::open("dev.jetbridge.tests", None).expect("a service with a name");
    for (call, outcome) in outcomes(&store) {
        let error = outcome.expect_err(call);
        assert_eq!(error.kind, StorageErrorKind::Misconfigured, "{call}: {error}");
        assert!(error.detail.contains("-34018"), "{call}: {error}");
    }
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
