//! An app over the public API of the core, its session in an encrypted file. What it is about it finds in `JETBRIDGE_BENCH`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jetbridge::storage::{EncryptedFileStore, FileStoreOptions, KeySource, SecretStore, StorageError, StoreLock};
use jetbridge::{Accounts, Config, ListObjects, LoginOptions, Session, SessionState};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Failure, next_line, peak_kib, tell, timed};

/// How long an app is in the foreground before somebody touches it.
const MOMENT: Duration = Duration::from_secs(1);
/// A single call is over too soon to be measured once.
const TRIES: usize = 5;

/// One process of an app does one thing.
pub(crate) async fn run(scenario: &str, number: usize) -> Result<(), Failure> {
    let app = App::find()?;
    let took = match scenario {
        "sign-in" => app.sign_in().await?,
        "restored" => app.restored().await?,
        "prepared" => app.prepared().await?,
        "renewal" => app.renewal(false, 1).await?,
        "prepared-renewal" => app.renewal(true, 1).await?,
        "callers" => app.renewal(false, number).await?,
        "accounts" => return app.accounts(number).await,
        _ => return Err(format!("`{scenario}` is no scenario").into()),
    };
    tell(&json!({ "event": "measured", "ms": milliseconds(took), "peak_kib": peak_kib() }))
}

struct App {
    config: Config,
    store: Arc<CountingStore>,
    localhost: IpAddr,
    ca: Option<Vec<u8>>,
}

impl App {
    fn find() -> Result<Self, Failure> {
        let place: Value = serde_json::from_str(&std::env::var("JETBRIDGE_BENCH")?)?;
        let text = |name: &str| place[name].as_str().ok_or(format!("`{name}` is missing"));
        let options =
            FileStoreOptions { key_source: Some(KeySource::KeyFile), ..FileStoreOptions::new(text("store")?) };
        Ok(Self {
            config: Config::load(&PathBuf::from(text("config")?))?,
            store: Arc::new(CountingStore { inner: EncryptedFileStore::open(options)?, reads: AtomicUsize::new(0) }),
            localhost: text("localhost")?.parse()?,
            ca: place["ca"].as_str().map(std::fs::read).transpose()?,
        })
    }

    fn open(&self, account: &str) -> Result<Session, Failure> {
        let store = Arc::clone(&self.store);
        let builder = Session::builder(self.config.clone(), store).account(account);
        let builder = builder.resolve("localhost", SocketAddr::new(self.localhost, 0));
        Ok(match &self.ca {
            Some(pem) => builder.root_certificates(pem.clone()).open()?,
            None => builder.open()?,
        })
    }

    async fn restore(&self) -> Result<Session, Failure> {
        let session = self.open("default")?;
        match session.restore().await {
            SessionState::SignedIn { .. } => Ok(session),
            state => Err(format!("nobody is signed in: {state:?}").into()),
        }
    }

    async fn redirect(&self, session: &Session) -> Result<String, Failure> {
        let request = session.begin_login(LoginOptions::default()).await?;
        tell(&json!({ "event": "open", "url": request.url }))?;
        Ok(next_line().await?.ok_or("no redirect came")?)
    }

    /// From the redirect to the first page; a new user's or a known one's, as the store has it.
    async fn sign_in(&self) -> Result<Duration, Failure> {
        let session = self.open("default")?;
        let redirect = self.redirect(&session).await?;
        let way = async {
            session.complete_login(&redirect).await?;
            first_page(&session).await
        };
        let ((), took) = timed(way).await?;
        session.settle().await;
        Ok(took)
    }

    /// From nothing to the first page, credentials being in the store.
    async fn restored(&self) -> Result<Duration, Failure> {
        let way = async { first_page(&self.restore().await?).await };
        Ok(timed(way).await?.1)
    }

    async fn prepared(&self) -> Result<Duration, Failure> {
        let session = self.restore().await?;
        session.prepare().await;
        tokio::time::sleep(MOMENT).await;
        Ok(timed(first_page(&session)).await?.1)
    }

    /// Until all callers have credentials, when tokens and credentials are due.
    async fn renewal(&self, is_prepared: bool, callers: usize) -> Result<Duration, Failure> {
        let session = self.restore().await?;
        if is_prepared {
            session.prepare().await;
            tokio::time::sleep(MOMENT).await;
        }
        let way = async {
            let mut calls = JoinSet::new();
            for _ in 0..callers {
                let session = session.clone();
                calls.spawn(async move { session.aws_credentials().await });
            }
            while let Some(credentials) = calls.join_next().await {
                credentials??;
            }
            Ok(())
        };
        Ok(timed(way).await?.1)
    }

    /// Signs in under so many names, then looks which there are, and opens one.
    async fn accounts(&self, number: usize) -> Result<(), Failure> {
        let names: Vec<String> = (0..number).map(|number| format!("account-{number}")).collect();
        for name in &names {
            let session = self.open(name)?;
            let redirect = self.redirect(&session).await?;
            session.complete_login(&redirect).await?;
            session.settle().await;
        }
        let accounts = Accounts::new(self.config.clone(), Arc::clone(&self.store) as Arc<dyn SecretStore>);
        let (list, list_reads) = self.fastest(async || Ok(accounts.list().await?.len())).await?;
        let (open, open_reads) = self
            .fastest(async || {
                let session = self.open(&names[0])?;
                session.restore().await;
                session.aws_credentials().await?;
                Ok(1)
            })
            .await?;
        tell(&json!({
            "event": "measured",
            "list_ms": milliseconds(list),
            "list_reads": list_reads,
            "ms": milliseconds(open),
            "reads": open_reads,
            "peak_kib": peak_kib(),
        }))
    }

    /// The fastest of a few tries, and how often the store was read in one.
    async fn fastest(&self, work: impl AsyncFn() -> Result<usize, Failure>) -> Result<(Duration, usize), Failure> {
        let mut best = Duration::MAX;
        let mut reads = 0;
        for _ in 0..TRIES {
            self.store.reads.store(0, Ordering::Relaxed);
            let (found, took) = timed(work()).await?;
            if found == 0 {
                return Err("there is nothing in the store".into());
            }
            best = best.min(took);
            reads = self.store.reads.load(Ordering::Relaxed);
        }
        Ok((best, reads))
    }
}

async fn first_page(session: &Session) -> Result<(), Failure> {
    let page = session.list_objects(ListObjects::default()).next_page().await?;
    if page.is_some_and(|page| !page.objects.is_empty()) { Ok(()) } else { Err("an empty page".into()) }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The store of the command line, and how often it was read.
#[derive(Debug)]
struct CountingStore {
    inner: EncryptedFileStore,
    reads: AtomicUsize,
}

impl SecretStore for CountingStore {
    fn load(&self, name: &str) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, StorageError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.load(name)
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
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

    fn check_writable(&self) -> Result<(), StorageError> {
        self.inner.check_writable()
    }
}
