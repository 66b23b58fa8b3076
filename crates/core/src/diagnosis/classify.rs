//! The one place that knows what the errors of Okta, Cognito and S3 mean. A row names a service's code and a fragment of
//! its message, what kind of trouble that is, why it happens and what to change; `{placeholders}` are filled with the
//! configuration's values, so that the fix can be copied.

use std::time::Duration;

use crate::config::Config;
use crate::error::{Service, SessionError, SignInReason};

/// A refusal as the service worded it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub service: Service,
    pub code: String,
    pub message: String,
    pub request_id: Option<String>,
    pub status: Option<u16>,
    /// For S3: the region that the bucket is really in.
    pub bucket_region: Option<String>,
}

impl Failure {
    pub(crate) fn new(service: Service, code: &str, message: &str) -> Self {
        Self {
            service,
            code: code.to_owned(),
            message: message.to_owned(),
            request_id: None,
            status: None,
            bucket_region: None,
        }
    }
}

/// The values that an explanation may name. None of them is secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    pub logins_key: String,
    pub client_id: String,
    pub identity_pool_id: String,
    pub region: String,
    pub bucket: String,
}

impl Evidence {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            logins_key: logins_key(config.issuer_url()).to_owned(),
            client_id: config.client_id().to_owned(),
            identity_pool_id: config.identity_pool_id().to_owned(),
            region: config.region().to_owned(),
            bucket: config.bucket().to_owned(),
        }
    }

    fn fill(&self, text: &str) -> String {
        [
            ("{logins_key}", &self.logins_key),
            ("{client_id}", &self.client_id),
            ("{identity_pool_id}", &self.identity_pool_id),
            ("{region}", &self.region),
            ("{bucket}", &self.bucket),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// The key of Cognito's `Logins` map: the token's issuer without its scheme, everything else kept.
pub(crate) fn logins_key(issuer: &str) -> &str {
    issuer.split_once("://").map_or(issuer, |(_, rest)| rest)
}

enum Kind {
    Misconfigured(&'static str),
    AccessDenied,
    Retryable,
    NotFound,
    SignIn,
}

struct Row {
    service: Service,
    code: &'static str,
    fragment: &'static str,
    kind: Kind,
    cause: &'static str,
    fix: &'static str,
}

const fn row(
    service: Service,
    code: &'static str,
    fragment: &'static str,
    kind: Kind,
    cause: &'static str,
    fix: &'static str,
) -> Row {
    Row { service, code, fragment, kind, cause, fix }
}

use Kind::{AccessDenied, Misconfigured, NotFound, Retryable, SignIn};
use Service::{Cognito, Okta, S3};

/// First match wins; an empty fragment matches every message.
#[rustfmt::skip]
static TABLE: &[Row] = &[
    // The authorization server, by redirect or at the token endpoint.
    row(Okta, "access_denied", "not assigned", AccessDenied,
        "the user is not assigned to the application",
        "In Okta: Applications > your app > Assignments: assign the user or one of the user's groups."),
    row(Okta, "access_denied", "Policy evaluation failed", AccessDenied,
        "no access policy of the authorization server covers this request",
        "In Okta: Security > API > your authorization server > Access Policies: add a policy for client {client_id} with a \
         rule that allows Authorization Code, Refresh Token and every requested scope, offline_access included."),
    row(Okta, "access_denied", "", AccessDenied,
        "the sign-in was refused at Okta",
        "If this was not you pressing Cancel, ask your Okta administrator; System Log has the details."),
    row(Okta, "login_required", "", SignIn, "", ""),
    row(Okta, "consent_required", "", SignIn, "", ""),
    row(Okta, "interaction_required", "", SignIn, "", ""),
    row(Okta, "invalid_grant", "", SignIn, "", ""),
    row(Okta, "invalid_scope", "", Misconfigured("okta_scopes"),
        "the authorization server does not know or does not allow one of the scopes",
        "Remove the scope from okta_scopes, or add it in Okta; offline_access needs the Refresh Token grant of the app."),
    row(Okta, "invalid_client", "", Misconfigured("okta_client_id"),
        "Okta does not know client {client_id}, or expects a client secret of it",
        "Use the client ID of an app of type Native Application, with client authentication None."),
    row(Okta, "unauthorized_client", "", Misconfigured("okta_client_id"),
        "the application may not use this grant",
        "In Okta: Applications > your app > General: tick Authorization Code and Refresh Token."),
    row(Okta, "unsupported_response_type", "", Misconfigured("okta_client_id"),
        "the application may not use the authorization code flow",
        "In Okta: Applications > your app > General: tick Authorization Code."),
    row(Okta, "use_dpop_nonce", "", Misconfigured("okta_client_id"),
        "the application requires DPoP, which this version does not speak",
        "In Okta: Applications > your app > General: clear \"Require DPoP header in token requests\"."),
    row(Okta, "invalid_dpop_proof", "", Misconfigured("okta_client_id"),
        "the application requires DPoP, which this version does not speak",
        "In Okta: Applications > your app > General: clear \"Require DPoP header in token requests\"."),
    row(Okta, "E0000015", "", Misconfigured("okta_issuer_url"),
        "this Okta org has no API Access Management, so custom authorization servers cannot be used",
        "Set okta_issuer_url to the org authorization server (the bare https://your-domain) and add an IAM identity \
         provider with the same URL."),
    row(Okta, "E0000047", "", Retryable, "Okta limits the rate of requests", ""),
    row(Okta, "server_error", "", Retryable, "Okta had an internal error", ""),
    row(Okta, "temporarily_unavailable", "", Retryable, "Okta cannot answer now", ""),

    // Cognito identity pools.
    row(Cognito, "NotAuthorizedException", "Token is not from a supported provider", Misconfigured("Auth.identityPoolId"),
        "identity pool {identity_pool_id} does not accept ID tokens of {logins_key} for client {client_id}",
        "In IAM: the identity provider https://{logins_key} must exist with audience {client_id}. In Cognito: attach it \
         to this very pool, in {region}."),
    row(Cognito, "NotAuthorizedException", "Issuer doesn't match providerName", Misconfigured("okta_issuer_url"),
        "the provider's name is not the token's issuer",
        "The IAM identity provider must be https://{logins_key}, path included, without a slash at the end."),
    row(Cognito, "NotAuthorizedException", "expired", SignIn, "", ""),
    row(Cognito, "NotAuthorizedException", "Missing a required claim", Misconfigured("okta_client_id"),
        "Cognito was given a token that is no ID token",
        "Cognito takes ID tokens only; check that the authorization server issues them for scope openid."),
    row(Cognito, "NotAuthorizedException", "Couldn't verify signed token", Misconfigured("okta_issuer_url"),
        "Cognito could not verify the ID token's signature",
        "Cognito must reach the issuer's keys from the internet (no IP allow list), and they must be RSA."),
    row(Cognito, "NotAuthorizedException", "Unauthenticated access is not supported", Misconfigured("Auth.identityPoolId"),
        "no ID token was sent, and the pool has no guests",
        "Sign in first, or switch guest access on in the pool."),
    row(Cognito, "NotAuthorizedException", "Logins don't match", Misconfigured("Auth.identityPoolId"),
        "the identity belongs to another user or pool",
        "Sign out and in again; if it comes back, attach the provider https://{logins_key} to the pool."),
    row(Cognito, "NotAuthorizedException", "is forbidden", AccessDenied,
        "the identity is disabled or belongs to another sign-in",
        "In Cognito: Identity pools > {identity_pool_id} > Identity browser: look at the identity; or sign out and in."),
    row(Cognito, "InvalidIdentityPoolConfigurationException", "", Misconfigured("Auth.identityPoolId"),
        "Cognito cannot assume a role for identity pool {identity_pool_id}",
        "Give the pool an authenticated role whose trust policy allows sts:AssumeRoleWithWebIdentity (and sts:TagSession \
         with attributes for access control) to cognito-identity.amazonaws.com, with \
         cognito-identity.amazonaws.com:aud = {identity_pool_id} and amr = authenticated. The role trusts Cognito, not Okta."),
    row(Cognito, "ResourceNotFoundException", "IdentityPool", Misconfigured("Auth.identityPoolId"),
        "there is no identity pool {identity_pool_id} in {region}",
        "Copy the pool's ID from the Cognito console; its part before the colon is the region."),
    row(Cognito, "ResourceNotFoundException", "", NotFound, "the Cognito identity", ""),
    row(Cognito, "ResourceConflictException", "", AccessDenied,
        "the login is already linked to another identity",
        "Sign out and in again; if it comes back, unlink the login from the other identity in the Cognito console."),
    row(Cognito, "InvalidParameterException", "", Misconfigured("Auth.identityPoolId"),
        "Cognito does not understand the request for pool {identity_pool_id}",
        "The pool's ID is region:GUID, and the region is Auth.region."),
    row(Cognito, "ValidationException", "", Misconfigured("Auth.identityPoolId"),
        "Cognito does not understand the request for pool {identity_pool_id}",
        "The pool's ID is region:GUID, and the region is Auth.region."),
    row(Cognito, "TooManyRequestsException", "", Retryable, "Cognito limits the rate of requests", ""),
    row(Cognito, "LimitExceededException", "", Retryable, "the account's limit of identities is reached", ""),
    row(Cognito, "InternalErrorException", "", Retryable, "Cognito had an internal error", ""),
    row(Cognito, "ExternalServiceException", "", Misconfigured("okta_issuer_url"),
        "Cognito cannot reach https://{logins_key}",
        "The issuer's discovery and keys must be reachable from the internet; look for an IP allow list in Okta."),

    // S3.
    row(S3, "NoSuchBucket", "", NotFound, "bucket {bucket}: check Storage.AWSS3.bucket", ""),
    row(S3, "NoSuchKey", "", NotFound, "the object in bucket {bucket}", ""),
    row(S3, "AccessDenied", "", AccessDenied,
        "the role may not do this",
        "The pool's authenticated role needs s3:ListBucket on arn:aws:s3:::{bucket} (the bucket itself, not /*) and \
         s3:GetObject on arn:aws:s3:::{bucket}/*; a condition on s3:prefix must allow the prefix that is listed."),
    row(S3, "PermanentRedirect", "", Misconfigured("Storage.AWSS3.region"),
        "bucket {bucket} is in another region", "Set Storage.AWSS3.region to {bucket_region}."),
    row(S3, "AuthorizationHeaderMalformed", "", Misconfigured("Storage.AWSS3.region"),
        "bucket {bucket} is in another region", "Set Storage.AWSS3.region to {bucket_region}."),
    row(S3, "IllegalLocationConstraintException", "", Misconfigured("Storage.AWSS3.region"),
        "bucket {bucket} is in another region", "Set Storage.AWSS3.region to {bucket_region}."),
    row(S3, "RequestTimeTooSkewed", "", Retryable,
        "the device's clock is too far off; it is corrected from now on", ""),
    row(S3, "SlowDown", "", Retryable, "S3 limits the rate of requests", ""),
    row(S3, "ServiceUnavailable", "", Retryable, "S3 cannot answer now", ""),
    row(S3, "InternalError", "", Retryable, "S3 had an internal error", ""),
    row(S3, "RequestTimeout", "", Retryable, "S3 waited too long for the request", ""),
    row(S3, "ExpiredToken", "", Retryable, "the AWS credentials have expired", ""),
];

/// Sorts a service's refusal.
pub(crate) fn classify(failure: &Failure, evidence: &Evidence) -> SessionError {
    let found = TABLE.iter().find(|row| {
        row.service == failure.service && row.code == failure.code && failure.message.contains(row.fragment)
    });
    let Some(row) = found else { return unknown(failure) };
    let bucket_region =
        failure.bucket_region.as_deref().unwrap_or("the bucket's region (S3 console > bucket > Properties)");
    let fill = |text: &str| evidence.fill(text).replace("{bucket_region}", bucket_region);
    match row.kind {
        Misconfigured(setting) => SessionError::Misconfigured {
            setting: setting.to_owned(),
            problem: format!("{} ({}: {})", fill(row.cause), failure.service, failure.code),
            hint: fill(row.fix),
        },
        AccessDenied => SessionError::AccessDenied {
            service: failure.service,
            code: failure.code.clone(),
            request_id: failure.request_id.clone(),
            hint: format!("{}. {}", capitalise(&fill(row.cause)), fill(row.fix)),
        },
        Retryable => SessionError::Retryable {
            failure: format!("{} ({}: {})", fill(row.cause), failure.service, failure.code),
            retry_after: None,
        },
        NotFound => SessionError::NotFound { what: fill(row.cause) },
        SignIn => SessionError::SignInRequired {
            reason: match failure.code.as_str() {
                "invalid_grant" => SignInReason::AuthorizationCodeRefused,
                code => SignInReason::InteractionRequired { code: code.to_owned() },
            },
        },
    }
}

/// Whether Cognito says that the identity itself is the trouble: deleted, disabled, or another user's. Then a remembered
/// identity is forgotten and asked for once more; anything else would be the same with a new one.
pub(crate) fn is_about_the_identity(failure: &Failure) -> bool {
    match failure.code.as_str() {
        "ResourceNotFoundException" => failure.message.contains("Identity '"),
        "ResourceConflictException" => true,
        "NotAuthorizedException" => {
            failure.message.contains("is forbidden") || failure.message.contains("Logins don't match")
        }
        _ => false,
    }
}

/// No row: the service's own words decide as far as HTTP goes.
fn unknown(failure: &Failure) -> SessionError {
    match failure.status {
        Some(status) if status >= 500 || status == 429 => SessionError::Retryable {
            failure: format!("{} cannot answer now ({}, HTTP status {status})", failure.service, failure.code),
            retry_after: Some(Duration::from_secs(1)),
        },
        _ => SessionError::AccessDenied {
            service: failure.service,
            code: failure.code.clone(),
            request_id: failure.request_id.clone(),
            hint: format!("{} says: {}", failure.service, shorten(&failure.message)),
        },
    }
}

/// A service's own words, short enough for one line and without control characters.
fn shorten(message: &str) -> String {
    message.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
