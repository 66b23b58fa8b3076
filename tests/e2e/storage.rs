//! The session in an encrypted file: restored by the next process, and never taken for empty when it cannot be read.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jetbridge::storage::{EncryptedFileStore, FileStoreOptions, KeySource, SecretStore};
use jetbridge::{LoginOptions, SessionState, SignOutMode};

use crate::bench::{ALICE, Bench, list_everything};

fn file_store(directory: &Path) -> Arc<dyn SecretStore> {
    let options =
        FileStoreOptions { key_source: Some(KeySource::KeyFile), ..FileStoreOptions::new(directory.join("store")) };
    Arc::new(EncryptedFileStore::open(options).unwrap())
}

fn sealed_file(directory: &Path) -> std::path::PathBuf {
    let mut files = fs::read_dir(directory.join("store")).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "sealed")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_a_file_is_restored_and_the_file_tells_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut bench = Bench::start().await;
    bench.store = file_store(directory.path());
    let listed = list_everything(&bench.signed_in(ALICE).await).await;
    bench.store = file_store(directory.path());
    let session = bench.session();
    assert!(matches!(session.restore().await, SessionState::SignedIn { .. }));
    assert_eq!(list_everything(&session).await, listed);

    let stored = String::from_utf8_lossy(&fs::read(sealed_file(directory.path())).unwrap()).into_owned();
    for secret in bench.stack.issued_secrets().all() {
        assert!(!stored.contains(&secret));
    }
    session.sign_out(SignOutMode::Local).await.unwrap();
    let left: Vec<_> =
        fs::read_dir(directory.path().join("store")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.iter().all(|path| path.extension().is_none_or(|extension| extension != "sealed")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_reported_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut bench = Bench::start().await;
    bench.store = file_store(directory.path());
    bench.signed_in(ALICE).await;
    let file = sealed_file(directory.path());
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();

    bench.store = file_store(directory.path());
    let session = bench.session();
    assert!(matches!(session.restore().await, SessionState::StorageUnavailable { .. }));
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "secure_storage");
    assert_eq!(session.begin_login(LoginOptions::default()).await.unwrap_err().kind(), "secure_storage");
    assert_eq!(fs::read(&file).unwrap(), bytes, "nothing was overwritten");

    // Signing out is the way to start afresh.
    session.sign_out(SignOutMode::Local).await.unwrap();
    assert!(matches!(bench.sign_in(&session, ALICE).await, SessionState::SignedIn { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_configurations_are_kept_apart() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let other_account =
        jetbridge::Session::builder(bench.config.clone(), bench.store.clone()).account("work").open().unwrap();
    assert_eq!(other_account.restore().await, SessionState::SignedOut);
    let org =
        crate::bench::config_of(&bench.stack, |okta, _| okta["okta_issuer_url"] = bench.stack.org_issuer().into());
    assert_eq!(bench.session_with(org).restore().await, SessionState::SignedOut);
    assert!(matches!(bench.session().restore().await, SessionState::SignedIn { .. }));
}
