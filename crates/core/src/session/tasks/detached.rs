//! Work that is finished also when its caller goes away: what has reached a server or the store must reach the state too.

use std::future::Future;

use crate::error::SessionError;

/// Runs `work` to its end in a task of its own.
pub(crate) async fn detach<R: Send + 'static>(
    work: impl Future<Output = Result<R, SessionError>> + Send + 'static,
) -> Result<R, SessionError> {
    tokio::spawn(work).await.unwrap_or_else(|failure| {
        Err(if failure.is_panic() {
            SessionError::internal("a task of the session panicked")
        } else {
            SessionError::interrupted()
        })
    })
}

/// Runs `work` on a thread that may block: keyrings ask daemons, files are synced to disk.
pub(crate) async fn block<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, SessionError> + Send + 'static,
) -> Result<R, SessionError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(SessionError::internal("the secure store's adapter panicked")))
}
