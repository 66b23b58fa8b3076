//! What the network did in place of an answer, and what that means: whether the request may have arrived, and what the app
//! is told.

use std::error::Error as _;
use std::time::Duration;

use super::obstacle::{self, NoTrust, Obstruction, Way};
use super::okta;
use super::place::{Foreign, Said};
use crate::error::{
    BROKEN, NO_ANSWER, NO_CONNECTION, OUT_OF_ORDER, RATE_LIMITED, SETTING_KEY, Service, SessionError, UNKNOWN_NAME,
};

/// Why there is no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("{NO_CONNECTION}: {0}")]
    Connect(String),
    #[error("{UNKNOWN_NAME}: {0}")]
    UnknownName(String),
    #[error("{NO_ANSWER}")]
    Timeout,
    #[error("{BROKEN}: {0}")]
    Broken(String),
    #[error("HTTP status {status}")]
    Unavailable { status: u16, retry_after: Option<Duration> },
    /// Nothing was sent to the service.
    #[error(transparent)]
    Obstructed(Obstruction),
    /// Something else answered in the service's place.
    #[error("{0}")]
    Foreign(Foreign),
    /// Okta's own refusal where it has no words of OAuth: an error of its API, or a page with its request's ID.
    #[error("HTTP status {status}{}", code.as_ref().map(|code| format!(", {code}")).unwrap_or_default())]
    Refused { status: u16, code: Option<String>, summary: String },
    #[error("no certificate can be checked: {0}")]
    NoTrust(NoTrust),
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the answer is not what this endpoint should send: {0}")]
    Unreadable(String),
    /// "A server that receives a request without Accept-Encoding" may send any coding (RFC 9110 §12.5.3), and none that is asked
    /// for here does: it is a server or a proxy that compresses whatever is asked for.
    #[error("the answer is compressed ({0}), which nobody asked for")]
    Compressed(String),
    #[error("plain http is only allowed to this machine (loopback)")]
    Insecure,
    #[error("the request's path has `.` or `..` segments, which HTTP clients rewrite; its signature would not match")]
    PathRewritten,
}

