//! Processes of the app that can die at any moment. Each has a thread, a runtime and a handle of the store of its own;
//! the stored bytes and their locks are the device's and outlive it, as files do.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jetbridge::storage::{MemoryStore, SecretStore, StorageError, StorageErrorKind, StoreLock};
use jetbridge::{Config, Session};
use tokio::sync::{Notify, mpsc, oneshot};
use zeroize::Zeroizing;

use super::plan::{Mishap, StoreCall, StoreTrouble};
use super::stored::Stored;
use crate::bench::DeviceClock;

/// What all processes of the app share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device {
    pub(crate) store: MemoryStore,
    pub(crate) clock: DeviceClock,
    record: Arc<Mutex<Record>>,
}

/// What the store saw.
#[derive(Debug, Default)]
struct Record {
    users: BTreeSet<String>,
    access_keys: BTreeSet<String>,
    overwrote_unread: bool,
}

impl Device {
    /// Whether this user was ever saved as signed in.
    pub(crate) fn has_known(&self, subject: &str) -> bool {
        self.record.lock().unwrap().users.contains(subject)
    }

    /// Whether these credentials were ever saved.
    pub(crate) fn has_kept(&self, access_key: &str) -> bool {
        self.record.lock().unwrap().access_keys.contains(access_key)
    }

    /// Whether a process ever wrote over something that it had just failed to read.
    pub(crate) fn was_overwritten_unread(&self) -> bool {
        self.record.lock().unwrap().overwrote_unread
    }
}

/// From the first breath to the last. Between the kill and the funeral, whoever asks the store waits; afterwards it is
/// gone for good.
#[derive(Debug, Default)]
struct Life {
    stage: Mutex<Stage>,
    changed: Condvar,
    killed: Notify,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Alive,
    Dying,
    Over,
}

impl Life {
    fn kill(&self) {
        let mut stage = self.stage.lock().unwrap();
        if *stage == Stage::Alive {
            *stage = Stage::Dying;
            self.killed.notify_one();
        }
    }

    fn end(&self) {
        *self.stage.lock().unwrap() = Stage::Over;
        self.changed.notify_all();
    }

    fn go_on(&self) -> Result<(), StorageError> {
        let stage = self.changed.wait_while(self.stage.lock().unwrap(), |stage| *stage == Stage::Dying).unwrap();
        if *stage == Stage::Over { Err(failure("the process is dead")) } else { Ok(()) }
    }

    fn was_killed(&self) -> bool {
        *self.stage.lock().unwrap() != Stage::Alive
    }
}

fn failure(detail: &str) -> StorageError {
    StorageError::new(StorageErrorKind::Unavailable, detail)
}

thread_local! {
    // A change reads and writes on one thread, in one go.
    static COULD_NOT_READ: Cell<bool> = const { Cell::new(false) };
}

/// One process's way to the device's store.
#[derive(Debug)]
struct ProcessStore {
    device: Device,
    life: Arc<Life>,
    trouble: Mutex<Vec<StoreTrouble>>,
}

impl ProcessStore {
    /// The mishap that is due for this call, if any. Counts.
    fn take_mishap(&self, call: StoreCall) -> Option<Mishap> {
        let mut due = None;
        self.trouble.lock().unwrap().retain_mut(|planned| {
            if planned.call != call {
                return true;
            }
            if planned.after > 0 {
                planned.after -= 1;
                return true;
            }
            due = Some(planned.mishap);
            planned.mishap == Mishap::FailsFromNowOn
        });
        due
    }

