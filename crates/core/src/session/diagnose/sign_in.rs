//! Who is signed in, how the last sign-in of this process ended, and what the ID token says.

use std::sync::Arc;

use super::super::accounts::Accounts;
use super::super::names::DEFAULT;
use super::super::others;
use super::{Diagnosis, Findings, broken, link_of_setting};
use crate::clock::from_unix;
use crate::cognito::GRACE_SECONDS;
use crate::config::Config;
use crate::diagnosis::Rule;
use crate::doctor::{Finding, Link};
use crate::error::SessionError;
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{payload_of, unverified_algorithm};
use crate::session::okta::{FailedSignIn, SignInStep};
use crate::session::published::SessionState;
use crate::session::stored::{SignedIn, StoredSession, Tokens};
use crate::session::tasks::block;

/// Enough of a subject to recognise one's own.
const SHOWN_OF_SUBJECT: usize = 6;

impl Diagnosis {
    /// Says whether anybody is signed in.
    pub(super) async fn look_at_sign_in(
        &self,
        provider: &Provider,
        findings: &mut Findings,
    ) -> Result<bool, Box<Finding>> {
        let content = self.look_at_store().await?;
        let failed = self.sign_ins.last_failure();
        if content.signed_in.is_none() {
            if let Some(failed) = failed {
                if failed.at == SignInStep::IdToken {
                    findings.ok(Link::SignIn, "Okta let the user in");
                }
                return Err(Box::new(to_finding(failed)));
            }
            if content.ended.is_some() {
                let ended = content.require_signed_in().err().unwrap_or_else(SessionError::signed_out);
                return Err(broken(Link::SignIn, ended));
            }
            findings.unknown(Link::SignIn, self.describe_nobody().await);
            return Ok(false);
        }
        self.credentials.renew_tokens_if_due().await.map_err(|error| {
            let at = FailedSignIn { at: SignInStep::Exchange, error };
            broken(link_of(&at), at.error)
        })?;
        let signed_in = self.vault.peek(|content| content.signed_in.clone()).flatten();
        // Somebody may have signed out meanwhile.
        let signed_in = signed_in.ok_or_else(|| broken(Link::SignIn, SessionError::signed_out()))?;
        findings.ok(Link::SignIn, describe(&signed_in, &self.config, failed));
        findings.0.push(self.look_at_id_token(&signed_in, provider)?);
        Ok(true)
    }

    /// Where the last sign-in of this process has failed, though somebody may be signed in.
    pub(in super::super) fn failed_sign_in(&self) -> Option<Finding> {
        self.sign_ins.last_failure().map(to_finding)
    }

    /// What the store holds, and whether it takes more: neither a sign-in nor a renewal is begun that could not be kept.
    pub(super) async fn look_at_store(&self) -> Result<StoredSession, Box<Finding>> {
        let content = self.vault.load().await.map_err(|error| broken(Link::SignIn, error))?;
        self.vault.check_writable().await.map_err(|error| broken(Link::SignIn, error))?;
        Ok(content)
    }

    /// Who is signed in by what the store held a moment ago.
    pub(super) async fn look_at_memory(&self) -> Finding {
        let content = self.vault.peek(Clone::clone).unwrap_or_default();
        match (&content.signed_in, &content.ended) {
            (Some(signed_in), _) => Finding::ok(Link::SignIn, describe(signed_in, &self.config, None)),
            (None, Some(_)) => {
                let ended = content.require_signed_in().err().unwrap_or_else(SessionError::signed_out);
                Finding::broken(Link::SignIn, ended)
            }
            (None, None) => Finding::unknown(Link::SignIn, self.describe_nobody().await),
        }
    }

    /// With whoever is signed in under another name: this one may be a slip.
    async fn describe_nobody(&self) -> String {
        let accounts = Accounts::new(self.config.clone(), Arc::clone(&self.store)).list().await.unwrap_or_default();
        let others = accounts.iter().filter(|other| matches!(other.state, SessionState::SignedIn { .. }));
        let others: Vec<_> = others.map(|other| other.name.as_str()).collect();
        let account = match self.account.as_str() {
            DEFAULT if others.is_empty() => String::new(),
            account => format!(" under account {account}"),
        };
        let others = match others.as_slice() {
            [] => String::new(),
            [one] => format!(", but under {one}"),
            [first, second] => format!(", but under {first} and {second}"),
            [first, second, rest @ ..] => format!(", but under {first}, {second} and {} more", rest.len()),
        };
        let elsewhere = self.describe_sessions_elsewhere().await;
        format!("nobody is signed in{account}{others}{elsewhere}; assignment and access policy show in a sign-in only")
    }

    /// Whoever has changed a setting wonders where their session is: of several the one that differs least.
    async fn describe_sessions_elsewhere(&self) -> String {
        let (store, config) = (Arc::clone(&self.store), self.config.clone());
        let others = block(move || others::find(&*store, &config)).await.unwrap_or_default();
        let others = others.iter().filter(|other| other.account == self.account && !other.differences.is_empty());
        let number = others.clone().count();
        let Some(nearest) = others.min_by_key(|other| other.differences.len()) else { return String::new() };
        let differences: Vec<_> = nearest.differences.iter().map(ToString::to_string).collect();
        let more = if number > 1 { format!(", and {} more", number - 1) } else { String::new() };
        format!(", but a session of another configuration is stored here ({}){more}", differences.join("; "))
    }

