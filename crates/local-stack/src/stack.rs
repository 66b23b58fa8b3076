//! Starts and stops the whole stack, and gives its controls.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::api;
use crate::clock::StackClock;
use crate::cognito;
use crate::config_files::{self, ConfigFiles, WriteConfigError};
use crate::credentials::CredentialRegistry;
use crate::faults::Faults;
use crate::issued::IssuedSecrets;
use crate::jws::{KeyError, SigningKey};
use crate::okta::{self, Okta};
use crate::options::Options;
use crate::request_log::{RequestLog, Service};
use crate::role_session::Roles;
use crate::s3;
use crate::server::{self, Site};
use crate::shared::{Endpoints, HostOverride, Shared};
use crate::sts;
use crate::tls::{self, TlsError};

const LOOPBACK: &str = "127.0.0.1";
const HTTPS_PORT: u16 = 443;
const MAX_OKTA_BODY_BYTES: usize = 256 * 1024;
const MAX_COGNITO_BODY_BYTES: usize = 256 * 1024;

/// The stack could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens on a port that the stack needs.
    #[error("port {port} on 127.0.0.1 is in use by another program; choose another first port")]
    PortBusy {
        /// The port in question.
        port: u16,
    },
    /// The five consecutive ports do not fit below 65536.
    #[error("port {port} is too high: the stack needs five ports in a row, so 65531 is the last that can be asked for")]
    PortTooHigh {
        /// The first port that was asked for.
        port: u16,
    },
    /// Listening failed for another reason.
    #[error("failed to listen on port {port} of 127.0.0.1: {source}")]
    Listen {
        /// The port that was asked for; 0 means that the system was to choose.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A signing key or certificate could not be made.
    #[error("failed to make the stack's keys: {detail}")]
    Keys {
        /// What went wrong.
        detail: String,
    },
}

impl From<TlsError> for StartError {
    fn from(error: TlsError) -> Self {
        Self::Keys { detail: error.to_string() }
    }
}

impl From<KeyError> for StartError {
    fn from(error: KeyError) -> Self {
        Self::Keys { detail: error.to_string() }
    }
}

/// A signing key could not be made; the keys in use are unchanged.
#[derive(Debug, thiserror::Error)]
#[error("failed to make a new signing key")]
pub struct RotateKeyError;

/// A running stack. Dropping it stops it: the listeners close and open connections end.
pub struct LocalStack {
    shared: Arc<Shared>,
    okta: Arc<Okta>,
    credentials: Arc<CredentialRegistry>,
    listeners: JoinSet<()>,
}

