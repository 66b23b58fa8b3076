//! Where the authorization server's endpoints are. Always asked from the server (OpenID Connect Discovery 1.0 §4): the
//! org and the custom authorization servers of Okta have different paths, and building them by hand breaks one of them.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::clock::{from_unix, to_unix};
use crate::diagnosis::{HttpError, issuer};
use crate::error::SessionError;
use crate::mutex::lock;
use crate::net::http::Http;
use crate::oidc::keys::KeySet;

/// How long endpoints and keys are used when the server does not say.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);
/// However long the server says: keys rotate, endpoints move.
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// A token with an unknown key makes us look for new keys, but not more often than this.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(60);

const KEY_FETCH_PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_secs(2)];

/// What this library needs of the provider's metadata. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    pub jwks_uri: Url,
    pub userinfo_endpoint: Option<Url>,
    pub revocation_endpoint: Option<Url>,
    pub end_session_endpoint: Option<Url>,
    /// RFC 9126 §5.
    #[serde(default)]
    pub pushed_authorization_request_endpoint: Option<Url>,
    /// RFC 9126 §5: no request is taken but through that endpoint.
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// RFC 9207 §3: the redirect will carry `iss`.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// Discovery 1.0 §3: a server may leave some of its own out. For explanations alone, so that it is not stored, and no list
    /// is none.
    #[serde(default, deserialize_with = "texts", skip_serializing)]
    pub scopes_supported: Vec<String>,
}

fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    Ok(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
}

/// The provider as an open sign-in needs it: kept with the pending authorization, so that a fresh process can finish
/// it without asking again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provider {
    pub metadata: ProviderMetadata,
    /// None where nobody has waited for them: the request for a sign-in needs no keys.
    pub keys: KeySet,
}

/// What is remembered of it, in memory and with a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownProvider {
    #[serde(flatten)]
    pub provider: Provider,
    /// By the corrected clock, in seconds since 1970.
    pub fresh_until: i64,
}

impl KnownProvider {
    fn new(provider: Provider, fresh_until: SystemTime) -> Self {
        Self { provider, fresh_until: to_unix(fresh_until) }
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        let now = to_unix(now);
        // A clock that was wrong when it was written must not make it last for ever.
        now < self.fresh_until && self.fresh_until <= now.saturating_add_unsigned(LONGEST_LIFETIME.as_secs())
    }
}

/// Why there are no metadata, for who asks what is wrong with them.
pub(crate) enum Uninspected {
    /// The server was not reached, or somebody else answered in its place.
    Unreached(SessionError),
    /// The server's own answer is the trouble.
    Unusable(SessionError),
}

/// Asks the issuer once and remembers the answer.
#[derive(Debug)]
pub(crate) struct Discovery {
    issuer: String,
    cached: Mutex<Option<KnownProvider>>,
    last_unknown_key: Mutex<Option<SystemTime>>,
    // One caller asks, the others wait for its answer.
    asking: tokio::sync::Mutex<()>,
}

