//! Signing in, in two steps with the browser in between: `begin_login` makes the authorization request, `complete_login`
//! takes the redirect. Between the two the app may be killed; the second step works in a fresh process.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use super::pending::{LIFETIME_SECONDS, MOST_PENDING, PendingAuthorization};
use super::persisted::{SignedIn, Tokens};
use super::vault::Errand;
use super::{Inner, Session, SessionEvent, SessionState, User};
use crate::aws::sdk_config::{bucket_host, cognito_host};
use crate::clock::from_unix;
use crate::diagnosis::okta;
use crate::error::SessionError;
use crate::mutex::lock;
use crate::oidc::authorization::{self, Prompt, Wishes};
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{self, Claims, Expected, Previous};
use crate::oidc::redirect::{self, Outcome, Redirect, unexpected};
use crate::oidc::token::{TokenAnswer, TokenEndpoint, TokenError};
use crate::secret_text::is_same;

/// How to sign in.
#[derive(Clone, Default)]
pub struct LoginOptions {
    /// Another redirect URI than `okta_callback_url`; it has to be registered in Okta, port included.
    pub redirect_uri: Option<String>,
    /// Fills in the user name on the sign-in page.
    pub login_hint: Option<String>,
    /// What the sign-in page asks for; Okta decides if this does not.
    pub prompt: Option<Prompt>,
    /// How long ago the user may have proved who they are, in whole seconds; zero asks for the password now. An ID token
    /// that does not say so is refused (OpenID Connect Core §3.1.2.1 `max_age`).
    pub max_age: Option<Duration>,
    /// Further parameters of the authorization request, such as Okta's `idp` or `ui_locales`. Those that the library sets
    /// by itself are refused.
    pub extra_parameters: Vec<(String, String)>,
}

/// Extra parameters may be secrets, such as an `id_token_hint`: only their names are shown.
impl fmt::Debug for LoginOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra: Vec<_> = self.extra_parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("LoginOptions")
            .field("redirect_uri", &self.redirect_uri)
            .field("login_hint", &self.login_hint)
            .field("prompt", &self.prompt)
            .field("max_age", &self.max_age)
            .field("extra_parameters", &extra)
            .finish()
    }
}

/// What the browser has to open.
#[derive(Clone)]
pub struct AuthorizationRequest {
    /// The address of the sign-in page. It carries `state` and `nonce`: give it to the browser, not to a log.
    pub url: String,
    /// Where the browser will come back to.
    pub redirect_uri: String,
    /// Until when it is worth waiting for the redirect; after that, Okta hardly accepts its code.
    pub expires_at: SystemTime,
    /// Until when the browser has to have opened the URL, if the server said: a pushed request does not wait for long.
    pub open_before: Option<SystemTime>,
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("redirect_uri", &self.redirect_uri)
            .field("expires_at", &self.expires_at)
            .field("open_before", &self.open_before)
            .finish_non_exhaustive()
    }
}

/// What the server answered to a code, while the sign-in cannot go on: the keys or the store cannot be had. The code is
/// spent.
pub(super) struct WaitingAnswer {
    state: SecretString,
    answer: TokenAnswer,
}

/// What an ID token has to fit beside issuer and client.
pub(super) struct Expectation<'a> {
    pub nonce: &'a SecretString,
    pub earliest_auth_time: Option<i64>,
    pub previous: Option<Previous<'a>>,
}

impl Session {
    /// Makes the authorization request and remembers it in the secure store, before anybody sees its URL.
    ///
    /// # Errors
    /// `Misconfigured` if the issuer is not what the server says it is, `Retryable` if it cannot be reached,
    /// `SecureStorage` if the request cannot be remembered.
    pub async fn begin_login(&self, options: LoginOptions) -> Result<AuthorizationRequest, SessionError> {
        self.inner.detached(|inner| async move { inner.begin(options).await }).await
    }

    /// Whether an address that the app was opened with is the answer to a sign-in, for
    /// [`complete_login`](Self::complete_login). The end of a browser session, which may come back by the same scheme, and
    /// the app's own links are not.
    pub fn is_sign_in_redirect(&self, uri: &str) -> bool {
        let config = &self.inner.config;
        redirect::belongs_to_sign_in(uri, config.callback_url(), config.logout_url())
    }

