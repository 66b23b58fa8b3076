//! The authorization server as one client of it: its endpoints and keys, and what can be asked there.

use std::time::Duration;

use secrecy::SecretString;

use crate::clock::{CorrectedClock, from_unix};
use crate::config::Config;
use crate::diagnosis::{Evidence, Rejected, okta};
use crate::error::SessionError;
use crate::net::http::Http;
use crate::oidc::authorization::{self, Prepared, Prompt, Wishes};
use crate::oidc::discovery::{Discovery, KnownProvider, Provider, ProviderMetadata, Uninspected};
use crate::oidc::id_token::{self, Claims, Expected, Previous};
use crate::oidc::logout;
use crate::oidc::probe::{self, Probed};
use crate::oidc::token::{TokenAnswer, TokenEndpoint, TokenError};
use crate::oidc::userinfo::{self, Profile};
use crate::session::stored::{PendingAuthorization, SignedIn};

/// No code and no refresh token goes over a connection that was silent for longer: it may be dead without a word, and then
/// nobody knows whether what was sent has arrived. Home routers forget a connection after minutes, mobile networks after half a
/// minute and more.
const LONGEST_SILENCE: Duration = Duration::from_secs(25);

/// One server and one client.
pub(crate) struct AuthorizationServer {
    config: Config,
    evidence: Evidence,
    discovery: Discovery,
    http: Http,
    clock: CorrectedClock,
}

/// What an ID token has to fit beside issuer and client.
pub(super) struct Expectation<'a> {
    pub nonce: &'a SecretString,
    pub earliest_auth_time: Option<i64>,
    pub previous: Option<Previous<'a>>,
}

impl AuthorizationServer {
    pub(crate) fn new(config: Config, http: &Http, clock: CorrectedClock) -> Self {
        let http = http.distrusting_silence(LONGEST_SILENCE);
        Self { evidence: Evidence::of(&config), discovery: Discovery::new(config.issuer_url()), config, http, clock }
    }

    /// Endpoints and keys, from memory while they are fresh.
    pub(super) async fn provider(&self) -> Result<Provider, SessionError> {
        self.discovery.provider(&self.http, self.clock.now()).await
    }

    /// Endpoints, and keys as far as they are at hand.
    pub(super) async fn endpoints(&self) -> Result<Provider, SessionError> {
        self.discovery.endpoints(&self.http, self.clock.now()).await
    }

    /// `provider` with its keys, if it has none yet.
    pub(super) async fn with_keys(&self, provider: Provider) -> Result<Provider, SessionError> {
        if !provider.keys.is_empty() {
            return Ok(provider);
        }
        let known = self.provider().await?;
        if known.metadata.jwks_uri == provider.metadata.jwks_uri {
            return Ok(Provider { keys: known.keys, ..provider });
        }
        // The server has moved its keys while the browser was open.
        let keys = self.discovery.refetch_keys(&self.http, &provider, self.clock.now()).await?;
        Ok(Provider { keys, ..provider })
    }

    /// What is in memory of them and fresh, for the next process.
    pub(crate) fn known_provider(&self) -> Option<KnownProvider> {
        self.discovery.known(self.clock.now())
    }

    /// Takes over what another process of the app asked for, if this one knows nothing better.
    pub(super) fn adopt_provider(&self, known: &KnownProvider) {
        self.discovery.adopt(known);
    }

    /// What an explanation of this server's refusals may name.
    pub(super) fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// A URL for the browser, pushed to the server first where that is wanted.
    pub(super) async fn prepare_request(
        &self,
        provider: &Provider,
        redirect_uri: &str,
        wishes: &Wishes<'_>,
    ) -> Result<Prepared, SessionError> {
        let prepared = authorization::prepare(&self.config, &provider.metadata, redirect_uri, wishes)?;
        match authorization::pushed_to(&self.config, &provider.metadata)? {
            Some(endpoint) => {
                authorization::push(&self.http, endpoint, self.config.client_id(), &self.evidence, prepared).await
            }
            None => Ok(prepared),
        }
    }

    /// Learns the time by any answer, within a few seconds or not at all.
    pub(crate) async fn ask_the_time(&self) {
        self.discovery.ask_the_time(&self.http).await;
    }

    /// The same, unless this process has just learnt it.
    pub(crate) async fn learn_the_time(&self) {
        if !self.clock.is_certain() {
            self.ask_the_time().await;
        }
    }

    /// Asks for the time, unless the device's clock cannot have gone wrong by minutes since this process last learnt it. Says
    /// whether it was wrong.
    pub(crate) async fn correct_the_clock(&self) -> bool {
        let before = self.clock.offset_seconds();
        if !self.clock.has_just_learnt() {
            self.ask_the_time().await;
        }
        self.clock.offset_seconds() != before
    }

    /// Exchanges a code. It goes to the server that was asked for it.
    pub(super) async fn exchange_code(
        &self,
        pending: &PendingAuthorization,
        code: &SecretString,
    ) -> Result<TokenAnswer, TokenError> {
        let endpoint = TokenEndpoint {
            http: &self.http,
            url: &pending.provider.metadata.token_endpoint,
            client_id: &pending.client_id,
            evidence: &self.evidence,
        };
        endpoint.exchange_code(&pending.redirect_uri, code, &pending.verifier).await
    }

