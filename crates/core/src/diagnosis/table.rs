//! The table of what the errors of Okta, Cognito and S3 mean. A row names a service's code and a fragment of its message,
//! what kind of trouble that is, why it happens and what to change; `{placeholders}` are filled with the configuration's
//! values, so that the fix can be copied.

use std::time::Duration;

use super::answer::{LONGEST_WORDS, Refusal, shorten};
use super::evidence::Evidence;
use super::transport::is_unavailable;
use crate::error::{Service, SessionError, SignInReason};

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
    row(Okta, "invalid_request", "redirect_uri", Misconfigured("redirect URI"),
        "Okta does not know the redirect URI of this request",
        "In Okta: Applications > your app > General > Sign-in redirect URIs: add it, equal in every character, port included."),
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
    row(Cognito, "NotAuthorizedException", "Can't pass in a Cognito token", Misconfigured("okta_issuer_url"),
        "the login is a token of Cognito itself, not of {logins_key}",
        "Cognito takes the ID token of the authorization server: set okta_issuer_url to Okta's issuer."),
    row(Cognito, "NotAuthorizedException", "ambiguous role mapping", Misconfigured("Auth.identityPoolId"),
        "the role rules of identity pool {identity_pool_id} match no role for this user, and none is the default",
        "In Cognito: Identity pools > {identity_pool_id} > the provider https://{logins_key} > Role settings: add a rule \
         for a claim that the ID token has (in Okta: a claim set to \"ID Token, Always\"), or use the default \
         authenticated role when no rule matches."),
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
    row(S3, "InvalidBucketName", "", Misconfigured("Storage.AWSS3.bucket"),
        "{bucket} is no bucket name",
        "A name has 3 to 63 lower-case letters, digits, dots and hyphens; copy it from the S3 console."),
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
        "S3's clock seems to be wrong: it finds the time of requests too far off, though it was compared with a service's", ""),
    row(S3, "SlowDown", "", Retryable, "S3 limits the rate of requests", ""),
    row(S3, "ServiceUnavailable", "", Retryable, "S3 cannot answer now", ""),
    row(S3, "InternalError", "", Retryable, "S3 had an internal error", ""),
    row(S3, "RequestTimeout", "", Retryable, "S3 waited too long for the request", ""),
    row(S3, "ExpiredToken", "", Retryable, "the AWS credentials have expired", ""),
    row(S3, "InvalidToken", "", Retryable, "S3 does not accept the AWS credentials, not even new ones", ""),
    row(S3, "InvalidAccessKeyId", "", Retryable, "S3 does not know the AWS credentials, not even new ones", ""),
];

/// Sorts a service's refusal.
pub(crate) fn classify(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let found = TABLE.iter().find(|row| {
        row.service == refusal.service && row.code == refusal.code && refusal.message.contains(row.fragment)
    });
    let Some(row) = found else { return unknown(refusal) };
    let bucket_region =
        refusal.bucket_region.as_deref().unwrap_or("the bucket's region (S3 console > bucket > Properties)");
    let fill = |text: &str| evidence.fill(text).replace("{bucket_region}", bucket_region);
    match row.kind {
        Misconfigured(setting) => SessionError::Misconfigured {
            setting: setting.to_owned(),
            problem: format!("{} ({}: {})", fill(row.cause), refusal.service, refusal.code),
            hint: fill(row.fix),
        },
        AccessDenied => SessionError::AccessDenied {
            service: refusal.service,
            code: refusal.code.clone(),
            request_id: refusal.request_id.clone(),
            hint: format!("{}. {}", capitalise(&fill(row.cause)), fill(row.fix)),
        },
        Retryable => SessionError::Retryable {
            failure: format!("{} ({}: {})", fill(row.cause), refusal.service, refusal.code),
            retry_after: None,
        },
        NotFound => SessionError::NotFound { what: fill(row.cause) },
        SignIn => SessionError::SignInRequired {
            reason: match (refusal.service, refusal.code.as_str()) {
                (Okta, "invalid_grant") => SignInReason::AuthorizationCodeRefused,
                (Okta, code) => SignInReason::InteractionRequired { code: code.to_owned() },
                (_, code) => SignInReason::IdTokenRefused { code: code.to_owned() },
            },
        },
    }
}

/// No row: the service's own words decide as far as HTTP goes.
fn unknown(refusal: &Refusal) -> SessionError {
    match refusal.status {
        Some(status) if is_unavailable(status) => SessionError::Retryable {
            failure: format!("{} cannot answer now ({}, HTTP status {status})", refusal.service, refusal.code),
            retry_after: Some(Duration::from_secs(1)),
        },
        _ => SessionError::AccessDenied {
            service: refusal.service,
            code: refusal.code.clone(),
            request_id: refusal.request_id.clone(),
            hint: format!("{} says: {}", refusal.service, shorten(&refusal.message, LONGEST_WORDS)),
        },
    }
}

fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Recovery;

    fn evidence() -> Evidence {
        Evidence {
            logins_key: "dev-1.okta.com/oauth2/default".to_owned(),
            client_id: "0oaclient".to_owned(),
            identity_pool_id: "us-west-2:pool".to_owned(),
            region: "us-west-2".to_owned(),
            bucket: "the-bucket".to_owned(),
        }
    }

    fn sorted(service: Service, code: &str, message: &str) -> SessionError {
        classify(&Refusal::new(service, code, message), &evidence())
    }

    #[test]
    fn the_services_own_words_lead_to_what_the_app_should_do() {
        use Recovery::{AskForAccess, FixConfiguration, Retry, SignIn};
        let not_authorized = "NotAuthorizedException";
        let table = [
            (
                Cognito,
                not_authorized,
                "Token is not from a supported provider of this identity pool.",
                FixConfiguration,
            ),
            (Cognito, not_authorized, "Invalid login token. Issuer doesn't match providerName", FixConfiguration),
            (Cognito, not_authorized, "Invalid login token. Token expired: 1 >= 2", SignIn),
            (Cognito, not_authorized, "Invalid login token. Token is expired.", SignIn),
            (Cognito, not_authorized, "Invalid login token. Missing a required claim: aud", FixConfiguration),
            (Cognito, not_authorized, "Invalid login token. Couldn't verify signed token.", FixConfiguration),
            (Cognito, not_authorized, "Logins don't match. Please include at least one valid login", FixConfiguration),
            (Cognito, not_authorized, "Access to Identity 'us-west-2:1' is forbidden.", AskForAccess),
            (Cognito, not_authorized, "Invalid login token. Can't pass in a Cognito token.", FixConfiguration),
            (Cognito, not_authorized, "The ambiguous role mapping rules denied this request.", FixConfiguration),
            (
                Cognito,
                not_authorized,
                "Unauthenticated access is not supported for this identity pool.",
                FixConfiguration,
            ),
            (
                Cognito,
                "InvalidIdentityPoolConfigurationException",
                "Invalid identity pool configuration.",
                FixConfiguration,
            ),
            (Cognito, "ResourceNotFoundException", "IdentityPool 'us-west-2:pool' not found.", FixConfiguration),
            (Cognito, "ResourceConflictException", "Login is already linked.", AskForAccess),
            (Cognito, "TooManyRequestsException", "Rate exceeded", Retry),
            (Cognito, "ExternalServiceException", "", FixConfiguration),
            (Okta, "access_denied", "User is not assigned to the client application.", AskForAccess),
            (Okta, "access_denied", "Policy evaluation failed for this request", AskForAccess),
            (Okta, "invalid_grant", "The refresh token is invalid or expired.", SignIn),
            (Okta, "login_required", "", SignIn),
            (Okta, "invalid_request", "The 'redirect_uri' parameter must be registered.", FixConfiguration),
            (Okta, "invalid_scope", "", FixConfiguration),
            (Okta, "E0000015", "You do not have permission to access the feature", FixConfiguration),
            (Okta, "E0000047", "API call exceeded rate limit", Retry),
            (Okta, "use_dpop_nonce", "", FixConfiguration),
            (S3, "AccessDenied", "Access Denied", AskForAccess),
            (S3, "NoSuchBucket", "", FixConfiguration),
            (S3, "PermanentRedirect", "", FixConfiguration),
            (S3, "SlowDown", "", Retry),
            (S3, "InvalidToken", "The provided token is malformed or otherwise invalid.", Retry),
        ];
        for (service, code, message, recovery) in table {
            let error = sorted(service, code, message);
            assert_eq!(error.recovery(), recovery, "{service} {code} {message}: {error:?}");
            assert!(!has_placeholder(&error), "{error:?}");
        }
    }

    fn has_placeholder(error: &SessionError) -> bool {
        let text = format!("{error} {}", error.hint().unwrap_or_default());
        ["{logins_key}", "{client_id}", "{identity_pool_id}", "{region}", "{bucket}", "{bucket_region}"]
            .iter()
            .any(|placeholder| text.contains(placeholder))
    }

    #[test]
    fn every_row_is_reachable_and_every_placeholder_is_filled() {
        for (index, row) in TABLE.iter().enumerate() {
            let refusal = Refusal::new(row.service, row.code, row.fragment);
            let first = TABLE.iter().position(|other| {
                other.service == refusal.service
                    && other.code == refusal.code
                    && refusal.message.contains(other.fragment)
            });
            assert_eq!(first, Some(index), "{} {} is hidden by an earlier row", row.code, row.fragment);
            assert!(!has_placeholder(&classify(&refusal, &evidence())), "{}", row.code);
        }
    }

    #[test]
    fn the_fix_can_be_copied() {
        let error = sorted(Cognito, "NotAuthorizedException", "Token is not from a supported provider");
        let hint = error.hint().unwrap();
        assert!(hint.contains("https://dev-1.okta.com/oauth2/default must exist with audience 0oaclient"), "{hint}");
        let mut refusal = Refusal::new(S3, "PermanentRedirect", "");
        refusal.bucket_region = Some("eu-west-1".to_owned());
        assert_eq!(classify(&refusal, &evidence()).hint().unwrap(), "Set Storage.AWSS3.region to eu-west-1.");
    }

    #[test]
    fn what_no_row_knows_is_sorted_by_its_status_and_quoted_safely() {
        let mut refusal = Refusal::new(S3, "Strange", "odd\u{1b}[31m words");
        assert!(
            matches!(classify(&refusal, &evidence()), SessionError::AccessDenied { hint, .. } if hint == "S3 says: odd[31m words")
        );
        refusal.status = Some(502);
        assert_eq!(classify(&refusal, &evidence()).recovery(), Recovery::Retry);
    }
}
