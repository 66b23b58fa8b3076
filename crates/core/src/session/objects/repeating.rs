//! How often, and after which wait, a request of a transfer is made once more.

use std::time::Duration;

/// How often something is asked for before its failure is told, as in s3transfer (`num_download_attempts`): long enough for a
/// phone that goes from one network to another.
pub(super) const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// However long a server asks us to wait in the middle of a transfer.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Each wait, counted from 0 on, is three times as long as the one before.
pub(super) fn own_wait(number: u32) -> Duration {
    FIRST_WAIT * 3u32.pow(number)
}

/// Waits as long as the server asked, or else its own time; and a little more, so that not all parts come at the same moment.
pub(super) async fn wait_before_repeating(own: Duration, asked: Option<Duration>) {
    let jitter = own.mul_f64(fastrand::f64() / 2.0);
    let wait = asked.unwrap_or(own).min(LONGEST_WAIT) + jitter;
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}