    /// Finishes a sign-in with the redirect URI that the shell caught, whole. Giving the same one twice is harmless. The
    /// work goes on if the caller goes away.
    ///
    /// # Errors
    /// `UnexpectedRedirect` if it belongs to no open sign-in: no code is exchanged and nothing changes. `AccessDenied` if
    /// Okta or the user said no, or the ID token must not be believed. `SignInRequired` if the code is too old or used.
    /// `UserCancelled` if the session was signed out or the sign-in cancelled meanwhile. `Retryable` after a network fault
    /// and `SecureStorage` if the session could not be saved: call again with the same redirect.
    pub async fn complete_login(&self, redirect_uri: &str) -> Result<SessionState, SessionError> {
        let redirect = Redirect::parse(redirect_uri)?;
        self.inner.detached(|inner| async move { inner.complete(redirect).await }).await
    }

    /// Forgets the open sign-ins that this process has begun: the user came back without signing in. A process that has
    /// never begun one, because the app was killed behind the browser, forgets all.
    ///
    /// # Errors
    /// `SecureStorage`: they are still open.
    pub async fn cancel_login(&self) -> Result<(), SessionError> {
        self.inner
            .detached(|inner| async move {
                let begun = lock(&inner.begun).clone();
                let cancelled = begun.clone();
                let forgotten = inner
                    .change_store(move |content| match &cancelled {
                        Some(begun) => content.pending.extract_if(.., |pending| pending.is_of(begun)).collect(),
                        None => std::mem::take(&mut content.pending),
                    })
                    .await?;
                if let (Some(known), Some(cancelled)) = (&mut *lock(&inner.begun), begun) {
                    known.retain(|state| !cancelled.iter().any(|cancelled| is_same(cancelled, state)));
                }
                inner.drop_answers(|state| forgotten.iter().any(|pending| pending.has_state(state)));
                Ok(())
            })
            .await
    }

    /// Waits for what goes on beside the calls: a sign-in's open connections and its profile, a renewal whose caller went
    /// away.
    /// For a process that is about to end; any other has no need of it.
    pub async fn settle(&self) {
        // Whoever asked for these was told how they ended.
        if let Some(renewal) = self.inner.renewing_credentials.running() {
            let _ = renewal.await;
        }
        if let Some(refresh) = self.inner.refreshing_tokens.running() {
            let _ = refresh.await;
        }
        let beside = std::mem::take(&mut *lock(&self.inner.beside));
        for task in beside {
            // A panic in there has been reported by the runtime and concerns nobody else.
            let _ = task.await;
        }
    }
}

impl Inner {
    async fn begin(&self, options: LoginOptions) -> Result<AuthorizationRequest, SessionError> {
        let redirect_uri = options.redirect_uri.as_deref().unwrap_or_else(|| self.config.callback_url());
        let provider = self.discovery.provider(&self.http, self.clock.now()).await?;
        let wishes = Wishes {
            login_hint: options.login_hint.as_deref(),
            prompt: options.prompt,
            max_age: options.max_age,
            extra_parameters: &options.extra_parameters,
        };
        let mut prepared = authorization::prepare(&self.config, &provider.metadata, redirect_uri, &wishes)?;
        if let Some(endpoint) = authorization::pushed_to(&self.config, &provider.metadata)? {
            let client_id = self.config.client_id();
            prepared = authorization::push(&self.http, endpoint, client_id, &self.evidence, prepared).await?;
        }
        let now = self.clock.unix_now();
        let request = AuthorizationRequest {
            url: prepared.url.clone(),
            redirect_uri: redirect_uri.to_owned(),
            expires_at: from_unix(now + LIFETIME_SECONDS),
            open_before: prepared.opens_within.map(|time| from_unix(now) + time.min(Duration::from_secs(24 * 3600))),
        };
        let state = prepared.state.clone();
        let pending = PendingAuthorization::new(prepared, redirect_uri, self.config.client_id(), provider, now);
        let in_use = lock(&self.exchanging).clone();
        self.change_store(move |content| content.add_pending(pending, now, &in_use)).await?;
        let mut begun = lock(&self.begun);
        let begun = begun.get_or_insert_default();
        begun.push(state);
        // The store holds no more of them either.
        let surplus = begun.len().saturating_sub(MOST_PENDING);
        begun.drain(..surplus);
        Ok(request)
    }

