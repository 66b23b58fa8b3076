//! AWS credentials whenever they are asked for: from memory while they last, else with a fresh ID token, which takes the
//! refresh token when its own time is up. Here, and only here, Okta's side and AWS's side meet. All callers share one
//! renewal, and it runs on when they go away.

use std::fmt;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};

use crate::cognito::AwsCredentials;
use crate::diagnosis::{Blame, cognito};
use crate::error::{SessionError, SignInReason};
use crate::life::{RenewalTiming, UsedBy};
use crate::observing::{Observer, WorkKind};
use crate::session::aws::PoolCredentials;
use crate::session::okta::{AuthorizationServer, TokenRenewal};
use crate::session::stored::SignedIn;
use crate::session::tasks::{SingleFlight, detach};
use crate::session::vault::{Errand, Exclusive, Vault};

/// Where a session's AWS credentials come from.
pub(super) struct CredentialRenewal {
    server: Arc<AuthorizationServer>,
    tokens: Arc<TokenRenewal>,
    pool: PoolCredentials,
    vault: Vault,
    timing: RenewalTiming,
    renewing: SingleFlight<AwsCredentials>,
    observer: Observer,
    /// The access key that came in place of one that was refused without a reason.
    vouched_for: tokio::sync::Mutex<Option<String>>,
}

/// Which credentials will do.
#[derive(Debug, Clone)]
struct Wanted {
    used_by: UsedBy,
    /// The access key that a service did not accept.
    refused: Option<String>,
}

impl CredentialRenewal {
    pub(super) fn new(
        server: Arc<AuthorizationServer>,
        tokens: Arc<TokenRenewal>,
        pool: PoolCredentials,
        vault: Vault,
        timing: RenewalTiming,
        observer: Observer,
    ) -> Self {
        Self {
            server,
            tokens,
            pool,
            vault,
            timing,
            renewing: SingleFlight::default(),
            observer,
            vouched_for: tokio::sync::Mutex::default(),
        }
    }

    /// Credentials that are not about to expire, or the old ones for as long as they last.
    pub(super) async fn credentials(self: &Arc<Self>, used_by: UsedBy) -> Result<AwsCredentials, SessionError> {
        self.vault.look_again().await;
        self.tokens.learn_the_time_if_in_doubt().await;
        let wanted = Wanted { used_by, refused: None };
        if let Some(credentials) = self.known_if(|known| self.is_usable(known, &wanted)) {
            return Ok(credentials);
        }
        self.share_renewal(wanted).await.or_else(|error| {
            let lasts = |credentials: &AwsCredentials| self.timing.lasts(Some(credentials.life().expires_at));
            self.known_if(lasts).filter(|_| !error.ends_session()).ok_or(error)
        })
    }

    /// Other credentials than `refused`.
    pub(super) async fn replace(self: &Arc<Self>, refused: &AwsCredentials) -> Result<AwsCredentials, SessionError> {
        let refused = refused.access_key_id();
        let wanted = Wanted { used_by: UsedBy::Session, refused: Some(refused.to_owned()) };
        if let Some(credentials) = self.known_if(|known| self.is_usable(known, &wanted)) {
            return Ok(credentials);
        }
        let credentials = self.share_renewal(wanted.clone()).await?;
        if credentials.access_key_id() != refused {
            return Ok(credentials);
        }
        // The renewal that was under way did not know that these were refused.
        self.share_renewal(wanted).await
    }

    /// The same, and an error where a renewal fails, whatever is at hand: for who asks what is wrong.
    pub(super) async fn credentials_or_why_not(self: &Arc<Self>) -> Result<AwsCredentials, SessionError> {
        let wanted = Wanted { used_by: UsedBy::Session, refused: None };
        match self.known_if(|known| self.is_usable(known, &wanted)) {
            Some(credentials) => Ok(credentials),
            None => self.share_renewal(wanted).await,
        }
    }

