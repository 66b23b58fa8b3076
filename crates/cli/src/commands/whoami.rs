//! `jetbridge whoami`: what the store knows. Asks no server, but for the time where this machine's clock is in doubt.

use std::time::{Duration, SystemTime};

use jetbridge::{SessionDetails, SessionError, SessionState, SignInReason, User};
use serde::Serialize;

use crate::context::{Context, DEFAULT_ACCOUNT};
use crate::exit::CliError;
use crate::invocation::command;
use crate::output::{BOLD, Output, styled};
use crate::text::{escape, human_span, relative, rfc3339, short_time};

#[derive(Debug, Serialize)]
struct SessionEvent<'a> {
    event: &'static str,
    account: &'a str,
    user: &'a User,
    issuer: &'a str,
    identity_id: Option<&'a str>,
    id_token_expires_at: Option<String>,
    id_token_accepted_until: Option<String>,
    aws_credentials_expire_at: Option<String>,
    has_refresh_token: bool,
    clock_offset_seconds: i64,
}

pub(super) async fn run(context: &Context, output: &mut Output) -> Result<(), CliError> {
    let (session, user) = context.signed_in().await?;
    session.check_clock().await;
    let details = session.details();
    if output.is_json() {
        output.event(&SessionEvent {
            event: "session",
            account: &details.account,
            user: &user,
            issuer: &details.issuer,
            identity_id: details.identity_id.as_deref(),
            id_token_expires_at: details.id_token_expires_at.map(rfc3339),
            id_token_accepted_until: details.id_token_accepted_until.map(rfc3339),
            aws_credentials_expire_at: details.aws_credentials_expire_at.map(rfc3339),
            has_refresh_token: details.has_refresh_token,
            clock_offset_seconds: details.clock_offset_seconds,
        })?;
        return Ok(());
    }
    let mut fields = vec![("User", styled(BOLD, escape(user.display_name())))];
    if let Some(username) = user.username.as_deref().filter(|username| *username != user.display_name()) {
        fields.push(("", escape(username).into_owned()));
    }
    if details.account != DEFAULT_ACCOUNT {
        fields.push(("Account", details.account.clone()));
    }
    fields.push(("Subject", escape(&user.subject).into_owned()));
    fields.push(("Issuer", escape(&details.issuer).into_owned()));
    fields.push(("Identity", details.identity_id.as_deref().map_or("not known yet".into(), escape).into_owned()));
    fields.push(("ID token", describe_id_token(&details)));
    fields.push(("AWS credentials", expiry(details.aws_credentials_expire_at, details.now)));
    let renewal = match details.has_refresh_token {
        true => "by refresh token",
        false => {
            "none: the session ends with the ID token. One that renews itself takes the scope offline_access (okta_scopes) and \
             Refresh Token among the app's grant types in Okta"
        }
    };
    fields.push(("Renewal", renewal.to_owned()));
    if details.clock_offset_seconds != 0 {
        let span = human_span(Duration::from_secs(details.clock_offset_seconds.unsigned_abs()));
        let direction = if details.clock_offset_seconds > 0 { "behind" } else { "ahead of" };
        let how = if details.clock_is_certain {
            "corrected"
        } else {
            "as it was learnt earlier, no server has told the time now"
        };
        fields.push(("Clock", format!("this machine is {span} {direction} the servers; {how}")));
    }
    output.fields(0, &fields)?;
    Ok(())
}

/// Whoever is signed in, or the error that asks for a sign-in.
pub(super) fn signed_in_user(state: SessionState) -> Result<User, CliError> {
    let reason = match state {
        SessionState::SignedIn { user } => return Ok(user),
        SessionState::SignInRequired { reason, .. } => reason,
        _ => SignInReason::SignedOut,
    };
    Err(SessionError::SignInRequired { reason }.into())
}

/// When it expires, and what that means: as long as Cognito takes it, it buys AWS credentials.
fn describe_id_token(details: &SessionDetails) -> String {
    let expiry = expiry(details.id_token_expires_at, details.now);
    if details.id_token_expires_at.is_none_or(|end| end > details.now) {
        return expiry;
    }
    match details.id_token_accepted_until.filter(|until| *until > details.now) {
        _ if details.has_refresh_token => format!("{expiry}; the next renewal brings another"),
        Some(until) => {
            let until = short_time(until);
            format!("{expiry}; Cognito takes it until {until} UTC, then sign in again: {}", command(&["login"]))
        }
        None => format!("{expiry}; Cognito takes it no more, sign in again: {}", command(&["login"])),
    }
}

fn expiry(time: Option<SystemTime>, now: SystemTime) -> String {
    match time {
        None => "none yet".to_owned(),
        Some(time) if time <= now => format!("expired {} ({} UTC)", relative(time, now), short_time(time)),
        Some(time) => format!("good until {} UTC ({})", short_time(time), relative(time, now)),
    }
}
