//! Tests of storage: one contract for all adapters, then what can go wrong with files and between processes.

#[cfg(unix)]
mod attacks;
mod contract;
#[cfg(unix)]
mod damage;
mod keychain;
#[cfg(unix)]
mod processes;
#[cfg(unix)]
mod writable;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;

const NAME: &str = "session-0123456789abcdef-default";

/// So short that a test of a held lock is quick.
const SHORT_WAIT: Duration = Duration::from_millis(40);
/// So long that no busy machine exceeds it.
const LONG_WAIT: Duration = Duration::from_secs(120);

fn options(directory: &Path, key_source: KeySource) -> FileStoreOptions {
    FileStoreOptions { key_source: Some(key_source), lock_limit: LONG_WAIT, ..FileStoreOptions::new(directory) }
}

fn key_file_store(directory: &Path) -> EncryptedFileStore {
    EncryptedFileStore::open(options(directory, KeySource::KeyFile)).expect("a private directory")
}

/// A temporary directory that the store accepts.
fn private_directory() -> tempfile::TempDir {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().expect("a directory")
}

/// A directory with one stored value and its key in a key file.
fn directory_with_value(value: &[u8]) -> tempfile::TempDir {
    let directory = private_directory();
    key_file_store(directory.path()).save(NAME, value).expect("a saved value");
    directory
}

fn sealed_path(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.sealed"))
}

fn kind<T: fmt::Debug>(outcome: Result<T, StorageError>) -> StorageErrorKind {
    outcome.expect_err("this has to fail").kind
}

fn loaded(store: &dyn SecretStore, name: &str) -> Option<Vec<u8>> {
    store.load(name).expect("a readable store").map(|value| value.to_vec())
}

#[test]
fn the_format_of_version_1_is_read_and_written_for_ever() {
    // Made by another implementation of XChaCha20-Poly1305.
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/storage/format-1.sealed");
    let golden = fs::read(golden).expect("the golden file");
    let key: Vec<u8> = (0..32).collect();
    let nonce: Vec<u8> = (0x40..0x58).collect();
    let value = br#"{"what":"a value of format 1"}"#;

    let directory = directory_with_value(b"something else");
    let key = key::Key::from_slice(&key).expect("a key");
    fs::write(directory.path().join("store.key"), key.bytes()).unwrap();
    let marker = r#"{"format":1,"directory_id":"00112233","key_source":"key_file","key_id":"6632ffa13ca40c62"}"#;
    fs::write(directory.path().join("store.json"), marker).unwrap();
    fs::write(sealed_path(directory.path(), NAME), &golden).unwrap();
    let store = key_file_store(directory.path());
    assert_eq!(loaded(&store, NAME).as_deref(), Some(value.as_slice()));
    assert_eq!(store.key_source(), Ok(Some(KeySource::KeyFile)));

    let nonce = nonce.as_slice().try_into().unwrap();
    assert_eq!(envelope::seal_with_nonce(&key, nonce, NAME, value).unwrap(), golden);
}

#[test]
fn nothing_secret_is_shown() {
    let directory = directory_with_value(b"the secret value");
    let store = key_file_store(directory.path());
    let memory = MemoryStore::new();
    memory.save(NAME, b"the secret value").unwrap();
    let key = key::Key::from_slice(&[0x5a; 32]).unwrap();
    let shown = format!("{store:?} {memory:?} {key:?} {:?}", store.lock(NAME).unwrap());
    assert!(!shown.contains("secret value") && !shown.contains("90, 90") && !shown.contains("5a5a"), "{shown}");
    let bytes = fs::read(sealed_path(directory.path(), NAME)).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"secret"), "the file is encrypted");
}

#[test]
fn the_default_directory_follows_the_environment() {
    let from = |variables: &[(&str, &str)]| {
        let variables: Vec<(String, OsString)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        location::directory_from(|name| variables.iter().find(|(known, _)| known == name).map(|(_, v)| v.clone()))
    };
    assert_eq!(from(&[("JETBRIDGE_HOME", "/j"), ("HOME", "/h"), ("XDG_STATE_HOME", "/s")]), Ok(PathBuf::from("/j")));
    assert_eq!(kind(from(&[("JETBRIDGE_HOME", "")])), StorageErrorKind::Unavailable);
    if cfg!(target_os = "linux") {
        assert_eq!(from(&[("HOME", "/h"), ("XDG_STATE_HOME", "/s")]), Ok(PathBuf::from("/s/jetbridge")));
        assert_eq!(from(&[("HOME", "/h"), ("XDG_STATE_HOME", "s")]), Ok(PathBuf::from("/h/.local/state/jetbridge")));
        assert_eq!(from(&[("HOME", "/h")]), Ok(PathBuf::from("/h/.local/state/jetbridge")));
        assert_eq!(from(&[("HOME", "h"), ("XDG_STATE_HOME", "/s")]), Ok(PathBuf::from("/s/jetbridge")));
        for relative in [&[("HOME", "h")][..], &[("JETBRIDGE_HOME", "j"), ("HOME", "/h")], &[("JETBRIDGE_HOME", "./j")]]
        {
            let refused = from(relative).expect_err("a session in each folder");
            assert!(refused.detail.contains(&format!("{} is '", relative[0].0)), "{refused}");
        }
    }
}

#[test]
fn a_path_is_what_its_writer_means() {
    let absolute = |path: &str| absolute_path(Path::new(path));
    let home = location::home_directory().expect("a home");
    assert_eq!(absolute("~/jb"), Ok(home.join("jb")));
    assert_eq!(absolute("~"), Ok(home.clone()));
    assert_eq!(absolute("~/"), Ok(home));
    let here = std::env::current_dir().unwrap();
    for relative in ["config", "./config", "./~/config", "a/~/b"] {
        let expected = here.join(relative.trim_start_matches("./"));
        assert_eq!(absolute(relative), Ok(expected), "{relative}");
    }
    assert_eq!(kind(absolute("")), StorageErrorKind::Denied);
    let other = absolute("~bob/jb").expect_err("another user's home");
    assert!(other.detail.contains("only ~/ is understood"), "{other}");
    if cfg!(unix) {
        assert_eq!(absolute("/a b/c"), Ok(PathBuf::from("/a b/c")));
        let chosen = location::directory_from(|name| (name == "JETBRIDGE_HOME").then(|| "~/state".into()));
        assert_eq!(chosen, absolute("~/state"));
    }
}
