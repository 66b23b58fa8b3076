//! The session's states as a pure function: a state and an event give the next state. No I/O, no clock; read it aloud.
//!
//! ```text
//! NotLoaded ─store read→ SignedOut | SignedIn | SignInRequired
//! NotLoaded ─store fails→ StorageUnavailable ─store read→ …
//! SignedOut ─sign-in saved→ SignedIn ─refused by Okta→ SignInRequired ─sign-in saved→ SignedIn
//! any ─erased→ SignedOut
//! ```
//! An open sign-in is no state of its own: a signed-in user keeps working while another sign-in is open.

use super::events::SessionEvent;
use crate::error::SignInReason;
use crate::session::stored::{StoredSession, User};

/// What the app shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// The secure store was not read yet: call [`restore`](crate::Session::restore).
    NotLoaded,
    /// Nobody is signed in.
    SignedOut,
    /// Somebody is signed in. The network may be away all the same.
    SignedIn {
        /// Who.
        user: User,
    },
    /// Somebody was signed in, and Okta no longer agrees.
    SignInRequired {
        /// Why.
        reason: SignInReason,
        /// Who it was, for the sign-in screen.
        user: Option<User>,
    },
    /// The secure store cannot be read now. That says nothing about the session: try `restore` again.
    StorageUnavailable {
        /// What failed and what to do.
        detail: String,
    },
}

/// What was found out about the secure store. Signing in, being refused and signing out all end in it: the state follows
/// what is stored, in this process and in every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// What is stored.
    Stored { user: Option<User>, ended: Option<(SignInReason, User)> },
    /// The store could not be read.
    StorageFailed { detail: String },
}

impl Event {
    /// What the state has to know of what is stored.
    pub(crate) fn stored(content: &StoredSession) -> Self {
        Self::Stored {
            user: content.signed_in.as_ref().map(|signed_in| signed_in.user.clone()),
            ended: content.ended.as_ref().map(|ended| (ended.reason.clone(), ended.user.clone())),
        }
    }
}

/// The transition function.
pub(crate) fn next(state: &SessionState, event: Event) -> SessionState {
    match (state, event) {
        (_, Event::Stored { user: Some(user), .. }) => SessionState::SignedIn { user },
        (_, Event::Stored { user: None, ended: Some((reason, user)) }) => {
            SessionState::SignInRequired { reason, user: Some(user) }
        }
        (_, Event::Stored { user: None, ended: None }) => SessionState::SignedOut,
        // What is known stays known: a store that fails later takes nobody's session away.
        (SessionState::NotLoaded | SessionState::StorageUnavailable { .. }, Event::StorageFailed { detail }) => {
            SessionState::StorageUnavailable { detail }
        }
        (known, Event::StorageFailed { .. }) => known.clone(),
    }
}

/// What a change of the state is worth telling. Reading the store for the first time is no news, whatever was found.
pub(crate) fn news(before: &SessionState, after: &SessionState) -> Vec<SessionEvent> {
    let known = match before {
        SessionState::NotLoaded | SessionState::StorageUnavailable { .. } => None,
        SessionState::SignedOut => Some(None),
        SessionState::SignedIn { user } => Some(Some(user)),
        SessionState::SignInRequired { user, .. } => Some(user.as_ref()),
    };
    match (known, after) {
        (_, SessionState::StorageUnavailable { detail }) if before != after => {
            vec![SessionEvent::StorageProblem { detail: detail.clone() }]
        }
        (Some(previous), SessionState::SignedIn { user }) => {
            let is_same = previous.is_some_and(|previous| previous.subject == user.subject);
            let changed = previous.filter(|_| !is_same).map(|previous| SessionEvent::UserChanged {
                previous_subject: previous.subject.clone(),
                user: user.clone(),
            });
            // A profile that arrives later, say an e-mail address, is the same sign-in.
            let goes_on = is_same && matches!(before, SessionState::SignedIn { .. });
            let signed_in = (!goes_on).then(|| SessionEvent::SignedIn { user: user.clone() });
            changed.into_iter().chain(signed_in).collect()
        }
        (Some(_), SessionState::SignInRequired { reason, user }) if before != after => {
            vec![SessionEvent::SignInRequired { reason: reason.clone(), user: user.clone() }]
        }
        (Some(_), SessionState::SignedOut) if before != after => vec![SessionEvent::SignedOut],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(subject: &str) -> User {
        User { subject: subject.to_owned(), username: None, name: None, email: None }
    }

    fn signed_in(subject: &str) -> SessionState {
        SessionState::SignedIn { user: user(subject) }
    }

    fn refused() -> SignInReason {
        SignInReason::RefreshTokenRefused { code: "invalid_grant".to_owned() }
    }

    fn every_state() -> [SessionState; 5] {
        [
            SessionState::NotLoaded,
            SessionState::SignedOut,
            signed_in("alice"),
            SessionState::SignInRequired { reason: refused(), user: Some(user("alice")) },
            SessionState::StorageUnavailable { detail: "locked".to_owned() },
        ]
    }

    #[test]
    fn what_was_read_from_the_store_decides_from_any_state() {
        for state in every_state() {
            let stored = |user, ended| next(&state, Event::Stored { user, ended });
            assert_eq!(stored(Some(user("bob")), None), signed_in("bob"));
            assert_eq!(stored(None, None), SessionState::SignedOut);
            assert_eq!(
                stored(None, Some((refused(), user("bob")))),
                SessionState::SignInRequired { reason: refused(), user: Some(user("bob")) }
            );
        }
    }

    #[test]
    fn a_failing_store_takes_nobody_s_session_away() {
        for state in every_state() {
            let after = next(&state, Event::StorageFailed { detail: "busy".to_owned() });
            match state {
                SessionState::NotLoaded | SessionState::StorageUnavailable { .. } => {
                    assert_eq!(after, SessionState::StorageUnavailable { detail: "busy".to_owned() });
                }
                known => assert_eq!(after, known),
            }
        }
    }

    #[test]
    fn only_changes_are_news_and_what_was_found_at_the_start_is_none() {
        let kinds = |before: &SessionState, after: &SessionState| {
            news(before, after).iter().map(SessionEvent::kind).collect::<Vec<_>>()
        };
        let [not_loaded, signed_out, alice, refused, unavailable] = &every_state();
        for start in [not_loaded, unavailable] {
            for found in [signed_out, alice, refused] {
                assert!(kinds(start, found).is_empty(), "{start:?} {found:?}");
            }
        }
        for state in [not_loaded, signed_out, alice, refused, unavailable] {
            assert!(kinds(state, state).is_empty(), "{state:?}");
        }
        assert_eq!(kinds(not_loaded, unavailable), ["storage_problem"]);
        assert_eq!(kinds(signed_out, alice), ["signed_in"]);
        assert_eq!(kinds(refused, alice), ["signed_in"]);
        assert_eq!(kinds(refused, &signed_in("bob")), ["user_changed", "signed_in"]);
        assert_eq!(kinds(alice, &signed_in("bob")), ["user_changed", "signed_in"]);
        assert_eq!(kinds(alice, refused), ["sign_in_required"]);
        assert_eq!(kinds(alice, signed_out), ["signed_out"]);
        assert_eq!(kinds(refused, signed_out), ["signed_out"]);
        let with_name = User { name: Some("Alice".to_owned()), ..user("alice") };
        assert!(kinds(alice, &SessionState::SignedIn { user: with_name }).is_empty());
    }
}