    async fn complete(self: &Arc<Self>, redirect: Redirect) -> Result<SessionState, SessionError> {
        // The same redirect may reach two tasks or two processes; used twice, a code takes its tokens along.
        let _errand = self.vault.begin(Errand::SignIn).await?;
        let content = self.read_store().await?;
        let Some(pending) = content.find_pending(&redirect.state) else {
            if content.was_completed(&redirect.state) {
                // A save that was said to have failed may have arrived: those tokens are in use.
                drop(self.take_answer(&redirect.state));
                return Ok(self.state.borrow().clone());
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
                self.forget(redirect.state).await?;
                return Err(okta::sign_in_refused(&code, description.as_deref(), &self.evidence));
            }
        };
        self.discovery.adopt(&pending.provider, from_unix(pending.expires_at));
        self.open_connections();
        let _in_use = InUse::mark(self, &redirect.state);
        match self.exchange(&redirect.state, pending, &code).await {
            Ok((answer, claims)) => self.finish(redirect.state, pending, answer, claims).await,
            Err(TokenError::Unanswered(error) | TokenError::Lost(error)) => Err(error),
            Err(TokenError::Refused(cause)) => {
                self.forget(redirect.state).await?;
                Err(cause)
            }
        }
    }

    async fn forget(&self, state: SecretString) -> Result<(), SessionError> {
        self.change_store(move |content| content.forget_pending(&state)).await
    }

