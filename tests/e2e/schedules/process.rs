//! Processes of the app that can die at any moment. Each has a thread, a runtime, a time and a handle of the store of its
//! own; the stored bytes and their locks are the device's.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jetbridge::storage::{SecretStore, StorageError, StorageErrorKind, StoreLock};
use jetbridge::{Config, Session};
use tokio::sync::{Notify, mpsc, oneshot};
use zeroize::Zeroizing;

use super::device::Device;
use super::plan::{Mishap, StoreCall, StoreTrouble};

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
        self.carry_out(StoreCall::Save, || self.device.save(name, value, !COULD_NOT_READ.get()))
    }

    fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.carry_out(StoreCall::Delete, || self.device.delete(name))
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
    handle: Handle,
    store: Arc<ProcessStore>,
    gone: Option<oneshot::Receiver<()>>,
}

/// What one holds of a process that one does not own.
#[derive(Clone)]
pub(crate) struct Handle {
    jobs: mpsc::UnboundedSender<Job>,
    life: Arc<Life>,
}

impl Handle {
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

    pub(crate) fn kill(&self) {
        self.life.kill();
    }

    /// The process's own time jumps: whatever it waits for has taken so much longer.
    pub(crate) async fn lose_time(&self, time: Duration) {
        self.call(move |_| async move {
            tokio::time::pause();
            tokio::time::advance(time).await;
            tokio::time::resume();
        })
        .await;
    }
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
        Self { handle: Handle { jobs, life }, store, gone: Some(gone) }
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) async fn call<R, F>(&self, work: impl FnOnce(Session) -> F + Send + 'static) -> Option<R>
    where
        R: Send + 'static,
        F: Future<Output = R> + Send + 'static,
    {
        self.handle.call(work).await
    }

    pub(crate) fn plan(&self, trouble: StoreTrouble) {
        self.store.trouble.lock().unwrap().push(trouble);
    }

    pub(crate) fn calm_down(&self) {
        self.store.trouble.lock().unwrap().clear();
    }

    pub(crate) fn was_killed(&self) -> bool {
        self.handle.life.was_killed()
    }

    /// Kills the process and waits until nothing of it is left.
    pub(crate) async fn bury(mut self) {
        self.handle.kill();
        if let Some(gone) = self.gone.take() {
            let _ = gone.await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.handle.kill();
    }
}
