//! What the network did in place of an answer, and what that means: whether the request may have arrived, and what the app
//! is told.

use std::error::Error as _;
use std::time::Duration;

use crate::error::{Service, SessionError};

/// Why there is no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("cannot connect: {0}")]
    Connect(String),
    #[error("no answer in time")]
    Timeout,
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("HTTP status {status}")]
    Unavailable { status: u16, retry_after: Option<Duration> },
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the answer is not what this endpoint should send: {0}")]
    Unreadable(String),
    #[error("plain http is only allowed to this machine (loopback)")]
    Insecure,
    #[error("the request's path has `.` or `..` segments, which HTTP clients rewrite; its signature would not match")]
    PathRewritten,
}

impl HttpError {
    /// Whether the server may have done what it was asked for, although its answer cannot be had.
    pub(crate) fn may_have_arrived(&self) -> bool {
        // 502 and 504 are a gateway's words: what stands behind it may have done its work.
        matches!(
            self,
            Self::Timeout | Self::Broken(_) | Self::TooLarge { .. } | Self::Unavailable { status: 502 | 504, .. }
        )
    }

    /// As the app should see it: network trouble is retryable, the rest is not.
    pub(crate) fn into_session_error(self, service: Service, what: &str) -> SessionError {
        match self {
            Self::Connect(_) | Self::Timeout | Self::Broken(_) => SessionError::Retryable {
                failure: format!("{service} cannot be reached ({what}): {self}"),
                retry_after: None,
            },
            Self::Unavailable { status, retry_after } => SessionError::Retryable {
                failure: format!("{service} cannot answer now ({what}): HTTP status {status}"),
                retry_after,
            },
            Self::Insecure => SessionError::Misconfigured {
                setting: what.to_owned(),
                problem: self.to_string(),
                hint: "Use an https address.".to_owned(),
            },
            Self::TooLarge { .. } | Self::Unreadable(_) | Self::PathRewritten => {
                SessionError::internal(format!("{service} ({what}): {self}"))
            }
        }
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        // A connection that was not made in time is first of all one that was not made: no request has gone out.
        if error.is_connect() {
            Self::Connect(describe(&error))
        } else if error.is_timeout() {
            Self::Timeout
        } else {
            Self::Broken(describe(&error))
        }
    }
}

/// Whether a status says "not now", whatever stands beside it.
pub(crate) fn is_unavailable(status: u16) -> bool {
    status == 429 || status >= 500
}

/// The innermost cause says what happened ("connection refused"); the outer layers repeat the URL.
pub(crate) fn describe(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = None;
    while let Some(inner) = cause {
        text = Some(inner.to_string());
        cause = inner.source();
    }
    text.unwrap_or_else(|| "the request failed".to_owned())
}

/// serde's message may quote the document; the place alone is safe to show.
pub(crate) fn json_problem(error: &serde_json::Error) -> String {
    format!("{:?} error in the JSON at line {} column {}", error.classify(), error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Recovery;

    #[test]
    fn what_may_have_arrived_is_told_from_what_did_not() {
        let unavailable = |status| HttpError::Unavailable { status, retry_after: None };
        let broken = HttpError::Broken(String::new());
        for lost in [HttpError::Timeout, broken, HttpError::TooLarge { limit: 1 }, unavailable(502), unavailable(504)] {
            assert!(lost.may_have_arrived(), "{lost}");
        }
        let unreadable = HttpError::Unreadable(String::new());
        for other in [HttpError::Connect(String::new()), unavailable(503), unavailable(429), unreadable] {
            assert!(!other.may_have_arrived(), "{other}");
        }
    }

    #[test]
    fn trouble_with_the_network_passes_and_nothing_else_does() {
        let recovery = |error: HttpError| error.into_session_error(Service::Okta, "tokens").recovery();
        assert_eq!(recovery(HttpError::Connect(String::new())), Recovery::Retry);
        assert_eq!(recovery(HttpError::Unavailable { status: 503, retry_after: None }), Recovery::Retry);
        assert_eq!(recovery(HttpError::Insecure), Recovery::FixConfiguration);
        assert_eq!(recovery(HttpError::TooLarge { limit: 1 }), Recovery::Report);
    }
}
