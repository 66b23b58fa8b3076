//! AWS credentials whenever they are asked for: from memory while they last, else with a fresh ID token, which takes the
//! refresh token when its own time is up. All callers share one renewal, and it runs on when they go away: a rotated
//! refresh token must not be lost because a screen was closed.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};

use super::login::Expectation;
use super::persisted::{EndedSession, Persisted, SignedIn, Tokens};
use super::vault::{Errand, Exclusive};
use super::{Inner, Renewed, Session, SessionEvent};
use crate::clock::from_unix;
use crate::cognito::identity::Identity;
use crate::cognito::{AwsCredentials, Login, Refused};
use crate::config::logins_key;
use crate::diagnosis::Blame;
use crate::error::{SessionError, SignInReason};
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{Previous, unverified_kid};
use crate::oidc::token::{TokenAnswer, TokenEndpoint, TokenError};

/// What is about to expire is renewed so long before: a request under way must not outlive its keys. What lives for less
/// than twice as long is renewed when half of its life is over: Okta's access tokens may last five minutes only.
const EARLY_SECONDS: i64 = 300;
/// Devices that signed in at the same moment should not all renew at the same moment: up to a fifth earlier.
const MOST_JITTER_PERCENT: i64 = 20;
/// Credentials that cannot be renewed now are still good for a request that starts at once.
const LAST_SECONDS: i64 = 30;

/// An access token for the app's own backend.
#[derive(Clone)]
pub struct AccessToken {
    text: SecretString,
    expires_at: Option<i64>,
}

impl AccessToken {
    /// For the `Authorization: Bearer` header. Never log it.
    pub fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// When it stops working, by Okta's clock, if Okta said.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at.map(from_unix)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl From<SignedIn> for AccessToken {
    fn from(signed_in: SignedIn) -> Self {
        Self { text: signed_in.tokens.access_token, expires_at: signed_in.tokens.access_token_expires_at }
    }
}

impl Session {
    /// An access token that is good for at least five minutes (or half its life, if that is less), for the app's own
    /// backend. Any number of callers cause one refresh. If that fails, the old one is given for as long as it lasts.
    ///
    /// # Errors
    /// As for [`aws_credentials`](Self::aws_credentials), without Cognito's part.
    pub async fn access_token(&self) -> Result<AccessToken, SessionError> {
        let inner = &self.inner;
        inner.notice_others().await;
        if let Some(known) = inner.signed_in_if(|tokens| inner.lead_left(tokens.access_token_life()) > 0) {
            return Ok(known.into());
        }
        let refreshed = inner.share_refresh(None).await;
        refreshed
            .or_else(|error| {
                let lasts = |tokens: &Tokens| inner.lasts(tokens.access_token_expires_at);
                let known = inner.signed_in_if(lasts).filter(|_| is_passing(&error));
                known.ok_or(error)
            })
            .map(AccessToken::from)
    }

    /// Another access token than `refused`, which the backend did not accept although its time is not up. If somebody
    /// else has refreshed it meanwhile, that one is taken.
    ///
    /// # Errors
    /// As for [`access_token`](Self::access_token).
    pub async fn replace_access_token(&self, refused: &AccessToken) -> Result<AccessToken, SessionError> {
        let refreshed = self.inner.share_refresh(Some(refused.text.clone())).await?;
        if refreshed.tokens.access_token.expose_secret() != refused.text() {
            return Ok(refreshed.into());
        }
        // The refresh that was under way did not know that this one was refused.
        self.inner.share_refresh(Some(refused.text.clone())).await.map(AccessToken::from)
    }

    /// AWS credentials, renewed if they have less than about five minutes left (or half their life, if that is less). Any
    /// number of callers cause one renewal. If that fails, the old ones are given for as long as they last.
    ///
    /// # Errors
    /// `SignInRequired` if nobody is signed in or Okta no longer agrees; `Retryable` for the network, and the session is
    /// kept; `Misconfigured` and `AccessDenied` for what Cognito says about pool, provider and role.
    pub async fn aws_credentials(&self) -> Result<AwsCredentials, SessionError> {
        let inner = &self.inner;
        inner.notice_others().await;
        if let Some(credentials) = inner.credentials_if(|credentials| inner.lead_left(credentials.life()) > 0) {
            return Ok(credentials);
        }
        inner.share_renewal(None).await.or_else(|error| {
            let lasts = |credentials: &AwsCredentials| inner.lasts(Some(credentials.life().expires_at));
            inner.credentials_if(lasts).filter(|_| is_passing(&error)).ok_or(error)
        })
    }

