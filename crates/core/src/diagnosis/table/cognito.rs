//! What Cognito identity pools say.
//!
//! Codes are those of the Cognito identity pools API reference (errors of `GetId` and `GetCredentialsForIdentity`, common
//! errors), which has no sentences: they are those that users report.

use super::row::{Kind, Row, rows_of};
use crate::diagnosis::cognito as explain;
use crate::error::Service;
use Kind::{AccessDenied, Misconfigured, NotFound, Retryable, SignIn};

const API: &str = "Amazon Cognito identity pools API reference, errors of GetId and GetCredentialsForIdentity";
const ISSUER: &str = "okta_issuer_url";
const POOL: &str = "Auth.identityPoolId";

rows_of!(Some(Service::Cognito));

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row("cognito-provider-not-supported", "NotAuthorizedException", "Token is not from a supported provider",
        Misconfigured(POOL),
        "identity pool {identity_pool_id} does not accept ID tokens of {logins_key} for client {client_id}",
        "IAM console > Identity providers: https://{logins_key} must exist with audience {client_id}. Cognito console > \
         Identity pools > {identity_pool_id} > User access > Add identity provider: attach it to this very pool, in \
         {region}. If the provider has another URL (with or without /oauth2/default, a domain of your own), set \
         okta_issuer_url to it.")
        .looking_at_token()
        .says(&["Token is not from a supported provider of this identity pool."])
        .from("aws-amplify/amplify-js#2067"),
    row("cognito-issuer-differs", "NotAuthorizedException", "Issuer doesn't match providerName", Misconfigured(ISSUER),
        "the login's key {logins_key} is not the ID token's issuer",
        "okta_issuer_url must be the ID token's iss in every character: path included, without a slash at the end, at okta.com \
         or a domain of your own. The IAM identity provider is https://{logins_key} then (IAM console > Identity providers).")
        .looking_at_token()
        .says(&["Invalid login token. Issuer doesn't match providerName"])
        .from("amazon-archives/amazon-cognito-identity-js#407; aws-amplify/amplify-flutter#3478"),
    row("cognito-token-expired", "NotAuthorizedException", "expired", SignIn,
        "Cognito finds the ID token expired",
        "Sign in again. If it comes back, the clocks of Okta and AWS disagree; the device's own does not matter.")
        .says(&[
            "Invalid login token. Token expired: … >= …",
            "Invalid login token. Token is expired.",
        ])
        .from("aws-amplify/amplify-js#2723"),
    row("cognito-claim-missing", "NotAuthorizedException", "Missing a required claim", Misconfigured("okta_client_id"),
        "Cognito was given a token that is no ID token",
        "Cognito takes ID tokens only; check that the authorization server issues them for scope openid (okta_scopes).")
        .looking_at_token()
        .says(&["Invalid login token. Missing a required claim: aud"])
        .from("amazon-archives/amazon-cognito-identity-js#7"),
    row("cognito-token-not-verified", "NotAuthorizedException", "Couldn't verify signed token", Misconfigured(ISSUER),
        "Cognito could not verify the ID token's signature",
        "Cognito must be able to reach the issuer's keys from the internet (no IP allow list in Okta: Security > Networks), \
         and they must be RSA.")
        .looking_at_token()
        .says(&["Invalid login token. Couldn't verify signed token."])
        .from("aws/aws-sdk-js#3408"),
    row("cognito-own-token", "NotAuthorizedException", "Can't pass in a Cognito token", Misconfigured(ISSUER),
        "the login is a token of Cognito itself, not of {logins_key}",
        "Cognito takes the ID token of the authorization server: set okta_issuer_url to Okta's issuer.")
        .looking_at_token()
        .says(&["Invalid login token. Can't pass in a Cognito token."])
        .from("aws-amplify/amplify-js#665"),
    row("cognito-token-invalid", "NotAuthorizedException", "Invalid login token", Misconfigured(ISSUER),
        "Cognito does not accept the ID token: {words}",
        "It must be an ID token (no access token) of https://{logins_key} for client {client_id}, signed with an RSA key \
         that the issuer publishes.")
        .looking_at_token()
        .says(&["Invalid login token. Not a valid OpenId Connect identity token."])
        .from(API),
    row("cognito-role-rules", "NotAuthorizedException", "ambiguous role mapping", Misconfigured(POOL),
        "the role rules of identity pool {identity_pool_id} match no role for this user, and none is the default",
        "Cognito console > Identity pools > {identity_pool_id} > User access > https://{logins_key} > Role settings: add a \
         rule for a claim that the ID token has (in Okta: a claim set to \"ID Token, Always\"), or use the default \
         authenticated role when no rule matches.")
        .says(&["The ambiguous role mapping rules for: … denied this request."])
        .from("aws-amplify/amplify-js#3621, #8644"),
    row("cognito-no-guests", "NotAuthorizedException", "Unauthenticated access is not supported", Misconfigured(POOL),
        "Cognito took the request for a guest's, and pool {identity_pool_id} has no guests",
        "Sign in first, or switch on guest access (User access > Guest access). If somebody is signed in, the pool does not count their ID token as a login: Cognito console > Identity \
         pools > {identity_pool_id} > User access: attach https://{logins_key} there.")
        .says(&["Unauthenticated access is not supported for this identity pool."])
        .from("aws/aws-sdk-js-v3#3113"),
    row("cognito-logins-differ", "NotAuthorizedException", "Logins don't match", Misconfigured(POOL),
        "the identity belongs to another user or pool",
        "Sign out and in again; if it comes back, attach the provider https://{logins_key} to the pool: Cognito console > \
         Identity pools > {identity_pool_id} > User access.")
        .looking_at_token()
        .says(&["Logins don't match. Please include at least one valid login for this identity or identity pool."])
        .from("aws-amplify/amplify-js#2443"),
    row("cognito-identity-forbidden", "NotAuthorizedException", "is forbidden", AccessDenied,
        "the identity is disabled or belongs to another sign-in",
        "Cognito console > Identity pools > {identity_pool_id} > Identity browser: look at the identity; or sign out and in.")
        .says(&["Access to Identity '…' is forbidden."])
        .from(API),
    row("cognito-resource-control-policy", "AccessDeniedException", "", AccessDenied,
        "a policy of AWS forbids this call",
        "Ask who runs the AWS organization about its resource control policies for Cognito (AWS Organizations console > \
         Policies).")
        .explained_by(explain::access_denied)
        .says(&["User: anonymous is not authorized to perform: cognito-identity:… on resource: … with an explicit deny in \
                 a resource control policy"])
        .from(API),
    row("cognito-role-not-assumed", "InvalidIdentityPoolConfigurationException", "", Misconfigured(explain::ROLE),
        "the pool's role does not let Cognito have it; or, if it is so for some users only, a claim that the pool maps to a \
         principal tag has a value that cannot be a session tag",
        "IAM console > Roles > the pool's authenticated role > Trust relationships: allow sts:AssumeRoleWithWebIdentity and \
         sts:TagSession to {pool_issuer}, with {pool_issuer}:aud = {identity_pool_id} and {pool_issuer}:amr = authenticated. \
         The role trusts Cognito, not Okta. A session tag takes letters, digits, spaces and _.:/=+-@ only, 256 characters.")
        .explained_by(explain::no_role)
        .says(&["Invalid identity pool configuration. Check assigned IAM roles for this pool."])
        .from("Amazon Cognito identity pools API reference, GetCredentialsForIdentity; aws-amplify/amplify-js#741"),
    row("cognito-no-such-pool", "ResourceNotFoundException", "IdentityPool", Misconfigured(POOL),
        "there is no identity pool {identity_pool_id} in {region}",
        "Copy the pool's ID from the Cognito console > Identity pools; its part before the colon is the region.")
        .says(&["IdentityPool '…' not found."])
        .from(API),
    // A remembered identity has been asked for anew by then.
    row("cognito-no-such-identity", "ResourceNotFoundException", "Identity '", Retryable,
        "Cognito does not find the identity that it named a moment ago; if it stays so, somebody deletes identities of pool \
         {identity_pool_id}", "")
        .says(&["Identity '…' not found."])
        .from(API),
    row("cognito-not-found", "ResourceNotFoundException", "", NotFound, "what Cognito was asked for",
        "Compare Auth.identityPoolId with the Cognito console > Identity pools.")
        .from(API),
    row("cognito-login-linked-elsewhere", "ResourceConflictException", "", AccessDenied,
        "the login is already linked to another identity",
        "Sign out and in again; if it comes back, unlink the login from the other identity: Cognito console > Identity \
         pools > {identity_pool_id} > Identity browser.")
        .says(&["Login is already linked to another identity."])
        .from(API),
    row("cognito-no-public-provider", "InvalidParameterException", "Please provide a valid public provider",
        Misconfigured(ISSUER),
        "{logins_key} is no provider that identity pool {identity_pool_id} knows",
        "Cognito console > Identity pools > {identity_pool_id} > User access > Add identity provider: attach https://{logins_key}; \
         or correct okta_issuer_url, if it is not the URL of the one that is attached.")
        .looking_at_token()
        .says(&["Please provide a valid public provider"])
        .from("aws-amplify/amplify-js#4739; aws-amplify/aws-sdk-ios#218"),
    row("cognito-invalid-parameter", "InvalidParameterException", "", Misconfigured(POOL),
        "Cognito does not accept the request for pool {identity_pool_id}",
        "Compare Auth.identityPoolId with the Cognito console, and the pool's providers with https://{logins_key}.")
        .from(API),
    row("cognito-validation", "ValidationException", "", Misconfigured(POOL),
        "Cognito does not accept the request for pool {identity_pool_id}",
        "Compare Auth.identityPoolId with the Cognito console, and the pool's providers with https://{logins_key}.")
        .says(&["1 validation error detected: Value '…' at '…' failed to satisfy constraint: …"])
        .from(API),
    row("cognito-throttled", "TooManyRequestsException", "", Retryable, "Cognito limits the rate of requests", "")
        .says(&["Rate exceeded"])
        .from(API),
    row("cognito-limit", "LimitExceededException", "", Misconfigured("Service Quotas"),
        "a preset limit of the AWS account is reached",
        "Trying again does not help. In AWS: Service Quotas > Amazon Cognito Federated Identities: ask for more, or remove \
         what nobody needs.")
        .from(API),
    row("cognito-internal-error", "InternalErrorException", "", Retryable, "Cognito had an internal error", "")
        .from(API),
    row("cognito-external-service", "ExternalServiceException", "", Retryable,
        "a service that Cognito depends on did not answer it; if it stays so, the keys of {issuer} may not be reachable from \
         the internet (an IP allow list in Okta)", "")
        .from(API),
];
