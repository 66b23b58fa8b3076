//! Signing in, in two steps with the browser in between: `begin` makes the authorization request, `accept` and `finish` take
//! the redirect. Between the two the app may be killed; the second step works in a fresh process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;

use super::profile::ProfileReader;
use super::requests::{AuthorizationRequest, LoginOptions};
use super::server::{AuthorizationServer, Expectation};
use super::waiting::WaitingAnswers;
use crate::clock::{CorrectedClock, from_unix};
use crate::config::Config;
use crate::diagnosis::okta;
use crate::error::{Recovery, SessionError};
use crate::mutex::lock;
use crate::oidc::authorization::Wishes;
use crate::oidc::discovery::{KnownProvider, Provider};
use crate::oidc::id_token::Claims;
use crate::oidc::redirect::{Outcome, Redirect, unexpected};
use crate::oidc::token::{TokenAnswer, TokenError};
use crate::secret_text::is_same;
use crate::session::published::{Board, SessionEvent};
use crate::session::stored::pending::{LIFETIME_SECONDS, MOST_PENDING};
use crate::session::stored::{PendingAuthorization, SignedIn, Spends, StoredSession, Tokens, User};
use crate::session::tasks::Beside;
use crate::session::vault::{Errand, Exclusive, Vault, WrittenAhead};

/// The sign-ins of one session, from the request to the saved tokens.
pub(crate) struct SignIns {
    config: Config,
    server: Arc<AuthorizationServer>,
    profile: Arc<ProfileReader>,
    vault: Vault,
    board: Arc<Board>,
    clock: CorrectedClock,
    beside: Beside,
    waiting: WaitingAnswers,
    // Those that this process has begun, to cancel them and no others; `None` before the first.
    begun: Mutex<Option<Vec<SecretString>>>,
    exchanging: Exchanging,
    failed: Mutex<Option<FailedSignIn>>,
}

/// The last sign-in of this process that came to a bad end, for who asks what is wrong.
#[derive(Debug, Clone)]
pub(crate) struct FailedSignIn {
    pub at: SignInStep,
    pub error: SessionError,
}

/// How far a sign-in came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignInStep {
    /// The request for it could not be made.
    Request,
    /// The browser came back with an error.
    Redirect,
    /// The code was not exchanged.
    Exchange,
    /// The tokens that came for it are not to be believed.
    IdToken,
    /// They could not be saved.
    Saving,
}

/// A request that the browser can open.
pub(crate) struct BegunSignIn {
    pub request: AuthorizationRequest,
    /// So that there is a connection to it.
    pub okta_was_asked: bool,
}

/// A redirect that answers an open sign-in: its code may be exchanged.
pub(crate) struct Accepted {
    state: SecretString,
    code: SecretString,
    pending: PendingAuthorization,
    _mark: ExchangeMark,
    _errand: Exclusive,
}

impl SignIns {
    pub(crate) fn new(
        config: Config,
        server: Arc<AuthorizationServer>,
        profile: Arc<ProfileReader>,
        vault: Vault,
        board: Arc<Board>,
        clock: CorrectedClock,
        beside: Beside,
    ) -> Self {
        Self {
            waiting: WaitingAnswers::new(Arc::clone(&server), beside.clone()),
            begun: Mutex::default(),
            exchanging: Exchanging::default(),
            failed: Mutex::default(),
            config,
            server,
            profile,
            vault,
            board,
            clock,
            beside,
        }
    }

    /// Makes the authorization request and remembers it in the secure store, before anybody sees its URL.
    pub(crate) async fn begin(&self, options: LoginOptions) -> Result<BegunSignIn, SessionError> {
        let begun = self.begin_request(options).await;
        // What passes, or stands in between, is found again by looking for it.
        begun.inspect_err(|error| {
            if error.recovery() != Recovery::Retry {
                self.remember_failure(SignInStep::Request, error);
            }
        })
    }