    /// Other credentials than `refused`, which a service did not accept although their time is not up (a forced refresh).
    /// If somebody else has renewed them meanwhile, those are taken. Listings do this by themselves.
    ///
    /// # Errors
    /// As for [`aws_credentials`](Self::aws_credentials).
    pub async fn replace_aws_credentials(&self, refused: &AwsCredentials) -> Result<AwsCredentials, SessionError> {
        let refused = refused.access_key_id();
        if let Some(credentials) = self.inner.credentials_if(|known| self.inner.is_usable(known, Some(refused))) {
            return Ok(credentials);
        }
        let credentials = self.inner.share_renewal(Some(refused.to_owned())).await?;
        if credentials.access_key_id() != refused {
            return Ok(credentials);
        }
        // The renewal that was under way did not know that these were refused.
        self.inner.share_renewal(Some(refused.to_owned())).await
    }
}

impl Inner {
    pub(super) fn choose_jitter() -> i64 {
        fastrand::i64(0..=MOST_JITTER_PERCENT)
    }

    /// How long until something of this life should be renewed, in seconds; zero or less: now.
    pub(super) fn lead_left(&self, life: Life) -> i64 {
        life.expires_at.saturating_sub(life.lead_seconds(self.jitter_percent)).saturating_sub(self.clock.unix_now())
    }

    /// Whether a request that starts at once can still be made with it.
    fn lasts(&self, expires_at: Option<i64>) -> bool {
        expires_at.is_none_or(|expires_at| expires_at.saturating_sub(self.clock.unix_now()) > LAST_SECONDS)
    }

    fn signed_in_if(&self, is_wanted: impl FnOnce(&Tokens) -> bool) -> Option<SignedIn> {
        let known = self.vault.peek(|content| content.signed_in.clone()).flatten();
        known.filter(|known| is_wanted(&known.tokens))
    }

    fn credentials_if(&self, are_wanted: impl FnOnce(&AwsCredentials) -> bool) -> Option<AwsCredentials> {
        let known = self.vault.peek(|content| content.signed_in.as_ref()?.credentials.clone()).flatten();
        known.filter(are_wanted)
    }

    fn is_usable(&self, credentials: &AwsCredentials, refused: Option<&str>) -> bool {
        Some(credentials.access_key_id()) != refused && self.lead_left(credentials.life()) > 0
    }

    async fn share_renewal(self: &Arc<Self>, refused: Option<String>) -> Result<AwsCredentials, SessionError> {
        let inner = Arc::clone(self);
        self.renewing_credentials
            .run(self.sign_in(), async move { inner.renew_credentials(refused.as_deref()).await })
            .await
    }

    async fn renew_credentials(&self, refused: Option<&str>) -> Result<AwsCredentials, SessionError> {
        // Another process may have done it since this one last looked, or while this one waits for its turn.
        let usable = |signed_in: &SignedIn| {
            signed_in.credentials.clone().filter(|credentials| self.is_usable(credentials, refused))
        };
        if let Some(credentials) = usable(&self.stored_session().await?) {
            return Ok(credentials);
        }
        let errand = self.vault.begin(Errand::Renewal).await?;
        let signed_in = self.stored_session().await?;
        if let Some(credentials) = usable(&signed_in) {
            return Ok(credentials);
        }
        // Without a refresh token there is nothing to renew with, and Cognito may still take the token: it is the judge.
        let can_refresh = signed_in.tokens.refresh_token.is_some();
        let signed_in = if can_refresh && self.lead_left(signed_in.tokens.id_token_life()) <= 0 {
            self.refresh_tokens(&errand, signed_in).await?
        } else {
            signed_in
        };
        let refused = match self.obtain_credentials(&signed_in).await {
            Ok(credentials) => return Ok(credentials),
            Err(refused) => refused,
        };
        let is_worn_out = match refused.blame {
            // Cognito finds the ID token too old although it should not be.
            Some(Blame::ExpiredIdToken) => true,
            Some(Blame::UnverifiedIdToken) => can_refresh && self.was_signed_with_a_dropped_key(&signed_in).await,
            _ => false,
        };
        match refused.cause {
            _ if is_worn_out && can_refresh => {
                // A fresh one decides.
                let signed_in = self.refresh_tokens(&errand, signed_in).await?;
                self.obtain_credentials(&signed_in).await.map_err(|refused| refused.cause)
            }
            SessionError::SignInRequired { .. } if !can_refresh => {
                Err(self.end_session(&signed_in, SignInReason::NoRefreshToken).await)
            }
            cause => Err(cause),
        }
    }