impl LocalStack {
    /// Starts the stack on 127.0.0.1. It is ready when this returns: the ports accept connections.
    ///
    /// # Errors
    /// [`StartError::PortBusy`] names the port that another program holds; nothing is left running then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // Both take time, so they begin together; the key is made on a thread that may block.
        let first_key = tokio::task::spawn_blocking(SigningKey::take_unused);
        let [okta_port, cognito_port, s3_port, sts_port, api_port] = bind_ports(options.port).await?;
        let shared = Arc::new(Shared::new(options));
        let mut acceptor = None;
        if shared.options.tls {
            let issuer_host = shared.deployment().map(|deployment| deployment.issuer.host.clone());
            let server_tls = tls::create_server_tls(shared.clock.now(), issuer_host.as_slice())?;
            acceptor = Some(server_tls.acceptor);
            shared.set_ca_pem(server_tls.ca_pem);
        }
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let okta = match shared.deployment() {
            None => origin(scheme, &shared.options.okta_host, okta_port.port)?,
            // No port in it: IAM accepts none. So nobody gets there without knowing where it really is.
            Some(deployment) => {
                let host = deployment.issuer.host.clone();
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, okta_port.port));
                let okta = origin(scheme, &host, HTTPS_PORT)?;
                shared.set_host_override(HostOverride { host, address });
                okta
            }
        };
        shared.set_endpoints(Endpoints {
            okta,
            cognito: origin(scheme, LOOPBACK, cognito_port.port)?,
            s3: origin(scheme, LOOPBACK, s3_port.port)?,
            sts: origin(scheme, LOOPBACK, sts_port.port)?,
            api: origin(scheme, LOOPBACK, api_port.port)?,
        });
        let first_key = first_key.await.map_err(|_| KeyError)??;
        let okta = Arc::new(Okta::new(Arc::clone(&shared), first_key));
        let mut listeners = JoinSet::new();
        let mut serve = |bound: BoundPort, service, router, max_body_bytes| {
            let host = shared.host_override().filter(|_| service == Service::Okta).map(|known| known.host.clone());
            let site = Site { service, port: bound.port, host, router, max_body_bytes, shared: Arc::clone(&shared) };
            listeners.spawn(server::serve(bound.listener, acceptor.clone(), site));
        };
        let credentials = Arc::new(CredentialRegistry::new(Arc::clone(&shared)));
        let roles = Arc::new(Roles::new(Arc::clone(&shared)));
        let cognito = cognito::router(Arc::clone(&shared), Arc::clone(&credentials), Arc::clone(&roles));
        let s3 = s3::router(Arc::clone(&shared), Arc::clone(&credentials));
        let sts = sts::router(Arc::clone(&shared), Arc::clone(&credentials), Arc::clone(&roles));
        let api = api::router(Arc::clone(&shared), Arc::clone(&credentials), roles);
        serve(okta_port, Service::Okta, okta::router(&okta), Some(MAX_OKTA_BODY_BYTES));
        serve(cognito_port, Service::Cognito, cognito, Some(MAX_COGNITO_BODY_BYTES));
        serve(s3_port, Service::S3, s3, None);
        serve(sts_port, Service::Sts, sts, Some(sts::MAX_BODY));
        serve(api_port, Service::Api, api, Some(api::MAX_BODY));
        Ok(Self { shared, okta, credentials, listeners })
    }

    /// Stops the stack and waits until its ports are free again.
    pub async fn shutdown(mut self) {
        self.listeners.shutdown().await;
    }

    /// Where the services listen.
    pub fn endpoints(&self) -> &Endpoints {
        self.shared.endpoints()
    }

    /// Where callers of the HTTP API put their paths behind: `API.endpoints` of the written configuration. None if the
    /// template has no API.
    pub fn api_url(&self) -> Option<String> {
        self.shared.api_url()
    }

    /// The issuer in the written configuration: the template's, else the custom authorization server's.
    pub fn issuer(&self) -> String {
        self.shared.issuer()
    }

    /// With a template: the issuer's host name, and where it is served. Clients have to be told.
    pub fn host_override(&self) -> Option<&HostOverride> {
        self.shared.host_override()
    }

    /// The custom authorization server's issuer, `…/oauth2/default` unless a template has another.
    pub fn custom_issuer(&self) -> String {
        self.shared.custom_issuer()
    }

    /// The org authorization server's issuer: the origin alone.
    pub fn org_issuer(&self) -> String {
        self.shared.org_issuer()
    }

    /// How the stack was set up.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// What was asked of the stack.
    pub fn log(&self) -> &RequestLog {
        &self.shared.log
    }

    /// Failures to switch on.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The stack's time.
    pub fn clock(&self) -> &StackClock {
        &self.shared.clock
    }

    /// Every secret that the stack handed out, for tests that look for leaks.
    pub fn issued_secrets(&self) -> &IssuedSecrets {
        &self.shared.issued
    }

    /// The Cognito identity that temporary credentials were handed out for, expired or not.
    pub fn identity_of(&self, access_key_id: &str) -> Option<String> {
        Some(self.credentials.find(access_key_id)?.identity_id.clone()).filter(|identity| !identity.is_empty())
    }

    /// Sets the pause before each answer.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.set_latency(latency);
    }

    /// Lets S3 refuse every request that is one more than so many at a time (503 `SlowDown`), as it may "if there is a fast
    /// spike in the request rate […] while it scales in the background" (AWS Knowledge Center, "Why am I getting 503 Slow Down
    /// errors from Amazon S3 when the requests are within the supported request rate per prefix?", 2020-01-14; 2022-11-21 has "a
    /// sudden increase"). What S3 counts is requests per second and prefix; at a time is what a client can govern.
    pub fn set_most_requests_to_s3(&self, most: Option<usize>) {
        self.shared.set_most_to_s3(most.unwrap_or(usize::MAX));
    }

    /// Signs with a new key from now on. The old ones stay published until
    /// [`drop_old_signing_keys`](Self::drop_old_signing_keys).
    ///
    /// # Errors
    /// When no key could be made.
    pub async fn rotate_signing_key(&self) -> Result<(), RotateKeyError> {
        let key = tokio::task::spawn_blocking(SigningKey::take_unused)
            .await
            .map_err(|_| RotateKeyError)?
            .map_err(|_| RotateKeyError)?;
        self.okta.keys().add(key);
        Ok(())
    }

    /// Publishes only the key that signs now, so that tokens signed by older ones can no longer be verified.
    pub fn drop_old_signing_keys(&self) {
        self.okta.keys().drop_old();
    }

    /// The certificate that clients must trust, when the stack serves https.
    pub fn ca_pem(&self) -> Option<String> {
        self.shared.ca_pem().map(str::to_owned)
    }

    /// The configuration files for an app that uses this stack, as text.
    pub fn config_files(&self) -> ConfigFiles {
        config_files::render(&self.shared)
    }

    /// Writes the configuration files into `directory`, which is made if need be, and gives their paths.
    ///
    /// # Errors
    /// Without `overwrite`, a file that is there with other content stops it before anything is written.
    pub fn write_config(&self, directory: &Path, overwrite: bool) -> Result<Vec<PathBuf>, WriteConfigError> {
        config_files::write(&self.config_files(), directory, overwrite)
    }
}

impl std::fmt::Debug for LocalStack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalStack").field("endpoints", self.endpoints()).finish_non_exhaustive()
    }
}

struct BoundPort {
    listener: TcpListener,
    port: u16,
}

async fn bind_ports(first: u16) -> Result<[BoundPort; 5], StartError> {
    if first > u16::MAX - 4 {
        return Err(StartError::PortTooHigh { port: first });
    }
    let nth = |n| if first == 0 { 0 } else { first + n };
    Ok([bind(nth(0)).await?, bind(nth(1)).await?, bind(nth(2)).await?, bind(nth(3)).await?, bind(nth(4)).await?])
}

async fn bind(port: u16) -> Result<BoundPort, StartError> {
    let describe = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortBusy { port },
        _ => StartError::Listen { port, source },
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(describe)?;
    let port = listener.local_addr().map_err(describe)?.port();
    Ok(BoundPort { listener, port })
}

fn origin(scheme: &str, host: &str, port: u16) -> Result<Url, StartError> {
    Url::parse(&format!("{scheme}://{host}:{port}/"))
        .map_err(|error| StartError::Listen { port, source: io::Error::other(error) })
}
