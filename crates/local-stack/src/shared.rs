//! What the services share: time, the log, faults, latency and each other's addresses.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::clock::StackClock;
use crate::faults::{Fault, Faults};
use crate::issued::IssuedSecrets;
use crate::options::Options;
use crate::random_ids::random_uuid;
use crate::request_log::{RequestLog, Service};
use crate::template::{DEFAULT_STAGE, Deployment};

/// Where the services listen. Each has a port of its own: the real ones are different hosts too, so that connections
/// cannot be shared between them.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The authorization server's origin; the org issuer is this without the trailing slash.
    pub okta: Url,
    /// Cognito identity pools.
    pub cognito: Url,
    /// S3, path style.
    pub s3: Url,
    /// STS.
    pub sts: Url,
    /// The HTTP API, whose `$default` stage is at the root.
    pub api: Url,
}

/// Where a name of the internet is served on this machine. Clients connect there instead of asking the name service;
/// everything else, the check of the certificate's name included, is as if they had reached the real host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostOverride {
    /// The host name in URLs.
    pub host: String,
    /// Where to connect to instead.
    pub address: SocketAddr,
}

/// Carries [`Shared::own_request_mark`] on requests from one service of the stack to another. They are behind the scenes,
/// as in the real world: not in the request log, without injected latency, and no fault that is meant for a client is
/// spent on them.
pub(crate) const OWN_REQUEST_HEADER: &str = "x-local-stack-own-request";

/// Where the buckets are if they are not where everything else is.
const ELSEWHERE: &str = "eu-central-1";

/// One of these exists for each running stack; every service holds it in an `Arc`.
#[derive(Debug)]
pub(crate) struct Shared {
    pub options: Options,
    pub clock: StackClock,
    pub log: RequestLog,
    pub faults: Arc<Faults>,
    pub issued: IssuedSecrets,
    endpoints: OnceLock<Endpoints>,
    ca_pem: OnceLock<String>,
    host_override: OnceLock<HostOverride>,
    latency_ms: AtomicU64,
    /// Requests to S3 that are under way, and more than so many are refused.
    to_s3: AtomicUsize,
    most_to_s3: AtomicUsize,
    own_request_mark: String,
}

impl Shared {
    pub(crate) fn new(options: Options) -> Self {
        let options = options.led_by_template();
        let latency = options.latency;
        let faults = Arc::new(Faults::default());
        let shared = Self {
            options,
            clock: StackClock::new(Arc::clone(&faults)),
            log: RequestLog::default(),
            faults,
            issued: IssuedSecrets::default(),
            endpoints: OnceLock::new(),
            ca_pem: OnceLock::new(),
            host_override: OnceLock::new(),
            latency_ms: AtomicU64::new(0),
            to_s3: AtomicUsize::new(0),
            most_to_s3: AtomicUsize::new(usize::MAX),
            own_request_mark: random_uuid(),
        };
        shared.set_latency(latency);
        shared
    }

    /// Called once, when all listeners are bound.
    pub(crate) fn set_endpoints(&self, endpoints: Endpoints) {
        // A second call would be a bug of `LocalStack::start`; the first one stands.
        let _ = self.endpoints.set(endpoints);
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        #[expect(clippy::expect_used, reason = "no request can arrive before the listeners are bound")]
        self.endpoints.get().expect("endpoints are set before the first request")
    }

    /// Called once at most, before the first request: the certificate that clients must trust.
    pub(crate) fn set_ca_pem(&self, pem: String) {
        let _ = self.ca_pem.set(pem);
    }

