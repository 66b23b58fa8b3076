//! Fresh tokens by the refresh token, which nobody else spends meanwhile: one refresh for all callers, in a task of its own,
//! so that a rotated refresh token is not lost because a screen was closed.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};

use super::server::{AuthorizationServer, Expectation};
use crate::clock::{CorrectedClock, from_unix};
use crate::error::{SessionError, SignInReason};
use crate::life::RenewalTiming;
use crate::observing::{Observer, WorkKind};
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::Previous;
use crate::oidc::token::{TokenAnswer, TokenError};
use crate::session::published::{Board, Renewed, SessionEvent};
use crate::session::stored::{SignedIn, Spends, StoredSession, Tokens};
use crate::session::tasks::{Beside, SingleFlight};
use crate::session::vault::{Errand, Exclusive, Vault};

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

/// Renews Okta's tokens.
pub(crate) struct TokenRenewal {
    server: Arc<AuthorizationServer>,
    vault: Vault,
    board: Arc<Board>,
    clock: CorrectedClock,
    timing: RenewalTiming,
    beside: Beside,
    refreshing: SingleFlight<SignedIn>,
    observer: Observer,
}

impl TokenRenewal {
    pub(crate) fn new(
        server: Arc<AuthorizationServer>,
        vault: Vault,
        board: Arc<Board>,
        clock: CorrectedClock,
        timing: RenewalTiming,
        beside: Beside,
        observer: Observer,
    ) -> Self {
        Self { server, vault, board, clock, timing, beside, refreshing: SingleFlight::default(), observer }
    }

    /// An access token that is not about to expire, or the old one for as long as it lasts.
    pub(crate) async fn access_token(self: &Arc<Self>) -> Result<AccessToken, SessionError> {
        self.vault.look_again().await;
        self.learn_the_time_if_in_doubt().await;
        if let Some(known) = self.signed_in_if(|tokens| self.is_good(tokens)) {
            return Ok(known.into());
        }
        let refreshed = self.share_refresh(None).await;
        refreshed
            .or_else(|error| {
                let lasts = |tokens: &Tokens| self.timing.lasts(tokens.access_token_expires_at);
                let known = self.signed_in_if(lasts).filter(|_| !error.ends_session());
                known.ok_or(error)
            })
            .map(AccessToken::from)
    }

    /// Another access token than `refused`.
    pub(crate) async fn replace_access_token(
        self: &Arc<Self>,
        refused: &AccessToken,
    ) -> Result<AccessToken, SessionError> {
        let refreshed = self.share_refresh(Some(refused.text.clone())).await?;
        if refreshed.tokens.access_token.expose_secret() != refused.text() {
            return Ok(refreshed.into());
        }
        // The refresh that was under way did not know that this one was refused.
        self.share_refresh(Some(refused.text.clone())).await.map(AccessToken::from)
    }

    /// Asks for the time if the device's clock and an old idea of its error disagree about what is stored: by either of them
    /// alone, something dead would be used, or something good renewed.
    pub(crate) async fn learn_the_time_if_in_doubt(&self) {
        let lives = self.vault.peek(StoredSession::lives).unwrap_or_default();
        if lives.into_iter().any(|life| self.timing.is_in_doubt(life)) {
            self.learn_the_time().await;
        }
    }

    /// The same if a session is to be shown: by an old idea of the clock's error, every span that is shown would be wrong,
    /// also where both clocks agree that something is still good.
    pub(crate) async fn learn_the_time_to_show(&self) {
        let is_signed_in = self.vault.peek(|content| content.signed_in.is_some()).unwrap_or(false);
        if is_signed_in && self.clock.doubtful_unix_now().is_some() {
            self.learn_the_time().await;
        }
    }

    async fn learn_the_time(&self) {
        self.server.ask_the_time().await;
        self.vault.keep_clock_offset().await;
    }

    fn signed_in_if(&self, is_wanted: impl FnOnce(&Tokens) -> bool) -> Option<SignedIn> {
        let known = self.vault.peek(|content| content.signed_in.clone()).flatten();
        known.filter(|known| is_wanted(&known.tokens))
    }

    fn is_good(&self, tokens: &Tokens) -> bool {
        self.timing.seconds_to_renewal(tokens.access_token_life()) > 0 && !self.vault.has_lost_an_answer()
    }

    /// The signed-in session with an access token that is not about to expire, and is not `refused`.
    pub(super) async fn share_refresh(
        self: &Arc<Self>,
        refused: Option<SecretString>,
    ) -> Result<SignedIn, SessionError> {
        let is_refused = |tokens: &Tokens, refused: &Option<SecretString>| {
            refused.as_ref().is_some_and(|refused| refused.expose_secret() == tokens.access_token.expose_secret())
        };
        let renewal = Arc::clone(self);
        let (refreshed, is_joined) = self.refreshing.run(self.vault.sign_in(), async move {
            let is_good =
                |signed_in: &SignedIn| !is_refused(&signed_in.tokens, &refused) && renewal.is_good(&signed_in.tokens);
            let signed_in = renewal.vault.signed_in().await?;
            renewal.learn_the_time_if_in_doubt().await;
            if is_good(&signed_in) {
                return Ok(signed_in);
            }
            let errand = renewal.vault.begin(Errand::Renewal).await?;
            let signed_in = renewal.vault.signed_in().await?;
            if is_good(&signed_in) {
                return Ok(signed_in);
            }
            if signed_in.tokens.refresh_token.is_none() {
                // The AWS side may go on: Cognito judges the ID token by itself.
                return Err(SessionError::SignInRequired { reason: SignInReason::NoRefreshToken });
            }
            renewal.refresh(&errand, signed_in).await
        });
        let _waiting = is_joined.then(|| self.observer.begin_work(WorkKind::RenewalWait));
        refreshed.await
    }

