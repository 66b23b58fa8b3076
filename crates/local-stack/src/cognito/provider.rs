//! The OpenID Connect providers attached to the pool, and the check of their tokens.
//! Source of the rules: "OpenID Connect providers as an identity pool IdP", Cognito developer guide.

use std::sync::Arc;

use serde_json::Value;

use super::error::CognitoError;
use super::login::Login;
use crate::faults::Fault;
use crate::issuer_keys::{COGNITO_ISSUER, IssuerKeys, KeysError, peek_claims};
use crate::shared::Shared;

/// Cognito forgives this much clock difference when it looks at `exp`, in seconds, as the guide says. One report has a token
/// refused 271 seconds after the `exp` of the message (aws-amplify/aws-sdk-ios#2570, 2020, a user pool's token): the number
/// may have had the grace in it already, and nobody should count on it.
const LEEWAY: i64 = 5 * 60;

/// A login whose token was verified, with the token's claims.
#[derive(Debug)]
pub(super) struct Verified {
    pub login: Login,
    pub claims: Value,
}

pub(super) struct Providers {
    shared: Arc<Shared>,
    keys: IssuerKeys,
}

impl Providers {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { keys: IssuerKeys::new(Arc::clone(&shared)), shared }
    }

    /// Verifies the token that a caller sent under the `Logins` key `provider`.
    pub(super) async fn verify(&self, provider: &str, token: &str) -> Result<Verified, CognitoError> {
        let unverified = peek_claims(token).ok_or(CognitoError::NotAnIdToken)?;
        let issuer = text(&unverified, "iss").ok_or(CognitoError::MissingClaim("iss"))?;
        if issuer == COGNITO_ISSUER {
            return Err(CognitoError::CognitoToken);
        }
        let without_scheme = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        if without_scheme != provider {
            return Err(CognitoError::IssuerMismatch);
        }
        let client_ids = self.registered_clients(issuer).ok_or(CognitoError::UnsupportedProvider)?;

        let claims = self.keys.verify_signature(issuer, token).await.map_err(|error| match error {
            KeysError::Unreachable => CognitoError::ProviderUnreachable(issuer.to_owned()),
            KeysError::Unverified => CognitoError::UnverifiedToken,
            KeysError::Internal => CognitoError::Internal,
        })?;
        check_audience(&claims, &client_ids)?;
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
    fn registered_clients(&self, issuer: &str) -> Option<Vec<String>> {
        let is_gone = |fault| self.shared.faults.holds(fault);
        if is_gone(Fault::CognitoProviderDetached) || is_gone(Fault::IamProviderMissing) {
            return None;
        }
        let known = match self.shared.deployment() {
            Some(deployment) => {
                let provider = deployment.pool.providers.iter().find(|provider| provider.issuer == issuer)?;
                provider.client_ids.clone()
            }
            None => self.shared.has_built_in_provider(issuer).then(|| vec![self.shared.options.client_id.clone()])?,
        };
        Some(if is_gone(Fault::IamAudienceMissing) { Vec::new() } else { known })
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

fn text<'a>(claims: &'a Value, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}