    async fn begin_request(&self, options: LoginOptions) -> Result<BegunSignIn, SessionError> {
        let redirect_uri = options.redirect_uri.as_deref().unwrap_or_else(|| self.config.callback_url());
        // Nobody is to type a password for a sign-in that could not be finished.
        self.vault.check_free(Errand::SignIn).await?;
        if self.server.known_provider().is_none()
            && let Some(known) = self.vault.load().await?.signed_in.and_then(|signed_in| signed_in.provider)
        {
            self.server.adopt_provider(&known);
        }
        let endpoints_were_known = self.server.known_provider().is_some();
        let provider = self.server.endpoints().await?;
        let wishes = Wishes {
            login_hint: options.login_hint.as_deref(),
            prompt: options.prompt,
            max_age: options.max_age,
            extra_parameters: &options.extra_parameters,
        };
        let prepared = self.server.prepare_request(&provider, redirect_uri, &wishes).await?;
        let now = self.clock.unix_now();
        let request = AuthorizationRequest {
            url: prepared.url.clone(),
            redirect_uri: redirect_uri.to_owned(),
            expires_at: from_unix(now + LIFETIME_SECONDS),
            open_before: prepared.opens_within.map(|time| from_unix(now) + time.min(Duration::from_secs(24 * 3600))),
        };
        let was_pushed = prepared.opens_within.is_some();
        let state = prepared.state.clone();
        let without_keys = provider.keys.is_empty().then(|| provider.clone());
        let pending = PendingAuthorization::new(prepared, redirect_uri, self.config.client_id(), provider, now);
        let in_use = self.exchanging.states();
        self.vault.update(move |content| content.add_pending(pending, now, &in_use)).await?;
        let okta_was_asked = !endpoints_were_known || was_pushed || without_keys.is_some();
        if let Some(provider) = without_keys {
            self.fetch_keys(state.clone(), provider);
        }
        let mut begun = lock(&self.begun);
        let begun = begun.get_or_insert_default();
        begun.push(state);
        // The store holds no more of them either.
        let surplus = begun.len().saturating_sub(MOST_PENDING);
        begun.drain(..surplus);
        Ok(BegunSignIn { request, okta_was_asked })
    }

    /// The keys are there before the code is sent, in this process or in one that comes after it. Nobody waits for them meanwhile.
    fn fetch_keys(&self, state: SecretString, provider: Provider) {
        let (server, vault) = (Arc::clone(&self.server), self.vault.clone());
        self.beside.spawn(async move {
            if let Ok(Provider { keys, .. }) = server.with_keys(provider).await {
                // Whoever misses them asks again.
                let _ = vault.update(move |content| content.keep_keys(&state, keys)).await;
            }
        });
    }

    /// Forgets the sign-ins that this process has begun, or all if it has begun none.
    pub(crate) async fn cancel(&self) -> Result<(), SessionError> {
        let begun = lock(&self.begun).clone();
        let cancelled = begun.clone();
        let forgotten: Vec<PendingAuthorization> = self
            .vault
            .update(move |content| match &cancelled {
                Some(begun) => content.pending.extract_if(.., |pending| pending.is_of(begun)).collect(),
                None => std::mem::take(&mut content.pending),
            })
            .await?;
        if let (Some(known), Some(cancelled)) = (&mut *lock(&self.begun), begun) {
            known.retain(|state| !cancelled.iter().any(|cancelled| is_same(cancelled, state)));
        }
        self.waiting.drop_those(|state| forgotten.iter().any(|pending| pending.has_state(state)));
        Ok(())
    }

    /// Lets go of answers that wait, and of what is remembered, because the session was signed out.
    pub(crate) fn drop_waiting(&self) {
        self.waiting.drop_those(|_| true);
        *lock(&self.failed) = None;
    }

    /// The last sign-in of this process, if it came to a bad end.
    pub(crate) fn last_failure(&self) -> Option<FailedSignIn> {
        lock(&self.failed).clone()
    }

    /// What the user chose, or what is to be ignored, is no bad end.
    fn remember_failure(&self, at: SignInStep, error: &SessionError) {
        if error.recovery() != Recovery::Ignore {
            *lock(&self.failed) = Some(FailedSignIn { at, error: error.clone() });
        }
    }

