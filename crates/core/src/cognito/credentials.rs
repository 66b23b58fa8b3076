//! Temporary AWS credentials of an identity (API reference, `GetCredentialsForIdentity`).

use std::fmt;
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{IdentityPool, Login, Refused};
use crate::clock::{from_unix, to_unix};
use crate::diagnosis::senseless;
use crate::error::Service;
use crate::life::Life;

/// Keys that sign AWS requests until they expire, usually after an hour. They stay valid until then even if the user
/// signs out at Okta meanwhile.
#[derive(Clone, Serialize, Deserialize)]
pub struct AwsCredentials {
    access_key_id: String,
    #[serde(with = "crate::secret_text")]
    secret_access_key: SecretString,
    #[serde(with = "crate::secret_text")]
    session_token: SecretString,
    expires_at: i64,
    #[serde(default)]
    obtained_at: Option<i64>,
}

impl AwsCredentials {
    /// The public half, which names the keys in logs of AWS.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The secret half. Never log it.
    pub fn secret_access_key(&self) -> &str {
        self.secret_access_key.expose_secret()
    }

    /// Has to be sent with every request. Never log it.
    pub fn session_token(&self) -> &str {
        self.session_token.expose_secret()
    }

    /// When they stop working, by the service's clock.
    pub fn expires_at(&self) -> SystemTime {
        from_unix(self.expires_at)
    }

    /// Keys for an answer that is made up.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn for_fuzzing() -> Self {
        Self {
            access_key_id: "ASIAFUZZING000000000".to_owned(),
            secret_access_key: "secret".into(),
            session_token: "token".into(),
            expires_at: i64::MAX,
            obtained_at: None,
        }
    }

    /// Notes when they came, to know how long they live.
    pub(crate) fn obtained_at(self, unix_now: i64) -> Self {
        Self { obtained_at: Some(unix_now), ..self }
    }

    pub(crate) fn life(&self) -> Life {
        Life { obtained_at: self.obtained_at, expires_at: self.expires_at }
    }

    pub(crate) fn to_sdk(&self) -> aws_credential_types::Credentials {
        aws_credential_types::Credentials::new(
            &self.access_key_id,
            self.secret_access_key.expose_secret(),
            Some(self.session_token.expose_secret().to_owned()),
            Some(self.expires_at()),
            "jetbridge",
        )
    }
}

impl fmt::Debug for AwsCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsCredentials").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl IdentityPool {
    /// Credentials, and the identity they are for, which Cognito may have replaced (merged identities).
    pub(crate) async fn get_credentials(
        &self,
        identity_id: &str,
        login: &Login<'_>,
    ) -> Result<(AwsCredentials, String), Refused> {
        let answer = self
            .client
            .get_credentials_for_identity()
            .identity_id(identity_id)
            .logins(login.key, login.id_token.expose_secret())
            .send()
            .await
            .map_err(|error| self.refused("GetCredentialsForIdentity", &error, login))?;
        let incomplete = |what: &str| {
            Refused::from(senseless(Service::Cognito, &format!("GetCredentialsForIdentity without {what}")))
        };
        let identity_id = answer.identity_id.ok_or_else(|| incomplete("an IdentityId"))?;
        let keys = answer.credentials.ok_or_else(|| incomplete("Credentials"))?;
        let expires_at = keys.expiration.ok_or_else(|| incomplete("an Expiration"))?;
        let expires_at = SystemTime::try_from(expires_at).map_err(|_| incomplete("a sensible Expiration"))?;
        let credentials = AwsCredentials {
            access_key_id: keys.access_key_id.ok_or_else(|| incomplete("an AccessKeyId"))?,
            secret_access_key: keys.secret_key.ok_or_else(|| incomplete("a SecretKey"))?.into(),
            session_token: keys.session_token.ok_or_else(|| incomplete("a SessionToken"))?.into(),
            expires_at: to_unix(expires_at),
            obtained_at: None,
        };
        Ok((credentials, identity_id))
    }
}
