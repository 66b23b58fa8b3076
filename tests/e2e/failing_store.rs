//! A store that does not take what it is given: nothing is spent then. What was spent before it failed goes on in memory,
//! says so, and is saved as soon as it can be.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jetbridge::storage::{MemoryStore, SecretStore, StorageError, StorageErrorKind, StoreLock};
use jetbridge::{SessionEvent, SessionState, SignOutMode};
use jetbridge_local_stack::{Options, Rotation};
use zeroize::Zeroizing;

use crate::bench::{ALICE, BOB, Bench, eventually, list_everything};

const HOUR: Duration = Duration::from_secs(3600);

/// Takes so many writes more, then so many whose confirmation does not come, then none.
#[derive(Debug, Clone)]
struct FullDisk {
    inner: MemoryStore,
    writes: Arc<Mutex<Writes>>,
    /// Nothing can be read or written, as with a keychain that is locked.
    is_locked: Arc<AtomicBool>,
    loads: Arc<AtomicUsize>,
}

#[derive(Debug, Clone, Copy)]
struct Writes {
    taken: usize,
    /// They arrive, and are said to have failed.
    unconfirmed: usize,
}

const WELL: Writes = Writes { taken: usize::MAX, unconfirmed: 0 };
const FULL: Writes = Writes { taken: 0, unconfirmed: 0 };
/// The write-ahead succeeds, and what is spent then cannot be saved.
const FULL_AFTER_THE_FIRST: Writes = Writes { taken: 1, unconfirmed: 0 };

impl FullDisk {
    fn becomes(&self, writes: Writes) {
        *self.writes.lock().unwrap() = writes;
    }

    fn unlocked(&self) -> Result<&MemoryStore, StorageError> {
        if self.is_locked.load(Ordering::SeqCst) {
            return Err(StorageError::new(StorageErrorKind::Unavailable, "the store is locked"));
        }
        Ok(&self.inner)
    }
}

impl SecretStore for FullDisk {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        self.unlocked()?.load(name)
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
        let store = self.unlocked()?;
        let mut writes = self.writes.lock().unwrap();
        if let Some(left) = writes.taken.checked_sub(1) {
            writes.taken = left;
            return store.save(name, value);
        }
        let Some(left) = writes.unconfirmed.checked_sub(1) else {
            return Err(StorageError::new(StorageErrorKind::Io, "the disk is full"));
        };
        writes.unconfirmed = left;
        store.save(name, value)?;
        Err(StorageError::new(StorageErrorKind::Io, "the disk did not confirm"))
    }

    fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.unlocked()?.delete(name)
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        self.unlocked()?.list()
    }

    fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, StorageError> {
        self.unlocked()?.lock(name)
    }
}

