//! What every adapter promises, asked of each in the same way.

use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;

use super::*;

/// `open` gives one more handle to the same, still empty store, with a limit for waiting for locks.
pub(super) fn check_contract<S: SecretStore>(open: &(dyn Fn(Duration) -> S + Sync)) {
    let store = open(LONG_WAIT);
    let other = open(SHORT_WAIT);
    values_come_back(&store, &other);
    wrong_input_is_refused(&store);
    locks_exclude(&store, &other);
    concurrent_saves_leave_one_value(open);
    concurrent_holders_take_turns(open);
}

fn values_come_back(store: &dyn SecretStore, other: &dyn SecretStore) {
    assert_eq!(loaded(store, NAME), None);
    store.delete(NAME).expect("nothing to delete is no error");

    let every_byte: Vec<u8> = (0..=255).collect();
    let largest = vec![0xa5; MAX_VALUE_BYTES];
    for value in [every_byte.as_slice(), b"", b"short", &largest, b"last"] {
        store.save(NAME, value).expect("a saved value");
        assert!(loaded(store, NAME).as_deref() == Some(value), "a value of {} bytes", value.len());
        assert!(loaded(other, NAME).as_deref() == Some(value), "another handle sees it");
    }

    other.save("other.name_1-B", b"of the other").expect("a saved value");
    store.delete(NAME).expect("deleted");
    assert_eq!(loaded(store, NAME), None);
    assert_eq!(loaded(other, NAME), None);
    assert_eq!(loaded(store, "other.name_1-B").as_deref(), Some(b"of the other".as_slice()));
    let names = |store: &dyn SecretStore| {
        let mut names = store.list().expect("the names");
        names.sort_unstable();
        names
    };
    store.save(NAME, b"").expect("a saved value");
    store.lock("only.locked").expect("a lock is no value");
    for handle in [store, other] {
        assert_eq!(names(handle), ["other.name_1-B", NAME]);
    }
    store.delete(NAME).expect("deleted");
    assert_eq!(names(other), ["other.name_1-B"]);
    other.delete("other.name_1-B").expect("deleted");
    assert!(names(store).is_empty());
}

fn wrong_input_is_refused(store: &dyn SecretStore) {
    let long = "n".repeat(129);
    for name in ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a b", "a\0", "é", "C:x", "store", long.as_str()] {
        assert_eq!(kind(store.load(name)), StorageErrorKind::Denied, "{name:?}");
        assert_eq!(kind(store.save(name, b"x")), StorageErrorKind::Denied, "{name:?}");
        assert_eq!(kind(store.delete(name)), StorageErrorKind::Denied, "{name:?}");
        assert_eq!(kind(store.lock(name)), StorageErrorKind::Denied, "{name:?}");
    }
    let longest = "n".repeat(128);
    store.save(&longest, b"x").expect("the longest name");
    store.delete(&longest).expect("deleted");

    store.save(NAME, b"old").expect("a saved value");
    assert_eq!(kind(store.save(NAME, &vec![0; MAX_VALUE_BYTES + 1])), StorageErrorKind::Denied);
    assert_eq!(loaded(store, NAME).as_deref(), Some(b"old".as_slice()));
}

fn locks_exclude(store: &dyn SecretStore, other: &dyn SecretStore) {
    let held = store.lock(NAME).expect("a free lock");
    assert_eq!(kind(other.lock(NAME)), StorageErrorKind::Busy);
    other.lock("another-name").expect("locks of other names are free");
    store.save(NAME, b"under the lock").expect("the holder can save");
    assert_eq!(loaded(other, NAME).as_deref(), Some(b"under the lock".as_slice()), "reading needs no lock");
    drop(held);
    let held = other.lock(NAME).expect("the lock was given up");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| store.lock(NAME).map(drop));
        drop(held);
        waiting.join().unwrap().expect("whoever waits gets the lock");
    });
}

fn concurrent_saves_leave_one_value<S: SecretStore>(open: &(dyn Fn(Duration) -> S + Sync)) {
    let values: Vec<Vec<u8>> = (1..=4).map(|byte| vec![byte; 20_000]).collect();
    let start = Barrier::new(values.len());
    thread::scope(|scope| {
        for value in &values {
            scope.spawn(|| {
                let store = open(LONG_WAIT);
                start.wait();
                for _ in 0..3 {
                    store.save("shared", value).expect("a saved value");
                    assert!(values.contains(&loaded(&store, "shared").expect("a value")), "never a mixture");
                }
            });
        }
    });
}

/// Without the lock some of the increments would be lost.
fn concurrent_holders_take_turns<S: SecretStore>(open: &(dyn Fn(Duration) -> S + Sync)) {
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = open(LONG_WAIT);
                start.wait();
                for _ in 0..3 {
                    let _lock = store.lock("counter").expect("my turn comes");
                    let count = loaded(&store, "counter").map_or(0, |value| value[0]);
                    store.save("counter", &[count + 1]).expect("a saved value");
                }
            });
        }
    });
    assert_eq!(loaded(&open(LONG_WAIT), "counter"), Some(vec![12]));
}

