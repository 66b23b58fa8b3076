//! What is wrong with the issuer, as its discovery tells: the setting that most first sign-ins fail by.

use std::fmt::Display;

use url::Url;

use super::answer::{LONGEST_WORDS, shorten};
use super::place::ISSUER;
use super::token_facts::mark_difference;
use super::transport::HttpError;
use crate::config::is_okta_domain;
use crate::error::{Obstacle, Service, SessionError};
use crate::loopback::is_loopback;

/// It is no address at all.
pub(crate) fn no_url(error: impl Display) -> SessionError {
    misconfigured(format!("is not a URL: {error}"), "Copy it from Okta.")
}

/// Its discovery document cannot be had.
pub(crate) fn not_discovered(issuer: &str, error: HttpError) -> SessionError {
    let not_there = |problem: &str| {
        misconfigured(
            format!("{issuer} has no OpenID configuration ({problem})"),
            "Use the issuer URI of Okta's admin console: Security > API > Authorization Servers, for example \
             https://dev-1.okta.com/oauth2/default, or the bare https://dev-1.okta.com for the org authorization server.",
        )
    };
    match error {
        HttpError::Unreadable(problem) => not_there(&problem),
        // E0000007 and E0000008: there is no such server, or no such path.
        HttpError::Refused { ref code, .. } if matches!(code.as_deref(), Some("E0000007" | "E0000008")) => {
            not_there(&error.to_string())
        }
        HttpError::Refused { status, code: None, .. } if status != 403 => not_there(&error.to_string()),
        // Whoever says this page is not there, no network wants a sign-in by it.
        HttpError::Foreign(foreign) if matches!(foreign.said.status(), Some(404 | 410)) => {
            not_there(&format!("what answers at {} says that it is not there", foreign.place.authority))
        }
        // Okta's own domains have nobody but Okta behind them.
        HttpError::Foreign(foreign) if !is_okta_domain(foreign.place.host()) => {
            foreign.at_configured(Service::Okta, "discovery")
        }
        error => match error.into_session_error(Service::Okta, "discovery") {
            SessionError::Obstructed { service, obstacle: Obstacle::Interception, problem, hint } => {
                let hint = format!("{hint} If every network says the same, compare okta_issuer_url with Okta's.");
                SessionError::Obstructed { service, obstacle: Obstacle::Interception, problem, hint }
            }
            error => error,
        },
    }
}

/// One of the endpoints that its own metadata name gave nothing. Whoever says of one page that it is not there, no network wants a
/// sign-in by it; and what answers in another form is no bug of this library.
pub(crate) fn unanswered(what: &str, endpoint: &Url, error: HttpError) -> SessionError {
    let place = shown(endpoint);
    match error {
        HttpError::Foreign(foreign) if matches!(foreign.said.status(), Some(404 | 410)) => misconfigured(
            format!(
                "the server names {place} for its {what}, and nothing is there (HTTP status {})",
                foreign.said.status().unwrap_or_default()
            ),
            "Open that address in a browser, or its start. If it is not there either: in Okta, Security > API > Authorization \
             Servers, see that the server is active; else ask who runs it. If it is there, try another network.",
        ),
        HttpError::Refused { status: 404 | 410, .. } => misconfigured(
            format!("the server names {place} for its {what}, and nothing is there ({error})"),
            "In Okta, Security > API > Authorization Servers, see that the server is active; else ask who runs it.",
        ),
        HttpError::Unreadable(problem) => misconfigured(
            format!("the server's {what} at {place} cannot be read ({problem})"),
            "Nothing on this side can mend that: ask who runs the authorization server.",
        ),
        error => error.into_session_error(Service::Okta, what),
    }
}

/// The server calls itself by another name.
pub(crate) fn differs(configured: &str, actual: &str) -> SessionError {
    let actual = shorten(actual, LONGEST_WORDS);
    let difference = mark_difference(&actual, configured);
    misconfigured(
        format!("is {configured}, but the server calls itself {actual}: {difference}"),
        &issuer_hint(configured, &actual),
    )
}

/// Checks one of its endpoints, which get codes, tokens and the browser: https, or this machine if the issuer is on it. A
/// server out there has no business with what listens here.
pub(crate) fn check_endpoint(issuer: &str, name: &str, endpoint: &Url) -> Result<(), SessionError> {
    let is_local = |url: &Url| matches!(url.scheme(), "http" | "https") && is_loopback(url);
    let is_ours = || Url::parse(issuer).is_ok_and(|issuer| is_local(&issuer)) && is_local(endpoint);
    let problem = if endpoint.scheme() != "https" && !is_ours() {
        "is not an https address"
    } else if !endpoint.username().is_empty() || endpoint.password().is_some() {
        "has a user name in it"
    } else if endpoint.fragment().is_some() {
        "has a fragment"
    } else {
        return Ok(());
    };
    Err(misconfigured(
        format!("the {name} of {issuer} {problem}: {}", shown(endpoint)),
        "Nothing on this side can mend that: ask who runs the authorization server.",
    ))
}

