//! What AWS STS says. No call of this library asks it: Cognito does (enhanced flow) and keeps STS's words to itself, for which
//! `cognito-role-not-assumed` has several causes. They are met by programs that go on with the session's credentials
//! (`Session::sdk_config()`, `jetbridge exec`: a second role), and by whoever tries the ID token at STS to see what is wrong. So
//! these rows are for the page alone, and there is no `Service::Sts`.
//!
//! Codes and what they mean are in the AWS STS API reference, `AssumeRoleWithWebIdentity` and `AssumeRole`, Errors; the
//! sentences are those that users report.

use super::row::{Kind, Row, rows_of};
use Kind::{AccessDenied, Misconfigured, Retryable, SignIn};

const WEB_IDENTITY: &str = "AWS STS API reference, AssumeRoleWithWebIdentity, Errors";
/// Its page has the code; the sentence is found in reports of users and in tools that look for it.
const REPORTED: &str = "AWS STS API reference, AssumeRoleWithWebIdentity, Errors; the sentence as users report it";
const CHAINING: &str = "IAM user guide, Roles terms and concepts, Role chaining";
const TAGS: &str = "IAM user guide, Pass session tags in AWS STS";

rows_of!(None);

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row("sts-web-identity-denied", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", AccessDenied,
        "the role's trust policy does not let this token in: another provider, audience or amr, or sts:AssumeRole in place \
         of sts:AssumeRoleWithWebIdentity",
        "IAM console > Roles > the role > Trust relationships. A role of the identity pool trusts {pool_issuer} with \
         {pool_issuer}:aud = {identity_pool_id}; a role for Okta's ID token itself trusts the IAM identity provider with \
         {logins_key}:aud = {client_id}.")
        .says(&["Not authorized to perform sts:AssumeRoleWithWebIdentity"])
        .from(REPORTED),
    row("sts-tag-session-denied", "AccessDenied", "sts:TagSession", AccessDenied,
        "the role's trust policy lets nobody pass session tags, and there are some",
        "IAM console > Roles > the role > Trust relationships: allow sts:TagSession beside the action that assumes the role.")
        .says(&["User: … is not authorized to perform: sts:TagSession on resource: …"])
        .from(TAGS),
    row("sts-assume-role-denied", "AccessDenied", "is not authorized to perform: sts:AssumeRole", AccessDenied,
        "the session's role may not assume the second one, or that one does not trust it",
        "IAM console > Roles: the first role needs sts:AssumeRole on the second one's ARN, and the second one's trust policy \
         must name the first.")
        .says(&["User: … is not authorized to perform: sts:AssumeRole on resource: …"])
        .from("IAM user guide, Troubleshoot IAM roles"),
    row("sts-no-provider", "InvalidIdentityToken", "No OpenIDConnect provider found in your account",
        Misconfigured("okta_issuer_url"),
        "the account of the role has no IAM identity provider with the ID token's issuer",
        "IAM console > Identity providers > Add provider > OpenID Connect: https://{logins_key}, path included, with \
         audience {client_id}.")
        .says(&["No OpenIDConnect provider found in your account for …"])
        .from(REPORTED),
    row("sts-audience", "InvalidIdentityToken", "Incorrect token audience", Misconfigured("okta_client_id"),
        "the ID token's aud (or azp) is no audience of the IAM identity provider",
        "IAM console > Identity providers > {logins_key} > Audiences: add {client_id}.")
        .says(&["Incorrect token audience"])
        .from(REPORTED),
    row("sts-keys-not-read", "InvalidIdentityToken", "Couldn't retrieve verification key", Misconfigured("okta_issuer_url"),
        "AWS could not read the issuer's keys, or not within five seconds",
        "{issuer}/.well-known/openid-configuration and its jwks_uri must be reachable from the internet, without an IP allow \
         list. If it comes now and then, try again.")
        .says(&["Couldn't retrieve verification key from your identity provider,  please reference \
                 AssumeRoleWithWebIdentity documentation for requirements"])
        .from("repost.aws/knowledge-center/iam-sts-invalididentitytoken"),
    row("sts-thumbprint", "InvalidIdentityToken", "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        Misconfigured("IAM identity provider"),
        "the certificate of the issuer's server is by a CA that AWS does not know, and not the one whose thumbprint the IAM \
         identity provider has",
        "IAM console > Identity providers > {logins_key} > Thumbprints: put in that of the CA that signs the server's \
         certificate now.")
        .says(&["OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"])
        .from(REPORTED),
    row("sts-not-an-id-token", "InvalidIdentityToken", "The ID Token provided is not a valid JWT", Misconfigured("token"),
        "what was sent is no ID token: an access token, perhaps",
        "Send the session's ID token.")
        .says(&["The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"])
        .from(REPORTED),
    row("sts-token-invalid", "InvalidIdentityToken", "", Misconfigured("okta_issuer_url"),
        "AWS cannot verify the token",
        "It must be an ID token (no access token) of https://{logins_key} for client {client_id}, of 20,000 characters at \
         most.")
        .from(WEB_IDENTITY),
    row("sts-token-expired", "ExpiredTokenException", "", SignIn,
        "the ID token's time is up", "Take a fresh one: let the session renew, or sign in again.")
        .says(&["Token expired: current date/time … must be before the expiration date/time…"])
        .from(WEB_IDENTITY),
    row("sts-idp-unreachable", "IDPCommunicationError", "", Retryable,
        "AWS got no answer from the issuer in time (five seconds); if it stays so, the keys of {issuer} are not reachable \
         from the internet", "")
        .says(&["The identity provider that was asked to verify the incoming identity token could not be reached"])
        .from(WEB_IDENTITY),
    row("sts-idp-rejected-claim", "IDPRejectedClaim", "", AccessDenied,
        "the token has expired or was revoked, or the provider does not vouch for it",
        "Sign in again; if it comes back, compare the IAM identity provider's URL and audience with https://{logins_key} and \
         {client_id}.")
        .says(&["The identity provider (IdP) reported that authentication failed. This might be because the claim is \
                 invalid."])
        .from(WEB_IDENTITY),
    row("sts-region-disabled", "RegionDisabledException", "", Misconfigured("Auth.region"),
        "STS is switched off in {region} for the account",
        "IAM console > Account settings > Security Token Service: activate {region}.")
        .says(&["STS is not activated in this region for account:…. Your account administrator can activate STS in this \
                 region using the IAM Console."])
        .from(WEB_IDENTITY),
    row("sts-packed-policy", "PackedPolicyTooLarge", "", Misconfigured("principal tags"),
        "session policies and session tags are too large together",
        "Map fewer or shorter claims: Cognito console > Identity pools > {identity_pool_id} > User access > {logins_key} > \
         Attributes for access control.")
        .says(&["Packed size of session tags consumes …% of allotted space."])
        .from(WEB_IDENTITY),
    row("sts-credentials-unknown", "InvalidClientTokenId", "", Misconfigured("Auth.region"),
        "STS does not know the AWS credentials",
        "Credentials of {region} work in its own partition (AWS, China or GovCloud); regions that an account has to enable \
         may need session tokens for all regions (IAM console > Account settings > Security Token Service).")
        .says(&["The security token included in the request is invalid."])
        .from("AWS STS API reference, Common errors"),
    row("sts-credentials-expired", "ExpiredToken", "", Retryable,
        "the AWS credentials that another tool took have ended",
        "Take fresh ones; Session::sdk_config() renews them by itself.")
        .says(&["The security token included in the request is expired"])
        .from("AWS STS API reference, Common errors"),
    row("sts-role-chaining-hour", "ValidationError", "exceeds the 1 hour session limit for roles assumed by role chaining",
        Misconfigured("DurationSeconds"),
        "credentials of a role that was assumed with a role's credentials live for an hour at most",
        "Ask for 3,600 seconds or less.")
        .says(&["The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"])
        .from(CHAINING),
    row("sts-duration", "ValidationError", "exceeds the MaxSessionDuration set for this role", Misconfigured("DurationSeconds"),
        "the role's sessions may not be that long",
        "IAM console > Roles > the role > Maximum session duration; or ask for less.")
        .says(&["The requested DurationSeconds exceeds the MaxSessionDuration set for this role."])
        .from("AWS STS API reference, AssumeRoleWithWebIdentity, DurationSeconds"),
];