impl Discovery {
    pub(crate) fn new(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            cached: Mutex::new(None),
            last_unknown_key: Mutex::new(None),
            asking: tokio::sync::Mutex::new(()),
        }
    }

    /// Endpoints, and keys as far as they are at hand; from the cache while they are fresh.
    pub(crate) async fn endpoints(&self, http: &Http, now: SystemTime) -> Result<Provider, SessionError> {
        if let Some(known) = self.known(now) {
            return Ok(known.provider);
        }
        let _one_at_a_time = self.asking.lock().await;
        self.endpoints_alone(http, now).await.map(|known| known.provider)
    }

    /// Endpoints and keys, from the cache while they are fresh.
    pub(crate) async fn provider(&self, http: &Http, now: SystemTime) -> Result<Provider, SessionError> {
        if let Some(provider) = self.fresh(now) {
            return Ok(provider);
        }
        let _one_at_a_time = self.asking.lock().await;
        if let Some(provider) = self.fresh(now) {
            return Ok(provider);
        }
        let KnownProvider { provider: Provider { metadata, .. }, fresh_until } =
            self.endpoints_alone(http, now).await?;
        let (keys, lifetime) = fetch_keys(http, &metadata.jwks_uri).await?;
        let provider = Provider { metadata, keys };
        self.remember(provider.clone(), from_unix(fresh_until).min(now + lifetime));
        Ok(provider)
    }

    /// By whoever alone may ask now.
    async fn endpoints_alone(&self, http: &Http, now: SystemTime) -> Result<KnownProvider, SessionError> {
        if let Some(known) = self.known(now) {
            return Ok(known);
        }
        let (metadata, lifetime) = self.fetch_metadata(http).await?;
        let known = KnownProvider::new(Provider { metadata, keys: KeySet::default() }, now + lifetime);
        *lock(&self.cached) = Some(known.clone());
        Ok(known)
    }

    /// The metadata as they are now, whatever is remembered of them.
    pub(crate) async fn inspect_metadata(&self, http: &Http) -> Result<ProviderMetadata, Uninspected> {
        let url = self.document_url().map_err(Uninspected::Unusable)?;
        let (metadata, _) = http.get_json::<ProviderMetadata>(&url).await.map_err(|error| {
            let is_answered = is_answered(&error);
            match issuer::not_discovered(&self.issuer, error) {
                error if is_answered || issuer::is_blamed(&error) => Uninspected::Unusable(error),
                error => Uninspected::Unreached(error),
            }
        })?;
        self.check(&metadata).map_err(Uninspected::Unusable)?;
        Ok(metadata)
    }

    /// The keys as they are now, which are remembered beside `metadata`.
    pub(crate) async fn inspect_keys(
        &self,
        http: &Http,
        metadata: ProviderMetadata,
        now: SystemTime,
    ) -> Result<Provider, SessionError> {
        let (keys, lifetime) = fetch_keys(http, &metadata.jwks_uri).await?;
        let provider = Provider { metadata, keys };
        self.remember(provider.clone(), now + lifetime.min(DEFAULT_LIFETIME));
        Ok(provider)
    }

    /// One request whose answer's `Date` tells the time; nothing else of it counts.
    pub(crate) async fn ask_the_time(&self, http: &Http) {
        if let Ok(url) = self.document_url() {
            http.ask_the_time(url).await;
        }
    }

    fn document_url(&self) -> Result<Url, SessionError> {
        // Discovery 1.0 §4.1: a slash at the issuer's end goes before the rest is added.
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        Url::parse(&address).map_err(issuer::no_url)
    }

    /// Takes over what another process of the app asked for, if this one knows nothing better. It is looked at as if it came
    /// from the server: the configuration may have changed.
    pub(crate) fn adopt(&self, known: &KnownProvider) {
        if self.check(&known.provider.metadata).is_err() {
            return;
        }
        let mut cached = lock(&self.cached);
        let has_keys = !known.provider.keys.is_empty();
        let is_better = |cached: &KnownProvider| {
            let is_fresher = known.fresh_until > cached.fresh_until;
            if cached.provider.keys.is_empty() { has_keys || is_fresher } else { has_keys && is_fresher }
        };
        if cached.as_ref().is_none_or(is_better) {
            *cached = Some(known.clone());
        }
    }

    /// What is in memory and may still be used, for the next process.
    pub(crate) fn known(&self, now: SystemTime) -> Option<KnownProvider> {
        lock(&self.cached).as_ref().filter(|cached| cached.is_fresh(now)).cloned()
    }

    /// Looks for new keys because a token names one that is not in `provider`. At most once a minute; in between the
    /// known keys are all there is.
    pub(crate) async fn refetch_keys(
        &self,
        http: &Http,
        provider: &Provider,
        now: SystemTime,
    ) -> Result<KeySet, SessionError> {
        let _one_at_a_time = self.asking.lock().await;
        let last = *lock(&self.last_unknown_key);
        if last.is_some_and(|last| now.duration_since(last).is_ok_and(|age| age < UNKNOWN_KEY_PAUSE)) {
            return Ok(self.fresh(now).map_or_else(|| provider.keys.clone(), |cached| cached.keys));
        }
        let (keys, lifetime) = fetch_keys_patiently(http, &provider.metadata.jwks_uri).await?;
        *lock(&self.last_unknown_key) = Some(now);
        self.remember(Provider { metadata: provider.metadata.clone(), keys: keys.clone() }, now + lifetime);
        Ok(keys)
    }

    async fn fetch_metadata(&self, http: &Http) -> Result<(ProviderMetadata, Duration), SessionError> {
        let url = self.document_url()?;
        let found = http.get_json::<ProviderMetadata>(&url).await;
        let (metadata, answer) = found.map_err(|error| issuer::not_discovered(&self.issuer, error))?;
        self.check(&metadata)?;
        let lifetime = answer.max_age().unwrap_or(DEFAULT_LIFETIME).min(LONGEST_LIFETIME);
        Ok((metadata, lifetime))
    }

    fn check(&self, metadata: &ProviderMetadata) -> Result<(), SessionError> {
        // Discovery 1.0 §4.3: the two must be equal, or one server could speak for another.
        if metadata.issuer != self.issuer {
            return Err(issuer::differs(&self.issuer, &metadata.issuer));
        }
        metadata.endpoints().try_for_each(|(name, endpoint)| issuer::check_endpoint(&self.issuer, name, endpoint))
    }

    /// The same, keys included.
    pub(crate) fn fresh(&self, now: SystemTime) -> Option<Provider> {
        self.known(now).map(|known| known.provider).filter(|provider| !provider.keys.is_empty())
    }

    fn remember(&self, provider: Provider, fresh_until: SystemTime) {
        *lock(&self.cached) = Some(KnownProvider::new(provider, fresh_until));
    }
}

