//! The session: who is signed in, and AWS credentials for as long as Okta agrees. The one type that apps hold.

mod accounts;
mod background;
pub(crate) mod events;
mod listing;
mod login;
pub(crate) mod pending;
pub(crate) mod persisted;
mod profile;
pub(crate) mod renewal;
mod sign_out;
mod single_flight;
pub(crate) mod state;
mod vault;

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::aws::s3::ListObjects;
use crate::aws::sdk_config;
use crate::clock::{Clock, CorrectedClock, SystemClock, from_unix};
use crate::cognito::{AwsCredentials, IdentityPool};
use crate::config::Config;
use crate::diagnosis::Evidence;
use crate::error::SessionError;
use crate::mutex::lock;
use crate::net::http::{HostOverrides, Http};
use crate::oidc::discovery::Discovery;
use crate::storage::SecretStore;
pub use accounts::{Account, Accounts};
pub use background::BackgroundRenewal;
use events::Announcer;
pub use events::{Renewed, SessionEvent, SessionEvents};
pub use listing::ObjectPages;
use login::WaitingAnswer;
pub use login::{AuthorizationRequest, LoginOptions};
use persisted::{Owner, Persisted, SignedIn};
pub use renewal::AccessToken;
pub use sign_out::{SignOut, SignOutMode};
use single_flight::SingleFlight;
use state::Event;
pub use state::SessionState;
use vault::Vault;

/// What another process of the app did to the store is noticed after so many seconds at the latest, whenever the session
/// is used: a sign-out there must not leave credentials in use here.
const LOOK_AGAIN_SECONDS: i64 = 60;

/// Who is signed in, as far as Okta told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The `sub` of the ID token; never changes for a user.
    pub subject: String,
    /// `preferred_username`.
    pub username: Option<String>,
    /// The full name.
    pub name: Option<String>,
    /// The e-mail address; Okta sends it from userinfo, a moment after the sign-in.
    pub email: Option<String>,
}

impl User {
    /// The most human of what is known.
    pub fn display_name(&self) -> &str {
        [&self.name, &self.username, &self.email].into_iter().flatten().next().unwrap_or(&self.subject)
    }
}

/// The facts of a session, both clocks included: the ID token's (Okta) and the credentials' (AWS).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionDetails {
    /// The account's name; `default` unless the app keeps several.
    pub account: String,
    /// Who is signed in.
    pub user: Option<User>,
    /// The authorization server.
    pub issuer: String,
    /// The Cognito identity, once it is known.
    pub identity_id: Option<String>,
    /// When the ID token expires. Without a refresh token, the session ends then.
    pub id_token_expires_at: Option<SystemTime>,
    /// When the access token expires.
    pub access_token_expires_at: Option<SystemTime>,
    /// When the AWS credentials expire; they are renewed on use.
    pub aws_credentials_expire_at: Option<SystemTime>,
    /// Whether the session can renew itself.
    pub has_refresh_token: bool,
    /// What is added to the device's clock.
    pub clock_offset_seconds: i64,
    /// The corrected time, to compare the others with.
    pub now: SystemTime,
}

/// A session with Okta and AWS. Clones are the same session.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    account: String,
    config: Config,
    evidence: Evidence,
    clock: CorrectedClock,
    http: Http,
    discovery: Discovery,
    pool: IdentityPool,
    vault: Vault,
    state: watch::Sender<SessionState>,
    events: Announcer,
    renewing_credentials: SingleFlight<AwsCredentials>,
    refreshing_tokens: SingleFlight<SignedIn>,
    // What a sign-in does beside everything else: it opens connections and reads the profile.
    beside: Mutex<Vec<JoinHandle<()>>>,
    // The sign-ins that this process has begun, to cancel them and no others; `None` before the first.
    begun: Mutex<Option<Vec<SecretString>>>,
    // The sign-ins whose code is being exchanged: what comes to an end must find them where they were.
    exchanging: Mutex<Vec<SecretString>>,
    waiting: Mutex<Vec<WaitingAnswer>>,
    jitter_percent: i64,
    last_look_at_store: AtomicI64,
}

/// Sets a session up; see [`Session::builder`].
#[derive(Debug)]
pub struct SessionBuilder {
    config: Config,
    store: Arc<dyn SecretStore>,
    account: String,
    root_certificates: Option<Vec<u8>>,
    overrides: HostOverrides,
    clock: Arc<dyn Clock>,
    stores_credentials: bool,
}

