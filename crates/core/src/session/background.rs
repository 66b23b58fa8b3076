//! Renewal before anybody asks, for apps that want the first call after a pause to be as fast as the others. Optional: a
//! session renews itself on use all the same.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Session, SessionState};
use crate::error::{Recovery, SessionError};

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

impl Session {
    /// Begins to renew the AWS credentials, and with them the tokens, a little before they expire. While nobody is signed
    /// in it looks at the store once a minute; after an error it waits longer and longer, at most five minutes.
    pub fn renew_in_background(&self) -> BackgroundRenewal {
        let session = self.clone();
        BackgroundRenewal { task: tokio::spawn(async move { session.renew_forever().await }) }
    }

    async fn renew_forever(&self) {
        let mut state = self.watch_state();
        let mut failures = 0;
        loop {
            let nap = match self.aws_credentials().await {
                Ok(_) => {
                    failures = 0;
                    self.nap_before_renewal()
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

    /// Until shortly after the credentials become due.
    fn nap_before_renewal(&self) -> Duration {
        let inner = &self.inner;
        let life = inner.vault.peek(|content| Some(content.signed_in.as_ref()?.credentials.as_ref()?.life())).flatten();
        let left = life.map_or(0, |life| inner.lead_left(life).max(0));
        Duration::from_secs(left.unsigned_abs()).clamp(FIRST_PAUSE, LONGEST_NAP)
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