    /// Finds the open sign-in that `redirect` answers. `None` if it came to a good end before: the same redirect may reach
    /// two tasks or two processes.
    pub(crate) async fn accept(&self, redirect: Redirect) -> Result<Option<Accepted>, SessionError> {
        // Used twice, a code takes its tokens along.
        let errand = self.vault.begin(Errand::SignIn).await?;
        let content = self.vault.load().await?;
        let Some(pending) = content.find_pending(&redirect.state) else {
            if content.was_completed(&redirect.state) {
                // A save that was said to have failed may have arrived: those tokens are in use.
                drop(self.waiting.take(&redirect.state));
                return Ok(None);
            }
            return Err(unexpected("its `state` belongs to no open sign-in of this app"));
        };
        if !redirect.is_at(&pending.redirect_uri) {
            return Err(unexpected("it came to another address than the sign-in asked for"));
        }
        check_issuer(redirect.iss.as_deref(), &pending.provider)?;
        // Whether it comes too late is Okta's to say: this device's clock may have jumped since it was begun.
        let code = match redirect.outcome {
            Outcome::Code(code) => code,
            Outcome::Error { code, description } => {
                // A passing fault, too, has used this attempt up: the shells open the browser anew.
                let refused = okta::sign_in_refused(&code, description.as_deref(), self.server.evidence());
                self.remember_failure(SignInStep::Redirect, &refused);
                self.forget(redirect.state).await?;
                return Err(refused);
            }
        };
        let (provider, fresh_until) = (pending.provider.clone(), pending.expires_at);
        self.server.adopt_provider(&KnownProvider { provider, fresh_until });
        Ok(Some(Accepted {
            _mark: self.exchanging.mark(&redirect.state),
            _errand: errand,
            pending: pending.clone(),
            state: redirect.state,
            code,
        }))
    }

    /// Exchanges the code, believes the ID token or not, saves the session, then tells.
    pub(crate) async fn finish(&self, mut accepted: Accepted) -> Result<(), SessionError> {
        // A code is spent for what can be checked afterwards.
        let provider = self.server.with_keys(accepted.pending.provider).await;
        accepted.pending.provider = provider.inspect_err(|error| self.remember_failure(SignInStep::IdToken, error))?;
        let (answer, _spending) = match self.waiting.take(&accepted.state) {
            Some(answer) => (Ok(answer), None),
            None => {
                let spending = self.prepare_to_spend(&accepted).await?;
                (self.server.exchange_code(&accepted.pending, &accepted.code).await, Some(spending))
            }
        };
        let handed_out = answer.as_ref().ok().and_then(|answer| answer.refresh_token.clone());
        let (step, outcome) = match answer {
            Ok(answer) => (SignInStep::IdToken, self.verify(&accepted, answer).await),
            Err(error) => (SignInStep::Exchange, Err(error)),
        };
        let outcome = outcome.inspect_err(|error| self.remember_failure(step, error.as_session_error()));
        match outcome {
            Ok((answer, claims)) => {
                let saved = self.save(&accepted, answer, claims).await;
                match &saved {
                    Ok(()) => *lock(&self.failed) = None,
                    Err(error) => self.remember_failure(SignInStep::Saving, error),
                }
                saved
            }
            Err(TokenError::Unanswered(error) | TokenError::Lost(error)) => Err(error),
            // A server that is out of order says no to everybody, and the next time perhaps yes.
            Err(TokenError::Refused(cause @ SessionError::Retryable { .. })) => Err(cause),
            Err(TokenError::Refused(cause)) => {
                if let Some(refresh_token) = handed_out {
                    self.give_back(refresh_token);
                }
                self.forget(accepted.state).await?;
                Err(cause)
            }
        }
    }

    /// Revokes a token that nobody has any more: best effort, beside everything else.
    fn give_back(&self, refresh_token: SecretString) {
        let server = Arc::clone(&self.server);
        self.beside.spawn(async move { drop(server.revoke(&refresh_token).await) });
    }

    /// A sign-out or a cancellation meanwhile wins: then no code is sent.
    async fn prepare_to_spend(&self, accepted: &Accepted) -> Result<WrittenAhead, SessionError> {
        let state = accepted.state.clone();
        let is_still_wanted =
            move |content: &StoredSession| content.find_pending(&state).map(|_| ()).ok_or(SessionError::UserCancelled);
        self.vault.prepare_to_spend(Spends::Code, is_still_wanted).await
    }

    async fn forget(&self, state: SecretString) -> Result<(), SessionError> {
        self.vault
            .update(move |content| {
                content.end_attempt(Spends::Code);
                content.forget_pending(&state);
            })
            .await
    }

