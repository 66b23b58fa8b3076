//! The OpenID Connect providers attached to the pool, and the check of their tokens. Like the real service it knows an
//! issuer by its URL alone: it fetches discovery document and keys over HTTP and caches them as the answers allow.
//! Source of the rules: "OpenID Connect providers as an identity pool IdP", Cognito developer guide.

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

use super::error::CognitoError;
use super::login::Login;
use super::open_id_token;
use crate::jws::{self, JwsError};
use crate::shared::{OWN_REQUEST_HEADER, Shared};
use crate::tls;

/// Cognito forgives this much clock difference when it looks at `exp`, in seconds.
const LEEWAY: i64 = 5 * 60;
const MAX_DOCUMENT: usize = 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that keys are kept, whatever the answer says.
const MAX_KEY_AGE: Duration = Duration::from_secs(24 * 3600);

/// A login whose token was verified, with the token's claims.
#[derive(Debug)]
pub(super) struct Verified {
    pub login: Login,
    pub claims: Value,
}

pub(super) struct Providers {
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

impl Providers {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, client: OnceCell::new(), keys: Mutex::default() }
    }

    /// Verifies the token that a caller sent under the `Logins` key `provider`.
    pub(super) async fn verify(&self, provider: &str, token: &str) -> Result<Verified, CognitoError> {
        let unverified = peek_claims(token).ok_or(CognitoError::NotAnIdToken)?;
        let issuer = text(&unverified, "iss").ok_or(CognitoError::MissingClaim("iss"))?;
        if issuer == open_id_token::ISSUER {
            return Err(CognitoError::CognitoToken);
        }
        let without_scheme = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        if without_scheme != provider {
            return Err(CognitoError::IssuerMismatch);
        }
        let client_ids = self.registered_clients(issuer).ok_or(CognitoError::UnsupportedProvider)?;

        let claims = self.verify_signature(issuer, token).await?;
        check_audience(&claims, client_ids)?;
        let exp = claims.get("exp").and_then(Value::as_i64).ok_or(CognitoError::MissingClaim("exp"))?;
        let now = self.shared.clock.unix_now();
        if now >= exp.saturating_add(LEEWAY) {
            return Err(CognitoError::TokenExpired { now, exp });
        }
        let subject = text(&claims, "sub").filter(|sub| !sub.is_empty()).ok_or(CognitoError::MissingClaim("sub"))?;
        Ok(Verified { login: Login { provider: provider.to_owned(), subject: subject.to_owned() }, claims })
    }

    /// The client ids for which the pool takes tokens of this issuer, which is compared letter for letter; none if it
    /// takes no tokens of it.
    fn registered_clients(&self, issuer: &str) -> Option<&[String]> {
        match self.shared.deployment() {
            Some(deployment) => {
                let provider = deployment.pool.providers.iter().find(|provider| provider.issuer == issuer)?;
                Some(&provider.client_ids)
            }
            None => {
                let known = [self.shared.custom_issuer(), self.shared.org_issuer()];
                known.iter().any(|known| known == issuer).then(|| std::slice::from_ref(&self.shared.options.client_id))
            }
        }
    }

    async fn verify_signature(&self, issuer: &str, token: &str) -> Result<Value, CognitoError> {
        // One lock for look-up and fetch: callers who come at once share one fetch.
        let mut cache = self.keys.lock().await;
        let now = self.shared.clock.monotonic();
        let cached = cache.get(issuer).filter(|keys| now < keys.stale_at).cloned();
        if let Some(keys) = cached {
            match jws::verify(token, &keys.jwks) {
                Err(JwsError::UnknownKey) => {}
                other => return other.map_err(|_| CognitoError::UnverifiedToken),
            }
        }
        let keys = self.fetch_keys(issuer).await?;
        let claims = jws::verify(token, &keys.jwks).map_err(|_| CognitoError::UnverifiedToken);
        cache.insert(issuer.to_owned(), keys);
        claims
    }

    async fn fetch_keys(&self, issuer: &str) -> Result<Keys, CognitoError> {
        // The stack asks nobody else: who is not here cannot be reached.
        if ![self.shared.custom_issuer(), self.shared.org_issuer()].iter().any(|own| own == issuer) {
            return Err(CognitoError::ProviderUnreachable(issuer.to_owned()));
        }
        let (discovery, _) = self.fetch(issuer, &format!("{issuer}/.well-known/openid-configuration")).await?;
        let jwks_uri = text(&discovery, "jwks_uri").ok_or(CognitoError::UnverifiedToken)?;
        let same_origin =
            Url::parse(jwks_uri).ok().zip(Url::parse(issuer).ok()).is_some_and(|(a, b)| a.origin() == b.origin());
        if text(&discovery, "issuer") != Some(issuer) || !same_origin {
            return Err(CognitoError::UnverifiedToken);
        }
        let (jwks, max_age) = self.fetch(issuer, jwks_uri).await?;
        let stale_at = self.shared.clock.monotonic() + max_age.min(MAX_KEY_AGE);
        Ok(Keys { jwks: Arc::new(jwks), stale_at })
    }

    /// A JSON document and how long it may be kept.
    async fn fetch(&self, issuer: &str, url: &str) -> Result<(Value, Duration), CognitoError> {
        let unreachable = || CognitoError::ProviderUnreachable(issuer.to_owned());
        let build = || async {
            tls::build_client(self.shared.ca_pem(), self.shared.host_override()).map_err(|_| CognitoError::Internal)
        };
        let client = self.client.get_or_try_init(build).await?;
        let request = client.get(url).header(OWN_REQUEST_HEADER, self.shared.own_request_mark()).timeout(TIMEOUT);
        let mut response = request.send().await.map_err(|_| unreachable())?;
        if !response.status().is_success() {
            return Err(unreachable());
        }
        let max_age = response
            .headers()
            .get(header::CACHE_CONTROL)
            .and_then(|value| parse_max_age(value.to_str().ok()?))
            .unwrap_or_default();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| unreachable())? {
            if body.len() + chunk.len() > MAX_DOCUMENT {
                return Err(unreachable());
            }
            body.extend_from_slice(&chunk);
        }
        let document = serde_json::from_slice(&body).map_err(|_| unreachable())?;
        Ok((document, max_age))
    }
}

/// `azp` names the client if it is there, else `aud`.
fn check_audience(claims: &Value, client_ids: &[String]) -> Result<(), CognitoError> {
    let is_registered = |id: &Value| id.as_str().is_some_and(|id| client_ids.iter().any(|known| known == id));
    let audience = claims.get("aud").ok_or(CognitoError::MissingClaim("aud"))?;
    let is_ours = match (claims.get("azp"), audience) {
        (Some(azp), _) => is_registered(azp),
        (None, Value::Array(several)) => several.iter().any(is_registered),
        (None, one) => is_registered(one),
    };
    if is_ours { Ok(()) } else { Err(CognitoError::UnsupportedProvider) }
}

/// The claims before anything is verified: only to say whose keys to use.
fn peek_claims(token: &str) -> Option<Value> {
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
