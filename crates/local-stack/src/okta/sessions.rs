//! Who is signed in in which browser, and every sign-in on the way there: pages that somebody is looking at, requests that
//! wait for a browser.

use super::expiring::{Expiring, Fingerprint};
use super::request::AuthorizationRequest;
use super::server_kind::ServerKind;

/// Everything between an authorization request and its code.
#[derive(Default)]
pub(super) struct SignIns {
    /// By the secret of the session cookie.
    pub sessions: Expiring<Session>,
    /// By the form's token.
    pub pending: Expiring<PendingSignIn>,
    /// By the secret part of the request URI.
    pub pushed_requests: Expiring<(ServerKind, AuthorizationRequest)>,
}

/// Somebody is signed in in a browser.
#[derive(Clone)]
pub(super) struct Session {
    pub user_id: String,
    /// When the password was typed, in Unix seconds.
    pub auth_time: i64,
}

/// A sign-in page that somebody is looking at.
#[derive(Clone)]
pub(super) struct PendingSignIn {
    pub kind: ServerKind,
    pub request: AuthorizationRequest,
    pub browser: Fingerprint,
}
