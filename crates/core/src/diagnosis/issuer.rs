//! What is wrong with the issuer, as its discovery tells: the setting that most first sign-ins fail by.

use std::fmt::Display;

use url::Url;

use super::answer::{LONGEST_WORDS, shorten};
use super::transport::HttpError;
use crate::error::{Service, SessionError};

/// It is no address at all.
pub(crate) fn no_url(error: impl Display) -> SessionError {
    misconfigured(format!("is not a URL: {error}"), "Copy it from Okta.")
}

/// Its discovery document cannot be had.
pub(crate) fn not_discovered(issuer: &str, error: HttpError) -> SessionError {
    match error {
        HttpError::Unreadable(problem) => misconfigured(
            format!("{issuer} has no OpenID configuration ({problem})"),
            "Use the issuer URI of Okta's admin console: Security > API > Authorization Servers, for example \
             https://dev-1.okta.com/oauth2/default, or the bare https://dev-1.okta.com for the org authorization server.",
        ),
        error => error.into_session_error(Service::Okta, "discovery"),
    }
}

/// The server calls itself by another name.
pub(crate) fn differs(configured: &str, actual: &str) -> SessionError {
    let actual = shorten(actual, LONGEST_WORDS);
    misconfigured(format!("is {configured}, but the server calls itself {actual}"), &issuer_hint(configured, &actual))
}

/// One of its endpoints would get secrets in the clear.
pub(crate) fn insecure_endpoint(name: &str) -> SessionError {
    misconfigured(
        format!("the server's {name} is not an https address"),
        "Nothing on this side can mend that: ask who runs the authorization server.",
    )
}

fn misconfigured(problem: String, hint: &str) -> SessionError {
    SessionError::Misconfigured { setting: "okta_issuer_url".to_owned(), problem, hint: hint.to_owned() }
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
    use super::issuer_hint;

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