    /// Whether the issuer has withdrawn the key since: then a refreshed token has another one. If the key is still there,
    /// Cognito's trouble lies elsewhere and would be the same with any token.
    async fn was_signed_with_a_dropped_key(&self, signed_in: &SignedIn) -> bool {
        let Ok(provider) = self.discovery.provider(&self.http, self.clock.now()).await else { return false };
        let Ok(keys) = self.discovery.refetch_keys(&self.http, &provider, self.clock.now()).await else { return false };
        !keys.knows(unverified_kid(&signed_in.tokens.id_token).as_deref())
    }

    /// The signed-in session with an access token that is not about to expire, and is not `refused`.
    pub(super) async fn share_refresh(
        self: &Arc<Self>,
        refused: Option<SecretString>,
    ) -> Result<SignedIn, SessionError> {
        let is_refused = |tokens: &Tokens, refused: &Option<SecretString>| {
            refused.as_ref().is_some_and(|refused| refused.expose_secret() == tokens.access_token.expose_secret())
        };
        let inner = Arc::clone(self);
        self.refreshing_tokens
            .run(self.sign_in(), async move {
                let is_good = |signed_in: &SignedIn| {
                    let tokens = &signed_in.tokens;
                    !is_refused(tokens, &refused) && inner.lead_left(tokens.access_token_life()) > 0
                };
                let signed_in = inner.stored_session().await?;
                if is_good(&signed_in) {
                    return Ok(signed_in);
                }
                let errand = inner.vault.begin(Errand::Renewal).await?;
                let signed_in = inner.stored_session().await?;
                if is_good(&signed_in) {
                    return Ok(signed_in);
                }
                if signed_in.tokens.refresh_token.is_none() {
                    // The AWS side may go on: Cognito judges the ID token by itself.
                    return Err(SessionError::SignInRequired { reason: SignInReason::NoRefreshToken });
                }
                inner.refresh_tokens(&errand, signed_in).await
            })
            .await
    }

    /// The signed-in session as the store has it now.
    async fn stored_session(&self) -> Result<SignedIn, SessionError> {
        require_signed_in(&self.read_store().await?).cloned()
    }

    /// Which sign-in this process knows: a renewal of another one is not this one's.
    fn sign_in(&self) -> Option<SecretString> {
        self.vault.peek(|content| Some(content.signed_in.as_ref()?.tokens.nonce.clone())).flatten()
    }

    /// Fresh tokens by the refresh token, which nobody else spends meanwhile. What must not be lost is saved first: the
    /// rotated refresh token, even if the ID token beside it turns out to be wrong. All else counts once that is believed.
    async fn refresh_tokens(&self, _errand: &Exclusive, signed_in: SignedIn) -> Result<SignedIn, SessionError> {
        // Endpoints and keys first: from the refresh on, nothing must stand between the answer and the store.
        let provider = self.discovery.provider(&self.http, self.clock.now()).await?;
        let Some(refresh_token) = &signed_in.tokens.refresh_token else {
            return Err(SessionError::SignInRequired { reason: SignInReason::NoRefreshToken });
        };
        let endpoint = TokenEndpoint {
            http: &self.http,
            url: &provider.metadata.token_endpoint,
            client_id: self.config.client_id(),
            evidence: &self.evidence,
        };
        let mut outcome = endpoint.refresh(refresh_token, &signed_in.tokens.scopes).await;
        if matches!(outcome, Err(TokenError::Lost(_))) {
            // The server may have rotated the token before its answer was lost. Within the grace the old one still works.
            outcome = endpoint.refresh(refresh_token, &signed_in.tokens.scopes).await;
        }
        let answer = match outcome {
            Ok(answer) => answer,
            Err(TokenError::Refused(SessionError::SignInRequired {
                reason: reason @ SignInReason::RefreshTokenRefused { .. },
            })) => {
                let stored = self.stored_session().await?;
                if !stored.tokens.are(&signed_in.tokens) {
                    // Somebody who does not know this lock, a restored backup say, was later: that session counts.
                    return Ok(stored);
                }
                return Err(self.end_session(&signed_in, reason).await);
            }
            Err(error) => return Err(error.into_session_error()),
        };
        let mut refreshed = signed_in.clone();
        refreshed.tokens.refresh_token = answer.refresh_token.clone().or(refreshed.tokens.refresh_token);
        match self.keep(&signed_in, refreshed).await {
            Ok(signed_in) => self.accept_answer(&signed_in, &provider, answer).await,
            Err(came_too_late) => {
                if let Some(refresh_token) = &answer.refresh_token {
                    // Best effort: nobody has a copy, and a sign-out could not know of it.
                    let _ = self.revoke(refresh_token).await;
                }
                Err(came_too_late)
            }
        }
    }