    pub(crate) fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.get().map(String::as_str)
    }

    /// Called once at most, before the first request: where the issuer's name leads to.
    pub(crate) fn set_host_override(&self, host_override: HostOverride) {
        let _ = self.host_override.set(host_override);
    }

    pub(crate) fn host_override(&self) -> Option<&HostOverride> {
        self.host_override.get()
    }

    /// What the template comes to, if the stack was started from one.
    pub(crate) fn deployment(&self) -> Option<&Arc<Deployment>> {
        self.options.template.as_ref().map(|template| template.deployment())
    }

    /// Where the buckets are.
    pub(crate) fn bucket_region(&self) -> &str {
        let is_wrong = |fault| self.faults.holds(fault);
        match is_wrong(Fault::S3BucketElsewhere) || is_wrong(Fault::S3RegionMalformed) {
            true => ELSEWHERE,
            false => &self.options.region,
        }
    }

    /// Whether a pool without a template makes a tag of the claim `department`: only to show what can be wrong with tags.
    pub(crate) fn maps_department(&self) -> bool {
        self.deployment().is_none()
            && [Fault::TrustWithoutTagSession, Fault::TagValueRefused].iter().any(|fault| self.faults.holds(*fault))
    }

    /// Whether the custom authorization server adds the claims that access depends on to its ID tokens.
    pub(crate) fn has_access_claims(&self) -> bool {
        self.options.access_claims || self.maps_department()
    }

    /// Whether IAM has a provider for this issuer of a stack without a template.
    pub(crate) fn has_built_in_provider(&self, issuer: &str) -> bool {
        let is_org = issuer == self.org_issuer() && !self.faults.holds(Fault::IamOrgProviderMissing);
        is_org || issuer == self.custom_issuer()
    }

    /// The id of the custom authorization server.
    pub(crate) fn custom_server_id(&self) -> &str {
        self.deployment().and_then(|deployment| deployment.issuer.server_id.as_deref()).unwrap_or("default")
    }

    /// The custom authorization server's issuer, e.g. `http://127.0.0.1:4580/oauth2/default`.
    pub(crate) fn custom_issuer(&self) -> String {
        format!("{}oauth2/{}", self.endpoints().okta, self.custom_server_id())
    }

    /// The issuer that apps are to use: the template's, else the custom authorization server's.
    pub(crate) fn issuer(&self) -> String {
        self.deployment().map_or_else(|| self.custom_issuer(), |deployment| deployment.issuer.url.clone())
    }

    /// The org authorization server's issuer: the origin without a trailing slash.
    pub(crate) fn org_issuer(&self) -> String {
        self.endpoints().okta.as_str().trim_end_matches('/').to_owned()
    }

    /// Where callers of the HTTP API put their paths behind; none if the template has no API.
    pub(crate) fn api_url(&self) -> Option<String> {
        let root = self.endpoints().api.as_str().trim_end_matches('/');
        let Some(deployment) = self.deployment() else { return Some(root.to_owned()) };
        let stages = &deployment.api.as_ref()?.stages;
        if stages.iter().any(|stage| stage == DEFAULT_STAGE) {
            return Some(root.to_owned());
        }
        stages.first().map(|stage| format!("{root}/{stage}"))
    }

    /// Random, so that no client can hide its requests from the log.
    pub(crate) fn own_request_mark(&self) -> &str {
        &self.own_request_mark
    }

    /// Whether these headers are those of a request from another service of the stack.
    pub(crate) fn is_own_request(&self, headers: &HeaderMap) -> bool {
        let mark = headers.get(OWN_REQUEST_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
        mark.ct_eq(self.own_request_mark.as_bytes()).into()
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        self.latency_ms.store(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn set_most_to_s3(&self, most: usize) {
        self.most_to_s3.store(most, Ordering::Relaxed);
    }

    /// Counts a request as under way until this is dropped.
    pub(crate) fn begin(self: &Arc<Self>, service: Service) -> Option<UnderWay> {
        (service == Service::S3).then(|| {
            self.to_s3.fetch_add(1, Ordering::Relaxed);
            UnderWay(Arc::clone(self))
        })
    }

    /// S3 is asked for more at a time than it takes.
    pub(crate) fn is_s3_crowded(&self) -> bool {
        self.to_s3.load(Ordering::Relaxed) > self.most_to_s3.load(Ordering::Relaxed)
    }
}

/// A request to S3.
pub(crate) struct UnderWay(Arc<Shared>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.to_s3.fetch_sub(1, Ordering::Relaxed);
    }
}
