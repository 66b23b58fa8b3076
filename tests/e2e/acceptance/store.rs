//! 07, 12: a store that cannot be read is not an empty one, and what every earlier version wrote is read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use jetbridge::storage::{
    EncryptedFileStore, FileStoreOptions, KeySource, MemoryStore, SecretStore, StorageError, StorageErrorKind,
    StoreLock,
};
use jetbridge::{Clock as _, LoginOptions, Recovery, SessionError, SessionState, SystemClock};
use zeroize::Zeroizing;

use crate::bench::{ALICE, Bench, config_of, list_everything};

const HOUR: Duration = Duration::from_secs(3600);

/// A keychain, which refuses everything while the device is locked.
#[derive(Debug, Clone, Default)]
struct Keychain {
    inner: MemoryStore,
    is_locked: Arc<AtomicBool>,
}

impl Keychain {
    fn unlocked(&self) -> Result<&MemoryStore, StorageError> {
        if self.is_locked.load(Ordering::SeqCst) {
            return Err(StorageError::new(StorageErrorKind::Unavailable, "the keychain is locked"));
        }
        Ok(&self.inner)
    }
}

impl SecretStore for Keychain {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        self.unlocked()?.load(name)
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
        self.unlocked()?.save(name, value)
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

fn name_of_session(bench: &Bench) -> String {
    format!("default.{}", bench.config.fingerprint().short())
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_07_a_store_that_cannot_be_read_for_a_while_costs_nothing() {
    let mut bench = Bench::start().await;
    let keychain = Keychain::default();
    bench.store = Arc::new(keychain.clone());
    let running = bench.signed_in(ALICE).await;
    let listed = list_everything(&running).await;
    let stored = || keychain.inner.load(&name_of_session(&bench)).unwrap().unwrap();
    let before = stored();

    keychain.is_locked.store(true, Ordering::SeqCst);
    bench.stack.log().clear();
    let starting = bench.session();
    let unavailable = |error: &SessionError| {
        matches!(error, SessionError::SecureStorage { kind: StorageErrorKind::Unavailable, detail } if detail.contains("keychain"))
            && error.recovery() == Recovery::Retry
    };
    for _ in 0..2 {
        let state = starting.restore().await;
        assert!(
            matches!(&state, SessionState::StorageUnavailable { detail } if detail.contains("keychain")),
            "{state:?}"
        );
        assert!(unavailable(&starting.aws_credentials().await.unwrap_err()));
        assert!(unavailable(&starting.begin_login(LoginOptions::default()).await.unwrap_err()));
    }
    // The process that knows its session goes on with it, and restoring does not take it away.
    assert_eq!(list_everything(&running).await, listed);
    assert!(matches!(running.restore().await, SessionState::SignedIn { .. }));
    assert_eq!((bench.count("token"), bench.count("authorize")), (0, 0));

    bench.let_time_pass(Duration::from_secs(10));
    keychain.is_locked.store(false, Ordering::SeqCst);
    assert!(stored() == before, "nothing was written over it");
    for session in [&starting, &running, &bench.session()] {
        assert!(matches!(session.restore().await, SessionState::SignedIn { .. }));
        assert_eq!(list_everything(session).await, listed);
    }
    assert_eq!(bench.count("token"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_07_a_renewal_that_cannot_read_the_store_waits_for_it_and_spends_nothing() {
    let mut bench = Bench::start().await;
    let keychain = Keychain::default();
    bench.store = Arc::new(keychain.clone());
    let running = bench.signed_in(ALICE).await;
    list_everything(&running).await;
    bench.let_time_pass(HOUR);
    keychain.is_locked.store(true, Ordering::SeqCst);
    bench.stack.log().clear();
    for session in [&running, &bench.session()] {
        let error = session.aws_credentials().await.unwrap_err();
        assert_eq!((error.kind(), error.recovery()), ("secure_storage", Recovery::Retry));
    }
    assert!(matches!(running.state(), SessionState::SignedIn { .. }));
    assert_eq!(bench.count("token"), 0, "no refresh token is spent whose successor could not be kept");

    bench.let_time_pass(Duration::from_secs(10));
    keychain.is_locked.store(false, Ordering::SeqCst);
    assert!(!list_everything(&running).await.is_empty());
    assert_eq!(bench.count("token"), 1);
}

/// The files that earlier versions wrote. A new version adds one and changes none.
fn golden_files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/core/tests-data").join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    assert!(!files.is_empty());
    files
}

/// A folder as the store's format 1 left it, with one value under `NAME_IN_FORMAT_1`.
fn folder_in_format_1(home: &Path, sealed: &Path) -> Arc<dyn SecretStore> {
    let folder = home.join("store");
    let options = FileStoreOptions { key_source: Some(KeySource::KeyFile), ..FileStoreOptions::new(&folder) };
    let open = || EncryptedFileStore::open(options.clone()).unwrap();
    // Makes the files, with the rights that they need.
    open().save(NAME_IN_FORMAT_1, b"to be replaced").unwrap();
    let marker = r#"{"format":1,"directory_id":"00112233","key_source":"key_file","key_id":"6632ffa13ca40c62"}"#;
    let key: Vec<u8> = (0..32).collect();
    let value = fs::read(sealed).unwrap();
    let sealed_name = format!("{NAME_IN_FORMAT_1}.sealed");
    for (name, content) in [("store.json", marker.as_bytes()), ("store.key", &key), (&sealed_name, &value)] {
        assert!(folder.join(name).exists());
        fs::write(folder.join(name), content).unwrap();
    }
    Arc::new(open())
}

const NAME_IN_FORMAT_1: &str = "session-0123456789abcdef-default";

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_12_what_every_earlier_version_stored_is_read() {
    let mut bench = Bench::start().await;
    // The installation that the golden sessions belong to, on a device whose clock was two hours ahead and still is. By both
    // clocks the keys last, and what was lost with a refresh that was under way cannot be asked for: nobody is asked.
    // No endpoint took Cognito's place in it: a session belongs to that, too.
    bench.config = config_of(&bench.stack, |okta, aws| {
        aws["Auth"].as_object_mut().unwrap().remove("identityPoolEndpoint");
        okta["okta_issuer_url"] = "https://dev-1.okta.com/oauth2/default".into();
        okta["okta_client_id"] = "0oa1exampleclient5d7".into();
        okta["okta_callback_url"] = "com.okta.dev-1:/callback".into();
    });
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_799_996_000);
    let to_seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
    bench.clock.set_wrong_by(to_seconds(now) + 7200 - to_seconds(SystemClock.now()));

    for sealed in golden_files("storage", "sealed") {
        for session in golden_files("session", "json") {
            let home = tempfile::tempdir().unwrap();
            bench.store = folder_in_format_1(home.path(), &sealed);
            assert!(bench.store.load(NAME_IN_FORMAT_1).unwrap().is_some());
            bench.store.save(&name_of_session(&bench), &fs::read(session).unwrap()).unwrap();
            assert_is_the_golden_session(&bench).await;
        }
    }
    assert!(bench.stack.log().records().is_empty(), "all of it was in the store");
}

async fn assert_is_the_golden_session(bench: &Bench) {
    // A redirect is answered for the sign-in that was open, and one for the sign-in that was finished.
    let redirect =
        |query: &str| format!("com.okta.dev-1:/callback?{query}&iss=https%3A%2F%2Fdev-1.okta.com%2Foauth2%2Fdefault");
    let denied = bench.session().complete_login(&redirect("error=access_denied&state=stored-state")).await;
    assert_eq!(denied.unwrap_err().kind(), "access_denied");
    let again = bench.session().complete_login(&redirect("code=spent&state=completed-state")).await;
    assert!(matches!(again.unwrap(), SessionState::SignedIn { .. }));

    let session = bench.session();
    let state = session.restore().await;
    assert!(matches!(&state, SessionState::SignedIn { user } if user.email.as_deref() == Some(ALICE)), "{state:?}");
    let details = session.details();
    assert_eq!(details.identity_id.as_deref(), Some("us-west-2:11111111-2222-3333-4444-555555555555"));
    assert_eq!(details.clock_offset_seconds, -7200);
    assert!(details.has_refresh_token);
    let expiry = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_003_600));
    let expiries = [details.id_token_expires_at, details.access_token_expires_at, details.aws_credentials_expire_at];
    assert_eq!(expiries, [expiry; 3]);
    assert_eq!(session.aws_credentials().await.unwrap().access_key_id(), "ASIASTOREDKEYID00000");
}