impl SessionBuilder {
    /// Keeps several users apart, each with a session of their own; [`Accounts`] lists them. Letters (upper or lower case
    /// are the same), digits, `.`, `_` and `-`; `default` without it.
    pub fn account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.account);
        self
    }

    /// PEM certificates to trust beside the platform's.
    pub fn root_certificates(mut self, pem: Vec<u8>) -> Self {
        self.root_certificates = Some(pem);
        self
    }

    /// For tests and local development: connects to `address` wherever a URL says `host`, unless the URL has a port of its
    /// own, which then stands. No proxy is asked, and TLS verifies the name as ever.
    pub fn resolve(mut self, host: &str, address: SocketAddr) -> Self {
        self.overrides.insert(host.to_ascii_lowercase(), address);
        self
    }

    /// Whether AWS credentials are kept in the secure store too (they are, unless this says `false`): then a restart lists
    /// in one request. Without, they stay in memory and a restart asks Cognito first.
    pub fn store_aws_credentials(mut self, store: bool) -> Self {
        self.stores_credentials = store;
        self
    }

    /// Another clock than the system's, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the session. Reads no store and no network: the state is [`SessionState::NotLoaded`].
    ///
    /// # Errors
    /// `Misconfigured` for an account name or certificates that cannot be used.
    pub fn open(self) -> Result<Session, SessionError> {
        let account = accounts::check_name(&self.account)?;
        let events = Announcer::new();
        let news = events.clone();
        let clock = CorrectedClock::new(self.clock)
            .on_correction(move |offset_seconds| news.tell(SessionEvent::ClockSkew { offset_seconds }));
        let config = self.config;
        let issuer = Url::parse(config.issuer_url()).ok();
        let http = Http::new(clock.clone(), issuer.as_ref(), self.root_certificates.as_deref(), self.overrides)?;
        let cognito = sdk_config::unsigned(config.region(), config.identity_pool_endpoint(), &http, &clock);
        let name = accounts::blob_name(&account, &config);
        let owner = Owner { account: account.clone(), configuration: config.fingerprint().to_string() };
        let inner = Inner {
            account,
            evidence: Evidence::of(&config),
            discovery: Discovery::new(config.issuer_url()),
            pool: IdentityPool::new(&config, &cognito),
            vault: Vault::new(self.store, &name, owner, self.stores_credentials),
            state: watch::Sender::new(SessionState::NotLoaded),
            events,
            renewing_credentials: SingleFlight::default(),
            refreshing_tokens: SingleFlight::default(),
            beside: Mutex::default(),
            begun: Mutex::default(),
            exchanging: Mutex::default(),
            waiting: Mutex::default(),
            last_look_at_store: AtomicI64::new(0),
            jitter_percent: Inner::choose_jitter(),
            config,
            clock,
            http,
        };
        Ok(Session { inner: Arc::new(inner) })
    }
}

impl Session {
    /// Begins to set a session up.
    pub fn builder(config: Config, store: Arc<dyn SecretStore>) -> SessionBuilder {
        SessionBuilder {
            config,
            store,
            account: accounts::DEFAULT.to_owned(),
            root_certificates: None,
            overrides: HostOverrides::new(),
            clock: Arc::new(SystemClock),
            stores_credentials: true,
        }
    }

    /// A session with every setting at its default.
    ///
    /// # Errors
    /// See [`SessionBuilder::open`].
    pub fn open(config: Config, store: Arc<dyn SecretStore>) -> Result<Self, SessionError> {
        Self::builder(config, store).open()
    }

    /// The configuration it was opened with.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Reads the secure store; no network. A store that cannot be read gives [`SessionState::StorageUnavailable`] and is
    /// never taken for an empty one.
    pub async fn restore(&self) -> SessionState {
        if let Err(error) = self.inner.detached(|inner| async move { inner.read_store().await }).await {
            self.inner.move_on(Event::StorageFailed { detail: error.to_string() });
        }
        self.state()
    }

    /// The state now.
    pub fn state(&self) -> SessionState {
        self.inner.state.borrow().clone()
    }

    /// The state and its changes.
    pub fn watch_state(&self) -> watch::Receiver<SessionState> {
        self.inner.state.subscribe()
    }

    /// What happens from now on.
    pub fn events(&self) -> SessionEvents {
        self.inner.events.subscribe()
    }

    /// What is known of the session, from memory.
    pub fn details(&self) -> SessionDetails {
        let inner = &self.inner;
        let content = inner.vault.peek(Clone::clone).unwrap_or_default();
        let signed_in = content.signed_in.as_ref();
        SessionDetails {
            account: inner.account.clone(),
            user: signed_in.map(|signed_in| signed_in.user.clone()),
            issuer: inner.config.issuer_url().to_owned(),
            identity_id: signed_in.and(content.identity.as_ref()).map(|identity| identity.id().to_owned()),
            id_token_expires_at: signed_in.map(|signed_in| from_unix(signed_in.tokens.id_token_expires_at)),
            access_token_expires_at: signed_in
                .and_then(|signed_in| signed_in.tokens.access_token_expires_at)
                .map(from_unix),
            aws_credentials_expire_at: signed_in
                .and_then(|signed_in| signed_in.credentials.as_ref())
                .map(|credentials| credentials.expires_at()),
            has_refresh_token: signed_in.is_some_and(|signed_in| signed_in.tokens.refresh_token.is_some()),
            clock_offset_seconds: inner.clock.offset_seconds(),
            now: inner.clock.now(),
        }
    }

