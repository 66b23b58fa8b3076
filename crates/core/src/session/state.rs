//! The session's states as a pure function: a state and an event give the next state. No I/O, no clock; read it aloud.
//!
//! ```text
//! NotLoaded ─restored→ SignedOut | SignedIn | SignInRequired | StorageUnavailable
//! SignedOut, SignInRequired, SignedIn ─signed in→ SignedIn
//! SignedIn ─refused→ SignInRequired
//! any ─signed out→ SignedOut
//! ```
//! An open sign-in is no state of its own: a signed-in user keeps working while another sign-in is open.

use super::User;
use crate::error::SignInReason;

/// What the app shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// The secure store was not read yet: call [`restore`](super::Session::restore).
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

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The store was read.
    Restored { user: Option<User>, ended: Option<(SignInReason, User)> },
    /// The store could not be read.
    StorageFailed { detail: String },
    /// A sign-in came to a good end.
    SignedIn { user: User },
    /// More became known of the user, such as the e-mail address.
    ProfileRead { user: User },
    /// Okta refused to renew.
    Refused { reason: SignInReason },
    /// The user signed out.
    SignedOut,
}

/// The transition function.
pub(crate) fn next(state: &SessionState, event: Event) -> SessionState {
    match (state, event) {
        (_, Event::Restored { user: Some(user), .. }) => SessionState::SignedIn { user },
        (_, Event::Restored { user: None, ended: Some((reason, user)) }) => {
            SessionState::SignInRequired { reason, user: Some(user) }
        }
        (_, Event::Restored { user: None, ended: None }) => SessionState::SignedOut,
        // What is known stays known: a store that fails later takes nobody's session away.
        (SessionState::NotLoaded | SessionState::StorageUnavailable { .. }, Event::StorageFailed { detail }) => {
            SessionState::StorageUnavailable { detail }
        }
        (_, Event::SignedIn { user }) => SessionState::SignedIn { user },
        // A profile that arrives late must not sign anybody in again, nor rename the next user.
        (SessionState::SignedIn { user: current }, Event::ProfileRead { user }) if current.subject == user.subject => {
            SessionState::SignedIn { user }
        }
        (SessionState::SignedIn { user }, Event::Refused { reason }) => {
            SessionState::SignInRequired { reason, user: Some(user.clone()) }
        }
        (_, Event::SignedOut) => SessionState::SignedOut,
        (unchanged, Event::StorageFailed { .. } | Event::ProfileRead { .. } | Event::Refused { .. }) => {
            unchanged.clone()
        }
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
            let restored = |user, ended| next(&state, Event::Restored { user, ended });
            assert_eq!(restored(Some(user("bob")), None), signed_in("bob"));
            assert_eq!(restored(None, None), SessionState::SignedOut);
            assert_eq!(
                restored(None, Some((refused(), user("bob")))),
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
    fn only_a_signed_in_session_can_be_refused_and_the_name_is_kept() {
        for state in every_state() {
            let after = next(&state, Event::Refused { reason: refused() });
            match state {
                SessionState::SignedIn { user } => {
                    assert_eq!(after, SessionState::SignInRequired { reason: refused(), user: Some(user) });
                }
                other => assert_eq!(after, other),
            }
        }
    }

    #[test]
    fn a_late_profile_neither_signs_in_nor_renames_another_user() {
        let mut alice = user("alice");
        alice.email = Some("alice@example.com".to_owned());
        let event = || Event::ProfileRead { user: alice.clone() };
        assert_eq!(next(&signed_in("alice"), event()), SessionState::SignedIn { user: alice.clone() });
        assert_eq!(next(&signed_in("bob"), event()), signed_in("bob"));
        assert_eq!(next(&SessionState::SignedOut, event()), SessionState::SignedOut);
    }

    #[test]
    fn sign_in_and_sign_out_work_from_everywhere() {
        for state in every_state() {
            assert_eq!(next(&state, Event::SignedIn { user: user("bob") }), signed_in("bob"));
            assert_eq!(next(&state, Event::SignedOut), SessionState::SignedOut);
        }
    }
}
