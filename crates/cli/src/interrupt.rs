//! Ctrl-C, and the polite request to end that service managers send (SIGTERM).

use tokio::sync::watch;

/// Remembers that the user wants to stop: whoever asks later is told too.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    requested: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens from now on, for the rest of the process.
    pub(crate) fn listen() -> Self {
        let (request, requested) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                () = ctrl_c() => {}
                () = terminate() => {}
            }
            let _ = request.send(true);
        });
        Self { requested }
    }

    /// Returns when the process has been asked to end.
    pub(crate) async fn requested(&self) {
        if self.requested.clone().wait_for(|requested| *requested).await.is_err() {
            // The listener ends only with the runtime.
            std::future::pending::<()>().await;
        }
    }
}

async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // No signals on this system: then nothing can interrupt.
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending::<()>().await;
}
