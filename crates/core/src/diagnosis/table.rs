//! The table of what the errors of Okta, Cognito, S3 and APIs' gateways mean. A row names a service's code and a fragment of its message,
//! what kind of trouble that is, why it happens and what to change; `{placeholders}` are filled with the configuration's
//! values, so that the fix can be copied. A row that does not look at the message has it shown beside its cause: it knows
//! the kind of trouble and not the trouble. What AWS's codes mean is in the S3 API reference ("Error responses", list of
//! error codes) and in the Cognito identity pools API reference (errors of `GetId` and `GetCredentialsForIdentity`, common
//! errors).

use super::answer::{Passing, Refusal};
use super::evidence::Evidence;
use super::{api, cognito, s3};
use crate::error::{
    OUT_OF_ORDER, RATE_LIMITED, SENSELESS, SETTING_COPY_SOURCE, SETTING_KEY, SETTING_OBJECT, Service, SessionError,
    SignInReason,
};

enum Kind {
    Misconfigured(&'static str),
    AccessDenied,
    Retryable,
    NotFound,
    SignIn,
    /// More than the row's words decides.
    Explained(fn(&Refusal, &Evidence) -> SessionError),
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

use Kind::{AccessDenied, Explained, Misconfigured, NotFound, Retryable, SignIn};
use Service::{Api, Cognito, Okta, S3};

impl Row {
    fn is_about(&self, refusal: &Refusal) -> bool {
        self.service == refusal.service && self.code == refusal.code && refusal.message.contains(self.fragment)
    }

    fn explain(&self, refusal: &Refusal, evidence: &Evidence) -> SessionError {
        let fill = |text: &str| evidence.fill(text).replace("{words}", &refusal.words().unwrap_or_default());
        let (cause, fix) = (fill(self.cause), fill(self.fix));
        let knows_message = !self.fragment.is_empty();
        let said = if knows_message { refusal.label() } else { refusal.said() };
        match self.kind {
            Misconfigured(setting) => SessionError::Misconfigured {
                setting: setting.to_owned(),
                problem: format!("{cause} ({said})"),
                hint: fix,
            },
            AccessDenied => {
                let words = refusal.words().filter(|_| !knows_message);
                let says = words.map(|words| format!(" {} says: {words}", refusal.service)).unwrap_or_default();
                denied(refusal, format!("{}. {fix}{says}", capitalise(&cause)))
            }
            Retryable => SessionError::Retryable { failure: format!("{cause} ({said})"), retry_after: None },
            NotFound => SessionError::NotFound { what: format!("{cause} ({said})") },
            SignIn => SessionError::SignInRequired {
                reason: match (refusal.service, refusal.code.as_str()) {
                    (Okta, "invalid_grant") => SignInReason::AuthorizationCodeRefused,
                    (Okta, code) => SignInReason::InteractionRequired { code: code.to_owned() },
                    (_, code) => SignInReason::IdTokenRefused { code: code.to_owned() },
                },
            },
            Explained(explain) => explain(refusal, evidence),
        }
    }
}

/// First match wins; an empty fragment matches every message.
#[rustfmt::skip]
static TABLE: &[Row] = &[
    // The authorization server, by redirect or at the token endpoint.
    row(Okta, "access_denied", "not assigned", AccessDenied,
        "the user is not assigned to the application",
        "In Okta: Applications > your app > Assignments: assign the user or one of the user's groups. The browser stays signed \
         in at Okta, so that the next sign-in is this user's too, unless it asks for another one (prompt=login)."),
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
    row(Cognito, "NotAuthorizedException", "Invalid login token", Misconfigured("okta_issuer_url"),
        "Cognito does not accept the ID token: {words}",
        "It must be an ID token (no access token) of https://{logins_key} for client {client_id}, signed with an RSA key that \
         the issuer publishes."),
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
    row(Cognito, "AccessDeniedException", "", AccessDenied,
        "a policy of AWS forbids this call",
        "Ask who runs the AWS organization about its resource control policies for Cognito."),
    row(Cognito, "InvalidIdentityPoolConfigurationException", "", Explained(cognito::no_role), "", ""),
    row(Cognito, "ResourceNotFoundException", "IdentityPool", Misconfigured("Auth.identityPoolId"),
        "there is no identity pool {identity_pool_id} in {region}",
        "Copy the pool's ID from the Cognito console; its part before the colon is the region."),
    // A remembered identity has been asked for anew by then.
    row(Cognito, "ResourceNotFoundException", "Identity '", Retryable,
        "Cognito does not find the identity that it named a moment ago; if it stays so, somebody deletes identities of pool \
         {identity_pool_id}", ""),
    row(Cognito, "ResourceNotFoundException", "", NotFound, "what Cognito was asked for", ""),
    row(Cognito, "ResourceConflictException", "", AccessDenied,
        "the login is already linked to another identity",
        "Sign out and in again; if it comes back, unlink the login from the other identity in the Cognito console."),
    row(Cognito, "InvalidParameterException", "", Misconfigured("Auth.identityPoolId"),
        "Cognito does not accept the request for pool {identity_pool_id}",
        "Compare Auth.identityPoolId with the Cognito console, and the pool's providers with https://{logins_key}."),
    row(Cognito, "ValidationException", "", Misconfigured("Auth.identityPoolId"),
        "Cognito does not accept the request for pool {identity_pool_id}",
        "Compare Auth.identityPoolId with the Cognito console, and the pool's providers with https://{logins_key}."),
    row(Cognito, "TooManyRequestsException", "", Retryable, "Cognito limits the rate of requests", ""),
    row(Cognito, "LimitExceededException", "", Misconfigured("Service Quotas"),
        "a preset limit of the AWS account is reached",
        "Trying again does not help. In AWS: Service Quotas > Amazon Cognito Federated Identities: ask for more, or remove \
         what nobody needs."),
    row(Cognito, "InternalErrorException", "", Retryable, "Cognito had an internal error", ""),
    row(Cognito, "ExternalServiceException", "", Retryable,
        "a service that Cognito depends on did not answer it; if it stays so, the keys of {issuer} may not be reachable from \
         the internet (an IP allow list in Okta)", ""),

    // S3.
    row(S3, "InvalidBucketName", "", Explained(s3::invalid_bucket_name), "", ""),
    row(S3, "NoSuchBucket", "", Explained(s3::no_such_bucket), "", ""),
    row(S3, "NoSuchKey", "", NotFound, "{subject}", ""),
    // HEAD, which has no words.
    row(S3, "NotFound", "", NotFound, "{subject}, or the bucket itself", ""),
    // S3 API reference, list of error codes, also for what follows.
    row(S3, "ConditionalRequestConflict", "", Retryable,
        "somebody else writes or deletes {subject} at the same time", ""),
    row(S3, "BadDigest", "", Retryable, "other bytes arrived at S3 than were sent", ""),
    row(S3, "IncompleteBody", "", Retryable, "fewer bytes arrived at S3 than were sent", ""),
    row(S3, "NoSuchUpload", "", Retryable, "the upload of {subject} was given up meanwhile", ""),
    row(S3, "InvalidPart", "", Retryable, "S3 does not find a part of {subject} that it had", ""),
    row(S3, "EntityTooLarge", "", Misconfigured(SETTING_OBJECT),
        "{subject} is larger than S3 takes in one request",
        "Upload it from a file or a stream, in parts."),
    row(S3, "EntityTooSmall", "", Misconfigured(SETTING_OBJECT),
        "parts of {subject} are smaller than S3 takes", "Send it again in larger parts: no part but the last may have less than 5 MiB."),
    row(S3, "KeyTooLongError", "", Misconfigured(SETTING_KEY),
        "the key is too long", "S3 takes 1,024 bytes in UTF-8."),
    row(S3, "MetadataTooLarge", "", Misconfigured("metadata"),
        "the object's metadata are too large", "S3 keeps 2 KB of it; put the rest into an object of its own."),
    row(S3, "InvalidRequest", "larger than the maximum allowable size", Misconfigured(SETTING_COPY_SOURCE),
        "{subject} is larger than 5 GB, which is the most that S3 copies in one request",
        "Download it and upload it again, or copy it in parts (aws s3 cp)."),
    row(S3, "InvalidRequest", "copy an object to itself without changing", Misconfigured("copy target"),
        "{subject} would be copied to itself without any change",
        "Give other headers for the copy, or another key."),
    row(S3, "PreconditionFailed", "", Explained(s3::condition_not_met), "", ""),
    row(S3, "NotModified", "", Explained(s3::condition_not_met), "", ""),
    row(S3, "InvalidRange", "", Explained(s3::no_such_bytes), "", ""),
    // "The object is archived and inaccessible until restored" (S3 API reference, GetObject, Errors).
    row(S3, "InvalidObjectState", "", AccessDenied,
        "{subject} is archived",
        "Nobody can read it before it is restored: S3 console > the object > Initiate restore, or aws s3api restore-object, \
         and then minutes to days until that is done."),
    // KMS's own refusals, which S3 passes on with this prefix (AWS KMS API reference, Decrypt, Errors).
    row(S3, "KMS.DisabledException", "", Misconfigured("KMS key"),
        "{subject} is encrypted with a KMS key that is disabled",
        "In AWS: Key Management Service > Customer managed keys: enable the key."),
    row(S3, "KMS.KMSInvalidStateException", "", Misconfigured("KMS key"),
        "{subject} is encrypted with a KMS key that cannot be used in its state",
        "In AWS: Key Management Service > Customer managed keys: a key whose deletion is planned can be kept."),
    row(S3, "KMS.NotFoundException", "", Misconfigured("KMS key"),
        "{subject} is encrypted with a KMS key that is not there",
        "A deleted key is gone, and with it what it encrypted; a wrong one is named in the bucket's default encryption."),
    row(S3, "AccessDenied", "", Explained(s3::access_denied), "", ""),
    row(S3, "PermanentRedirect", "", Explained(s3::wrong_region), "", ""),
    row(S3, "AuthorizationHeaderMalformed", "region", Explained(s3::wrong_region), "", ""),
    row(S3, "IllegalLocationConstraintException", "", Explained(s3::wrong_region), "", ""),
    row(S3, "TemporaryRedirect", "", Retryable,
        "S3 sends requests for bucket {bucket} elsewhere until its name is known everywhere, which takes up to a day for a \
         new bucket", ""),
    row(S3, "OperationAborted", "", Retryable, "S3 is at work on the same thing for somebody else", ""),
    row(S3, "RequestTimeTooSkewed", "", Retryable,
        "S3's clock seems to be wrong: it finds the time of requests too far off, though it was compared with a service's", ""),
    row(S3, "SlowDown", "", Retryable, "S3 limits the rate of requests", ""),
    row(S3, "ServiceUnavailable", "", Retryable, "S3 cannot answer now", ""),
    row(S3, "InternalError", "", Retryable, "S3 had an internal error", ""),
    row(S3, "RequestTimeout", "", Retryable, "S3 waited too long for the request", ""),
    // New credentials have been tried by then.
    row(S3, "ExpiredToken", "", Retryable,
        "S3 finds AWS credentials expired that Cognito gave a moment ago: their clocks disagree", ""),
    row(S3, "TokenRefreshRequired", "", Retryable,
        "S3 wants other AWS credentials, although Cognito gave these a moment ago", ""),
    // IAM user guide, "Manage AWS STS in an AWS Region": some session tokens work in the regions alone that are enabled by
    // default. Between partitions none does.
    row(S3, "InvalidToken", "", Misconfigured("Storage.AWSS3.region"),
        "S3 in {bucket_region} does not accept the AWS credentials, not even new ones",
        "Credentials of {region} work in its own partition (AWS, China or GovCloud); regions that an account has to enable may \
         need session tokens for all regions (IAM console > Account settings > Security Token Service). Another server than \
         AWS's (Storage.AWSS3.endpoint) must know them too."),
    row(S3, "InvalidAccessKeyId", "", Misconfigured("Storage.AWSS3.region"),
        "S3 in {bucket_region} does not know the AWS credentials, not even new ones",
        "Credentials of {region} work in its own partition (AWS, China or GovCloud). Another server than AWS's \
         (Storage.AWSS3.endpoint) must know them too."),

    // What stands before an API: API Gateway, Lambda's function URLs, AppSync.
    row(Api, "Forbidden", "", Explained(api::access_denied), "", ""),
    row(Api, "AccessDeniedException", "", Explained(api::access_denied), "", ""),
    row(Api, "UnauthorizedException", "", Explained(api::access_denied), "", ""),
    row(Api, "MissingAuthenticationTokenException", "", Explained(api::no_such_method), "", ""),
    row(Api, "ForbiddenException", "", AccessDenied,
        "API Gateway lets the request not through, although its signature is right",
        "A method that wants an API key needs the header x-api-key with a key of a usage plan that has this stage; else a rule \
         of AWS WAF blocks it."),
    row(Api, "ExpiredTokenException", "", Retryable,
        "the API finds AWS credentials expired that Cognito gave a moment ago: their clocks disagree", ""),
    row(Api, "UnrecognizedClientException", "", Misconfigured("API.endpoints"),
        "the API in {api_region} does not accept the AWS credentials, not even new ones",
        "Credentials of {region} work in its own partition (AWS, China or GovCloud); regions that an account has to enable may \
         need session tokens for all regions (IAM console > Account settings > Security Token Service)."),
    row(Api, "InvalidSignatureException", "Signature expired", Retryable,
        "the API's clock seems to be wrong: it finds signatures too old that were made by a service's time", ""),
    row(Api, "InvalidSignatureException", "Signature not yet current", Retryable,
        "the API's clock seems to be wrong: it finds signatures too early that were made by a service's time", ""),
    row(Api, "InvalidSignatureException", "Credential should be scoped", Misconfigured("API.endpoints"),
        "{api_host} was signed for {api_service} in {api_region}, which is not what it is",
        "Correct \"region\" and \"service\" of its entry in API.endpoints, or those that the request names."),
    row(Api, "InvalidSignatureException", "", Misconfigured("API.endpoints"),
        "the signature for {api_service} in {api_region} does not fit what has arrived at {api_host}",
        "Something on the way changes the request: a proxy or CDN before a domain of your own that passes on another Host, \
         path, query or header. Name the host that AWS gave the API, or let it pass all of them on."),
    row(Api, "IncompleteSignatureException", "", Misconfigured("API.endpoints"),
        "parts of the signature have not arrived at {api_host}",
        "Something on the way takes headers off the request: a proxy or CDN before a domain of your own."),
];

/// Sorts a service's refusal.
pub(crate) fn classify(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    match TABLE.iter().find(|row| row.is_about(refusal)) {
        Some(row) => row.explain(refusal, evidence),
        None => sort_by_family(refusal, evidence),
    }
}

/// No row: what the code and the status have in common with others decides, and the service's own words are shown.
fn sort_by_family(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let service = refusal.service;
    if service == S3 && s3::names_another_region(refusal, evidence) {
        return s3::wrong_region(refusal, evidence);
    }
    let retryable = |what: &str| SessionError::Retryable {
        failure: format!("{service} {what} ({})", refusal.said()),
        retry_after: None,
    };
    match (refusal.passing(), refusal.status) {
        (Some(Passing::Throttled), _) => retryable(RATE_LIMITED),
        (Some(Passing::Unavailable), _) => retryable(OUT_OF_ORDER),
        (None, Some(404)) => {
            SessionError::NotFound { what: format!("what {service} was asked for ({})", refusal.said()) }
        }
        _ if is_denial(refusal) => {
            let status = refusal.status.map(|status| format!(" (HTTP status {status})")).unwrap_or_default();
            denied(
                refusal,
                match refusal.words() {
                    Some(words) => format!("{service} says: {words}"),
                    None => format!("{service} gives no reason{status}."),
                },
            )
        }
        // "The server does not support the functionality required to fulfill the request" (RFC 9110 §15.6.2).
        (None, Some(501)) => untakable(refusal, evidence, "does not know this request"),
        (None, Some(300..=499)) => untakable(refusal, evidence, "does not take this request"),
        (None, Some(500..=599)) => retryable(OUT_OF_ORDER),
        // No status that there is (RFC 9110 §15).
        _ => SessionError::Retryable {
            failure: format!("the answer of {service} {SENSELESS} ({})", refusal.said()),
            retry_after: None,
        },
    }
}

/// Whether it is about who asks, not about what is asked for: then somebody can allow it. Cognito says all by 400, Okta by its
/// codes alone.
fn is_denial(refusal: &Refusal) -> bool {
    let says = |word: &str| refusal.code.contains(word);
    match (refusal.service, refusal.status) {
        (Okta, _) | (_, None | Some(401 | 403)) => true,
        (Cognito, Some(400)) => ["NotAuthorized", "AccessDenied", "Forbidden"].into_iter().any(says),
        _ => false,
    }
}

/// The same request would be refused once more, whoever sends it.
fn untakable(refusal: &Refusal, evidence: &Evidence, problem: &str) -> SessionError {
    let service = refusal.service;
    let stands_in = evidence.s3_endpoint.as_ref().filter(|_| service == S3);
    SessionError::Misconfigured {
        // Of one object it says nothing about the others.
        setting: match evidence.needed.first().is_some_and(|needed| needed.key.is_some()) {
            true => SETTING_OBJECT.to_owned(),
            false => "request".to_owned(),
        },
        problem: match refusal.status.filter(|_| refusal.has_code()) {
            Some(status) => format!("{service} {problem} ({}, HTTP status {status})", refusal.said()),
            None => format!("{service} {problem} ({})", refusal.said()),
        },
        hint: match stands_in {
            Some(endpoint) => format!(
                "Trying again does not help. {endpoint} answers in S3's place (Storage.AWSS3.endpoint): see what it can do, \
                 and what it means by that."
            ),
            None => "Trying again does not help: change what is asked for.".to_owned(),
        },
    }
}

fn denied(refusal: &Refusal, hint: String) -> SessionError {
    SessionError::AccessDenied {
        service: refusal.service,
        code: refusal.code.clone(),
        request_id: refusal.request_id.clone(),
        hint,
    }
}

fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
