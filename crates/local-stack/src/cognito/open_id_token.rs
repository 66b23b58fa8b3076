//! The token of the classic flow, signed by the pool itself, which an app trades at STS for credentials of a role.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::error::CognitoError;
use super::login::Login;
use crate::issuer_keys::COGNITO_ISSUER;
use crate::jws::SigningKey;
use crate::shared::Shared;

/// What GetOpenIdToken gives, in seconds.
const LIFETIME: i64 = 600;

pub(super) struct OpenIdTokens {
    shared: Arc<Shared>,
    key: OnceCell<SigningKey>,
}

impl OpenIdTokens {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, key: OnceCell::new() }
    }

    pub(super) async fn issue(&self, identity: &str, logins: &[Login]) -> Result<String, CognitoError> {
        let now = self.shared.clock.unix_now();
        let claims = json!({
            "iss": COGNITO_ISSUER,
            "aud": self.shared.options.identity_pool_id,
            "sub": identity,
            "amr": authentication_methods(logins),
            "iat": now,
            "exp": now.saturating_add(LIFETIME),
        });
        let token = self.key().await?.sign(&claims).map_err(|_| CognitoError::Internal)?;
        self.shared.issued.record(&token);
        Ok(token)
    }

    /// The public key set, as the service publishes it.
    pub(super) async fn key_set(&self) -> Result<Value, CognitoError> {
        Ok(json!({ "keys": [self.key().await?.jwk()] }))
    }

    /// Made when first needed: it costs a good part of a second, and few use the classic flow.
    async fn key(&self) -> Result<&SigningKey, CognitoError> {
        self.key
            .get_or_try_init(|| async {
                let made = tokio::task::spawn_blocking(SigningKey::take_unused).await;
                made.map_err(|_| CognitoError::Internal)?.map_err(|_| CognitoError::Internal)
            })
            .await
    }
}

/// What the trust policy of a role compares: whether the person signed in, and where.
pub(super) fn authentication_methods<'l>(logins: impl IntoIterator<Item = &'l Login>) -> Vec<String> {
    let mut logins = logins.into_iter().peekable();
    if logins.peek().is_none() {
        return vec!["unauthenticated".to_owned()];
    }
    let mut methods = vec!["authenticated".to_owned()];
    for login in logins {
        methods.push(login.provider.clone());
        methods.push(format!("{}:OIDC:{}", login.provider, login.subject));
    }
    methods
}
