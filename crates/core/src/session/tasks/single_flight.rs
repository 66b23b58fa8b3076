//! Work that any number of callers may ask for at once and that is done once, for all of them. It runs in a task of its
//! own: a caller that goes away interrupts nothing.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use secrecy::SecretString;
use tokio::sync::oneshot;

use crate::error::SessionError;
use crate::mutex::lock;
use crate::secret_text::is_same;

type Answer<T> = Shared<BoxFuture<'static, Result<T, SessionError>>>;

/// Holds the work under way, if there is any.
pub(crate) struct SingleFlight<T: Clone> {
    running: Arc<Mutex<Option<Running<T>>>>,
}

struct Running<T: Clone> {
    /// Whose work it is: the sign-in's nonce.
    sign_in: Option<SecretString>,
    id: Arc<()>,
    answer: Answer<T>,
}

impl<T: Clone> Default for SingleFlight<T> {
    fn default() -> Self {
        Self { running: Arc::default() }
    }
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    /// Joins the work under way for the same sign-in, or begins `work`. Work for another one goes on by itself. Says whether
    /// it was joined.
    pub(crate) fn run(
        &self,
        sign_in: Option<SecretString>,
        work: impl Future<Output = Result<T, SessionError>> + Send + 'static,
    ) -> (Answer<T>, bool) {
        let mut running = lock(&self.running);
        let is_same = |running: &&Running<T>| match (&running.sign_in, &sign_in) {
            (Some(one), Some(other)) => is_same(one, other),
            (None, None) => true,
            _ => false,
        };
        if let Some(running) = running.as_ref().filter(is_same) {
            return (running.answer.clone(), true);
        }
        let id = Arc::new(());
        let done = ClearWhenDone { running: Arc::clone(&self.running), id: Arc::clone(&id) };
        let (answer, answered) = oneshot::channel();
        let shared =
            answered.map(|answer| answer.unwrap_or_else(|_| Err(SessionError::interrupted()))).boxed().shared();
        *running = Some(Running { sign_in, id, answer: shared.clone() });
        // A runtime that is about to end drops the task at once, and `done` wants this lock.
        drop(running);
        tokio::spawn(async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            // Whoever has the answer and asks again begins anew.
            drop(done);
            let outcome = outcome.unwrap_or_else(|_| Err(SessionError::internal("the renewal panicked")));
            // Nobody may be waiting any more.
            let _ = answer.send(outcome);
        });
        (shared, false)
    }

    /// What is under way now.
    pub(crate) fn running(&self) -> Option<Answer<T>> {
        lock(&self.running).as_ref().map(|running| running.answer.clone())
    }
}

/// Takes finished work away, also work that panicked or whose runtime went away: the next caller begins anew.
struct ClearWhenDone<T: Clone> {
    running: Arc<Mutex<Option<Running<T>>>>,
    id: Arc<()>,
}

impl<T: Clone> Drop for ClearWhenDone<T> {
    fn drop(&mut self) {
        let mut running = lock(&self.running);
        // Work for another sign-in may have taken its place.
        let finished = running.take_if(|running| Arc::ptr_eq(&running.id, &self.id));
        drop(running);
        drop(finished);
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).build().unwrap()
    }

    #[test]
    fn a_runtime_that_has_ended_interrupts_the_work_and_the_next_one_begins_anew() {
        let flight = SingleFlight::default();
        let ended = runtime();
        let handle = ended.handle().clone();
        ended.shutdown_background();
        let interrupted = {
            let _entered = handle.enter();
            flight.run(None, async { Ok(1) }).0
        };
        let outcome = runtime().block_on(async {
            assert_eq!(interrupted.await.unwrap_err().kind(), "retryable");
            flight.run(None, async { Ok(2) }).0.await
        });
        assert_eq!(outcome, Ok(2));
    }

    #[test]
    fn work_that_panics_is_told_to_all_and_done_anew() {
        let flight = SingleFlight::<u8>::default();
        runtime().block_on(async {
            let work = async { if std::hint::black_box(true) { panic!("on purpose") } else { Ok(1) } };
            let ((one, began), (other, joined)) = (flight.run(None, work), flight.run(None, async { Ok(2) }));
            assert_eq!((began, joined), (false, true));
            assert_eq!(one.await.unwrap_err().kind(), "internal");
            assert_eq!(other.await.unwrap_err().kind(), "internal");
            assert_eq!(flight.run(None, async { Ok(3) }).0.await, Ok(3));
            assert!(flight.running().is_none());
        });
    }

    #[test]
    fn nobody_joins_the_work_for_another_sign_in() {
        let flight = SingleFlight::<&str>::default();
        runtime().block_on(async {
            let (finish, finished) = oneshot::channel::<()>();
            let slow = async move {
                let _ = finished.await;
                Ok("alice's")
            };
            let (of_alice, _) = flight.run(Some("alice".into()), slow);
            let (end, ended) = oneshot::channel::<()>();
            let (of_bob, joined) = flight.run(Some("bob".into()), async move {
                let _ = ended.await;
                Ok("bob's")
            });
            assert!(!joined);
            finish.send(()).unwrap();
            assert_eq!(of_alice.await, Ok("alice's"));
            // The end of the older work does not take the newer one away.
            let (also_of_bob, _) = flight.run(Some("bob".into()), async { Ok("another") });
            end.send(()).unwrap();
            assert_eq!((of_bob.await, also_of_bob.await), (Ok("bob's"), Ok("bob's")));
        });
    }
}
