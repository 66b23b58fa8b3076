//! What a service said: its refusal, word by word, and whom it holds responsible. Every service has codes of its own; no
//! code is looked at outside of this folder.

use std::time::Duration;

use crate::error::Service;

/// Error codes, request ids and regions are short words; whatever comes in their place is cut.
pub(crate) const LONGEST_CODE: usize = 80;
/// Two or three sentences: S3 names the caller, the action, the resource and the policy that is missing.
pub(crate) const LONGEST_WORDS: usize = 300;
/// Names, ARNs and host names are shorter than that, tokens and keys are not.
const LONGEST_NAME: usize = 130;
/// In place of a code where a service gave none.
const BARE_STATUS: &str = "HTTP status ";
/// How every JSON Web Token begins: `{"` in Base64.
const TOKEN_START: &str = "eyJ";

/// A refusal as the service worded it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub service: Service,
    pub code: String,
    pub message: String,
    pub request_id: Option<String>,
    pub status: Option<u16>,
    /// How long the service asks to be left alone.
    pub retry_after: Option<Duration>,
    /// For S3: the region that the bucket is really in.
    pub bucket_region: Option<String>,
    /// For S3: the host that the bucket is to be asked at.
    pub endpoint: Option<String>,
    /// For S3: the header whose condition does not hold.
    pub condition: Option<String>,
}

impl Refusal {
    pub(crate) fn new(service: Service, code: &str, message: &str) -> Self {
        Self {
            service,
            code: shorten(code, LONGEST_CODE),
            message: message.to_owned(),
            request_id: None,
            status: None,
            retry_after: None,
            bucket_region: None,
            endpoint: None,
            condition: None,
        }
    }

    /// One of a service that gave no code.
    pub(crate) fn without_code(service: Service, status: u16) -> Self {
        Self { status: Some(status), ..Self::new(service, &format!("{BARE_STATUS}{status}"), "") }
    }

    pub(crate) fn has_code(&self) -> bool {
        !self.code.starts_with(BARE_STATUS)
    }

    /// Who refused, by what code.
    pub(crate) fn label(&self) -> String {
        format!("{}: {}", self.service, self.code)
    }

    /// The same with the service's words.
    pub(crate) fn said(&self) -> String {
        match self.words() {
            Some(words) => format!("{}: {words}", self.label()),
            None => self.label(),
        }
    }

    /// The service's own words, if they say more than its code does.
    pub(crate) fn words(&self) -> Option<String> {
        let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let words = quote(&self.message);
        let is_new = !words.is_empty() && !letters(&words).eq_ignore_ascii_case(&letters(&self.code));
        is_new.then_some(words)
    }

    /// Whether the same request may well succeed a moment later.
    pub(crate) fn passing(&self) -> Option<Passing> {
        Passing::of(&self.code, self.status)
    }

    /// Reads it out of the service's words; whatever is not named here would be the same once more.
    pub(crate) fn blame(&self) -> Option<Blame> {
        use Service::{Api, Cognito, S3};
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
            (Api, "ExpiredTokenException" | "UnrecognizedClientException") => Some(Blame::Credentials),
            (Api, "AccessDeniedException") if says("security token") => Some(Blame::Credentials),
            (Api, "InvalidSignatureException") if says("Signature expired") || says("Signature not yet current") => {
                Some(Blame::UntoldClock)
            }
            (Api, "Forbidden") => Some(Blame::Untold),
            (S3, "NoSuchUpload" | "InvalidPart") => Some(Blame::Upload),
            _ => None,
        }
    }
}

/// Trouble that is over by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    /// Too many requests.
    Throttled,
    /// The service, or one that it needs, cannot do it now.
    Unavailable,
}

