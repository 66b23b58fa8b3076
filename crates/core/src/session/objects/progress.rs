//! How far an upload is: what the network has taken, each byte counted once however often it is sent.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::aws::objects::{TransferOptions, TransferProgress};
use crate::mutex::lock;

/// Tells an app, never less than before.
pub(super) struct Meter {
    tell: Option<Arc<dyn Fn(TransferProgress) + Send + Sync>>,
    /// Held while the app is told, so that it hears things in order.
    state: Mutex<TransferProgress>,
}

impl Meter {
    pub(super) fn new(options: &TransferOptions, total: Option<u64>, resumed: u64) -> Arc<Self> {
        let state = TransferProgress { done: resumed, total, resumed };
        let meter = Self { tell: options.progress.clone(), state: Mutex::new(state) };
        meter.advance(0);
        Arc::new(meter)
    }

    /// For one of its parts.
    pub(super) fn part(self: &Arc<Self>) -> PartMeter {
        PartMeter { meter: Arc::clone(self), counted: Arc::default() }
    }

    /// All has arrived.
    pub(super) fn finish(&self, size: u64) {
        let Some(tell) = &self.tell else { return };
        let mut state = lock(&self.state);
        (state.done, state.total) = (size, Some(size));
        tell(*state);
    }

    fn advance(&self, by: u64) {
        let Some(tell) = &self.tell else { return };
        let mut state = lock(&self.state);
        state.done += by;
        tell(*state);
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Counts what was sent of one part.
#[derive(Debug, Clone)]
pub(super) struct PartMeter {
    meter: Arc<Meter>,
    counted: Arc<AtomicU64>,
}

impl PartMeter {
    /// A try has come so far.
    pub(super) fn reached(&self, position: u64) {
        let before = self.counted.fetch_max(position, Ordering::Relaxed);
        if position > before {
            self.meter.advance(position - before);
        }
    }
}
