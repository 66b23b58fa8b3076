//! The facts of a session, for an app that shows them.

use std::time::SystemTime;

use crate::clock::{CorrectedClock, from_unix};
use crate::cognito::GRACE_SECONDS;
use crate::session::stored::{StoredSession, User};

/// The facts of a session, both clocks included: the ID token's (Okta) and the credentials' (AWS).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionDetails {
    /// The account's name; `default` unless the app keeps several.
    pub account: String,
    /// Who is signed in.
    pub user: Option<User>,
    /// The authorization server.
    pub issuer: String,
    /// The Cognito identity, once it is known.
    pub identity_id: Option<String>,
    /// When the ID token expires. Without a refresh token, the session ends then.
    pub id_token_expires_at: Option<SystemTime>,
    /// Until when Cognito takes it all the same, for AWS credentials: a few minutes longer.
    pub id_token_accepted_until: Option<SystemTime>,
    /// When the access token expires.
    pub access_token_expires_at: Option<SystemTime>,
    /// When the AWS credentials expire; they are renewed on use.
    pub aws_credentials_expire_at: Option<SystemTime>,
    /// Whether the session can renew itself.
    pub has_refresh_token: bool,
    /// What is added to the device's clock.
    pub clock_offset_seconds: i64,
    /// Whether that was learnt lately, or makes no difference. If not, `now` is a guess until a service has answered.
    pub clock_is_certain: bool,
    /// The corrected time, to compare the others with.
    pub now: SystemTime,
}

impl SessionDetails {
    pub(super) fn of(content: &StoredSession, account: &str, issuer: &str, clock: &CorrectedClock) -> Self {
        let signed_in = content.signed_in.as_ref();
        let id_token_end = signed_in.map(|signed_in| signed_in.tokens.id_token_expires_at);
        Self {
            account: account.to_owned(),
            user: signed_in.map(|signed_in| signed_in.user.clone()),
            issuer: issuer.to_owned(),
            identity_id: signed_in.and(content.identity.as_ref()).map(|identity| identity.id().to_owned()),
            id_token_expires_at: id_token_end.map(from_unix),
            id_token_accepted_until: id_token_end.map(|end| from_unix(end.saturating_add(GRACE_SECONDS))),
            access_token_expires_at: signed_in
                .and_then(|signed_in| signed_in.tokens.access_token_expires_at)
                .map(from_unix),
            aws_credentials_expire_at: signed_in
                .and_then(|signed_in| signed_in.credentials.as_ref())
                .map(|credentials| credentials.expires_at()),
            has_refresh_token: signed_in.is_some_and(|signed_in| signed_in.tokens.refresh_token.is_some()),
            clock_offset_seconds: clock.offset_seconds(),
            clock_is_certain: clock.doubtful_unix_now().is_none(),
            now: clock.now(),
        }
    }
}
