//! What a service said: its refusal, word by word, and whom it holds responsible. Every service has codes of its own; no
//! code is looked at outside of this folder.

use crate::error::Service;

/// Error codes, request ids and regions are short words; whatever comes in their place is cut.
pub(crate) const LONGEST_CODE: usize = 80;
/// A sentence or two.
pub(crate) const LONGEST_WORDS: usize = 200;

/// A refusal as the service worded it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub service: Service,
    pub code: String,
    pub message: String,
    pub request_id: Option<String>,
    pub status: Option<u16>,
    /// For S3: the region that the bucket is really in.
    pub bucket_region: Option<String>,
}

impl Refusal {
    pub(crate) fn new(service: Service, code: &str, message: &str) -> Self {
        Self {
            service,
            code: shorten(code, LONGEST_CODE),
            message: message.to_owned(),
            request_id: None,
            status: None,
            bucket_region: None,
        }
    }

    /// Reads it out of the service's words; whatever is not named here would be the same once more.
    pub(crate) fn blame(&self) -> Option<Blame> {
        use Service::{Cognito, S3};
        let says = |words: &str| self.message.contains(words);
        match (self.service, self.code.as_str()) {
            (Cognito, "ResourceNotFoundException") if says("Identity '") => Some(Blame::Identity),
            (Cognito, "ResourceConflictException") => Some(Blame::Identity),
            (Cognito, "NotAuthorizedException") if says("is forbidden") || says("Logins don't match") => {
                Some(Blame::Identity)
            }
            (Cognito, "NotAuthorizedException") if says("expired") => Some(Blame::ExpiredIdToken),
            (Cognito, "NotAuthorizedException") if says("Couldn't verify signed token") => {
                Some(Blame::UnverifiedIdToken)
            }
            // S3 API reference, list of error codes.
            (S3, "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" | "InvalidAccessKeyId") => {
                Some(Blame::Credentials)
            }
            (S3, "RequestTimeTooSkewed") => Some(Blame::Clock),
            _ => None,
        }
    }
}

/// What a service holds responsible for a refusal, where another one may do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The identity was deleted, disabled, or is another user's: a remembered one is forgotten and asked for once more.
    Identity,
    /// The ID token's time is up.
    ExpiredIdToken,
    /// The ID token's signature could not be verified: perhaps its key is no longer published.
    UnverifiedIdToken,
    /// The AWS credentials are expired or unknown.
    Credentials,
    /// The request was signed at a wrong time: the answer has corrected the clock.
    Clock,
}

/// A server's own words, short enough for one line of a log and without control characters.
pub(crate) fn shorten(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Service::{Cognito, S3};

    #[test]
    fn only_trouble_with_the_identity_itself_makes_us_forget_it() {
        let blamed = |code: &str, message: &str| Refusal::new(Cognito, code, message).blame();
        let stale = |code: &str, message: &str| blamed(code, message) == Some(Blame::Identity);
        assert!(stale("ResourceNotFoundException", "Identity 'us-west-2:1' not found."));
        assert!(stale("NotAuthorizedException", "Access to Identity 'us-west-2:1' is forbidden."));
        assert!(stale("NotAuthorizedException", "Logins don't match. Please include at least one valid login"));
        assert!(stale("ResourceConflictException", ""));
        assert!(!stale("ResourceNotFoundException", "IdentityPool 'us-west-2:pool' not found."));
        assert!(!stale("NotAuthorizedException", "Token is not from a supported provider of this identity pool."));
        assert!(!stale("TooManyRequestsException", "Rate exceeded"));
        let of_token = |words: &str| blamed("NotAuthorizedException", &format!("Invalid login token. {words}"));
        assert_eq!(of_token("Token expired: 1 >= 2"), Some(Blame::ExpiredIdToken));
        assert_eq!(of_token("Couldn't verify signed token."), Some(Blame::UnverifiedIdToken));
        assert_eq!(of_token("Missing a required claim: aud"), None);
    }

    #[test]
    fn credentials_and_clock_are_blamed_by_s3_alone() {
        let blamed = |service, code: &str| Refusal::new(service, code, "").blame();
        for code in ["ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId"] {
            assert_eq!(blamed(S3, code), Some(Blame::Credentials), "{code}");
            assert_eq!(blamed(Cognito, code), None, "{code}");
        }
        assert_eq!(blamed(S3, "RequestTimeTooSkewed"), Some(Blame::Clock));
        assert_eq!(blamed(S3, "AccessDenied"), None);
        assert_eq!(blamed(S3, "ResourceConflictException"), None);
    }
}
