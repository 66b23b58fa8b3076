//! Work that any number of callers may ask for at once and that is done once, for all of them. It runs in a task of its
//! own: a caller that goes away interrupts nothing.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use crate::error::SessionError;

type Running<T> = Shared<BoxFuture<'static, Result<T, SessionError>>>;

/// Holds the work under way, if there is any.
pub(super) struct SingleFlight<T: Clone> {
    running: Arc<Mutex<Option<Running<T>>>>,
}

impl<T: Clone> Default for SingleFlight<T> {
    fn default() -> Self {
        Self { running: Arc::default() }
    }
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    /// Joins the work under way, or begins `work`.
    pub(super) fn run(&self, work: impl Future<Output = Result<T, SessionError>> + Send + 'static) -> Running<T> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*running {
            return running.clone();
        }
        let done = ClearWhenDone(Arc::clone(&self.running));
        let task = tokio::spawn(async move {
            let _done = done;
            work.await
        });
        let shared = task
            .map(|done| {
                done.unwrap_or_else(|failure| {
                    Err(if failure.is_cancelled() {
                        SessionError::Retryable {
                            failure: "the work was interrupted: the app's runtime ended".to_owned(),
                            retry_after: None,
                        }
                    } else {
                        SessionError::internal("the renewal panicked")
                    })
                })
            })
            .boxed()
            .shared();
        *running = Some(shared.clone());
        shared
    }

    /// What is under way now.
    pub(super) fn running(&self) -> Option<Running<T>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes finished work away, also work that panicked or whose runtime went away: the next caller begins anew.
struct ClearWhenDone<T: Clone>(Arc<Mutex<Option<Running<T>>>>);

impl<T: Clone> Drop for ClearWhenDone<T> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