    fn look_at_id_token(&self, signed_in: &SignedIn, provider: &Provider) -> Result<Finding, Box<Finding>> {
        let tokens = &signed_in.tokens;
        match self.server.check_id_token(signed_in, provider) {
            Ok(()) => {}
            Err(rejected) if rejected.rule == Rule::KnownKey => {
                let detail =
                    "it was signed with a key that the server does not publish any more; a renewal brings another";
                return Ok(Finding::unknown(Link::IdToken, detail));
            }
            Err(rejected) => {
                return Err(broken(Link::IdToken, rejected.into_session_error(self.clock.offset_seconds())));
            }
        }
        let algorithm = unverified_algorithm(&tokens.id_token).unwrap_or_default();
        let life = describe_life(tokens, self.clock.unix_now());
        let claims = claim_names(signed_in).join(", ");
        let detail = format!(
            "of {} for client {}, {algorithm}, {life}; claims: {claims}",
            signed_in.issuer,
            self.config.client_id()
        );
        Ok(Finding::ok(Link::IdToken, detail))
    }
}

/// Until when it is good, and for what it is when it is not. Without a refresh token nothing comes after it.
fn describe_life(tokens: &Tokens, unix_now: i64) -> String {
    let end = tokens.id_token_expires_at;
    let accepted_until = end.saturating_add(GRACE_SECONDS);
    let date = |unix| httpdate::fmt_http_date(from_unix(unix));
    if unix_now < end {
        return format!("until {}", date(end));
    }
    let next = match &tokens.refresh_token {
        Some(_) => "the next renewal brings another".to_owned(),
        None if unix_now < accepted_until => {
            format!("Cognito takes it until {}, then only a new sign-in helps", date(accepted_until))
        }
        None => "Cognito takes it no more: when the AWS credentials end, only a new sign-in helps".to_owned(),
    };
    format!("expired {} ({next})", date(end))
}

fn describe(signed_in: &SignedIn, config: &Config, failed: Option<FailedSignIn>) -> String {
    let subject: String = signed_in.user.subject.chars().take(SHOWN_OF_SUBJECT).collect();
    let asks = config.scopes().iter().any(|scope| scope == "offline_access");
    let renewal = match &signed_in.tokens.refresh_token {
        Some(_) => "renews itself",
        None if asks => {
            "ends with the ID token: Okta gave no refresh token, though offline_access is among okta_scopes. For one that \
             renews itself, tick Refresh Token in Okta (Applications > your app > General > Grant type) and sign in again"
        }
        None => {
            "ends with the ID token: there is no refresh token. For one that renews itself, add offline_access to \
             okta_scopes, tick Refresh Token in Okta (Applications > your app > General > Grant type) and sign in again"
        }
    };
    let later = failed.map(|failed| format!("; another sign-in failed since: {}", failed.error)).unwrap_or_default();
    format!("{subject}… is signed in; the session {renewal}{later}")
}

/// Never their values.
fn claim_names(signed_in: &SignedIn) -> Vec<String> {
    let payload = payload_of(&signed_in.tokens.id_token).unwrap_or_default();
    let claims: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&payload).unwrap_or_default();
    claims.keys().cloned().collect()
}

fn to_finding(failed: FailedSignIn) -> Finding {
    let finding = Finding::broken(link_of(&failed), failed.error);
    Finding { detail: format!("the last sign-in failed: {}", finding.detail), ..finding }
}

/// The link that a sign-in, or a renewal of its tokens, has failed at.
fn link_of(failed: &FailedSignIn) -> Link {
    match (&failed.error, failed.at) {
        (
            SessionError::Misconfigured { setting, .. },
            SignInStep::Request | SignInStep::Redirect | SignInStep::Exchange,
        ) => link_of_setting(setting),
        (SessionError::Misconfigured { .. } | SessionError::AccessDenied { .. }, SignInStep::IdToken) => Link::IdToken,
        _ => Link::SignIn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Service;

    #[test]
    fn a_sign_in_has_failed_at_the_link_that_mends_it() {
        let misconfigured = |setting: &str| SessionError::Misconfigured {
            setting: setting.to_owned(),
            problem: String::new(),
            hint: String::new(),
        };
        let denied = || SessionError::AccessDenied {
            service: Service::Okta,
            code: "access_denied".to_owned(),
            request_id: None,
            hint: String::new(),
        };
        let link = |at, error| link_of(&FailedSignIn { at, error });
        assert_eq!(link(SignInStep::Redirect, denied()), Link::SignIn);
        assert_eq!(link(SignInStep::Redirect, misconfigured("okta_scopes")), Link::Client);
        assert_eq!(link(SignInStep::Exchange, misconfigured("okta_client_id")), Link::Client);
        assert_eq!(link(SignInStep::IdToken, misconfigured("okta_client_id")), Link::IdToken);
        assert_eq!(link(SignInStep::IdToken, denied()), Link::IdToken);
        assert_eq!(
            link(SignInStep::Request, misconfigured("okta_pushed_authorization_requests")),
            Link::PushedRequests
        );
        let passing = SessionError::Retryable { failure: String::new(), retry_after: None };
        assert_eq!(link(SignInStep::Exchange, passing), Link::SignIn);
    }
}
