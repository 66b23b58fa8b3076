//! The keys that an issuer of tokens publishes, and the check of a token's signature with them. As real services do, it
//! knows an issuer by its URL alone: it fetches discovery document and keys over HTTP and caches them as the answers allow.
//! What else a token has to be is the business of whoever takes it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use reqwest::Client;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use url::Url;

use crate::jws::{self, JwsError};
use crate::shared::{OWN_REQUEST_HEADER, Shared};
use crate::tls;

/// Who signs the tokens that identity pools give out in the classic flow: the `iss` of every pool's.
pub(crate) const COGNITO_ISSUER: &str = "https://cognito-identity.amazonaws.com";

const MAX_DOCUMENT: usize = 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that keys are kept, whatever the answer says.
const MAX_KEY_AGE: Duration = Duration::from_secs(24 * 3600);

/// Why a signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeysError {
    /// The issuer did not answer, or not as an issuer does.
    Unreachable,
    /// It answered, and the signature is by none of its keys.
    Unverified,
    /// The stack failed.
    Internal,
}

/// The keys of every issuer that was asked for so far. Each service that takes tokens has its own.
pub(crate) struct IssuerKeys {
    shared: Arc<Shared>,
    client: OnceCell<Client>,
    keys: Mutex<HashMap<String, Keys>>,
}

#[derive(Clone)]
struct Keys {
    jwks: Arc<Value>,
    /// On the stack's monotonic clock.
    stale_at: Duration,
}

impl IssuerKeys {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, client: OnceCell::new(), keys: Mutex::default() }
    }

    /// The token's claims, if a key of `issuer` signed it.
    pub(crate) async fn verify_signature(&self, issuer: &str, token: &str) -> Result<Value, KeysError> {
        // One lock for look-up and fetch: callers who come at once share one fetch.
        let mut cache = self.keys.lock().await;
        let now = self.shared.clock.monotonic();
        let cached = cache.get(issuer).filter(|keys| now < keys.stale_at).cloned();
        if let Some(keys) = cached {
            match jws::verify(token, &keys.jwks) {
                Err(JwsError::UnknownKey) => {}
                other => return other.map_err(|_| KeysError::Unverified),
            }
        }
        let keys = self.fetch_keys(issuer).await?;
        let claims = jws::verify(token, &keys.jwks).map_err(|_| KeysError::Unverified);
        cache.insert(issuer.to_owned(), keys);
        claims
    }

    async fn fetch_keys(&self, issuer: &str) -> Result<Keys, KeysError> {
        let (jwks, max_age) = if issuer == COGNITO_ISSUER {
            // Its document is under a name that is not served here; the keys are where the pool is.
            self.fetch(&format!("{}.well-known/jwks_uri", self.shared.endpoints().cognito)).await?
        } else {
            self.fetch(&self.find_keys(issuer).await?).await?
        };
        let stale_at = self.shared.clock.monotonic() + max_age.min(MAX_KEY_AGE);
        Ok(Keys { jwks: Arc::new(jwks), stale_at })
    }

    /// Where the issuer says that its keys are.
    async fn find_keys(&self, issuer: &str) -> Result<String, KeysError> {
        // The stack asks nobody else: who is not here cannot be reached.
        if ![self.shared.custom_issuer(), self.shared.org_issuer()].iter().any(|own| own == issuer) {
            return Err(KeysError::Unreachable);
        }
        let (discovery, _) = self.fetch(&format!("{issuer}/.well-known/openid-configuration")).await?;
        let jwks_uri = text(&discovery, "jwks_uri").ok_or(KeysError::Unverified)?;
        let same_origin =
            Url::parse(jwks_uri).ok().zip(Url::parse(issuer).ok()).is_some_and(|(a, b)| a.origin() == b.origin());
        if text(&discovery, "issuer") == Some(issuer) && same_origin {
            Ok(jwks_uri.to_owned())
        } else {
            Err(KeysError::Unverified)
        }
    }

    /// A JSON document and how long it may be kept.
    async fn fetch(&self, url: &str) -> Result<(Value, Duration), KeysError> {
        let build = || async {
            tls::build_client(self.shared.ca_pem(), self.shared.host_override()).map_err(|_| KeysError::Internal)
        };
        let client = self.client.get_or_try_init(build).await?;
        let request = client.get(url).header(OWN_REQUEST_HEADER, self.shared.own_request_mark()).timeout(TIMEOUT);
        let mut response = request.send().await.map_err(|_| KeysError::Unreachable)?;
        if !response.status().is_success() {
            return Err(KeysError::Unreachable);
        }
        let max_age = response
            .headers()
            .get(header::CACHE_CONTROL)
            .and_then(|value| parse_max_age(value.to_str().ok()?))
            .unwrap_or_default();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| KeysError::Unreachable)? {
            if body.len() + chunk.len() > MAX_DOCUMENT {
                return Err(KeysError::Unreachable);
            }
            body.extend_from_slice(&chunk);
        }
        let document = serde_json::from_slice(&body).map_err(|_| KeysError::Unreachable)?;
        Ok((document, max_age))
    }
}

/// The claims before anything is verified: only to say whose keys to use.
pub(crate) fn peek_claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.is_object().then_some(claims)
}

fn text<'a>(claims: &'a Value, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// `max-age` of a `Cache-Control` header (RFC 9111), unless the answer must not be kept.
fn parse_max_age(header: &str) -> Option<Duration> {
    let directives: Vec<String> = header.split(',').map(|part| part.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|directive| directive == "no-store" || directive == "no-cache") {
        return None;
    }
    let seconds = directives.iter().find_map(|directive| directive.strip_prefix("max-age="))?;
    Some(Duration::from_secs(seconds.trim_matches('"').parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_control_is_understood() {
        let seconds = |header| parse_max_age(header).map(|age| age.as_secs());
        assert_eq!(seconds("max-age=3600, must-revalidate"), Some(3600));
        assert_eq!(seconds("public, Max-Age=60"), Some(60));
        assert_eq!(seconds("max-age=60, no-store"), None);
        assert_eq!(seconds("no-cache, max-age=60"), None);
        assert_eq!(seconds("max-age=soon"), None);
        assert_eq!(seconds(""), None);
    }
}