impl Passing {
    /// By the families of codes that AWS's services share (AWS SDKs and Tools reference guide, "Retry behavior"; common
    /// errors of the Cognito identity pools API reference; S3 API reference, list of error codes), and by status where the
    /// code is not known.
    pub(crate) fn of(code: &str, status: Option<u16>) -> Option<Self> {
        match code {
            // A preset limit of the account, which waiting does not raise, although SDKs count it among the throttles.
            "LimitExceededException" => None,
            "SlowDown" | "RequestLimitExceeded" | "BandwidthLimitExceeded" | "PriorRequestNotComplete" => {
                Some(Self::Throttled)
            }
            code if code.contains("Throttl") || code.starts_with("TooManyRequests") => Some(Self::Throttled),
            "InternalError" | "InternalErrorException" | "InternalFailure" | "InternalServerException"
            | "ServiceUnavailable" | "ServiceUnavailableException" | "Busy" | "RequestTimeout"
            | "RequestTimeoutException" | "ExternalServiceException" | "ConcurrentModificationException"
            // "A conflicting conditional operation is currently in progress against this resource. Try again." (409)
            | "OperationAborted"
            // "A conflicting operation occurred during a conditional request" (409), and bytes that arrived as others or not
            // at all (400).
            | "ConditionalRequestConflict" | "BadDigest" | "IncompleteBody"
            // "You are being redirected to the bucket while the DNS server is being updated." (307)
            | "TemporaryRedirect" | "Redirect" => Some(Self::Unavailable),
            _ => match status? {
                429 => Some(Self::Throttled),
                302 | 303 | 307 | 408 | 500 | 502..=504 => Some(Self::Unavailable),
                _ => None,
            },
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
    /// The same, by somebody whose own clock is not believed.
    UntoldClock,
    /// Nothing is said. It may be the credentials, the clock, or a permission, for which there is no other try.
    Untold,
    /// A multipart upload that is not there any more, or lacks parts that it had: another one is begun.
    Upload,
}

/// A server's own words for a person: one line, bounded, without characters that steer a terminal or turn text round, and
/// without anything that may be a token, because a service may repeat what it was sent.
pub(crate) fn quote(words: &str) -> String {
    let is_hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.~+/=".contains(c);
    let spaced = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let visible: String = spaced.chars().filter(|c| !c.is_control() && !is_hidden(*c)).collect();
    let mut quoted = String::with_capacity(visible.len());
    let mut rest = visible.as_str();
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_name(c) != is_name(first)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        match run.find(TOKEN_START) {
            Some(start) => quoted.extend([&run[..start], "…"]),
            None if is_name(first) && run.len() > LONGEST_NAME => quoted.push('…'),
            None => quoted.push_str(run),
        }
        rest = after;
    }
    match quoted.char_indices().nth(LONGEST_WORDS) {
        Some((end, _)) => format!("{}…", &quoted[..end]),
        None => quoted.trim_end_matches('.').to_owned(),
    }
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
    fn what_passes_is_told_by_code_and_status_and_the_rest_is_not_sent_again() {
        use Passing::{Throttled, Unavailable};
        for (code, status, passing) in [
            ("TooManyRequestsException", 400, Some(Throttled)),
            ("ThrottlingException", 400, Some(Throttled)),
            ("RequestThrottled", 400, Some(Throttled)),
            ("SlowDown", 503, Some(Throttled)),
            ("HTTP status 429", 429, Some(Throttled)),
            ("LimitExceededException", 400, None),
            ("OperationAborted", 409, Some(Unavailable)),
            ("ConditionalRequestConflict", 409, Some(Unavailable)),
            ("BadDigest", 400, Some(Unavailable)),
            ("BucketNotEmpty", 409, None),
            ("TemporaryRedirect", 307, Some(Unavailable)),
            ("HTTP status 302", 302, Some(Unavailable)),
            ("PermanentRedirect", 301, None),
            ("RequestTimeout", 400, Some(Unavailable)),
            ("ExternalServiceException", 400, Some(Unavailable)),
            ("InternalErrorException", 500, Some(Unavailable)),
            ("HTTP status 504", 504, Some(Unavailable)),
            ("NotImplemented", 501, None),
            ("AccessDenied", 403, None),
            ("NotAuthorizedException", 400, None),
        ] {
            assert_eq!(Passing::of(code, Some(status)), passing, "{code} {status}");
        }
        assert_eq!(Passing::of("SlowDown", None), Some(Throttled));
        assert_eq!(Passing::of("Strange", None), None);
    }

    #[test]
    fn words_are_quoted_in_one_line_bounded_and_without_tokens() {
        assert_eq!(quote(" a\tb\r\n c\u{1b}[31m\u{202e}. "), "a b c[31m");
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.sig_nature-", "x".repeat(400));
        let echoed = format!("Value '{{dev-1.okta.com/oauth2/default={token}}}' at 'logins' failed");
        assert_eq!(quote(&echoed), "Value '{dev-1.okta.com/oauth2/default=…}' at 'logins' failed");
        let long = format!("the token {} is malformed", "AbC+/9".repeat(40));
        assert_eq!(quote(&long), "the token … is malformed");
        let refused = "User: arn:aws:sts::123456789012:assumed-role/jetbridge-authenticated/CognitoIdentityCredentials is \
                       not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::the-bucket\" because no \
                       identity-based policy allows the s3:ListBucket action";
        assert_eq!(quote(refused), refused);
        let endless = quote(&"é wörd ".repeat(1000));
        assert!(endless.ends_with('…') && endless.chars().count() == LONGEST_WORDS + 1, "{endless}");
        assert_eq!(Refusal::new(S3, "AccessDenied", "Access Denied.").words(), None);
        assert_eq!(Refusal::new(S3, "AccessDenied", " \n").words(), None);
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
