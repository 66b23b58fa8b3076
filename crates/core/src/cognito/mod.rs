//! The Cognito side: an ID token becomes an identity, and the identity temporary AWS credentials (enhanced flow).

pub(crate) mod credentials;
pub(crate) mod identity;

pub use credentials::AwsCredentials;

use std::error::Error;

use aws_sdk_cognitoidentity::error::SdkError;
use aws_sdk_cognitoidentity::operation::get_credentials_for_identity::GetCredentialsForIdentityError;
use aws_sdk_cognitoidentity::operation::get_id::GetIdError;
use aws_sdk_cognitoidentity::{Client, config};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::Config;
use crate::diagnosis::{AwsFailure, Blame, Evidence, PassingFaults, senseless, sort_sdk_error};
use crate::error::{Service, SessionError};
use crate::later::Later;
use crate::net::document::Document;
use crate::net::whole_answer::WholeAnswer;

/// For how long after its end Cognito takes an ID token all the same: its grace for clocks that differ (Amazon Cognito developer
/// guide, "Open ID Connect providers as an identity pool IdP").
pub(crate) const GRACE_SECONDS: i64 = 300;

/// One identity pool.
#[derive(Debug, Clone)]
pub(crate) struct IdentityPool {
    client: Later<Client>,
    pool_id: String,
    evidence: Evidence,
}

/// An ID token with the name under which Cognito expects it.
pub(crate) struct Login<'a> {
    /// The token's own issuer without its scheme.
    pub key: &'a str,
    pub id_token: &'a SecretString,
}

/// Why Cognito gave nothing.
pub(crate) struct Refused {
    /// What the refusal says is worn out and could be had anew.
    pub blame: Option<Blame>,
    pub cause: SessionError,
}

impl From<SessionError> for Refused {
    fn from(cause: SessionError) -> Self {
        Self { blame: None, cause }
    }
}

impl IdentityPool {
    pub(crate) fn new(config: &Config, sdk_config: &aws_config::SdkConfig) -> Self {
        let whole = WholeAnswer(Document::Json);
        let client_config = config::Builder::from(sdk_config)
            .interceptor(whole)
            .retry_classifier(whole)
            .retry_classifier(PassingFaults::<GetIdError>::new())
            .retry_classifier(PassingFaults::<GetCredentialsForIdentityError>::new());
        Self {
            client: Later::new(|| Client::from_conf(client_config.build())),
            pool_id: config.identity_pool_id().to_owned(),
            evidence: Evidence::of(config),
        }
    }

    /// The pool's id of this user (API reference, `GetId`). Needs no AWS credentials.
    pub(crate) async fn get_id(&self, login: &Login<'_>) -> Result<String, Refused> {
        let answer = self
            .client
            .get_id()
            .identity_pool_id(&self.pool_id)
            .logins(login.key, login.id_token.expose_secret())
            .send()
            .await
            .map_err(|error| self.refused("GetId", &error, login))?;
        answer.identity_id.ok_or_else(|| senseless(Service::Cognito, "GetId without an IdentityId").into())
    }

    /// Asks for something that nobody can be given, to see whether it is Cognito that refuses. The request lacks the one
    /// parameter that is required ("IdentityId … Required: Yes"), and names no pool and no identity: `InvalidParameterException`
    /// is "Thrown for missing or bad input parameter(s)", "This is a public API. You do not need any credentials to call this
    /// API" (API reference, GetCredentialsForIdentity). Why this request and no other: ADR 0020.
    pub(crate) async fn greet(&self) -> Result<(), SessionError> {
        match self.client.get_credentials_for_identity().send().await {
            Ok(_) => Err(senseless(Service::Cognito, "it gives credentials for no identity")),
            Err(error) => match sort_sdk_error(Service::Cognito, "GetCredentialsForIdentity", &error) {
                // Whatever it says, it says it in Cognito's words.
                AwsFailure::Refused(refusal) if refusal.has_code() && refusal.passing().is_none() => Ok(()),
                failure => Err(failure.into_session_error(&self.evidence)),
            },
        }
    }

    fn refused<E>(&self, operation: &str, error: &SdkError<E, HttpResponse>, login: &Login<'_>) -> Refused
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let failure = sort_sdk_error(Service::Cognito, operation, error);
        let now = self.client.config().time_source().map(|clock| clock.now());
        let evidence = self.evidence.clone().for_id_token(login.id_token.expose_secret()).at(now);
        Refused { blame: failure.blame(), cause: failure.into_session_error(&evidence) }
    }
}