    /// Code for tokens, and the ID token's claims if it can be believed. An answer that could not be checked, because the
    /// keys could not be had, waits for the next attempt: its code is spent.
    async fn exchange(
        self: &Arc<Self>,
        state: &SecretString,
        pending: &PendingAuthorization,
        code: &SecretString,
    ) -> Result<(TokenAnswer, Claims), TokenError> {
        let answer = match self.take_answer(state) {
            Some(answer) => answer,
            None => {
                let endpoint = TokenEndpoint {
                    http: &self.http,
                    url: &pending.provider.metadata.token_endpoint,
                    client_id: &pending.client_id,
                    evidence: &self.evidence,
                };
                endpoint.exchange_code(&pending.redirect_uri, code, &pending.verifier).await?
            }
        };
        let expected = Expectation {
            nonce: &pending.nonce,
            earliest_auth_time: pending.earliest_auth_time(self.clock.unix_now()),
            previous: None,
        };
        match self.verify(&answer, &pending.provider, expected).await {
            Ok(claims) => Ok((answer, claims)),
            Err(TokenError::Unanswered(error)) => {
                self.keep_answer(state.clone(), answer);
                Err(TokenError::Unanswered(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps an answer until its sign-in can go on.
    fn keep_answer(self: &Arc<Self>, state: SecretString, answer: TokenAnswer) {
        let surplus = {
            let mut waiting = lock(&self.waiting);
            waiting.push(WaitingAnswer { state, answer });
            let surplus = waiting.len().saturating_sub(MOST_PENDING);
            waiting.drain(..surplus).collect()
        };
        self.give_back(surplus);
    }

    fn take_answer(&self, state: &SecretString) -> Option<TokenAnswer> {
        let mut waiting = lock(&self.waiting);
        let position = waiting.iter().position(|waiting| is_same(&waiting.state, state))?;
        Some(waiting.remove(position).answer)
    }

    /// Gives the tokens back of sign-ins that were forgotten: nobody will take them any more.
    pub(super) fn drop_answers(self: &Arc<Self>, is_forgotten: impl Fn(&SecretString) -> bool) {
        let forgotten = lock(&self.waiting).extract_if(.., |waiting| is_forgotten(&waiting.state)).collect();
        self.give_back(forgotten);
    }

    fn give_back(self: &Arc<Self>, answers: Vec<WaitingAnswer>) {
        for refresh_token in answers.into_iter().filter_map(|waiting| waiting.answer.refresh_token) {
            let inner = Arc::clone(self);
            // Best effort: nobody has a copy.
            self.spawn_beside(async move { drop(inner.revoke(&refresh_token).await) });
        }
    }

    /// Checks the ID token of an answer; an unknown key makes us look for new keys once.
    pub(super) async fn verify(
        &self,
        answer: &TokenAnswer,
        provider: &Provider,
        expectation: Expectation<'_>,
    ) -> Result<Claims, TokenError> {
        let id_token = answer.id_token.as_ref().ok_or_else(|| TokenError::Refused(okta::no_id_token()))?;
        let kid = id_token::unverified_kid(id_token);
        let fetched = if provider.keys.knows(kid.as_deref()) {
            None
        } else {
            let refetched = self.discovery.refetch_keys(&self.http, provider, self.clock.now()).await;
            Some(refetched.map_err(TokenError::Unanswered)?)
        };
        let expected = Expected {
            issuer: self.config.issuer_url(),
            client_id: self.config.client_id(),
            nonce: expectation.nonce,
            access_token: &answer.access_token,
            now: self.clock.now(),
            earliest_auth_time: expectation.earliest_auth_time,
            previous: expectation.previous,
        };
        id_token::verify(id_token, fetched.as_ref().unwrap_or(&provider.keys), &expected)
            .map_err(|rejected| TokenError::Refused(rejected.into_session_error(self.clock.offset_seconds())))
    }

    /// Saves the new session, then tells. One write takes the previous user's tokens, credentials and identity away and
    /// puts the new ones in.
    async fn finish(
        self: &Arc<Self>,
        state: SecretString,
        pending: &PendingAuthorization,
        answer: TokenAnswer,
        claims: Claims,
    ) -> Result<SessionState, SessionError> {
        // If it cannot be saved now, the same redirect may be given again, and its code is spent.
        let (own_state, own_answer) = (state.clone(), answer.clone());
        let user = User { subject: claims.subject, username: claims.username, name: claims.name, email: claims.email };
        let granted = answer.scopes.unwrap_or_else(|| self.config.scopes().to_vec());
        let tokens = Tokens {
            id_token: answer.id_token.ok_or_else(|| SessionError::internal("a verified ID token went missing"))?,
            id_token_expires_at: claims.expires_at,
            obtained_at: Some(self.clock.unix_now()),
            auth_time: claims.auth_time,
            nonce: pending.nonce.clone(),
            access_token_expires_at: self.expiry(answer.expires_in),
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            // `offline_access` belongs to the authorization request alone.
            scopes: granted.into_iter().filter(|scope| scope != "offline_access").collect(),
        };
        let signed_in = SignedIn { user: user.clone(), issuer: claims.issuer, tokens, credentials: None };
        let saved = self
            .change_store(move |content| {
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
                content.signed_in = Some(signed_in);
                Some(goes_on)
            })
            .await;
        let Some(goes_on) = saved.inspect_err(|_| self.keep_answer(own_state, own_answer.clone()))? else {
            if let Some(refresh_token) = own_answer.refresh_token {
                // Best effort: nobody has a copy.
                let _ = self.revoke(&refresh_token).await;
            }
            return Err(SessionError::UserCancelled);
        };
        if goes_on {
            // The state is the same as before, so nothing was told yet.
            self.events.tell(SessionEvent::SignedIn { user });
        }
        if pending.provider.metadata.userinfo_endpoint.is_some() {
            let inner = Arc::clone(self);
            // Beside the way to the first listing, never before it.
            self.spawn_beside(async move {
                if let Err(error) = inner.read_profile().await {
                    tracing::warn!(%error, "the profile could not be read");
                    inner.events.tell(SessionEvent::ProfileUnavailable { detail: error.to_string() });
                }
            });
        }
        Ok(self.state.borrow().clone())
    }

    /// Connections to Cognito and to the bucket's host are opened while the code is exchanged, so that the calls that
    /// follow do not wait for them.
    fn open_connections(&self) {
        for host in [cognito_host(&self.config), bucket_host(&self.config)].into_iter().flatten() {
            let http = self.http.clone();
            self.spawn_beside(async move { http.warm_up(host).await });
        }
    }

    pub(super) fn expiry(&self, expires_in: Option<std::time::Duration>) -> Option<i64> {
        let seconds = i64::try_from(expires_in?.as_secs()).unwrap_or(i64::MAX);
        Some(self.clock.unix_now().saturating_add(seconds))
    }
}

/// Says that a sign-in's code is being exchanged, until it is dropped.
struct InUse<'a> {
    inner: &'a Inner,
    state: SecretString,
}

impl<'a> InUse<'a> {
    fn mark(inner: &'a Inner, state: &SecretString) -> Self {
        lock(&inner.exchanging).push(state.clone());
        Self { inner, state: state.clone() }
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        lock(&self.inner.exchanging).retain(|other| !is_same(other, &self.state));
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
