//! Who is signed in, how the last sign-in of this process ended, and what the ID token says.

use std::sync::Arc;

use super::super::others;
use super::{Diagnosis, Findings, broken, link_of_setting};
use crate::clock::from_unix;
use crate::diagnosis::Rule;
use crate::doctor::{Finding, Link};
use crate::error::SessionError;
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{payload_of, unverified_algorithm};
use crate::session::okta::{FailedSignIn, SignInStep};
use crate::session::stored::SignedIn;
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
        let content = self.vault.load().await.map_err(|error| broken(Link::SignIn, error))?;
        let failed = self.sign_ins.last_failure();
        if content.signed_in.is_none() {
            if let Some(failed) = failed {
                if failed.at == SignInStep::IdToken {
                    findings.ok(Link::SignIn, "Okta let the user in");
                }
                let mut finding = broken(link_of(&failed), failed.error);
                finding.detail = format!("the last sign-in failed: {}", finding.detail);
                return Err(finding);
            }
            if content.ended.is_some() {
                let ended = content.require_signed_in().err().unwrap_or_else(SessionError::signed_out);
                return Err(broken(Link::SignIn, ended));
            }
            let elsewhere = self.describe_sessions_elsewhere().await;
            let detail = format!("nobody is signed in{elsewhere}; assignment and access policy show in a sign-in only");
            findings.unknown(Link::SignIn, detail);
            return Ok(false);
        }
        self.credentials.renew_tokens_if_due().await.map_err(|error| {
            let at = FailedSignIn { at: SignInStep::Exchange, error };
            broken(link_of(&at), at.error)
        })?;
        let signed_in = self.vault.peek(|content| content.signed_in.clone()).flatten();
        // Somebody may have signed out meanwhile.
        let signed_in = signed_in.ok_or_else(|| broken(Link::SignIn, SessionError::signed_out()))?;
        findings.ok(Link::SignIn, describe(&signed_in, failed));
        findings.0.push(self.look_at_id_token(&signed_in, provider)?);
        Ok(true)
    }

    /// Whoever has changed a setting wonders where their session is.
    async fn describe_sessions_elsewhere(&self) -> String {
        let (store, config) = (Arc::clone(&self.store), self.config.clone());
        let others = block(move || others::find(&*store, &config)).await.unwrap_or_default();
        let others = others.into_iter().filter(|other| other.account == self.account && !other.differences.is_empty());
        let told = others.map(|other| {
            let differences: Vec<_> = other.differences.iter().map(ToString::to_string).collect();
            format!(", but a session of another configuration is stored here ({})", differences.join("; "))
        });
        told.collect()
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
        let has_ended = tokens.id_token_expires_at <= self.clock.unix_now();
        let ends = if has_ended { "ended" } else { "until" };
        let until = httpdate::fmt_http_date(from_unix(tokens.id_token_expires_at));
        let claims = claim_names(signed_in).join(", ");
        let detail = format!(
            "of {} for client {}, {algorithm}, {ends} {until}; claims: {claims}",
            signed_in.issuer,
            self.config.client_id()
        );
        Ok(Finding::ok(Link::IdToken, detail))
    }
}

fn describe(signed_in: &SignedIn, failed: Option<FailedSignIn>) -> String {
    let subject: String = signed_in.user.subject.chars().take(SHOWN_OF_SUBJECT).collect();
    let renewal = match &signed_in.tokens.refresh_token {
        Some(_) => "renews itself",
        None => "ends with the ID token: there is no refresh token (scope offline_access)",
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
