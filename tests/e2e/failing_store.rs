//! A store that does not take what it is given: the session goes on in memory, says so, and is saved as soon as it can be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jetbridge::storage::{MemoryStore, SecretStore, StorageError, StorageErrorKind, StoreLock};
use jetbridge::{SessionEvent, SessionState};
use jetbridge_local_stack::Options;
use zeroize::Zeroizing;

use crate::bench::{ALICE, Bench, list_everything};

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone, Default)]
struct FullDisk {
    inner: MemoryStore,
    is_full: Arc<AtomicBool>,
}

impl SecretStore for FullDisk {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        self.inner.load(name)
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(StorageError::new(StorageErrorKind::Io, "the disk is full"));
        }
        self.inner.save(name, value)
    }

    fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.inner.delete(name)
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        self.inner.list()
    }

    fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, StorageError> {
        self.inner.lock(name)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_that_cannot_be_saved_is_kept_and_saved_later() {
    // Without grace, an old refresh token is reuse and ends everything: losing the new one would be fatal.
    let mut bench = Bench::start_with(Options { rotation_grace: Duration::ZERO, ..Options::default() }).await;
    let disk = FullDisk::default();
    bench.store = Arc::new(disk.clone());
    let session = bench.signed_in(ALICE).await;
    let mut events = session.events();
    disk.is_full.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        bench.let_time_pass(HOUR);
        assert!(!list_everything(&session).await.is_empty());
        assert!(matches!(session.state(), SessionState::SignedIn { .. }));
    }
    assert!(matches!(events.next().await.unwrap(), SessionEvent::StorageProblem { .. }));
    assert_eq!(bench.count("token"), 4);

    disk.is_full.store(false, Ordering::SeqCst);
    bench.let_time_pass(HOUR);
    session.aws_credentials().await.unwrap();
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_well_again_is_written_at_the_next_occasion_whatever_it_is() {
    let mut bench = Bench::start_with(Options { rotation_grace: Duration::ZERO, ..Options::default() }).await;
    let disk = FullDisk::default();
    bench.store = Arc::new(disk.clone());
    let session = bench.signed_in(ALICE).await;
    disk.is_full.store(true, Ordering::SeqCst);
    bench.let_time_pass(HOUR);
    session.aws_credentials().await.unwrap();
    disk.is_full.store(false, Ordering::SeqCst);
    session.restore().await;
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_saved_does_not_come_back_after_a_sign_out_elsewhere() {
    let mut bench = Bench::start().await;
    let disk = FullDisk::default();
    bench.store = Arc::new(disk.clone());
    let session = bench.signed_in(ALICE).await;
    disk.is_full.store(true, Ordering::SeqCst);
    bench.let_time_pass(HOUR);
    session.aws_credentials().await.unwrap();
    bench.session().sign_out(jetbridge::SignOutMode::Local).await.unwrap();
    disk.is_full.store(false, Ordering::SeqCst);
    assert_eq!(session.restore().await, SessionState::SignedOut);
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
    assert_eq!(bench.session().restore().await, SessionState::SignedOut);
}