impl HttpError {
    /// Why a request has no answer that could be read. `way`: how it went.
    pub(crate) fn sort(error: reqwest::Error, way: &Way<'_>) -> Self {
        if let Some(obstruction) = obstacle::find(&error, &describe(&error), way) {
            return Self::Obstructed(obstruction);
        }
        // Somewhere else than on this machine, an answer that is no HTTP is one that was damaged on the way.
        if let Some(said) = obstacle::find_other_protocol(&error)
            && (way.loopback.is_some() || said == Said::NoTls)
        {
            return Self::Foreign(Foreign { said, place: way.place() });
        }
        if let Some(no_trust) = obstacle::find_no_trust(&error) {
            return Self::NoTrust(no_trust.clone());
        }
        let from = |cause: &str| format!("{cause} ({})", way.host);
        // A connection that was not made in time is first of all one that was not made: no request has gone out.
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => Self::Connect(from(NO_ANSWER)),
            (true, false) if error.is_dns() => Self::UnknownName(from(&describe(&error))),
            (true, false) => Self::Connect(match obstacle::find_local(&error, way) {
                Some(local) => local,
                None => from(&describe(&error)),
            }),
            (false, _) => error.into(),
        }
    }

    /// A status that only something in between gives: a proxy (RFC 9110 §15.5.8), or a network that wants a sign-in first
    /// (RFC 6585 §6). Only then is the way looked for: that asks the environment, or the system.
    pub(crate) fn from_status<'w>(
        status: u16,
        content_type: Option<&str>,
        way: impl FnOnce() -> Way<'w>,
    ) -> Option<Self> {
        if !matches!(status, 407 | 511) {
            return None;
        }
        let way = way();
        Some(match &way.proxy {
            Some(proxy) if status == 407 => Self::Obstructed(proxy.wants_password(way.host)),
            _ => Self::Foreign(Foreign::answer(status, content_type, way.place())),
        })
    }

    /// An answer in a coding that cannot be read here, by its `Content-Encoding` (RFC 9110 §8.4).
    pub(crate) fn from_encoding(content_encoding: Option<&str>) -> Option<Self> {
        let codings = ["gzip", "x-gzip", "br", "deflate", "zstd", "compress"];
        let named = content_encoding?.split(',').map(|coding| coding.trim().to_ascii_lowercase());
        let found: Vec<_> = named.filter(|coding| codings.contains(&&**coding)).collect();
        (!found.is_empty()).then(|| Self::Compressed(format!("Content-Encoding: {}", found.join(", "))))
    }

    /// A JSON document that ends too early or is none has been damaged on its way; one that says something else is the
    /// server's.
    pub(crate) fn from_json(error: &serde_json::Error) -> Self {
        let problem = json_problem(error);
        if error.is_data() { Self::Unreadable(problem) } else { Self::Broken(problem) }
    }

    /// Whether the server may have done what it was asked for, although its answer cannot be had.
    pub(crate) fn may_have_arrived(&self) -> bool {
        // 502 and 504 are a gateway's words: what stands behind it may have done its work. So it may behind a filter, which
        // looks at answers too.
        match self {
            Self::Timeout | Self::Broken(_) | Self::TooLarge { .. } | Self::Refused { .. } | Self::Compressed(_) => {
                true
            }
            Self::Foreign(foreign) => foreign.said != Said::NoTls,
            Self::Unavailable { status, .. } => matches!(status, 502 | 504),
            _ => false,
        }
    }

    /// As the app should see it: network trouble is retryable, what is in the way wants a person, the rest is not.
    pub(crate) fn into_session_error(self, service: Service, what: &str) -> SessionError {
        match self {
            Self::Connect(_) | Self::UnknownName(_) | Self::Timeout | Self::Broken(_) => SessionError::Retryable {
                failure: format!("{service} cannot be reached ({what}): {self}"),
                retry_after: None,
            },
            // RFC 6585 §4.
            Self::Unavailable { status: 429, retry_after } => SessionError::Retryable {
                failure: format!("{service} {RATE_LIMITED} ({what}): HTTP status 429"),
                retry_after,
            },
            Self::Unavailable { status, retry_after } => SessionError::Retryable {
                failure: format!("{service} {OUT_OF_ORDER} ({what}): HTTP status {status}"),
                retry_after,
            },
            Self::Obstructed(Obstruction { obstacle, problem, hint }) => {
                SessionError::Obstructed { service, obstacle, problem, hint }
            }
            Self::Foreign(foreign) => foreign.into_session_error(service, what),
            Self::Refused { status, code, summary } => okta::refused(status, code.as_deref(), &summary, what),
            Self::NoTrust(NoTrust { hint, .. }) => SessionError::Misconfigured {
                setting: "trusted certificates".to_owned(),
                problem: self.to_string(),
                hint: hint.to_owned(),
            },
            Self::Compressed(_) => SessionError::Misconfigured {
                setting: "proxy".to_owned(),
                problem: format!("{service} ({what}): {self}"),
                hint: "What stands between this device and the service compresses answers for everybody: a proxy, a CDN, or \
                       the server itself. Whoever runs it has to take Accept-Encoding into account, or leave these answers \
                       as they are."
                    .to_owned(),
            },
            Self::Insecure => SessionError::Misconfigured {
                setting: what.to_owned(),
                problem: self.to_string(),
                hint: "Use an https address.".to_owned(),
            },
            Self::PathRewritten => SessionError::Misconfigured {
                setting: SETTING_KEY.to_owned(),
                problem: self.to_string(),
                hint: "Rename the object: HTTP clients ask for another one if a path has `.` or `..` as a segment."
                    .to_owned(),
            },
            Self::TooLarge { .. } | Self::Unreadable(_) => {
                SessionError::internal(format!("{service} ({what}): {self}"))
            }
        }
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::Timeout } else { Self::Broken(describe(&error)) }
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
fn json_problem(error: &serde_json::Error) -> String {
    format!("{:?} error in the JSON at line {} column {}", error.classify(), error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Place;
    use crate::error::{Obstacle, Recovery};

    fn elsewhere(status: u16) -> HttpError {
        let place = Place { authority: "dev-1.okta.com".to_owned(), is_here: false };
        HttpError::Foreign(Foreign::answer(status, None, place))
    }

    #[test]
    fn what_may_have_arrived_is_told_from_what_did_not() {
        let unavailable = |status| HttpError::Unavailable { status, retry_after: None };
        let broken = HttpError::Broken(String::new());
        let foreign = elsewhere(302);
        let too_large = HttpError::TooLarge { limit: 1 };
        for lost in [HttpError::Timeout, broken, foreign, too_large, unavailable(502), unavailable(504)] {
            assert!(lost.may_have_arrived(), "{lost}");
        }
        let unreadable = HttpError::Unreadable(String::new());
        let no_trust = HttpError::NoTrust(NoTrust::of_the_system(""));
        let obstructed = HttpError::Obstructed(Obstruction {
            obstacle: Obstacle::Proxy,
            problem: String::new(),
            hint: String::new(),
        });
        let unsent = [HttpError::Connect(String::new()), HttpError::UnknownName(String::new()), no_trust, obstructed];
        for other in unsent.into_iter().chain([unavailable(503), unavailable(429), unreadable]) {
            assert!(!other.may_have_arrived(), "{other}");
        }
    }

    #[test]
    fn an_answer_in_a_coding_is_told_by_its_header() {
        for (header, found) in [
            (None, None),
            (Some("identity"), None),
            (Some("aws-chunked"), None),
            (Some("GZIP"), Some("gzip")),
            (Some("identity, br"), Some("br")),
            (Some("deflate, gzip"), Some("deflate, gzip")),
        ] {
            let told = HttpError::from_encoding(header).map(|error| error.to_string());
            let expected = found
                .map(|found| format!("the answer is compressed (Content-Encoding: {found}), which nobody asked for"));
            assert_eq!(told, expected);
        }
        let compressed = HttpError::from_encoding(Some("gzip")).unwrap();
        assert!(compressed.may_have_arrived());
        assert_eq!(compressed.into_session_error(Service::Okta, "tokens").recovery(), Recovery::FixConfiguration);
    }

    #[test]
    fn trouble_with_the_network_passes_and_nothing_else_does() {
        let recovery = |error: HttpError| error.into_session_error(Service::Okta, "tokens").recovery();
        assert_eq!(recovery(HttpError::Connect(String::new())), Recovery::Retry);
        assert_eq!(recovery(HttpError::Unavailable { status: 503, retry_after: None }), Recovery::Retry);
        assert_eq!(recovery(HttpError::Insecure), Recovery::FixConfiguration);
        assert_eq!(recovery(HttpError::TooLarge { limit: 1 }), Recovery::Report);
        assert_eq!(recovery(elsewhere(403)), Recovery::Retry);
        assert_eq!(recovery(HttpError::NoTrust(NoTrust::of_the_system(""))), Recovery::FixConfiguration);
    }

    #[test]
    fn the_advice_for_a_passing_fault_fits_its_cause() {
        let advice = |error: HttpError| error.into_session_error(Service::Okta, "tokens").hint().unwrap();
        let why = || "why".to_owned();
        let cases = [
            (HttpError::UnknownName(why()), "the spelling"),
            (HttpError::Connect(why()), "port"),
            (HttpError::Timeout, "slow"),
            (HttpError::Broken(why()), "broke"),
            (HttpError::Unavailable { status: 503, retry_after: None }, "on its side"),
        ];
        for (error, word) in cases {
            let hint = advice(error.clone());
            assert!(hint.contains(word), "{error}: {hint}");
        }
        let asked_to_wait = HttpError::Unavailable { status: 429, retry_after: Some(Duration::from_secs(7)) };
        assert_eq!(advice(asked_to_wait), "Try again in 7 s.");
    }
}
