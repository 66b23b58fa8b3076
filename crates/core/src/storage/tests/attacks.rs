//! What another user or program may put in the way of the store: links, pipes, open doors, and a directory that is another
//! one by the next call. Nothing is read from there and nothing is written there.

use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::super::directory::Directory;
use super::*;

/// Puts something in place of a file; what was there stays beside it as `name.moved`.
type Replacement = fn(&Path);

fn moved(path: &Path) -> PathBuf {
    path.with_extension("moved")
}

fn replacements() -> Vec<(&'static str, Replacement)> {
    let mut replacements: Vec<(&str, Replacement)> = vec![
        ("a link to the very file", |path| {
            fs::rename(path, moved(path)).unwrap();
            symlink(moved(path), path).unwrap();
        }),
        ("a link to nothing", |path| {
            fs::rename(path, moved(path)).unwrap();
            symlink(path.with_extension("nothing"), path).unwrap();
        }),
        ("a pipe", |path| {
            fs::rename(path, moved(path)).unwrap();
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).unwrap();
        }),
        ("a file that a group can read", |path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
        }),
        ("a file that anybody can write", |path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o602)).unwrap();
        }),
    ];
    // Only root can give files away.
    if rustix::process::geteuid().is_root() {
        replacements.push(("a file of another user", |path| chown(path, Some(65534), None).unwrap()));
    }
    replacements
}

#[test]
fn no_file_of_the_store_may_be_a_link_a_pipe_or_open_to_others() {
    type Use = fn(&EncryptedFileStore) -> Result<(), StorageError>;
    let load: Use = |store| store.load(NAME).map(|_| ());
    let save: Use = |store| store.save(NAME, b"new");
    let lock: Use = |store| store.lock(NAME).map(|_| ());
    let (sealed, lock_file) = (format!("{NAME}.sealed"), format!("{NAME}.lock"));
    let files: [(&str, &[Use]); 5] = [
        (&sealed, &[load, save]),
        ("store.json", &[load, save]),
        ("store.key", &[load, save]),
        ("store.lock", &[save]),
        (&lock_file, &[lock]),
    ];
    for (file, uses) in files {
        for (what, replace) in replacements() {
            let directory = directory_with_value(b"value");
            let store = key_file_store(directory.path());
            drop(store.lock(NAME).unwrap());
            let path = directory.path().join(file);
            replace(&path);
            for use_store in uses {
                assert_eq!(kind(use_store(&store)), StorageErrorKind::Denied, "{what} as {file}");
            }
            assert!(!path.with_extension("nothing").exists(), "nothing was made where the link leads: {file}");
        }
    }
}

#[test]
fn a_directory_that_is_another_one_by_the_next_call_is_looked_at_again() {
    let outside = private_directory();
    let path = outside.path().join("store");
    let store = key_file_store(&path);
    store.save(NAME, b"value").unwrap();
    let (own, trap) = (outside.path().join("own"), outside.path().join("trap"));
    fs::rename(&path, &own).unwrap();
    fs::create_dir(&trap).unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o700)).unwrap();

    let swaps: [(&str, &dyn Fn()); 3] = [
        ("a link", &|| symlink(&trap, &path).unwrap()),
        ("a link to the right one", &|| symlink(&own, &path).unwrap()),
        ("an open directory", &|| {
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        }),
    ];
    for (what, swap) in swaps {
        swap();
        assert_eq!(kind(store.load(NAME)), StorageErrorKind::Denied, "{what}");
        assert_eq!(kind(store.save(NAME, b"new")), StorageErrorKind::Denied, "{what}");
        assert_eq!(kind(store.delete(NAME)), StorageErrorKind::Denied, "{what}");
        assert_eq!(kind(store.lock(NAME)), StorageErrorKind::Denied, "{what}");
        fs::remove_file(&path).or_else(|_| fs::remove_dir(&path)).expect("nothing was put into it");
    }
    assert_eq!(fs::read_dir(&trap).unwrap().count(), 0);
    fs::rename(&own, &path).unwrap();
    assert_eq!(loaded(&store, NAME).as_deref(), Some(b"value".as_slice()));
}

#[test]
fn an_open_directory_is_the_same_one_wherever_its_path_leads_by_now() {
    let outside = private_directory();
    let (path, moved) = (outside.path().join("store"), outside.path().join("moved"));
    let directory = Directory::create(&path).unwrap();
    fs::rename(&path, &moved).unwrap();
    // In its place, one with files that would be found, read and removed.
    Directory::create(&path).unwrap().write_atomic("a.sealed", b"of the trap").unwrap();
    let leftover = "a.sealed.0011223344556677.tmp";
    fs::write(path.join(leftover), "of the trap").unwrap();

    assert!(directory.file_names_ending(".sealed").unwrap().is_empty());
    assert_eq!(directory.read("a.sealed", 100).unwrap(), None);
    directory.remove_leftovers().unwrap();
    directory.remove("a.sealed").unwrap();
    directory.write_atomic("b.sealed", b"ours").unwrap();
    drop(directory.open_file("b.lock").unwrap());
    assert_eq!(directory.file_names_ending(".sealed").unwrap().len(), 1);

    let names = |path: &Path| {
        let mut names: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&path), ["a.sealed", leftover]);
    assert_eq!(names(&moved), ["b.lock", "b.sealed"]);
}

#[test]
fn a_hard_link_is_replaced_and_not_written_through() {
    let (directory, outside) = (directory_with_value(b"value"), private_directory());
    let path = sealed_path(directory.path(), NAME);
    let link = outside.path().join("link");
    fs::hard_link(&path, &link).unwrap();
    let before = fs::read(&link).unwrap();
    let store = key_file_store(directory.path());
    store.save(NAME, b"new").unwrap();
    assert_eq!(fs::read(&link).unwrap(), before, "whoever kept the link has what was there then");
    store.delete(NAME).unwrap();
    assert_eq!(fs::read(&link).unwrap(), before);
}

#[test]
fn files_that_the_store_did_not_make_are_left_alone() {
    let directory = directory_with_value(b"value");
    let own = ["notes.tmp", "notes.0011.tmp", "notes.001122334455667g.tmp", "0011223344556677.tmp"];
    for name in own {
        fs::write(directory.path().join(name), "mine").unwrap();
    }
    fs::create_dir(directory.path().join("cache.tmp")).unwrap();
    let store = key_file_store(directory.path());
    store.save(NAME, b"new").unwrap();
    store.delete(NAME).unwrap();
    for name in own {
        assert_eq!(fs::read(directory.path().join(name)).unwrap(), b"mine", "{name}");
    }
}
