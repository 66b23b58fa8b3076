//! Ends calls whose caller has gone, for Swift. When a coroutine of Kotlin is cancelled, UniFFI drops the future of the call;
//! of a cancelled task of Swift it knows nothing and waits for the answer (uniffi_bindgen 0.32.2,
//! `bindings/swift/templates/Async.swift`: `withUnsafeContinuation`, and the future is freed after the last poll).

use std::future::Future;

use tokio::sync::watch;

use crate::error::SessionError;

/// Ends the calls of one session that `CoreSession::until` gave: each stops where it is, as if it had been dropped.
#[derive(Debug, uniffi::Object)]
pub struct Cancellation {
    is_cancelled: watch::Sender<bool>,
}

#[uniffi::export]
impl Cancellation {
    /// One that has not happened yet.
    #[uniffi::constructor]
    #[expect(clippy::new_without_default, reason = "made by other languages alone")]
    pub fn new() -> Self {
        Self { is_cancelled: watch::Sender::new(false) }
    }

    /// Now, and for good.
    pub fn cancel(&self) {
        self.is_cancelled.send_replace(true);
    }
}

impl Cancellation {
    /// What the call answers, or `UserCancelled` as soon as it is cancelled; the call is dropped then.
    pub(crate) async fn end<T>(
        &self,
        call: impl Future<Output = Result<T, jetbridge::SessionError>>,
    ) -> Result<T, SessionError> {
        let mut news = self.is_cancelled.subscribe();
        tokio::select! {
            biased;
            // The sender lives as long as `self`.
            _ = news.wait_for(|is_cancelled| *is_cancelled) => Err(SessionError::UserCancelled),
            answer = call => Ok(answer?),
        }
    }
}