/// Without the user, who may be a secret of somebody's.
fn shown(endpoint: &Url) -> String {
    shorten(&format!("{}{}", endpoint.origin().ascii_serialization(), endpoint.path()), LONGEST_WORDS)
}

/// Whether the issuer is what is wrong.
pub(crate) fn is_blamed(error: &SessionError) -> bool {
    matches!(error, SessionError::Misconfigured { setting, .. } if setting == ISSUER)
}

fn misconfigured(problem: String, hint: &str) -> SessionError {
    SessionError::Misconfigured { setting: ISSUER.to_owned(), problem, hint: hint.to_owned() }
}

/// Names the usual ways in which two issuers differ.
fn issuer_hint(configured: &str, actual: &str) -> String {
    let host = |issuer: &str| Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    let why = if configured.trim_end_matches('/') == actual.trim_end_matches('/') {
        "Only the trailing slash differs"
    } else if host(configured) != host(actual) {
        "The host differs: with a custom domain the issuer follows Okta's issuer mode"
    } else {
        "The path differs: `/oauth2/default` belongs to the custom authorization server, the org server has none"
    };
    format!("{why}. Set okta_issuer_url to {actual} exactly; the IAM identity provider must have the same URL.")
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{check_endpoint, differs, issuer_hint, unanswered};
    use crate::diagnosis::{Foreign, HttpError, Place};
    use crate::error::{Recovery, SessionError};

    /// Discovery's own test has the rest: this needs an issuer out there.
    #[test]
    fn a_server_out_there_names_nothing_on_this_machine() {
        let check = |issuer: &str, endpoint: &str| check_endpoint(issuer, "token_endpoint", &endpoint.parse().unwrap());
        let (okta, local) = ("https://dev-1.okta.com/oauth2/default", "http://127.0.0.1:4580/oauth2/default");
        assert_eq!(check(okta, "https://dev-1.okta.com/oauth2/default/v1/token"), Ok(()));
        assert_eq!(check(okta, "https://token.example.com/v1?tenant=1"), Ok(()));
        assert_eq!(check(local, "http://localhost:4580/v1/token"), Ok(()));
        for (issuer, endpoint, problem) in [
            (okta, "http://127.0.0.1:8080/v1/token", "is not an https address"),
            (okta, "http://localhost/v1/token", "is not an https address"),
            (local, "http://dev-1.okta.com/v1/token", "is not an https address"),
            (okta, "https://mallory:hunter2@dev-1.okta.com/v1/token", "has a user name in it"),
            (local, "http://mallory@127.0.0.1:4580/v1/token", "has a user name in it"),
            (okta, "https://dev-1.okta.com/v1/token#x", "has a fragment"),
        ] {
            let error = check(issuer, endpoint).unwrap_err();
            assert!(
                matches!(&error, SessionError::Misconfigured { problem: said, .. }
                if said.contains(&format!("token_endpoint of {issuer} {problem}")) && !said.contains("hunter2")),
                "{error}"
            );
        }
    }

    #[test]
    fn an_endpoint_that_is_not_there_is_the_server_s_and_another_page_the_network_s() {
        let endpoint: Url = "https://mallory:hunter2@dev-1.okta.com/v1/keys?x=hunter2".parse().unwrap();
        let page = |status| HttpError::Foreign(Foreign::answer(status, Some("text/html"), Place::of(&endpoint)));
        for (error, recovery, word) in [
            (page(404), Recovery::FixConfiguration, "nothing is there (HTTP status 404)"),
            (page(410), Recovery::FixConfiguration, "nothing is there (HTTP status 410)"),
            (HttpError::Unreadable("HTTP status 404".to_owned()), Recovery::FixConfiguration, "cannot be read"),
            (page(200), Recovery::Retry, "something between this device and Okta"),
            (page(403), Recovery::Retry, "something between this device and Okta"),
        ] {
            let told = unanswered("signing keys", &endpoint, error);
            assert_eq!(told.recovery(), recovery, "{told}");
            assert!(told.to_string().contains(word) && !told.to_string().contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn the_place_where_the_issuers_part_is_marked() {
        let told = |configured, actual| differs(configured, actual).to_string();
        let swapped = told("https://dev-12345678.okta.com", "https://dev-12354678.okta.com");
        assert!(
            swapped.ends_with("from character 16 on it has \"54678.okta.com\" in place of \"45678.okta.com\""),
            "{swapped}"
        );
        assert!(told("https://a.okta.com/", "https://a.okta.com").ends_with("it lacks \"/\" at its end"));
    }

    #[test]
    fn the_hint_names_the_difference() {
        let hint = |configured, actual| issuer_hint(configured, actual);
        assert!(
            hint("https://a.okta.com/oauth2/default/", "https://a.okta.com/oauth2/default").contains("trailing slash")
        );
        assert!(hint("https://a.okta.com", "https://a.okta.com/oauth2/default").contains("path differs"));
        assert!(hint("https://id.example.com", "https://a.okta.com").contains("custom domain"));
    }
}
