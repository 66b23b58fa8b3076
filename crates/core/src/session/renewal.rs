//! AWS credentials whenever they are asked for: from memory while they last, else with a fresh ID token, which takes the
//! refresh token when its own time is up. All callers share one renewal, and it runs on when they go away: a rotated
//! refresh token must not be lost because a screen was closed.

use std::sync::{Arc, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::persisted::{EndedSession, SignedIn};
use super::state::Event;
use super::vault::OpenVault;
use super::{Inner, Session, SessionEvent};
use crate::cognito::identity::Identity;
use crate::cognito::{AwsCredentials, Login};
use crate::diagnosis::classify::logins_key;
use crate::error::{SessionError, SignInReason};
use crate::oidc::id_token::Previous;
use crate::oidc::token::{TokenEndpoint, TokenError};

/// What is about to expire is renewed so long before: a request under way must not outlive its keys.
const EARLY_SECONDS: i64 = 300;
/// Devices that signed in at the same moment should not all renew at the same moment.
const JITTER_SECONDS: i64 = 60;

/// One renewal with any number of callers waiting for it.
pub(super) type Shared = futures_util::future::Shared<BoxFuture<'static, Result<AwsCredentials, SessionError>>>;

impl Session {
    /// AWS credentials that are good for at least five minutes, renewed if need be. Any number of callers cause one
    /// renewal.
    ///
    /// # Errors
    /// `SignInRequired` if nobody is signed in or Okta no longer agrees; `Retryable` for the network, and the session is
    /// kept; `Misconfigured` and `AccessDenied` for what Cognito says about pool, provider and role.
    pub async fn aws_credentials(&self) -> Result<AwsCredentials, SessionError> {
        match self.inner.usable_credentials(None) {
            Some(credentials) => Ok(credentials),
            None => self.inner.share_renewal(None).await,
        }
    }

    /// Other credentials than `refused`, which a service did not accept although their time is not up. If somebody else
    /// has renewed them meanwhile, those are taken.
    pub(crate) async fn replace_credentials(&self, refused: &AwsCredentials) -> Result<AwsCredentials, SessionError> {
        let refused = refused.access_key_id();
        if let Some(credentials) = self.inner.usable_credentials(Some(refused)) {
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
    fn usable_credentials(&self, refused: Option<&str>) -> Option<AwsCredentials> {
        self.vault.peek(|content| self.usable(content.signed_in.as_ref()?, refused).cloned()).flatten()
    }

    fn usable<'a>(&self, signed_in: &'a SignedIn, refused: Option<&str>) -> Option<&'a AwsCredentials> {
        let credentials = signed_in.credentials.as_ref()?;
        let in_time = credentials.seconds_left(self.clock.unix_now()) > EARLY_SECONDS + self.jitter_seconds;
        (in_time && Some(credentials.access_key_id()) != refused).then_some(credentials)
    }

    pub(super) fn choose_jitter() -> i64 {
        fastrand::i64(0..JITTER_SECONDS)
    }

    fn share_renewal(self: &Arc<Self>, refused: Option<String>) -> Shared {
        let mut running = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(renewal) = &*running {
            return renewal.clone();
        }
        let inner = Arc::clone(self);
        let work = tokio::spawn(async move {
            let result = inner.renew_credentials(refused.as_deref()).await;
            // Whoever comes from now on finds the result in the vault.
            *inner.renewing.lock().unwrap_or_else(PoisonError::into_inner) = None;
            result
        });
        let renewal = work
            .map(|done| done.unwrap_or_else(|_| Err(SessionError::internal("the renewal panicked"))))
            .boxed()
            .shared();
        *running = Some(renewal.clone());
        renewal
    }

    async fn renew_credentials(&self, refused: Option<&str>) -> Result<AwsCredentials, SessionError> {
        // Locked until the end: two processes must not spend the same refresh token.
        let mut vault = self.vault.open().await?;
        self.publish_what_was_read();
        let signed_in = self.signed_in(&vault)?;
        // Another process may have done it while this one waited for the lock.
        if let Some(credentials) = self.usable(signed_in, refused) {
            return Ok(credentials.clone());
        }
        if self.is_due(Some(signed_in.tokens.id_token_expires_at)) {
            self.refresh_tokens(&mut vault).await?;
        }
        let credentials = match self.obtain_credentials(&mut vault).await {
            // Cognito finds the ID token too old although it should not be: a fresh one decides.
            Err(SessionError::SignInRequired { .. }) => {
                self.refresh_tokens(&mut vault).await?;
                self.obtain_credentials(&mut vault).await?
            }
            other => other?,
        };
        if let Some(signed_in) = &mut vault.content.signed_in {
            signed_in.credentials = Some(credentials.clone());
        }
        vault.save().await?;
        Ok(credentials)
    }

    /// The signed-in session with an access token that is not about to expire.
    pub(super) async fn fresh_access_token(&self) -> Result<SignedIn, SessionError> {
        let known = self.vault.peek(|content| content.signed_in.clone()).flatten();
        if let Some(signed_in) = known.filter(|signed_in| !self.is_due(signed_in.tokens.access_token_expires_at)) {
            return Ok(signed_in);
        }
        let mut vault = self.vault.open().await?;
        self.publish_what_was_read();
        if self.is_due(self.signed_in(&vault)?.tokens.access_token_expires_at) {
            self.refresh_tokens(&mut vault).await?;
        }
        self.signed_in(&vault).cloned()
    }

    fn signed_in<'a>(&self, vault: &'a OpenVault) -> Result<&'a SignedIn, SessionError> {
        vault.content.signed_in.as_ref().ok_or_else(|| match &vault.content.ended {
            Some(ended) => SessionError::SignInRequired { reason: ended.reason.clone() },
            None => SessionError::signed_out(),
        })
    }

    fn is_due(&self, expires_at: Option<i64>) -> bool {
        expires_at.is_some_and(|expires_at| expires_at - self.clock.unix_now() < EARLY_SECONDS)
    }

    /// Fresh tokens by the refresh token. What must not be lost is saved first: the rotated refresh token, even if the
    /// ID token beside it turns out to be wrong.
    async fn refresh_tokens(&self, vault: &mut OpenVault) -> Result<(), SessionError> {
        // Endpoints and keys first: from the refresh on, nothing must stand between the answer and the store.
        let provider = self.discovery.provider(&self.http, self.clock.now()).await?;
        let signed_in = self.signed_in(vault)?.clone();
        let Some(refresh_token) = &signed_in.tokens.refresh_token else {
            // The tokens stay where they are: the clock may be what is wrong.
            self.publish(Event::Refused { reason: SignInReason::NoRefreshToken });
            return Err(SessionError::SignInRequired { reason: SignInReason::NoRefreshToken });
        };
        let endpoint = TokenEndpoint {
            http: &self.http,
            url: &provider.metadata.token_endpoint,
            client_id: self.config.client_id(),
            evidence: &self.evidence,
        };
        let answer = match endpoint.refresh(refresh_token, self.config.scopes()).await {
            Ok(answer) => answer,
            Err(TokenError::Refused { error, .. }) if error == "invalid_grant" => {
                return Err(self.end_session(vault, signed_in, error).await);
            }
            Err(error) => return Err(error.into_session_error()),
        };
        let mut tokens = signed_in.tokens.clone();
        tokens.access_token = answer.access_token.clone();
        tokens.access_token_expires_at = self.expiry(answer.expires_in);
        tokens.refresh_token = answer.refresh_token.clone().or(tokens.refresh_token);
        vault.content.signed_in = Some(SignedIn { tokens: tokens.clone(), ..signed_in.clone() });
        vault.save().await?;

        let previous = Previous { subject: &signed_in.user.subject, auth_time: tokens.auth_time };
        let claims = self
            .verify(&answer, &provider, &tokens.nonce, Some(previous))
            .await
            .map_err(TokenError::into_session_error)?;
        tokens.id_token_expires_at = claims.expires_at;
        tokens.auth_time = claims.auth_time.or(tokens.auth_time);
        if let Some(id_token) = answer.id_token {
            tokens.id_token = id_token;
        }
        vault.content.signed_in = Some(SignedIn { tokens, ..signed_in });
        vault.save().await
    }

    /// Okta said that this refresh token is worth nothing any more. The name is kept for the sign-in screen.
    async fn end_session(&self, vault: &mut OpenVault, signed_in: SignedIn, code: String) -> SessionError {
        let reason = SignInReason::RefreshTokenRefused { code };
        vault.content.ended = Some(EndedSession { user: signed_in.user, reason: reason.clone() });
        vault.content.signed_in = None;
        if let Err(error) = vault.save().await {
            return error;
        }
        self.publish(Event::Refused { reason: reason.clone() });
        SessionError::SignInRequired { reason }
    }

    /// Identity and credentials from Cognito. A remembered identity that Cognito no longer accepts is asked for anew,
    /// once.
    async fn obtain_credentials(&self, vault: &mut OpenVault) -> Result<AwsCredentials, SessionError> {
        let signed_in = self.signed_in(vault)?.clone();
        let login = Login { key: logins_key(&signed_in.issuer), id_token: &signed_in.tokens.id_token };
        let pool_id = self.config.identity_pool_id();
        let (issuer, subject) = (signed_in.issuer.as_str(), signed_in.user.subject.as_str());
        let before = vault.content.identity.clone();
        let known = before.as_ref().and_then(|identity| identity.id_for(pool_id, issuer, subject));
        let asked = match known {
            Some(id) => id.to_owned(),
            None => self.pool.get_id(&login).await?,
        };
        let (credentials, identity_id) = match self.pool.get_credentials(&asked, &login).await {
            Ok(obtained) => obtained,
            Err(refused) if refused.identity_is_stale && known.is_some() => {
                let asked_anew = self.pool.get_id(&login).await?;
                self.pool.get_credentials(&asked_anew, &login).await.map_err(|refused| refused.cause)?
            }
            Err(refused) => return Err(refused.cause),
        };
        if before.as_ref().is_some_and(|before| before.id() != identity_id) {
            self.announce(SessionEvent::IdentityChanged { identity_id: identity_id.clone() });
        }
        vault.content.identity = Some(Identity::new(pool_id, issuer, subject, identity_id));
        Ok(credentials)
    }
}
