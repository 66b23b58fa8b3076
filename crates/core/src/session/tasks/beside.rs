//! What goes on beside the calls of a session: nobody waits for it, but for a process that is about to end.

use std::future::Future;
use std::sync::{Arc, Mutex};

use tokio::task::JoinHandle;

use crate::mutex::lock;

/// The tasks that were begun. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Beside {
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.0);
        tasks.retain(|task| !task.is_finished());
        tasks.push(tokio::spawn(work));
    }

    /// Waits for all that was begun so far.
    pub(crate) async fn settle(&self) {
        let tasks = std::mem::take(&mut *lock(&self.0));
        for task in tasks {
            // A panic in there has been reported by the runtime and concerns nobody else.
            let _ = task.await;
        }
    }
}
