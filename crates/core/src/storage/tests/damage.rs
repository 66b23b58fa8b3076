//! Damage to files: every kind is an error for reading and for writing, nothing is replaced or deleted by itself, and
//! `delete` always leads back to a store that works.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use super::*;

/// Everything in a directory, to see that nothing changed.
fn contents(directory: &Path) -> Vec<(OsString, Vec<u8>)> {
    let mut contents: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file() && !entry.path().ends_with("store.lock"))
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .collect();
    contents.sort();
    contents
}

/// Reading and writing fail in the same way and change nothing; after `delete` the store works again.
fn assert_refused(directory: &Path, expected: StorageErrorKind) -> String {
    let before = contents(directory);
    let store = key_file_store(directory);
    let error = store.load(NAME).expect_err("damage is not an empty store");
    assert_eq!(error.kind, expected, "{error}");
    assert_eq!(store.save(NAME, b"new").expect_err("damage is not written over"), error);
    assert_eq!(contents(directory), before);
    error.detail
}

fn assert_usable_after_delete(directory: &Path) {
    let store = key_file_store(directory);
    store.delete(NAME).expect("what cannot be read can be deleted");
    assert_eq!(loaded(&store, NAME), None);
    store.save(NAME, b"new").expect("a saved value");
    assert_eq!(loaded(&key_file_store(directory), NAME).as_deref(), Some(b"new".as_slice()));
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn every_flipped_bit_is_found() {
    let directory = directory_with_value(b"value");
    let path = sealed_path(directory.path(), NAME);
    let good = fs::read(&path).unwrap();
    for position in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[position] ^= 1 << bit;
            fs::write(&path, &bad).unwrap();
            let expected = match position {
                8 if bad[8] > 1 => StorageErrorKind::Unavailable,
                9..17 => StorageErrorKind::KeyMissing,
                _ => StorageErrorKind::Corrupt,
            };
            assert_refused(directory.path(), expected);
        }
    }
    assert_usable_after_delete(directory.path());
}

#[test]
fn every_cut_and_every_addition_is_found() {
    let directory = directory_with_value(b"value");
    let path = sealed_path(directory.path(), NAME);
    let good = fs::read(&path).unwrap();
    for length in 0..good.len() {
        fs::write(&path, &good[..length]).unwrap();
        assert_refused(directory.path(), StorageErrorKind::Corrupt);
    }
    fs::write(&path, [good.as_slice(), b"x"].concat()).unwrap();
    assert_refused(directory.path(), StorageErrorKind::Corrupt);
    fs::write(&path, vec![b'J'; envelope::MAX_SEALED_BYTES + 1]).unwrap();
    assert!(assert_refused(directory.path(), StorageErrorKind::Corrupt).contains("larger than"));
    assert_usable_after_delete(directory.path());
}

#[test]
fn a_file_does_not_open_under_another_name_or_in_another_directory() {
    let directory = directory_with_value(b"value");
    let store = key_file_store(directory.path());
    store.save("other", b"of the other").unwrap();
    fs::copy(sealed_path(directory.path(), "other"), sealed_path(directory.path(), NAME)).unwrap();
    assert_refused(directory.path(), StorageErrorKind::Corrupt);
    assert_eq!(loaded(&store, "other").as_deref(), Some(b"of the other".as_slice()));

    let elsewhere = directory_with_value(b"value");
    fs::copy(sealed_path(elsewhere.path(), NAME), sealed_path(directory.path(), NAME)).unwrap();
    assert_refused(directory.path(), StorageErrorKind::KeyMissing);
    assert_usable_after_delete(directory.path());
}

#[test]
fn a_lost_or_replaced_key_is_never_made_anew() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage, StorageErrorKind); 6] = [
        ("key lost", |dir| fs::remove_file(dir.join("store.key")).unwrap(), StorageErrorKind::KeyMissing),
        ("key replaced", |dir| fs::write(dir.join("store.key"), [7; 32]).unwrap(), StorageErrorKind::KeyMissing),
        ("key cut", |dir| fs::write(dir.join("store.key"), [7; 31]).unwrap(), StorageErrorKind::Corrupt),
        ("marker lost", |dir| fs::remove_file(dir.join("store.json")).unwrap(), StorageErrorKind::KeyMissing),
        ("marker cut", |dir| fs::write(dir.join("store.json"), "{\"format\":1").unwrap(), StorageErrorKind::Corrupt),
        (
            "marker of an unknown kind",
            |dir| fs::write(dir.join("store.json"), "[]").unwrap(),
            StorageErrorKind::Corrupt,
        ),
    ];
    for (what, damage, expected) in damages {
        let directory = directory_with_value(b"value");
        damage(directory.path());
        eprintln!("{what}");
        assert_refused(directory.path(), expected);
        let store = key_file_store(directory.path());
        assert_eq!(kind(store.save("another", b"x")), expected, "nor is it made for another name");
        assert_usable_after_delete(directory.path());
    }
}