    /// The ID token's claims, if it can be believed. An answer that could not be checked, because the keys could not be had,
    /// waits for the next attempt: its code is spent.
    async fn verify(&self, accepted: &Accepted, answer: TokenAnswer) -> Result<(TokenAnswer, Claims), TokenError> {
        let pending = &accepted.pending;
        let expected = Expectation {
            nonce: &pending.nonce,
            earliest_auth_time: pending.earliest_auth_time(self.clock.unix_now()),
            previous: None,
        };
        match self.server.verify(&answer, &pending.provider, expected).await {
            Ok(claims) => Ok((answer, claims)),
            Err(TokenError::Unanswered(error)) => {
                self.waiting.keep(accepted.state.clone(), answer);
                Err(TokenError::Unanswered(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Saves the new session, then tells. One write takes the previous user's tokens, credentials and identity away and
    /// puts the new ones in.
    async fn save(&self, accepted: &Accepted, answer: TokenAnswer, claims: Claims) -> Result<(), SessionError> {
        let pending = &accepted.pending;
        // If it cannot be saved now, the same redirect may be given again, and its code is spent.
        let own_answer = answer.clone();
        let user = User { subject: claims.subject, username: claims.username, name: claims.name, email: claims.email };
        let access_token_expires_at = answer.expires_at(self.clock.unix_now());
        let granted = answer.scopes.unwrap_or_else(|| self.config.scopes().to_vec());
        let tokens = Tokens {
            id_token: answer.id_token.ok_or_else(|| SessionError::internal("a verified ID token went missing"))?,
            id_token_expires_at: claims.expires_at,
            obtained_at: Some(self.clock.unix_now()),
            auth_time: claims.auth_time,
            nonce: pending.nonce.clone(),
            access_token_expires_at,
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            scopes: granted,
        };
        let provider = self.server.known_provider();
        let signed_in = SignedIn { user: user.clone(), issuer: claims.issuer, tokens, credentials: None, provider };
        let state = accepted.state.clone();
        let saved = self
            .vault
            .update(move |content| {
                // A sign-out or a cancellation while the code was exchanged wins.
                content.find_pending(&state)?;
                let before = content.signed_in.as_ref().map(|before| &before.user);
                let known = before.or(content.ended.as_ref().map(|ended| &ended.user));
                let is_same_user = |user: &User| user.subject == signed_in.user.subject;
                let goes_on = before.is_some_and(is_same_user);
                if !known.is_none_or(is_same_user) {
                    content.identity = None;
                }
                content.complete_pending(&state);
                content.ended = None;
                content.attempts.clear();
                let replaced = content.signed_in.replace(signed_in);
                Some((goes_on, replaced.and_then(|replaced| replaced.tokens.refresh_token)))
            })
            .await;
        let saved = saved.inspect_err(|_| self.waiting.keep(accepted.state.clone(), own_answer.clone()))?;
        let Some((goes_on, replaced)) = saved else {
            if let Some(refresh_token) = own_answer.refresh_token {
                // Best effort: nobody has a copy.
                let _ = self.server.revoke(&refresh_token).await;
            }
            return Err(SessionError::UserCancelled);
        };
        if let Some(refresh_token) = replaced {
            // After the new one is safe.
            self.give_back(refresh_token);
        }
        if goes_on {
            // The state is the same as before, so nothing was told yet.
            self.board.tell(SessionEvent::SignedIn { user });
        }
        if pending.provider.metadata.userinfo_endpoint.is_some() {
            let profile = Arc::clone(&self.profile);
            // Beside the way to the first listing, never before it.
            self.beside.spawn(async move { profile.read_for_news().await });
        }
        Ok(())
    }
}

/// The sign-ins whose code is being exchanged: what comes to an end must find them where they were.
#[derive(Clone, Default)]
struct Exchanging(Arc<Mutex<Vec<SecretString>>>);

/// Says that a sign-in's code is being exchanged, until it is dropped.
struct ExchangeMark {
    exchanging: Exchanging,
    state: SecretString,
}

impl Exchanging {
    fn states(&self) -> Vec<SecretString> {
        lock(&self.0).clone()
    }

    fn mark(&self, state: &SecretString) -> ExchangeMark {
        lock(&self.0).push(state.clone());
        ExchangeMark { exchanging: self.clone(), state: state.clone() }
    }
}

impl Drop for ExchangeMark {
    fn drop(&mut self) {
        lock(&self.exchanging.0).retain(|other| !is_same(other, &self.state));
    }
}

/// RFC 9207 §2.4: an `iss` must be the server's that was asked, and must be there if that server announces it.
fn check_issuer(iss: Option<&str>, provider: &Provider) -> Result<(), SessionError> {
    match iss {
        Some(iss) if iss == provider.metadata.issuer => Ok(()),
        Some(_) => Err(unexpected("its `iss` is another authorization server than the one that was asked")),
        None if provider.metadata.authorization_response_iss_parameter_supported => {
            Err(unexpected("it has no `iss`, which the authorization server announces"))
        }
        None => Ok(()),
    }
}