async fn bench_with_disk(rotation_grace: Duration) -> (Bench, FullDisk) {
    let mut bench =
        Bench::start_with(Options { rotation: Rotation::WithGrace(rotation_grace), ..Options::default() }).await;
    let disk = FullDisk {
        inner: MemoryStore::new(),
        writes: Arc::new(Mutex::new(WELL)),
        is_locked: Arc::default(),
        loads: Arc::default(),
    };
    bench.store = Arc::new(disk.clone());
    (bench, disk)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_can_be_written_nothing_is_spent_and_what_lives_is_given() {
    let (bench, disk) = bench_with_disk(Duration::ZERO).await;
    let session = bench.signed_in(ALICE).await;
    let credentials = session.aws_credentials().await.unwrap();
    disk.becomes(FULL);
    // Another process too, as one that finds a read-only disk.
    for session in [&session, &bench.session()] {
        assert_eq!(session.aws_credentials().await.unwrap().access_key_id(), credentials.access_key_id());
    }
    // Due for renewal: the ID token, which lasts a little longer, buys the last credentials.
    bench.let_time_pass(HOUR - Duration::from_secs(200));
    let last = session.aws_credentials().await.unwrap();
    assert_ne!(last.access_key_id(), credentials.access_key_id());
    bench.let_time_pass(Duration::from_secs(600));
    assert!(!list_everything(&session).await.is_empty());
    bench.let_time_pass(HOUR);
    let error = session.aws_credentials().await.unwrap_err();
    assert!(error.kind() == "secure_storage" && error.to_string().contains("nothing was sent to Okta"), "{error}");
    assert!(matches!(session.state(), SessionState::SignedIn { .. }));
    assert_eq!(bench.count("token"), 1);

    disk.becomes(WELL);
    session.aws_credentials().await.unwrap();
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
    assert_eq!(bench.count("token"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_that_cannot_be_saved_is_kept_and_saved_later() {
    // Without grace, an old refresh token is reuse and ends everything: losing the new one would be fatal.
    let (bench, disk) = bench_with_disk(Duration::ZERO).await;
    let session = bench.signed_in(ALICE).await;
    let mut events = session.events();
    disk.becomes(FULL_AFTER_THE_FIRST);
    bench.let_time_pass(HOUR);
    assert!(!list_everything(&session).await.is_empty());
    assert!(matches!(session.state(), SessionState::SignedIn { .. }));
    assert!(matches!(events.next().await.unwrap(), SessionEvent::StorageProblem { .. }));
    assert_eq!(bench.count("token"), 2);
    // One token waits for the disk, and no other is spent meanwhile.
    bench.let_time_pass(HOUR);
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "secure_storage");
    assert_eq!(bench.count("token"), 2);

    disk.becomes(WELL);
    session.aws_credentials().await.unwrap();
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_well_again_is_written_at_the_next_occasion_whatever_it_is() {
    let (bench, disk) = bench_with_disk(Duration::ZERO).await;
    let session = bench.signed_in(ALICE).await;
    disk.becomes(FULL_AFTER_THE_FIRST);
    bench.let_time_pass(HOUR);
    let credentials = session.aws_credentials().await.unwrap();
    bench.stack.log().clear();
    // The answer is not lost: this process has it, and when the disk is well, so has every other.
    assert_eq!(session.aws_credentials().await.unwrap().access_key_id(), credentials.access_key_id());
    disk.becomes(WELL);
    session.restore().await;
    let elsewhere = bench.session().aws_credentials().await.unwrap();
    assert_eq!(elsewhere.access_key_id(), credentials.access_key_id());
    assert!(bench.stack.log().records().is_empty(), "nothing has to be asked again");
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_saved_does_not_come_back_after_a_sign_out_elsewhere() {
    let (bench, disk) = bench_with_disk(Duration::from_secs(30)).await;
    let session = bench.signed_in(ALICE).await;
    disk.becomes(FULL_AFTER_THE_FIRST);
    bench.let_time_pass(HOUR);
    session.aws_credentials().await.unwrap();
    bench.session().sign_out(SignOutMode::Local).await.unwrap();
    disk.becomes(WELL);
    assert_eq!(session.restore().await, SessionState::SignedOut);
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
    assert_eq!(bench.session().restore().await, SessionState::SignedOut);
}

/// Two failures of the same store in a row: the refresh token arrives and is not confirmed, then nothing is written.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_saved_unnoticed_is_no_reason_to_drop_what_came_with_it() {
    let (bench, disk) = bench_with_disk(Duration::ZERO).await;
    let session = bench.signed_in(ALICE).await;
    disk.becomes(Writes { taken: 1, unconfirmed: 1 });
    bench.let_time_pass(HOUR);
    let credentials = session.aws_credentials().await.unwrap();
    session.restore().await;
    disk.becomes(WELL);
    session.restore().await;
    bench.stack.log().clear();
    let elsewhere = bench.session().aws_credentials().await.unwrap();
    assert_eq!(elsewhere.access_key_id(), credentials.access_key_id());
    assert!(bench.stack.log().records().is_empty(), "all of it is in the store");
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_after_a_sign_out_brings_nobody_back() {
    for signs_in in [false, true] {
        let (bench, disk) = bench_with_disk(Duration::ZERO).await;
        let session = bench.signed_in(ALICE).await;
        let of_alice = bench.stack.identity_of(session.aws_credentials().await.unwrap().access_key_id());
        bench.let_time_pass(HOUR);
        let redirect = bench.redirect_for(&session, BOB).await;
        bench.stack.set_latency(Duration::from_secs(1));
        let renewal = tokio::spawn({
            let session = session.clone();
            async move { session.aws_credentials().await.map(|credentials| credentials.access_key_id().to_owned()) }
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        if signs_in {
            bench.stack.set_latency(Duration::ZERO);
            session.complete_login(&redirect).await.unwrap();
        } else {
            session.sign_out(SignOutMode::Local).await.unwrap();
        }
        disk.is_locked.store(true, Ordering::SeqCst);
        let outcome = renewal.await.unwrap();
        if let Ok(key) = outcome {
            // A renewal that was late to begin may have found Bob.
            assert!(signs_in && bench.stack.identity_of(&key) != of_alice, "credentials of Alice after she had gone");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_still_last_are_given_while_the_store_is_locked() {
    let (bench, disk) = bench_with_disk(Duration::ZERO).await;
    let session = bench.signed_in(ALICE).await;
    let credentials = session.aws_credentials().await.unwrap();
    let token = session.access_token().await.unwrap();
    bench.let_time_pass(Duration::from_secs(3600 - 240));
    disk.is_locked.store(true, Ordering::SeqCst);
    assert_eq!(session.aws_credentials().await.unwrap().access_key_id(), credentials.access_key_id());
    assert!(session.access_token().await.unwrap().text() == token.text());
    bench.let_time_pass(Duration::from_secs(240));
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "secure_storage");
    disk.is_locked.store(false, Ordering::SeqCst);
    assert_ne!(session.aws_credentials().await.unwrap().access_key_id(), credentials.access_key_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_look_at_the_store_once_a_minute_and_no_more_often_if_it_fails() {
    let (bench, disk) = bench_with_disk(Duration::ZERO).await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    for is_locked in [false, true] {
        disk.is_locked.store(is_locked, Ordering::SeqCst);
        bench.let_time_pass(Duration::from_secs(60));
        let before = disk.loads.load(Ordering::SeqCst);
        let callers = (0..50).map(|_| session.aws_credentials());
        assert!(futures_util::future::join_all(callers).await.iter().all(Result::is_ok));
        session.aws_credentials().await.unwrap();
        assert_eq!(disk.loads.load(Ordering::SeqCst) - before, 1, "locked: {is_locked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_background_renewal_that_begins_with_a_locked_store_goes_on_when_that_is_open() {
    let (bench, disk) = bench_with_disk(Duration::ZERO).await;
    bench.signed_in(ALICE).await;
    disk.is_locked.store(true, Ordering::SeqCst);
    let session = bench.session();
    let _renewal = session.renew_in_background();
    eventually("it has tried", || disk.loads.load(Ordering::SeqCst) > 1).await;
    disk.is_locked.store(false, Ordering::SeqCst);
    eventually("the credentials are there", || session.details().aws_credentials_expire_at.is_some()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_cannot_be_saved_is_finished_with_the_same_redirect_and_its_code_is_sent_once() {
    let unconfirmed_after_the_first = Writes { taken: 1, unconfirmed: usize::MAX };
    for trouble in [FULL, FULL_AFTER_THE_FIRST, unconfirmed_after_the_first] {
        let (bench, disk) = bench_with_disk(Duration::ZERO).await;
        let session = bench.session();
        let redirect = bench.redirect_for(&session, ALICE).await;
        // The keys that came beside it are saved.
        session.settle().await;
        disk.becomes(trouble);
        for _ in 0..2 {
            let outcome = session.complete_login(&redirect).await;
            assert!(trouble.unconfirmed > 0 || outcome.is_err_and(|error| error.kind() == "secure_storage"));
        }
        assert_eq!(bench.count("token"), trouble.taken, "what is sent before the disk has taken a write is lost");
        disk.becomes(WELL);
        assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
        assert_eq!(bench.count("token"), 1);
        // Nothing of it is given back by a cancellation that comes later: those tokens are in use.
        session.cancel_login().await.unwrap();
        session.settle().await;
        assert_eq!(bench.count("revoke"), 0);
        bench.let_time_pass(HOUR);
        bench.session().aws_credentials().await.unwrap();
    }
}

/// It looks as the first attempt has left it, in the same second.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_sent_is_not_sent_by_another_process_while_nothing_can_be_written() {
    let (bench, disk) = bench_with_disk(Duration::ZERO).await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    // The keys that came beside it are saved.
    session.settle().await;
    disk.becomes(FULL_AFTER_THE_FIRST);
    for session in [&session, &bench.session()] {
        assert_eq!(session.complete_login(&redirect).await.unwrap_err().kind(), "secure_storage");
    }
    assert_eq!(bench.count("token"), 1);
    disk.becomes(WELL);
    assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
}
