//! Sets a session up: the one place where its parts are put together.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::api::Apis;
use super::connections::Connections;
use super::diagnose::Diagnosis;
use super::names;
use super::objects::{Objects, PATIENCE};
use super::others::OtherSessions;
use super::renewal::{CredentialRenewal, ForSdk};
use super::session::{Parts, Session};
use super::sign_out::Leaving;
use crate::aws::{endpoints, s3, sdk_config};
use crate::clock::{Clock, CorrectedClock, SystemClock};
use crate::cognito::IdentityPool;
use crate::config::Config;
use crate::error::SessionError;
use crate::later::Later;
use crate::life::RenewalTiming;
use crate::net::http::{HostOverrides, Http};
use crate::net::naming::{KnownHosts, host_of};
use crate::net::watching::Watcher;
use crate::observing::{Observer, RequestObserver};
use crate::session::aws::PoolCredentials;
use crate::session::okta::{AuthorizationServer, ProfileReader, SignIns, TokenRenewal};
use crate::session::published::{Board, SessionEvent};
use crate::session::tasks::Beside;
use crate::session::vault::Vault;
use crate::storage::SecretStore;

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
    permitted_endpoint: Option<String>,
    transfer_patience: Duration,
    observer: Option<Arc<dyn RequestObserver>>,
}

impl SessionBuilder {
    /// Keeps several users apart, each with a session of their own; [`Accounts`](super::Accounts) lists them. Letters
    /// (upper or lower case are the same), digits, `.`, `_` and `-`; `default` without it.
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

    /// Permits the configuration to name `endpoint` (scheme, host and port, such as `https://cognito.example.com`) as
    /// `Auth.identityPoolEndpoint`: that server gets the ID tokens of whoever signs in. Cognito itself, its VPC endpoints and
    /// this machine need no permission; anything else is refused without it, because a configuration can come with any
    /// checkout. Take it from the program or the user, never from the configuration.
    pub fn permit_identity_pool_endpoint(mut self, endpoint: &str) -> Self {
        self.permitted_endpoint = Some(endpoint.to_owned());
        self
    }

    /// Another clock than the system's, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How long the transfer of an object may stand still before its connection is given up and what is missing is asked for
    /// again; 20 seconds without this. Less than 4 KiB in so long a time is standing still.
    pub fn transfer_patience(mut self, patience: Duration) -> Self {
        self.transfer_patience = patience;
        self
    }