    /// Believes the refreshed ID token and takes the access token beside it, or neither: then the session goes on with the
    /// old ones.
    async fn accept_answer(
        &self,
        signed_in: &SignedIn,
        provider: &Provider,
        answer: TokenAnswer,
    ) -> Result<SignedIn, SessionError> {
        let tokens = &signed_in.tokens;
        let previous = Previous { subject: &signed_in.user.subject, auth_time: tokens.auth_time };
        let expectation = Expectation { nonce: &tokens.nonce, earliest_auth_time: None, previous: Some(previous) };
        let claims = self.verify(&answer, provider, expectation).await.map_err(TokenError::into_session_error)?;
        let mut refreshed = signed_in.clone();
        refreshed.tokens.access_token_expires_at = self.expiry(answer.expires_in);
        refreshed.tokens.access_token = answer.access_token;
        refreshed.tokens.obtained_at = Some(self.clock.unix_now());
        refreshed.tokens.id_token_expires_at = claims.expires_at;
        refreshed.tokens.auth_time = claims.auth_time.or(refreshed.tokens.auth_time);
        if let Some(id_token) = answer.id_token {
            refreshed.tokens.id_token = id_token;
        }
        let expires_at = from_unix(claims.expires_at);
        let kept = self.keep(signed_in, refreshed).await?;
        self.events.tell(SessionEvent::Renewed { renewed: Renewed::Tokens, expires_at });
        Ok(kept)
    }

    /// Saves `after` in place of `before`, if that is still what is stored: a sign-out or another sign-in that came between
    /// wins. A store that does not take it now must not cost the session: then it is kept in memory until a write
    /// succeeds.
    async fn keep(&self, before: &SignedIn, after: SignedIn) -> Result<SignedIn, SessionError> {
        let (sign_in, tokens) = (before.tokens.nonce.clone(), after.tokens.clone());
        let outcome = self
            .change_store(move |content| {
                if let Some(current) = content.signed_in.as_mut().filter(|current| current.tokens.belong_to(&sign_in)) {
                    current.tokens = tokens;
                    return Ok(current.clone());
                }
                Err(came_too_late(content))
            })
            .await;
        match outcome {
            Ok(kept) => kept,
            Err(error) => self.keep_in_memory(&before.tokens, after, None, &error),
        }
    }

    fn keep_in_memory(
        &self,
        replaces: &Tokens,
        after: SignedIn,
        identity: Option<Identity>,
        error: &SessionError,
    ) -> Result<SignedIn, SessionError> {
        if !self.vault.keep_unsaved(replaces, after.clone(), identity) {
            // The store failed after a sign-out or another sign-in, which win all the same.
            return Err(self.vault.peek(came_too_late).unwrap_or_else(SessionError::signed_out));
        }
        self.report_unsaved(error);
        Ok(after)
    }

    fn report_unsaved(&self, error: &SessionError) {
        tracing::warn!(%error, "the renewed session could not be saved yet");
        self.events.tell(SessionEvent::StorageProblem { detail: error.to_string() });
    }

    /// Okta no longer agrees. The name is kept for the sign-in screen.
    async fn end_session(&self, signed_in: &SignedIn, reason: SignInReason) -> SessionError {
        let (sign_in, ended) = (signed_in.tokens.nonce.clone(), reason.clone());
        let outcome = self
            .change_store(move |content| {
                if let Some(current) = content.signed_in.take_if(|current| current.tokens.belong_to(&sign_in)) {
                    content.ended = Some(EndedSession { user: current.user, reason: ended });
                }
            })
            .await;
        outcome.err().unwrap_or(SessionError::SignInRequired { reason })
    }

