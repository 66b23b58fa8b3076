//! Renewal before anybody asks, for apps that want the first call after a pause to be as fast as the others. Optional: a
//! session renews itself on use all the same.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::renewal::CredentialRenewal;
use crate::error::{Recovery, SessionError};
use crate::life::UsedBy;
use crate::session::published::SessionState;

/// A device sleeps and its clock is set: what was planned an hour ago is looked at again this often.
const LONGEST_NAP: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Renews the session in the background until it is dropped. A renewal under way is finished all the same.
#[derive(Debug)]
#[must_use = "dropping it stops the background renewal"]
pub struct BackgroundRenewal {
    task: JoinHandle<()>,
}

impl Drop for BackgroundRenewal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl BackgroundRenewal {
    pub(super) fn start(credentials: Arc<CredentialRenewal>, state: watch::Receiver<SessionState>) -> Self {
        Self { task: tokio::spawn(renew_forever(credentials, state)) }
    }
}

async fn renew_forever(credentials: Arc<CredentialRenewal>, mut state: watch::Receiver<SessionState>) {
    let mut failures = 0;
    loop {
        let nap = match credentials.credentials(UsedBy::Session).await {
            Ok(_) => {
                failures = 0;
                // Until shortly after the credentials become due.
                let left = credentials.seconds_to_renewal().max(0);
                Duration::from_secs(left.unsigned_abs()).clamp(FIRST_PAUSE, LONGEST_NAP)
            }
            Err(error) => {
                failures += 1;
                pause_after(&error, failures)
            }
        };
        let is_over =
            matches!(*state.borrow_and_update(), SessionState::SignedOut | SessionState::SignInRequired { .. });
        if is_over {
            // Another process may sign somebody in, and nobody tells this one: it looks now and then.
            let _ = tokio::time::timeout(LONGEST_NAP, state.changed()).await;
        } else {
            // Signed in, or the store does not say yet.
            tokio::time::sleep(nap).await;
        }
    }
}

/// Doubles with each failure in a row; what the service asks for counts if it is more. Never zero.
fn pause_after(error: &SessionError, failures: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    let asked = match error {
        SessionError::Retryable { retry_after, .. } => retry_after.unwrap_or_default(),
        // The state will say when somebody has signed in.
        SessionError::SignInRequired { .. } => FIRST_PAUSE,
        // Say, a keychain that is locked.
        _ if error.recovery() == Recovery::Retry => FIRST_PAUSE,
        // A setting has to be changed or access given: nothing that a second attempt would find.
        _ => LONGEST_PAUSE,
    };
    doubled.max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::StorageErrorKind;

    #[test]
    fn pauses_grow_honour_the_service_and_are_never_zero() {
        let fault = |retry_after| SessionError::Retryable { failure: String::new(), retry_after };
        let pause = |failures| pause_after(&fault(None), failures).as_secs();
        assert_eq!([1, 2, 3, 9, 10, 1000].map(pause), [1, 2, 4, 256, 300, 300]);
        assert_eq!(pause_after(&fault(Some(Duration::from_secs(42))), 1), Duration::from_secs(42));
        assert_eq!(pause_after(&fault(Some(Duration::ZERO)), 0), FIRST_PAUSE);
        assert_eq!(pause_after(&SessionError::internal(""), 1), LONGEST_PAUSE);
        let locked = SessionError::SecureStorage { kind: StorageErrorKind::Unavailable, detail: String::new() };
        assert_eq!(pause_after(&locked, 2), Duration::from_secs(2));
    }
}