    /// Tells `observer` of each request, each renewal and each wait of this session: what, when, how long and how it ended,
    /// without secrets. Without this nothing is recorded, and nothing is spent on it.
    pub fn observe_requests(mut self, observer: Arc<dyn RequestObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Opens the session. Reads no store and no network: the state is [`SessionState::NotLoaded`](super::SessionState).
    ///
    /// # Errors
    /// `Misconfigured` for an account name or certificates that cannot be used, and for a configuration that sends ID tokens
    /// [where nobody permitted it](Self::permit_identity_pool_endpoint).
    pub fn open(self) -> Result<Session, SessionError> {
        let account = names::check_name(&self.account)?;
        let config = self.config;
        endpoints::check_token_receiver(&config, self.permitted_endpoint.as_deref())?;
        let board = Arc::new(Board::new());
        let news = Arc::clone(&board);
        let clock = CorrectedClock::new(self.clock)
            .on_correction(move |offset_seconds| news.tell(SessionEvent::ClockSkew { offset_seconds }));
        let issuer = Url::parse(config.issuer_url()).ok();
        let http = Http::new(clock.clone(), issuer.as_ref(), self.root_certificates.as_deref(), self.overrides)?;
        let observer = self.observer.map(|observer| Observer::new(observer, clock.device_now()));
        let watcher = observer.clone().map(|observer| Watcher::new(observer, known_hosts(&config)));
        let observer = observer.unwrap_or_default();
        let for_domains = config.clone();
        let domains = Later::new(move || endpoints::domains(&for_domains).collect());
        let http = http.believing(domains).watched_by(watcher.unwrap_or_default());

        let name = names::blob_name(&account, &config);
        let owner = names::owner_of(&account, &config);
        let store = self.store;
        let others = OtherSessions::new(Arc::clone(&store), http.clone(), clock.clone());
        let vault =
            Vault::new(Arc::clone(&store), &name, owner, self.stores_credentials, clock.clone(), Arc::clone(&board));
        let vault = vault.observed_by(observer.clone());
        let timing = RenewalTiming::new(clock.clone());
        let beside = Beside::default();

        let server = Arc::new(AuthorizationServer::new(config.clone(), &http, clock.clone()));
        let tokens = Arc::new(TokenRenewal::new(
            Arc::clone(&server),
            vault.clone(),
            Arc::clone(&board),
            clock.clone(),
            timing.clone(),
            beside.clone(),
            observer.clone(),
        ));
        let profile =
            Arc::new(ProfileReader::new(Arc::clone(&server), Arc::clone(&tokens), vault.clone(), Arc::clone(&board)));
        let sign_ins = Arc::new(SignIns::new(
            config.clone(),
            Arc::clone(&server),
            Arc::clone(&profile),
            vault.clone(),
            Arc::clone(&board),
            clock.clone(),
            beside.clone(),
        ));

        let cognito = sdk_config::unsigned(config.region(), config.identity_pool_endpoint(), &http, &clock);
        let identity_pool = IdentityPool::new(&config, &cognito);
        let pool = PoolCredentials::new(
            identity_pool.clone(),
            config.identity_pool_id(),
            vault.clone(),
            Arc::clone(&board),
            clock.clone(),
        );
        let credentials = Arc::new(CredentialRenewal::new(
            Arc::clone(&server),
            Arc::clone(&tokens),
            pool,
            vault.clone(),
            timing,
            observer,
        ));
        let for_sdk = ForSdk(Arc::clone(&credentials));
        let s3 = Arc::new(s3::Clients::new(config.clone(), sdk_config::signed(&config, for_sdk, &http, &clock)));
        let objects = Objects::new(
            Arc::clone(&credentials),
            config.clone(),
            Arc::clone(&s3),
            self.transfer_patience,
            beside.clone(),
        );
        let apis = Apis {
            credentials: Arc::clone(&credentials),
            config: config.clone(),
            http: http.clone(),
            clock: clock.clone(),
        };

        let diagnosis = Diagnosis {
            config: config.clone(),
            http: http.clone(),
            clock: clock.clone(),
            server: Arc::clone(&server),
            sign_ins: Arc::clone(&sign_ins),
            store: Arc::clone(&store),
            account: account.clone(),
            vault: vault.clone(),
            pool: identity_pool,
            credentials: Arc::clone(&credentials),
            s3: Arc::clone(&s3),
            apis: apis.clone(),
        };

        Ok(Session::from_parts(Parts {
            diagnosis,
            connections: Connections::new(&config, Arc::clone(&server), http.clone(), beside.clone()),
            credentials,
            s3,
            apis,
            objects,
            leaving: Leaving::new(Arc::clone(&sign_ins), server, vault.clone()),
            account,
            others,
            config,
            clock,
            http,
            board,
            vault,
            beside,
            tokens,
            profile,
            sign_ins,
        }))
    }
}

/// What is asked where, for whoever reads a trace.
fn known_hosts(config: &Config) -> KnownHosts {
    let issuer = Url::parse(config.issuer_url()).ok();
    let own = [(issuer, "Okta"), (endpoints::cognito_host(config), "Cognito"), (endpoints::bucket_host(config), "S3")];
    own.into_iter().filter_map(|(url, service)| Some((host_of(&url?), service))).collect()
}

impl Session {
    /// Begins to set a session up.
    pub fn builder(config: Config, store: Arc<dyn SecretStore>) -> SessionBuilder {
        SessionBuilder {
            config,
            store,
            account: names::DEFAULT.to_owned(),
            root_certificates: None,
            overrides: HostOverrides::new(),
            clock: Arc::new(SystemClock),
            stores_credentials: true,
            permitted_endpoint: None,
            transfer_patience: PATIENCE,
            observer: None,
        }
    }

    /// A session with every setting at its default.
    ///
    /// # Errors
    /// See [`SessionBuilder::open`].
    pub fn open(config: Config, store: Arc<dyn SecretStore>) -> Result<Self, SessionError> {
        Self::builder(config, store).open()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::clock::from_unix;
    use crate::session::names::tests::config;
    use crate::session::published::SessionState;
    use crate::session::stored::tests::SCHEMA_1;
    use crate::storage::MemoryStore;

    /// While the keys of the golden file are good.
    #[derive(Debug)]
    struct Then;

    impl Clock for Then {
        fn now(&self) -> SystemTime {
            from_unix(1_800_000_060)
        }
    }

    /// A client takes milliseconds to be made, and the first handshake of a process reads hundreds of certificates.
    #[tokio::test]
    async fn who_has_good_keys_gets_them_without_a_client() {
        let store = Arc::new(MemoryStore::new());
        // A clock that was wrong is a reason to ask for the time.
        let stored = SCHEMA_1.replace(r#""clock_offset_seconds": -7200"#, r#""clock_offset_seconds": 0"#);
        store.save("default.d39979567891dfb9", stored.as_bytes()).unwrap();
        let session = Session::builder(config(""), store).clock(Arc::new(Then)).open().unwrap();
        assert!(matches!(session.restore().await, SessionState::SignedIn { .. }));
        assert_eq!(session.aws_credentials().await.unwrap().access_key_id(), "ASIASTOREDKEYID00000");
        session.check_clock().await;
        assert_eq!(session.details().account, "default");
        let _s3 = session.sdk_config();
        assert!(!session.has_made_clients());
    }
}