#[test]
fn memory_keeps_the_contract() {
    let store = MemoryStore::new();
    check_contract(&|lock_limit| store.clone().with_lock_limit(lock_limit));
}

#[test]
fn encrypted_files_with_a_key_file_keep_the_contract() {
    let directory = private_directory();
    check_contract(&|lock_limit| {
        EncryptedFileStore::open(FileStoreOptions { lock_limit, ..options(directory.path(), KeySource::KeyFile) })
            .expect("a private directory")
    });
}

/// With a keyring (`dbus-run-session` and an unlocked `gnome-keyring-daemon` will do) the contract is kept and the key
/// is there and nowhere else; without one, asking for it is an error that says so.
#[test]
fn encrypted_files_with_the_keyring_keep_the_contract() {
    let directory = private_directory();
    let open = |key_source| {
        EncryptedFileStore::open(FileStoreOptions { key_source, ..options(directory.path(), KeySource::Keyring) })
            .expect("a private directory")
    };
    let key_file = directory.path().join("store.key");
    if KeySource::detect(KeyringPatience::Unattended) == KeySource::KeyFile {
        // `cargo xtask test keyring` provides one; falling back there would prove nothing.
        assert!(std::env::var_os("JETBRIDGE_TEST_NEEDS_KEYRING").is_none(), "the keyring does not answer");
        eprintln!("no keyring answers here: what happens then is tested");
        assert_eq!(kind(open(Some(KeySource::Keyring)).save(NAME, b"x")), StorageErrorKind::Unavailable);
        assert!(!sealed_path(directory.path(), NAME).exists());
        assert!(!key_file.exists(), "no key is put elsewhere behind the user's back");
        open(None).save(NAME, b"x").expect("the automatic choice falls back to a key file");
        assert_eq!(open(None).key_source(), Ok(Some(KeySource::KeyFile)));
        return;
    }
    check_contract(&|lock_limit| {
        EncryptedFileStore::open(FileStoreOptions { lock_limit, ..options(directory.path(), KeySource::Keyring) })
            .expect("a private directory")
    });
    assert!(!key_file.exists());
    open(None).save(NAME, b"kept").expect("the automatic choice finds the key's place");
    assert_eq!(open(None).key_source(), Ok(Some(KeySource::Keyring)));
    assert_eq!(kind(open(Some(KeySource::KeyFile)).load(NAME)), StorageErrorKind::Denied);

    let running = open(None);
    assert_eq!(loaded(&running, NAME).as_deref(), Some(b"kept".as_slice()));
    let marker = marker::Marker::read(&directory::Directory::open(directory.path()).unwrap()).unwrap().unwrap();
    ::keyring::Entry::new("jetbridge", &marker.directory_id).unwrap().delete_credential().expect("the key's entry");
    assert_eq!(kind(open(None).load(NAME)), StorageErrorKind::KeyMissing);
    assert_eq!(kind(open(None).save(NAME, b"new")), StorageErrorKind::KeyMissing, "no new key over the old value");
    assert_eq!(loaded(&running, NAME).as_deref(), Some(b"kept".as_slice()), "a running session goes on");
}

#[test]
fn processes_that_begin_together_end_with_one_key() {
    let directory = private_directory();
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for number in 0..8 {
            let (directory, start) = (&directory, &start);
            scope.spawn(move || {
                let store = key_file_store(directory.path());
                start.wait();
                store.save(&format!("name-{number}"), &[number]).expect("a saved value");
            });
        }
    });
    let store = key_file_store(directory.path());
    let values: HashSet<_> = (0..8).map(|number| loaded(&store, &format!("name-{number}"))).collect();
    assert_eq!(values, (0..8).map(|number| Some(vec![number])).collect());
}

/// It needs no keyring: which place the key is in says the store's description.
#[test]
fn a_value_whose_key_is_in_another_place_is_neither_read_nor_replaced_nor_removed() {
    let directory = private_directory();
    let open =
        |key_source| EncryptedFileStore::open(options(directory.path(), key_source)).expect("a private directory");
    let (right, wrong) = (open(KeySource::KeyFile), open(KeySource::Keyring));
    right.save(NAME, b"kept").expect("a new store");
    assert_eq!(kind(wrong.load(NAME)), StorageErrorKind::Denied);
    assert_eq!(kind(wrong.save(NAME, b"other")), StorageErrorKind::Denied);
    assert_eq!(kind(wrong.save("other", b"other")), StorageErrorKind::Denied);
    assert_eq!(kind(wrong.delete(NAME)), StorageErrorKind::Denied);
    assert_eq!(wrong.delete("nothing"), Ok(()), "what is not there is nobody's");
    assert_eq!(loaded(&right, NAME).as_deref(), Some(b"kept".as_slice()));
    right.delete(NAME).expect("its own");
}