#[test]
fn files_of_a_newer_version_are_left_alone() {
    let directory = directory_with_value(b"value");
    let path = sealed_path(directory.path(), NAME);
    let mut newer = fs::read(&path).unwrap();
    newer[8] = 2;
    fs::write(&path, newer).unwrap();
    let detail = assert_refused(directory.path(), StorageErrorKind::Unavailable);
    assert!(detail.ends_with("a newer Jetbridge wrote it (format 2); update this one"), "{detail}");

    let directory = directory_with_value(b"value");
    fs::write(directory.path().join("store.json"), r#"{"format":2,"vault":"somewhere"}"#).unwrap();
    assert_refused(directory.path(), StorageErrorKind::Unavailable);
}

#[test]
fn files_that_others_can_reach_are_refused() {
    for mode in [0o644, 0o640, 0o606, 0o610] {
        let directory = directory_with_value(b"value");
        let path = sealed_path(directory.path(), NAME);
        set_mode(&path, mode);
        let detail = assert_refused(directory.path(), StorageErrorKind::Denied);
        assert!(detail.ends_with(&format!("run: chmod 600 {}", path.display())), "{detail}");
        set_mode(&path, 0o600);
        assert_eq!(loaded(&key_file_store(directory.path()), NAME).as_deref(), Some(b"value".as_slice()));
    }

    let directory = directory_with_value(b"value");
    set_mode(&directory.path().join("store.key"), 0o644);
    assert_refused(directory.path(), StorageErrorKind::Denied);

    let store = key_file_store(directory.path());
    set_mode(directory.path(), 0o750);
    let refused = EncryptedFileStore::open_auto(directory.path()).expect_err("an open directory");
    assert_eq!(refused.kind, StorageErrorKind::Denied);
    assert!(refused.detail.ends_with(&format!("run: chmod 700 {}", directory.path().display())), "{refused}");
    assert_eq!(kind(store.load(NAME)), StorageErrorKind::Denied, "it is looked at each time");
}

#[test]
fn what_is_made_is_private() {
    let directory = private_directory();
    let path = directory.path().join("state/jetbridge");
    let store = key_file_store(&path);
    store.save(NAME, b"value").unwrap();
    drop(store.lock(NAME).unwrap());
    for made in [directory.path().join("state"), path.clone()] {
        assert_eq!(fs::metadata(made).unwrap().mode() & 0o777, 0o700);
    }
    let mut names: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let lock = format!("{NAME}.lock");
    let sealed = format!("{NAME}.sealed");
    assert_eq!(names, [lock.as_str(), sealed.as_str(), "store.json", "store.key", "store.lock"]);
    for name in names {
        assert_eq!(fs::metadata(path.join(&name)).unwrap().mode() & 0o777, 0o600, "{name:?}");
    }
}

#[test]
fn symbolic_links_and_other_things_are_refused() {
    let directory = directory_with_value(b"value");
    let path = sealed_path(directory.path(), NAME);
    let target = directory.path().join("target");
    fs::rename(&path, &target).unwrap();
    symlink(&target, &path).unwrap();
    let detail = assert_refused(directory.path(), StorageErrorKind::Denied);
    assert!(detail.ends_with("it is a symbolic link; move it elsewhere or delete it"), "{detail}");
    assert_usable_after_delete(directory.path());
    assert!(target.exists(), "the link was deleted, not what it leads to");

    fs::remove_file(&path).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    let detail = assert_refused(directory.path(), StorageErrorKind::Denied);
    assert!(detail.ends_with("it is not a file; move it elsewhere or delete it"), "{detail}");

    let outside = private_directory();
    let link = outside.path().join("link");
    symlink(directory.path(), &link).unwrap();
    for path in [link.clone(), outside.path().join("link/"), link.join(".")] {
        let error = EncryptedFileStore::open_auto(&path).expect_err("a link to a directory");
        assert_eq!(error.kind, StorageErrorKind::Denied);
        assert!(error.detail.ends_with("it is a symbolic link; use the folder that it leads to"), "{error}");
    }
    symlink(outside.path().join("victim"), directory.path().join("a.lock")).unwrap();
    assert_eq!(kind(key_file_store(directory.path()).lock("a")), StorageErrorKind::Denied);
    assert!(!outside.path().join("victim").exists());
}

#[test]
fn a_directory_of_another_user_is_refused() {
    let directory = private_directory();
    let is_root = rustix::process::geteuid().is_root();
    let foreign = if is_root {
        chown(directory.path(), Some(65534), None).unwrap();
        directory.path()
    } else {
        Path::new("/")
    };
    let error = EncryptedFileStore::open_auto(foreign).expect_err("another user's directory");
    assert_eq!(error.kind, StorageErrorKind::Denied);
    let (owner, me) = if is_root { ("user 65534", "root; run this as that user") } else { ("root", "user ") };
    assert!(error.detail.contains(&format!("it belongs to {owner} and not to {me}")), "{error}");
}

#[test]
fn reading_makes_nothing() {
    let directory = private_directory();
    let path = directory.path().join("state/jetbridge");
    let store = key_file_store(&path);
    assert_eq!(loaded(&store, NAME), None);
    assert_eq!(store.list(), Ok(Vec::new()));
    assert_eq!(store.key_source(), Ok(None));
    store.delete(NAME).expect("nothing to delete is no error");
    assert!(!directory.path().join("state").exists());
    // What is made meanwhile is seen, and from then on it has to be there.
    key_file_store(&path).save(NAME, b"value").unwrap();
    assert_eq!(loaded(&store, NAME).as_deref(), Some(b"value".as_slice()));
    fs::rename(&path, directory.path().join("moved")).unwrap();
    assert_eq!(kind(store.load(NAME)), StorageErrorKind::Io);
}

#[test]
fn a_directory_that_vanished_is_not_an_empty_one() {
    let directory = directory_with_value(b"value");
    let store = key_file_store(directory.path());
    let moved = directory.path().with_extension("moved");
    fs::rename(directory.path(), &moved).unwrap();
    assert_eq!(kind(store.load(NAME)), StorageErrorKind::Io);
    assert_eq!(kind(store.save(NAME, b"new")), StorageErrorKind::Io);
    assert!(!directory.path().exists(), "it is not made anew under a running session");
    fs::rename(&moved, directory.path()).unwrap();
    assert_eq!(loaded(&store, NAME).as_deref(), Some(b"value".as_slice()));
}

#[test]
fn a_file_where_the_directory_should_be_is_told() {
    let directory = private_directory();
    let path = directory.path().join("file");
    fs::write(&path, "").unwrap();
    assert_eq!(kind(EncryptedFileStore::open_auto(&path)), StorageErrorKind::Denied);
    assert_eq!(kind(EncryptedFileStore::open_auto(&path.join("below"))), StorageErrorKind::Denied);
}

#[test]
fn a_deleted_value_is_gone_from_the_leftovers_of_killed_writers_too() {
    let directory = directory_with_value(b"secret");
    let sealed = fs::read(sealed_path(directory.path(), NAME)).unwrap();
    for name in [NAME, "another-name"] {
        fs::write(directory.path().join(format!("{name}.sealed.0123456789abcdef.tmp")), &sealed).unwrap();
    }
    key_file_store(directory.path()).delete(NAME).unwrap();
    let names: Vec<_> = contents(directory.path()).into_iter().map(|(name, _)| name).collect();
    let is_left = |name: &str| names.iter().any(|found| found.to_string_lossy().starts_with(name));
    assert!(!is_left(&format!("{NAME}.sealed")), "{names:?}");
    assert!(is_left("another-name.sealed"), "somebody may be writing that");
}

#[test]
fn leftovers_of_killed_writers_are_ignored_and_cleaned() {
    let directory = directory_with_value(b"value");
    let leftover = directory.path().join(format!("{NAME}.sealed.0011223344556677.tmp"));
    fs::write(&leftover, b"half a fi").unwrap();
    let store = key_file_store(directory.path());
    assert_eq!(loaded(&store, NAME).as_deref(), Some(b"value".as_slice()));
    store.save(NAME, b"new").unwrap();
    assert!(!leftover.exists());
    assert_eq!(loaded(&store, NAME).as_deref(), Some(b"new".as_slice()));
}

/// What is saved ahead of a renewal is larger than its answer, for the disk that is full by then.
#[test]
fn a_full_disk_has_the_room_of_the_file_that_is_there_and_no_more() {
    let home = tempfile::tempdir().unwrap();
    let directory = directory::Directory::create(&home.path().join("store")).unwrap();
    let path = home.path().join("store/a.sealed");
    directory.write_atomic("a.sealed", &[7; 1000]).unwrap();
    directory.overwrite("a.sealed", &[8; 1001]).expect_err("it would not fit");
    assert_eq!(fs::read(&path).unwrap(), [7; 1000]);
    directory.overwrite("a.sealed", b"the answer").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"the answer");
    directory.overwrite("missing.sealed", b"").expect_err("nothing is made");
    symlink(&path, home.path().join("store/link.sealed")).unwrap();
    directory.overwrite("link.sealed", b"").expect_err("no link is followed");
    assert_eq!(fs::read(&path).unwrap(), b"the answer");
}
