//! The table of what the errors of Okta, Cognito, S3 and APIs' gateways mean, one file for each. A row names a service's code and
//! a fragment of its message, word by word, what kind of trouble that is, why it happens and what to change; `{placeholders}`
//! are filled with the configuration's values, so that the fix can be copied. A row that does not look at the message has it
//! shown beside its cause: it knows the kind of trouble and not the trouble. The page docs/troubleshooting.md and the test that
//! produces every row walk it by [`doctor::known_failures`](crate::doctor::known_failures).

mod api;
mod cognito;
mod okta;
pub(super) mod row;
mod s3;
mod sts;

use self::row::Row;
use super::answer::{Passing, Refusal};
use super::denier::denied;
use super::evidence::Evidence;
use super::s3 as explain;
use crate::error::{OUT_OF_ORDER, RATE_LIMITED, SENSELESS, SETTING_OBJECT, Service, SessionError};
use Service::{Cognito, Okta, S3};

/// All of them. First match wins; an empty fragment matches every message.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    [okta::ROWS, cognito::ROWS, s3::ROWS, api::ROWS, sts::ROWS].into_iter().flatten()
}

/// Sorts a service's refusal.
pub(crate) fn classify(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    match rows().find(|row| row.is_about(refusal)) {
        Some(row) => row.explain(refusal, evidence),
        None => sort_by_family(refusal, evidence),
    }
}

/// No row: what the code and the status have in common with others decides, and the service's own words are shown.
fn sort_by_family(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let service = refusal.service;
    if service == S3 && explain::names_another_region(refusal, evidence) {
        return explain::wrong_region(refusal, evidence);
    }
    let retryable = |what: &str| SessionError::Retryable {
        failure: format!("{service} {what} ({})", refusal.said()),
        retry_after: None,
    };
    match (refusal.passing(), refusal.status) {
        (Some(Passing::Throttled), _) => retryable(RATE_LIMITED),
        (Some(Passing::Unavailable), _) => retryable(OUT_OF_ORDER),
        (None, Some(404)) => {
            SessionError::NotFound { what: format!("what {service} was asked for ({})", refusal.said()) }
        }
        _ if is_denial(refusal) => {
            let status = refusal.status.map(|status| format!(" (HTTP status {status})")).unwrap_or_default();
            denied(
                refusal,
                match refusal.words() {
                    Some(words) => format!("{service} says: {words}"),
                    None => format!("{service} gives no reason{status}."),
                },
            )
        }
        // "The server does not support the functionality required to fulfill the request" (RFC 9110 §15.6.2).
        (None, Some(501)) => untakable(refusal, evidence, "does not know this request"),
        (None, Some(300..=499)) => untakable(refusal, evidence, "does not take this request"),
        (None, Some(500..=599)) => retryable(OUT_OF_ORDER),
        // No status that there is (RFC 9110 §15).
        _ => SessionError::Retryable {
            failure: format!("the answer of {service} {SENSELESS} ({})", refusal.said()),
            retry_after: None,
        },
    }
}

/// Whether it is about who asks, not about what is asked for: then somebody can allow it. Cognito says all by 400, Okta by its
/// codes alone.
fn is_denial(refusal: &Refusal) -> bool {
    let says = |word: &str| refusal.code.contains(word);
    match (refusal.service, refusal.status) {
        (Okta, _) | (_, None | Some(401 | 403)) => true,
        (Cognito, Some(400)) => ["NotAuthorized", "AccessDenied", "Forbidden"].into_iter().any(says),
        _ => false,
    }
}

/// The same request would be refused once more, whoever sends it.
fn untakable(refusal: &Refusal, evidence: &Evidence, problem: &str) -> SessionError {
    let service = refusal.service;
    let stands_in = evidence.s3_endpoint.as_ref().filter(|_| service == S3);
    SessionError::Misconfigured {
        // Of one object it says nothing about the others.
        setting: match evidence.needed.first().is_some_and(|needed| needed.key.is_some()) {
            true => SETTING_OBJECT.to_owned(),
            false => "request".to_owned(),
        },
        problem: match refusal.status.filter(|_| refusal.has_code()) {
            Some(status) => format!("{service} {problem} ({}, HTTP status {status})", refusal.said()),
            None => format!("{service} {problem} ({})", refusal.said()),
        },
        hint: match stands_in {
            Some(endpoint) => format!(
                "Trying again does not help. {endpoint} answers in S3's place (Storage.AWSS3.endpoint): see what it can do, \
                 and what it means by that."
            ),
            None => "Trying again does not help: change what is asked for.".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
