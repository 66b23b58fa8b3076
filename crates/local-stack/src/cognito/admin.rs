//! The operations that only an administrator's credentials open. The stack carries out none of them, but refuses as Cognito
//! does: without a signature, with a wrong one, and with that of a role that may not.
//!
//! Sources: the service's model (botocore 1.43: every operation without `authtype: none`), "Actions, resources, and condition
//! keys for Amazon Cognito Identity", service authorization reference. The types of these refusals are those of AWS's JSON
//! services, each with status 400 ("Error handling with DynamoDB", DynamoDB developer guide; `x-amzn-ErrorType` and text of a
//! missing signature as in aws-sdk-ios-samples#108). "Common errors" of Cognito's own API reference was not found; other
//! editions of that page say 403.

use std::time::Duration;

use axum::body::Bytes;
use http::request::Parts;
use serde_json::Value;

use super::error::CognitoError;
use crate::credentials::{CredentialRegistry, TemporaryCredentials};
use crate::iam::{Call, Caller, Context, evaluate};
use crate::shared::Shared;
use crate::sigv4::{ReceivedRequest, ServiceRules, SigV4Error, verify};

const RULES: ServiceRules =
    ServiceRules { name: "cognito-identity", max_skew: Duration::from_secs(5 * 60), is_s3: false };

const OPERATIONS: &[&str] = &[
    "CreateIdentityPool",
    "DeleteIdentities",
    "DeleteIdentityPool",
    "DescribeIdentity",
    "DescribeIdentityPool",
    "GetIdentityPoolRoles",
    "GetOpenIdTokenForDeveloperIdentity",
    "GetPrincipalTagAttributeMap",
    "ListIdentities",
    "ListIdentityPools",
    "ListTagsForResource",
    "LookupDeveloperIdentity",
    "MergeDeveloperIdentities",
    "SetIdentityPoolRoles",
    "SetPrincipalTagAttributeMap",
    "TagResource",
    "UnlinkDeveloperIdentity",
    "UntagResource",
    "UpdateIdentityPool",
];

/// The operation of this name, if it is one of these.
pub(super) fn find(name: &str) -> Option<&'static str> {
    OPERATIONS.iter().copied().find(|known| *known == name)
}

/// Why `operation` is refused: nothing here is ever done.
pub(super) fn refuse(
    shared: &Shared,
    credentials: &CredentialRegistry,
    operation: &'static str,
    parts: &Parts,
    body: &Bytes,
) -> CognitoError {
    let received = ReceivedRequest { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body };
    match verify(&RULES, &shared.options.region, received, credentials, shared.clock.now()) {
        Err(error) => refuse_signature(&error),
        Ok(signer) if is_allowed(shared, operation, &signer, body) => CognitoError::NotImitated(operation),
        Ok(signer) => CognitoError::AccessDenied { caller: signer.assumed_role_arn(), operation },
    }
}

fn refuse_signature(error: &SigV4Error) -> CognitoError {
    match error {
        SigV4Error::Anonymous => CognitoError::MissingSignature,
        SigV4Error::InvalidAccessKeyId { .. } | SigV4Error::InvalidToken => CognitoError::UnknownCredentials,
        SigV4Error::ExpiredToken => CognitoError::ExpiredCredentials,
        SigV4Error::UnsupportedMechanism | SigV4Error::Malformed { .. } | SigV4Error::MissingDate => {
            CognitoError::IncompleteSignature(error.to_string())
        }
        _ => CognitoError::WrongSignature(error.to_string()),
    }
}

/// Whether the policies of the caller's role grant it. Without a template there is no role that would.
fn is_allowed(shared: &Shared, operation: &str, signer: &TemporaryCredentials, body: &[u8]) -> bool {
    let Some(deployment) = shared.deployment() else { return false };
    let Some(role) = deployment.roles.get(&signer.role_arn) else { return false };
    let pool =
        serde_json::from_slice(body).ok().and_then(|input: Value| Some(input["IdentityPoolId"].as_str()?.to_owned()));
    let resource = pool.map_or_else(
        || "*".to_owned(),
        |pool| {
            let (region, account) = (&deployment.region, &deployment.account);
            format!("arn:aws:cognito-identity:{region}:{account}:identitypool/{pool}")
        },
    );
    let context = Context::default()
        .with("aws:SecureTransport", shared.options.tls.to_string())
        .with("aws:RequestedRegion", &deployment.region)
        .with("aws:PrincipalArn", &signer.role_arn)
        .with("aws:PrincipalAccount", &deployment.account);
    let session_arn = signer.assumed_role_arn();
    let call = Call {
        caller: Caller::Session { role_arn: &signer.role_arn, session_arn: &session_arn },
        action: &format!("cognito-identity:{operation}"),
        resource: &resource,
        context: &context,
    };
    evaluate(role.policies.iter().map(AsRef::as_ref), None, &call).is_ok()
}