    /// Identity and credentials from Cognito, stored. A remembered identity that Cognito no longer accepts is asked for
    /// anew, once.
    async fn obtain_credentials(&self, signed_in: &SignedIn) -> Result<AwsCredentials, Refused> {
        let login = Login { key: logins_key(&signed_in.issuer), id_token: &signed_in.tokens.id_token };
        let pool_id = self.config.identity_pool_id();
        let (issuer, subject) = (signed_in.issuer.as_str(), signed_in.user.subject.as_str());
        let before = self.vault.peek(|content| content.identity.clone()).flatten();
        let known = before.as_ref().and_then(|identity| identity.id_for(pool_id, issuer, subject));
        let asked = match known {
            Some(id) => id.to_owned(),
            None => self.pool.get_id(&login).await?,
        };
        let (credentials, identity_id) = match self.pool.get_credentials(&asked, &login).await {
            Err(refused) if refused.blame == Some(Blame::Identity) && known.is_some() => {
                let asked_anew = self.pool.get_id(&login).await?;
                self.pool.get_credentials(&asked_anew, &login).await?
            }
            outcome => outcome?,
        };
        // By a clock that this very answer may have corrected.
        let credentials = credentials.obtained_at(self.clock.unix_now());
        let identity = Identity::new(pool_id, issuer, subject, identity_id);
        self.keep_credentials(signed_in, credentials.clone(), identity.clone()).await?;
        if known.is_some_and(|known| known != identity.id()) {
            self.events.tell(SessionEvent::IdentityChanged { identity_id: identity.id().to_owned() });
        }
        self.events
            .tell(SessionEvent::Renewed { renewed: Renewed::AwsCredentials, expires_at: credentials.expires_at() });
        Ok(credentials)
    }

    async fn keep_credentials(
        &self,
        signed_in: &SignedIn,
        credentials: AwsCredentials,
        identity: Identity,
    ) -> Result<(), SessionError> {
        let (sign_in, kept) = (signed_in.tokens.nonce.clone(), (credentials.clone(), identity.clone()));
        let outcome = self
            .change_store(move |content| {
                let current = content.signed_in.as_mut().filter(|current| current.tokens.belong_to(&sign_in));
                let Some(current) = current else { return Err(came_too_late(content)) };
                current.credentials = Some(kept.0);
                content.identity = Some(kept.1);
                Ok(())
            })
            .await;
        outcome.unwrap_or_else(|error| {
            let with_credentials = SignedIn { credentials: Some(credentials), ..signed_in.clone() };
            self.keep_in_memory(&signed_in.tokens, with_credentials, Some(identity), &error).map(|_| ())
        })
    }
}

/// From when to when something is good, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// Unknown for what an earlier version stored.
    pub obtained_at: Option<i64>,
    pub expires_at: i64,
}

impl Life {
    /// How long before its end it is renewed.
    fn lead_seconds(self, jitter_percent: i64) -> i64 {
        let half = self.obtained_at.map(|obtained_at| self.expires_at.saturating_sub(obtained_at).max(0) / 2);
        let early = half.unwrap_or(EARLY_SECONDS).min(EARLY_SECONDS);
        early + early * jitter_percent / 100
    }
}

/// Whether an error leaves the session as it was: what is at hand may be used for as long as it lasts. Without a refresh
/// token there never will be anything better.
fn is_passing(error: &SessionError) -> bool {
    !matches!(error, SessionError::SignInRequired { reason } if *reason != SignInReason::NoRefreshToken)
}

/// What a renewal gets whose sign-in is no longer the stored one.
fn came_too_late(content: &Persisted) -> SessionError {
    match require_signed_in(content) {
        Err(error) => error,
        Ok(_) => SessionError::Retryable { failure: "somebody else signed in meanwhile".to_owned(), retry_after: None },
    }
}

fn require_signed_in(content: &Persisted) -> Result<&SignedIn, SessionError> {
    content.signed_in.as_ref().ok_or_else(|| match &content.ended {
        Some(ended) => SessionError::SignInRequired { reason: ended.reason.clone() },
        None => SessionError::signed_out(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_renewed_five_minutes_early_and_a_short_life_at_its_half() {
        let lead =
            |lifetime: i64, jitter| Life { obtained_at: Some(1000), expires_at: 1000 + lifetime }.lead_seconds(jitter);
        assert_eq!([3600, 600, 300, 60, 0, -5].map(|lifetime| lead(lifetime, 0)), [300, 300, 150, 30, 0, 0]);
        // Not all devices at once, and never so early that it would be at once.
        assert_eq!([3600, 600, 300, 60].map(|lifetime| lead(lifetime, MOST_JITTER_PERCENT)), [360, 360, 180, 36]);
        assert_eq!(Life { obtained_at: None, expires_at: 1000 }.lead_seconds(0), EARLY_SECONDS);
        let chosen: std::collections::HashSet<_> = (0..1000).map(|_| Inner::choose_jitter()).collect();
        assert!(chosen.len() > 10 && chosen.iter().all(|percent| (0..=MOST_JITTER_PERCENT).contains(percent)));
    }
}
