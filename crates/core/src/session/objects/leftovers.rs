//! What transfers that nobody waited for may have left in S3, for whoever has to tell the user.

use std::sync::{Arc, Mutex};

use crate::error::SessionError;
use crate::mutex::lock;

/// What is known of the uploads of a session whose callers went away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// The last request of one was on its way: its object may be there.
    pub may_be_written: bool,
    /// Parts of one are still in S3: why it could not be given up.
    pub parts: Option<SessionError>,
}

/// The same while it is found out. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Remains(Arc<Mutex<Leftovers>>);

impl Remains {
    pub(super) fn found(&self) -> Leftovers {
        lock(&self.0).clone()
    }

    pub(super) fn keep_parts(&self, why: SessionError) {
        lock(&self.0).parts = Some(why);
    }

    /// Waits for a request that makes an object. A caller that goes away meanwhile does not know whether it did.
    pub(super) async fn watch<T>(&self, request: impl Future<Output = T>) -> T {
        let doubt = Doubt { remains: self, is_settled: false };
        let outcome = request.await;
        doubt.settle();
        outcome
    }
}

struct Doubt<'a> {
    remains: &'a Remains,
    is_settled: bool,
}

impl Doubt<'_> {
    fn settle(mut self) {
        self.is_settled = true;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            lock(&self.remains.0).may_be_written = true;
        }
    }
}
