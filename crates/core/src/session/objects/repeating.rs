//! How patient a transfer is, up and down: how often, and after which wait, a request is made once more, and when a connection
//! has stalled.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::error::SessionError;

/// How often something is asked for before its failure is told, as in s3transfer (`num_download_attempts`): long enough for a
/// phone that goes from one network to another.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// However long a server asks us to wait in the middle of a transfer.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// A connection on which less than this moves within the patience of a transfer has stalled: with its 20 s some 200 bytes a
/// second, less than a telephone line had. The AWS SDKs give up below 1 byte a second (aws-smithy-runtime 1.16.2,
/// `minimum_throughput/options.rs`, "stalled stream protection"; aws-c-http's connection monitor the same), by which a server
/// that brings just one holds a transfer for ever.
pub(super) const LEAST: u64 = 4 * 1024;

/// The tries of one request.
#[derive(Debug, Default)]
pub(super) struct Tries {
    failed: u32,
}

impl Tries {
    /// One has failed: waits before the next one, each time three times as long. A server that asks for another wait gets it;
    /// and a little more, so that not all parts come at the same moment.
    ///
    /// # Errors
    /// The failure, if it does not pass by itself or this was the last try.
    pub(super) async fn wait_after(&mut self, failure: SessionError) -> Result<(), SessionError> {
        self.failed += 1;
        let SessionError::Retryable { retry_after, .. } = &failure else { return Err(failure) };
        if self.failed >= TRIES {
            return Err(failure);
        }
        tracing::debug!(tries = self.failed, %failure, "tried once more");
        let own = FIRST_WAIT * 3u32.pow(self.failed - 1);
        let jitter = own.mul_f64(fastrand::f64() / 2.0);
        sleep(retry_after.unwrap_or(own).min(LONGEST_WAIT) + jitter).await;
        Ok(())
    }
}

/// How something ended that was tried until it did.
pub(super) struct Tried<T> {
    pub outcome: Result<T, SessionError>,
    /// Whether an earlier try may have been carried out although its answer did not come.
    pub was_in_doubt: bool,
}

/// Tries it until it succeeds, is refused, or nothing helps.
pub(super) async fn repeat<T, Attempt>(attempt: impl Fn() -> Attempt) -> Tried<T>
where
    Attempt: Future<Output = Result<T, SessionError>>,
{
    let mut tries = Tries::default();
    loop {
        let was_in_doubt = tries.failed > 0;
        let failure = match attempt().await {
            Ok(done) => return Tried { outcome: Ok(done), was_in_doubt },
            Err(failure) => failure,
        };
        if let Err(failure) = tries.wait_after(failure).await {
            return Tried { outcome: Err(failure), was_in_doubt };
        }
    }
}

/// Watches what moves on one connection. Only the time that is spent waiting for it counts.
#[derive(Debug)]
pub(super) struct Pace {
    patience: Duration,
    /// Until [`LEAST`] bytes have to have moved.
    left: Duration,
    moved: u64,
}

impl Pace {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, left: patience, moved: 0 }
    }

    /// Waits for the next bytes. `size`: how many they are.
    ///
    /// # Errors
    /// That the connection has stalled, in words.
    pub(super) async fn watch<T>(
        &mut self,
        moving: impl Future<Output = T>,
        size: impl FnOnce(&T) -> u64,
    ) -> Result<T, String> {
        let begun = Instant::now();
        let Ok(came) = timeout(self.left, moving).await else { return Err(self.explain()) };
        self.left = self.left.saturating_sub(begun.elapsed());
        self.moved += size(&came);
        if self.moved >= LEAST {
            *self = Self::new(self.patience);
        }
        Ok(came)
    }

    fn explain(&self) -> String {
        let seconds = self.patience.as_secs();
        match self.moved {
            0 => format!("no byte for {seconds} s"),
            few => format!("no more than {few} bytes in {seconds} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn passing(retry_after: Option<Duration>) -> SessionError {
        SessionError::Retryable { failure: "later".to_owned(), retry_after }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_tried_five_times_within_some_seconds() {
        for (asked, least) in
            [(None, 8.0), (Some(Duration::from_secs(1)), 4.0), (Some(Duration::from_secs(3600)), 80.0)]
        {
            let (begun, count) = (Instant::now(), AtomicU32::new(0));
            let tried = repeat(|| async {
                count.fetch_add(1, Ordering::Relaxed);
                Err::<(), _>(passing(asked))
            })
            .await;
            assert!(tried.outcome.is_err() && tried.was_in_doubt);
            assert_eq!(count.into_inner(), TRIES);
            let seconds = begun.elapsed().as_secs_f64();
            assert!((least..least + 4.1).contains(&seconds), "{asked:?}: {seconds}");
        }
        let refused = repeat(|| async { Err::<(), _>(SessionError::internal("a bug")) }).await;
        assert!(refused.outcome.is_err() && !refused.was_in_doubt);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_has_stalled_when_little_comes() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(20 * second);
        let mut after = async |wait: Duration, size: u64| pace.watch(sleep(wait), |()| size).await;
        for _ in 0..100 {
            after(19 * second, LEAST).await.unwrap();
        }
        for _ in 0..100 {
            after(9 * second, LEAST / 2).await.unwrap();
        }
        for _ in 0..19 {
            after(second, 1).await.unwrap();
        }
        assert_eq!(after(2 * second, 1).await.unwrap_err(), "no more than 19 bytes in 20 s");

        let mut pace = Pace::new(20 * second);
        // Whoever takes the bytes may take his time.
        for _ in 0..100 {
            sleep(second).await;
            pace.watch(async {}, |()| 1).await.unwrap();
        }
        assert_eq!(Pace::new(second).watch(pending::<()>(), |()| 0).await.unwrap_err(), "no byte for 1 s");
    }
}
