//! The one place that knows what the errors of Okta, Cognito and S3 mean. A row names a service's code and a fragment of
//! its message, what kind of trouble that is, why it happens and what to change; `{placeholders}` are filled with the
//! configuration's values, so that the fix can be copied.

use std::time::Duration;

use crate::config::Config;
use crate::error::{Service, SessionError, SignInReason};

/// Error codes, request ids and regions are short words; whatever comes in their place is cut.
pub(crate) const LONGEST_CODE: usize = 80;
/// A sentence or two.
pub(crate) const LONGEST_WORDS: usize = 200;

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
            code: shorten(code, LONGEST_CODE),
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
        "the device's clock is too far off; it is corrected from now on", ""),
    row(S3, "SlowDown", "", Retryable, "S3 limits the rate of requests", ""),
    row(S3, "ServiceUnavailable", "", Retryable, "S3 cannot answer now", ""),
    row(S3, "InternalError", "", Retryable, "S3 had an internal error", ""),
    row(S3, "RequestTimeout", "", Retryable, "S3 waited too long for the request", ""),
    row(S3, "ExpiredToken", "", Retryable, "the AWS credentials have expired", ""),
    row(S3, "InvalidToken", "", Retryable, "S3 does not accept the AWS credentials, not even new ones", ""),
    row(S3, "InvalidAccessKeyId", "", Retryable, "S3 does not know the AWS credentials, not even new ones", ""),
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
            reason: match (failure.service, failure.code.as_str()) {
                (Okta, "invalid_grant") => SignInReason::AuthorizationCodeRefused,
                (Okta, code) => SignInReason::InteractionRequired { code: code.to_owned() },
                (_, code) => SignInReason::IdTokenRefused { code: code.to_owned() },
            },
        },
    }
}

/// What Cognito holds responsible for a refusal, where another one may do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The identity was deleted, disabled, or is another user's: a remembered one is forgotten and asked for once more.
    Identity,
    /// The ID token's time is up.
    ExpiredIdToken,
    /// The ID token's signature could not be verified: perhaps its key is no longer published.
    UnverifiedIdToken,
}

/// Reads it out of Cognito's words; anything that is not named here would be the same with a new identity or token.
pub(crate) fn blame(failure: &Failure) -> Option<Blame> {
    let says = |words: &str| failure.message.contains(words);
    match failure.code.as_str() {
        "ResourceNotFoundException" if says("Identity '") => Some(Blame::Identity),
        "ResourceConflictException" => Some(Blame::Identity),
        "NotAuthorizedException" if says("is forbidden") || says("Logins don't match") => Some(Blame::Identity),
        "NotAuthorizedException" if says("expired") => Some(Blame::ExpiredIdToken),
        "NotAuthorizedException" if says("Couldn't verify signed token") => Some(Blame::UnverifiedIdToken),
        _ => None,
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
            hint: format!("{} says: {}", failure.service, shorten(&failure.message, LONGEST_WORDS)),
        },
    }
}

/// A server's own words, short enough for one line of a log and without control characters.
pub(crate) fn shorten(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(longest).collect()
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
        classify(&Failure::new(service, code, message), &evidence())
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
            let failure = Failure::new(row.service, row.code, row.fragment);
            let first = TABLE.iter().position(|other| {
                other.service == failure.service
                    && other.code == failure.code
                    && failure.message.contains(other.fragment)
            });
            assert_eq!(first, Some(index), "{} {} is hidden by an earlier row", row.code, row.fragment);
            assert!(!has_placeholder(&classify(&failure, &evidence())), "{}", row.code);
        }
    }

    #[test]
    fn the_fix_can_be_copied() {
        let error = sorted(Cognito, "NotAuthorizedException", "Token is not from a supported provider");
        let hint = error.hint().unwrap();
        assert!(hint.contains("https://dev-1.okta.com/oauth2/default must exist with audience 0oaclient"), "{hint}");
        let mut failure = Failure::new(S3, "PermanentRedirect", "");
        failure.bucket_region = Some("eu-west-1".to_owned());
        assert_eq!(classify(&failure, &evidence()).hint().unwrap(), "Set Storage.AWSS3.region to eu-west-1.");
    }

    #[test]
    fn what_no_row_knows_is_sorted_by_its_status_and_quoted_safely() {
        let mut failure = Failure::new(S3, "Strange", "odd\u{1b}[31m words");
        assert!(
            matches!(classify(&failure, &evidence()), SessionError::AccessDenied { hint, .. } if hint == "S3 says: odd[31m words")
        );
        failure.status = Some(502);
        assert_eq!(classify(&failure, &evidence()).recovery(), Recovery::Retry);
    }

    #[test]
    fn only_trouble_with_the_identity_itself_makes_us_forget_it() {
        let blamed = |code: &str, message: &str| blame(&Failure::new(Cognito, code, message));
        let stale = |code: &str, message: &str| blamed(code, message) == Some(Blame::Identity);
        assert!(stale("ResourceNotFoundException", "Identity 'us-west-2:1' not found."));
        assert!(stale("NotAuthorizedException", "Access to Identity 'us-west-2:1' is forbidden."));
        assert!(stale("NotAuthorizedException", "Logins don't match. Please include at least one valid login"));
        assert!(stale("ResourceConflictException", ""));
        assert!(!stale("ResourceNotFoundException", "IdentityPool 'us-west-2:pool' not found."));
        assert!(!stale("NotAuthorizedException", "Token is not from a supported provider of this identity pool."));
        assert!(!stale("TooManyRequestsException", "Rate exceeded"));
        let of_token = |words: &str| blamed("NotAuthorizedException", &format!("Invalid login token. {words}"));
        assert_eq!(of_token("Token expired: 1 >= 2"), Some(Blame::ExpiredIdToken));
        assert_eq!(of_token("Couldn't verify signed token."), Some(Blame::UnverifiedIdToken));
        assert_eq!(of_token("Missing a required claim: aud"), None);
    }

    #[test]
    fn the_logins_key_is_the_issuer_without_its_scheme() {
        for (issuer, key) in [
            ("https://dev-1.okta.com/oauth2/default", "dev-1.okta.com/oauth2/default"),
            ("https://dev-1.okta.com", "dev-1.okta.com"),
            ("https://id.example.com/oauth2/aus1", "id.example.com/oauth2/aus1"),
            ("http://127.0.0.1:4580/oauth2/default", "127.0.0.1:4580/oauth2/default"),
        ] {
            assert_eq!(logins_key(issuer), key);
        }
    }
}