    /// Lists a bucket, page by page. Nothing is asked before the first page is.
    pub fn list_objects(&self, request: ListObjects) -> ObjectPages {
        ObjectPages::new(self.clone(), request)
    }

    /// The configuration for any crate of the AWS SDK for Rust: this session's credentials, renewed as needed, its HTTP
    /// client and its corrected clock. The region is `Auth.region`.
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config::signed(&self.inner.config, self.clone(), &self.inner.http, &self.inner.clock)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("issuer", &self.inner.config.issuer_url()).finish_non_exhaustive()
    }
}

/// For crates that take a credentials provider instead of an [`SdkConfig`].
impl ProvideCredentials for Session {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            self.aws_credentials().await.map(|credentials| credentials.to_sdk()).map_err(|error| match error {
                SessionError::SignInRequired { .. } => CredentialsError::not_loaded(error),
                SessionError::Misconfigured { .. } => CredentialsError::invalid_configuration(error),
                _ => CredentialsError::provider_error(error),
            })
        })
    }
}

impl Inner {
    /// Runs `work` to its end, also when the caller goes away: what has reached a server or the store must reach the state
    /// too.
    async fn detached<R, W>(self: &Arc<Self>, work: impl FnOnce(Arc<Self>) -> W) -> Result<R, SessionError>
    where
        R: Send + 'static,
        W: Future<Output = Result<R, SessionError>> + Send + 'static,
    {
        tokio::spawn(work(Arc::clone(self))).await.unwrap_or_else(|failure| {
            Err(if failure.is_panic() {
                SessionError::internal("a task of the session panicked")
            } else {
                SessionError::interrupted()
            })
        })
    }

    /// Reads the store. The state follows, and so does the clock, until a service tells the time.
    async fn read_store(&self) -> Result<Persisted, SessionError> {
        if self.vault.has_unsaved() {
            // Every reading is an occasion to bring it to safety; if it fails again, it was reported before.
            let _ = self.change_store(|_| ()).await;
        }
        let content = self.vault.load().await?;
        self.clock.adopt(content.clock_offset_seconds);
        self.follow_the_store();
        Ok(content)
    }

    /// Saves one change. The state follows.
    async fn change_store<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Persisted) -> R + Send + 'static,
    ) -> Result<R, SessionError> {
        let learnt_offset = self.clock.learnt_offset();
        let result = self
            .vault
            .update(move |content| {
                content.clock_offset_seconds = learnt_offset.unwrap_or(content.clock_offset_seconds);
                change(content)
            })
            .await?;
        self.follow_the_store();
        Ok(result)
    }

    /// Publishes what is stored, as this process knows it at the moment of publishing: of two that publish at the same
    /// time, the later one tells the later truth.
    fn follow_the_store(&self) {
        self.last_look_at_store.store(self.clock.unix_now(), Ordering::Relaxed);
        self.publish(|state| {
            let stored = self.vault.peek(Persisted::to_event);
            stored.map_or_else(|| state.clone(), |event| state::next(state, event))
        });
    }

    fn move_on(&self, event: Event) {
        self.publish(|state| state::next(state, event));
    }

    fn publish(&self, next: impl FnOnce(&SessionState) -> SessionState) {
        self.state.send_if_modified(|state| {
            let next = next(state);
            let has_changed = next != *state;
            let before = std::mem::replace(state, next);
            // Told while the state cannot change again: events come in its order.
            state::news(&before, state).into_iter().for_each(|event| self.events.tell(event));
            has_changed
        });
    }

    /// Looks at the store again if the last look was long ago, also by a clock that was set back. What cannot be read
    /// changes nothing.
    async fn notice_others(self: &Arc<Self>) {
        let (now, last) = (self.clock.unix_now(), self.last_look_at_store.load(Ordering::Relaxed));
        let is_long_ago = now.saturating_sub(last).saturating_abs() >= LOOK_AGAIN_SECONDS;
        // One caller looks, and no more often if that fails: a store may take long to say so.
        let is_mine =
            || self.last_look_at_store.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_long_ago
            && is_mine()
            && let Err(error) = self.detached(|inner| async move { inner.read_store().await }).await
        {
            tracing::debug!(%error, "the store could not be looked at again");
        }
    }

    /// Runs `work` beside everything else; [`Session::settle`] waits for it.
    fn spawn_beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut beside = lock(&self.beside);
        beside.retain(|task| !task.is_finished());
        beside.push(tokio::spawn(work));
    }
}
