//! Whether a store could be written: told without a trace of the question.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // A lock's file is made by whoever looks, and stays.
        .filter(|path| path.extension().is_none_or(|ending| ending != "lock"))
        .map(|path| (path.clone(), fs::read(&path).unwrap_or_default(), path.metadata().unwrap().modified().unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_store_that_works_says_so_and_is_as_before() {
    let directory = directory_with_value(b"value");
    let store = key_file_store(directory.path());
    let before = files(directory.path());
    assert_eq!(store.check_writable(), Ok(()));
    assert_eq!(files(directory.path()), before);
    assert_eq!(loaded(&store, NAME).as_deref(), Some(b"value".as_slice()));
    assert_eq!(MemoryStore::new().check_writable(), Ok(()));
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    let parent = tempfile::tempdir().unwrap();
    let store = key_file_store(&parent.path().join("some/where"));
    assert_eq!(store.check_writable(), Ok(()));
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn whatever_keeps_a_save_from_its_work_is_told() {
    let parent = tempfile::tempdir().unwrap();
    let below_a_file = key_file_store(&parent.path().join("file/state"));
    fs::write(parent.path().join("file"), "").unwrap();
    assert_eq!(kind(below_a_file.check_writable()), kind(below_a_file.save(NAME, b"x")));

    let directory = directory_with_value(b"value");
    let store = key_file_store(directory.path());
    let lock = directory.path().join("store.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert_eq!(kind(store.check_writable()), StorageErrorKind::Denied, "nobody can lock what is no file");
    fs::remove_dir(&lock).unwrap();
    drop(store.lock(NAME).unwrap());
    let lock = directory.path().join(format!("{NAME}.lock"));
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert_eq!(kind(store.check_writable()), kind(store.lock(NAME)), "a sign-in needs that one, too");
    fs::remove_dir(&lock).unwrap();
    // Another account's session cannot be opened: nor can any be saved beside it.
    fs::write(directory.path().join("store.key"), [7; 32]).unwrap();
    assert_eq!(kind(store.check_writable()), StorageErrorKind::KeyMissing);
    assert_eq!(kind(store.save("another", b"x")), StorageErrorKind::KeyMissing);

    if cfg!(target_os = "linux") {
        // Nobody can make anything there, root included.
        let nowhere = key_file_store(Path::new("/sys/jetbridge")).check_writable().expect_err("no folder there");
        assert!(!nowhere.detail.contains("chmod"), "{nowhere}");
    }
    if !rustix::process::geteuid().is_root() {
        let closed = directory_with_value(b"value");
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o500)).unwrap();
        assert_eq!(kind(key_file_store(closed.path()).check_writable()), StorageErrorKind::Denied);
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn nobody_is_told_to_close_a_folder_that_others_use() {
    let directory = directory_with_value(b"value");
    fs::write(directory.path().join("thesis.txt"), "").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let refused = EncryptedFileStore::open_auto(directory.path()).expect_err("an open folder");
    assert!(refused.detail.contains("choose another folder") && !refused.detail.contains("chmod"), "{refused}");
}
