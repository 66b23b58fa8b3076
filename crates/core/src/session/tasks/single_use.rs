//! Codes and refresh tokens that are on their way: between the request that spends one and the write that saves its answer,
//! a process must not end.

use std::sync::Arc;

use tokio::sync::watch;

use crate::error::SessionError;

/// Counts them. Clones are the same count.
#[derive(Debug, Clone)]
pub(crate) struct SingleUseTokens(Arc<watch::Sender<Underway>>);

#[derive(Debug, Default, Clone, Copy)]
struct Underway {
    number: usize,
    is_closed: bool,
}

/// One that is on its way, until this is dropped.
#[derive(Debug)]
pub(crate) struct Spending(SingleUseTokens);

impl SingleUseTokens {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Underway::default())))
    }

    /// Says that one is about to be spent.
    ///
    /// # Errors
    /// `Retryable` once the process is about to end: its answer might not be saved.
    pub(crate) fn begin(&self) -> Result<Spending, SessionError> {
        let mut is_closed = false;
        self.0.send_modify(|underway| {
            is_closed = underway.is_closed;
            underway.number += usize::from(!is_closed);
        });
        if is_closed { Err(SessionError::interrupted()) } else { Ok(Spending(self.clone())) }
    }

    pub(crate) fn are_underway(&self) -> bool {
        self.0.borrow().number > 0
    }

    /// Lets none begin any more.
    pub(crate) fn close(&self) {
        self.0.send_modify(|underway| underway.is_closed = true);
    }

    /// Waits until none is on its way.
    pub(crate) async fn settle(&self) {
        // Fails only without a sender, which is here.
        let _ = self.0.subscribe().wait_for(|underway| underway.number == 0).await;
    }
}

impl Drop for Spending {
    fn drop(&mut self) {
        self.0.0.send_modify(|underway| underway.number = underway.number.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_leaves_waits_for_what_is_underway_and_lets_nothing_begin() {
        let tokens = SingleUseTokens::new();
        tokens.settle().await;
        let spending = tokens.begin().unwrap();
        tokens.close();
        assert_eq!(tokens.begin().unwrap_err().kind(), "retryable");
        let leaving = tokio::spawn({
            let tokens = tokens.clone();
            async move { tokens.settle().await }
        });
        tokio::task::yield_now().await;
        assert!(tokens.are_underway() && !leaving.is_finished());
        drop(spending);
        leaving.await.unwrap();
    }
}