    fn carry_out<R>(&self, call: StoreCall, work: impl FnOnce() -> Result<R, StorageError>) -> Result<R, StorageError> {
        self.life.go_on()?;
        match self.take_mishap(call) {
            None => {
                let done = work();
                // Whoever died while it waited for a lock does not get it.
                self.life.go_on()?;
                done
            }
            Some(Mishap::Slow) => {
                thread::sleep(Duration::from_millis(4));
                self.life.go_on()?;
                work()
            }
            Some(Mishap::FailsOnce | Mishap::FailsFromNowOn) => Err(failure("the store failed as planned")),
            Some(Mishap::FailsAfterwards) => {
                work()?;
                Err(failure("the store worked, and failed to say so, as planned"))
            }
            Some(Mishap::DiesBefore) => {
                self.life.kill();
                self.life.go_on()?;
                work()
            }
            Some(Mishap::DiesAfterwards) => {
                let done = work();
                self.life.kill();
                self.life.go_on()?;
                done
            }
        }
    }
}

impl SecretStore for ProcessStore {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        let found = self.carry_out(StoreCall::Load, || self.device.store.load(name));
        COULD_NOT_READ.set(found.is_err());
        found
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
        self.carry_out(StoreCall::Save, || {
            let mut record = self.device.record.lock().unwrap();
            record.overwrote_unread |= COULD_NOT_READ.get();
            let saved = Stored::parse(value);
            record.users.extend(saved.user);
            record.access_keys.extend(saved.access_key);
            self.device.store.save(name, value)
        })
    }

    fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.carry_out(StoreCall::Delete, || self.device.store.delete(name))
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        self.device.store.list()
    }

    fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, StorageError> {
        self.carry_out(StoreCall::Lock, || self.device.store.lock(name))
    }
}

type Job = Box<dyn FnOnce(Session) -> BoxFuture<'static, ()> + Send>;

/// A running process. Dropping it kills it.
pub(crate) struct Process {
    jobs: mpsc::UnboundedSender<Job>,
    life: Arc<Life>,
    store: Arc<ProcessStore>,
    gone: Option<oneshot::Receiver<()>>,
}

impl Process {
    pub(crate) fn start(config: Config, device: &Device) -> Self {
        let life = Arc::new(Life::default());
        let store =
            Arc::new(ProcessStore { device: device.clone(), life: Arc::clone(&life), trouble: Mutex::default() });
        let (jobs, mut todo) = mpsc::unbounded_channel::<Job>();
        let (funeral, gone) = oneshot::channel();
        let session = Session::builder(config, Arc::clone(&store) as Arc<dyn SecretStore>)
            .clock(Arc::new(device.clock.clone()))
            .open()
            .unwrap();
        let its_life = Arc::clone(&life);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let work = async move {
                    while let Some(job) = todo.recv().await {
                        tokio::spawn(job(session.clone()));
                    }
                };
                tokio::select! {
                    biased;
                    () = its_life.killed.notified() => {}
                    () = work => {}
                }
                // From here on nothing of this process runs: its tasks run on no other thread than this.
                its_life.end();
            });
            drop(runtime);
            let _ = funeral.send(());
        });
        Self { jobs, life, store, gone: Some(gone) }
    }

    /// Lets the process do something; `None` if it died over it.
    pub(crate) async fn call<R, F>(&self, work: impl FnOnce(Session) -> F + Send + 'static) -> Option<R>
    where
        R: Send + 'static,
        F: Future<Output = R> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |session| {
            async move {
                let _ = tell.send(work(session).await);
            }
            .boxed()
        });
        self.jobs.send(job).ok()?;
        told.await.ok()
    }

    pub(crate) fn plan(&self, trouble: StoreTrouble) {
        self.store.trouble.lock().unwrap().push(trouble);
    }

    pub(crate) fn calm_down(&self) {
        self.store.trouble.lock().unwrap().clear();
    }

    pub(crate) fn was_killed(&self) -> bool {
        self.life.was_killed()
    }

    /// Kills the process as soon as `condition` holds.
    pub(crate) fn kill_when(&self, condition: impl Fn() -> bool + Send + 'static) -> tokio::task::JoinHandle<()> {
        let life = Arc::clone(&self.life);
        tokio::spawn(async move {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            life.kill();
        })
    }

    /// Waits until nothing of the process is left.
    pub(crate) async fn bury(mut self) {
        self.life.kill();
        if let Some(gone) = self.gone.take() {
            let _ = gone.await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.life.kill();
    }
}
