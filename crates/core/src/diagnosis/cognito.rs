//! What Cognito's refusals mean where the table alone does not decide.

use crate::error::SessionError;

/// A token's time is up, and Okta issued it a moment ago: the services' clocks disagree. Another sign-in would bring the
/// same, so it is not asked for.
pub(crate) fn fresh_id_token_expired() -> SessionError {
    SessionError::Retryable {
        failure: "Cognito finds an ID token expired that Okta issued a moment ago: their clocks disagree".to_owned(),
        retry_after: None,
    }
}