    /// Waits for a refresh whose caller went away. Whoever asked for it was told how it ended.
    pub(crate) async fn settle(&self) {
        if let Some(refresh) = self.refreshing.running() {
            let _ = refresh.await;
        }
    }

    /// Fresh tokens by the refresh token. What must not be lost is saved first: the rotated refresh token, even if the ID
    /// token beside it turns out to be wrong. All else counts once that is believed.
    pub(crate) async fn refresh(&self, _errand: &Exclusive, signed_in: SignedIn) -> Result<SignedIn, SessionError> {
        let mut renewing = self.observer.begin_work(WorkKind::TokenRenewal);
        let outcome = self.refresh_now(signed_in).await;
        if let (Some(renewing), Err(error)) = (&mut renewing, &outcome) {
            renewing.fail(error.kind());
        }
        outcome
    }

    async fn refresh_now(&self, signed_in: SignedIn) -> Result<SignedIn, SessionError> {
        // Endpoints and keys first: from the refresh on, nothing must stand between the answer and the store.
        if let Some(known) = &signed_in.provider {
            self.server.adopt_provider(known);
        }
        let provider = self.server.provider().await?;
        let Some(refresh_token) = &signed_in.tokens.refresh_token else {
            return Err(SessionError::SignInRequired { reason: SignInReason::NoRefreshToken });
        };
        let (sign_in, scopes) = (signed_in.tokens.nonce.clone(), signed_in.tokens.scopes_to_refresh());
        let ahead = self
            .vault
            .prepare_to_spend(Spends::RefreshToken, move |content| {
                let current = content.require_signed_in()?;
                if current.tokens.belong_to(&sign_in) { Ok(()) } else { Err(content.came_too_late()) }
            })
            .await?;
        let answer = match self.server.refresh(&provider, refresh_token, scopes).await {
            Ok(answer) => answer,
            // Whatever Okta wants of the user: without it there is no session, so the state says so too.
            Err(TokenError::Refused(SessionError::SignInRequired { reason })) => {
                let stored = self.vault.signed_in().await?;
                if !stored.tokens.are(&signed_in.tokens) {
                    // Somebody who does not know this lock, a restored backup say, was later: that session counts.
                    return Ok(stored);
                }
                let ended = self.vault.end_session(&signed_in, reason.clone()).await;
                if !matches!(reason, SignInReason::RefreshTokenRefused { .. }) {
                    // Still good, and nobody has it any more. Best effort.
                    let (server, refresh_token) = (Arc::clone(&self.server), refresh_token.clone());
                    self.beside.spawn(async move { drop(server.revoke(&refresh_token).await) });
                }
                return Err(ended);
            }
            Err(TokenError::Lost(error)) => return Err(error),
            Err(error) => {
                self.vault.nothing_was_spent(ahead).await;
                return Err(error.into_session_error());
            }
        };
        let mut refreshed = signed_in.clone();
        refreshed.tokens.refresh_token = answer.refresh_token.clone().or(refreshed.tokens.refresh_token);
        match self.vault.keep_tokens(&signed_in, refreshed).await {
            Ok(signed_in) => self.accept_answer(&signed_in, &provider, answer).await,
            Err(came_too_late) => {
                if let Some(refresh_token) = &answer.refresh_token {
                    // Best effort: nobody has a copy, and a sign-out could not know of it.
                    let _ = self.server.revoke(refresh_token).await;
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
        let claims =
            self.server.verify(&answer, provider, expectation).await.map_err(TokenError::into_session_error)?;
        let mut refreshed = signed_in.clone();
        refreshed.tokens.access_token_expires_at = answer.expires_at(self.clock.unix_now());
        refreshed.tokens.access_token = answer.access_token;
        refreshed.tokens.obtained_at = Some(self.clock.unix_now());
        refreshed.tokens.id_token_expires_at = claims.expires_at;
        refreshed.tokens.auth_time = claims.auth_time.or(refreshed.tokens.auth_time);
        if let Some(id_token) = answer.id_token {
            refreshed.tokens.id_token = id_token;
        }
        refreshed.provider = self.server.known_provider().or(refreshed.provider);
        let expires_at = from_unix(claims.expires_at);
        let kept = self.vault.keep_tokens(signed_in, refreshed).await?;
        self.board.tell(SessionEvent::Renewed { renewed: Renewed::Tokens, expires_at });
        Ok(kept)
    }
}