    /// Spends a refresh token. One whose answer was lost is sent once more, at once: the server may have rotated it before,
    /// and within the grace the old one still works. Not over the connection that has swallowed the first answer.
    pub(super) async fn refresh(
        &self,
        provider: &Provider,
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<TokenAnswer, TokenError> {
        let endpoint = TokenEndpoint {
            http: &self.http,
            url: &provider.metadata.token_endpoint,
            client_id: self.config.client_id(),
            evidence: &self.evidence,
        };
        match endpoint.refresh(refresh_token, scopes).await {
            Err(TokenError::Lost(_)) => {
                let fresh = self.http.without_connections();
                match (TokenEndpoint { http: &fresh, ..endpoint }).refresh(refresh_token, scopes).await {
                    // The second did nothing, perhaps; the first may have done its work all the same.
                    Err(error) if !error.ends_session() => Err(TokenError::Lost(error.into_session_error())),
                    outcome => outcome,
                }
            }
            outcome => outcome,
        }
    }

    /// Checks an answer and its ID token; an unknown key makes us look for new keys once.
    pub(super) async fn verify(
        &self,
        answer: &TokenAnswer,
        provider: &Provider,
        expectation: Expectation<'_>,
    ) -> Result<Claims, TokenError> {
        answer.check().map_err(TokenError::Refused)?;
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

    /// Whether the issuer has withdrawn the key that signed `id_token`: then a refreshed token has another one. If the key
    /// is still there, whoever could not verify it would not verify any other token either.
    pub(crate) async fn has_dropped_key_of(&self, id_token: &SecretString) -> bool {
        let Ok(provider) = self.provider().await else { return false };
        let Ok(keys) = self.discovery.refetch_keys(&self.http, &provider, self.clock.now()).await else { return false };
        !keys.knows(id_token::unverified_kid(id_token).as_deref())
    }

    /// The profile of `subject`; `None` if the access token is not accepted.
    pub(super) async fn fetch_profile(
        &self,
        access_token: &SecretString,
        subject: &str,
    ) -> Result<Option<Profile>, SessionError> {
        let provider = self.provider().await?;
        let endpoint = provider.metadata.userinfo_endpoint.ok_or_else(|| okta::not_announced("a userinfo endpoint"))?;
        userinfo::fetch_profile(&self.http, &endpoint, access_token, subject).await
    }

    /// Takes a refresh token back (RFC 7009).
    pub(crate) async fn revoke(&self, refresh_token: &SecretString) -> Result<(), SessionError> {
        let provider = self.provider().await?;
        let endpoint =
            provider.metadata.revocation_endpoint.ok_or_else(|| okta::not_announced("a revocation endpoint"))?;
        let revoke = || logout::revoke_refresh_token(&self.http, &endpoint, self.config.client_id(), refresh_token);
        match revoke().await {
            // Nobody can ask again later: the token is erased here.
            Err(SessionError::Retryable { .. }) => revoke().await,
            outcome => outcome,
        }
    }

    /// The address that ends the browser's session. It carries the ID token: a secret.
    pub(crate) async fn end_session_url(&self, id_token: &SecretString) -> Result<String, SessionError> {
        let provider = self.provider().await?;
        let endpoint =
            provider.metadata.end_session_endpoint.ok_or_else(|| okta::not_announced("an end-session endpoint"))?;
        Ok(logout::end_session_url(&endpoint, id_token, self.config.logout_url()))
    }
}

/// Looking at it, for who asks what is wrong: nothing is begun, and nothing is taken from memory.
impl AuthorizationServer {
    /// Its metadata as they are now.
    pub(crate) async fn inspect_metadata(&self) -> Result<ProviderMetadata, Uninspected> {
        self.discovery.inspect_metadata(&self.http).await
    }

    /// Its keys as they are now.
    pub(crate) async fn inspect_keys(&self, metadata: ProviderMetadata) -> Result<Provider, SessionError> {
        self.discovery.inspect_keys(&self.http, metadata, self.clock.now()).await
    }

    /// What it says to a request for this redirect URI that asks nothing of a person. It is made as for a sign-in, pushed
    /// first where that is wanted, and forgotten.
    pub(crate) async fn probe(&self, provider: &Provider, redirect_uri: &str) -> Result<Probed, SessionError> {
        let wishes = Wishes { prompt: Some(Prompt::None), ..Wishes::default() };
        let prepared = match self.prepare_request(provider, redirect_uri, &wishes).await {
            Ok(prepared) => prepared,
            Err(error @ (SessionError::Misconfigured { .. } | SessionError::AccessDenied { .. })) => {
                return Ok(Probed::Refused(error));
            }
            Err(error) => return Err(error),
        };
        probe::probe(&self.http, &prepared, redirect_uri, &self.evidence).await
    }

    /// Whether the ID token at hand keeps the rules. Its end is no question: a renewal brings another one.
    pub(crate) fn check_id_token(&self, signed_in: &SignedIn, provider: &Provider) -> Result<(), Rejected> {
        let tokens = &signed_in.tokens;
        let expected = Expected {
            issuer: self.config.issuer_url(),
            client_id: self.config.client_id(),
            nonce: &tokens.nonce,
            access_token: &tokens.access_token,
            now: self.clock.now().min(from_unix(tokens.id_token_expires_at)),
            earliest_auth_time: None,
            previous: Some(Previous { subject: &signed_in.user.subject, auth_time: tokens.auth_time }),
        };
        id_token::verify(&tokens.id_token, &provider.keys, &expected).map(|_| ())
    }
}