    /// Refreshes Okta's tokens if a renewal of the credentials would begin with that now. What goes wrong is Okta's, and what a
    /// renewal meets afterwards is Cognito's.
    pub(super) async fn renew_tokens_if_due(self: &Arc<Self>) -> Result<(), SessionError> {
        let wanted = Wanted { used_by: UsedBy::Session, refused: None };
        let renewal = Arc::clone(self);
        if self.known_if(|known| self.is_usable(known, &wanted)).is_some() {
            return Ok(());
        }
        detach(async move {
            let errand = renewal.vault.begin(Errand::Renewal).await?;
            let signed_in = renewal.vault.signed_in().await?;
            renewal.tokens.learn_the_time_if_in_doubt().await;
            if signed_in.credentials.as_ref().is_some_and(|known| renewal.is_usable(known, &wanted)) {
                return Ok(());
            }
            renewal.with_fresh_tokens(&errand, signed_in).await.map(|_| ())
        })
        .await
    }

    /// How long until the credentials at hand should be renewed, in seconds; zero or less: now.
    pub(super) fn seconds_to_renewal(&self) -> i64 {
        let life = self.vault.peek(|content| Some(content.signed_in.as_ref()?.credentials.as_ref()?.life())).flatten();
        life.map_or(0, |life| self.timing.seconds_to_renewal(life))
    }

    /// Waits for a renewal whose caller went away. Whoever asked for it was told how it ended.
    pub(super) async fn settle(&self) {
        if let Some(renewal) = self.renewing.running() {
            let _ = renewal.await;
        }
    }

    /// After S3 found the time of a request wrong: asks for it, if that answer did not tell.
    pub(super) async fn check_the_clock(&self) {
        self.server.learn_the_time().await;
        self.keep_clock_offset().await;
    }

    /// After an API found the time of a request wrong: its own does not count.
    pub(super) async fn ask_the_time(&self) {
        self.server.ask_the_time().await;
        self.keep_clock_offset().await;
    }

    /// After a refusal without a reason: what to sign the request with once more. Nothing, if the clock is right and these
    /// credentials came in place of others that were refused so: it is a permission that is missing. So somebody who may not
    /// do a thing costs one renewal for as long as credentials live, however often the thing is tried.
    pub(super) async fn look_for_a_cause(
        self: &Arc<Self>,
        refused: &AwsCredentials,
    ) -> Result<Option<AwsCredentials>, SessionError> {
        let was_wrong = self.server.correct_the_clock().await;
        self.keep_clock_offset().await;
        let mut vouched_for = self.vouched_for.lock().await;
        if vouched_for.as_deref() == Some(refused.access_key_id()) {
            return Ok(was_wrong.then(|| refused.clone()));
        }
        let credentials = self.replace(refused).await?;
        *vouched_for = Some(credentials.access_key_id().to_owned());
        Ok(Some(credentials))
    }

    /// After any answer of S3, which tells the time and changes nothing else that is stored.
    pub(super) async fn keep_clock_offset(&self) {
        self.vault.keep_clock_offset().await;
    }

    /// Who is signed in, as far as this process knows: the ID token's `sub`.
    pub(super) fn subject(&self) -> Option<String> {
        self.vault.peek(|content| Some(content.signed_in.as_ref()?.user.subject.clone())).flatten()
    }

    fn known_if(&self, are_wanted: impl FnOnce(&AwsCredentials) -> bool) -> Option<AwsCredentials> {
        let known = self.vault.peek(|content| content.signed_in.as_ref()?.credentials.clone()).flatten();
        known.filter(are_wanted)
    }

    fn is_usable(&self, credentials: &AwsCredentials, wanted: &Wanted) -> bool {
        Some(credentials.access_key_id()) != wanted.refused.as_deref()
            && self.timing.seconds_to_renewal_for(wanted.used_by, credentials.life()) > 0
            && !self.vault.has_lost_an_answer()
    }

    async fn share_renewal(self: &Arc<Self>, wanted: Wanted) -> Result<AwsCredentials, SessionError> {
        let renewal = Arc::clone(self);
        let (renewed, is_joined) = self.renewing.run(self.vault.sign_in(), async move { renewal.renew(&wanted).await });
        let _waiting = is_joined.then(|| self.observer.begin_work(WorkKind::RenewalWait));
        renewed.await
    }