impl ProviderMetadata {
    fn endpoints(&self) -> impl Iterator<Item = (&'static str, &Url)> {
        [
            ("authorization_endpoint", Some(&self.authorization_endpoint)),
            ("token_endpoint", Some(&self.token_endpoint)),
            ("jwks_uri", Some(&self.jwks_uri)),
            ("userinfo_endpoint", self.userinfo_endpoint.as_ref()),
            ("revocation_endpoint", self.revocation_endpoint.as_ref()),
            ("end_session_endpoint", self.end_session_endpoint.as_ref()),
            ("pushed_authorization_request_endpoint", self.pushed_authorization_request_endpoint.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, endpoint)| Some((name, endpoint?)))
    }
}

/// Whether a failure is an answer of the server that was asked.
fn is_answered(error: &HttpError) -> bool {
    matches!(
        error,
        HttpError::Unavailable { .. }
            | HttpError::TooLarge { .. }
            | HttpError::Unreadable(_)
            | HttpError::Refused { .. }
            | HttpError::Compressed(_)
    )
}

/// The token that these keys are to verify has been paid for with a code that cannot be used again: a passing fault must
/// not cost it.
async fn fetch_keys_patiently(http: &Http, jwks_uri: &Url) -> Result<(KeySet, Duration), SessionError> {
    for pause in KEY_FETCH_PAUSES {
        match fetch_keys(http, jwks_uri).await {
            Err(SessionError::Retryable { .. }) => tokio::time::sleep(pause).await,
            outcome => return outcome,
        }
    }
    fetch_keys(http, jwks_uri).await
}

async fn fetch_keys(http: &Http, jwks_uri: &Url) -> Result<(KeySet, Duration), SessionError> {
    let (document, answer) = http
        .get_json::<serde_json::Value>(jwks_uri)
        .await
        .map_err(|error| issuer::unanswered("signing keys", jwks_uri, error))?;
    let keys = KeySet::from_document(&document)
        .map_err(|problem| issuer::unanswered("signing keys", jwks_uri, HttpError::Unreadable(problem)))?;
    let lifetime = answer.max_age().unwrap_or(DEFAULT_LIFETIME).min(LONGEST_LIFETIME);
    Ok((keys, lifetime))
}
