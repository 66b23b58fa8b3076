//! Work that is finished also when its caller goes away: what has reached a server or the store must reach the state too.

use std::future::Future;

use tokio::task::JoinError;

use crate::error::SessionError;

/// Runs `work` to its end in a task of its own.
pub(crate) async fn detach<R: Send + 'static>(
    work: impl Future<Output = Result<R, SessionError>> + Send + 'static,
) -> Result<R, SessionError> {
    tokio::spawn(work).await.unwrap_or_else(|end| Err(explain_end(&end)))
}

/// Runs `work` on a thread that may block: keyrings ask daemons, files are synced to disk.
pub(crate) async fn block<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, SessionError> + Send + 'static,
) -> Result<R, SessionError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|end| Err(explain_end(&end)))
}

/// Why work gave no answer. What it was about is not to blame: it panicked, or the app's runtime ended before it began.
pub(crate) fn explain_end(end: &JoinError) -> SessionError {
    if end.is_panic() { SessionError::internal("a task of the session panicked") } else { SessionError::interrupted() }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).build().unwrap()
    }

    #[test]
    fn a_panic_is_a_bug_and_the_runtime_s_end_is_not() {
        let panics =
            || -> Result<(), SessionError> { if std::hint::black_box(true) { panic!("on purpose") } else { Ok(()) } };
        let bug = SessionError::internal("a task of the session panicked");
        runtime().block_on(async {
            assert_eq!(detach(async move { panics() }).await, Err(bug.clone()));
            assert_eq!(block(panics).await, Err(bug));
            assert_eq!(block(|| Ok(1)).await, Ok(1));
        });

        let ended = runtime();
        let handle = ended.handle().clone();
        ended.shutdown_background();
        let outcomes = Builder::new_current_thread().build().unwrap();
        assert_eq!(outcomes.block_on(in_runtime(&handle, detach(async { Ok(1) }))), Err(SessionError::interrupted()));
        assert_eq!(outcomes.block_on(in_runtime(&handle, block(|| Ok(1)))), Err(SessionError::interrupted()));
    }

    /// Polls `work` where another runtime is the one that it begins tasks in.
    async fn in_runtime<R>(runtime: &tokio::runtime::Handle, work: impl Future<Output = R>) -> R {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| {
            let _entered = runtime.enter();
            work.as_mut().poll(context)
        })
        .await
    }
}