    async fn renew(&self, wanted: &Wanted) -> Result<AwsCredentials, SessionError> {
        // Another process may have done it since this one last looked, or while this one waits for its turn.
        let usable = |signed_in: &SignedIn| {
            signed_in.credentials.clone().filter(|credentials| self.is_usable(credentials, wanted))
        };
        let signed_in = self.vault.signed_in().await?;
        // What was stored may have brought the doubt.
        self.tokens.learn_the_time_if_in_doubt().await;
        if let Some(credentials) = usable(&signed_in) {
            return Ok(credentials);
        }
        let errand = self.vault.begin(Errand::Renewal).await?;
        let signed_in = self.vault.signed_in().await?;
        if let Some(credentials) = usable(&signed_in) {
            return Ok(credentials);
        }
        let mut renewing = self.observer.begin_work(WorkKind::CredentialRenewal);
        let outcome = self.renew_now(&errand, signed_in).await;
        if let (Some(renewing), Err(error)) = (&mut renewing, &outcome) {
            renewing.fail(error.kind());
        }
        outcome
    }

    async fn renew_now(&self, errand: &Exclusive, signed_in: SignedIn) -> Result<AwsCredentials, SessionError> {
        let can_refresh = signed_in.tokens.refresh_token.is_some();
        let signed_in = self.with_fresh_tokens(errand, signed_in).await?;
        let refused = match self.pool.obtain(&signed_in).await {
            Ok(credentials) => return Ok(credentials),
            Err(refused) => refused,
        };
        let is_worn_out = match refused.blame {
            // Cognito finds the ID token too old although it should not be.
            Some(Blame::ExpiredIdToken) => true,
            Some(Blame::UnverifiedIdToken) => {
                can_refresh && self.server.has_dropped_key_of(&signed_in.tokens.id_token).await
            }
            _ => false,
        };
        match refused.cause {
            _ if is_worn_out && can_refresh => {
                // A fresh one decides.
                let signed_in = self.tokens.refresh(errand, signed_in).await?;
                self.pool.obtain(&signed_in).await.map_err(|refused| match refused.blame {
                    Some(Blame::ExpiredIdToken) => cognito::fresh_id_token_expired(),
                    _ => refused.cause,
                })
            }
            SessionError::SignInRequired { .. } if !can_refresh => {
                Err(self.vault.end_session(&signed_in, SignInReason::NoRefreshToken).await)
            }
            cause => Err(cause),
        }
    }

    /// With a fresh ID token, if the time of the one at hand is up.
    async fn with_fresh_tokens(&self, errand: &Exclusive, signed_in: SignedIn) -> Result<SignedIn, SessionError> {
        // Without a refresh token there is nothing to renew with, and Cognito may still take the token: it is the judge.
        let can_refresh = signed_in.tokens.refresh_token.is_some();
        let is_due =
            self.timing.seconds_to_renewal(signed_in.tokens.id_token_life()) <= 0 || self.vault.has_lost_an_answer();
        if !can_refresh || !is_due {
            return Ok(signed_in);
        }
        match self.tokens.refresh(errand, signed_in.clone()).await {
            // An ID token that lasts still buys credentials. The refresh token beside it may be another one by now.
            Err(error) if !error.ends_session() && self.timing.lasts(Some(signed_in.tokens.id_token_expires_at)) => {
                let stored = self.vault.signed_in().await?;
                if stored.tokens.belong_to(&signed_in.tokens.nonce) { Ok(stored) } else { Err(error) }
            }
            refreshed => refreshed,
        }
    }
}

/// The credentials as crates of the AWS SDK take them.
pub(super) async fn provide(renewal: &Arc<CredentialRenewal>) -> Result<Credentials, CredentialsError> {
    let credentials = renewal.credentials(UsedBy::Session).await;
    credentials.map(|credentials| credentials.to_sdk()).map_err(|error| match error {
        SessionError::SignInRequired { .. } => CredentialsError::not_loaded(error),
        SessionError::Misconfigured { .. } => CredentialsError::invalid_configuration(error),
        _ => CredentialsError::provider_error(error),
    })
}

/// For the SDK's own calls beside those that bring their credentials: it opens the session of a directory bucket so.
#[derive(Debug)]
pub(super) struct ForSdk(pub(super) Arc<CredentialRenewal>);

impl ProvideCredentials for ForSdk {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(provide(&self.0))
    }
}

impl fmt::Debug for CredentialRenewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialRenewal").finish_non_exhaustive()
    }
}
