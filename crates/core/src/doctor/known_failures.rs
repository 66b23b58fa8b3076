//! Every failure of a service that is known by its code and its words: for the page that explains them, and for the tests that
//! produce each of them.

use crate::diagnosis::{Evidence, Refusal, Row, rows};
use crate::error::{Service, SessionError};

/// What a service says, what it means, and what to do about it. Where an error would have a value of the configuration, there
/// is the setting's name in angle brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownFailure {
    /// A stable name: `okta-user-not-assigned`.
    pub id: &'static str,
    /// Who says it. None is AWS STS: no call of this library asks it, so that no error of it comes of one; programs that go on
    /// with the session's credentials meet it.
    pub service: Option<Service>,
    /// The service's own code: `access_denied`.
    pub code: &'static str,
    /// A piece of the service's message, word by word. Empty: whatever the message.
    pub fragment: &'static str,
    /// The whole message in each form that is known, `…` for what varies in it. Empty where the service has no words of its own
    /// for it, or none are known.
    pub messages: &'static [&'static str],
    /// The error's class, as [`SessionError::kind`] has it. One in whose place more than code and words decide may have another.
    pub class: &'static str,
    /// The setting that is wrong, for the class `misconfigured`.
    pub setting: Option<&'static str>,
    /// Why it happens, as a sentence without its full stop.
    pub cause: String,
    /// What to do about it.
    pub fix: String,
    /// Who documents the code and the words.
    pub source: &'static str,
}

/// All of them, in the order in which they are looked for: of one service and code, those with a fragment come first.
pub fn known_failures() -> impl Iterator<Item = KnownFailure> {
    rows().map(|row| known_failure(row, &Evidence::of_nobody()))
}

/// The [`KnownFailure::id`] of what explains this refusal. None: it is not known, and sorted by its code and status.
pub fn find_known_failure(service: Service, code: &str, message: &str) -> Option<&'static str> {
    let refusal = Refusal::new(service, code, message);
    rows().find(|row| row.is_about(&refusal)).map(|row| row.id)
}

fn known_failure(row: &Row, nobody: &Evidence) -> KnownFailure {
    let fill = |text: &str| nobody.fill(text).replace("{words}", "<the message>");
    let cause = fill(row.cause);
    // What passes by itself has the advice of its cause.
    let advice = || SessionError::Retryable { failure: cause.clone(), retry_after: None }.hint().unwrap_or_default();
    KnownFailure {
        id: row.id,
        service: row.service,
        code: row.code,
        fragment: row.fragment,
        messages: row.messages,
        class: row.kind.name(),
        setting: row.kind.setting(),
        fix: if row.fix.is_empty() { advice() } else { fill(row.fix) },
        cause,
        source: row.source,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_known_failure_can_be_told_and_found() {
        let all: Vec<_> = known_failures().collect();
        let ids: BTreeSet<_> = all.iter().map(|known| known.id).collect();
        assert_eq!(ids.len(), all.len(), "an id is there twice");
        assert!(all.iter().filter(|known| known.service == Some(Service::Okta)).count() >= 25);
        for known in &all {
            let is_slug = known.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            assert!(is_slug && !known.code.is_empty() && !known.source.is_empty(), "{known:?}");
            for text in [&known.cause, &known.fix] {
                assert!(!text.is_empty() && !text.contains(['{', '}']), "{known:?}");
            }
            assert!(!known.cause.ends_with('.') && known.fix.ends_with('.'), "{known:?}");
            assert_eq!(known.setting.is_some(), known.class == "misconfigured", "{known:?}");
            if let Some(service) = known.service {
                assert_eq!(find_known_failure(service, known.code, known.fragment), Some(known.id));
                for message in known.messages {
                    assert_eq!(find_known_failure(service, known.code, message), Some(known.id), "{message}");
                }
            }
            for message in known.messages {
                let is_spelt_out = message.split('…').any(|part| part.len() > 5);
                assert!(message.contains(known.fragment) && is_spelt_out, "{message} {known:?}");
            }
        }
        assert_eq!(find_known_failure(Service::S3, "Strange", ""), None);
    }
}
